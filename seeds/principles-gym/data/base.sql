-- Rows for revision 30c7ed16aacf: what the revisions after it then rename, fill and require.
INSERT INTO principles (id, title, body, category) VALUES
(1, 'Don''t repeat yourself', 'Every piece of knowledge has "one" home; copies drift.', 'design'),
(2, 'Fail early', 'A path such as C:\temp\new is checked where it enters, not where it hurts.', 'errors'),
(3, 'Fail early', 'The same title again: only the id tells them apart.', 'general');

INSERT INTO exercises (principle_id, prompt, minutes) VALUES
(1, 'Find two functions that differ in one ''constant''.', 5),
(1, 'Merge them; $O(n) \to O(1)$?', 20),
(2, 'Break the input on purpose -- what does the message say?', 45);
