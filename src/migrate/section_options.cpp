#include "pgseed/migrate/section_options.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::migrate {
namespace {

constexpr const char* kKnownOptions =
    "known are transaction:true|false, lock_timeout:5s, statement_timeout:5s, timeout:5min and, "
    "for a downgrade, irreversible; a comment had better begin with another word";

std::vector<std::string_view> split_words(std::string_view line) {
  std::vector<std::string_view> words;
  for (;;) {
    line = trim(line);
    if (line.empty()) return words;
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

bool looks_like_option(std::string_view word) {
  return word == "irreversible" || word.find_first_of(":=") != std::string_view::npos;
}

class OptionReader {
 public:
  OptionReader(Marker& marker, const std::string& where) : marker_(marker), where_(where) {}

  void read(std::string_view word) {
    SectionOptions& options = marker_.options;
    if (word == "irreversible") {
      if (marker_.is_upgrade) fail("an upgrade cannot be irreversible", "only a downgrade can");
      require_first(word);
      options.irreversible = true;
      return;
    }
    const std::size_t sign = word.find_first_of(":=");
    const std::string_view key = word.substr(0, sign);
    if (!is_known(key)) {
      fail(text("unknown option '", key, "' of a section"), kKnownOptions);
    }
    const std::string_view value =
        sign == std::string_view::npos ? std::string_view() : word.substr(sign + 1);
    if (sign == std::string_view::npos || word[sign] == '=' || value.empty()) {
      fail(text("the option '", key, "' has no value behind a colon"),
           text("write it without blanks: ", key, ':', value.empty() ? "value" : value));
    }
    require_first(key);
    if (key == "transaction") {
      if (value != "true" && value != "false") bad_value(key, value, "true or false");
      options.transaction = value == "true";
      return;
    }
    if (!is_duration(value)) bad_value(key, value, "a duration such as 5s, 500ms, 2min or 0");
    (key == "lock_timeout"        ? options.lock_timeout
     : key == "statement_timeout" ? options.statement_timeout
                                  : options.timeout) = std::string(value);
  }

 private:
  static bool is_known(std::string_view key) {
    return key == "transaction" || key == "lock_timeout" || key == "statement_timeout" ||
           key == "timeout";
  }
  void require_first(std::string_view key) {
    if (std::find(seen_.begin(), seen_.end(), key) != seen_.end()) {
      fail(text("the option '", key, "' is given twice"), "");
    }
    seen_.push_back(key);
  }
  [[noreturn]] void bad_value(std::string_view key, std::string_view value, const char* wanted) {
    fail(text("'", value, "' is no value of the option '", key, '\''), text("it takes ", wanted));
  }
  [[noreturn]] void fail(std::string message, std::string hint) {
    throw Error(ErrorKind::input, std::move(message), where_, std::move(hint));
  }

  Marker& marker_;
  const std::string& where_;
  std::vector<std::string_view> seen_;
};

}  // namespace

bool is_duration(std::string_view value) {
  const auto skip_digits = [&value] {
    const std::size_t count = std::min(value.find_first_not_of("0123456789"), value.size());
    value.remove_prefix(count);
    return count > 0;
  };
  if (!skip_digits()) return false;
  if (value.starts_with('.')) {
    value.remove_prefix(1);
    if (!skip_digits()) return false;
  }
  constexpr std::string_view kUnits[] = {"", "us", "ms", "s", "min", "h", "d"};
  return std::find(std::begin(kUnits), std::end(kUnits), value) != std::end(kUnits);
}

std::optional<Marker> read_marker(std::string_view comment, const std::string& where) {
  // Nearly every comment is told by its first letter.
  const std::size_t first = comment.find_first_not_of("- \t");
  if (first == std::string_view::npos ||
      std::string_view("uUdD").find(comment[first]) == std::string_view::npos) {
    return std::nullopt;
  }
  std::vector<std::string_view> words = split_words(comment.substr(first));
  std::string_view name = words.front();
  if (name.ends_with(':') || name.ends_with(';')) name.remove_suffix(1);
  Marker marker;
  marker.is_upgrade = equals_ignoring_case(name, "upgrade");
  if (!marker.is_upgrade && !equals_ignoring_case(name, "downgrade")) return std::nullopt;
  const std::string exact = marker.is_upgrade ? "-- upgrade" : "-- downgrade";
  const bool is_exact = comment.starts_with(exact) && words.front() == exact.substr(3);
  words.erase(words.begin());
  const auto options = std::count_if(words.begin(), words.end(), looks_like_option);
  if (!words.empty() && options == 0) return std::nullopt;
  if (!is_exact) {
    if (options != std::ssize(words)) return std::nullopt;
    refuse_near_marker(comment, marker.is_upgrade, where);
  }
  OptionReader reader(marker, where);
  for (const std::string_view word : words) reader.read(word);
  return marker;
}

std::optional<bool> names_upgrade(std::string_view comment) {
  const auto is_word_byte = [](char byte) {
    return (byte & 0x80) != 0 || byte == '_' || (byte >= '0' && byte <= '9') ||
           ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
  };
  const auto* const begin = std::find_if(comment.begin(), comment.end(), is_word_byte);
  const auto* const end = std::find_if_not(begin, comment.end(), is_word_byte);
  const std::string_view word(begin, static_cast<std::size_t>(end - begin));
  if (equals_ignoring_case(word, "upgrade")) return true;
  if (equals_ignoring_case(word, "downgrade")) return false;
  return std::nullopt;
}

void refuse_near_marker(std::string_view comment, bool is_upgrade, const std::string& where) {
  throw Error(ErrorKind::input, text("'", comment, "' is nearly a section's marker"), where,
              text("write \"-- ", is_upgrade ? "up" : "down",
                   "grade\" at the beginning of a line for the section; word a comment otherwise"));
}

std::string render_marker(const Marker& marker) {
  const SectionOptions& options = marker.options;
  std::string line = marker.is_upgrade ? "-- upgrade" : "-- downgrade";
  if (!options.transaction) line += " transaction:false";
  if (options.lock_timeout) line += text(" lock_timeout:", *options.lock_timeout);
  if (options.statement_timeout) line += text(" statement_timeout:", *options.statement_timeout);
  if (options.timeout) line += text(" timeout:", *options.timeout);
  if (options.irreversible) line += " irreversible";
  return line;
}

}  // namespace pgseed::migrate
