"""add_difficulty_column

Revision ID: 1b731c1b37ff
Revises: 4ad734eb5a1a
Create Date: 2025-12-15 09:04:51.208113

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '1b731c1b37ff'
down_revision = '4ad734eb5a1a'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('problems', sa.Column('difficulty', sa.String(length=20), nullable=True))


def downgrade():
    op.drop_column('problems', 'difficulty')
