#pragma once
// What the linter knows while it walks through a section: what the file created so far, and what
// the statement at hand was found to do.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pgseed/sql/statement.hpp"

namespace pgseed::migrate {

// Names that a file created. One that is written with its schema and one without are the same.
class CreatedNames {
 public:
  void add(const sql::QualifiedName& name) { names_.push_back(name); }
  bool has(const sql::QualifiedName& name) const;

 private:
  std::vector<sql::QualifiedName> names_;
};

struct CreatedObjects {
  CreatedNames relations;  // tables, materialized and other views
  CreatedNames indexes;
  CreatedNames schemas;
  std::vector<std::pair<sql::QualifiedName, std::string>> columns;  // of tables that were there

  // Relations of a new schema are new themselves.
  bool has_relation(const sql::QualifiedName& name) const;
  bool has_column(const sql::QualifiedName& table, const std::string& column) const;
};

struct LintHit {
  const char* at;  // inside the statement
  std::string_view rule;
  std::string text;
};

struct LintContext {
  CreatedObjects created;
  bool in_transaction = true;

  // Of the statement at hand.
  std::vector<LintHit> hits;
  std::string locked;  // what of the existing objects it locks strongly, "" for nothing
};

// A name as messages show it.
std::string shown(const sql::QualifiedName& name);

// An unquoted word of a piece of text, lower case.
struct LintWord {
  std::string text;
  const char* at;
  int depth;     // of the parentheses and brackets around it
  bool is_call;  // a parenthesis follows
};
std::vector<LintWord> words_of(sql::Cursor cursor);
// Whether `first` and `second` (lower case, "" for no second) follow each other outside
// parentheses.
bool has_words(const std::vector<LintWord>& words, std::string_view first,
               std::string_view second = {});

// Reads IF EXISTS or IF NOT EXISTS, if one is there.
void skip_if_exists(sql::Cursor& cursor);

// What a statement does is added to the context, what it creates as well.
void lint_statement(std::string_view statement, LintContext& context);
// The same behind ALTER TABLE.
void lint_alter_table(sql::Cursor cursor, LintContext& context);
// Behind ALTER TABLE t ADD, at a column definition.
void lint_added_column(sql::Cursor cursor, const sql::QualifiedName& table, LintContext& context);

}  // namespace pgseed::migrate
