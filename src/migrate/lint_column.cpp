#include <algorithm>
#include <array>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/lint_context.hpp"
#include "pgseed/schema/model.hpp"

namespace pgseed::migrate {
namespace {

// Functions that give every row a value of its own. now() is none of them: it is the same for all
// rows of a transaction, so that no table is rewritten for it.
bool is_volatile(std::string_view function) {
  static constexpr std::array<std::string_view, 13> kNames = {
      "clock_timestamp",  "gen_random_bytes", "gen_random_uuid",
      "gen_salt",         "nextval",          "random",
      "timeofday",        "uuid_generate_v1", "uuid_generate_v1mc",
      "uuid_generate_v4", "uuidv4",           "uuidv7",
      "random_normal"};
  return std::find(kNames.begin(), kNames.end(), function) != kNames.end();
}

bool is_serial(std::string_view type) {
  static constexpr std::array<std::string_view, 6> kNames = {"serial",  "bigserial", "smallserial",
                                                             "serial2", "serial4",   "serial8"};
  return std::find(kNames.begin(), kNames.end(), type) != kNames.end();
}

// A column definition's constraints, as far as they matter to rows that exist already.
struct Constraints {
  const char* not_null = nullptr;  // where it says so
  const char* check = nullptr;
  const char* unique = nullptr;
  const char* references = nullptr;
  const char* stored = nullptr;
  const char* identity = nullptr;
  const char* volatile_call = nullptr;
  std::string volatile_name;
  bool has_default = false;  // other than NULL
};

std::string_view text_of(const std::vector<LintWord>& words, std::size_t index) {
  return index < words.size() ? std::string_view(words[index].text) : std::string_view();
}

Constraints read_constraints(const std::vector<LintWord>& words) {
  Constraints found;
  bool in_default = false;
  for (std::size_t index = 0; index < words.size(); ++index) {
    const LintWord& word = words[index];
    const std::string_view next = text_of(words, index + 1);
    const std::string_view before = index > 0 ? text_of(words, index - 1) : "";
    if (in_default && word.is_call && is_volatile(word.text)) {
      found.volatile_call = word.at;
      found.volatile_name = word.text;
    }
    if (word.depth != 0) continue;
    if (word.text == "default" && before != "set" && before != "by") {
      in_default = true;
      found.has_default = next != "null";
      if (next == "null") ++index;
      continue;
    }
    static constexpr std::array<std::string_view, 9> kBeginConstraint = {
        "constraint", "not",        "null",      "check",  "unique",
        "primary",    "references", "generated", "collate"};
    if (std::find(kBeginConstraint.begin(), kBeginConstraint.end(), word.text) !=
        kBeginConstraint.end()) {
      in_default = false;
    }
    if (word.text == "not" && next == "null") found.not_null = word.at;
    if (word.text == "check") found.check = word.at;
    if (word.text == "unique" || word.text == "primary") found.unique = word.at;
    if (word.text == "primary") found.not_null = word.at;
    if (word.text == "references") found.references = word.at;
    if (word.text == "identity") found.identity = word.at;
    if (word.text == "stored") found.stored = word.at;
  }
  return found;
}

}  // namespace

void lint_added_column(sql::Cursor cursor, const sql::QualifiedName& table, LintContext& context) {
  sql::skip_blanks(cursor);
  const char* const at = cursor.position;
  std::string name;
  if (!sql::read_identifier(cursor, name)) return;
  const std::vector<LintWord> words = words_of(cursor);
  const bool serial = !words.empty() && is_serial(words[0].text);
  const Constraints found = read_constraints(words);
  const std::string column = quote_identifier(name);
  const auto hit = [&](const char* where, std::string_view rule, std::string message) {
    context.hits.push_back({where, rule, std::move(message)});
  };
  const bool computed = serial || found.identity != nullptr || found.stored != nullptr;
  if (found.not_null != nullptr && !found.has_default && !computed) {
    hit(at, "not-null-without-default",
        text("adding ", column,
             " as NOT NULL fails on a table with rows; give it a DEFAULT, or add "
             "it without NOT NULL, fill it and set NOT NULL in a later revision"));
  }
  if (found.volatile_call != nullptr) {
    hit(found.volatile_call, "volatile-default",
        text("the default ", found.volatile_name,
             "() rewrites the whole table under an exclusive "
             "lock; add ",
             column, " without it, set the default, and fill the rows in batches"));
  } else if (computed) {
    hit(at, "volatile-default",
        text("filling ", column,
             " rewrites the whole table under an exclusive lock; add a plain "
             "column, fill the rows in batches, and let a default or trigger serve the new ones"));
  }
  if (found.check != nullptr) {
    hit(found.check, "add-check-without-not-valid",
        text("a CHECK that comes with ", column,
             " scans the table under an exclusive lock; add it "
             "as a constraint NOT VALID and run VALIDATE CONSTRAINT in a later revision"));
  }
  // Without a default the new column holds NULL only, and PostgreSQL checks nothing.
  if (found.references != nullptr && (found.has_default || computed)) {
    hit(found.references, "add-foreign-key-without-not-valid",
        text("REFERENCES on a new column with a default checks every row under lock; add the "
             "foreign key NOT VALID and run VALIDATE CONSTRAINT in a later revision"));
  }
  if (found.unique != nullptr) {
    hit(found.unique, "add-unique-without-index",
        text("a unique column builds its index under an exclusive lock; CREATE UNIQUE INDEX "
             "CONCURRENTLY and ADD CONSTRAINT ... USING INDEX"));
  }
  context.created.columns.emplace_back(table, name);
}

}  // namespace pgseed::migrate
