"""initial schema

Revision ID: 6f815ac9ca51
Revises: 
Create Date: 2025-10-28 13:05:27.664180

"""
from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

# revision identifiers, used by Alembic.
revision = '6f815ac9ca51'
down_revision = None
branch_labels = None
depends_on = None


def timestamps():
    return (
        sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
        sa.Column('updated_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    )


def uuid_key():
    return sa.Column(
        'id', postgresql.UUID(as_uuid=True), server_default=sa.text('gen_random_uuid()'), nullable=False
    )


def upgrade():
    op.create_table(
        'users',
        uuid_key(),
        sa.Column('email', sa.String(length=255), nullable=False),
        sa.Column('full_name', sa.String(length=255), nullable=True),
        sa.Column('hashed_password', sa.String(length=255), nullable=True),
        sa.Column('is_active', sa.Boolean(), server_default=sa.text('true'), nullable=False),
        *timestamps(),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_users_email', 'users', ['email'], unique=True)

    op.create_table(
        'reports',
        uuid_key(),
        sa.Column('user_id', postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column('query', sa.Text(), nullable=False),
        sa.Column(
            'status',
            sa.Enum('pending', 'processing', 'completed', 'failed', name='reportstatus'),
            server_default='pending',
            nullable=False,
        ),
        sa.Column('content', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column('error_message', sa.Text(), nullable=True),
        *timestamps(),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_reports_user_id', 'reports', ['user_id'])
    op.create_index('ix_reports_status', 'reports', ['status'])
    op.create_index('ix_reports_created_at', 'reports', ['created_at'])

    op.create_table(
        'payments',
        uuid_key(),
        sa.Column('user_id', postgresql.UUID(as_uuid=True), nullable=False),
        sa.Column('report_id', postgresql.UUID(as_uuid=True), nullable=True),
        sa.Column(
            'status',
            sa.Enum('pending', 'succeeded', 'failed', 'refunded', name='paymentstatus'),
            server_default='pending',
            nullable=False,
        ),
        sa.Column('amount', sa.Numeric(10, 2), nullable=False),
        sa.Column('currency', sa.String(length=3), server_default='USD', nullable=False),
        sa.Column('provider_reference', sa.String(length=255), nullable=False),
        *timestamps(),
        sa.ForeignKeyConstraint(['user_id'], ['users.id'], ondelete='CASCADE'),
        sa.ForeignKeyConstraint(['report_id'], ['reports.id'], ondelete='SET NULL'),
        sa.PrimaryKeyConstraint('id'),
        sa.CheckConstraint('amount >= 0', name='ck_payments_amount'),
    )
    op.create_index('ix_payments_provider_reference', 'payments', ['provider_reference'], unique=True)
    op.create_index('ix_payments_user_id', 'payments', ['user_id'])
    op.create_index('ix_payments_report_id', 'payments', ['report_id'])
    op.create_index('ix_payments_status', 'payments', ['status'])

    op.execute("""CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END;
$$""")
    for table in ('users', 'reports', 'payments'):
        op.execute(
            f'CREATE TRIGGER update_{table}_updated_at BEFORE UPDATE ON {table} '
            'FOR EACH ROW EXECUTE FUNCTION set_updated_at()'
        )


def downgrade():
    op.drop_table('payments')
    op.drop_table('reports')
    op.drop_table('users')
    op.execute('DROP FUNCTION set_updated_at()')
    op.execute('DROP TYPE paymentstatus')
    op.execute('DROP TYPE reportstatus')
