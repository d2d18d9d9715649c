#pragma once
// A dump, piece by piece: rows of INSERT ... VALUES and COPY ... FROM stdin, and every other
// statement whole. Blocks in, pieces out; memory is bounded by the longest row.
//
//   DumpReader reader(input, "a.sql", {});
//   for (;;) switch (reader.next()) {
//     case Piece::row: use(reader.head(), reader.row()); ...
//     case Piece::statement: use(reader.statement()); ...
//     case Piece::end: return;
//   }
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/sql/dialect.hpp"
#include "pgseed/sql/statement.hpp"
#include "pgseed/sql/value.hpp"
#include "pgseed/sql/window.hpp"

namespace pgseed::sql {

// The INSERT or COPY that rows belong to.
struct RowsHead {
  std::uint64_t number = 0;  // 1, 2, ... in the file: changes with every statement
  QualifiedName table;       // schema from the name, else from the file's search_path, else unset
  std::vector<std::string> columns;
  bool has_columns = false;  // false: the table's own order counts
  bool is_copy = false;
  bool overriding_system = false;
  bool overriding_user = false;  // its rows are unsupported
  std::uint64_t line = 0;        // of the statement
};

struct Row {
  std::vector<Value> values;
  std::uint64_t line = 0;  // where the row begins
  // PostgreSQL's INSERT: the row's own text, from its opening parenthesis to its closing one. Lives
  // as long as the values do.
  std::string_view source;
  // Set when some value is an expression: what it is ("a function call crypt()") and where. The
  // values are then incomplete.
  std::string unsupported;
  std::uint64_t unsupported_line = 0;
};

struct Statement {
  StatementKind kind = StatementKind::empty;
  // From its first word to before the semicolon; only its first kept_statement bytes of a longer
  // one.
  std::string_view text;
  bool cut = false;  // longer than what was kept
  std::uint64_t line = 0;
  std::uint64_t end_line = 0;
  std::uint64_t column = 0;  // where it begins in its line; counted with rows = false only
};

// What a file wants done with rows that are there already: INSERT ... ON CONFLICT, INSERT IGNORE,
// REPLACE and their like. Its rows are handed out all the same.
struct ConflictRule {
  std::string words;
  std::uint64_t line = 0;  // of the statement
};

// The value of a boolean setting, as PostgreSQL reads it: off, false, no, 0 and what begins them.
bool means_off(std::string_view value);

enum class Piece { row, statement, end };

// What is known of a file's encoding before it is read.
enum class TextEncoding {
  announced,  // UTF-8, or what the text says
  utf8,       // whatever the text says
  converted,  // another one, all of it, from which the Input converts
};

struct ReaderOptions {
  // Whose rules the text follows. MySQL and SQLite are read for their rows; what the other options
  // say about statements holds for them as well.
  Dialect dialect = Dialect::postgresql;
  std::size_t max_row_bytes = 256u << 20;
  // False: INSERT ... VALUES comes as a statement too (the schema command, migrations); COPY data
  // is then passed over.
  bool rows = true;
  // How much of a statement is kept in memory (its beginning); the schema command needs them whole.
  std::size_t kept_statement = 1u << 20;
  TextEncoding encoding = TextEncoding::announced;
};

// One dialect's reader; DumpReader hands out what it leaves in its public parts.
class DialectReader {
 public:
  virtual ~DialectReader() = default;
  // Fills head and row, or statement. Throws as DumpReader::next().
  virtual Piece next() = 0;
  virtual std::string where_value(std::size_t index) const = 0;
  virtual std::uint64_t consumed() const = 0;

  RowsHead head;
  Row row;
  Statement statement;
  std::string search_path, time_zone, encoding;
  std::optional<ConflictRule> conflict_rule;
  std::vector<RowsHead> empty_copies;

 protected:
  void note_conflict_rule(const char* words) {
    if (!conflict_rule) conflict_rule = ConflictRule{words, head.line};
  }
};
std::unique_ptr<DialectReader> make_postgresql_reader(Input& input, std::string name,
                                                      const ReaderOptions& options);
std::unique_ptr<DialectReader> make_mysql_reader(Input& input, std::string name,
                                                 const ReaderOptions& options);
std::unique_ptr<DialectReader> make_sqlite_reader(Input& input, std::string name,
                                                  const ReaderOptions& options);

class DumpReader {
 public:
  // name: for messages. The input must outlive the reader.
  DumpReader(Input& input, std::string name, const ReaderOptions& options);
  ~DumpReader();
  DumpReader(const DumpReader&) = delete;
  DumpReader& operator=(const DumpReader&) = delete;

  // The next piece. What the accessors return lives until the next call. Throws Error{input} with
  // place, excerpt and hint for broken text; the reader is of no use afterwards.
  Piece next();

  const RowsHead& head() const;
  const Row& row() const;
  const Statement& statement() const;
  // "name:line:column" of the row's n-th value (or of the row when there is no such value).
  std::string where_value(std::size_t index) const;

  // Settings of the file in force: TimeZone (empty: none), DateStyle other than ISO/MDY.
  const std::string& time_zone() const;
  const std::string& encoding() const;
  // The schema that the file's search_path gives to names without one; empty: none.
  const std::string& search_path() const;
  // The first one of the statements that were read to their end.
  const std::optional<ConflictRule>& conflict_rule() const;
  // COPY statements so far without a row: no piece comes of them.
  const std::vector<RowsHead>& empty_copies() const;
  // UTF-8 bytes consumed so far: a measure of progress.
  std::uint64_t consumed() const;

 private:
  std::unique_ptr<DialectReader> reader_;
};

}  // namespace pgseed::sql
