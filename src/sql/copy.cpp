#include "pgseed/sql/copy.hpp"

#include <algorithm>

#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/sql/text_marks.hpp"

namespace pgseed::sql {
namespace {

std::string read_option_string(Cursor& cursor, const char* option) {
  skip_blanks(cursor);
  const char* const at = cursor.position;
  bool escapes = !cursor.backslash_is_data;
  if ((cursor.peek() | 0x20) == 'e' && cursor.peek(1) == '\'') {
    ++cursor.position;
    escapes = true;
  }
  if (cursor.peek() != '\'')
    throw SyntaxProblem{at, text("COPY's ", option, " wants a string"), ""};
  bool has_escapes = false;
  const std::string_view between = read_quoted(cursor, escapes, has_escapes);
  std::string value;
  if (escapes) {
    append_unescaped(value, between, at);
  } else {
    append_undoubled(value, between);
  }
  return value;
}

char read_option_byte(Cursor& cursor, const char* option) {
  skip_blanks(cursor);
  const char* const at = cursor.position;
  const std::string value = read_option_string(cursor, option);
  if (value.size() != 1) {
    throw SyntaxProblem{at, text("COPY's ", option, " must be a single one-byte character"), ""};
  }
  return value[0];
}

void read_name_list(Cursor& cursor, std::vector<std::string>& names) {
  do {
    std::string name;
    skip_blanks(cursor);
    if (!read_identifier(cursor, name)) {
      throw SyntaxProblem{cursor.position, "expected a column name", ""};
    }
    names.push_back(std::move(name));
  } while (accept(cursor, ','));
}

struct OptionState {
  CopyFormat& format;
  std::vector<std::string> force_null, force_not_null;
  bool has_delimiter = false;
  bool has_null = false;
  bool has_escape = false;
  bool readable = true;  // false: binary, another encoding, ...
  bool binary = false;
};

// HEADER [true|false|match], FREEZE [true|false]: the word in lower case, "true" when there is
// none.
std::string read_option_word(Cursor& cursor) {
  skip_blanks(cursor);
  const char byte = cursor.peek();
  if (byte == '\'' || byte == 'E' || byte == 'e') {
    return to_lower(read_option_string(cursor, "HEADER"));
  }
  if (byte == '0' || byte == '1') {
    ++cursor.position;
    return byte == '1' ? "true" : "false";
  }
  std::string word = to_lower(read_word(cursor));
  return word.empty() ? "true" : word;
}

// One option of either spelling; false if there is none here. `parenthesised`: WITH (FORMAT csv,
// ...).
bool read_option(Cursor& cursor, OptionState& state, bool parenthesised) {
  CopyFormat& format = state.format;
  if (parenthesised && accept_word(cursor, "FORMAT")) {
    std::string name;
    skip_blanks(cursor);
    if (cursor.peek() == '\'') {
      name = to_lower(read_option_string(cursor, "FORMAT"));
    } else {
      read_identifier(cursor, name);
    }
    format.csv = name == "csv";
    state.readable &= name == "csv" || name == "text";
    state.binary |= name == "binary";
  } else if (!parenthesised && accept_word(cursor, "CSV")) {
    format.csv = true;
  } else if (!parenthesised && accept_word(cursor, "BINARY")) {
    state.readable = false;
    state.binary = true;
  } else if (accept_word(cursor, "DELIMITER") ||
             (!parenthesised && accept_word(cursor, "DELIMITERS"))) {
    accept_word(cursor, "AS");
    format.delimiter = read_option_byte(cursor, "DELIMITER");
    state.has_delimiter = true;
  } else if (accept_word(cursor, "NULL")) {
    accept_word(cursor, "AS");
    format.null_marker = read_option_string(cursor, "NULL");
    state.has_null = true;
  } else if (accept_word(cursor, "HEADER")) {
    const std::string word = parenthesised ? read_option_word(cursor) : "true";
    format.header = word != "false" && word != "off" && word != "0";
    format.header_match = word == "match";
  } else if (accept_word(cursor, "QUOTE")) {
    accept_word(cursor, "AS");
    format.quote = read_option_byte(cursor, "QUOTE");
  } else if (accept_word(cursor, "ESCAPE")) {
    accept_word(cursor, "AS");
    format.escape = read_option_byte(cursor, "ESCAPE");
    state.has_escape = true;
  } else if (accept_word(cursor, "FREEZE")) {
    if (parenthesised) read_option_word(cursor);
  } else if (accept_word(cursor, "ENCODING")) {
    const std::string name = to_lower(read_option_string(cursor, "ENCODING"));
    state.readable &= name == "utf8" || name == "utf-8" || name == "unicode";
  } else if (accept_word(cursor, "FORCE_NULL")) {
    require(cursor, '(', "after FORCE_NULL");
    read_name_list(cursor, state.force_null);
    require(cursor, ')', "after FORCE_NULL");
  } else if (accept_word(cursor, "FORCE_NOT_NULL")) {
    require(cursor, '(', "after FORCE_NOT_NULL");
    read_name_list(cursor, state.force_not_null);
    require(cursor, ')', "after FORCE_NOT_NULL");
  } else if (!parenthesised && accept_word(cursor, "FORCE")) {
    const bool is_not = accept_word(cursor, "NOT");
    if (!accept_word(cursor, "NULL")) {
      throw SyntaxProblem{cursor.position, "expected NULL after COPY's FORCE", ""};
    }
    read_name_list(cursor, is_not ? state.force_not_null : state.force_null);
  } else {
    return false;
  }
  return true;
}

// Which of `columns` are named.
std::vector<bool> flags_of(std::vector<std::string> names,
                           const std::vector<std::string>& columns) {
  std::vector<bool> flags;
  if (names.empty()) return flags;
  std::sort(names.begin(), names.end());
  for (const std::string& column : columns) {
    flags.push_back(std::binary_search(names.begin(), names.end(), column));
  }
  return flags;
}

bool flagged(const std::vector<bool>& flags, std::size_t index) {
  return index < flags.size() && flags[index];
}

// --- data lines
// -----------------------------------------------------------------------------------

// Where a data line ends: the newline that no backslash escapes. The server decides on CRLF by the
// first line.
const char* find_line_end(Cursor& cursor, const char* from, bool backslash_escapes) {
  const char* newline = from;
  for (;;) {
    newline = find_byte(newline, cursor.end, '\n');
    if (newline == cursor.end) {
      if (!cursor.final) throw NeedMore{};
      throw SyntaxProblem{cursor.position, "the data of COPY ends without '\\.'",
                          "the file is cut short; dump it again"};
    }
    if (!backslash_escapes) return newline;
    const char* backslash = newline;
    while (backslash > from && backslash[-1] == '\\') --backslash;
    if ((newline - backslash) % 2 == 0) return newline;
    ++newline;
  }
}

// Decodes escapes that can spell bytes (octal, hexadecimal) now, to check what they make.
bool spells_bytes(std::string_view field) {
  for (std::size_t at = field.find('\\'); at != std::string_view::npos && at + 1 < field.size();
       at = field.find('\\', at + 2)) {
    const char next = field[at + 1];
    if ((next >= '0' && next <= '7') || next == 'x') return true;
  }
  return false;
}

void set_text_field(Value& value, std::string_view field, bool escaped, const CopyFormat& format,
                    Arena& arena) {
  value.cast = {};
  if (field == format.null_marker) {
    value.form = Form::null;
    value.text = {};
    return;
  }
  value.text = field;
  value.form = escaped ? Form::copy_escapes : Form::verbatim;
  if (escaped && spells_bytes(field)) {
    std::string& out = arena.fresh();
    append_copy_unescaped(out, field);
    if (!is_utf8(out) || out.find('\0') != std::string::npos) {
      throw SyntaxProblem{field.data(), "the escapes of a field do not make valid UTF-8 text", ""};
    }
    value.text = out;
    value.form = Form::verbatim;
  }
}

[[noreturn]] void refuse_line_end(const char* at, const char* message) {
  throw SyntaxProblem{at, message,
                      "all line ends of one COPY block must be alike; a CR or LF that is data is "
                      "written \\r or \\n, or stands inside CSV quotes"};
}

// The server takes the first line end as the kind of all others.
void note_line_end(LineEnd& known, LineEnd here, const char* at) {
  if (known == LineEnd::undecided) known = here;
  if (known == here) return;
  refuse_line_end(at, here == LineEnd::newline
                          ? "a line ends with LF where the first line of the COPY ended with CRLF"
                          : "a line ends with CRLF where the first line of the COPY ended with LF");
}

// The first carriage return in a line of text format that no backslash precedes.
const char* find_plain_return(const char* begin, const char* end) {
  const char* at = find_byte(begin, end, '\r');
  if (at == end) return end;
  for (at = begin; at < end && *at != '\r'; ++at) {
    if (*at == '\\' && end - at > 1) ++at;
  }
  return at;
}

bool is_end_marker(std::string_view line) {
  return line == "\\." || line == "\\.\r";
}

CopyLine read_text_line(Cursor& cursor, const CopyFormat& format, LineEnd& line_end, Arena& arena,
                        std::vector<Value>& values) {
  const char* const begin = cursor.position;
  const char* const newline = find_line_end(cursor, begin, true);
  if (is_end_marker({begin, static_cast<std::size_t>(newline - begin)})) {
    cursor.position = newline + 1;
    return CopyLine::end;
  }
  const char* const end = find_plain_return(begin, newline);
  if (newline - end > 1) refuse_line_end(end, "a bare carriage return in a line of COPY data");
  note_line_end(line_end, end == newline ? LineEnd::newline : LineEnd::carriage_return_newline,
                end);
  values.clear();
  const char* field = begin;
  for (;;) {
    const char* at = field;
    bool escaped = false;
    for (;;) {
      at = find_either(at, end, format.delimiter, '\\');
      if (at == end || *at == format.delimiter) break;
      escaped = true;
      if (at + 1 < end && at[1] == '.') {
        throw SyntaxProblem{at, "the end-of-copy marker '\\.' is not alone on its line", ""};
      }
      at = at + 2 > end ? end : at + 2;
    }
    values.emplace_back();
    set_text_field(values.back(), {field, static_cast<std::size_t>(at - field)}, escaped, format,
                   arena);
    if (at == end) break;
    field = at + 1;
  }
  cursor.position = newline + 1;
  return CopyLine::row;
}

// The same for a line whose fields are marked. False, and nothing done, for one that needs a closer
// look.
bool read_marked_line(Cursor& cursor, const CopyFormat& format, LineEnd& line_end,
                      std::vector<Value>& values) {
  TextMarks& marks = *cursor.marks;
  if (marks.has_returns()) return false;
  values.clear();
  const char* field = cursor.position;
  for (;;) {
    const char* const at = marks.next(field, cursor.end);
    if (at == cursor.end) {
      if (!cursor.final) throw NeedMore{};
      return false;
    }
    if (*at != '\t' && *at != '\n') return false;
    Value& value = values.emplace_back();
    const std::string_view written(field, static_cast<std::size_t>(at - field));
    if (written == format.null_marker) {
      value.form = Form::null;
    } else {
      value.text = written;
      value.form = marks.has_backslash(field, at) ? Form::copy_escapes : Form::verbatim;
    }
    field = at + 1;
    if (*at == '\n') break;
  }
  if (marks.has_returns() || line_end == LineEnd::carriage_return_newline) return false;
  line_end = LineEnd::newline;
  cursor.position = field;
  return true;
}

CopyLine read_csv_line(Cursor& cursor, const CopyFormat& format, LineEnd& line_end, Arena& arena,
                       std::vector<Value>& values) {
  const char* const begin = cursor.position;
  if (cursor.at_end() || (*begin == '\\' && cursor.peek(1) == '.')) {
    const char* const newline = find_line_end(cursor, begin, false);
    if (is_end_marker({begin, static_cast<std::size_t>(newline - begin)})) {
      cursor.position = newline + 1;
      return CopyLine::end;
    }
  }
  values.clear();
  const auto need_byte = [&] {
    if (!cursor.at_end()) return;
    throw SyntaxProblem{begin, "the data of COPY ends without '\\.'",
                        "the file is cut short, or a CSV quote is never closed"};
  };
  for (;;) {
    // One field: stretches in quotes and out of them, in any order.
    const char* const first = cursor.position;
    std::string* built = nullptr;
    std::string_view whole;
    bool quoted = false;
    bool ends_row = false;
    const auto append = [&](const char* from, const char* to) {
      if (built == nullptr) built = &arena.fresh();
      built->append(from, to);
    };
    need_byte();
    if (*first == format.quote) {
      // The common case: "..." as a whole, without escapes inside, is a view.
      quoted = true;
      const char* stretch = ++cursor.position;
      for (;;) {
        cursor.position = find_either(cursor.position, cursor.end, format.quote, format.escape);
        need_byte();
        const char byte = *cursor.position;
        if (byte == format.escape) {
          const char next = cursor.peek(1);
          if (next == format.escape || next == format.quote) {
            append(stretch, cursor.position);
            built->push_back(next);
            stretch = cursor.position += 2;
            continue;
          }
          if (format.escape != format.quote) {
            ++cursor.position;
            continue;
          }
        }
        break;  // the closing quote
      }
      if (built == nullptr) {
        whole = {stretch, static_cast<std::size_t>(cursor.position - stretch)};
      } else {
        append(stretch, cursor.position);
      }
      ++cursor.position;
    }
    const char* stretch = cursor.position;
    for (;;) {
      need_byte();
      const char byte = *cursor.position;
      if (byte == format.delimiter) break;
      if (byte == '\n' || byte == '\r') {
        const bool pair = byte == '\r' && cursor.peek(1) == '\n';
        if (byte == '\r' && !pair) {
          refuse_line_end(cursor.position, "a bare carriage return outside the quotes of CSV");
        }
        note_line_end(line_end, pair ? LineEnd::carriage_return_newline : LineEnd::newline,
                      cursor.position);
        ends_row = true;
        break;
      }
      if (byte == format.quote) {
        // A quoted stretch in the middle of a field.
        if (built == nullptr) {
          built = &arena.fresh();
          built->append(whole);
        }
        built->append(stretch, cursor.position);
        quoted = true;
        for (++cursor.position;; ++cursor.position) {
          need_byte();
          const char inner = *cursor.position;
          if (inner == format.escape &&
              (cursor.peek(1) == format.escape || cursor.peek(1) == format.quote)) {
            built->push_back(*++cursor.position);
          } else if (inner == format.quote) {
            break;
          } else {
            built->push_back(inner);
          }
        }
        stretch = ++cursor.position;
        continue;
      }
      ++cursor.position;
    }
    const std::string_view rest(stretch, static_cast<std::size_t>(cursor.position - stretch));
    std::string_view field = whole;
    if (built != nullptr) {
      built->append(rest);
      field = *built;
    } else if (!quoted) {
      field = rest;
    } else if (!rest.empty()) {
      built = &arena.fresh();
      built->append(whole);
      built->append(rest);
      field = *built;
    }
    Value& value = values.emplace_back();
    value.text = field;
    const std::size_t index = values.size() - 1;
    const bool may_be_null =
        quoted ? flagged(format.force_null, index) : !flagged(format.force_not_null, index);
    value.form = may_be_null && field == format.null_marker ? Form::null : Form::verbatim;
    if (ends_row) {
      if (*cursor.position == '\r') ++cursor.position;
      ++cursor.position;
      return CopyLine::row;
    }
    ++cursor.position;  // the delimiter
  }
}

}  // namespace

bool read_copy_head(Cursor& cursor, CopyHead& head) {
  const bool leading_binary = accept_word(cursor, "BINARY");
  skip_blanks(cursor);
  if (cursor.peek() == '(') return false;
  head = {};
  head.table = read_qualified_name(cursor);
  if (accept(cursor, '(')) {
    read_name_list(cursor, head.columns);
    require(cursor, ')', "after the columns of COPY");
    head.has_columns = true;
  }
  if (!accept_word(cursor, "FROM") || !accept_word(cursor, "STDIN")) return false;
  head.lines_follow = true;
  OptionState state{head.format, {}, {}};
  accept_word(cursor, "WITH");
  if (accept(cursor, '(')) {
    do {
      if (!read_option(cursor, state, true)) return false;
    } while (accept(cursor, ','));
    require(cursor, ')', "after the options of COPY");
  } else {
    while (read_option(cursor, state, false)) accept(cursor, ',');
  }
  if (leading_binary || state.binary) head.lines_follow = false;
  if (leading_binary || !state.readable || !accept(cursor, ';')) return false;
  // Which columns are meant cannot be told without their list.
  const bool forces = !state.force_null.empty() || !state.force_not_null.empty();
  if (forces && !head.has_columns) return false;
  CopyFormat& format = head.format;
  if (format.csv) {
    if (!state.has_delimiter) format.delimiter = ',';
    if (!state.has_null) format.null_marker.clear();
    if (!state.has_escape) format.escape = format.quote;
    format.force_null = flags_of(state.force_null, head.columns);
    format.force_not_null = flags_of(state.force_not_null, head.columns);
  }
  return true;
}

CopyLine read_copy_line(Cursor& cursor, const CopyFormat& format, LineEnd& line_end, Arena& arena,
                        std::vector<Value>& values) {
  if (format.csv) return read_csv_line(cursor, format, line_end, arena, values);
  const bool marked = cursor.marks != nullptr && cursor.marks->marked() == Marked::copy_fields;
  if (marked && read_marked_line(cursor, format, line_end, values)) return CopyLine::row;
  return read_text_line(cursor, format, line_end, arena, values);
}

}  // namespace pgseed::sql
