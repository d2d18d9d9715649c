-- Rows for the schema at head: backslashes that LaTeX wants, quotes that SQL doubles.
INSERT INTO problems (problem_id, statement_latex, statement_lean, state_before_lean, state_after_lean, tactic_lean, difficulty) VALUES
('moe_1', 'Let $a, b > 0$. Show that $\frac{a}{b} + \frac{b}{a} \ge 2$.', 'theorem moe_1 (a b : ℝ) (ha : 0 < a) (hb : 0 < b) : a / b + b / a ≥ 2 := by sorry', 'a b : ℝ
ha : 0 < a
hb : 0 < b
⊢ a / b + b / a ≥ 2', 'no goals', 'field_simp; rw [ge_iff_le, le_div_iff (by positivity)]; nlinarith [sq_nonneg (a - b)]', 'easy'),
('moe_2', 'Euler''s identity: $e^{i\pi} + 1 = 0$; nothing but ''\pi'' is needed.', 'theorem moe_2 : Complex.exp (Real.pi * Complex.I) + 1 = 0 := by sorry', '⊢ Complex.exp (↑Real.pi * Complex.I) + 1 = 0', 'no goals', 'simp [Complex.exp_pi_mul_I] -- done; ''exp''', NULL),
('moe_3', 'What is $A \setminus B \cup B$ for $B \subseteq A$? Answer: A = A \', 'theorem moe_3 (A B : Set ℕ) (h : B ⊆ A) : A \ B ∪ B = A := by sorry', 'A B : Set ℕ
h : B ⊆ A
⊢ A \ B ∪ B = A', 'no goals', 'exact Set.diff_union_of_subset h', 'medium');

INSERT INTO submissions (submission_id, problem_id, submission_latex, status, progress, evaluated_at) VALUES
('sub_1', 'moe_1', 'Since $(a-b)^2 \ge 0$, we have $a^2 + b^2 \ge 2ab$; divide by $ab$.', 'completed', 100, '2025-12-16 10:00:00+00'),
('sub_2', 'moe_1', 'It''s "obvious".', 'failed', 40, '2025-12-16 10:05:00+00'),
('sub_3', 'moe_3', $$Let $x \in A$; then $x \in B$ or $x \notin B$ -- it's a case split.$$, 'pending', 0, NULL);

INSERT INTO submission_results (submission_id, verdict, lean_is_valid, lean_status, lean_errors, lean_remaining_goals, feedback) VALUES
('sub_1', 'correct', true, 'ok', NULL, '[]', '{"summary": "Clean; \"divide by $ab$\" needs $ab > 0$.", "score": 1.0}'),
('sub_2', 'incorrect', false, 'error', '[{"line": 3, "message": "linarith failed: ⊢ a / b + b / a ≥ 2"}]', '["⊢ a / b + b / a ≥ 2"]', '{"summary": "It''s not a proof.", "hint": "use \\frac"}');
