#include "pgseed/seed/encode/reason.hpp"

#include <algorithm>
#include <array>

#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

constexpr const char* kEllipsis = "\u2026";

// What stands in quotes behind one of these is a name, not a value.
bool ends_with_kind_of_name(std::string_view words) {
  constexpr std::array<std::string_view, 8> kKinds = {"column",     "relation", "table", "type",
                                                      "constraint", "encoding", "enum",  "domain"};
  words = trim(words);
  return std::any_of(kKinds.begin(), kKinds.end(),
                     [&](std::string_view kind) { return words.ends_with(kind); });
}

// From the first quote that opens a value to the last one of all: a value may hold quotes itself.
std::string without_quoted(std::string_view message, char quote) {
  std::size_t open = message.find(quote);
  while (open != std::string_view::npos && ends_with_kind_of_name(message.substr(0, open))) {
    const std::size_t close = message.find(quote, open + 1);
    if (close == std::string_view::npos) return std::string(message);
    open = message.find(quote, close + 1);
  }
  if (open == std::string_view::npos) return std::string(message);
  const std::size_t close = message.rfind(quote);
  // A long message may have been cut within the value.
  const std::string_view after = close > open ? message.substr(close + 1) : std::string_view();
  return text(message.substr(0, open + 1), kEllipsis, quote, after);
}

// The texts of violated constraints; anything else with such a code comes from RAISE.
bool is_own_constraint_message(std::string_view message) {
  constexpr std::array<std::string_view, 8> kBeginnings = {
      "duplicate key value violates unique constraint ",
      "null value in column ",
      "new row for relation ",
      "insert or update on table ",
      "update or delete on table ",
      "conflicting key value violates exclusion constraint ",
      "value for domain ",
      "no partition of relation ",
  };
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view beginning) { return message.starts_with(beginning); });
}

// Classes of PostgreSQL's errors whose texts name things of the schema and the server only.
bool names_only(std::string_view code) {
  constexpr std::string_view kClasses =
      " 08 0A 0L 0P 21 25 26 28 2D 3D 3F 40 42 44 53 54 55 57 58 ";
  return code.size() == 5 && kClasses.find(text(' ', code.substr(0, 2), ' ')) != std::string::npos;
}

}  // namespace

bool is_made_up(std::string_view code, std::string_view message) {
  // No code: a gateway, a proxy, the network.
  if (code.empty() || code.starts_with("PGRST") || names_only(code)) return false;
  if (code.starts_with("23")) return !is_own_constraint_message(message);
  return !code.starts_with("22") && !code.starts_with("XX");
}

std::string reason_without_values(std::string_view code, std::string_view message) {
  if (is_made_up(code, message)) {
    return "refused by a rule of the database, whose message may hold values";
  }
  if (code.starts_with("22") || code.starts_with("XX")) {
    return without_quoted(without_quoted(message, '"'), '\'');
  }
  return std::string(message);
}

}  // namespace pgseed::seed
