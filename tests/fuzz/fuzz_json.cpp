// First byte: the cut. Second: options. Then the file.
#include <optional>
#include <string>
#include <vector>

#include "fuzz/fuzz_targets.hpp"
#include "fuzz/promise.hpp"
#include "pgseed/json/reader.hpp"
#include "pgseed/json/writer.hpp"
#include "pgseed/seed/input/json_text.hpp"

using namespace pgseed;
using namespace pgseed::test;

namespace {

struct Made {
  std::string sql;
  std::string error;
};

Made sql_of(const std::vector<std::string>& pieces, const seed::RowOptions& options,
            const std::vector<std::string>& json_columns) {
  Made made;
  const auto rows = seed::make_json_text(options, "a.json");
  rows->set_json_columns(json_columns);
  try {
    for (const std::string& piece : pieces) rows->add(piece, made.sql);
    rows->finish(made.sql);
  } catch (const Error& error) {
    promise(error.kind == ErrorKind::input, "what stops it is wrong with the input");
    promise(is_clean_text(error.message), "an error is text");
    made.error = error.where + " " + error.message;
  }
  return made;
}

// PostgreSQL's names have 63 bytes; it cuts longer ones, and so does what reads them here.
std::string as_column(const std::string& name) {
  std::string cut = name.substr(0, 63);
  if (cut.size() < name.size()) cut.resize(cut.size() - incomplete_utf8_tail(cut));
  return cut;
}

// The values of one object as another reader has them.
std::optional<std::string> values_of(std::string_view object,
                                     const std::vector<std::string>& json_columns) {
  const auto members = json::try_read_object(object);
  if (!members) return {};
  std::string row;
  for (const json::Member& member : *members) {
    row += " " + as_column(member.name) + "=";
    if (!member.value) {
      row += "NULL";
    } else if (member.was_string && !json_columns.empty() && json_columns[0] == member.name) {
      json::Buffer text;
      json::append_string(text, *member.value);
      row += "[" + std::string(text.view()) + "]";
    } else {
      row += "[" + *member.value + "]";
    }
  }
  return row;
}

// Where every line is an object or blank: the values of each; nothing for any other text.
std::optional<std::vector<std::string>> plain_rows(std::string_view text,
                                                   const std::vector<std::string>& json_columns) {
  std::vector<std::string> rows;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto row = values_of(line, json_columns);
    if (!row) return {};
    rows.push_back(std::move(*row));
  }
  return rows;
}

// The SQL holds rows of the table and nothing else, whatever the file says.
void promise_rows(const std::string& sql, const seed::RowOptions& options,
                  const std::optional<std::vector<std::string>>& wanted) {
  TextInput input(sql);
  sql::DumpReader reader(input, "a.sql", {});
  std::size_t count = 0;
  try {
    for (sql::Piece piece = reader.next(); piece != sql::Piece::end; piece = reader.next()) {
      promise(piece == sql::Piece::row && !reader.head().is_copy, "every piece is a row");
      promise(reader.head().table.name == options.table && !reader.head().table.schema,
              "the rows are of the table");
      promise(reader.row().unsupported.empty(), "every value is one");
      std::string row;
      for (std::size_t index = 0; index < reader.row().values.size(); ++index) {
        const std::string value = show(reader.row().values[index]);
        row += " " + reader.head().columns.at(index) + "=" + value;
      }
      promise(!wanted || (count < wanted->size() && (*wanted)[count] == row),
              "other values than the objects have:" + row);
      ++count;
    }
  } catch (const Error& error) {
    promise(false, "the SQL made of a file can be read: " + error.where + " " + error.message);
  }
  promise(!wanted || count == wanted->size(), "every object is a row");
}

}  // namespace

int fuzz_json(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  const std::size_t cut = choices.byte();
  const std::size_t choice = choices.byte();
  seed::RowOptions options;
  options.table = choice % 2 == 0 ? "t" : "a \"b\"";
  std::vector<std::string> json_columns;
  if (choice % 3 == 0) json_columns.emplace_back("a");
  const std::string file(choices.rest());
  const Made whole =
      sql_of(file.empty() ? std::vector<std::string>() : std::vector{file}, options, json_columns);
  const Made again = sql_of(cut_pieces(file, cut), options, json_columns);
  promise(whole.error == again.error, "another error for another cut: " + again.error);
  promise(whole.sql == again.sql, "other SQL for another cut");
  if (whole.error.empty()) promise_rows(whole.sql, options, plain_rows(file, json_columns));
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_json(data, size);
}
#endif
