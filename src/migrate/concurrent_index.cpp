#include "pgseed/migrate/concurrent_index.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "pgseed/base/text.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::migrate {
namespace {

enum class IndexVerb { create, drop };
struct ConcurrentIndex {
  IndexVerb verb;
  std::string sql_name;  // qualified as far as the statement tells
  std::string table;     // of CREATE
};

std::string to_sql(const sql::QualifiedName& name) {
  const std::string last = quote_identifier(name.name);
  return name.schema ? text(quote_identifier(*name.schema), '.', last) : last;
}

std::optional<ConcurrentIndex> parse(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  try {
    const bool creates = sql::accept_word(cursor, "CREATE");
    if (!creates && !sql::accept_word(cursor, "DROP")) return std::nullopt;
    if (creates) sql::accept_word(cursor, "UNIQUE");
    if (!sql::accept_word(cursor, "INDEX") || !sql::accept_word(cursor, "CONCURRENTLY")) {
      return std::nullopt;
    }
    if (sql::accept_word(cursor, "IF")) {
      sql::accept_word(cursor, "NOT");
      sql::accept_word(cursor, "EXISTS");
    }
    if (creates && sql::accept_word(cursor, "ON")) return std::nullopt;  // the server names it
    sql::QualifiedName index = sql::read_qualified_name(cursor);
    if (!creates) return ConcurrentIndex{IndexVerb::drop, to_sql(index), {}};
    if (!sql::accept_word(cursor, "ON")) return std::nullopt;
    sql::accept_word(cursor, "ONLY");
    const sql::QualifiedName table = sql::read_qualified_name(cursor);
    index.schema = table.schema;  // an index lives with its table
    return ConcurrentIndex{IndexVerb::create, to_sql(index), to_sql(table)};
  } catch (const sql::SyntaxProblem&) {
    return std::nullopt;  // the server will say what is wrong
  }
}

// Unset: there is no such index.
std::optional<bool> is_valid(pg::Session& session, const std::string& sql_name) {
  const auto rows =
      session.query(text("SELECT indisvalid FROM pg_catalog.pg_index WHERE indexrelid = "
                         "pg_catalog.to_regclass(",
                         session.literal(sql_name), ')'));
  if (rows.empty()) return std::nullopt;
  return rows.front()[0] == "t";
}

}  // namespace

bool must_run_alone(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  try {
    if (sql::accept_word(cursor, "VACUUM")) return true;
    sql::skip_blanks(cursor);
    const std::string verb = to_lower(sql::read_word(cursor));
    static constexpr std::array<std::string_view, 5> kVerbs = {"create", "drop", "alter", "reindex",
                                                               "refresh"};
    if (std::find(kVerbs.begin(), kVerbs.end(), verb) == kVerbs.end()) return false;
    // The word stands near the beginning, or at the end of ALTER TABLE ... DETACH PARTITION; in
    // the body of a function it is inside quotes. REFRESH ... CONCURRENTLY may be in a transaction.
    for (sql::skip_blanks(cursor); !cursor.at_end(); sql::skip_blanks(cursor)) {
      if (verb != "refresh" && sql::accept_word(cursor, "CONCURRENTLY")) return true;
      if (!cursor.at_end()) sql::skip_token(cursor);
    }
  } catch (const sql::SyntaxProblem&) {
    // The server will say what is wrong.
  }
  return false;
}

void drop_invalid_index(pg::Session& session, std::string_view statement) {
  const auto index = parse(statement);
  if (!index || index->verb != IndexVerb::create) return;
  if (is_valid(session, index->sql_name) == false) {
    session.execute("DROP INDEX CONCURRENTLY " + index->sql_name);
  }
}

bool took_effect(pg::Session& session, std::string_view statement) {
  const auto index = parse(statement);
  if (!index) return false;
  const auto valid = is_valid(session, index->sql_name);
  return index->verb == IndexVerb::create ? valid == true : !valid;
}

std::optional<std::string> other_builder(pg::Session& session, std::string_view statement) {
  const auto index = parse(statement);
  if (!index) return std::nullopt;
  const std::string table =
      index->verb == IndexVerb::create
          ? text("pg_catalog.to_regclass(", session.literal(index->table), ')')
          : text(
                "(SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = "
                "pg_catalog.to_regclass(",
                session.literal(index->sql_name), "))");
  // Both verbs hold this lock on the table from beginning to end; so does autovacuum, which gives
  // way by itself.
  const auto rows = session.query(
      text("SELECT l.pid FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid) "
           "WHERE l.granted AND l.mode = 'ShareUpdateExclusiveLock' AND l.locktype = 'relation' "
           "AND a.backend_type = 'client backend' AND l.pid <> pg_catalog.pg_backend_pid() AND "
           "l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = "
           "pg_catalog.current_database()) AND l.relation = ",
           table, " LIMIT 1"));
  if (rows.empty()) return std::nullopt;
  return rows.front()[0];
}

}  // namespace pgseed::migrate
