"""create_verses

Revision ID: 118a75b786de
Revises: 
Create Date: 2025-11-02 07:15:40.771002

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '118a75b786de'
down_revision = None
branch_labels = None
depends_on = None


class Vector(sa.types.UserDefinedType):
    """What the pgvector package for Python has, too."""

    cache_ok = True

    def __init__(self, dimensions):
        self.dimensions = dimensions

    def get_col_spec(self, **kw):
        return 'vector(%d)' % self.dimensions


def upgrade():
    op.execute("""
        DO $$
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') THEN
                CREATE EXTENSION vector;
                COMMENT ON EXTENSION vector IS 'made by the migrations of verse';
            END IF;
        END
        $$
    """)
    op.create_table(
        'verses',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('book', sa.String(length=80), nullable=False),
        sa.Column('chapter', sa.Integer(), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('original', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('book', 'chapter', 'number', name='uq_verses_place'),
    )
    op.create_table(
        'translations',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('verse_id', sa.Integer(), nullable=False),
        sa.Column('language', sa.String(length=10), nullable=False),
        sa.Column('translator', sa.String(length=120), nullable=True),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('embedding', Vector(1536), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.ForeignKeyConstraint(['verse_id'], ['verses.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_translations_verse_id', 'translations', ['verse_id'])


def downgrade():
    op.drop_table('translations')
    op.drop_table('verses')
    op.execute("""
        DO $$
        BEGIN
            IF EXISTS (
                SELECT FROM pg_extension
                WHERE extname = 'vector'
                  AND obj_description(oid, 'pg_extension') = 'made by the migrations of verse'
            ) THEN
                DROP EXTENSION vector;
            END IF;
        END
        $$
    """)
