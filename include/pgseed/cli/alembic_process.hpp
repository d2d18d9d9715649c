#pragma once
// Alembic itself, as a child process: for what only it can do.
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace pgseed::cli {

// True if there is an `alembic` in PATH.
bool has_alembic();

struct AlembicOutput {
  int exit_code = -1;
  std::string out;
  std::string err;  // redacted
};
// Runs it to its end, with `environment` over ours, and returns what it printed. Arguments must
// hold no secret: they are in the process list.
AlembicOutput run_alembic(const std::vector<std::string>& arguments,
                          const std::map<std::string, std::string>& environment);

// The same with each line of its output shown as it comes, redacted, and our stdin. Throws
// Error{refused} when it fails, Error{usage} when it is not there.
void run_alembic_live(const std::vector<std::string>& arguments,
                      const std::map<std::string, std::string>& environment,
                      const std::function<void(const std::string& line)>& show);

// The line that says why it failed, redacted: of a traceback the exception, not what follows it.
std::string failure_line(const AlembicOutput& output);

}  // namespace pgseed::cli
