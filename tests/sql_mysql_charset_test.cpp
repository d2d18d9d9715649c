// MySQL's character sets, code by code: what a dump in one of them holds arrives as the characters
// that the server itself reads, or is refused. The server is a real one.
#include <doctest/doctest.h>

#include <cstddef>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/io/charset.hpp"
#include "pgseed/sql/mysql_setting.hpp"
#include "support/local_mariadb.hpp"

using namespace pgseed;

namespace {

std::string hex(const std::string& bytes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string digits;
  for (const char byte : bytes) {
    digits += kDigits[static_cast<unsigned char>(byte) >> 4];
    digits += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  return digits;
}

std::string bytes_of(const std::string& digits) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(at, 2), nullptr, 16));
  }
  return bytes;
}

bool is_wide(const std::string& charset) {
  for (const char* const wide :
       {"sjis", "cp932", "ujis", "eucjpms", "euckr", "gbk", "gb2312", "big5"}) {
    if (charset == wide) return true;
  }
  return false;
}

std::vector<std::string> codes_of(const std::string& charset) {
  std::vector<std::string> codes;
  const auto add = [&](std::initializer_list<int> code) {
    std::string& bytes = codes.emplace_back();
    for (const int byte : code) bytes += static_cast<char>(byte);
  };
  for (int first = 1; first < 256; ++first) add({first});
  if (!is_wide(charset)) return codes;
  for (int first = 0x81; first < 0xFF; ++first) {
    for (int second = 0x30; second < 0xFF; ++second) add({first, second});
  }
  if (charset != "ujis" && charset != "eucjpms") return codes;
  for (int second = 0xA1; second < 0xFF; ++second) {
    for (int third = 0xA1; third < 0xFF; ++third) add({0x8F, second, third});
  }
  return codes;
}

// "code character" in hex, a line each, of the codes that are one character to the server.
std::string read_by_server(const test::LocalMariadb& server, const std::string& charset) {
  std::string sql =
      "drop database if exists cs; create database cs; use cs;"
      "create table x (b varbinary(4));";
  std::size_t count = 0;
  for (const std::string& code : codes_of(charset)) {
    sql += (count++ % 2000 == 0 ? ";insert into x values (0x" : ",(0x") + hex(code) + ")";
  }
  const std::string text = "convert(convert(b using " + charset + ") using utf8mb4)";
  sql += ";select hex(b), hex(" + text + ") from x where char_length(convert(b using " + charset +
         ")) = 1 and (" + text + " <> '?' or b = '?')";
  return server.must(sql);
}

// Nothing: refused.
std::optional<std::string> converted(const std::string& encoding, const std::string& bytes) {
  std::string out;
  try {
    io::Charset charset(encoding);
    if (charset.convert(bytes, out) != bytes.size()) return {};
  } catch (const Error&) {
    return {};
  }
  return out;
}

}  // namespace

TEST_CASE("sql mysql charset: a backslash in sjis became another character in silence") {
  CHECK(sql::mysql_encoding("sjis") == "MySQL's sjis");
  const std::string sjis = sql::mysql_encoding("sjis");
  CHECK(converted(sjis, "a\x82\xA0\x81\x60z") == "a\u3042\u301Cz");
  CHECK(converted(sjis, "\\") == "\\");
  CHECK(!converted(sjis, "\x81\x5F"));
  CHECK(converted(sql::mysql_encoding("cp932"), "\x81\x5F") == "\uFF3C");
  CHECK(converted(sql::mysql_encoding("euckr"), "\x81\x41") == "\uAC02");
  CHECK(converted(sql::mysql_encoding("koi8u"), "\x95") == "\u2022");
  CHECK(!converted(sql::mysql_encoding("big5"), "\xC6\xE7"));
  CHECK(converted(sql::mysql_encoding("big5"), "\xA4\xA4") == "\u4E2D");
  io::Charset charset(sjis);
  std::string out;
  try {
    charset.convert("ab\x81\x5F", out);
    FAIL("a backslash that would not be one came through");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    CHECK(error.message ==
          "bytes that MySQL's sjis reads otherwise than iconv, which takes them for \uFF3C");
    CHECK(error.hint == "dump it again as UTF-8: --default-character-set=utf8mb4");
  }
  CHECK(out == "ab");
}

TEST_CASE("sql mysql charset: no code of any character set changes on its way") {
  if (!test::LocalMariadb::is_installed()) return;
  const test::LocalMariadb server;
  for (const std::string charset :
       {"latin1", "latin2", "latin5", "latin7",  "cp850", "cp852",  "cp866",    "cp1250", "cp1251",
        "cp1256", "cp1257", "koi8r",  "koi8u",   "greek", "hebrew", "armscii8", "macce",  "tis620",
        "sjis",   "cp932",  "ujis",   "eucjpms", "euckr", "gbk",    "gb2312",   "big5"}) {
    CAPTURE(charset);
    const std::string encoding = sql::mysql_encoding(charset);
    std::istringstream lines(read_by_server(server, charset));
    std::size_t right = 0, refused = 0;
    std::string wrong;
    for (std::string code, character; lines >> code >> character;) {
      const auto got = converted(encoding, bytes_of(code));
      if (!got) {
        ++refused;
      } else if (hex(*got) == character) {
        ++right;
      } else if (character != "EFBFBD") {  // what the server itself has no character for
        wrong += code + " " + character + " " + hex(*got) + "\n";
      }
    }
    CHECK(wrong.empty());
    CHECK(right >= 200);
    // ujis: codes of the user's own, for which there is no one character.
    CHECK(refused <= (charset == "ujis" ? 2000 : charset == "big5" ? 260 : 60));
  }
}
