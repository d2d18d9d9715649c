-- The tables of the MOE project: mathematical problems stated in LaTeX and in Lean 4, the solutions
-- handed in for them, and what the checker said. Can be applied again and again.

CREATE TABLE IF NOT EXISTS problems (
    problem_id        varchar(50) PRIMARY KEY,
    statement_latex   text        NOT NULL,
    statement_lean    text        NOT NULL,
    state_before_lean text        NOT NULL,
    state_after_lean  text        NOT NULL,
    tactic_lean       text        NOT NULL,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX IF NOT EXISTS ix_problems_problem_id ON problems (problem_id);

CREATE TABLE IF NOT EXISTS submissions (
    submission_id    varchar(50) PRIMARY KEY,
    problem_id       varchar(50) NOT NULL REFERENCES problems (problem_id) ON DELETE CASCADE,
    submission_latex text        NOT NULL,
    status           varchar(20) NOT NULL,
    progress         integer     NOT NULL,
    submitted_at     timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    evaluated_at     timestamptz
);

CREATE INDEX IF NOT EXISTS ix_submissions_problem_id ON submissions (problem_id);
CREATE INDEX IF NOT EXISTS ix_submissions_submission_id ON submissions (submission_id);

CREATE TABLE IF NOT EXISTS submission_results (
    id                   serial      PRIMARY KEY,
    submission_id        varchar(50) NOT NULL REFERENCES submissions (submission_id) ON DELETE CASCADE,
    verdict              varchar(20) NOT NULL,
    lean_is_valid        boolean     NOT NULL,
    lean_status          varchar(20) NOT NULL,
    lean_errors          json,
    lean_remaining_goals json,
    feedback             json,
    created_at           timestamptz NOT NULL DEFAULT now()
);

CREATE UNIQUE INDEX IF NOT EXISTS ix_submission_results_submission_id
    ON submission_results (submission_id);
