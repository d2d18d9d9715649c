#include "pgseed/migrate/ddl_checks.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/script_transaction.hpp"
#include "pgseed/sql/cursor.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::migrate {
namespace {

using sql::StatementKind;

constexpr const char* kKeepsData = "nothing that holds data is dropped without --allow-drop";

// The statement's tokens outside parentheses: words in upper case, of anything else its first byte.
std::vector<std::string> outer_tokens(std::string_view statement) {
  std::vector<std::string> tokens;
  sql::Cursor cursor = sql::cursor_over(statement);
  int depth = 0;
  for (sql::skip_blanks(cursor); !cursor.at_end(); sql::skip_blanks(cursor)) {
    const char* const begin = cursor.position;
    const char byte = *begin;
    depth += byte == '(' ? 1 : byte == ')' ? -1 : 0;
    const bool is_string = cursor.peek(1) == '\'' || cursor.peek(1) == '&';
    const bool is_word = sql::is_identifier_start(byte) && !is_string;
    if (is_word) {
      sql::read_word(cursor);
    } else {
      sql::skip_token(cursor);
    }
    if (depth != 0 || byte == ')') continue;
    tokens.push_back(is_word ? to_upper(std::string_view(begin, cursor.position))
                             : std::string(1, byte));
  }
  return tokens;
}

class Tokens {
 public:
  explicit Tokens(std::string_view statement) : list_(outer_tokens(statement)) {}

  bool accept(std::string_view word) {
    if (at_end() || list_[at_] != word) return false;
    ++at_;
    return true;
  }
  bool has(std::string_view word) const {
    return std::find(list_.begin() + static_cast<std::ptrdiff_t>(at_), list_.end(), word) !=
           list_.end();
  }
  bool at_end() const { return at_ >= list_.size(); }
  void skip() { at_ = std::min(at_ + 1, list_.size()); }

 private:
  std::vector<std::string> list_;
  std::size_t at_ = 0;
};

// At an action of ALTER TABLE or ALTER TYPE; behind its comma afterwards.
bool action_loses_data(Tokens& tokens) {
  if (tokens.accept("DROP") && !tokens.accept("CONSTRAINT")) return true;
  const bool alters = tokens.accept("ALTER");
  for (bool retypes = false; !tokens.at_end() && !tokens.accept(",");) {
    if (alters && retypes && tokens.accept("USING")) return true;
    if (tokens.accept("TYPE")) {
      retypes = true;
    } else {
      tokens.skip();
    }
  }
  return false;
}

// Behind the object's kind.
bool alters_data_away(Tokens& tokens) {
  if (tokens.accept("IF")) tokens.accept("EXISTS");
  tokens.accept("ONLY");
  tokens.skip();
  while (tokens.accept(".")) tokens.skip();
  tokens.accept("*");
  while (!tokens.at_end()) {
    if (action_loses_data(tokens)) return true;
  }
  return false;
}

const char* loss_of(std::string_view statement) {
  Tokens tokens(statement);
  if (tokens.accept("ALTER")) {
    tokens.accept("FOREIGN");
    const bool has_columns = tokens.accept("TABLE") || tokens.accept("TYPE");
    return has_columns && alters_data_away(tokens) ? kKeepsData : nullptr;
  }
  if (!tokens.accept("DROP")) return nullptr;
  static constexpr std::array<std::string_view, 10> kHoldData = {
      "TABLE",     "SCHEMA", "MATERIALIZED", "TYPE",    "DOMAIN",
      "EXTENSION", "OWNED",  "SEQUENCE",     "FOREIGN", "SERVER"};
  if (std::any_of(kHoldData.begin(), kHoldData.end(),
                  [&](std::string_view object) { return tokens.accept(object); })) {
    return kKeepsData;
  }
  return tokens.has("CASCADE") ? "CASCADE may drop what holds data; with --allow-drop it is applied"
                               : nullptr;
}

}  // namespace

const char* reason_it_loses_data(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  try {
    if (!sql::accept_word(cursor, "ALTER") && !sql::accept_word(cursor, "DROP")) return nullptr;
    return loss_of(statement);
  } catch (const sql::SyntaxProblem&) {
    return nullptr;  // the server will say what is wrong
  }
}

namespace {

constexpr const char* kCommandHint =
    "only psql knows commands with a backslash: take it out, write the file without it, or run the "
    "file with psql";

// Commands that leave the DDL around them what it is.
bool changes_no_ddl(std::string_view name) {
  static constexpr std::array<std::string_view, 30> kHarmless = {
      "restrict", "unrestrict", "echo",       "qecho", "warn", "pset", "timing",   "x",
      "a",        "t",          "set",        "unset", "C",    "f",    "H",        "l",
      "z",        "?",          "p",          "copy",  "o",    "out",  "encoding", "conninfo",
      "setenv",   "getenv",     "errverbose", "h",     "help", "T"};
  return std::find(kHarmless.begin(), kHarmless.end(), name) != kHarmless.end() ||
         name.starts_with('d');
}

// A backslash outside quotes begins the next command on the line, or ends this one.
std::size_t find_next_command(std::string_view rest) {
  char quote = 0;
  for (std::size_t at = 0; at < rest.size(); ++at) {
    const char byte = rest[at];
    if (quote != 0) {
      if (byte == '\\' && quote == '\'') ++at;
      if (byte == quote) quote = 0;
    } else if (byte == '\'' || byte == '"' || byte == '`') {
      quote = byte;
    } else if (byte == '\\') {
      return at;
    }
  }
  return std::string_view::npos;
}

bool makes_table_of_rows(std::string_view statement) {
  try {
    Tokens tokens(statement);
    const bool selects = tokens.accept("SELECT") || (tokens.accept("WITH") && tokens.has("SELECT"));
    return selects && tokens.has("INTO") && !tokens.has("INSERT") && !tokens.has("MERGE");
  } catch (const sql::SyntaxProblem&) {
    return false;
  }
}

}  // namespace

std::string PsqlScript::place(std::uint64_t line, std::uint64_t column) const {
  return text(path_, ':', line, ':', column);
}

void PsqlScript::refuse(const sql::Statement& statement, std::string message,
                        std::string hint) const {
  throw Error(ErrorKind::input, std::move(message), place(statement.line, statement.column),
              std::move(hint));
}

void PsqlScript::check(const sql::Statement& statement) {
  const std::string_view body = statement.text;
  if (body.starts_with('\\')) return check_command(statement);
  if (statement.kind == StatementKind::meta_command) {
    const std::size_t at = body.rfind('\\');
    const std::string_view line = at == std::string_view::npos ? "\\" : body.substr(at);
    refuse(statement,
           text("a statement with psql's ", line.substr(0, line.find_first_of(" \t\r\n")),
                " in it, which is no DDL that can be applied"),
           "end it with a semicolon, or run the file with psql");
  }
  const bool selects = statement.kind == StatementKind::insert_select ||
                       statement.kind == StatementKind::query ||
                       statement.kind == StatementKind::call;
  if (selects && makes_table_of_rows(body)) {
    refuse(statement, "SELECT ... INTO makes a table of rows",
           "write CREATE TABLE ... AS SELECT, or take it out");
  }
  const TransactionStep step = transaction_step(body);
  // BEGIN with modes; PREPARE TRANSACTION, which leaves its work uncommitted.
  const bool is_other = step == TransactionStep::other;
  sql::Cursor cursor = sql::cursor_over(body);
  if (is_other && sql::accept_word(cursor, "PREPARE")) {
    refuse(statement, "PREPARE TRANSACTION among DDL", "commit it, or take it out");
  }
  if (step == TransactionStep::begin ||
      (is_other && (sql::accept_word(cursor, "BEGIN") || sql::accept_word(cursor, "START")))) {
    if (!in_block_) block_at_ = place(statement.line, statement.column);
    block_has_ddl_ = block_has_ddl_ && in_block_;
    in_block_ = true;
  } else if (step == TransactionStep::commit) {
    in_block_ = false;
  }
  if (statement.kind == StatementKind::rollback) {
    refuse(statement, "ROLLBACK in a file whose DDL is to be applied",
           "it takes DDL before it back: take out what is not to stay, and the ROLLBACK");
  }
}

void PsqlScript::check_command(const sql::Statement& statement) {
  std::string_view line = statement.text.substr(1);
  const std::size_t end = std::min(line.find_first_of(" \t\r\n"), line.size());
  const std::string_view name = line.substr(0, end);
  const std::string_view rest = trim(line.substr(end));
  if (name == "c" || name == "connect") return check_connect(statement, rest);
  const bool turns_commit_off = name == "set" && to_lower(rest.substr(0, 10)) == "autocommit";
  if (!changes_no_ddl(name) || turns_commit_off) {
    refuse(statement,
           text("the psql command \\", name, turns_commit_off ? " AUTOCOMMIT" : "",
                ", which decides what DDL is applied"),
           kCommandHint);
  }
  const bool reads_line_as_sql = name != "copy" && name != "restrict" && name != "unrestrict";
  if (reads_line_as_sql && find_next_command(rest) != std::string_view::npos) {
    refuse(statement, text("something follows the psql command \\", name, " on its line"),
           "write each command and each statement on a line of its own");
  }
}

// pg_dump --create connects to the database that it has made, before everything else and, when the
// database has settings, once more.
void PsqlScript::check_connect(const sql::Statement& statement, std::string_view target) {
  if (has_ddl_ && target != connected_to_) {
    refuse(statement, "DDL of two databases in one file: \\connect behind DDL",
           "the target is one database: split the file there (pg_dump writes one database a file)");
  }
  connected_to_ = target;
}

void PsqlScript::finish() const {
  if (!in_block_ || !block_has_ddl_) return;
  throw Error(ErrorKind::input, "BEGIN without COMMIT: psql would take its DDL back", block_at_,
              "write COMMIT; behind the block, or take BEGIN out");
}

}  // namespace pgseed::migrate
