"""exams

Revision ID: 002
Revises: 001
Create Date: 2025-09-15 10:00:00.000000

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

# revision identifiers, used by Alembic.
revision = '002'
down_revision = '001'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        'questions', sa.Column('hints', postgresql.ARRAY(sa.Text()), server_default='{}', nullable=False)
    )
    op.create_table(
        'exams',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('title', sa.String(length=200), nullable=False),
        sa.Column('created_by', postgresql.UUID(), nullable=True),
        sa.Column('starts_at', sa.DateTime(timezone=True), nullable=True),
        sa.Column('duration', sa.Interval(), server_default='3 hours', nullable=False),
        sa.Column('published', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(['created_by'], ['users.id'], ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_table(
        'exam_questions',
        sa.Column('exam_id', sa.Integer(), nullable=False),
        sa.Column('question_id', sa.Integer(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('marks', sa.Numeric(precision=5, scale=2), server_default=sa.text('1'), nullable=False),
        sa.ForeignKeyConstraint(['exam_id'], ['exams.id'], ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['question_id'], ['questions.id'], ondelete='RESTRICT'),
        sa.PrimaryKeyConstraint('exam_id', 'question_id'),
        sa.UniqueConstraint('exam_id', 'position', name='uq_exam_questions_position'),
    )
    op.create_index('ix_exam_questions_question_id', 'exam_questions', ['question_id'])


def downgrade():
    op.drop_table('exam_questions')
    op.drop_table('exams')
    op.drop_column('questions', 'hints')
