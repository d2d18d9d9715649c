"""add exercise level

Revision ID: c66009d85183
Revises: db9696fbaf6f
Create Date: 2025-09-02 19:20:44.600000

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = 'c66009d85183'
down_revision = 'db9696fbaf6f'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('exercises', sa.Column('level', sa.String(length=20), nullable=True))
    op.alter_column('exercises', 'level', server_default='short')


def downgrade():
    op.drop_column('exercises', 'level')
