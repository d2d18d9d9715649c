#include "pgseed/seed/input/backslashes.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

// MySQL's tools escape every " of a text. JSON inside a PostgreSQL string has others as well.
bool escapes_all_quotes(std::string_view text) {
  bool any = false;
  for (std::size_t at = text.find('"'); at != std::string_view::npos; at = text.find('"', at + 1)) {
    std::size_t backslashes = 0;
    while (backslashes < at && text[at - 1 - backslashes] == '\\') ++backslashes;
    if (backslashes % 2 == 0) return false;
    any = true;
  }
  return any;
}

bool is_written(const sql::Value& value) {
  return value.form == sql::Form::verbatim || value.form == sql::Form::doubled_quotes;
}

// Whether a " may be in some string. Strings that stand close together in the file are searched as
// one.
bool may_have_quotes(const std::vector<sql::Value>& values) {
  constexpr std::uintptr_t kClose = 8;
  const char* begin = nullptr;
  const char* end = nullptr;
  for (const sql::Value& value : values) {
    if (!is_written(value) || value.text.empty()) continue;
    const auto gap =
        reinterpret_cast<std::uintptr_t>(value.text.data()) - reinterpret_cast<std::uintptr_t>(end);
    if (begin == nullptr || gap > kClose) {
      if (find_byte(begin, end, '"') != end) return true;
      begin = value.text.data();
    }
    end = value.text.data() + value.text.size();
  }
  return find_byte(begin, end, '"') != end;
}

bool only_postgresql_writes(std::string_view statement) {
  const sql::DialectGuess guess = sql::guess_dialect(statement);
  return guess.dialect == sql::Dialect::postgresql && !guess.mark.empty();
}

}  // namespace

Backslashes::Backslashes(const DumpInput& input, const std::string& dialect)
    : watching_(dialect == "auto" && input.is_sql() && input.guess().mark.empty()) {}

sql::Piece Backslashes::next(sql::DumpReader& reader) {
  if (!watching_) return reader.next();
  try {
    const sql::Piece piece = reader.next();
    if (piece == sql::Piece::row) look_at_row(reader);
    if (piece == sql::Piece::statement) {
      watching_ = !only_postgresql_writes(reader.statement().text);
    }
    return piece;
  } catch (Error& error) {
    if (error.excerpt.find("\\'") != std::string::npos) {
      error.hint = "if backslashes escape in this file, it is MySQL's: say --dialect mysql";
    }
    throw;
  }
}

void Backslashes::look_at_row(const sql::DumpReader& reader) {
  if (reader.head().is_copy) {
    watching_ = false;
    return;
  }
  const std::vector<sql::Value>& values = reader.row().values;
  // Once a backslash was met, only those before a " tell more.
  const bool searched = met_ && (!where_.empty() || !may_have_quotes(values));
  for (std::size_t index = 0; index < values.size(); ++index) {
    const sql::Value& value = values[index];
    if (!value.cast.empty()) {
      watching_ = false;
      return;
    }
    if (searched || !is_written(value) || value.text.find('\\') == std::string_view::npos) continue;
    met_ = true;
    if (where_.empty() && escapes_all_quotes(value.text)) where_ = reader.where_value(index);
  }
}

void Backslashes::require_decided() const {
  if (!watching_ || where_.empty()) return;
  throw Error(
      ErrorKind::input,
      "the \\\" in this string is two characters in PostgreSQL and one in MySQL, and nothing "
      "in the file tells which of them wrote it",
      where_, "say which: --dialect mysql or --dialect postgresql");
}

}  // namespace pgseed::seed
