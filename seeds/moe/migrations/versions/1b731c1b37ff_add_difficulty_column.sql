-- pgseed:migration 1
-- revision: 1b731c1b37ff
-- down_revision: 4ad734eb5a1a
-- branch_labels:
-- depends_on:
-- created: 2025-12-15 09:04:51.208113
-- message: add_difficulty_column

-- upgrade lock_timeout:5s
-- Nullable and last: dumps made before this revision still load.
ALTER TABLE problems ADD COLUMN difficulty varchar(20);

-- downgrade lock_timeout:5s
ALTER TABLE problems DROP COLUMN difficulty;
