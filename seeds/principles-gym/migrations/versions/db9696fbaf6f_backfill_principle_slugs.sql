-- pgseed:migration 1
-- revision: db9696fbaf6f
-- down_revision: c2dfd91eedc7
-- branch_labels:
-- depends_on:
-- created: 2025-08-21 07:45:26.018000
-- message: backfill principle slugs

-- upgrade lock_timeout:5s
-- The id keeps slugs of equal titles apart.
UPDATE principles
SET slug = regexp_replace(lower(title), '[^a-z0-9]+', '-', 'g') || '-' || id
WHERE slug IS NULL;

-- downgrade lock_timeout:5s
-- Slugs that somebody chose by hand stay.
UPDATE principles
SET slug = NULL
WHERE slug = regexp_replace(lower(title), '[^a-z0-9]+', '-', 'g') || '-' || id;
