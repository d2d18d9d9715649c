-- pgseed:migration 1
-- revision: 30c7ed16aacf
-- down_revision:
-- branch_labels:
-- depends_on:
-- created: 2025-08-03 06:30:11.125000
-- message: initial schema

-- upgrade
CREATE TABLE principles (
    id serial PRIMARY KEY,
    title varchar(200) NOT NULL,
    body text NOT NULL,
    category varchar(50) DEFAULT 'general' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL
);

CREATE TABLE exercises (
    id serial PRIMARY KEY,
    principle_id integer NOT NULL REFERENCES principles (id) ON DELETE CASCADE,
    prompt text NOT NULL,
    minutes integer DEFAULT 5 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL
);
CREATE INDEX ix_exercises_principle_id ON exercises (principle_id);

-- downgrade lock_timeout:5s
DROP TABLE exercises;
DROP TABLE principles;
