#pragma once
// One set of rows in every form that the readers know, for measuring them side by side.
#include <string>

namespace pgseed::bench {

struct DumpForms {
  std::string insert;  // the dump as it was given: PostgreSQL's INSERTs
  std::string copy;    // pg_dump's COPY text
  std::string mysql;   // mysqldump: backslash escapes, rows of up to 1 MB in one statement
  std::string sqlite;  // sqlite3's .dump: a statement for each row, replace() around line breaks
};

// Reads the dump at `path` and writes the other forms beside each other into `folder`; returns
// the paths.
DumpForms write_forms(const std::string& path, const std::string& folder);

}  // namespace pgseed::bench
