#include "pgseed/base/error.hpp"

#include <utility>

namespace pgseed {

Error::Error(ErrorKind kind_, std::string message_, std::string where_, std::string hint_)
    : kind(kind_), message(std::move(message_)), where(std::move(where_)), hint(std::move(hint_)) {}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::rows:
      return 1;
    case ErrorKind::usage:
      return 2;
    case ErrorKind::input:
      return 3;
    case ErrorKind::unreachable:
      return 4;
    case ErrorKind::refused:
      return 5;
    case ErrorKind::verification:
      return 6;
    case ErrorKind::storage:
      return 7;
  }
  return 7;
}

const char* name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::rows:
      return "rows";
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::input:
      return "input";
    case ErrorKind::unreachable:
      return "unreachable";
    case ErrorKind::refused:
      return "refused";
    case ErrorKind::verification:
      return "verification";
    case ErrorKind::storage:
      return "storage";
  }
  return "internal";
}

}  // namespace pgseed
