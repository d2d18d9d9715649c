-- pgseed:migration 1
-- revision: 00925f4e94d2
-- down_revision: e9ee3f4d6934
-- branch_labels:
-- depends_on:
-- created: 2025-09-02 19:40:48.566000
-- message: exercise level not null

-- upgrade lock_timeout:5s
-- The validated CHECK spares this the reading of all rows.
-- pgseed:allow not-null-without-default
ALTER TABLE exercises ALTER COLUMN level SET NOT NULL;
ALTER TABLE exercises DROP CONSTRAINT ck_exercises_level_not_null;

-- downgrade lock_timeout:5s
ALTER TABLE exercises
    ADD CONSTRAINT ck_exercises_level_not_null CHECK (level IS NOT NULL) NOT VALID;
ALTER TABLE exercises VALIDATE CONSTRAINT ck_exercises_level_not_null;
ALTER TABLE exercises ALTER COLUMN level DROP NOT NULL;
