#include "pgseed/base/utf8.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace pgseed;

namespace {

constexpr std::size_t kNone = std::string_view::npos;

std::string encode(unsigned code) {
  std::string out;
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 63));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 63));
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  }
  return out;
}

}  // namespace

TEST_CASE("utf8: every code point at the borders of the encoding is told valid or not") {
  const struct {
    unsigned code;
    bool valid;
  } cases[] = {{0, true},       {0x7F, true},     {0x80, true},     {0x7FF, true},
               {0x800, true},   {0xD7FF, true},   {0xD800, false},  {0xDBFF, false},
               {0xDC00, false}, {0xDFFF, false},  {0xE000, true},   {0xFFFF, true},
               {0x10000, true}, {0x10FFFF, true}, {0x110000, false}};
  for (const auto& [code, valid] : cases) {
    CAPTURE(code);
    const std::string text = "ab" + encode(code) + "cd";
    CHECK(is_utf8(text) == valid);
    CHECK(find_invalid_utf8(text) == (valid ? kNone : 2));
  }
}

TEST_CASE("utf8: the first invalid byte is found where its character begins") {
  const struct {
    std::string bytes;
    std::size_t at;
  } cases[] = {
      {"", kNone},
      {"plain", kNone},
      {"gr\xC3\xBC\xC3\x9F", kNone},
      {std::string("a\0b", 3), kNone},
      {"\x80", 0},                      // a lone continuation
      {"ab\xC0\xAF", 2},                // overlong '/'
      {"ab\xC1\xBF", 2},                // overlong
      {"ab\xE0\x80\xAF", 2},            // overlong in three bytes
      {"ab\xF0\x80\x80\xAF", 2},        // overlong in four bytes
      {"ab\xED\xA0\x80", 2},            // a surrogate
      {"ab\xF4\x90\x80\x80", 2},        // past U+10FFFF
      {"ab\xF5", 2},                    //
      {"ab\xFF", 2},                    //
      {"ab\xC3", 2},                    // cut short
      {"ab\xE2\x88", 2},                //
      {"ab\xF0\x9F\x98", 2},            //
      {"\xE2\x88\x80\xE2\x88", 3},      //
      {"\xC3\xBC\xE9 caf\xC3\xA9", 2},  // Latin-1 among UTF-8
      {std::string(200, 'x') + "\xE9", 200},
  };
  for (const auto& [bytes, at] : cases) {
    CAPTURE(bytes);
    CHECK(find_invalid_utf8(bytes) == at);
    CHECK(is_utf8(bytes) == (at == kNone));
  }
}

TEST_CASE("utf8: a tail is incomplete only if more bytes can still make it a character") {
  const struct {
    std::string bytes;
    std::size_t tail;
  } cases[] = {
      {"", 0},
      {"a", 0},
      {"a\xC3", 1},
      {"a\xC3\xA9", 0},
      {"a\xE2", 1},
      {"a\xE2\x88", 2},
      {"a\xE2\x88\x80", 0},
      {"a\xF0", 1},
      {"a\xF0\x9F", 2},
      {"a\xF0\x9F\x98", 3},
      {"a\xF0\x9F\x98\x80", 0},
      {"\x80\x80\x80", 0},   // no first byte in sight
      {"a\x80", 0},          //
      {"a\xC0", 0},          // no character begins so
      {"a\xF5\x80", 0},      //
      {"a\xE0\x80", 0},      // overlong whatever comes
      {"a\xE0\xA0", 2},      //
      {"a\xED\xA0", 0},      // a surrogate whatever comes
      {"a\xED\x9F", 2},      //
      {"a\xF0\x80\x80", 0},  //
      {"a\xF4\x90", 0},      //
      {"a\xF4\x8F\xBF", 3},  //
      {"\xE2", 1},
  };
  for (const auto& [bytes, tail] : cases) {
    CAPTURE(bytes);
    CHECK(incomplete_utf8_tail(bytes) == tail);
  }
}

TEST_CASE("utf8: characters are counted, not bytes") {
  CHECK(count_characters("") == 0);
  CHECK(count_characters("abc") == 3);
  CHECK(count_characters("gr\xC3\xBC\xC3\x9F") == 4);
  CHECK(count_characters("\xE2\x88\x80\xF0\x9F\x98\x80") == 2);
}
