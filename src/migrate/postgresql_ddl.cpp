#include "pgseed/migrate/postgresql_ddl.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/foreign_expression.hpp"
#include "pgseed/sql/window_reader.hpp"

namespace pgseed::migrate {
namespace {

using sql::DdlColumn;
using sql::DdlForeignKey;
using sql::DdlKey;
using sql::DdlKeyPart;
using sql::DdlPlace;
using sql::DdlRange;
using sql::DdlTable;
using sql::DdlType;
using KeyKind = DdlKey::Kind;

constexpr std::size_t kLongestName = 63;

// As PostgreSQL cuts it: whole characters.
std::string cut_name(std::string name, std::size_t longest = kLongestName) {
  if (name.size() <= longest) return name;
  while (longest > 0 && (static_cast<unsigned char>(name[longest]) & 0xC0) == 0x80) --longest;
  name.resize(longest);
  return name;
}

bool is_integer(DdlType type) {
  return type == DdlType::smallint || type == DdlType::integer || type == DdlType::bigint;
}
bool is_text(DdlType type) {
  return type == DdlType::text || type == DdlType::varchar;
}

std::string type_of(const DdlColumn& column) {
  std::string type = sql::name(column.type);
  if (!column.numbers.empty()) type += text('(', join(column.numbers, ","), ')');
  return type;
}

class Writer {
 public:
  Writer(const sql::DdlSchema& schema, const std::vector<std::string>& paths,
         const DdlOptions& options)
      : schema_(schema), paths_(paths), options_(options) {}

  PostgresqlDdl write() {
    for (const sql::DdlNote& each : schema_.notes) {
      note(each.place, each.text);
      out_.loses_table |= each.loses_table;
    }
    for (const sql::DdlNote& each : schema_.views) note(each.place, each.text);
    reserve_names();
    settle_json();
    unify_key_types();
    drop_tables();
    make_schemas();
    for (const DdlTable& table : tables_) write_table(table);
    for (const DdlTable& table : tables_) write_keys(table);
    for (const DdlTable& table : tables_) write_comments(table);
    for (const DdlTable& table : tables_) write_foreign_keys(table);
    add_general_notes();
    if (out_.scripts.empty()) script({});
    std::stable_sort(notes_.begin(), notes_.end(), [](const auto& left, const auto& right) {
      return std::pair(left.place.file, left.place.line) <
             std::pair(right.place.file, right.place.line);
    });
    for (const sql::DdlNote& each : notes_) {
      // It may quote the file, which may be any bytes.
      out_.scripts.back().left_out.push_back(where(each.place) + sql::as_text(each.text));
    }
    return std::move(out_);
  }

 private:
  bool is_sqlite() const { return schema_.dialect == sql::Dialect::sqlite; }
  const char* product() const { return is_sqlite() ? "SQLite" : "MySQL"; }

  void note(const DdlPlace& place, std::string words) {
    notes_.push_back({place, std::move(words), false});
  }
  std::string where(const DdlPlace& place) const {
    const std::string& path = paths_[place.file];
    return place.line == 0 ? text(path, ": ") : text(path, ':', place.line, ": ");
  }

  DdlScript& script(const DdlPlace& place) {
    if (out_.scripts.empty() || out_.scripts.back().path != paths_[place.file]) {
      out_.scripts.emplace_back().path = paths_[place.file];
    }
    return out_.scripts.back();
  }
  void add(const DdlPlace& place, std::string statement, bool optional = false) {
    DdlStatement added;
    added.sql = std::move(statement);
    added.line = place.line;
    added.is_translated = true;
    added.is_optional = optional;
    script(place).statements.push_back(std::move(added));
  }

  std::string schema_of(const sql::QualifiedName& name) const {
    return name.schema.value_or(options_.default_schema);
  }
  std::string sql_name(const sql::QualifiedName& name) const {
    return name.schema ? to_sql({*name.schema, cut_name(name.name)})
                       : quote_identifier(cut_name(name.name));
  }

  // --- names

  void reserve_names() {
    tables_ = schema_.tables;
    for (DdlTable& table : tables_) {
      warn_of_length(table.place, "table", table.name.name);
      for (DdlColumn& column : table.columns) {
        warn_of_length(column.place, "column", column.name);
      }
      std::set<std::string>& taken = taken_[schema_of(table.name)];
      taken.insert(cut_name(table.name.name));
      taken.insert(cut_name(table.name.name, kLongestName - 5) + "_pkey");
    }
  }

  void warn_of_length(const DdlPlace& place, const char* what, const std::string& name) {
    if (name.size() <= kLongestName) return;
    note(place, text("the name of the ", what, ' ', name,
                     " is longer than 63 bytes: PostgreSQL "
                     "knows it as ",
                     cut_name(name), ", and rows do not find it"));
  }

  static std::string shown(const DdlKey& key, const DdlTable& table) {
    std::string list;
    for (const DdlKeyPart& part : key.parts) {
      list += (list.empty() ? "" : ", ") +
              (part.column.empty() ? sql::to_text(part.expression) : part.column);
    }
    return text(key.kind == KeyKind::unique ? "the unique index " : "the index ", key.name,
                key.name.empty() ? "" : " ", "on ", table.name.name, " (", list, ')');
  }

  // A name for an index, which no other relation of the schema has.
  std::string index_name(const DdlTable& table, const DdlKey& key) {
    std::set<std::string>& taken = taken_[schema_of(table.name)];
    std::string wanted = cut_name(key.name);
    if (wanted.empty() || taken.contains(wanted)) {
      std::string stem = table.name.name + "_";
      if (!key.name.empty() && !key.name.starts_with(stem)) {
        stem += key.name;
      } else if (!key.name.empty()) {
        stem = key.name;
      } else {
        for (const DdlKeyPart& part : key.parts) {
          stem += (part.column.empty() ? "expr" : part.column) + "_";
        }
        stem += key.kind == KeyKind::unique ? "key" : "idx";
      }
      wanted = cut_name(stem);
      for (int number = 2; taken.contains(wanted); ++number) {
        const std::string suffix = text('_', number);
        wanted = cut_name(stem, kLongestName - suffix.size()) + suffix;
      }
    }
    taken.insert(wanted);
    return wanted;
  }

  // A name for a constraint, which no other constraint of the table has; empty for none.
  std::string constraint_name(const DdlTable& table, const std::string& wanted,
                              const char* suffix) {
    if (wanted.empty()) return "";
    std::set<std::string>& taken = constraints_[{schema_of(table.name), table.name.name}];
    std::string name = cut_name(wanted);
    for (int number = 1; taken.contains(name); ++number) {
      const std::string end = number == 1 ? std::string(suffix) : text(suffix, number);
      name = cut_name(wanted, kLongestName - end.size()) + end;
    }
    taken.insert(name);
    return text("CONSTRAINT ", quote_identifier(name), ' ');
  }

  // --- types that a foreign key binds together

  DdlTable* find(const sql::QualifiedName& name) {
    const DdlTable* const found = schema_.find(name);
    return found == nullptr ? nullptr
                            : &tables_[static_cast<std::size_t>(found - schema_.tables.data())];
  }

  // The columns that a foreign key refers to; empty if they are not known.
  std::vector<DdlColumn*> referenced(const DdlForeignKey& key, DdlTable& parent) {
    std::vector<DdlColumn*> columns;
    std::vector<std::string> names = key.referenced;
    if (names.empty() && parent.primary_key() != nullptr) {
      for (const DdlKeyPart& part : parent.primary_key()->parts) names.push_back(part.column);
    }
    for (const std::string& name : names) {
      DdlColumn* const column = parent.find(name);
      if (column == nullptr) return {};
      columns.push_back(column);
    }
    return columns;
  }

  // bigint unsigned is numeric, but an identity is bigint: what refers to one is bigint, too.
  void unify_key_types() {
    for (bool changed = true; changed;) {
      changed = false;
      for (DdlTable& table : tables_) {
        for (const DdlForeignKey& key : table.foreign_keys) {
          DdlTable* const parent = find(key.table);
          if (parent == nullptr) continue;
          const std::vector<DdlColumn*> to = referenced(key, *parent);
          if (to.size() != key.columns.size()) continue;
          for (std::size_t index = 0; index < to.size(); ++index) {
            DdlColumn* const from = table.find(key.columns[index]);
            if (from == nullptr || from->type != DdlType::numeric || !from->is_wide_unsigned ||
                to[index]->type != DdlType::bigint) {
              continue;
            }
            from->type = DdlType::bigint;
            from->numbers.clear();
            changed = true;
          }
        }
      }
    }
  }

  // --- statements

  void drop_tables() {
    if (schema_.dropped.empty()) return;
    const DdlPlace place = schema_.dropped_at.front();
    if (!options_.allow_drop) {
      return note(place, text(schema_.dropped.size(),
                              " DROP TABLE left out (nothing that "
                              "holds data is dropped without --allow-drop)"));
    }
    // All at once, as they may refer to each other.
    std::set<std::string> names;
    std::string list;
    for (const sql::QualifiedName& name : schema_.dropped) {
      const std::string shown = sql_name(name);
      if (names.insert(shown).second) list += (list.empty() ? "" : ", ") + shown;
    }
    add(place, text("DROP TABLE IF EXISTS ", list));
  }

  void make_schemas() {
    std::set<std::string> made;
    for (const DdlTable& table : tables_) {
      if (!table.name.schema || !made.insert(*table.name.schema).second) continue;
      add(table.place, text("CREATE SCHEMA IF NOT EXISTS ", quote_identifier(*table.name.schema)));
    }
  }

  void write_table(const DdlTable& table) {
    std::string body;
    const auto line = [&](const std::string& words) {
      body += (body.empty() ? "\n  " : ",\n  ") + words;
    };
    for (const DdlColumn& column : table.columns) line(column_line(column, table));
    for (const DdlKey& key : table.keys) {
      if (key.kind == KeyKind::primary && is_plain(key, table)) {
        const std::string name =
            key.name.empty() ? ""
                             : text("CONSTRAINT ", quote_identifier(index_name(table, key)), ' ');
        line(text(name, "PRIMARY KEY (", columns_of(key, table), ')'));
      }
    }
    for (const sql::DdlCheck& check : table.checks) {
      const Translation condition = translate_condition(check.expression, table, schema_.dialect);
      if (condition.sql.empty()) {
        note(check.place, text("a CHECK of ", table.name.name, " is not translated (",
                               condition.why, "): ", sql::to_text(check.expression)));
        continue;
      }
      line(text(constraint_name(table, check.name, "_check"), "CHECK ",
                condition.sql.starts_with('(') && ends_where_it_begins(condition.sql)
                    ? condition.sql
                    : text('(', condition.sql, ')')));
    }
    add(table.place, text("CREATE TABLE ", sql_name(table.name), " (", body, "\n)"));
    script(table.place)
        .created_tables.push_back({schema_of(table.name), cut_name(table.name.name)});
  }

  // True if the first parenthesis is closed by the last byte.
  static bool ends_where_it_begins(const std::string& sql) {
    int depth = 0;
    bool quoted = false;
    char quote = 0;
    for (std::size_t at = 0; at < sql.size(); ++at) {
      if (quoted) {
        quoted = sql[at] != quote;
      } else if (sql[at] == '\'' || sql[at] == '"') {
        quoted = true;
        quote = sql[at];
      } else {
        depth += sql[at] == '(' ? 1 : sql[at] == ')' ? -1 : 0;
        if (depth == 0) return at + 1 == sql.size();
      }
    }
    return false;
  }

  std::string column_line(const DdlColumn& column, const DdlTable& table) {
    std::string line = text(quote_identifier(cut_name(column.name)), ' ', type_of(column));
    const std::string shown = text(table.name.name, '.', column.name);
    bool not_null = column.not_null;
    if (column.identity && is_integer(column.type)) {
      line += " GENERATED BY DEFAULT AS IDENTITY";
      if (!table.next_identity.empty() && table.next_identity != "1" &&
          table.next_identity.size() < 19 &&
          table.next_identity.find_first_not_of("0123456789") == std::string::npos &&
          table.next_identity != "0") {
        line += text(" (START WITH ", table.next_identity, ')');
      }
      not_null = false;  // an identity is NOT NULL already
    } else if (!column.generated.empty()) {
      const Translation value = translate_generated(column, table, schema_.dialect);
      if (value.sql.empty()) {
        note(column.place, text("how ", shown, " is generated is not translated (", value.why,
                                "); the column stays empty: ", sql::to_text(column.generated)));
        not_null = false;
      } else {
        line += text(" GENERATED ALWAYS AS (", value.sql, ") STORED");
      }
    } else if (!column.default_value.empty()) {
      const Translation value = translate_default(column, table, schema_.dialect);
      if (!value.why.empty()) {
        note(column.place, text("the default of ", shown, " is not translated: ", value.why));
      } else if (!value.sql.empty()) {
        line += text(" DEFAULT ", value.sql);
      }
    }
    if (not_null) line += " NOT NULL";
    return line + range_check(column);
  }

  std::string range_check(const DdlColumn& column) const {
    const std::string name = quote_identifier(cut_name(column.name));
    std::string list;
    for (const std::string& value : column.values) {
      list += (list.empty() ? "" : ", ") + quote_string(value).value_or("NULL");
    }
    switch (column.range) {
      case DdlRange::any:
        return "";
      case DdlRange::not_negative:
        return text(" CHECK (", name, " >= 0)");
      case DdlRange::year:
        return text(" CHECK (", name, " = 0 OR ", name, " BETWEEN 1901 AND 2155)");
      case DdlRange::exact_bytes:
        return text(" CHECK (octet_length(", name, ") = ", column.range_bytes, ')');
      case DdlRange::at_most_bytes:
        return text(" CHECK (octet_length(", name, ") <= ", column.range_bytes, ')');
      case DdlRange::one_of:
        return list.empty() ? "" : text(" CHECK (", name, " IN (", list, "))");
      case DdlRange::some_of:
        return list.empty()
                   ? ""
                   : text(" CHECK (string_to_array(", name, ", ',') <@ ARRAY[", list, "])");
    }
    return "";
  }

  // MariaDB and Django write JSON as text that json_valid() approves of.
  static std::string json_checked(const sql::DdlCheck& check) {
    std::vector<std::string> words;
    for (const sql::DdlToken& token : check.expression) {
      if (token.kind != sql::DdlToken::Kind::symbol) words.push_back(token.text);
    }
    const bool alone = words.size() == 2;
    const bool or_null = words.size() == 6 && equals_ignoring_case(words[2], "or") &&
                         words[3] == words[1] && equals_ignoring_case(words[4], "is") &&
                         equals_ignoring_case(words[5], "null");
    if (!(alone || or_null) || !equals_ignoring_case(words[0], "json_valid")) return "";
    return words[1];
  }
  static bool is_in_a_key(const DdlColumn& column, const DdlTable& table) {
    return std::any_of(table.keys.begin(), table.keys.end(), [&](const DdlKey& key) {
      return std::any_of(key.parts.begin(), key.parts.end(), [&](const DdlKeyPart& part) {
        return equals_ignoring_case(part.column, column.name);
      });
    });
  }
  void settle_json() {
    for (DdlTable& table : tables_) {
      std::erase_if(table.checks, [&](const sql::DdlCheck& check) {
        DdlColumn* const column = table.find(json_checked(check));
        if (column == nullptr || is_in_a_key(*column, table)) return false;
        if (is_text(column->type)) column->type = DdlType::json;
        column->numbers.clear();
        return column->type == DdlType::json;
      });
    }
  }

  // --- keys

  bool is_plain(const DdlKey& key, const DdlTable& table) const {
    return key.where.empty() &&
           std::all_of(key.parts.begin(), key.parts.end(), [&](const DdlKeyPart& part) {
             return part.expression.empty() && part.prefix == 0 &&
                    (!part.descending || key.kind == KeyKind::primary) &&
                    table.find(part.column) != nullptr;
           });
  }
  static std::string columns_of(const DdlKey& key, const DdlTable& table) {
    std::vector<std::string> names;
    for (const DdlKeyPart& part : key.parts) {
      const DdlColumn* const column = table.find(part.column);
      names.push_back(cut_name(column == nullptr ? part.column : column->name));
    }
    return quoted_list(names);
  }

  void write_keys(const DdlTable& table) {
    for (const DdlKey& key : table.keys) {
      if (key.kind == KeyKind::primary) {
        if (!is_plain(key, table)) write_prefixed_primary_key(table, key);
        continue;
      }
      write_index(table, key);
    }
  }

  void write_prefixed_primary_key(const DdlTable& table, const DdlKey& key) {
    DdlKey unique = key;
    unique.kind = KeyKind::unique;
    note(key.place, text("the primary key of ", table.name.name,
                         " covers parts of columns: it is a unique index here"));
    write_index(table, unique);
  }

  // The columns and expressions of an index; nothing if one of them has no counterpart.
  std::optional<std::string> index_parts(const DdlTable& table, const DdlKey& key) {
    std::string list;
    for (const DdlKeyPart& part : key.parts) {
      const DdlColumn* const column = table.find(part.column);
      std::string sql;
      if (column != nullptr && part.expression.empty()) {
        sql = quote_identifier(cut_name(column->name));
        if (column->type == DdlType::json) {
          note(key.place, text(shown(key, table), " is left out: PostgreSQL has none on json"));
          return {};
        }
        if (part.prefix > 0 && (is_text(column->type) || column->type == DdlType::bytea)) {
          // The whole of a long text would not fit into an index.
          sql = is_text(column->type) ? text("left(", sql, ", ", part.prefix, ')')
                                      : text("substring(", sql, ", 1, ", part.prefix, ')');
          note(key.place, text(shown(key, table), " goes by ", sql, ", as the one of ", product(),
                               " does: only conditions on that "
                               "expression use it"));
        }
      } else {
        const Translation value = translate_key(part.expression, table, schema_.dialect);
        if (value.sql.empty()) {
          note(key.place,
               text(shown(key, table), " is not translated (",
                    part.expression.empty() ? text("there is no column ", part.column) : value.why,
                    ')'));
          return {};
        }
        sql = text('(', value.sql, ')');
      }
      list += (list.empty() ? "" : ", ") + sql + (part.descending ? " DESC" : "");
    }
    return list;
  }

  void write_index(const DdlTable& table, const DdlKey& key) {
    const bool unique = key.kind == KeyKind::unique;
    if (unique && is_plain(key, table)) {
      const std::string name = index_name(table, key);
      constraints_[{schema_of(table.name), table.name.name}].insert(name);
      add(key.place,
          text("ALTER TABLE ", sql_name(table.name), " ADD CONSTRAINT ", quote_identifier(name),
               " UNIQUE (", columns_of(key, table), ')'),
          true);
      return comment_on_index(table, key, name);
    }
    const auto parts = index_parts(table, key);
    if (!parts) return;
    std::string where;
    if (!key.where.empty()) {
      const Translation condition = translate_condition(key.where, table, schema_.dialect);
      if (condition.sql.empty()) {
        return note(key.place, text(shown(key, table), " is not translated (", condition.why,
                                    "): WHERE ", sql::to_text(key.where)));
      }
      where = text(" WHERE ", condition.sql);
    }
    const std::string name = index_name(table, key);
    add(key.place,
        text("CREATE ", unique ? "UNIQUE " : "", "INDEX ", quote_identifier(name), " ON ",
             sql_name(table.name), " (", *parts, ')', where),
        true);
    comment_on_index(table, key, name);
  }

  void comment_on_index(const DdlTable& table, const DdlKey& key, const std::string& name) {
    if (key.comment.empty()) return;
    const std::string full =
        table.name.schema ? to_sql({*table.name.schema, name}) : quote_identifier(name);
    comment(key.place, text("INDEX ", full), key.comment);
  }

  // --- comments

  void comment(const DdlPlace& place, const std::string& object, const std::string& words) {
    if (words.empty()) return;
    const auto quoted = quote_string(words);
    if (!quoted) return note(place, text("the comment of the ", object, " is no UTF-8 text"));
    add(place, text("COMMENT ON ", object, " IS ", *quoted), true);
  }

  void write_comments(const DdlTable& table) {
    comment(table.place, text("TABLE ", sql_name(table.name)), table.comment);
    for (const DdlColumn& column : table.columns) {
      comment(column.place,
              text("COLUMN ", sql_name(table.name), '.', quote_identifier(cut_name(column.name))),
              column.comment);
    }
  }

  // --- foreign keys

  void write_foreign_keys(const DdlTable& table) {
    for (const DdlForeignKey& key : table.foreign_keys) write_foreign_key(table, key);
  }

  void write_foreign_key(const DdlTable& table, const DdlForeignKey& key) {
    const std::string shown = text("the foreign key ", key.name.empty() ? "" : key.name + " ",
                                   "of ", table.name.name, " (", join(key.columns, ", "), ')');
    std::vector<std::string> own;
    for (const std::string& name : key.columns) {
      const DdlColumn* const column = table.find(name);
      if (column == nullptr) {
        return note(key.place, text(shown, " is left out: there is no column ", name));
      }
      own.push_back(cut_name(column->name));
    }
    DdlTable* const parent = find(key.table);
    std::vector<std::string> theirs;
    if (parent == nullptr) {
      note(key.place, text(shown, " refers to ", key.table.name,
                           ", which the files do not make: it is added if the database has it"));
      theirs = key.referenced;
    } else {
      const std::vector<DdlColumn*> to = referenced(key, *parent);
      if (to.size() != own.size()) {
        return note(key.place,
                    text(shown, " is left out: ", parent->name.name, " has no such columns"));
      }
      for (const DdlColumn* column : to) theirs.push_back(cut_name(column->name));
      if (const std::string why = why_not(table, key, *parent, to); !why.empty()) {
        return note(key.place, text(shown, " is left out: ", why));
      }
    }
    // Never without a name: applied again, it shall be found to exist.
    const std::string name =
        key.name.empty() ? text(table.name.name, '_', join(own, "_"), "_fkey") : key.name;
    std::string statement =
        text("ALTER TABLE ", sql_name(table.name), " ADD ", constraint_name(table, name, "_fkey"),
             "FOREIGN KEY (", quoted_list(own), ") REFERENCES ",
             sql_name(parent == nullptr ? key.table : parent->name),
             theirs.empty() ? "" : text(" (", quoted_list(theirs), ')'),
             key.on_delete.empty() ? "" : text(" ON DELETE ", key.on_delete),
             key.on_update.empty() ? "" : text(" ON UPDATE ", key.on_update),
             key.deferred ? " DEFERRABLE INITIALLY DEFERRED" : "");
    if (parent != nullptr && parent->name.name != table.name.name && !add_edge(table, *parent)) {
      return note(key.place, text(shown,
                                  " is left out, as it closes a circle of tables, whose "
                                  "rows could not be loaded one table after another; afterwards: ",
                                  statement));
    }
    add(key.place, std::move(statement), true);
  }

  std::string why_not(const DdlTable& table, const DdlForeignKey& key, const DdlTable& parent,
                      const std::vector<DdlColumn*>& to) const {
    const bool unique =
        std::any_of(parent.keys.begin(), parent.keys.end(), [&](const DdlKey& each) {
          return each.kind != KeyKind::index && is_plain(each, parent) &&
                 each.parts.size() == to.size() &&
                 std::all_of(to.begin(), to.end(), [&](const DdlColumn* column) {
                   return std::any_of(each.parts.begin(), each.parts.end(),
                                      [&](const DdlKeyPart& part) {
                                        return equals_ignoring_case(part.column, column->name);
                                      });
                 });
        });
    if (!unique) {
      return text("what it refers to in ", parent.name.name, " is no primary or unique key");
    }
    for (std::size_t index = 0; index < to.size(); ++index) {
      const DdlColumn& from = *table.find(key.columns[index]);
      const DdlType target = to[index]->type;
      const bool alike = from.type == target || (is_integer(from.type) && is_integer(target)) ||
                         (is_integer(from.type) && target == DdlType::numeric) ||
                         (is_text(from.type) && is_text(target));
      if (!alike) {
        return text(from.name, " is ", sql::name(from.type), ", ", parent.name.name, '.',
                    to[index]->name, " is ", sql::name(target));
      }
      if (!from.generated.empty() &&
          (key.on_update == "CASCADE" || key.on_update.starts_with("SET") ||
           key.on_delete.starts_with("SET"))) {
        return text(from.name, " is generated, so that no action can set it");
      }
    }
    return "";
  }

  // False if the parent already depends on the child.
  bool add_edge(const DdlTable& child, const DdlTable& parent) {
    std::vector<const DdlTable*> open = {&parent};
    std::set<const DdlTable*> seen;
    while (!open.empty()) {
      const DdlTable* const at = open.back();
      open.pop_back();
      if (at == &child) return false;
      if (!seen.insert(at).second) continue;
      const auto [begin, end] = parents_.equal_range(at);
      for (auto edge = begin; edge != end; ++edge) open.push_back(edge->second);
    }
    parents_.emplace(&child, &parent);
    return true;
  }

  // --- what is true of many columns at once

  void add_general_notes() {
    std::string numbering, booleans, cases, times;
    std::size_t boolean_count = 0, case_count = 0;
    DdlPlace numbering_at, booleans_at, cases_at, times_at;
    const auto first = [](DdlPlace& at, const DdlPlace& place) {
      if (at.line == 0) at = place;
    };
    std::string unique_keys;
    for (const DdlTable& table : tables_) {
      for (const DdlColumn& column : table.columns) {
        const std::string shown = text(table.name.name, '.', column.name);
        if (column.identity && is_integer(column.type) && table.next_identity.empty() &&
            !schema_.has_rows) {
          first(numbering_at, column.place);
          const std::string id = quote_identifier(cut_name(column.name));
          numbering += text("\n  SELECT setval(pg_get_serial_sequence(",
                            quote_string(sql_name(table.name)).value_or("''"), ", ",
                            quote_string(cut_name(column.name)).value_or("''"), "), max(", id,
                            ")) FROM ", sql_name(table.name), ";");
        }
        if (column.type == DdlType::boolean) {
          first(booleans_at, column.place);
          if (boolean_count++ < 5) booleans += (booleans.empty() ? "" : ", ") + shown;
        }
        if (column.ignores_case) {
          first(cases_at, column.place);
          ++case_count;
          for (const DdlKey& key : table.keys) {
            if (key.kind == KeyKind::index) continue;
            for (const DdlKeyPart& part : key.parts) {
              if (!equals_ignoring_case(part.column, column.name)) continue;
              unique_keys += (unique_keys.empty() ? "" : ", ") + shown;
            }
          }
        }
        if (column.type == DdlType::time && times.empty()) {
          times = shown;
          times_at = column.place;
        }
      }
    }
    if (!numbering.empty()) {
      note(numbering_at, text("there are no rows to tell where these numbers go on; after rows are "
                              "loaded:",
                              numbering));
    }
    if (boolean_count > 0 && !is_sqlite()) {
      note(booleans_at, text("tinyint(1) is boolean in ", boolean_count, " columns (", booleans,
                             boolean_count > 5 ? ", ..." : "",
                             "): rows with other values than 0 and 1 would be refused; "
                             "--tinyint1 smallint keeps the numbers"));
    }
    if (case_count > 0 && !is_sqlite()) {
      note(cases_at,
           text("'a' and 'A' are equal in MySQL in ", case_count,
                " columns, by their collation; in PostgreSQL they are not",
                unique_keys.empty() ? ""
                                    : text(", nor are they for the unique keys on ", unique_keys)));
    }
    if (!times.empty() && !is_sqlite()) {
      note(times_at, text(times,
                          " is a time of the day: rows beyond 24:00:00, which MySQL has, "
                          "are refused"));
    }
    if (is_sqlite() && !tables_.empty()) {
      note(tables_.front().place,
           "SQLite does not keep to declared types; these are, but where rows of these files hold "
           "other values: later rows with others are refused");
    }
  }

  const sql::DdlSchema& schema_;
  const std::vector<std::string>& paths_;
  const DdlOptions& options_;
  std::vector<DdlTable> tables_;
  std::vector<sql::DdlNote> notes_;
  std::map<std::string, std::set<std::string>> taken_;
  std::map<std::pair<std::string, std::string>, std::set<std::string>> constraints_;
  std::multimap<const DdlTable*, const DdlTable*> parents_;
  PostgresqlDdl out_;
};

}  // namespace

PostgresqlDdl write_postgresql(const sql::DdlSchema& schema, const std::vector<std::string>& paths,
                               const DdlOptions& options) {
  return Writer(schema, paths, options).write();
}

}  // namespace pgseed::migrate
