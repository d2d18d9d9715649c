-- pgseed:migration 1
-- revision: 001
-- down_revision:
-- branch_labels:
-- depends_on:
-- created: 2025-09-01 10:00:00.000000
-- message: initial schema

-- upgrade
CREATE TABLE users (
    id uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    email varchar(255) NOT NULL,
    full_name varchar(200) NOT NULL,
    role varchar(20) DEFAULT 'student' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT uq_users_email UNIQUE (email),
    CONSTRAINT ck_users_role CHECK (role IN ('student', 'teacher', 'admin'))
);

CREATE TABLE questions (
    id serial PRIMARY KEY,
    author_id uuid REFERENCES users (id) ON DELETE SET NULL,
    topic varchar(80) NOT NULL,
    difficulty smallint DEFAULT 1 NOT NULL,
    body_latex text NOT NULL,
    answer_latex text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT ck_questions_difficulty CHECK (difficulty BETWEEN 1 AND 5)
);
CREATE INDEX ix_questions_author_id ON questions (author_id);

-- downgrade lock_timeout:5s
DROP TABLE questions;
DROP TABLE users;
