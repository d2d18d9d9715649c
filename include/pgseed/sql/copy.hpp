#pragma once
// COPY ... FROM stdin: the statement's head and its data lines, in text and CSV form.
#include <string>
#include <vector>

#include "pgseed/sql/statement.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::sql {

struct CopyFormat {
  bool csv = false;
  bool header = false;
  bool header_match = false;  // HEADER MATCH: the header line must name the columns
  char delimiter = '\t';
  char quote = '"';
  char escape = '"';
  std::string null_marker = "\\N";
  std::vector<bool> force_null, force_not_null;  // CSV: by column; may be shorter (then false)
};

struct CopyHead {
  QualifiedName table;
  std::vector<std::string> columns;
  bool has_columns = false;
  // Lines of text follow the statement up to `\.`, whether or not they can be read.
  bool lines_follow = false;
  CopyFormat format;
};

// Behind the word COPY: reads up to and including the semicolon. Returns false (and leaves the
// cursor anywhere) when it is not a COPY FROM stdin in text or CSV form. Throws SyntaxProblem.
bool read_copy_head(Cursor& cursor, CopyHead& head);

enum class CopyLine { row, end };
// Line ends of one COPY block: the first data line decides, as the server does.
enum class LineEnd { undecided, newline, carriage_return_newline };

// At the beginning of a data line: reads one row, or `\.` with its line end. Throws SyntaxProblem
// for what the server would refuse, line ends of two kinds among it.
CopyLine read_copy_line(Cursor& cursor, const CopyFormat& format, LineEnd& line_end, Arena& arena,
                        std::vector<Value>& values);

}  // namespace pgseed::sql
