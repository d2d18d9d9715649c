#pragma once
// The one exception of pgseed. It is thrown when a command cannot go on; what a caller can
// handle is returned as a value instead.
#include <exception>
#include <string>

namespace pgseed {

// The cause, which alone decides the exit code (README, "Exit codes").
enum class ErrorKind {
  rows,          // 1: rows rejected or in doubt
  usage,         // 2: flags, environment, configuration
  input,         // 3: a file that is unreadable, broken or refused
  unreachable,   // 4: no connection, no lock, deadline passed
  refused,       // 5: the target said no (key, rights, schema, conflict target, SQL error)
  verification,  // 6: contents differ
  storage,       // 7: own files: ledger, reject file, report, disk, memory
  interrupted,   // 130, 143: SIGINT or SIGTERM; for output, since the signal decides the code
};

int exit_code(ErrorKind kind);
// The kind's name in the JSON summary ("usage", "input", ...).
const char* name(ErrorKind kind);

class Error : public std::exception {
 public:
  // message: what happened, one sentence without a full stop (the middle of a very long one is left
  // out); where: "file:line:column" or empty; hint: what to do, or empty. Never a key or a
  // password.
  Error(ErrorKind kind, std::string message, std::string where = {}, std::string hint = {});

  const char* what() const noexcept override { return message.c_str(); }

  ErrorKind kind;
  std::string message;
  std::string where;
  std::string hint;
  // For input: the source line and a caret under the column, two lines, or empty.
  std::string excerpt;
};

// Throws Error{input} without a place.
[[noreturn]] void refuse_input(std::string message, std::string hint);

}  // namespace pgseed
