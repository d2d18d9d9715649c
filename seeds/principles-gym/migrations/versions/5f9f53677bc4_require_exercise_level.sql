-- pgseed:migration 1
-- revision: 5f9f53677bc4
-- down_revision: 77f05e6833d3
-- branch_labels:
-- depends_on:
-- created: 2025-09-02 19:31:57.240000
-- message: require exercise level

-- upgrade lock_timeout:5s
ALTER TABLE exercises
    ADD CONSTRAINT ck_exercises_level_not_null CHECK (level IS NOT NULL) NOT VALID;

-- downgrade lock_timeout:5s
ALTER TABLE exercises DROP CONSTRAINT ck_exercises_level_not_null;
