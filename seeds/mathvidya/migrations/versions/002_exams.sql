-- pgseed:migration 1
-- revision: 002
-- down_revision: 001
-- branch_labels:
-- depends_on:
-- created: 2025-09-15 10:00:00.000000
-- message: exams

-- upgrade lock_timeout:5s
ALTER TABLE questions ADD COLUMN hints text[] DEFAULT '{}' NOT NULL;

CREATE TABLE exams (
    id serial PRIMARY KEY,
    title varchar(200) NOT NULL,
    created_by uuid REFERENCES users (id) ON DELETE SET NULL,
    starts_at timestamptz,
    duration interval DEFAULT '3 hours' NOT NULL,
    published boolean DEFAULT false NOT NULL
);

CREATE TABLE exam_questions (
    exam_id integer REFERENCES exams (id) ON DELETE CASCADE,
    question_id integer REFERENCES questions (id) ON DELETE RESTRICT,
    position integer NOT NULL,
    marks numeric(5, 2) DEFAULT 1 NOT NULL,
    PRIMARY KEY (exam_id, question_id),
    CONSTRAINT uq_exam_questions_position UNIQUE (exam_id, position)
);
CREATE INDEX ix_exam_questions_question_id ON exam_questions (question_id);

-- downgrade lock_timeout:5s
DROP TABLE exam_questions;
DROP TABLE exams;
ALTER TABLE questions DROP COLUMN hints;
