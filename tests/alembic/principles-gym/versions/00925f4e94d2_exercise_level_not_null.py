"""exercise level not null

Revision ID: 00925f4e94d2
Revises: e9ee3f4d6934
Create Date: 2025-09-02 19:40:48.566000

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = '00925f4e94d2'
down_revision = 'e9ee3f4d6934'
branch_labels = None
depends_on = None


def upgrade():
    op.alter_column('exercises', 'level', nullable=False)
    op.drop_constraint('ck_exercises_level_not_null', 'exercises', type_='check')


def downgrade():
    op.create_check_constraint('ck_exercises_level_not_null', 'exercises', 'level IS NOT NULL')
    op.alter_column('exercises', 'level', nullable=True)
