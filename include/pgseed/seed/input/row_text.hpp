#pragma once
// Files that hold rows but no SQL: CSV, JSON, our own reject files. Each becomes SQL for the reader
// of dumps, block by block, every row in the line where the file has it.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgseed::seed {

enum class RowFormat {
  automatic,  // .csv and .tsv by the name, JSON and reject files by content, SQL otherwise
  sql,
  csv,
  json,  // NDJSON or one array of objects
};

// What such a file does not say about its rows.
struct RowOptions {
  RowFormat format = RowFormat::automatic;
  std::string schema;  // empty: as for any name without one
  std::string table;   // must be set for CSV and JSON

  // CSV. PostgreSQL's COPY CSV sets the rules.
  bool header = true;  // the first line names the columns
  std::vector<std::string>
      columns;                    // used instead of the header's names, which are then passed over
  std::optional<char> delimiter;  // unset: a comma, a tab for .tsv
  char quote = '"';
  std::optional<char> escape;  // before a quote inside of quotes; unset: the quote
  std::string null_text;       // this without quotes is NULL

  std::size_t max_row_bytes = std::size_t{256} << 20;
};

// PostgreSQL's limit.
constexpr std::size_t kMostColumns = 1600;
constexpr const char* kMostColumnsHint = "a table of PostgreSQL has 1,600 at most";

class RowText {
 public:
  virtual ~RowText() = default;
  // Takes the next block of the text (UTF-8 without a byte order mark) and appends SQL to `out`.
  // Throws Error{input} with the place.
  virtual void add(std::string_view block, std::string& out) = 0;
  // The text has ended.
  virtual void finish(std::string& out) = 0;
  // The line of the file that the first line of the SQL stands for.
  virtual std::uint64_t first_line() const { return 1; }
  // JSON: the table's json and jsonb columns. A JSON string goes there as JSON, anywhere else as
  // its text. The type alone tells: without it "5" would become the number 5.
  virtual void set_json_columns(std::vector<std::string> /*columns*/) {}
};

}  // namespace pgseed::seed
