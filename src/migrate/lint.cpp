#include "pgseed/migrate/lint.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/lint_context.hpp"
#include "pgseed/migrate/script.hpp"

namespace pgseed::migrate {
namespace {

using sql::StatementKind;

// A value that ALTER TYPE ... ADD VALUE added: the transaction that did it cannot use it.
struct EnumValue {
  std::string value;
  int block;
};

std::optional<std::string> added_enum_value(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  if (!sql::accept_word(cursor, "ALTER") || !sql::accept_word(cursor, "TYPE")) return {};
  sql::read_qualified_name(cursor);
  if (!sql::accept_word(cursor, "ADD") || !sql::accept_word(cursor, "VALUE")) return {};
  skip_if_exists(cursor);
  sql::skip_blanks(cursor);
  if (cursor.peek() != '\'') return {};
  bool has_escapes = false;
  std::string value;
  sql::append_undoubled(value, sql::read_quoted(cursor, false, has_escapes));
  return value;
}

// Where a string constant of this value stands in the statement, or nullptr.
const char* find_string(std::string_view statement, std::string_view value) {
  sql::Cursor cursor = sql::cursor_over(statement);
  for (sql::skip_blanks(cursor); !cursor.at_end(); sql::skip_blanks(cursor)) {
    const char* const at = cursor.position;
    if (cursor.peek() != '\'') {
      sql::skip_token(cursor);
      continue;
    }
    bool has_escapes = false;
    std::string found;
    sql::append_undoubled(found, sql::read_quoted(cursor, false, has_escapes));
    if (found == value) return at;
  }
  return nullptr;
}

// Statements in which a string is never a value of an enum.
bool names_no_values(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  if (sql::accept_word(cursor, "COMMENT") || sql::accept_word(cursor, "SET")) return true;
  return sql::accept_word(cursor, "ALTER") && sql::accept_word(cursor, "TYPE");
}

class SectionLinter {
 public:
  // all: also the rules about what the statements do, not only about how they run.
  SectionLinter(const Section& section, bool all) : section_(section), all_(all) {
    has_lock_timeout_ = section.options.lock_timeout.has_value();
  }

  std::vector<LintFinding> run() {
    // Any text will do for a variable: it stands for a name or a string.
    const VariableLookup variables = [](const std::string& name) { return name; };
    for (const ScriptStatement& statement : split_section(section_, variables)) {
      check_allowed(statement);
      // A section that is not to be parsed is one statement of unknown kind.
      if (statement.kind != StatementKind::unknown) lint(statement);
    }
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const auto& left, const auto& right) { return left.line < right.line; });
    return std::move(findings_);
  }

 private:
  void check_allowed(const ScriptStatement& statement) const {
    for (const std::string& allowed : statement.allowed_rules) {
      const auto& rules = lint_rules();
      if (std::any_of(rules.begin(), rules.end(),
                      [&](const LintRule& rule) { return rule.name == allowed; })) {
        continue;
      }
      std::string names;
      for (const LintRule& rule : rules) names += text(names.empty() ? "" : " ", rule.name);
      throw Error(ErrorKind::input, text("-- pgseed:allow names the unknown rule ", allowed),
                  text(section_.path, ':', statement.line), text("the rules are ", names));
    }
  }

  void lint(const ScriptStatement& statement) {
    context_.hits.clear();
    context_.locked.clear();
    context_.in_transaction = section_.options.transaction || statement.block > 0;
    lint_statement(statement.sql, context_);
    lint_enum_values(statement);
    for (LintHit& hit : context_.hits) {
      if (!all_ && hit.rule != "concurrently-in-transaction" &&
          hit.rule != "enum-value-used-in-same-file") {
        continue;
      }
      report(statement, hit);
    }
    note_lock_timeout(statement);
  }

  void report(const ScriptStatement& statement, LintHit& hit) {
    const auto& allowed = statement.allowed_rules;
    if (std::find(allowed.begin(), allowed.end(), hit.rule) != allowed.end()) return;
    const std::uint64_t line = statement.line + count_newlines(statement.sql.data(), hit.at);
    findings_.push_back({section_.path, line, std::string(hit.rule), std::move(hit.text)});
  }

  void lint_enum_values(const ScriptStatement& statement) {
    try {
      if (const auto value = added_enum_value(statement.sql)) {
        if (context_.in_transaction) enum_values_.push_back({*value, statement.block});
        return;
      }
      if (statement.kind == StatementKind::do_block || names_no_values(statement.sql)) return;
      for (const EnumValue& added : enum_values_) {
        if (added.block != statement.block) continue;
        const char* const at = find_string(statement.sql, added.value);
        if (at == nullptr) continue;
        context_.hits.push_back({at, "enum-value-used-in-same-file",
                                 text("the value '", added.value,
                                      "' is new to its enum, and the transaction that adds "
                                      "it cannot use it; add it in a revision of its own")});
        return;
      }
    } catch (const sql::SyntaxProblem&) {
      // The server will say what is wrong with it.
    }
  }

  void note_lock_timeout(const ScriptStatement& statement) {
    if (statement.kind == StatementKind::session) {
      const auto setting = sql::read_setting(statement.sql);
      if (setting && setting->name == "lock_timeout") has_lock_timeout_ = true;
    }
    if (context_.locked.empty() || has_lock_timeout_ || reported_) return;
    LintHit hit{statement.sql.data(), "missing-lock-timeout",
                text("waits for its lock on ", context_.locked,
                     ", while every other query queues behind it, for as long as whoever runs it "
                     "sets (pgseed 5s, Alembic and psql nothing); SET LOCAL lock_timeout = '5s' "
                     "first, or lock_timeout:5s behind the section's name")};
    const std::size_t before = findings_.size();
    if (all_) report(statement, hit);
    reported_ = findings_.size() > before;  // once is enough
  }

  const Section& section_;
  bool all_;
  LintContext context_;
  std::vector<EnumValue> enum_values_;
  bool has_lock_timeout_ = false;
  bool reported_ = false;
  std::vector<LintFinding> findings_;
};

}  // namespace

const std::vector<LintRule>& lint_rules() {
  static const std::vector<LintRule> rules = {
      {"drop-table", "DROP TABLE, or DROP SCHEMA ... CASCADE: data is lost, clients break"},
      {"drop-column", "DROP COLUMN: data is lost, clients break"},
      {"rename-table", "a table is renamed or moved: clients break"},
      {"rename-column", "a column is renamed: clients break"},
      {"change-type", "ALTER COLUMN ... TYPE: the table may be rewritten under lock"},
      {"not-null-without-default", "NOT NULL that rows may break, or that scans the table"},
      {"add-foreign-key-without-not-valid", "a foreign key checks all rows under lock"},
      {"add-check-without-not-valid", "a CHECK scans the table under lock"},
      {"index-without-concurrently", "CREATE, DROP INDEX or REINDEX locks the table"},
      {"concurrently-in-transaction", "CONCURRENTLY cannot run in a transaction"},
      {"enum-value-used-in-same-file", "a new enum value is used in the transaction that adds it"},
      {"volatile-default", "a column whose values differ by row rewrites the table under lock"},
      {"truncate", "TRUNCATE: data is lost under an exclusive lock"},
      {"missing-lock-timeout", "a strong lock is waited for, and the file sets no limit"},
      {"add-unique-without-index", "UNIQUE or PRIMARY KEY builds its index under lock"},
      {"update-without-where", "UPDATE without WHERE writes every row in one transaction"},
      {"delete-without-where", "DELETE without WHERE: data is lost"},
  };
  return rules;
}

std::vector<LintFinding> lint(const Revision& revision) {
  std::vector<LintFinding> findings;
  if (revision.upgrade) findings = SectionLinter(*revision.upgrade, true).run();
  if (revision.downgrade) {
    for (LintFinding& finding : SectionLinter(*revision.downgrade, false).run()) {
      findings.push_back(std::move(finding));
    }
  }
  return findings;
}

}  // namespace pgseed::migrate
