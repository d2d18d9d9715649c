-- A small dump to look at and to try things with:
--   make seed FILE=seeds/example.sql
-- It holds, on purpose, what makes dumps hard to read by machine: doubled quotes, backslashes, line
-- breaks, comments between rows, dollar quotes, and text that looks like SQL.

SET standard_conforming_strings = on;

INSERT INTO problems (problem_id, statement_latex, statement_lean, state_before_lean, state_after_lean, tactic_lean, created_at, updated_at) VALUES
('example_1', 'Prove that $\frac{a}{b} + \frac{b}{a} \geq 2$ for $a, b > 0$.', 'theorem example_1 (a b : ℝ) (ha : 0 < a) (hb : 0 < b) : a / b + b / a ≥ 2 := by sorry', 'a b : ℝ
ha : 0 < a
hb : 0 < b
⊢ a / b + b / a ≥ 2', 'no goals', 'field_simp; rw [div_add_div _ _ hb.ne'' ha.ne'', ge_iff_le, le_div_iff (by positivity)]; nlinarith [sq_nonneg (a - b)]', '2024-06-01 08:00:00+00', '2024-06-01 08:00:00+00'),
('example_2', 'Show that $\sqrt{2}$ is irrational.', 'theorem example_2 : Irrational (Real.sqrt 2) := by sorry', '⊢ Irrational (√2)', 'no goals', 'exact irrational_sqrt_two', '2024-06-01 08:00:01+00', '2024-06-01 08:00:01+00'),
-- The next string ends in a backslash, which is a character like any other here.
('example_3', 'For sets $A, B$ with $B \subseteq A$, what is $A \setminus B \cup B$? Answer: A = A \', 'theorem example_3 (A B : Set ℕ) (h : B ⊆ A) : A \ B ∪ B = A := by sorry', 'A B : Set ℕ
h : B ⊆ A
⊢ A \ B ∪ B = A', 'no goals', 'exact Set.diff_union_of_subset h', '2024-06-01 08:00:02+00', '2024-06-01 08:00:02+00'),
('example_4', 'Euler''s identity: $e^{i\pi} + 1 = 0$; it''s ''beautiful''.', 'theorem example_4 : Complex.exp (Real.pi * Complex.I) + 1 = 0 := by sorry', '⊢ Complex.exp (↑Real.pi * Complex.I) + 1 = 0', 'no goals', 'simp [Complex.exp_pi_mul_I] -- done', '2024-06-01 08:00:03+00', '2024-06-01 08:00:03+00');

/* A second statement; strings that contain the ends and beginnings of statements. */
INSERT INTO problems (problem_id, statement_latex, statement_lean, state_before_lean, state_after_lean, tactic_lean, created_at, updated_at) VALUES
('example_5', 'Let $f(x) = (x+1);$ find $f(f(1));', 'theorem example_5 (f : ℝ → ℝ) (h : ∀ x, f x = (x + 1)) : f (f 1) = 3 := by sorry', 'f : ℝ → ℝ
h : ∀ (x : ℝ), f x = x + 1
⊢ f (f 1) = 3', 'no goals', 'norm_num [h]', '2024-06-02 09:30:00+00', '2024-06-02 09:30:00+00'),
('example_6', 'The points $(0,0),(1,0),(0,1)$ form a triangle of area $\tfrac12$.', 'theorem example_6 : (1 : ℚ) / 2 * 1 * 1 = 1 / 2 := by sorry', '⊢ 1 / 2 * 1 * 1 = 1 / 2', 'no goals', 'norm_num -- '');', '2024-06-02 09:30:01+00', '2024-06-02 09:30:01+00'),
('example_7', 'A text that says: INSERT INTO problems VALUES (''x''); -- and means nothing by it.', 'theorem example_7 : True := by sorry', '⊢ True', 'no goals', 'trivial', '2024-06-02 09:30:02+00', '2024-06-02 09:30:02+00'),
('example_8', $$Dollar quotes need no doubling: it's $\frac{1}{2}$ of the work.$$, $lean$theorem example_8 (h : ∃ x : ℝ, x ^ 2 = 2) : ¬ ∀ x : ℝ, x ^ 2 ≠ 2 := by sorry$lean$, 'h : ∃ x, x ^ 2 = 2
⊢ ¬∀ (x : ℝ), x ^ 2 ≠ 2', 'no goals', $tac$push_neg; exact h$tac$, '2024-06-02 09:30:03+00', '2024-06-02 09:30:03+00');

INSERT INTO problems (problem_id, statement_latex, statement_lean, state_before_lean, state_after_lean, tactic_lean) VALUES
('example_9', E'Escapes are read only where an E asks for them:\n$\\sum_{i=1}^{n} i = \\frac{n(n+1)}{2}$', 'theorem example_9 (n : ℕ) : ∑ i in Finset.range (n + 1), i = n * (n + 1) / 2 := by sorry', 'n : ℕ
⊢ ∑ i ∈ Finset.range (n + 1), i = n * (n + 1) / 2', 'no goals', 'induction n with
| zero => simp
| succ n ih => rw [Finset.sum_range_succ, ih]; omega'),
('example_10', 'Solve $|x - 3| \leq 5$; the answer is $[-2, 8]$.', 'theorem example_10 (x : ℝ) : |x - 3| ≤ 5 ↔ x ∈ Set.Icc (-2) 8 := by sorry', 'x : ℝ
⊢ |x - 3| ≤ 5 ↔ x ∈ Set.Icc (-2) 8', 'no goals', 'constructor <;> intro h <;> simp_all [abs_le] <;> constructor <;> linarith'),
('example_11', 'Über $\mathbb{Z}$ gilt: $2 \mid n(n+1)$ für alle $n$. 😀', 'theorem example_11 (n : ℤ) : 2 ∣ n * (n + 1) := by sorry', 'n : ℤ
⊢ 2 ∣ n * (n + 1)', 'no goals', 'exact (Int.even_mul_succ_self n).two_dvd'),
('example_12', '', 'theorem example_12 : 1 + 1 = 2 := by sorry', '⊢ 1 + 1 = 2', '', 'rfl');
