-- pgseed:migration 1
-- revision: 003
-- down_revision: 002
-- branch_labels:
-- depends_on:
-- created: 2025-10-01 10:00:00.000000
-- message: search indexes

-- upgrade transaction:false lock_timeout:5s
CREATE INDEX CONCURRENTLY ix_questions_topic_difficulty ON questions (topic, difficulty);
CREATE INDEX CONCURRENTLY ix_exams_published ON exams (starts_at DESC) WHERE published;

-- downgrade transaction:false lock_timeout:5s
DROP INDEX CONCURRENTLY ix_exams_published;
DROP INDEX CONCURRENTLY ix_questions_topic_difficulty;
