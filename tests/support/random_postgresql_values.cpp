#include "support/random_postgresql_values.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include "support/random_text.hpp"

namespace pgseed::test {
namespace {

using Texts = std::vector<std::string>;

std::string code_digits(std::uint32_t code, std::size_t digits) {
  std::string out;
  while (out.size() < digits) {
    out.insert(out.begin(), "0123456789abcdef"[code & 15]);
    code >>= 4;
  }
  return out;
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  out += static_cast<char>((0xF0U << (3 - more) & 0xFF) | code >> (6 * more));
  for (int left = more - 1; left >= 0; --left) {
    out += static_cast<char>(0x80 | (code >> (6 * left) & 63));
  }
}

bool is_digits(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char byte) { return byte >= '0' && byte <= '9'; });
}

// Between characters.
std::size_t random_cut(Random& random, const std::string& text) {
  std::size_t at = random.below(text.size() + 1);
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  return at;
}

// A type that a cast may name without changing the value.
bool is_free_of_length(const std::string& type) {
  return type.find('(') == std::string::npos && type != "\"char\"" && type != "name";
}

}  // namespace

std::string PgSpelling::gap() {
  static const Texts kGaps = {" ",      " ",          " ",        " ",        "\n",
                              "\t",     "\r\n",       "  ",       "\f",       "  ",
                              "/**/",   "\n\n",       "/* ');*/", "-- ');\n", "/* /* ' */ \" $$ */",
                              " --\n ", "--\r\n--\n", "/*/**/*/", " -- \\.\n"};
  return random_.pick(kGaps);
}

std::string PgSpelling::maybe() {
  return random_.one_in(4) ? gap() : "";
}

std::string PgSpelling::word(std::string upper_case) {
  const std::size_t way = random_.below(3);
  for (char& byte : upper_case) {
    const bool lower = way == 1 || (way == 2 && random_.one_in(2));
    if (lower) byte = static_cast<char>(std::tolower(byte));
  }
  return upper_case;
}

std::string PgSpelling::name(const std::string& name) {
  const bool is_plain = std::all_of(name.begin(), name.end(), [](char byte) {
    return byte == '_' || (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
  });
  // Those with a digit begin with a stem, which is no word of SQL.
  const bool has_stem = name.size() > 1 && name[1] >= '0' && name[1] <= '9';
  if (is_plain && has_stem && random_.one_in(2)) return word(name);
  if (backslash_is_data && random_.one_in(8)) return unicode(name, '"');
  return in_quotes(name);
}

std::string PgSpelling::plain(const std::string& value) {
  std::string out = "'";
  for (const char byte : value) {
    if (byte == '\'') {
      out += backslash_is_data || random_.one_in(2) ? "''" : "\\'";
    } else if (byte == '\\' && !backslash_is_data) {
      out += "\\\\";
    } else {
      out += byte;
    }
  }
  return out + "'";
}

std::string PgSpelling::escaped(const std::string& value) {
  std::string out = random_.one_in(2) ? "E'" : "e'";
  for (const std::uint32_t code : code_points(value)) {
    std::string raw;
    append_utf8(raw, code);
    switch (random_.below(6)) {
      case 0:
        if (code >= 0x10000) {
          out += "\\u" + code_digits(0xD800 + ((code - 0x10000) >> 10), 4) + "\\u" +
                 code_digits(0xDC00 + ((code - 0x10000) & 0x3FF), 4);
        } else {
          out += "\\u" + code_digits(code, 4);
        }
        break;
      case 1:
        out += "\\U" + code_digits(code, 8);
        break;
      case 2:
        for (const char byte : raw) out += "\\x" + hex(std::string(1, byte));
        break;
      case 3:
        for (const char byte : raw) {
          const auto bits = static_cast<unsigned char>(byte);
          out += '\\';
          for (const int shift : {6, 3, 0}) out += static_cast<char>('0' + (bits >> shift & 7));
        }
        break;
      default:
        if (code == '\\') {
          out += "\\\\";
        } else if (code == '\'') {
          out += random_.one_in(2) ? "''" : "\\'";
        } else if (code == '\n' && random_.one_in(2)) {
          out += "\\n";
        } else if (code == '\t' && random_.one_in(2)) {
          out += "\\t";
        } else if (code == 'Z' && random_.one_in(2)) {
          out += "\\Z";  // stands for itself
        } else {
          out += raw;
        }
    }
  }
  return out + "'";
}

std::string PgSpelling::unicode(const std::string& value, char quote) {
  const char escape = random_.pick(std::string("\\\\!#"));
  std::string out = (random_.one_in(2) ? "U&" : "u&") + std::string(1, quote);
  for (const std::uint32_t code : code_points(value)) {
    if (code == static_cast<unsigned char>(escape) && random_.one_in(2)) {
      out += std::string(2, escape);
    } else if (code == static_cast<unsigned char>(escape) || random_.one_in(4)) {
      out += escape;
      const bool is_long = code >= 0x10000 || random_.one_in(2);
      out += is_long ? "+" + code_digits(code, 6) : code_digits(code, 4);
    } else {
      if (code == static_cast<unsigned char>(quote)) out += quote;
      append_utf8(out, code);
    }
  }
  out += quote;
  if (escape == '\\') return out;
  return out + gap() + word("UESCAPE") + gap() + "'" + escape + "'";
}

std::string PgSpelling::string(const std::string& value) {
  switch (random_.below(12)) {
    case 0:
    case 1:
      return escaped(value);
    case 2: {
      static const Texts kTags = {"$$", "$a$", "$x_1$", "$\xC3\xA9$", "$longer$"};
      for (const std::string& tag : kTags) {
        // Neither the tag nor the beginning of one may stand at the end.
        if ((value + tag).find(tag) == value.size()) return tag + value + tag;
      }
      break;
    }
    case 3: {
      const std::size_t middle = random_cut(random_, value);
      static const Texts kBreaks = {"\n", " \n ", " -- '\n\t", "\r\n", "\n-- x\n"};
      return plain(value.substr(0, middle)) + random_.pick(kBreaks) + plain(value.substr(middle));
    }
    case 4:
      if (backslash_is_data) return unicode(value, '\'');
      break;
    default:
      break;
  }
  return plain(value);
}

std::string PgSpelling::number(const std::string& value) {
  std::string digits = value;
  std::string sign;
  if (digits[0] == '-') {
    sign = "-";
    digits.erase(0, 1);
  }
  switch (random_.below(8)) {
    case 0:
      return sign.empty() ? "+" + digits : sign + digits;
    case 1:
      return sign + "00" + digits;
    case 2:
      if (is_digits(digits)) return sign + digits + ".";
      break;
    case 3:
      if (is_digits(digits)) return sign + digits + random_.pick(Texts{"e0", ".0", ".4", ".50"});
      break;
    case 4:
      return sign + (sign.empty() ? "" : " ") + digits;
    default:
      break;
  }
  return sign + digits;
}

std::string PgSpelling::bits(const std::string& value) {
  if (value.size() % 4 != 0 || random_.one_in(2)) {
    return std::string(random_.one_in(2) ? "B'" : "b'") + value + "'";
  }
  std::string out = random_.one_in(2) ? "X'" : "x'";
  for (std::size_t at = 0; at < value.size(); at += 4) {
    out += "0123456789aBcDeF"[std::stoi(value.substr(at, 4), nullptr, 2)];
  }
  return out + "'";
}

// ARRAY[...] of what '{...}' holds, for flat arrays of plain elements.
std::string PgSpelling::array(const PgType& type, const std::string& value) {
  if (type.kind != PgKind::integers || value[0] != '{' || value.size() < 3 || value[1] == '{') {
    return string(value);
  }
  std::string out = word("ARRAY") + maybe() + "[";
  for (std::size_t at = 1; at < value.size();) {
    const std::size_t end = value.find_first_of(",}", at);
    out += maybe() + value.substr(at, end - at) + maybe();
    if (value[end] == ',') out += ',';
    at = end + 1;
  }
  out += "]";
  // Of NULLs alone it is an array of text.
  return value.find_first_of("0123456789") == std::string::npos || random_.one_in(3)
             ? out + "::int[]"
             : out;
}

std::string PgSpelling::null(const PgType& type) {
  switch (random_.below(6)) {
    case 0:
      return "(" + word("NULL") + ")";
    case 1:
      if (is_free_of_length(type.type)) return word("NULL") + maybe() + "::" + type.type;
      break;
    default:
      break;
  }
  return word("NULL");
}

std::string PgSpelling::literal(const PgType& type, const std::string& value) {
  const bool is_number = (type.kind == PgKind::number || type.kind == PgKind::integer) &&
                         value.find_first_of("INy") == std::string::npos;
  if (is_number && !random_.one_in(4)) return number(value);
  if (type.kind == PgKind::bits && !random_.one_in(4)) return bits(value);
  if (type.kind == PgKind::boolean && random_.one_in(2)) {
    return word(value[0] == 't' || value[0] == 'y' || value == "on" || value == "1" ? "TRUE"
                                                                                    : "FALSE");
  }
  if (type.kind == PgKind::text && random_.one_in(30)) {
    return random_.pick(Texts{"007", "1e2", ".5", "-0.0", "TRUE", "false", "1.50", "B'101'"});
  }
  if (type.kind == PgKind::integers && random_.one_in(2)) return array(type, value);
  switch (random_.below(14)) {
    case 0:
      return "(" + maybe() + string(value) + maybe() + ")";
    case 1:
      if (is_free_of_length(type.type)) {
        return string(value) + maybe() + "::" + maybe() + type.type;
      }
      break;
    case 2:
      if (is_free_of_length(type.type)) {
        return word("CAST") + maybe() + "(" + maybe() + string(value) + gap() + word("AS") + gap() +
               type.type + maybe() + ")";
      }
      break;
    case 3:
      if (type.kind == PgKind::text) return (random_.one_in(2) ? "N" : "n") + plain(value);
      break;
    default:
      break;
  }
  return string(value);
}

}  // namespace pgseed::test
