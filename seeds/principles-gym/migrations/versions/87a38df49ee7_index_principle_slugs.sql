-- pgseed:migration 1
-- revision: 87a38df49ee7
-- down_revision: 69528e9ab172
-- branch_labels:
-- depends_on:
-- created: 2025-08-10 06:41:52.733000
-- message: index principle slugs

-- upgrade transaction:false lock_timeout:5s
CREATE UNIQUE INDEX CONCURRENTLY ix_principles_slug ON principles (slug);

-- downgrade transaction:false lock_timeout:5s
DROP INDEX CONCURRENTLY ix_principles_slug;
