"""add reflections

Revision ID: 7500bb0b2fef
Revises: 30c7ed16aacf
Create Date: 2025-08-12 20:15:00.480000

"""
from alembic import op
import sqlalchemy as sa

# revision identifiers, used by Alembic.
revision = '7500bb0b2fef'
down_revision = '30c7ed16aacf'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'reflections',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('principle_id', sa.Integer(), nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('mood', sa.String(length=20), nullable=True),
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.ForeignKeyConstraint(['principle_id'], ['principles.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_reflections_principle_id', 'reflections', ['principle_id'])


def downgrade():
    op.drop_table('reflections')
