#include "support/random_text.hpp"

namespace pgseed::test {
namespace {

const std::vector<std::string>& pieces() {
  static const std::vector<std::string> all = {
      "a",
      "b",
      "Z",
      " ",
      "  ",
      "'",
      "''",
      "\"",
      "\"\"",
      "`",
      "\\",
      "\\\\",
      "\\n",
      "\\r",
      "\\012",
      "\\'",
      "\\\"",
      "\\%",
      "\\_",
      "%",
      "_",
      "\n",
      "\r",
      "\r\n",
      "\n\n",
      "\t",
      "\b",
      "\f",
      "\v",
      "\x01",
      "\x1A",
      "\x1F",
      "\x7F",
      ");",
      "),(",
      "--",
      "-- ",
      "\n--\n",
      "#",
      "# ",
      "/*",
      "*/",
      "/*!",
      "/*!50003 x */",
      "$$",
      "$a$",
      "$",
      "//",
      ";",
      ";\n",
      ",",
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      "||",
      ":x",
      "?",
      "@",
      "0",
      "-1",
      "1e5",
      "0x41",
      "x'41'",
      "E'",
      "NULL",
      "null",
      "\\N",
      "\\.",
      "\n\\.\n",
      "\\u000a",
      "(\\n0)",
      "replace(",
      "char(10)",
      "DELIMITER $$",
      "delimiter",
      "INSERT INTO t VALUES (1);",
      "COPY t FROM stdin;\n",
      "\\frac{1}{2}",
      "\xC3\xA9",                                           // é
      "e\xCC\x81",                                          // the same in two characters
      "\xE2\x88\x80",                                       // for all
      "\xE2\x80\xA8",                                       // U+2028
      "\xEF\xBB\xBF",                                       // a byte order mark
      "\xEF\xBF\xBD",                                       // U+FFFD
      "\xEF\xBF\xBF",                                       // U+FFFF
      "\xD7\xA9\xD7\x9C",                                   // right to left
      "\xE6\xBC\xA2\xE5\xAD\x97",                           // han
      "\xF0\x9F\x98\x80",                                   // an emoji
      "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",       // three that are one
      "\xF4\x8F\xBF\xBF",                                   // U+10FFFF
      "The quick brown fox jumps over the lazy dog. ",      // longer than a register
      "SELECT 'it''s', \"x\" FROM `t` WHERE a = $1 -- ;\n"  //
  };
  return all;
}

std::size_t random_count(Random& random) {
  if (random.one_in(8)) return 0;
  return 1 + random.below(random.one_in(30) ? 200 : 7);
}

}  // namespace

std::string hex(std::string_view bytes) {
  std::string digits;
  for (const char byte : bytes) {
    digits += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
    digits += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15];
  }
  return digits;
}

std::string doubled(std::string_view text, char quote) {
  std::string out;
  for (const char byte : text) {
    if (byte == quote) out += quote;
    out += byte;
  }
  return out;
}

std::string in_quotes(std::string_view text, char quote) {
  return quote + doubled(text, quote) + quote;
}

std::vector<std::uint32_t> code_points(std::string_view text) {
  std::vector<std::uint32_t> out;
  for (const char byte : text) {
    const auto bits = static_cast<unsigned char>(byte);
    if ((bits & 0xC0) == 0x80) {
      out.back() = out.back() << 6 | (bits & 63);
    } else {
      out.push_back(bits < 0x80   ? bits
                    : bits < 0xE0 ? bits & 31
                    : bits < 0xF0 ? bits & 15
                                  : bits & 7);
    }
  }
  return out;
}

std::string random_string(Random& random) {
  std::string out;
  for (std::size_t left = random_count(random); left > 0; --left) out += random.pick(pieces());
  return out;
}

std::string random_bytes(Random& random) {
  std::string out;
  for (std::size_t left = random_count(random); left > 0; --left) {
    if (random.one_in(2)) {
      out += random.pick(pieces());
    } else {
      out += random.one_in(3) ? '\0' : static_cast<char>(random.below(256));
    }
  }
  return out;
}

std::string random_name(Random& random, const std::string& stem, const NameRules& rules) {
  static const std::vector<std::string> kPieces = {"A",
                                                   "b",
                                                   "_",
                                                   "1",
                                                   " ",
                                                   "\"",
                                                   "'",
                                                   "`",
                                                   "[",
                                                   "]",
                                                   ".",
                                                   ",",
                                                   ";",
                                                   ":",
                                                   "--",
                                                   "/*",
                                                   "*/",
                                                   "#",
                                                   "(",
                                                   ")",
                                                   "\\",
                                                   "/",
                                                   "?",
                                                   "&",
                                                   "=",
                                                   "%",
                                                   "+",
                                                   "*",
                                                   "!",
                                                   "$$",
                                                   "@",
                                                   "{",
                                                   "::cast",
                                                   "select",
                                                   "Order",
                                                   "->>x",
                                                   "\\n",
                                                   "%41",
                                                   "é",
                                                   "\xC3\x89",
                                                   "\xE2\x88\x80",
                                                   "\xE6\xBC\xA2",
                                                   "e\xCC\x81",
                                                   "values",
                                                   "insert",
                                                   "id"};
  if (random.one_in(4)) return stem;
  std::string name = stem;
  const bool longest = random.one_in(5);
  for (std::size_t left = 1 + random.below(5); left > 0 || longest; left -= left > 0 ? 1 : 0) {
    std::string piece = random.pick(kPieces);
    if (rules.control && random.one_in(12)) piece = random.pick(std::string("\n\t\r"));
    if (rules.any_plane && random.one_in(12)) piece = "\xF0\x9F\x98\x80";
    if (name.size() + piece.size() > rules.longest) break;
    name += piece;
  }
  if (longest) name.append(rules.longest - name.size(), 'x');
  if (static_cast<unsigned char>(name.back()) <= ' ') name.back() = '_';
  return name;
}

std::string random_digits(Random& random, std::size_t digits) {
  std::string out = random.one_in(2) ? "-" : "";
  out += static_cast<char>('1' + random.below(9));
  for (std::size_t left = random.below(digits); left > 0; --left) {
    out += static_cast<char>('0' + random.below(10));
  }
  return out;
}

}  // namespace pgseed::test
