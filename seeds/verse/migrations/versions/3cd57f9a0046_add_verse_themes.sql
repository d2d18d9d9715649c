-- pgseed:migration 1
-- revision: 3cd57f9a0046
-- down_revision: bc438b9c2f08
-- branch_labels:
-- depends_on:
-- created: 2025-11-23 11:47:33.019254
-- message: add verse themes

-- upgrade lock_timeout:5s
ALTER TABLE verses ADD COLUMN theme varchar(60);

CREATE TABLE daily_verses (
    shown_on date PRIMARY KEY,
    verse_id integer NOT NULL REFERENCES verses (id) ON DELETE CASCADE
);

-- downgrade lock_timeout:5s
DROP TABLE daily_verses;
ALTER TABLE verses DROP COLUMN theme;
