-- pgseed:migration 1
-- revision: 69528e9ab172
-- down_revision: 30c7ed16aacf
-- branch_labels:
-- depends_on:
-- created: 2025-08-10 06:30:11.125000
-- message: add principle slugs

-- upgrade lock_timeout:5s
ALTER TABLE principles ADD COLUMN slug varchar(240);

-- downgrade lock_timeout:5s
ALTER TABLE principles DROP COLUMN slug;
