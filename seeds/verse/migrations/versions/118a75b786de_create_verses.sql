-- pgseed:migration 1
-- revision: 118a75b786de
-- down_revision:
-- branch_labels:
-- depends_on:
-- created: 2025-11-02 07:15:40.771002
-- message: create_verses

-- upgrade
-- The extension may be there already, made by the host. The comment tells the way back which
-- of the two it was.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') THEN
        CREATE EXTENSION vector;
        COMMENT ON EXTENSION vector IS 'made by the migrations of verse';
    END IF;
END
$$;

CREATE TABLE verses (
    id serial PRIMARY KEY,
    book varchar(80) NOT NULL,
    chapter integer NOT NULL,
    number integer NOT NULL,
    original text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT uq_verses_place UNIQUE (book, chapter, number)
);

CREATE TABLE translations (
    id serial PRIMARY KEY,
    verse_id integer NOT NULL REFERENCES verses (id) ON DELETE CASCADE,
    language varchar(10) NOT NULL,
    translator varchar(120),
    body text NOT NULL,
    embedding vector(1536),
    created_at timestamptz DEFAULT now() NOT NULL
);
CREATE INDEX ix_translations_verse_id ON translations (verse_id);

-- downgrade lock_timeout:5s
DROP TABLE translations;
DROP TABLE verses;
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_extension
        WHERE extname = 'vector'
          AND obj_description(oid, 'pg_extension') = 'made by the migrations of verse'
    ) THEN
        DROP EXTENSION vector;
    END IF;
END
$$;
