#include "pgseed/sql/sqlite_ddl_column.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pgseed/base/text.hpp"

namespace pgseed::sql {
namespace {

using TokenKind = DdlToken::Kind;

bool at_constraint_of_column(const DdlWalk& walk) {
  static constexpr std::array<std::string_view, 11> kWords = {
      "CONSTRAINT", "PRIMARY", "NOT",        "NULL", "UNIQUE",   "CHECK",
      "DEFAULT",    "COLLATE", "REFERENCES", "AS",   "GENERATED"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return walk.at_word(word); });
}

struct TypeEntry {
  std::string_view word;
  DdlType type;
};
// Declared types that say more than SQLite's affinity does, by their first word.
constexpr TypeEntry kKnown[] = {
    {"bool", DdlType::boolean},
    {"boolean", DdlType::boolean},
    {"date", DdlType::date},
    {"datetime", DdlType::timestamp},
    {"timestamp", DdlType::timestamp},
    {"timestamptz", DdlType::timestamptz},
    {"time", DdlType::time},
    {"numeric", DdlType::numeric},
    {"decimal", DdlType::numeric},
    {"number", DdlType::numeric},
    {"money", DdlType::numeric},
    {"currency", DdlType::numeric},
    {"json", DdlType::json},
    {"string", DdlType::text},
    {"uuid", DdlType::text},
    {"guid", DdlType::text},
    {"any", DdlType::text},
    {"geometry", DdlType::bytea},
    {"point", DdlType::bytea},
    {"linestring", DdlType::bytea},
    {"polygon", DdlType::bytea},
    {"multipoint", DdlType::bytea},
    {"multilinestring", DdlType::bytea},
    {"multipolygon", DdlType::bytea},
    {"geometrycollection", DdlType::bytea},
    {"geomcollection", DdlType::bytea},
    {"curve", DdlType::bytea},
    {"multicurve", DdlType::bytea},
    {"surface", DdlType::bytea},
    {"multisurface", DdlType::bytea},
    {"circularstring", DdlType::bytea},
    {"compoundcurve", DdlType::bytea},
    {"curvepolygon", DdlType::bytea},
};

// SQLite holds what it is given, whatever length was declared: no length is kept. The rules of
// affinity are those of its documentation, in their order.
void choose_type(const std::string& declared, DdlColumn& column, DdlSchema& schema,
                 const std::string& shown) {
  const std::string word = declared.substr(0, declared.find(' '));
  const auto has = [&](const char* part) { return declared.find(part) != std::string::npos; };
  for (const TypeEntry& entry : kKnown) {
    if (entry.word != word) continue;
    column.type = entry.type;
    if (entry.type == DdlType::timestamp && has("with time zone")) {
      column.type = DdlType::timestamptz;
    }
    return;
  }
  if (has("int")) {
    column.type = DdlType::bigint;
  } else if (has("char") || has("clob") || has("text")) {
    column.type = DdlType::text;
  } else if (has("blob") || has("binary")) {
    column.type = DdlType::bytea;
  } else if (has("real") || has("floa") || has("doub")) {
    column.type = DdlType::double_precision;
  } else {
    column.type = DdlType::text;
    schema.note(column.place, declared.empty() ? text(shown, " has no type; the column is text")
                                               : text("the type ", declared, " of ", shown,
                                                      " is not known; the column is text"));
  }
}

void skip_conflict_clause(DdlWalk& walk, DdlSchema& schema, const DdlPlace& place,
                          const std::string& shown) {
  if (!walk.at_word("ON") || !walk.peek(1).is_word("CONFLICT")) return;
  schema.note({place.file, walk.line()},
              text("ON CONFLICT ", walk.peek(2).text, " of ", shown,
                   " is not translated: what breaks the rule is refused"));
  for (int words = 0; words < 3; ++words) walk.skip();
}

std::string read_action(DdlWalk& walk) {
  if (walk.accept_word("RESTRICT")) return "RESTRICT";
  if (walk.accept_word("CASCADE")) return "CASCADE";
  if (walk.accept_word("NO")) {
    walk.accept_word("ACTION");
    return "NO ACTION";
  }
  walk.accept_word("SET");
  if (walk.accept_word("DEFAULT")) return "SET DEFAULT";
  walk.accept_word("NULL");
  return "SET NULL";
}

std::vector<std::string> read_names(DdlWalk& walk) {
  std::vector<std::string> names;
  walk.require_symbol("(", "before names of columns");
  do {
    names.push_back(walk.read_name("a column name"));
  } while (walk.accept_symbol(","));
  walk.require_symbol(")", "behind names of columns");
  return names;
}

// At REFERENCES.
void read_references(DdlWalk& walk, DdlForeignKey& key) {
  if (!walk.accept_word("REFERENCES")) throw DdlProblem{walk.line(), "expected REFERENCES"};
  key.table.name = walk.read_name("a table");
  if (walk.peek().is_symbol("(")) key.referenced = read_names(walk);
  for (;;) {
    if (walk.accept_word("ON")) {
      if (walk.accept_word("DELETE")) {
        key.on_delete = read_action(walk);
      } else {
        walk.accept_word("UPDATE");
        key.on_update = read_action(walk);
      }
    } else if (walk.accept_word("MATCH")) {
      walk.skip();
    } else if (walk.at_word("DEFERRABLE") ||
               (walk.at_word("NOT") && walk.peek(1).is_word("DEFERRABLE"))) {
      const bool deferrable = !walk.accept_word("NOT");
      walk.skip();
      if (walk.accept_word("INITIALLY")) {
        key.deferred = deferrable && walk.at_word("DEFERRED");
        walk.skip();
      }
    } else {
      return;
    }
  }
}

class ColumnReader {
 public:
  ColumnReader(DdlWalk& walk, DdlSchema& schema, DdlTable& table, const DdlPlace& place)
      : walk_(walk), schema_(schema), table_(table) {
    column_.place = {place.file, walk.line()};
  }

  DdlColumn read() {
    column_.name = walk_.read_name("a column name");
    std::string declared;
    while (!at_constraint_of_column(walk_) &&
           (walk_.peek().is_name() || walk_.peek().kind == TokenKind::string)) {
      if (!declared.empty()) declared += ' ';
      declared += to_lower(walk_.peek().text);
      walk_.skip();
    }
    if (walk_.peek().is_symbol("(")) walk_.read_parentheses();
    choose_type(declared, column_, schema_, shown());
    is_integer_ = declared == "integer";
    std::string name;
    while (!walk_.at_end() && !walk_.peek().is_symbol(",") && !walk_.peek().is_symbol(")")) {
      if (walk_.accept_word("CONSTRAINT")) {
        name = walk_.read_name("the name of a constraint");
      } else {
        read_constraint(name);
        name.clear();
      }
    }
    // Until the table is whole: what SQLite would take for its row number.
    column_.is_wide_unsigned = is_integer_;
    return std::move(column_);
  }

 private:
  std::string shown() const { return text(table_.name.name, '.', column_.name); }

  void read_constraint(const std::string& name) {
    if (walk_.accept_word("PRIMARY")) {
      walk_.accept_word("KEY");
      add_key(DdlKey::Kind::primary, name);
      if (walk_.accept_word("DESC")) is_integer_ = false;  // SQLite's own oddity
      walk_.accept_word("ASC");
      skip_conflict_clause(walk_, schema_, column_.place, shown());
      walk_.accept_word("AUTOINCREMENT");
    } else if (walk_.accept_word("NOT")) {
      if (!walk_.accept_word("NULL")) throw DdlProblem{walk_.line(), "expected NULL"};
      column_.not_null = true;
      skip_conflict_clause(walk_, schema_, column_.place, shown());
    } else if (walk_.accept_word("NULL")) {
      skip_conflict_clause(walk_, schema_, column_.place, shown());
    } else if (walk_.accept_word("UNIQUE")) {
      add_key(DdlKey::Kind::unique, name);
      skip_conflict_clause(walk_, schema_, column_.place, shown());
    } else if (walk_.accept_word("CHECK")) {
      table_.checks.push_back({name, walk_.read_parentheses(), column_.place});
    } else if (walk_.accept_word("DEFAULT")) {
      read_default();
    } else if (walk_.accept_word("COLLATE")) {
      const std::string collation = walk_.read_name("a collation");
      if (equals_ignoring_case(collation, "BINARY")) return;
      column_.ignores_case = equals_ignoring_case(collation, "NOCASE");
      schema_.note({column_.place.file, walk_.line()},
                   text("COLLATE ", collation, " of ", shown(), " is not translated",
                        column_.ignores_case ? ": 'a' and 'A' are not equal here" : ""));
    } else if (walk_.at_word("REFERENCES")) {
      DdlForeignKey key;
      key.name = name;
      key.place = column_.place;
      key.columns = {column_.name};
      read_references(walk_, key);
      table_.foreign_keys.push_back(std::move(key));
    } else if (walk_.accept_word("GENERATED") || walk_.at_word("AS")) {
      walk_.accept_word("ALWAYS");
      walk_.accept_word("AS");
      column_.generated = walk_.read_parentheses();
      if (!walk_.accept_word("STORED")) walk_.accept_word("VIRTUAL");
    } else {
      throw DdlProblem{walk_.line(), text("'", walk_.shown(), "' is not expected here")};
    }
  }

  void read_default() {
    if (walk_.peek().is_symbol("(")) {
      column_.default_value = walk_.read_parentheses();
      return;
    }
    if (walk_.peek().is_symbol("-") || walk_.peek().is_symbol("+")) {
      column_.default_value.push_back(walk_.peek());
      walk_.skip();
    }
    DdlToken value = walk_.peek();
    if (value.kind == TokenKind::quoted) value.kind = TokenKind::string;  // no column can be meant
    // So can no column by a bare word: SQLite takes DEFAULT abc for the text.
    static constexpr std::array<std::string_view, 6> kWords = {
        "NULL", "TRUE", "FALSE", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"};
    const bool known = std::any_of(kWords.begin(), kWords.end(),
                                   [&](std::string_view word) { return value.is_word(word); });
    if (value.kind == TokenKind::word && !known) value.kind = TokenKind::string;
    column_.default_value.push_back(std::move(value));
    walk_.skip();
  }

  void add_key(DdlKey::Kind kind, const std::string& name) {
    DdlKey key;
    key.kind = kind;
    key.name = name;
    key.place = column_.place;
    key.parts.emplace_back().column = column_.name;
    table_.keys.push_back(std::move(key));
  }

  DdlWalk& walk_;
  DdlSchema& schema_;
  DdlTable& table_;
  DdlColumn column_;
  bool is_integer_ = false;
};

}  // namespace

DdlColumn read_sqlite_column(DdlWalk& walk, DdlSchema& schema, DdlTable& table,
                             const DdlPlace& place) {
  return ColumnReader(walk, schema, table, place).read();
}

std::vector<DdlKeyPart> read_sqlite_key_parts(DdlWalk& walk, DdlSchema& schema,
                                              const DdlTable& table, const DdlPlace& place) {
  std::vector<DdlKeyPart> parts;
  walk.require_symbol("(", "before the columns of a key");
  do {
    DdlKeyPart& part = parts.emplace_back();
    int depth = 0;
    for (; !walk.at_end(); walk.skip()) {
      const DdlToken& token = walk.peek();
      if (depth == 0 && (token.is_symbol(",") || token.is_symbol(")") || token.is_word("ASC") ||
                         token.is_word("DESC") || token.is_word("COLLATE"))) {
        break;
      }
      depth += token.is_symbol("(") ? 1 : token.is_symbol(")") ? -1 : 0;
      part.expression.push_back(token);
    }
    if (part.expression.size() == 1 &&
        (part.expression[0].is_name() || part.expression[0].kind == TokenKind::string)) {
      part.column = part.expression[0].text;
      part.expression.clear();
    }
    if (walk.accept_word("COLLATE")) {
      const std::string collation = walk.read_name("a collation");
      if (!equals_ignoring_case(collation, "BINARY")) {
        schema.note({place.file, walk.line()},
                    text("COLLATE ", collation, " in a key of ", table.name.name,
                         " is not translated: the key goes by the text as it is"));
      }
    }
    part.descending = walk.accept_word("DESC");
    walk.accept_word("ASC");
  } while (walk.accept_symbol(","));
  walk.require_symbol(")", "behind the columns of a key");
  return parts;
}

bool read_sqlite_constraint(DdlWalk& walk, DdlSchema& schema, DdlTable& table,
                            const DdlPlace& place) {
  const DdlPlace here{place.file, walk.line()};
  std::string name;
  if (walk.accept_word("CONSTRAINT")) name = walk.read_name("the name of a constraint");
  DdlKey key;
  key.name = name;
  key.place = here;
  if (walk.at_word("PRIMARY") && walk.peek(1).is_word("KEY")) {
    walk.skip();
    walk.skip();
    key.kind = DdlKey::Kind::primary;
  } else if (walk.at_word("UNIQUE") && walk.peek(1).is_symbol("(")) {
    walk.skip();
    key.kind = DdlKey::Kind::unique;
  } else if (walk.at_word("CHECK") && walk.peek(1).is_symbol("(")) {
    walk.skip();
    table.checks.push_back({name, walk.read_parentheses(), here});
    return true;
  } else if (walk.at_word("FOREIGN") && walk.peek(1).is_word("KEY")) {
    walk.skip();
    walk.skip();
    DdlForeignKey foreign;
    foreign.name = name;
    foreign.place = here;
    foreign.columns = read_names(walk);
    read_references(walk, foreign);
    table.foreign_keys.push_back(std::move(foreign));
    return true;
  } else {
    return false;
  }
  if (key.kind == DdlKey::Kind::primary) {
    // AUTOINCREMENT may stand inside the parentheses.
    DdlTokens inside = walk.read_parentheses();
    std::erase_if(inside, [](const DdlToken& token) { return token.is_word("AUTOINCREMENT"); });
    inside.insert(inside.begin(), {TokenKind::symbol, "(", 0, here.line});
    inside.push_back({TokenKind::symbol, ")", 0, here.line});
    DdlWalk parts(inside);
    key.parts = read_sqlite_key_parts(parts, schema, table, here);
  } else {
    key.parts = read_sqlite_key_parts(walk, schema, table, here);
  }
  skip_conflict_clause(walk, schema, here, table.name.name);
  table.keys.push_back(std::move(key));
  return true;
}

void settle_sqlite_rowid(DdlTable& table, bool without_rowid) {
  const DdlKey* const key = table.primary_key();
  for (DdlColumn& column : table.columns) {
    const bool is_key = key != nullptr && key->parts.size() == 1 &&
                        equals_ignoring_case(key->parts[0].column, column.name);
    column.identity = is_key && column.is_wide_unsigned && !without_rowid;
    column.is_wide_unsigned = false;
    if (column.identity) column.default_value.clear();
  }
}

}  // namespace pgseed::sql
