// Makes a dump in the shape of the MOE project's wkbk_lean.sql: problems of the Lean Workbook kind,
// as multi-row INSERTs. The same rows every time, on every machine: the generator is seeded and its
// own.
//
//   generate_wkbk [FILE|-] [ROWS]
//
// The text is about 0.93 KB a row and has in it what such dumps trip readers up with: LaTeX
// backslashes (also as a string's last character), doubled quotes, line breaks, Lean's symbols, and
// ");", "),(", "--" and "INSERT INTO" inside strings.
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

constexpr std::uint64_t kSeed = 0x5eed'0f'1ea4;
constexpr int kDefaultRows = 18985;

// splitmix64
class Random {
 public:
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // low..high, both included
  int between(int low, int high) {
    return low + static_cast<int>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool one_in(int n) { return between(1, n) == 1; }
  template <std::size_t N>
  std::string_view pick(const std::array<std::string_view, N>& choices) {
    return choices[next() % N];
  }

 private:
  std::uint64_t state_ = kSeed;
};

// A formula in the two languages, built together so that both say the same.
struct Formula {
  std::string latex, lean;
};

struct Problem {
  std::string latex, lean, before, after, tactic;
};

using Words = std::string_view;
constexpr std::array<Words, 6> kVariables = {"a", "b", "c", "x", "y", "z"};
constexpr std::array<Words, 8> kOpenings = {"Prove that",
                                            "Show that",
                                            "Let $a, b, c > 0$. Prove that",
                                            "Given that $a+b+c=3$, show that",
                                            "It's well known that",
                                            "By Euler's theorem,",
                                            "For all real $x, y, z$ the following holds:",
                                            "If $abc = 1$, then"};
constexpr std::array<Words, 10> kRemarks = {
    " When does equality hold?",
    " (Hint: it's Cauchy's inequality.)",
    "\n\nNote: the points $(0,0),(1,0),(0,1)$ are collinear modulo nothing.",
    " Compare $f(x) = (x+1); g(x) = (x-1);$ on $[0, 1]$.",
    " Here $\\mathbb{R}^n$ -- with $n \\geq 2$ -- is meant.",
    " We write $A \\setminus B$ for {x ∈ A : x ∉ B}.",
    " Don't use Jensen's inequality.",
    " In the log one reads: INSERT INTO problems VALUES ('x'); nothing more.",
    " For example $\\left\\lfloor \\frac{n}{2} \\right\\rfloor$ with $n = 7$; see \"Problem 4\".",
    " Let $\\alpha, \\beta, \\gamma$ be the angles and $\\sin\\alpha \\le 1$."};
constexpr std::array<Words, 12> kTactics = {
    "field_simp [add_assoc]",
    "rw [div_le_div_iff (by positivity) (by positivity)]",
    "nlinarith [sq_nonneg (a - b), sq_nonneg (b - c), sq_nonneg (c - a)]",
    "have h₁ : 0 < a * b := mul_pos ha hb",
    "refine' ⟨_, fun h => _⟩",
    "simp only [sq, mul_comm, mul_left_comm]",
    "norm_num [Finset.sum_range_succ]",
    "intro x hx; cases' hx with hx hx",
    "positivity -- R^n",
    "linarith [h₁, h₂, sq_nonneg (a + b + c)]",
    "exact le_of_sub_nonneg (by ring_nf; positivity)",
    "obtain ⟨k, rfl⟩ := h'; omega"};
constexpr std::array<Words, 8> kHypotheses = {
    "h₁ : a + b + c = 3",      "h₂ : ∀ x : ℝ, x ^ 2 ≥ 0",
    "h' : ∃ k : ℤ, a = 2 * k", "hf : ∀ x y, f (x + y) = f x + f y",
    "hab : a ≠ b ∧ b ≠ c",     "hx : x ∈ Set.Icc (0 : ℝ) 1",
    "hn : n ∣ 2 ^ n - 1",      "hs : ∑ i in Finset.range 5, f i = 1"};

Formula term(Random& random, int depth) {
  const std::string v(random.pick(kVariables));
  const std::string w(random.pick(kVariables));
  const std::string k = std::to_string(random.between(2, 19));
  switch (depth > 0 ? random.between(0, 8) : random.between(0, 2)) {
    case 0:
      return {v + "^{" + k + "}", v + " ^ " + k};
    case 1:
      return {k + v + w, k + " * " + v + " * " + w};
    case 2:
      return {"(" + v + "+" + k + ")", "(" + v + " + " + k + ")"};
    case 3: {
      const Formula a = term(random, depth - 1);
      const Formula b = term(random, depth - 1);
      return {"\\frac{" + a.latex + "}{" + b.latex + "}", "(" + a.lean + ") / (" + b.lean + ")"};
    }
    case 4: {
      const Formula a = term(random, depth - 1);
      return {"\\sqrt{" + a.latex + "}", "Real.sqrt (" + a.lean + ")"};
    }
    case 5: {
      const Formula a = term(random, depth - 1);
      return {"\\sum_{i=1}^{" + k + "} " + a.latex,
              "∑ i in Finset.Icc 1 " + k + ", (" + a.lean + ")"};
    }
    case 6: {
      const Formula a = term(random, depth - 1);
      return {"\\left|" + a.latex + "\\right|", "|" + a.lean + "|"};
    }
    default: {
      const Formula a = term(random, depth - 1);
      const Formula b = term(random, depth - 1);
      const bool plus = random.one_in(2);
      return {a.latex + (plus ? " + " : " \\cdot ") + b.latex,
              "(" + a.lean + (plus ? " + " : ") * (") + b.lean + ")"};
    }
  }
}

Formula claim(Random& random) {
  constexpr std::array<Words, 4> kLatexRelations = {" \\geq ", " \\leq ", " = ", " \\neq "};
  constexpr std::array<Words, 4> kLeanRelations = {" ≥ ", " ≤ ", " = ", " ≠ "};
  const auto relation = static_cast<std::size_t>(random.between(0, 3));
  const Formula left = term(random, 3);
  const Formula right = term(random, 3);
  return {left.latex + std::string(kLatexRelations[relation]) + right.latex,
          left.lean + std::string(kLeanRelations[relation]) + right.lean};
}

std::string hypotheses(Random& random, int count) {
  std::string text = "a b c x y z : ℝ\nha : 0 < a\nhb : 0 < b\nhc : 0 < c\n";
  for (int i = 0; i < count; ++i) {
    text += random.pick(kHypotheses);
    text += '\n';
  }
  return text;
}

Problem problem(Random& random, int number) {
  const Formula goal = claim(random);
  const Formula left_over = claim(random);
  const std::string context = hypotheses(random, random.between(1, 4));
  Problem p;
  p.latex = std::string(random.pick(kOpenings)) + " $$" + goal.latex + "$$";
  for (int i = random.between(0, 2); i > 0; --i) p.latex += random.pick(kRemarks);
  if (random.one_in(40)) p.latex += " and so on\\";
  p.lean = "theorem lean_workbook_" + std::to_string(number) +
           " (a b c x y z : ℝ) (ha : 0 < a) (hb : 0 < b) (hc : 0 < c) : " + goal.lean +
           "  :=  by sorry";
  p.before = context + "⊢ " + goal.lean;
  p.after = random.one_in(3) ? "no goals" : context + "⊢ " + left_over.lean;
  p.tactic = random.pick(kTactics);
  for (int i = random.between(1, 4); i > 0; --i) {
    p.tactic += '\n';
    p.tactic += random.pick(kTactics);
  }
  return p;
}

void append_literal(std::string& out, std::string_view text) {
  out += '\'';
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  out += '\'';
}

// created_at in June and updated_at in July 2024.
void append_times(std::string& out, Random& random) {
  for (int month = 6; month <= 7; ++month) {
    // One after the other: the order in which a call's arguments are worked out is the compiler's.
    const int day = random.between(1, 28);
    const int second = random.between(0, 86399);
    const int micros = random.between(0, 999999);
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), ", '2024-%02d-%02d %02d:%02d:%02d.%06d+00'", month, day,
                  second / 3600, second / 60 % 60, second % 60, micros);
    out += text.data();
  }
}

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "error: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(7);
}

void write_dump(std::FILE* file, int rows) {
  constexpr std::string_view kInsert =
      "INSERT INTO problems (problem_id, statement_latex, statement_lean, state_before_lean, "
      "state_after_lean, tactic_lean, created_at, updated_at) VALUES\n";
  Random random;
  std::string out = "-- Problems in the shape of the Lean Workbook, made by generate_wkbk\n";
  int left_in_statement = 0;
  for (int row = 0; row < rows; ++row) {
    if (left_in_statement == 0) {
      left_in_statement = random.between(100, 500);
      out += "\n";
      out += kInsert;
    }
    // The numbers have gaps, as in the original, and stay unique.
    const int number = row * 3 + random.between(0, 2);
    const Problem p = problem(random, number);
    out += "('lean_workbook_" + std::to_string(number) + "'";
    for (const std::string* text : {&p.latex, &p.lean, &p.before, &p.after, &p.tactic}) {
      out += ", ";
      append_literal(out, *text);
    }
    append_times(out, random);
    const bool last = --left_in_statement == 0 || row + 1 == rows;
    out += last ? ");\n" : "),\n";
    if (out.size() >= 1 << 16 || row + 1 == rows) {
      if (std::fwrite(out.data(), 1, out.size(), file) != out.size()) fail("writing");
      out.clear();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string path = argc > 1 ? argv[1] : "-";
  char* end = nullptr;
  const long rows = argc > 2 ? std::strtol(argv[2], &end, 10) : kDefaultRows;
  if (argc > 3 || rows < 1 || rows > 500'000'000 || (end != nullptr && *end != '\0')) {
    std::fputs("error: usage: generate_wkbk [FILE|-] [ROWS]\n", stderr);
    return 2;
  }
  if (path == "-") {
    write_dump(stdout, static_cast<int>(rows));
    if (std::fflush(stdout) != 0) fail("writing");
    return 0;
  }
  // Whoever reads the file finds all of it or none: an interrupted run leaves only the other name.
  const std::string unfinished = path + ".new";
  std::FILE* file = std::fopen(unfinished.c_str(), "wb");
  if (file == nullptr) fail(unfinished);
  write_dump(file, static_cast<int>(rows));
  if (std::fclose(file) != 0) fail(unfinished);
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) fail(path);
  return 0;
}
