-- pgseed:migration 1
-- revision: c66009d85183
-- down_revision: db9696fbaf6f
-- branch_labels:
-- depends_on:
-- created: 2025-09-02 19:20:44.600000
-- message: add exercise level

-- upgrade lock_timeout:5s
-- First of five steps to a NOT NULL column: rows written from now on have a value, and those
-- that are there already are not rewritten.
ALTER TABLE exercises ADD COLUMN level varchar(20);
ALTER TABLE exercises ALTER COLUMN level SET DEFAULT 'short';

-- downgrade lock_timeout:5s
ALTER TABLE exercises DROP COLUMN level;
