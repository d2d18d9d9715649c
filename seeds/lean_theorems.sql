-- Theorems in a table of another shape than the one that they are meant for: lean_theorems.map.toml
-- brings them into `problems` of seeds/moe.
--
--   pgseed seed seeds/lean_theorems.sql --map seeds/lean_theorems.map.toml --upsert
INSERT INTO lean_theorems (tactic, state_after, state_before, statement_latex, statement_lean) VALUES
('field_simp; rw [ge_iff_le, le_div_iff (by positivity)]', 'a b : ℝ
ha : 0 < a
hb : 0 < b
⊢ 2 * (a * b) ≤ a * a + b * b', 'a b : ℝ
ha : 0 < a
hb : 0 < b
⊢ a / b + b / a ≥ 2', 'Show that $\frac{a}{b} + \frac{b}{a} \ge 2$ for $a, b > 0$.', 'theorem two_le (a b : ℝ) (ha : 0 < a) (hb : 0 < b) : a / b + b / a ≥ 2'),
('simp [Complex.exp_pi_mul_I]', 'no goals', '⊢ Complex.exp (↑Real.pi * Complex.I) + 1 = 0', 'Euler''s identity: $e^{i\pi} + 1 = 0$.', 'theorem euler : Complex.exp (Real.pi * Complex.I) + 1 = 0'),
('exact Set.diff_union_of_subset h', 'no goals', 'A B : Set ℕ
h : B ⊆ A
⊢ A \ B ∪ B = A', '$(A \setminus B) \cup B = A$ for $B \subseteq A$; the answer ends in a backslash: \', 'theorem diff_union (A B : Set ℕ) (h : B ⊆ A) : A \ B ∪ B = A'),
('exact Real.sin_sq_add_cos_sq x', 'no goals', 'x : ℝ
⊢ Real.sin x ^ 2 + Real.cos x ^ 2 = 1', 'Let $f(x) = \sin^2 x + \cos^2 x$. Then $f''(x) = 0$ and $f''''(x) = 0$.', 'theorem pythagoras (x : ℝ) : Real.sin x ^ 2 + Real.cos x ^ 2 = 1'),
('induction n with
| zero => simp
| succ n ih => skip', 'case succ
n : ℕ
ih : ∑ k in Finset.range (n + 1), k = n * (n + 1) / 2
⊢ ∑ k in Finset.range (n + 1 + 1), k = (n + 1) * (n + 1 + 1) / 2', 'n : ℕ
⊢ ∑ k in Finset.range (n + 1), k = n * (n + 1) / 2', '$\sum_{k=1}^{n} k = \frac{n(n+1)}{2}$', 'theorem gauss (n : ℕ) : ∑ k in Finset.range (n + 1), k = n * (n + 1) / 2'),
('obtain ⟨p, hp, hp''⟩ := Nat.exists_infinite_primes (n + 1); exact ⟨p, hp, hp''⟩', 'no goals', 'n : ℕ
⊢ ∃ p, n < p ∧ Nat.Prime p', 'There is no largest prime: "\forall n\, \exists p > n" with $p$ prime.', 'theorem infinitely_many (n : ℕ) : ∃ p, n < p ∧ p.Prime'),
('exact Nat.Prime.irrational_sqrt (by norm_num)', 'no goals', '⊢ Irrational √2', '$\sqrt{2} \notin \mathbb{Q}$', 'theorem sqrt_two : Irrational (√2)'),
('tauto -- it''s classical', 'no goals', 'p q : Prop
⊢ ¬(p ∧ q) ↔ ¬p ∨ ¬q', '$\neg (p \wedge q) \Leftrightarrow \neg p \vee \neg q$ -- De Morgan''s law', 'theorem de_morgan (p q : Prop) : ¬(p ∧ q) ↔ ¬p ∨ ¬q'),
('have h := Real.tendsto_one_plus_div_pow_exp 1', '⊢ Filter.Tendsto (fun n : ℕ => (1 + 1 / ↑n) ^ n) Filter.atTop (nhds (Real.exp 1))', '⊢ Filter.Tendsto (fun n : ℕ => (1 + 1 / ↑n) ^ n) Filter.atTop (nhds (Real.exp 1))', '$\lim_{n\to\infty} \left(1 + \frac{1}{n}\right)^n = e$; VALUES (''a'', ''b'');', 'theorem limit_e : Filter.Tendsto (fun n : ℕ => (1 + 1 / (n : ℝ)) ^ n) Filter.atTop (nhds (Real.exp 1))');
INSERT INTO lean_theorems (tactic, state_after, state_before, statement_latex, statement_lean) VALUES ('exact Nat.gcd_mul_lcm a b', 'no goals', 'a b : ℕ
⊢ a.gcd b * a.lcm b = a * b', '$\gcd(a, b) \cdot \operatorname{lcm}(a, b) = ab$', 'theorem gcd_lcm (a b : ℕ) : a.gcd b * a.lcm b = a * b');
INSERT INTO lean_theorems (tactic, state_after, state_before, statement_latex, statement_lean) VALUES ('induction n with | zero => skip | succ n ih => simp [pow_succ, ih]', 'case zero
⊢ !![1, 1; 0, 1] ^ 0 = !![1, ↑0; 0, 1]', 'n : ℕ
⊢ !![1, 1; 0, 1] ^ n = !![1, ↑n; 0, 1]', '$\begin{pmatrix} 1 & 1 \\ 0 & 1 \end{pmatrix}^n = \begin{pmatrix} 1 & n \\ 0 & 1 \end{pmatrix}$', 'theorem shear (n : ℕ) : (!![1, 1; 0, 1] : Matrix (Fin 2) (Fin 2) ℤ) ^ n = !![1, n; 0, 1]');
INSERT INTO lean_theorems (tactic, state_after, state_before, statement_latex, statement_lean) VALUES ('exact abs_add x y', 'no goals', 'x y : ℝ
⊢ |x + y| ≤ |x| + |y|', '$|x + y| \le |x| + |y|$', 'theorem triangle (x y : ℝ) : |x + y| ≤ |x| + |y|');
INSERT INTO lean_theorems (tactic, state_after, state_before, statement_latex, statement_lean) VALUES
('induction n, h using Nat.le_induction with
| base => decide
| succ n h ih => rw [pow_succ, Nat.factorial_succ]; nlinarith', 'no goals', 'n : ℕ
h : 4 ≤ n
⊢ 2 ^ n < n !', '$n! > 2^n$ for $n \geq 4$; the backslash-n in $\nu \neq \nabla$ is none.', 'theorem factorial_gt (n : ℕ) (h : 4 ≤ n) : 2 ^ n < n !'),
('intro x hx', 'α : Type u_1
A : Set α
x : α
hx : x ∈ ∅
⊢ x ∈ A', 'α : Type u_1
A : Set α
⊢ ∅ ⊆ A', '$\emptyset \subseteq A$', 'theorem empty_sub (A : Set α) : ∅ ⊆ A'),
('rw [h]', 'no goals', 'f : ℕ → ℕ
x'' x'''' : ℕ
h : x'' = x''''
⊢ f x'' = f x''''', 'The ''quoted'' lemma: $x'' = x''''$ implies $f(x'') = f(x'''')$.', 'theorem congr_quoted (f : ℕ → ℕ) (x'' x'''' : ℕ) (h : x'' = x'''') : f x'' = f x'''''),
('norm_num', 'no goals', '⊢ 2 ^ 10 = 1024', '$2^{10} = 1024$', 'theorem power : 2 ^ 10 = 1024'),
('rw [sq_eq_one_iff_of_side_cond]', 'x : ℤ
⊢ x = 1 ∨ x = -1 ↔ x = -1 ∨ x = 1', 'x : ℤ
⊢ x ^ 2 = 1 ↔ x = -1 ∨ x = 1', '$\{x : x^2 = 1\} = \{-1, 1\}$ in $\mathbb{Z}$; {row} and {{ are text here.', 'theorem units (x : ℤ) : x ^ 2 = 1 ↔ x = -1 ∨ x = 1'),
('exact continuous_id', 'no goals', '⊢ Continuous fun x => x', '$\forall \varepsilon > 0\ \exists \delta > 0$ \dots', 'theorem continuous_id'' : Continuous (fun x : ℝ => x)'),
('rfl', 'no goals', '⊢ 1 + 1 = 2', 'Two identical rows: $1 + 1 = 2$.', 'theorem one_one : 1 + 1 = 2'),
('rfl', 'no goals', '⊢ 1 + 1 = 2', 'Two identical rows: $1 + 1 = 2$.', 'theorem one_one : 1 + 1 = 2');
