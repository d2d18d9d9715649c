-- pgseed:migration 1
-- revision: 6f815ac9ca51
-- down_revision:
-- branch_labels:
-- depends_on:
-- created: 2025-10-28 13:05:27.664180
-- message: initial schema

-- upgrade
CREATE TYPE reportstatus AS ENUM ('pending', 'processing', 'completed', 'failed');
CREATE TYPE paymentstatus AS ENUM ('pending', 'succeeded', 'failed', 'refunded');

CREATE TABLE users (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    email varchar(255) NOT NULL,
    full_name varchar(255),
    hashed_password varchar(255),
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL
);
CREATE UNIQUE INDEX ix_users_email ON users (email);

CREATE TABLE reports (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    query text NOT NULL,
    status reportstatus DEFAULT 'pending' NOT NULL,
    content jsonb,
    error_message text,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL
);
CREATE INDEX ix_reports_user_id ON reports (user_id);
CREATE INDEX ix_reports_status ON reports (status);
CREATE INDEX ix_reports_created_at ON reports (created_at);

CREATE TABLE payments (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    report_id uuid REFERENCES reports (id) ON DELETE SET NULL,
    status paymentstatus DEFAULT 'pending' NOT NULL,
    amount numeric(10, 2) NOT NULL,
    currency varchar(3) DEFAULT 'USD' NOT NULL,
    provider_reference varchar(255) NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT ck_payments_amount CHECK (amount >= 0)
);
CREATE UNIQUE INDEX ix_payments_provider_reference ON payments (provider_reference);
CREATE INDEX ix_payments_user_id ON payments (user_id);
CREATE INDEX ix_payments_report_id ON payments (report_id);
CREATE INDEX ix_payments_status ON payments (status);

CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END;
$$;
CREATE TRIGGER update_users_updated_at BEFORE UPDATE ON users
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER update_reports_updated_at BEFORE UPDATE ON reports
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER update_payments_updated_at BEFORE UPDATE ON payments
    FOR EACH ROW EXECUTE FUNCTION set_updated_at();

-- downgrade lock_timeout:5s
-- Triggers go with their tables; the function and the types do not.
DROP TABLE payments;
DROP TABLE reports;
DROP TABLE users;
DROP FUNCTION set_updated_at();
DROP TYPE paymentstatus;
DROP TYPE reportstatus;
