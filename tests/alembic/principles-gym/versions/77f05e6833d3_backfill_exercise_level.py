"""backfill exercise level

Revision ID: 77f05e6833d3
Revises: c66009d85183
Create Date: 2025-09-02 19:26:03.118000

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '77f05e6833d3'
down_revision = 'c66009d85183'
branch_labels = None
depends_on = None


exercises = sa.table(
    'exercises',
    sa.column('level', sa.String),
    sa.column('duration_minutes', sa.Integer),
)


def upgrade():
    minutes = exercises.c.duration_minutes
    op.execute(
        exercises.update()
        .where(exercises.c.level.is_(None))
        .values(level=sa.case((minutes <= 5, 'short'), (minutes <= 20, 'medium'), else_='long'))
    )


def downgrade():
    op.execute(exercises.update().where(exercises.c.level.is_not(None)).values(level=None))
