#pragma once
// An sql::Input over text in memory, handed out in chosen blocks, and what a DumpReader makes of
// it.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/sql/rows.hpp"

namespace pgseed::test {

class TextInput : public sql::Input {
 public:
  static constexpr std::size_t kWhole = static_cast<std::size_t>(-1);

  // Blocks of `block` bytes.
  explicit TextInput(std::string text, std::size_t block = kWhole)
      : text_(std::move(text)), block_(block) {}
  // Blocks that end at the given offsets, ascending; the last one holds the rest.
  TextInput(std::string text, std::vector<std::size_t> cuts)
      : text_(std::move(text)), cuts_(std::move(cuts)) {}

  std::size_t read(char* into, std::size_t space) override {
    std::size_t end = text_.size();
    for (const std::size_t cut : cuts_) {
      if (cut > at_) {
        end = std::min(end, cut);
        break;
      }
    }
    const std::size_t count = std::min({space, block_, end - at_});
    if (count > 0) std::memcpy(into, text_.data() + at_, count);
    at_ += count;
    return count;
  }

  // Knows LATIN1; takes every other encoding for UTF-8.
  std::string switch_encoding(std::string_view encoding, std::string_view unread) override {
    encodings.emplace_back(encoding);
    if (encoding != "latin1" && encoding != "LATIN1") return std::string(unread);
    text_ = from_latin1(std::string_view(text_).substr(at_));
    at_ = 0;
    cuts_.clear();
    return from_latin1(unread);
  }

  std::vector<std::string> encodings;  // as announced

 private:
  static std::string from_latin1(std::string_view bytes) {
    std::string out;
    for (const char byte : bytes) {
      const auto code = static_cast<unsigned char>(byte);
      if (code < 0x80) {
        out += byte;
      } else {
        out += static_cast<char>(0xC0 | code >> 6);
        out += static_cast<char>(0x80 | (code & 63));
      }
    }
    return out;
  }

  std::string text_;
  std::size_t block_ = kWhole;
  std::vector<std::size_t> cuts_;
  std::size_t at_ = 0;
};

// "NULL", "DEFAULT", "now()", or the value's text in brackets and its cast.
inline std::string show(const sql::Value& value) {
  switch (value.form) {
    case sql::Form::null:
      return "NULL";
    case sql::Form::use_default:
      return "DEFAULT";
    case sql::Form::moment:
      return std::string(value.text) + "()";
    default:
      return "[" + sql::decoded(value) + "]" +
             (value.cast.empty() ? "" : "::" + std::string(value.cast));
  }
}

inline std::string show(const sql::RowsHead& head) {
  std::string out = head.is_copy ? "copy " : "insert ";
  if (head.table.schema) out += *head.table.schema + ".";
  out += head.table.name;
  if (head.has_columns) {
    out += "(";
    for (const std::string& column : head.columns) {
      out += (out.back() == '(' ? "" : ",") + column;
    }
    out += ")";
  }
  return out;
}

// All pieces of a text, one line each: "2 insert t(a,b): [x] NULL", "5-7 DDL: CREATE ...", and the
// error that ended it: "error a.sql:3:5 what happened".
inline std::vector<std::string> transcript(sql::Input& input,
                                           const sql::ReaderOptions& options = {}) {
  std::vector<std::string> lines;
  sql::DumpReader reader(input, "a.sql", options);
  try {
    for (;;) {
      const sql::Piece piece = reader.next();
      if (piece == sql::Piece::end) return lines;
      std::string line;
      if (piece == sql::Piece::row) {
        const sql::Row& row = reader.row();
        line = std::to_string(row.line) + " " + show(reader.head()) + ":";
        if (!row.unsupported.empty()) {
          line += " unsupported " + row.unsupported + " in " + std::to_string(row.unsupported_line);
        } else {
          for (const sql::Value& value : row.values) line += " " + show(value);
        }
      } else {
        const sql::Statement& statement = reader.statement();
        line = std::to_string(statement.line) + "-" + std::to_string(statement.end_line) + " " +
               sql::describe(statement.kind) + ": " + std::string(statement.text) +
               (statement.cut ? " (cut)" : "");
      }
      lines.push_back(std::move(line));
    }
  } catch (const Error& error) {
    lines.push_back("error " + error.where + " " + error.message);
  }
  return lines;
}

inline std::vector<std::string> transcript(const std::string& text,
                                           const sql::ReaderOptions& options = {}) {
  TextInput input(text);
  return transcript(input, options);
}

// For comparisons that show what differs.
inline std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

}  // namespace pgseed::test
