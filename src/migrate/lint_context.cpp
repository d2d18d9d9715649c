#include "pgseed/migrate/lint_context.hpp"

#include <algorithm>

#include "pgseed/base/text.hpp"
#include "pgseed/schema/model.hpp"

namespace pgseed::migrate {
namespace {

bool same(const sql::QualifiedName& left, const sql::QualifiedName& right) {
  return left.name == right.name &&
         (!left.schema || !right.schema || *left.schema == *right.schema);
}

}  // namespace

bool CreatedNames::has(const sql::QualifiedName& name) const {
  return std::any_of(names_.begin(), names_.end(),
                     [&](const sql::QualifiedName& created) { return same(created, name); });
}

bool CreatedObjects::has_relation(const sql::QualifiedName& name) const {
  return relations.has(name) || (name.schema && schemas.has({{}, *name.schema}));
}

bool CreatedObjects::has_column(const sql::QualifiedName& table, const std::string& column) const {
  return std::any_of(columns.begin(), columns.end(), [&](const auto& created) {
    return created.second == column && same(created.first, table);
  });
}

std::string shown(const sql::QualifiedName& name) {
  return to_sql(TableName{name.schema.value_or(""), name.name});
}

std::vector<LintWord> words_of(sql::Cursor cursor) {
  std::vector<LintWord> words;
  int depth = 0;
  for (sql::skip_blanks(cursor); !cursor.at_end(); sql::skip_blanks(cursor)) {
    const char byte = cursor.peek();
    if (byte == '(' || byte == '[') ++depth;
    if (byte == ')' || byte == ']') --depth;
    // What looks like a word may be the prefix of a string.
    sql::Cursor word = cursor;
    const std::string_view written = sql::read_word(word);
    sql::skip_token(cursor);
    if (written.empty() || word.position != cursor.position) continue;
    sql::Cursor behind = cursor;
    words.push_back({to_lower(written), written.data(), depth, sql::accept(behind, '(')});
  }
  return words;
}

bool has_words(const std::vector<LintWord>& words, std::string_view first,
               std::string_view second) {
  for (std::size_t index = 0; index < words.size(); ++index) {
    if (words[index].depth != 0 || words[index].text != first) continue;
    if (second.empty()) return true;
    if (index + 1 < words.size() && words[index + 1].text == second) return true;
  }
  return false;
}

void skip_if_exists(sql::Cursor& cursor) {
  if (!sql::accept_word(cursor, "IF")) return;
  sql::accept_word(cursor, "NOT");
  sql::accept_word(cursor, "EXISTS");
}

}  // namespace pgseed::migrate
