-- pgseed:migration 1
-- revision: 7500bb0b2fef
-- down_revision: 30c7ed16aacf
-- branch_labels:
-- depends_on:
-- created: 2025-08-12 20:15:00.480000
-- message: add reflections

-- upgrade lock_timeout:5s
CREATE TABLE reflections (
    id serial PRIMARY KEY,
    principle_id integer NOT NULL REFERENCES principles (id) ON DELETE CASCADE,
    note text NOT NULL,
    mood varchar(20),
    created_at timestamptz DEFAULT now() NOT NULL
);
CREATE INDEX ix_reflections_principle_id ON reflections (principle_id);

-- downgrade lock_timeout:5s
DROP TABLE reflections;
