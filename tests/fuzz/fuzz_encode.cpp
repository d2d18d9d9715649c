// First byte: the dialect. Second to fourth: classes of the columns in turn. Then text behind the
// head of an INSERT or COPY.
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/fuzz_targets.hpp"
#include "fuzz/promise.hpp"
#include "pgseed/json/reader.hpp"
#include "pgseed/seed/encode/batch.hpp"
#include "pgseed/seed/encode/row_json.hpp"

using namespace pgseed;
using namespace pgseed::test;
using seed::ColumnClass;

namespace {

struct Beginning {
  sql::Dialect dialect;
  const char* head;
};
constexpr Beginning kBeginnings[] = {
    {sql::Dialect::postgresql, "INSERT INTO t VALUES ("},
    {sql::Dialect::postgresql, "COPY t FROM stdin;\n"},
    {sql::Dialect::mysql, "INSERT INTO t VALUES ("},
    {sql::Dialect::sqlite, "INSERT INTO t VALUES("},
};

constexpr const char* kTypes[] = {
    "",       "point", "text",  "integer", "numeric",     "boolean", "json",
    "jsonb",  "date",  "bytea", "bit(8)",  "bit varying", "uuid",    "character varying(10)",
    "bigint", "bit"};

// The columns c0, "c1, c2, ...: as many as the row has values.
seed::ColumnSet set_of(const sql::Row& row, sql::Dialect dialect,
                       const std::array<std::size_t, 3>& types) {
  seed::ColumnSet set;
  set.table_name = {"public", "t"};
  set.meaning.dialect = dialect;
  for (std::size_t index = 0; index < row.values.size(); ++index) {
    set.columns.push_back((index % 2 == 0 ? "c" : "\"c\\") + std::to_string(index));
    set.types.emplace_back(kTypes[types[index % 3] % std::size(kTypes)]);
    set.classes.push_back(set.types.back().empty() ? ColumnClass::unknown
                                                   : seed::class_of(set.types.back()));
    set.value_index.push_back(index);
  }
  set.finish();
  return set;
}

bool is_raw(ColumnClass column) {
  return column == ColumnClass::json || column == ColumnClass::jsonb;
}

// What must come out of the body for a value.
std::optional<std::string> wanted(const seed::ColumnSet& set, std::size_t position,
                                  const sql::Value& value) {
  if (value.form == sql::Form::null) return {};
  if (is_raw(set.classes[position])) {
    std::string raw = sql::decoded(value);
    return raw == "null" ? std::nullopt : std::optional(std::move(raw));
  }
  if (value.form == sql::Form::number && set.classes[position] == ColumnClass::integer) {
    return sql::rounded_to_integer(value.text);
  }
  return seed::text_of_value(set, position, value);
}

void promise_row(const sql::Row& row, sql::Dialect dialect,
                 const std::array<std::size_t, 3>& types) {
  const seed::ColumnSet set = set_of(row, dialect, types);
  for (std::size_t index = 0; index < row.values.size(); ++index) {
    const sql::Value& value = row.values[index];
    if (value.form == sql::Form::use_default) return;  // such a column is left out
    if (seed::may_not_carry(value, set.classes[index], set.meaning)) {
      const auto why = seed::cannot_carry(value, set.classes[index], set.types[index], set.meaning);
      if (!why) continue;
      promise(is_utf8(*why), "a reason is text");
      return;
    }
  }
  seed::Batch batch;
  batch.set = &set;
  const std::string trouble = seed::append_row(set, row, batch.body);
  if (!trouble.empty()) {
    promise(is_utf8(trouble) && batch.body.empty(), "a row that cannot go leaves nothing behind");
    return;
  }
  batch.rows.push_back({1, 1, 0, false});
  promise(is_clean_text(batch.body.view()), "a body is text");
  batch.close();
  promise(json::is_embeddable(batch.body.view()), "a body is JSON in its structure");
  const auto values = seed::values_of_row(batch, 0);
  promise(values.size() == row.values.size(), "every value is in the body");
  bool has_raw = false;
  for (std::size_t index = 0; index < values.size(); ++index) {
    has_raw |= is_raw(set.classes[index]);
    promise(values[index] == wanted(set, index, row.values[index]),
            "another value in the body: column " + std::to_string(index) + " of type " +
                set.types[index]);
  }
  if (has_raw) return;
  const auto members = json::try_read_object(batch.row_text(0));
  promise(members.has_value() && members->size() == values.size(), "a row is a JSON object");
  for (std::size_t index = 0; index < values.size(); ++index) {
    promise(
        (*members)[index].name == set.columns[index] && (*members)[index].value == values[index],
        "another reader finds the same");
  }
}

}  // namespace

int fuzz_encode(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  const Beginning& beginning = kBeginnings[choices.byte() % std::size(kBeginnings)];
  std::array<std::size_t, 3> types{};
  for (std::size_t& type : types) type = choices.byte();
  TextInput input(beginning.head + std::string(choices.rest()));
  sql::ReaderOptions options;
  options.dialect = beginning.dialect;
  sql::DumpReader reader(input, "a.sql", options);
  try {
    for (sql::Piece piece = reader.next(); piece != sql::Piece::end; piece = reader.next()) {
      if (piece != sql::Piece::row || !reader.row().unsupported.empty()) continue;
      promise_row(reader.row(), beginning.dialect, types);
    }
  } catch (const Error& error) {
    promise(error.kind == ErrorKind::input, "what stops the reader is wrong with the input");
  }
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_encode(data, size);
}
#endif
