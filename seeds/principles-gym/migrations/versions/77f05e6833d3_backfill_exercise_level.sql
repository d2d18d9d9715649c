-- pgseed:migration 1
-- revision: 77f05e6833d3
-- down_revision: c66009d85183
-- branch_labels:
-- depends_on:
-- created: 2025-09-02 19:26:03.118000
-- message: backfill exercise level

-- upgrade lock_timeout:5s
UPDATE exercises
SET level = CASE
        WHEN duration_minutes <= 5 THEN 'short'
        WHEN duration_minutes <= 20 THEN 'medium'
        ELSE 'long'
    END
WHERE level IS NULL;

-- downgrade lock_timeout:5s
-- No row had a level before; the column itself goes one step further down.
UPDATE exercises SET level = NULL WHERE level IS NOT NULL;
