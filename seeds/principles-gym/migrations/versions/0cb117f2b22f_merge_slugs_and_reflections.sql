-- pgseed:migration 1
-- revision: 0cb117f2b22f
-- down_revision: 87a38df49ee7, 7500bb0b2fef
-- branch_labels:
-- depends_on:
-- created: 2025-08-14 08:00:37.902000
-- message: merge slugs and reflections

-- upgrade

-- downgrade
