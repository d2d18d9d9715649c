-- pgseed:migration 1
-- revision: bc438b9c2f08
-- down_revision: 118a75b786de
-- branch_labels:
-- depends_on:
-- created: 2025-11-09 18:22:05.430916
-- message: index embeddings

-- upgrade lock_timeout:5s
-- The embeddings are computed after this revision: the table is all but empty here, and one
-- transaction is the simpler way.
-- pgseed:allow index-without-concurrently
CREATE INDEX ix_translations_embedding ON translations
    USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64);

-- downgrade lock_timeout:5s
DROP INDEX ix_translations_embedding;
