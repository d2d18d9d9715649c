// The escaping writer against a plain one, byte by byte, at every alignment, and read back.
#include "pgseed/json/writer.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <random>
#include <string>
#include <type_traits>

#include "pgseed/json/reader.hpp"
#include "pgseed/sql/value.hpp"
#include "support/random.hpp"

using namespace pgseed;
using namespace pgseed::json;

namespace {

// RFC 8259, section 7, one byte at a time.
std::string escaped(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (byte < 0x20) {
          char digits[8];
          std::snprintf(digits, sizeof digits, "\\u%04x", byte);
          out += digits;
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

std::string undoubled(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    out += text[at];
    if (text[at] == '\'') ++at;
  }
  return out;
}

// Without \NNN and \xHH, which the COPY reader turns into bytes before the writer sees them.
std::string copy_unescaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      out += text[at];
      continue;
    }
    const std::string_view letters = "bfnrtv";
    const auto letter = letters.find(text[++at]);
    out += letter == std::string_view::npos ? text[at] : "\b\f\n\r\t\v"[letter];
  }
  return out;
}

template <class Append>
std::string written(Append append, std::string_view text) {
  Buffer out;
  if constexpr (std::is_invocable_v<Append, Buffer&, std::string_view>) {
    append(out, text);
    return std::string(out.view());
  } else {
    // What goes in front of a string, of any length, changes nothing of it.
    const std::string before(text.size() % 40, '#');
    append(out, text, before);
    CHECK(out.view().substr(0, before.size()) == before);
    return std::string(out.view().substr(before.size()));
  }
}

// Decoded by simdjson; UTF-8 only.
std::string read_back(const std::string& string) {
  const auto array = try_read_array("[" + string + "]");
  REQUIRE(array.has_value());
  REQUIRE(array->size() == 1);
  return *array->front().value;
}

}  // namespace

TEST_CASE("json writer: every byte is written as the grammar wants it") {
  for (int byte = 0; byte < 256; ++byte) {
    CAPTURE(byte);
    const std::string one(1, static_cast<char>(byte));
    CHECK(written(append_string, one) == escaped(one));
    if (byte < 0x80) CHECK(read_back(written(append_string, one)) == one);
    if (byte != '\'') CHECK(written(append_sql_string, one) == escaped(one));
    if (byte != '\\') CHECK(written(append_copy_string, one) == escaped(one));
  }
}

TEST_CASE("json writer: every byte at every place of texts up to four vectors long") {
  // The source begins at every alignment, too.
  std::string room(200, 'x');
  for (std::size_t length = 1; length <= 66; ++length) {
    for (std::size_t place = 0; place < length; ++place) {
      const std::size_t offset = (length + place) % 16;
      char* const text = room.data() + offset;
      for (const char byte : {'"', '\\', '\n', '\x1f', '\0', '\'', '\x7f', '\xff', ' '}) {
        text[place] = byte;
        const std::string_view view(text, length);
        REQUIRE(written(append_string, view) == escaped(view));
        text[place] = 'x';
      }
    }
  }
}

TEST_CASE("json writer: doubled quotes become single ones, wherever they stand") {
  for (std::size_t length = 0; length <= 40; ++length) {
    for (std::size_t place = 0; place <= length; ++place) {
      for (const char* pair : {"''", "''''", "''\"", "''\\", "\n''"}) {
        std::string text(length, 'y');
        text.insert(place, pair);
        const std::string out = written(append_sql_string, text);
        REQUIRE(out == escaped(undoubled(text)));
        REQUIRE(read_back(out) == undoubled(text));
      }
    }
  }
}

TEST_CASE("json writer: COPY escapes stand for their bytes, wherever they stand") {
  const std::string letters = "bfnrtv\\.NaX'\"/ ";
  for (std::size_t length = 0; length <= 34; ++length) {
    for (std::size_t place = 0; place <= length; ++place) {
      for (const char letter : letters) {
        std::string text(length, 'z');
        text.insert(place, {'\\', letter});
        const std::string out = written(append_copy_string, text);
        REQUIRE(out == escaped(copy_unescaped(text)));
        sql::Value value;
        value.form = sql::Form::copy_escapes;
        value.text = text;
        REQUIRE(read_back(out) == sql::decoded(value));
      }
    }
  }
  CHECK(written(append_copy_string, "a\\") == "\"a\\\\\"");
}

TEST_CASE("json writer: what comes before in the buffer stays, and many appends do not disturb") {
  Buffer out;
  std::string expected;
  for (int n = 0; n < 3000; ++n) {
    const std::string text(static_cast<std::size_t>(n % 37), n % 5 == 0 ? '"' : 'a');
    append_string(out, text);
    out.append(',');
    expected += escaped(text) + ',';
  }
  CHECK(out.view() == expected);
  out.truncate(3);
  CHECK(out.view() == expected.substr(0, 3));
  out.clear();
  CHECK(out.empty());
}

TEST_CASE("json writer: texts of nothing but escapes find room") {
  for (const std::size_t length : {1u, 100u, 5000u, 100'000u}) {
    for (const char byte : {'\x01', '"', '\n'}) {
      const std::string text(length, byte);
      REQUIRE(written(append_string, text) == escaped(text));
    }
    const std::string quotes(2 * length, '\'');
    REQUIRE(written(append_sql_string, quotes) == escaped(std::string(length, '\'')));
  }
}

TEST_CASE("json writer: random texts are written as by the plain writer, and read back") {
  const std::uint64_t seed = test::test_seed();
  MESSAGE("PGSEED_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  const std::string pieces[] = {"'",
                                "''",
                                "\\",
                                "\\n",
                                "\"",
                                "\n",
                                "\t",
                                std::string(1, '\0'),
                                "é",
                                "⊢",
                                "😀",
                                "abc",
                                "\x1f",
                                "\x7f",
                                "plain text that is longer"};
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (auto count = random() % 30; count > 0; --count) {
      text += pieces[random() % std::size(pieces)];
    }
    CAPTURE(text);
    const std::string out = written(append_string, text);
    REQUIRE(out == escaped(text));
    REQUIRE(read_back(out) == text);
    REQUIRE(written(append_copy_string, text) == escaped(copy_unescaped(text)));
    std::string sql;
    for (const char c : text) sql += c == '\'' ? std::string("''") : std::string(1, c);
    REQUIRE(written(append_sql_string, sql) == escaped(text));
  }
}
