#include "pgseed/migrate/ddl_existing.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <vector>

#include "pgseed/base/text.hpp"
#include "pgseed/sql/cursor.hpp"
#include "pgseed/sql/table_definition.hpp"

namespace pgseed::migrate {
namespace {

// --- What a statement says

// What `read` makes of a statement; nothing of one with broken quotes: the server will say what is
// wrong with it.
template <typename Read>
auto if_readable(const Read& read) -> decltype(read()) {
  try {
    return read();
  } catch (const sql::SyntaxProblem&) {
    return {};
  }
}

// "schema"."name", for to_regclass() and the like.
std::string read_quoted_name(sql::Cursor& cursor) {
  std::string whole, part;
  do {
    sql::skip_blanks(cursor);
    if (!sql::read_identifier(cursor, part)) return {};
    whole += text(whole.empty() ? "" : ".", quote_identifier(part));
  } while (sql::accept(cursor, '.'));
  return whole;
}

// What is altered, or has the index; the cursor stands behind its name.
struct Altered {
  std::string name;
  bool is_domain = false;
  sql::Cursor rest;
};

std::optional<Altered> read_altered(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  if (!sql::accept_word(cursor, "ALTER")) return std::nullopt;
  sql::accept_word(cursor, "FOREIGN");
  const bool is_domain = sql::accept_word(cursor, "DOMAIN");
  if (!is_domain && !sql::accept_word(cursor, "TABLE")) return std::nullopt;
  if (sql::accept_word(cursor, "IF")) sql::accept_word(cursor, "EXISTS");
  sql::accept_word(cursor, "ONLY");
  std::string name = read_quoted_name(cursor);
  if (name.empty()) return std::nullopt;
  sql::accept(cursor, '*');
  return Altered{std::move(name), is_domain, cursor};
}

// Calls `visit` at each token that stands outside parentheses and brackets.
template <typename Visit>
void for_each_outer_token(sql::Cursor cursor, const Visit& visit) {
  int depth = 0;
  for (sql::skip_blanks(cursor); !cursor.at_end(); sql::skip_blanks(cursor)) {
    const char byte = cursor.peek();
    if (byte == ')' || byte == ']') --depth;
    if (depth == 0) visit(cursor);
    if (byte == '(' || byte == '[') ++depth;
    sql::skip_token(cursor);
  }
}

bool adds_unnamed_constraint(const Altered& altered) {
  bool found = false;
  for_each_outer_token(altered.rest, [&](sql::Cursor at) {
    if (!sql::accept_word(at, "ADD")) return;
    for (const char* const word : {"CHECK", "UNIQUE", "FOREIGN", "EXCLUDE"}) {
      found = found || sql::accept_word(at, word);
    }
  });
  return found;
}

// The table or domain to which the statement adds what the server will name.
std::optional<Altered> read_unnamed_addition(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  if (!sql::accept_word(cursor, "CREATE")) {
    const auto altered = read_altered(statement);
    return altered && adds_unnamed_constraint(*altered) ? altered : std::nullopt;
  }
  sql::accept_word(cursor, "UNIQUE");
  if (!sql::accept_word(cursor, "INDEX")) return std::nullopt;
  sql::accept_word(cursor, "CONCURRENTLY");
  if (!sql::accept_word(cursor, "ON")) return std::nullopt;
  sql::accept_word(cursor, "ONLY");
  std::string name = read_quoted_name(cursor);
  if (name.empty()) return std::nullopt;
  return Altered{std::move(name), false, cursor};
}

// ALTER TABLE t a, b -> ALTER TABLE t a; ALTER TABLE t b. Empty for a single action.
std::vector<std::string> single_actions(std::string_view statement) {
  const auto altered = read_altered(statement);
  if (!altered || altered->is_domain) return {};
  const std::string head(statement.data(), altered->rest.position);
  std::vector<std::string> actions;
  const char* begin = altered->rest.position;
  for_each_outer_token(altered->rest, [&](const sql::Cursor& at) {
    if (at.peek() != ',') return;
    actions.push_back(text(head, ' ', std::string_view(begin, at.position)));
    begin = at.position + 1;
  });
  if (actions.empty()) return {};
  actions.push_back(text(head, ' ', std::string_view(begin, altered->rest.end)));
  return actions;
}

// --- What the server would name

struct Part {
  std::string drop;        // the statement that takes it away
  std::string definition;  // without its name
  bool is_valid = false;
  bool is_copy = false;  // of a key to a partitioned table, for a partition: goes with that key
};

using Parts = std::map<std::string, Part>;  // by oid

Parts read_parts(pg::Session& session, const Altered& owner) {
  const std::string name = session.literal(owner.name);
  std::string query =
      "SELECT oid, pg_catalog.format('ALTER %s %s DROP CONSTRAINT %I', CASE WHEN contypid <> 0 "
      "THEN "
      "'DOMAIN' ELSE 'TABLE' END, CASE WHEN contypid <> 0 THEN contypid::regtype::text ELSE "
      "conrelid::regclass::text END, conname), contype::text || ' ' || "
      "pg_catalog.regexp_replace(pg_catalog.pg_get_constraintdef(oid), ' NOT VALID$', ''), "
      "convalidated, conparentid <> 0 FROM pg_catalog.pg_constraint WHERE ";
  if (owner.is_domain) {
    query += text("contypid = pg_catalog.to_regtype(", name, ')');
  } else {
    query += text(
        "conrelid = pg_catalog.to_regclass(", name,
        ") UNION ALL SELECT i.indexrelid, pg_catalog.format('DROP INDEX %s', "
        "i.indexrelid::regclass), pg_catalog.replace(pg_catalog.pg_get_indexdef(i.indexrelid), "
        "pg_catalog.format('INDEX %I ON', c.relname), 'INDEX ON'), i.indisvalid, false FROM "
        "pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE i.indrelid "
        "= pg_catalog.to_regclass(",
        name,
        ") AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid "
        "AND k.contype IN ('p', 'u', 'x'))");
  }
  Parts parts;
  for (const pg::Row& row : session.query(query)) {
    parts[*row[0]] = {*row[1], *row[2], row[3] == "t", row[4] == "t"};
  }
  return parts;
}

bool is_double(const Part& made, const Parts& before) {
  return std::any_of(before.begin(), before.end(), [&](const auto& entry) {
    const Part& had = entry.second;
    return had.definition == made.definition && (had.is_valid || !made.is_valid);
  });
}

// False if all that it made was there, under another name, and is taken away again. Only the server
// can tell whether two expressions are the same.
bool execute_without_doubles(pg::Session& session, const std::string& statement) {
  const auto owner = if_readable([&] { return read_unnamed_addition(statement); });
  if (!owner) {
    session.execute(statement);
    return true;
  }
  const Parts before = read_parts(session, *owner);
  session.execute(statement);
  std::size_t made = 0, doubles = 0;
  for (const auto& [oid, part] : read_parts(session, *owner)) {
    if (before.contains(oid)) continue;
    ++made;
    if (!is_double(part, before)) continue;
    ++doubles;
    if (!part.is_copy) session.execute(part.drop);
  }
  return made == 0 || doubles < made;
}

// --- What the server refuses although it is the same

struct TrialOver {};

// What `look` finds after the work, which is then undone; nothing if the work fails.
template <typename Work, typename Look>
std::optional<std::string> find_by_trying(pg::Session& session, const Work& work,
                                          const Look& look) {
  std::optional<std::string> found;
  try {
    session.transaction([&](pg::Session& inner) {
      work(inner);
      found = look(inner);
      throw TrialOver{};
    });
  } catch (const TrialOver&) {
    // As it was.
  } catch (const pg::SqlError&) {
    return std::nullopt;
  }
  return found;
}

std::optional<std::string> read_value(pg::Session& session, const std::string& query) {
  const auto rows = session.query(query);
  return rows.empty() ? std::nullopt : rows.front()[0];
}

bool is_attached_so(pg::Session& session, const std::string& statement) {
  auto parent = read_altered(statement);
  if (!parent) return false;
  sql::Cursor cursor = parent->rest;
  if (!sql::accept_word(cursor, "ATTACH") || !sql::accept_word(cursor, "PARTITION")) return false;
  const std::string child = read_quoted_name(cursor);
  const auto bound = [&](pg::Session& inner) {
    return read_value(
        inner, text("SELECT pg_catalog.pg_get_expr(c.relpartbound, c.oid) FROM "
                    "pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid "
                    "WHERE c.oid = pg_catalog.to_regclass(",
                    inner.literal(child), ") AND i.inhparent = pg_catalog.to_regclass(",
                    inner.literal(parent->name), ')'));
  };
  const auto now = bound(session);
  if (!now || *now == trim(std::string_view(cursor.position, cursor.end))) return now.has_value();
  // The same bounds can be written in many ways.
  const auto attach_again = [&](pg::Session& inner) {
    inner.execute(text("ALTER TABLE ", parent->name, " DETACH PARTITION ", child));
    inner.execute(statement);
  };
  return find_by_trying(session, attach_again, bound) == now;
}

bool is_identity_so(pg::Session& session, const std::string& statement) {
  auto table = read_altered(statement);
  if (!table) return false;
  sql::Cursor cursor = table->rest;
  std::string column;
  if (!sql::accept_word(cursor, "ALTER")) return false;
  sql::accept_word(cursor, "COLUMN");
  sql::skip_blanks(cursor);
  if (!sql::read_identifier(cursor, column) || !sql::accept_word(cursor, "ADD") ||
      !sql::accept_word(cursor, "GENERATED")) {
    return false;
  }
  const char* const kind = sql::accept_word(cursor, "ALWAYS") ? "a" : "d";
  return read_value(session,
                    text("SELECT attidentity FROM pg_catalog.pg_attribute WHERE attrelid = "
                         "pg_catalog.to_regclass(",
                         session.literal(table->name),
                         ") AND attname = ", session.literal(column))) == kind;
}

bool is_text_search_so(pg::Session& session, const std::string& statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  const auto is_about_text_search = [&] {
    return sql::accept_word(cursor, "TEXT") && sql::accept_word(cursor, "SEARCH");
  };
  // Its name alone would have been the reason, as for everything else that is created.
  if (sql::accept_word(cursor, "CREATE")) return is_about_text_search();
  if (!sql::accept_word(cursor, "ALTER") || !is_about_text_search() ||
      !sql::accept_word(cursor, "CONFIGURATION")) {
    return false;
  }
  const std::string name = read_quoted_name(cursor);
  sql::skip_blanks(cursor);
  const char* const add = cursor.position;
  if (!sql::accept_word(cursor, "ADD")) return false;
  const auto mapping = [&](pg::Session& inner) {
    return read_value(inner,
                      text("SELECT pg_catalog.string_agg(m::text, ' ' ORDER BY maptokentype, "
                           "mapseqno) FROM pg_catalog.pg_ts_config_map m WHERE mapcfg = ",
                           inner.literal(name), "::regconfig"));
  };
  const auto map_again = [&](pg::Session& inner) {
    inner.execute(text(std::string_view(statement.data(), add), "ALTER",
                       std::string_view(cursor.position, cursor.end)));
  };
  const auto before = mapping(session);
  return before && find_by_trying(session, map_again, mapping) == before;
}

bool has_primary_key(const std::string& statement) {
  const auto altered = read_altered(statement);
  bool found = false;
  if (altered) {
    for_each_outer_token(altered->rest, [&](sql::Cursor at) {
      found = found || (sql::accept_word(at, "PRIMARY") && sql::accept_word(at, "KEY"));
    });
  }
  return found;
}

// A table may also be refused for the name of a constraint, or a column that it has twice.
bool is_table_there(pg::Session& session, const sql::QualifiedName& table) {
  const std::string name =
      text(table.schema ? quote_identifier(*table.schema) + "." : "", quote_identifier(table.name));
  return read_value(session, text("SELECT 1 WHERE pg_catalog.to_regclass(", session.literal(name),
                                  ") IS NOT NULL"))
      .has_value();
}

bool is_there(pg::Session& session, const std::string& statement, const std::string& sqlstate) {
  if (sqlstate == "42809") return is_attached_so(session, statement);
  if (sqlstate == "55000") return is_identity_so(session, statement);
  if (sqlstate == "23505") return is_text_search_so(session, statement);
  if (sqlstate == "42P16") return has_primary_key(statement);
  if (!tells_of_existing(sqlstate)) return false;
  if (const auto table = sql::TableDefinitions::created_by(statement)) {
    return is_table_there(session, *table);
  }
  return true;
}

}  // namespace

bool tells_of_existing(const std::string& sqlstate) {
  static constexpr std::array<std::string_view, 7> kStates = {"42P07", "42710", "42P06", "42723",
                                                              "42701", "42P16", "42P03"};
  return std::find(kStates.begin(), kStates.end(), sqlstate) != kStates.end();
}

bool make_missing(pg::Session& session, const std::string& statement) {
  bool made = false;
  try {
    session.transaction(
        [&](pg::Session& inner) { made = execute_without_doubles(inner, statement); });
    return made;
  } catch (pg::SqlError& error) {
    const auto actions = if_readable([&] { return single_actions(statement); });
    if (actions.empty()) {
      if (if_readable([&] { return is_there(session, statement, error.sqlstate); })) return false;
      throw;
    }
    const std::string& state = error.sqlstate;
    if (!tells_of_existing(state) && state != "55000" && state != "42809") throw;
    try {
      session.transaction([&](pg::Session& inner) {
        for (const std::string& action : actions) made = make_missing(inner, action) || made;
      });
    } catch (pg::SqlError& of_action) {
      of_action.line = of_action.column = 0;  // in a text that is not the file's
      throw;
    }
    return made;
  }
}

}  // namespace pgseed::migrate
