"""index principle slugs

Revision ID: 87a38df49ee7
Revises: 69528e9ab172
Create Date: 2025-08-10 06:41:52.733000

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = '87a38df49ee7'
down_revision = '69528e9ab172'
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index(
            'ix_principles_slug', 'principles', ['slug'], unique=True, postgresql_concurrently=True
        )


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index('ix_principles_slug', table_name='principles', postgresql_concurrently=True)
