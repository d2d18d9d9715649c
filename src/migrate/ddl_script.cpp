#include "pgseed/migrate/ddl_script.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/ddl_checks.hpp"
#include "pgseed/migrate/ddl_existing.hpp"
#include "pgseed/migrate/local_setting.hpp"
#include "pgseed/sql/rows.hpp"
#include "pgseed/sql/table_definition.hpp"

namespace pgseed::migrate {
namespace {

using sql::StatementKind;

// The first words, upper case, at most `count`.
std::vector<std::string> first_words(std::string_view text, std::size_t count) {
  std::vector<std::string> words;
  sql::Cursor cursor = sql::cursor_over(text);
  while (words.size() < count) {
    sql::skip_blanks(cursor);
    const std::string_view word = sql::read_word(cursor);
    if (word.empty()) break;
    words.push_back(to_upper(word));
  }
  words.resize(count);
  return words;
}

// Settings that change what later DDL means; the others concern rows or the dump's own session.
bool matters_to_ddl(const std::string& setting) {
  static constexpr std::array<std::string_view, 5> kSettings = {
      "search_path", "check_function_bodies", "default_tablespace", "default_table_access_method",
      "default_toast_compression"};
  return std::find(kSettings.begin(), kSettings.end(), setting) != kSettings.end();
}

// Why a DDL statement is not applied, or nullptr.
const char* reason_to_leave_out(std::string_view statement, const DdlOptions& options) {
  const std::vector<std::string> words = first_words(statement, 3);
  const std::string& verb = words[0];
  const std::string& object = words[1];
  if (object == "DATABASE" && verb != "COMMENT") return "a database is not made or dropped";
  if (verb == "ALTER" && object == "SYSTEM") return "the server's settings are not changed";
  if (object == "TABLESPACE" && (verb == "CREATE" || verb == "DROP")) return "tablespaces stay";
  if (verb == "COMMENT" && words[2] == "DATABASE") return "a database is not commented on";
  return options.allow_drop ? nullptr : reason_it_loses_data(statement);
}

// Statements about roles that may be missing on another server: ownership and rights.
bool is_about_roles(std::string_view statement) {
  const std::vector<std::string> words = first_words(statement, 2);
  if (words[0] == "GRANT" || words[0] == "REVOKE") return true;
  if (words[0] == "ALTER" && words[1] == "DEFAULT") return true;
  if (words[0] != "ALTER") return false;
  sql::Cursor cursor = sql::cursor_over(statement);
  for (sql::skip_blanks(cursor); !cursor.at_end(); sql::skip_blanks(cursor)) {
    if (sql::accept_word(cursor, "OWNER")) return true;
    if (!cursor.at_end()) sql::skip_token(cursor);
  }
  return false;
}

std::string beginning(std::string_view statement) {
  std::string line;
  for (const char byte : statement.substr(0, 200)) {
    const bool blank = static_cast<unsigned char>(byte) <= ' ';
    if (blank && (line.empty() || line.back() == ' ')) continue;
    line += blank ? ' ' : byte;
    if (line.size() >= 60 && (static_cast<unsigned char>(byte) & 0x80) == 0) return line + "...";
  }
  return line;
}

[[noreturn]] void fail_in_script(pg::SqlError error, const DdlScript& script,
                                 const DdlStatement& statement, bool if_not_exists) {
  const std::uint64_t lines_before =
      statement.is_translated ? 0 : static_cast<std::uint64_t>(std::max(0, error.line - 1));
  error.where = text(script.path, ':', statement.line + lines_before);
  // The server counts the columns of the first line from where the statement begins.
  const std::uint64_t before = error.line <= 1 ? statement.column - 1 : 0;
  if (error.column > 0 && !statement.is_translated) {
    error.where += text(':', before + static_cast<std::uint64_t>(error.column));
  }
  if (!error.detail.empty()) error.message += text(" (", error.detail, ")");
  if (!error.sqlstate.empty()) error.message += text(" [", error.sqlstate, "]");
  if (tells_of_existing(error.sqlstate) && !if_not_exists) {
    error.hint = "pass over what exists already with --if-not-exists";
  } else if (error.sqlstate == "25001") {
    error.hint = "CONCURRENTLY cannot run in a transaction; take the word out, the tables are new";
  } else if (error.sqlstate == "55P03") {
    error.kind = ErrorKind::unreachable;  // nothing is wrong with the statement
    error.hint = "another session holds a lock; try again, or wait longer with --lock-timeout";
  }
  throw error;
}

}  // namespace

DdlScript read_ddl(sql::Input& input, const std::string& path, const DdlOptions& options) {
  DdlScript script;
  script.path = path;
  sql::ReaderOptions reader_options;
  reader_options.rows = false;
  sql::DumpReader reader(input, path, reader_options);
  std::map<std::string, std::uint64_t> left_out;
  std::string schema = options.default_schema;
  PsqlScript psql(path);
  for (;;) {
    const sql::Piece piece = reader.next();
    if (piece == sql::Piece::end) break;
    if (piece != sql::Piece::statement) continue;
    const sql::Statement& statement = reader.statement();
    const std::string_view body = statement.text;
    psql.check(statement);
    if (statement.kind == StatementKind::session) {
      const auto setting = sql::read_setting(body);
      if (!setting || !matters_to_ddl(setting->name)) continue;
      if (setting->name == "search_path" && !setting->value.empty()) schema = setting->value;
      script.statements.push_back({as_local(body), statement.line, statement.column, true});
      continue;
    }
    const bool is_do = statement.kind == StatementKind::do_block;
    if (is_do && !options.do_blocks) ++left_out["DO blocks (apply them with --do-blocks)"];
    if (statement.kind == StatementKind::call) ++left_out["calls of functions and procedures"];
    if (statement.kind == StatementKind::meta_command) ++left_out["psql commands"];
    if (statement.kind != StatementKind::ddl && !(is_do && options.do_blocks)) continue;
    if (const char* const why = reason_to_leave_out(body, options)) {
      script.left_out.push_back(
          text(path, ':', statement.line, ": left out: ", beginning(body), " (", why, ")"));
      continue;
    }
    psql.note_ddl();
    if (statement.cut) {
      throw Error(ErrorKind::input, "a DDL statement is longer than 1 MiB",
                  text(path, ':', statement.line));
    }
    script.statements.push_back({std::string(body), statement.line, statement.column, false});
    if (const auto created = sql::TableDefinitions::created_by(body)) {
      script.created_tables.push_back({created->schema.value_or(schema), created->name});
    }
  }
  psql.finish();
  for (const auto& [what, count] : left_out) {
    script.left_out.push_back(text(path, ": left out: ", count, " ", what));
  }
  return script;
}

namespace {

// What the server says of a statement that does not fit its objects: syntax, names, types, values.
bool is_about_statement(const std::string& sqlstate) {
  return sqlstate != "42501" &&
         (sqlstate.starts_with("42") || sqlstate.starts_with("22") || sqlstate.starts_with("0A"));
}

}  // namespace

DdlResult apply_ddl(pg::Session& session, const std::vector<DdlScript>& scripts,
                    const DdlOptions& options) {
  DdlResult result;
  const auto apply = [&](const DdlScript& script, const DdlStatement& statement) {
    const bool roles = is_about_roles(statement.sql);
    try {
      bool made = true;
      // A savepoint, where an error may be lived with.
      if (options.if_not_exists) {
        made = make_missing(session, statement.sql);
      } else if (roles || statement.is_optional) {
        session.transaction([&](pg::Session& inner) { inner.execute(statement.sql); });
      } else {
        session.execute(statement.sql);
      }
      if (!statement.is_setting) ++(made ? result.applied : result.existing);
    } catch (const pg::SqlError& error) {
      if (roles && (error.sqlstate == "42704" || error.sqlstate == "42501")) {
        result.notes.push_back(text(script.path, ':', statement.line, ": left out: ",
                                    beginning(statement.sql), " (", error.message, ")"));
      } else if (statement.is_optional && !tells_of_existing(error.sqlstate) &&
                 is_about_statement(error.sqlstate)) {
        result.notes.push_back(text(script.path, ':', statement.line, ": left out: ", statement.sql,
                                    " (", error.message, ")"));
      } else {
        fail_in_script(error, script, statement, options.if_not_exists);
      }
    }
  };
  session.transaction([&](pg::Session& inner) {
    inner.execute(text("SET LOCAL lock_timeout = ", options.lock_timeout.count()));
    for (const DdlScript& script : scripts) {
      inner.execute(text("SELECT pg_catalog.set_config('search_path', ",
                         inner.literal(quote_identifier(options.default_schema)), ", true)"));
      for (const DdlStatement& statement : script.statements) apply(script, statement);
    }
    inner.execute("NOTIFY pgrst, 'reload schema'");
  });
  return result;
}

}  // namespace pgseed::migrate
