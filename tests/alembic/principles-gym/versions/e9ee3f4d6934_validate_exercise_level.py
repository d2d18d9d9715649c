"""validate exercise level

Revision ID: e9ee3f4d6934
Revises: 5f9f53677bc4
Create Date: 2025-09-02 19:35:20.871000

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'e9ee3f4d6934'
down_revision = '5f9f53677bc4'
branch_labels = None
depends_on = None


def upgrade():
    op.execute('ALTER TABLE exercises VALIDATE CONSTRAINT ck_exercises_level_not_null')


def downgrade():
    op.drop_constraint('ck_exercises_level_not_null', 'exercises', type_='check')
    op.create_check_constraint(
        'ck_exercises_level_not_null', 'exercises', 'level IS NOT NULL', postgresql_not_valid=True
    )
