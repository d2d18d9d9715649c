// First byte: the cut. Second and third: options. Then the file.
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/fuzz_targets.hpp"
#include "fuzz/promise.hpp"
#include "pgseed/seed/input/csv_text.hpp"

using namespace pgseed;
using namespace pgseed::test;

namespace {

struct Made {
  std::string sql;
  std::string error;
};

Made sql_of(const std::vector<std::string>& pieces, const seed::RowOptions& options) {
  Made made;
  const auto rows = seed::make_csv_text(options, "a.csv");
  try {
    for (const std::string& piece : pieces) rows->add(piece, made.sql);
    rows->finish(made.sql);
  } catch (const Error& error) {
    promise(error.kind == ErrorKind::input, "what stops it is wrong with the input");
    made.error = error.where + " " + error.message;
  }
  return made;
}

seed::RowOptions options_of(std::size_t first, std::size_t second) {
  seed::RowOptions options;
  options.table = first % 2 == 0 ? "t" : "a \"b\"\n";
  options.header = first / 2 % 2 == 0;
  if (first / 4 % 4 == 0) options.columns = {"x", "y"};
  const char delimiters[] = {',', ';', '\t', '|'};
  if (second % 5 != 0) options.delimiter = delimiters[second % 4];
  if (second / 4 % 4 == 0) options.quote = '\'';
  if (second / 16 % 4 == 0) options.escape = '\\';
  if (second / 64 % 2 == 0) options.null_text = "NULL";
  return options;
}

// Rows by the rules of COPY CSV, byte by byte: for text without mistakes and CR.
std::vector<std::string> plain_rows(std::string_view text, const seed::RowOptions& options) {
  const char delimiter = options.delimiter.value_or(',');
  const char escape = options.escape.value_or(options.quote);
  std::vector<std::string> rows;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string row;
    for (bool more = true; more;) {
      std::string field;
      bool quoted = false;
      bool inside = false;
      for (; at < text.size() && (inside || (text[at] != delimiter && text[at] != '\n')); ++at) {
        const char next = at + 1 < text.size() ? text[at + 1] : '\0';
        if (inside && text[at] == escape && (next == options.quote || next == escape)) {
          field += text[++at];
        } else if (text[at] == options.quote) {
          inside = !inside;
          quoted = true;
        } else {
          field += text[at];
        }
      }
      row += !quoted && field == options.null_text ? " NULL" : " [" + field + "]";
      more = at < text.size() && text[at] == delimiter;
      if (more) ++at;
    }
    rows.push_back(row);
  }
  if (options.header && !rows.empty()) rows.erase(rows.begin());
  return rows;
}

// The SQL holds rows of the table and nothing else, whatever the file says.
void promise_rows(const std::string& sql, const std::string& file,
                  const seed::RowOptions& options) {
  const bool is_plain = file.find('\r') == std::string::npos;
  const std::vector<std::string> wanted = plain_rows(file, options);
  TextInput input(sql);
  sql::DumpReader reader(input, "a.sql", {});
  std::size_t count = 0;
  try {
    for (sql::Piece piece = reader.next(); piece != sql::Piece::end; piece = reader.next()) {
      promise(piece == sql::Piece::row, "no statement but the one COPY");
      promise(reader.head().is_copy && reader.head().number == 1, "the rows are those of one COPY");
      promise(reader.head().table.name == options.table && !reader.head().table.schema,
              "the rows are of the table");
      promise(reader.row().unsupported.empty(), "every value is one");
      std::string row;
      for (const sql::Value& value : reader.row().values) row += " " + show(value);
      promise(!is_plain || (count < wanted.size() && wanted[count] == row),
              "other rows than CSV's own rules give: " + row);
      ++count;
    }
  } catch (const Error& error) {
    promise(error.kind == ErrorKind::input, "what stops the reader is wrong with the input");
    for (const char* const mistake :
         {"UTF-8", "NUL byte", "carriage return", "ends with LF", "ends with CRLF", "missing",
          "too few", "too many", "of one length", "extra data"}) {
      if (error.message.find(mistake) != std::string::npos) return;
    }
    promise(false, "the SQL made of a file can be read: " + error.where + " " + error.message);
  }
  promise(!is_plain || count == wanted.size(), "every row is read");
}

}  // namespace

int fuzz_csv(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  const std::size_t cut = choices.byte();
  const std::size_t first = choices.byte();
  const seed::RowOptions options = options_of(first, choices.byte());
  const std::string file(choices.rest());
  const Made whole = sql_of(file.empty() ? std::vector<std::string>() : std::vector{file}, options);
  const Made again = sql_of(cut_pieces(file, cut), options);
  promise(whole.error == again.error, "another error for another cut: " + again.error);
  promise(whole.sql == again.sql, "other SQL for another cut");
  if (whole.error.empty()) promise_rows(whole.sql, file, options);
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_csv(data, size);
}
#endif
