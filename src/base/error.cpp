#include "pgseed/base/error.hpp"

#include <string_view>
#include <utility>

#include "pgseed/base/utf8.hpp"

namespace pgseed {
namespace {

// A name or a server's answer in a message may be of any length; what surrounds it says what
// happened.
std::string shortened(std::string message) {
  constexpr std::size_t kLongest = 4000;
  constexpr std::size_t kEnd = 500;
  if (message.size() <= kLongest) return message;
  std::size_t begin = kLongest - kEnd;
  begin -= incomplete_utf8_tail(std::string_view(message).substr(0, begin));
  std::size_t end = message.size() - kEnd;
  while (end < message.size() && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80) ++end;
  return message.replace(begin, end - begin, " ... ");
}

}  // namespace

Error::Error(ErrorKind kind_, std::string message_, std::string where_, std::string hint_)
    : kind(kind_),
      message(shortened(std::move(message_))),
      where(std::move(where_)),
      hint(std::move(hint_)) {}

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
    case ErrorKind::interrupted:
      return 130;
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
    case ErrorKind::interrupted:
      return "interrupted";
  }
  return "internal";
}

void refuse_input(std::string message, std::string hint) {
  throw Error(ErrorKind::input, std::move(message), {}, std::move(hint));
}

}  // namespace pgseed
