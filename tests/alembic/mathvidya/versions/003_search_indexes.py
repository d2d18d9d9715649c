"""search indexes

Revision ID: 003
Revises: 002
Create Date: 2025-10-01 10:00:00.000000

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '003'
down_revision = '002'
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index(
            'ix_questions_topic_difficulty',
            'questions',
            ['topic', 'difficulty'],
            postgresql_concurrently=True,
        )
        op.create_index(
            'ix_exams_published',
            'exams',
            [sa.text('starts_at DESC')],
            postgresql_where=sa.text('published'),
            postgresql_concurrently=True,
        )


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index('ix_exams_published', table_name='exams', postgresql_concurrently=True)
        op.drop_index(
            'ix_questions_topic_difficulty', table_name='questions', postgresql_concurrently=True
        )
