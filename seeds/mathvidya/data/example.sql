-- Rows for the schema at head: LaTeX, arrays, intervals.
INSERT INTO users (id, email, full_name, role) VALUES
('44444444-4444-4444-8444-444444444444', 'teacher@example.com', 'Asha D''Souza', 'teacher'),
('55555555-5555-4555-8555-555555555555', 'student@example.com', 'Ravi "Rav" K.', 'student');

INSERT INTO questions (id, author_id, topic, difficulty, body_latex, answer_latex, hints) VALUES
(1, '44444444-4444-4444-8444-444444444444', 'calculus', 2, 'Find $\lim_{x \to 0} \frac{\sin x}{x}$.', '$1$', '{"use l''Hôpital","or \\sin x \\approx x"}'),
(2, '44444444-4444-4444-8444-444444444444', 'matrices', 3, 'Invert $\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}$.', '$-\tfrac12 \begin{pmatrix} 4 & -2 \\ -3 & 1 \end{pmatrix}$', '{}'),
(3, NULL, 'sets', 1, 'It''s true or false: $A \setminus (A \setminus B) = A \cap B$; "prove" it. \', 'true', '{}');

INSERT INTO exams (id, title, created_by, starts_at, duration, published) VALUES
(1, 'Class XII: "Pre-board" \ Paper 1', '44444444-4444-4444-8444-444444444444', '2025-11-20 04:30:00+00', '3 hours', true),
(2, 'Draft; don''t publish', '44444444-4444-4444-8444-444444444444', NULL, '90 minutes', false);

INSERT INTO exam_questions (exam_id, question_id, position, marks) VALUES
(1, 1, 1, 4.00), (1, 2, 2, 6.50), (2, 3, 1, 1);
