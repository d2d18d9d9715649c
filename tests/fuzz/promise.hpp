#pragma once
// What fuzz targets share: promises, and bytes of the data that choose something.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/base/utf8.hpp"
#include "support/text_input.hpp"

namespace pgseed::test {

// Ends libFuzzer, and is caught by an ordinary test, which knows how to make the data again.
struct BrokenPromise : std::logic_error {
  using logic_error::logic_error;
};

inline void promise(bool kept, const std::string& what) {
  if (!kept) throw BrokenPromise(what);
}

inline bool is_clean_text(std::string_view text) {
  return is_utf8(text) && text.find('\0') == std::string_view::npos;
}

// The data: bytes that choose, then the text.
class Choices {
 public:
  Choices(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  // 0 once there is no byte left.
  std::size_t byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// Where the cuts are that a byte chooses: blocks of up to 67 bytes, or two that meet somewhere.
struct Cut {
  std::size_t block;
  bool once;
  Cut(std::size_t choice, std::size_t size)
      : block(choice < 128 ? choice % 67 + 1 : size * (choice - 127) / 129 + 1),
        once(choice >= 128) {}
};

inline TextInput cut_input(const std::string& text, std::size_t choice) {
  const Cut cut(choice, text.size());
  return cut.once ? TextInput(text, std::vector{cut.block}) : TextInput(text, cut.block);
}

inline std::vector<std::string> cut_pieces(std::string_view text, std::size_t choice) {
  const Cut cut(choice, text.size());
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const bool rest = cut.once && !pieces.empty();
    pieces.emplace_back(rest ? text : text.substr(0, cut.block));
    text.remove_prefix(pieces.back().size());
  }
  return pieces;
}

// The pieces of a dump; the same for the text as a whole and cut as chosen. A piece or comment over
// the limit may be found torn, broken or too long: then what came before it is the same.
inline std::vector<std::string> promise_however_cut(const std::string& text, std::size_t choice,
                                                    const sql::ReaderOptions& options) {
  const auto ends_too_long = [](const std::vector<std::string>& pieces) {
    return !pieces.empty() &&
           pieces.back().find(" a row or statement is longer than ") != std::string::npos;
  };
  TextInput cut = cut_input(text, choice);
  std::vector<std::string> pieces = transcript(text, options);
  std::vector<std::string> again = transcript(cut, options);
  if (ends_too_long(pieces) || ends_too_long(again)) {
    const std::size_t shorter = std::min(pieces.size(), again.size());
    const std::size_t before = shorter == 0 ? 0 : shorter - 1;
    pieces.resize(before);
    again.resize(before);
  }
  promise(pieces == again,
          "other pieces for another cut:\n" + joined(pieces) + "--\n" + joined(again));
  return pieces;
}

// Settings that change what is kept, as a byte chooses.
inline sql::ReaderOptions reader_options(sql::Dialect dialect, std::size_t choice) {
  sql::ReaderOptions options;
  options.dialect = dialect;
  if (choice % 4 == 0) {
    options.max_row_bytes = 64;
  } else if (choice % 3 == 0) {
    options.kept_statement = 32;
  }
  options.rows = choice % 5 != 0;
  return options;
}

// What another dialect's reader says of a text: names, statements and errors are text, and so are
// values but for those that say that they are bytes. Statements go to `look_at`.
template <class LookAt>
void promise_text(const std::string& text, const sql::ReaderOptions& options,
                  const LookAt& look_at) {
  TextInput input(text);
  sql::DumpReader reader(input, "a.sql", options);
  try {
    for (;;) {
      const sql::Piece piece = reader.next();
      if (piece == sql::Piece::end) return;
      if (piece == sql::Piece::statement) {
        promise(is_clean_text(reader.statement().text), "a statement is text");
        look_at(reader.statement().text);
        continue;
      }
      const sql::Row& row = reader.row();
      promise(is_clean_text(show(reader.head())), "names are text");
      promise(is_clean_text(row.unsupported), "what is unsupported is text");
      for (std::size_t index = 0; index < row.values.size(); ++index) {
        const sql::Value& value = row.values[index];
        promise(value.form == sql::Form::bytes || is_clean_text(value.text), "a value is text");
        promise(!reader.where_value(index).empty(), "a value has a place");
      }
    }
  } catch (const Error& error) {
    promise(error.kind == ErrorKind::input, "what stops a reader is wrong with the input");
    promise(is_clean_text(error.message), "an error is text");
    promise(is_clean_text(error.excerpt), "an excerpt is text");
    promise(error.where.starts_with("a.sql:"), "an error has a place");
  }
}

}  // namespace pgseed::test
