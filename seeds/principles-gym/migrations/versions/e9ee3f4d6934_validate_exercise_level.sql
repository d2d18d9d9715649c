-- pgseed:migration 1
-- revision: e9ee3f4d6934
-- down_revision: 5f9f53677bc4
-- branch_labels:
-- depends_on:
-- created: 2025-09-02 19:35:20.871000
-- message: validate exercise level

-- upgrade lock_timeout:5s
-- A revision of its own: together with the one before it would read all rows under its lock.
ALTER TABLE exercises VALIDATE CONSTRAINT ck_exercises_level_not_null;

-- downgrade lock_timeout:5s
ALTER TABLE exercises DROP CONSTRAINT ck_exercises_level_not_null;
ALTER TABLE exercises
    ADD CONSTRAINT ck_exercises_level_not_null CHECK (level IS NOT NULL) NOT VALID;
