#include "pgseed/sql/mysql_ddl.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/sql/mysql_ddl_column.hpp"

namespace pgseed::sql {
namespace {

using TokenKind = DdlToken::Kind;

// Views, routines and the rest: "CREATE DEFINER=`root`@`%` SQL SECURITY DEFINER VIEW `v` ...".
struct OtherObject {
  std::string kind;
  std::string name;
};
OtherObject read_other_object(DdlWalk walk) {
  static constexpr std::array<std::string_view, 14> kKinds = {
      "VIEW",   "TRIGGER",  "PROCEDURE", "FUNCTION",   "EVENT",   "USER",     "ROLE",
      "SERVER", "SEQUENCE", "PACKAGE",   "TABLESPACE", "LOGFILE", "DATABASE", "SCHEMA"};
  for (; !walk.at_end(); walk.skip()) {
    for (const std::string_view kind : kKinds) {
      if (!walk.at_word(kind)) continue;
      OtherObject object;
      object.kind = to_lower(kind);
      walk.skip();
      walk.skip_if_exists();
      if (walk.accept_word("BODY")) object.kind += " body";
      if (walk.peek().is_name() || walk.peek().kind == TokenKind::string) {
        object.name = walk.read_qualified_name().name;
      }
      return object;
    }
  }
  return {};
}

// What a table says for all its columns, behind the parenthesis that ends them.
struct TableOptions {
  std::string charset, collation;
};

// At the options of a table, which CREATE and ALTER TABLE write alike. False if this is none.
bool read_table_option(DdlWalk& walk, DdlTable& table, TableOptions& options) {
  walk.accept_word("DEFAULT");
  const auto value = [&] {
    walk.accept_symbol("=");
    return walk.read_text();
  };
  if (walk.accept_word("AUTO_INCREMENT")) {
    table.next_identity = value();
  } else if (walk.accept_word("COMMENT")) {
    table.comment = value();
  } else if (walk.accept_word("COLLATE")) {
    options.collation = value();
  } else if (walk.accept_word("CHARSET") ||
             (walk.at_word("CHARACTER") && walk.peek(1).is_word("SET"))) {
    if (walk.accept_word("CHARACTER")) walk.skip();
    options.charset = value();
  } else {
    return false;
  }
  return true;
}

bool has_key(const DdlTable& table, std::string_view name) {
  return std::any_of(table.keys.begin(), table.keys.end(),
                     [&](const DdlKey& key) { return equals_ignoring_case(key.name, name); });
}

void rename_in_keys(DdlTable& table, const std::string& from, const std::string& to) {
  for (DdlKey& key : table.keys) {
    for (DdlKeyPart& part : key.parts) {
      if (equals_ignoring_case(part.column, from)) part.column = to;
    }
  }
  for (DdlForeignKey& key : table.foreign_keys) {
    for (std::string& column : key.columns) {
      if (equals_ignoring_case(column, from)) column = to;
    }
  }
}

// A column that goes takes its place in keys along.
void remove_from_keys(DdlTable& table, const std::string& name) {
  for (DdlKey& key : table.keys) {
    std::erase_if(key.parts,
                  [&](const DdlKeyPart& part) { return equals_ignoring_case(part.column, name); });
  }
  std::erase_if(table.keys, [](const DdlKey& key) { return key.parts.empty(); });
  std::erase_if(table.foreign_keys, [&](const DdlForeignKey& key) {
    return std::any_of(key.columns.begin(), key.columns.end(), [&](const std::string& column) {
      return equals_ignoring_case(column, name);
    });
  });
}

// A column's collation: its own, its character set's, the table's.
void settle_case(MysqlColumn& read, const TableOptions& options) {
  if (!read.is_text) return;
  const bool own = !read.charset.empty() || !read.collation.empty();
  read.column.ignores_case = own ? ignores_case(read.charset, read.collation)
                                 : ignores_case(options.charset, options.collation);
}

void place_column(DdlTable& table, MysqlColumn read, std::size_t otherwise) {
  std::size_t at = read.first ? 0 : otherwise;
  if (!read.after.empty()) {
    const DdlColumn* const before = table.find(read.after);
    if (before != nullptr) at = static_cast<std::size_t>(before - table.columns.data()) + 1;
  }
  table.columns.insert(table.columns.begin() + static_cast<std::ptrdiff_t>(at),
                       std::move(read.column));
}

}  // namespace

void MysqlDdl::begin_file() {
  first_database_.clear();
  database_.clear();
}

// The database that the file names first is the one that it dumps: its tables have no schema, as
// those of the rows have none.
QualifiedName MysqlDdl::read_table_name(DdlWalk& walk) const {
  QualifiedName name = walk.read_qualified_name();
  if (!name.schema && !database_.empty()) name.schema = database_;
  if (name.schema && *name.schema == first_database_) name.schema.reset();
  return name;
}

void MysqlDdl::note(std::string_view statement, const MysqlMode& mode, const DdlPlace& place) {
  DdlPlace here = place;
  try {
    const DdlTokens tokens = mysql_tokens(statement, mode, place.line);
    DdlWalk walk(tokens);
    here.line = tokens.empty() ? place.line : walk.line();
    if (walk.accept_word("USE")) {
      database_ = walk.read_name("a database");
      if (first_database_.empty()) first_database_ = database_;
    } else if (walk.accept_word("CREATE")) {
      create(walk, here);
    } else if (walk.accept_word("ALTER")) {
      alter_table(walk, here);
    } else if (walk.accept_word("DROP")) {
      drop(walk, here);
    } else if (walk.accept_word("RENAME")) {
      rename_tables(walk, here);
    } else if (walk.at_word("GRANT") || walk.at_word("REVOKE")) {
      schema_.note(here, "GRANT and REVOKE are not translated: rights are PostgreSQL's own");
    }
  } catch (const DdlProblem& problem) {
    here.line = problem.line == 0 ? here.line : problem.line;
    schema_.note(here, text("this DDL is not understood and left out: ", problem.message));
  }
}

void MysqlDdl::create(DdlWalk& walk, const DdlPlace& place) {
  const DdlWalk whole = walk;
  const bool replaces = walk.at_word("OR") && walk.peek(1).is_word("REPLACE");
  if (replaces) {
    walk.skip();
    walk.skip();
  }
  if (walk.accept_word("TEMPORARY")) {
    return schema_.note(place, "a temporary table is not made");
  }
  if (walk.accept_word("TABLE")) return create_table(walk, place, replaces);
  const bool unique = walk.accept_word("UNIQUE");
  if (walk.at_word("FULLTEXT") || walk.at_word("SPATIAL")) {
    const std::string kind = walk.peek().text;
    walk.skip();
    walk.accept_word("INDEX");
    return schema_.note(
        place, text("the ", kind, " index ", walk.read_name("a name"), " is not translated"));
  }
  if (unique || walk.at_word("INDEX")) {
    walk.accept_word("INDEX");
    return create_index(walk, place, unique);
  }
  const OtherObject object = read_other_object(whole);
  if (object.kind == "database" || object.kind == "schema") {
    if (!first_database_.empty() && object.name != first_database_) {
      return schema_.note(place, text("the database ", object.name, " becomes the schema ",
                                      object.name, ", which the API has to serve (db-schemas)"));
    }
    return schema_.note(place, text("the database ", object.name,
                                    " is not made: its tables go to the schema of names without "
                                    "one (--schema)"));
  }
  if (object.kind == "view") {
    std::erase_if(schema_.views, [&](const DdlNote& view) {
      return view.text.starts_with(text("the view ", object.name, ' '));
    });
    schema_.views.push_back({place, text("the view ", object.name, " is not translated"), false});
    return;
  }
  schema_.note(place, text("the ", object.kind.empty() ? "object" : object.kind, ' ', object.name,
                           " is not translated"));
}

void MysqlDdl::create_table(DdlWalk& walk, const DdlPlace& place, bool replaces) {
  walk.skip_if_exists();
  DdlTable table;
  table.place = place;
  table.name = read_table_name(walk);
  const auto lost = [&](const std::string& why) {
    schema_.notes.push_back(
        {place, text("the table ", table.name.name, " is not made: ", why), true});
  };
  const bool like =
      walk.accept_word("LIKE") || (walk.peek().is_symbol("(") && walk.peek(1).is_word("LIKE"));
  if (like) {
    if (walk.accept_symbol("(")) walk.skip();
    const QualifiedName model = read_table_name(walk);
    const DdlTable* const found = schema_.find(model);
    if (found == nullptr)
      return lost(text("it is LIKE ", model.name, ", which the files do not make"));
    DdlTable copy = *found;
    copy.name = table.name;
    copy.place = place;
    copy.foreign_keys.clear();
    copy.next_identity.clear();
    if (schema_.find(table.name) == nullptr) schema_.tables.push_back(std::move(copy));
    return;
  }
  if (!walk.peek().is_symbol("(")) return lost("its columns are those of a query");
  const std::size_t notes = schema_.notes.size();
  try {
    walk.skip();
    const MysqlTableContext context{&schema_, &table, options_.tinyint1_is_boolean};
    std::vector<MysqlColumn> columns;
    do {
      if (read_mysql_key(walk, context, place)) continue;
      columns.push_back(read_mysql_column(walk, context, place));
      table.columns.push_back(columns.back().column);
    } while (walk.accept_symbol(","));
    walk.require_symbol(")", "behind the columns of a table");
    TableOptions options;
    while (!walk.at_end()) {
      if (read_table_option(walk, table, options)) continue;
      if (walk.at_word("PARTITION") && walk.peek(1).is_word("BY")) {
        schema_.note({place.file, walk.line()}, text("PARTITION BY of ", table.name.name,
                                                     " is not translated: the table is one piece"));
        break;
      }
      if (walk.at_word("WITH") && walk.peek(1).is_word("SYSTEM")) {
        schema_.note({place.file, walk.line()},
                     text("SYSTEM VERSIONING of ", table.name.name, " is not translated"));
      }
      if (walk.at_word("SELECT")) return lost("some of its columns are those of a query");
      walk.skip();
    }
    for (std::size_t index = 0; index < columns.size(); ++index) {
      settle_case(columns[index], options);
      table.columns[index].ignores_case = columns[index].column.ignores_case;
    }
    if (table.columns.empty()) return lost("it has no columns");
  } catch (const DdlProblem& problem) {
    schema_.notes.resize(notes);
    schema_.notes.push_back({{place.file, problem.line},
                             text("the table ", table.name.name, " is not made: ", problem.message),
                             true});
    return;
  }
  if (replaces) {
    std::erase_if(schema_.tables, [&](const DdlTable& other) {
      return other.name.name == table.name.name && other.name.schema == table.name.schema;
    });
  }
  // IF NOT EXISTS of a table that was made before changes nothing.
  const DdlTable* const known = schema_.find(table.name);
  if (known == nullptr || known->name.name != table.name.name) {
    schema_.tables.push_back(std::move(table));
  }
}

void MysqlDdl::create_index(DdlWalk& walk, const DdlPlace& place, bool unique) {
  walk.skip_if_exists();
  DdlKey key;
  key.place = place;
  key.kind = unique ? DdlKey::Kind::unique : DdlKey::Kind::index;
  key.name = walk.read_name("the name of an index");
  if (walk.accept_word("USING")) walk.skip();
  if (!walk.accept_word("ON")) throw DdlProblem{walk.line(), "expected ON"};
  const QualifiedName name = read_table_name(walk);
  DdlTable* const table = schema_.find(name);
  if (table == nullptr) {
    return schema_.note(
        place, text("the index ", key.name, " is left out: the files do not make ", name.name));
  }
  key.parts = read_mysql_key_parts(walk);
  read_mysql_key_options(walk, key);
  table->keys.push_back(std::move(key));
}

void MysqlDdl::alter_table(DdlWalk& walk, const DdlPlace& place) {
  while (walk.accept_word("ONLINE") || walk.accept_word("IGNORE")) {
  }
  if (!walk.accept_word("TABLE")) {
    const bool database = walk.at_word("DATABASE") || walk.at_word("SCHEMA");
    if (!database) schema_.note(place, text("ALTER ", walk.shown(), " is not translated"));
    return;
  }
  walk.skip_if_exists();
  const QualifiedName name = read_table_name(walk);
  DdlTable* const table = schema_.find(name);
  if (table == nullptr) {
    return schema_.note(
        place, text("ALTER TABLE ", name.name, " is left out: the files do not make this table"));
  }
  do {
    alter_part(walk, *table, {place.file, walk.line()});
    walk.skip_item();
  } while (walk.accept_symbol(","));
}

void MysqlDdl::alter_part(DdlWalk& walk, DdlTable& table, const DdlPlace& place) {
  const MysqlTableContext context{&schema_, &table, options_.tinyint1_is_boolean};
  const auto replace = [&](const std::string& name) {
    DdlColumn* const old = table.find(name);
    MysqlColumn read = read_mysql_column(walk, context, place);
    settle_case(read, {});
    if (old == nullptr) return;
    if (read.column.name != name) rename_in_keys(table, name, read.column.name);
    const std::size_t at = static_cast<std::size_t>(old - table.columns.data());
    read.column.not_null |=
        old->not_null && table.primary_key() != nullptr &&
        std::any_of(
            table.primary_key()->parts.begin(), table.primary_key()->parts.end(),
            [&](const DdlKeyPart& part) { return equals_ignoring_case(part.column, name); });
    table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(at));
    place_column(table, std::move(read), at);
  };
  TableOptions options;
  if (walk.accept_word("ADD")) {
    if (read_mysql_key(walk, context, place)) return;
    walk.accept_word("COLUMN");
    walk.skip_if_exists();
    const bool several = walk.accept_symbol("(");
    do {
      MysqlColumn read = read_mysql_column(walk, context, place);
      settle_case(read, options);
      if (table.find(read.column.name) == nullptr) {
        place_column(table, std::move(read), table.columns.size());
      }
    } while (several && walk.accept_symbol(","));
    if (several) walk.accept_symbol(")");
  } else if (walk.accept_word("MODIFY")) {
    walk.accept_word("COLUMN");
    walk.skip_if_exists();
    replace(walk.peek().text);
  } else if (walk.accept_word("CHANGE")) {
    walk.accept_word("COLUMN");
    walk.skip_if_exists();
    replace(walk.read_name("a column name"));
  } else if (walk.accept_word("DROP")) {
    if (walk.accept_word("PRIMARY")) {
      std::erase_if(table.keys,
                    [](const DdlKey& key) { return key.kind == DdlKey::Kind::primary; });
    } else if (walk.accept_word("INDEX") || walk.accept_word("KEY")) {
      walk.skip_if_exists();
      const std::string name = walk.read_name("the name of an index");
      std::erase_if(table.keys,
                    [&](const DdlKey& key) { return equals_ignoring_case(key.name, name); });
    } else if (walk.accept_word("FOREIGN") || walk.accept_word("CONSTRAINT") ||
               walk.accept_word("CHECK")) {
      walk.accept_word("KEY");
      walk.skip_if_exists();
      const std::string name = walk.read_name("the name of a constraint");
      const auto is_it = [&](const auto& each) { return equals_ignoring_case(each.name, name); };
      std::erase_if(table.foreign_keys, is_it);
      std::erase_if(table.checks, is_it);
      if (has_key(table, name)) std::erase_if(table.keys, is_it);
    } else {
      walk.accept_word("COLUMN");
      walk.skip_if_exists();
      const std::string name = walk.read_name("a column name");
      std::erase_if(table.columns, [&](const DdlColumn& column) {
        return equals_ignoring_case(column.name, name);
      });
      remove_from_keys(table, name);
    }
  } else if (walk.accept_word("RENAME")) {
    if (walk.accept_word("COLUMN")) {
      const std::string from = walk.read_name("a column name");
      walk.accept_word("TO");
      const std::string to = walk.read_name("a column name");
      if (DdlColumn* const column = table.find(from)) column->name = to;
      rename_in_keys(table, from, to);
    } else if (walk.accept_word("INDEX") || walk.accept_word("KEY")) {
      const std::string from = walk.read_name("the name of an index");
      walk.accept_word("TO");
      const std::string to = walk.read_name("the name of an index");
      for (DdlKey& key : table.keys) {
        if (equals_ignoring_case(key.name, from)) key.name = to;
      }
    } else {
      if (!walk.accept_word("TO")) walk.accept_word("AS");
      table.name = read_table_name(walk);
    }
  } else if (!read_table_option(walk, table, options)) {
    // How it is stored says nothing about what it holds.
    static constexpr std::array<std::string_view, 12> kStorage = {
        "ENGINE",  "ROW_FORMAT", "KEY_BLOCK_SIZE", "STATS_PERSISTENT", "ORDER",   "FORCE", "ENABLE",
        "DISABLE", "ALGORITHM",  "LOCK",           "CONVERT",          "CHECKSUM"};
    for (const std::string_view word : kStorage) {
      if (walk.at_word(word)) return;
    }
    schema_.note(place,
                 text("ALTER TABLE ", table.name.name, ' ', walk.shown(), " is not translated"));
  }
}

void MysqlDdl::drop(DdlWalk& walk, const DdlPlace& place) {
  const bool temporary = walk.accept_word("TEMPORARY");
  if (walk.accept_word("TABLE") && !temporary) {
    walk.skip_if_exists();
    do {
      const QualifiedName name = read_table_name(walk);
      const std::size_t before = schema_.tables.size();
      std::erase_if(schema_.tables, [&](const DdlTable& table) {
        return table.name.name == name.name && table.name.schema == name.schema;
      });
      if (before != schema_.tables.size()) continue;
      schema_.dropped.push_back(name);
      schema_.dropped_at.push_back(place);
    } while (walk.accept_symbol(","));
  } else if (walk.at_word("DATABASE") || walk.at_word("SCHEMA")) {
    schema_.note(place, "a database is not dropped");
  } else if (walk.accept_word("INDEX")) {
    walk.skip_if_exists();
    const std::string name = walk.read_name("the name of an index");
    if (!walk.accept_word("ON")) return;
    if (DdlTable* const table = schema_.find(read_table_name(walk))) {
      std::erase_if(table->keys,
                    [&](const DdlKey& key) { return equals_ignoring_case(key.name, name); });
    }
  }
  // Views, routines and triggers are not made: there is nothing to drop.
}

void MysqlDdl::rename_tables(DdlWalk& walk, const DdlPlace& place) {
  if (!walk.accept_word("TABLE") && !walk.accept_word("TABLES")) return;
  do {
    walk.skip_if_exists();
    const QualifiedName from = read_table_name(walk);
    if (!walk.accept_word("TO")) throw DdlProblem{walk.line(), "expected TO"};
    const QualifiedName to = read_table_name(walk);
    if (DdlTable* const table = schema_.find(from)) {
      table->name = to;
    } else {
      schema_.note(place, text("RENAME TABLE ", from.name,
                               " is left out: the files do not make this table"));
    }
  } while (walk.accept_symbol(","));
}

}  // namespace pgseed::sql
