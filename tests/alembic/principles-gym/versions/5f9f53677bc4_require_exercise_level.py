"""require exercise level

Revision ID: 5f9f53677bc4
Revises: 77f05e6833d3
Create Date: 2025-09-02 19:31:57.240000

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = '5f9f53677bc4'
down_revision = '77f05e6833d3'
branch_labels = None
depends_on = None


def upgrade():
    op.create_check_constraint(
        'ck_exercises_level_not_null', 'exercises', 'level IS NOT NULL', postgresql_not_valid=True
    )


def downgrade():
    op.drop_constraint('ck_exercises_level_not_null', 'exercises', type_='check')
