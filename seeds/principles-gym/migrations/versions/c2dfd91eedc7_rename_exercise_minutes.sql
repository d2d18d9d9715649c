-- pgseed:migration 1
-- revision: c2dfd91eedc7
-- down_revision: 0cb117f2b22f
-- branch_labels:
-- depends_on:
-- created: 2025-08-20 17:12:09.350000
-- message: rename exercise minutes

-- upgrade lock_timeout:5s
-- Its readers are released together with this revision.
-- pgseed:allow rename-column
ALTER TABLE exercises RENAME COLUMN minutes TO duration_minutes;

-- downgrade lock_timeout:5s
ALTER TABLE exercises RENAME COLUMN duration_minutes TO minutes;
