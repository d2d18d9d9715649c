#pragma once
// Alembic itself, as a child process: for what only it can do.
#include <map>
#include <string>
#include <vector>

namespace pgseed::cli {

// True if there is an `alembic` in PATH.
bool has_alembic();

// Runs it with our stdout and stderr. Throws Error{refused} when it fails, Error{usage} when it is
// not there.
void run_alembic_live(const std::vector<std::string>& arguments);

struct AlembicOutput {
  int exit_code = -1;
  std::string out;
  std::string err;  // redacted
};
// Runs it to its end in `directory`, with `environment` over ours, and returns what it printed.
// Arguments must hold no secret: they are in the process list.
AlembicOutput run_alembic(const std::vector<std::string>& arguments, const std::string& directory,
                          const std::map<std::string, std::string>& environment);

}  // namespace pgseed::cli
