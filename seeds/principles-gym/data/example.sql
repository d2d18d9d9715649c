-- Rows for the schema at head.
INSERT INTO principles (id, title, body, category, slug) VALUES
(101, 'Measure, don''t guess', 'A number beats an opinion: $\Delta t < 50\,\mathrm{ms}$.', 'performance', 'measure'),
(102, 'Names "carry" meaning', 'n is not a name; neither is tmp_\d+.', 'design', NULL);

INSERT INTO exercises (principle_id, prompt, duration_minutes, level) VALUES
(101, 'Time the slowest test; it''s rarely the one you think.', 15, 'medium'),
(102, 'Rename three things in a file -- then read it aloud.', 60, 'long');

INSERT INTO reflections (principle_id, note, mood) VALUES
(101, 'The cache was 3 % of it. \o/', 'surprised'),
(102, 'After the rename half of the comments said nothing;
so they went.', NULL);
