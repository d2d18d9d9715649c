"""merge slugs and reflections

Revision ID: 0cb117f2b22f
Revises: 87a38df49ee7, 7500bb0b2fef
Create Date: 2025-08-14 08:00:37.902000

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = '0cb117f2b22f'
down_revision = ('87a38df49ee7', '7500bb0b2fef')
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    pass
