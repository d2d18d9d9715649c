#include "pgseed/sql/sqlite_ddl.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/sql/sqlite_ddl_column.hpp"
#include "pgseed/sql/sqlite_statement.hpp"

namespace pgseed::sql {
namespace {

using TokenKind = DdlToken::Kind;

// main is where every database has its tables: it counts as none.
QualifiedName read_table_name(DdlWalk& walk) {
  QualifiedName name = walk.read_qualified_name();
  if (name.schema && equals_ignoring_case(*name.schema, "main")) name.schema.reset();
  return name;
}

bool same_table(const DdlTable& table, const QualifiedName& name) {
  return table.name.schema == name.schema && equals_ignoring_case(table.name.name, name.name);
}

}  // namespace

void SqliteDdl::note(std::string_view statement, const DdlPlace& place) {
  DdlPlace here = place;
  try {
    const DdlTokens tokens = sqlite_tokens(statement, place.line);
    DdlWalk walk(tokens);
    here.line = tokens.empty() ? place.line : walk.line();
    if (walk.accept_word("CREATE")) {
      create(walk, here);
    } else if (walk.accept_word("ALTER")) {
      alter_table(walk, here);
    } else if (walk.accept_word("DROP")) {
      drop(walk, here);
    } else if (walk.accept_word("INSERT") || walk.accept_word("REPLACE")) {
      insert(walk, here);
    }
  } catch (const DdlProblem& problem) {
    here.line = problem.line == 0 ? here.line : problem.line;
    schema_.note(here, text("this DDL is not understood and left out: ", problem.message));
  }
}

void SqliteDdl::create(DdlWalk& walk, const DdlPlace& place) {
  const bool temporary = walk.accept_word("TEMP") || walk.accept_word("TEMPORARY");
  const bool unique = walk.accept_word("UNIQUE");
  const bool is_virtual = walk.accept_word("VIRTUAL");
  const std::string kind = to_lower(walk.peek().text);
  walk.skip();
  if (kind == "index") return create_index(walk, place, unique);
  if (kind == "table" && !temporary && !is_virtual) return create_table(walk, place);
  walk.skip_if_exists();
  const std::string name = read_table_name(walk).name;
  if (is_virtual) {
    // Its rows stand in tables of their own, which a dump makes like any others.
    return schema_.note(place, text("the virtual table ", name, " is not translated"));
  }
  if (temporary)
    return schema_.note(place, text("the temporary ", kind, ' ', name, " is not made"));
  schema_.note(place, text("the ", kind, ' ', name, " is not translated"));
}

void SqliteDdl::create_table(DdlWalk& walk, const DdlPlace& place) {
  walk.skip_if_exists();
  DdlTable table;
  table.place = place;
  table.name = read_table_name(walk);
  if (is_sqlite_table(table.name)) return;
  const auto lost = [&](std::uint64_t line, const std::string& why) {
    schema_.notes.push_back(
        {{place.file, line}, text("the table ", table.name.name, " is not made: ", why), true});
  };
  if (!walk.accept_symbol("(")) return lost(place.line, "its columns are those of a query");
  const std::size_t notes = schema_.notes.size();
  try {
    // Constraints may follow each other without a comma.
    while (!walk.accept_symbol(")")) {
      if (!read_sqlite_constraint(walk, schema_, table, place)) {
        table.columns.push_back(read_sqlite_column(walk, schema_, table, place));
      }
      if (!walk.accept_symbol(",") && walk.at_end()) {
        throw DdlProblem{place.line, "CREATE TABLE is never closed"};
      }
    }
  } catch (const DdlProblem& problem) {
    schema_.notes.resize(notes);
    return lost(problem.line == 0 ? place.line : problem.line, problem.message);
  }
  bool without_rowid = false;
  for (; !walk.at_end(); walk.skip()) without_rowid |= walk.at_word("WITHOUT");
  settle_sqlite_rowid(table, without_rowid);
  if (table.columns.empty()) return lost(place.line, "it has no columns");
  for (const auto& [name, next] : next_) {
    if (equals_ignoring_case(name, table.name.name)) table.next_identity = next;
  }
  if (schema_.find(table.name) == nullptr) schema_.tables.push_back(std::move(table));
}

void SqliteDdl::create_index(DdlWalk& walk, const DdlPlace& place, bool unique) {
  walk.skip_if_exists();
  DdlKey key;
  key.place = place;
  key.kind = unique ? DdlKey::Kind::unique : DdlKey::Kind::index;
  key.name = read_table_name(walk).name;
  if (!walk.accept_word("ON")) throw DdlProblem{walk.line(), "expected ON"};
  const QualifiedName name{{}, walk.read_name("a table")};
  DdlTable* const table = schema_.find(name);
  if (table == nullptr) {
    return schema_.note(
        place, text("the index ", key.name, " is left out: the files do not make ", name.name));
  }
  key.parts = read_sqlite_key_parts(walk, schema_, *table, place);
  if (walk.accept_word("WHERE")) {
    for (; !walk.at_end(); walk.skip()) key.where.push_back(walk.peek());
  }
  table->keys.push_back(std::move(key));
}

void SqliteDdl::alter_table(DdlWalk& walk, const DdlPlace& place) {
  if (!walk.accept_word("TABLE")) return;
  const QualifiedName name = read_table_name(walk);
  DdlTable* const table = schema_.find(name);
  if (table == nullptr) {
    return schema_.note(
        place, text("ALTER TABLE ", name.name, " is left out: the files do not make this table"));
  }
  if (walk.accept_word("ADD")) {
    walk.accept_word("COLUMN");
    DdlColumn column = read_sqlite_column(walk, schema_, *table, place);
    column.is_wide_unsigned = false;
    table->columns.push_back(std::move(column));
  } else if (walk.accept_word("RENAME")) {
    if (walk.accept_word("TO")) {
      table->name.name = walk.read_name("a name");
      return;
    }
    walk.accept_word("COLUMN");
    const std::string from = walk.read_name("a column name");
    if (!walk.accept_word("TO")) throw DdlProblem{walk.line(), "expected TO"};
    const std::string to = walk.read_name("a column name");
    if (DdlColumn* const column = table->find(from)) column->name = to;
    for (DdlKey& key : table->keys) {
      for (DdlKeyPart& part : key.parts) {
        if (equals_ignoring_case(part.column, from)) part.column = to;
      }
    }
    for (DdlForeignKey& key : table->foreign_keys) {
      std::replace_if(
          key.columns.begin(), key.columns.end(),
          [&](const std::string& each) { return equals_ignoring_case(each, from); }, to);
    }
  } else if (walk.accept_word("DROP")) {
    walk.accept_word("COLUMN");
    const std::string gone = walk.read_name("a column name");
    std::erase_if(table->columns,
                  [&](const DdlColumn& column) { return equals_ignoring_case(column.name, gone); });
  }
}

void SqliteDdl::drop(DdlWalk& walk, const DdlPlace& place) {
  if (!walk.accept_word("TABLE")) return;  // what is not made needs no dropping
  walk.skip_if_exists();
  const QualifiedName name = read_table_name(walk);
  if (is_sqlite_table(name)) return;
  const std::size_t before = schema_.tables.size();
  std::erase_if(schema_.tables, [&](const DdlTable& table) { return same_table(table, name); });
  if (before != schema_.tables.size()) return;
  schema_.dropped.push_back(name);
  schema_.dropped_at.push_back(place);
}

// INSERT INTO sqlite_sequence VALUES('t',16); and virtual tables, which sqlite3 writes as rows of
// its own catalogue.
void SqliteDdl::insert(DdlWalk& walk, const DdlPlace& place) {
  while (!walk.at_end() && !walk.accept_word("INTO")) walk.skip();
  const std::string into = to_lower(read_table_name(walk).name);
  while (!walk.at_end() && !walk.accept_word("VALUES")) walk.skip();
  if (into == "sqlite_sequence") {
    do {
      walk.require_symbol("(", "before a row");
      const QualifiedName name{{}, walk.read_name("a table")};
      walk.require_symbol(",", "between values");
      const std::string& digits = walk.peek().text;
      std::uint64_t last = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), last);
      if (error == std::errc{} && end == digits.data() + digits.size()) {
        next_.emplace_back(name.name, std::to_string(last + 1));
        if (DdlTable* const table = schema_.find(name)) table->next_identity = next_.back().second;
      }
      walk.skip();
      walk.require_symbol(")", "behind a row");
    } while (walk.accept_symbol(","));
  } else if (into == "sqlite_schema" || into == "sqlite_master") {
    const std::string kind = walk.peek(1).text;
    schema_.note(place, text("the virtual ", kind, ' ', walk.peek(3).text, " is not translated"));
  }
}

}  // namespace pgseed::sql
