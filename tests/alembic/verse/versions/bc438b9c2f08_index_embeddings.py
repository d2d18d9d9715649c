"""index embeddings

Revision ID: bc438b9c2f08
Revises: 118a75b786de
Create Date: 2025-11-09 18:22:05.430916

"""
from alembic import op

# revision identifiers, used by Alembic.
revision = 'bc438b9c2f08'
down_revision = '118a75b786de'
branch_labels = None
depends_on = None


def upgrade():
    op.create_index(
        'ix_translations_embedding',
        'translations',
        ['embedding'],
        postgresql_using='hnsw',
        postgresql_ops={'embedding': 'vector_cosine_ops'},
        postgresql_with={'m': 16, 'ef_construction': 64},
    )


def downgrade():
    op.drop_index('ix_translations_embedding', table_name='translations')
