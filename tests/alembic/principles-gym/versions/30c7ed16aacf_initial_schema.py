"""initial schema

Revision ID: 30c7ed16aacf
Revises: 
Create Date: 2025-08-03 06:30:11.125000

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '30c7ed16aacf'
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'principles',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('title', sa.String(length=200), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('category', sa.String(length=50), server_default='general', nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_table(
        'exercises',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('principle_id', sa.Integer(), nullable=False),
        sa.Column('prompt', sa.Text(), nullable=False),
        sa.Column('minutes', sa.Integer(), server_default='5', nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['principle_id'], ['principles.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_exercises_principle_id', 'exercises', ['principle_id'])


def downgrade():
    op.drop_table('exercises')
    op.drop_table('principles')
