#pragma once
// Migrations that are valid and still hurt: locks held long, data lost, clients broken. Pure.
#include <cstdint>
#include <string>
#include <vector>

#include "pgseed/migrate/revision.hpp"

namespace pgseed::migrate {

struct LintFinding {
  std::string path;
  std::uint64_t line = 0;
  std::string rule;  // "drop-table"
  std::string text;  // what is risky and what to write instead, one line
};

struct LintRule {
  const char* name;
  const char* summary;  // one line, for --help and the README
};
const std::vector<LintRule>& lint_rules();

// The findings in a revision's upgrade section (in its downgrade only those that concern how it
// runs, such as CONCURRENTLY in a transaction), by line. Statements on objects that the same file
// created are exempt; "-- pgseed:allow RULE" on a line of its own silences the rule for the
// statement after it. Throws Error{input} for text that cannot be split and for an allow of an
// unknown rule.
std::vector<LintFinding> lint(const Revision& revision);

}  // namespace pgseed::migrate
