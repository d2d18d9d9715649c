#include "pgseed/sql/mysql_cursor.hpp"
#include "pgseed/sql/value.hpp"

namespace pgseed::sql {

void append_copy_unescaped(std::string& out, std::string_view field) {
  for (std::size_t index = 0; index < field.size(); ++index) {
    const char byte = field[index];
    if (byte != '\\' || index + 1 == field.size()) {
      out += byte;
      continue;
    }
    const char escaped = field[++index];
    switch (escaped) {
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'v':
        out += '\v';
        break;
      case '0':
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7': {
        int value = escaped - '0';
        for (int digits = 1; digits < 3 && index + 1 < field.size(); ++digits) {
          if (field[index + 1] < '0' || field[index + 1] > '7') break;
          value = value * 8 + (field[++index] - '0');
        }
        out += static_cast<char>(value & 0xFF);
        break;
      }
      case 'x': {
        int value = 0;
        int digits = 0;
        for (; digits < 2 && index + 1 < field.size(); ++digits) {
          const std::size_t digit =
              std::string_view("0123456789abcdef")
                  .find(static_cast<char>(field[index + 1] >= 'A' ? field[index + 1] | 0x20
                                                                  : field[index + 1]));
          if (digit == std::string_view::npos) break;
          value = value * 16 + static_cast<int>(digit);
          ++index;
        }
        out += digits == 0 ? 'x' : static_cast<char>(value);
        break;
      }
      default:
        out += escaped;
    }
  }
}

void append_mysql_escape(std::string& out, char escaped) {
  switch (escaped) {
    case '0':
      out += '\0';
      break;
    case 'b':
      out += '\b';
      break;
    case 'n':
      out += '\n';
      break;
    case 'r':
      out += '\r';
      break;
    case 't':
      out += '\t';
      break;
    case 'Z':
      out += '\x1A';
      break;
    case '%':
    case '_':
      out += '\\';
      [[fallthrough]];
    default:
      out += escaped;
  }
}

void append_decoded(std::string& out, const Value& value) {
  switch (value.form) {
    case Form::doubled_quotes:
      append_undoubled(out, value.text);
      break;
    case Form::copy_escapes:
      append_copy_unescaped(out, value.text);
      break;
    case Form::mysql_escapes:
      append_mysql_string(out, {value.text, '\'', true, true});
      break;
    default:
      out += value.text;
  }
}

std::string decoded(const Value& value) {
  std::string out;
  append_decoded(out, value);
  return out;
}

}  // namespace pgseed::sql
