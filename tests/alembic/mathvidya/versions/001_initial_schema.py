"""initial schema

Revision ID: 001
Revises: 
Create Date: 2025-09-01 10:00:00.000000

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

# revision identifiers, used by Alembic.
revision = '001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'users',
        sa.Column('id', postgresql.UUID(), server_default=sa.text('gen_random_uuid()'), nullable=False),
        sa.Column('email', sa.String(length=255), nullable=False),
        sa.Column('full_name', sa.String(length=200), nullable=False),
        sa.Column('role', sa.String(length=20), server_default='student', nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('email', name='uq_users_email'),
        sa.CheckConstraint("role IN ('student', 'teacher', 'admin')", name='ck_users_role'),
    )
    op.create_table(
        'questions',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('author_id', postgresql.UUID(), nullable=True),
        sa.Column('topic', sa.String(length=80), nullable=False),
        sa.Column('difficulty', sa.SmallInteger(), server_default=sa.text('1'), nullable=False),
        sa.Column('body_latex', sa.Text(), nullable=False),
        sa.Column('answer_latex', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['author_id'], ['users.id'], ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id'),
        sa.CheckConstraint('difficulty BETWEEN 1 AND 5', name='ck_questions_difficulty'),
    )
    op.create_index('ix_questions_author_id', 'questions', ['author_id'])


def downgrade():
    op.drop_table('questions')
    op.drop_table('users')
