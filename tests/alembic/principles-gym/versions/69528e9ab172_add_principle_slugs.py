"""add principle slugs

Revision ID: 69528e9ab172
Revises: 30c7ed16aacf
Create Date: 2025-08-10 06:30:11.125000

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '69528e9ab172'
down_revision = '30c7ed16aacf'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('principles', sa.Column('slug', sa.String(length=240), nullable=True))


def downgrade():
    op.drop_column('principles', 'slug')
