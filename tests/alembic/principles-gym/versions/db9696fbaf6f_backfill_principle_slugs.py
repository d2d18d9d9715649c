"""backfill principle slugs

Revision ID: db9696fbaf6f
Revises: c2dfd91eedc7
Create Date: 2025-08-21 07:45:26.018000

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'db9696fbaf6f'
down_revision = 'c2dfd91eedc7'
branch_labels = None
depends_on = None


SLUG = "regexp_replace(lower(title), '[^a-z0-9]+', '-', 'g') || '-' || id"


def upgrade():
    op.execute(f'UPDATE principles SET slug = {SLUG} WHERE slug IS NULL')


def downgrade():
    op.execute(f'UPDATE principles SET slug = NULL WHERE slug = {SLUG}')
