"""rename exercise minutes

Revision ID: c2dfd91eedc7
Revises: 0cb117f2b22f
Create Date: 2025-08-20 17:12:09.350000

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'c2dfd91eedc7'
down_revision = '0cb117f2b22f'
branch_labels = None
depends_on = None


def upgrade():
    op.alter_column('exercises', 'minutes', new_column_name='duration_minutes')


def downgrade():
    op.alter_column('exercises', 'duration_minutes', new_column_name='minutes')
