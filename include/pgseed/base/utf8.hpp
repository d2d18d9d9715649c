#pragma once
// UTF-8 as PostgreSQL accepts it: no overlong forms, no surrogates, nothing past U+10FFFF.
#include <cstddef>
#include <string_view>

namespace pgseed {

inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// True if the bytes are valid UTF-8 (a NUL byte is).
bool is_utf8(std::string_view bytes);

// The offset of the first byte that is not part of a valid character, or npos. A character cut
// short by the end counts as invalid.
std::size_t find_invalid_utf8(std::string_view bytes);

// How many bytes at the end may be the beginning of a character whose rest is still to come (0..3).
std::size_t incomplete_utf8_tail(std::string_view bytes);

// Code points in valid UTF-8.
std::size_t count_characters(std::string_view bytes);

bool is_ascii(std::string_view bytes);

}  // namespace pgseed
