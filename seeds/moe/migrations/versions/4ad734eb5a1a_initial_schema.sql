-- pgseed:migration 1
-- revision: 4ad734eb5a1a
-- down_revision:
-- branch_labels:
-- depends_on:
-- created: 2025-12-14 16:32:12.337477
-- message: initial_schema

-- upgrade
CREATE TABLE problems (
    problem_id varchar(50) PRIMARY KEY,
    statement_latex text NOT NULL,
    statement_lean text NOT NULL,
    state_before_lean text NOT NULL,
    state_after_lean text NOT NULL,
    tactic_lean text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL
);
CREATE INDEX ix_problems_problem_id ON problems (problem_id);

-- status and progress have no default here: whoever writes a row says them.
CREATE TABLE submissions (
    submission_id varchar(50) PRIMARY KEY,
    problem_id varchar(50) NOT NULL REFERENCES problems (problem_id) ON DELETE CASCADE,
    submission_latex text NOT NULL,
    status varchar(20) NOT NULL,
    progress integer NOT NULL,
    submitted_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    evaluated_at timestamptz
);
CREATE INDEX ix_submissions_problem_id ON submissions (problem_id);
CREATE INDEX ix_submissions_submission_id ON submissions (submission_id);

CREATE TABLE submission_results (
    id serial PRIMARY KEY,
    submission_id varchar(50) NOT NULL REFERENCES submissions (submission_id) ON DELETE CASCADE,
    verdict varchar(20) NOT NULL,
    lean_is_valid boolean NOT NULL,
    lean_status varchar(20) NOT NULL,
    lean_errors json,
    lean_remaining_goals json,
    feedback json,
    created_at timestamptz DEFAULT now() NOT NULL
);
CREATE UNIQUE INDEX ix_submission_results_submission_id ON submission_results (submission_id);

-- downgrade lock_timeout:5s
DROP TABLE submission_results;
DROP TABLE submissions;
DROP TABLE problems;
