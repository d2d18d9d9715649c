#pragma once
// The options that say how files are read, for every command that reads rows.
#include <cstdint>
#include <string>
#include <vector>

#include "pgseed/seed/options.hpp"

namespace CLI {
class App;
}

namespace pgseed::cli {

// What was typed, before it makes sense.
struct InputFlags {
  std::vector<std::string> files;
  std::string dialect = "auto";
  std::string encoding, map;
  std::string format = "auto";
  std::string delimiter, quote, escape, null_text;
  bool no_header = false;
  std::vector<std::string> columns;
  std::size_t max_row_bytes = 256u << 20;
  std::uint64_t max_unpack_ratio = io::PackedLimits{}.ratio;
  std::uint64_t max_unpacked_bytes = 0;
};

// description: of the files. flags must outlive the command.
void add_input_flags(CLI::App& command, InputFlags& flags, const char* description);

// Sets what the flags say about reading: files, dialect, input, mapping. tables: those of --table,
// of which one alone is where rows of CSV and JSON go. Throws Error{usage}.
void set_input(seed::Options& options, const InputFlags& flags,
               const std::vector<std::string>& tables);

// Names of --table and --exclude, which may be quoted as in SQL ("Odd.name", public."Upper"), as
// they are compared with tables; all others as they were typed.
std::vector<std::string> table_names(const std::vector<std::string>& typed);

// Each path that no file has and that holds *, ? or [ as the files that it matches, sorted as
// strcmp() does. Throws Error{input} if it matches none.
std::vector<std::string> expand_patterns(const std::vector<std::string>& paths);

}  // namespace pgseed::cli
