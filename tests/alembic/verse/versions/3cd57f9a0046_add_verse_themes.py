"""add verse themes

Revision ID: 3cd57f9a0046
Revises: bc438b9c2f08
Create Date: 2025-11-23 11:47:33.019254

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '3cd57f9a0046'
down_revision = 'bc438b9c2f08'
branch_labels = None
depends_on = None


def upgrade():
    op.add_column('verses', sa.Column('theme', sa.String(length=60)))
    op.create_table(
        'daily_verses',
        sa.Column('shown_on', sa.Date(), nullable=False),
        sa.Column('verse_id', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['verse_id'], ['verses.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('shown_on'),
    )


def downgrade():
    op.drop_table('daily_verses')
    op.drop_column('verses', 'theme')
