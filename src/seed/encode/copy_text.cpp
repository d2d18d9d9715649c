#include "pgseed/seed/encode/copy_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "pgseed/base/simd_block.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/encode/row_json.hpp"
#include "pgseed/seed/input/foreign_value.hpp"

namespace pgseed::seed {
namespace {

#if defined(__x86_64__)
using Block = simd::Sse2Block;
#elif defined(__aarch64__)
using Block = simd::NeonBlock;
#else
using Block = simd::ScalarBlock;
#endif

// What COPY reads as something else than itself.
enum class Text { plain, doubled_quotes, copy_escapes };

template <Text kind>
std::uint64_t special(const Block& block) {
  auto hits = block.equal('\n') | block.equal('\r') | block.equal('\t');
  if constexpr (kind != Text::copy_escapes) hits = hits | block.equal('\\');
  if constexpr (kind == Text::doubled_quotes) hits = hits | block.equal('\'');
  return hits.mask();
}

// What is written for a special byte.
char* put_special(char byte, char* to) {
  switch (byte) {
    case '\n':
      *to++ = '\\';
      *to++ = 'n';
      return to;
    case '\r':
      *to++ = '\\';
      *to++ = 'r';
      return to;
    case '\t':
      *to++ = '\\';
      *to++ = 't';
      return to;
    case '\\':
      *to++ = '\\';
      break;
    default:
      break;
  }
  *to++ = byte;
  return to;
}

// No byte becomes more than two; blocks are written whole.
template <Text kind>
void append_text(std::string_view text, json::Buffer& out) {
  char* to = out.reserve(2 * text.size() + 2 * simd::kBlock);
  const char* from = text.data();
  const char* const end = from + text.size();
  while (from < end) {
    const auto left = static_cast<std::size_t>(end - from);
    const std::size_t count = std::min(left, simd::kBlock);
    char tail[simd::kBlock];
    const char* bytes = from;
    if (count < simd::kBlock) {
      std::memset(tail, 'x', sizeof tail);
      std::memcpy(tail, from, count);
      bytes = tail;
    }
    std::uint64_t mask = special<kind>(Block(bytes));
    if (mask == 0) {
      Block::copy(bytes, to);
      to += count;
      from += count;
      continue;
    }
    std::size_t at = 0;
    while (mask != 0) {
      const auto place = static_cast<std::size_t>(bits::first(mask));
      mask &= mask - 1;
      if (place < at) continue;  // the second one of two quotes
      std::memcpy(to, from + at, place - at);
      to = put_special(from[place], to + (place - at));
      at = place + 1;
      if (kind == Text::doubled_quotes && from[place] == '\'') ++at;
    }
    if (at < count) {
      std::memcpy(to, from + at, count - at);
      to += count - at;
      at = count;
    }
    from += at;
  }
  out.advance_to(to);
}

// A raw tab or line end, which another delimiter allows or a backslash escapes; \. would end ours.
bool is_odd(std::string_view field) {
  for (std::size_t at = 0; at < field.size(); at += simd::kBlock) {
    char tail[simd::kBlock];
    std::memset(tail, 'x', sizeof tail);
    const char* bytes = field.data() + at;
    const std::size_t count = std::min(field.size() - at, simd::kBlock);
    if (count < simd::kBlock) bytes = static_cast<const char*>(std::memcpy(tail, bytes, count));
    const Block block(bytes);
    if (special<Text::copy_escapes>(block) != 0) return true;
    for (std::uint64_t dots = block.equal('.').mask(); dots != 0; dots &= dots - 1) {
      const std::size_t dot = at + static_cast<std::size_t>(bits::first(dots));
      if (dot > 0 && field[dot - 1] == '\\') return true;
    }
  }
  return false;
}

// A field of the file's own COPY, which may have another delimiter, NULL and line ends.
void append_copied(std::string_view field, json::Buffer& out) {
  if (field != "\\N" && !is_odd(field)) return out.append(field);
  std::string plain;
  sql::append_copy_unescaped(plain, field);
  append_text<Text::plain>(plain, out);
}

const char* append_foreign_value(const ColumnSet& set, std::size_t position,
                                 const sql::Value& value, json::Buffer& out) {
  const ColumnClass column = set.classes[position];
  const bool as_is = value.form == sql::Form::bytes || value.form == sql::Form::verbatim;
  if (column == ColumnClass::bytes && as_is) {
    out.append("\\\\x");
    out.advance_to(put_hex(out.reserve(value.text.size() * 2), value.text));
    return nullptr;
  }
  std::string text;
  if (append_foreign(text, value, column, set.types[position], set.meaning.dialect)) {
    return "a value that this type cannot hold,";
  }
  if (text.find('\0') != std::string::npos) return kHoldsNul;
  append_text<Text::plain>(text, out);
  return nullptr;
}

// Why the value cannot be sent, else nullptr.
const char* append_value(const ColumnSet& set, std::size_t position, const sql::Value& value,
                         json::Buffer& out) {
  if (is_null(set, position, value)) {
    out.append("\\N");
    return nullptr;
  }
  const ColumnClass column = set.classes[position];
  if (is_foreign(value, column, set.meaning.dialect)) {
    return append_foreign_value(set, position, value, out);
  }
  switch (value.form) {
    case sql::Form::verbatim:
      append_text<Text::plain>(value.text, out);
      break;
    case sql::Form::doubled_quotes:
      append_text<Text::doubled_quotes>(value.text, out);
      break;
    case sql::Form::copy_escapes:
      append_copied(value.text, out);
      break;
    case sql::Form::number:
      // An unquoted 1.5 into an integer column is rounded by an INSERT and refused by COPY.
      if (column == ColumnClass::integer && value.text.find('.') != std::string_view::npos) {
        out.append(sql::rounded_to_integer(value.text));
      } else {
        out.append_short(value.text);
      }
      break;
    case sql::Form::boolean:
    case sql::Form::moment:
      out.append_short(value.text);
      break;
    default: {
      const std::string plain = sql::decoded(value);
      if (plain.find('\0') != std::string::npos) return kHoldsNul;
      append_text<Text::plain>(plain, out);
    }
  }
  return nullptr;
}

}  // namespace

std::string append_copy_line(const ColumnSet& set, const sql::Row& row,
                             std::optional<std::uint64_t> row_number, json::Buffer& out) {
  const std::size_t before = out.size();
  if (row_number) {
    constexpr std::size_t kDigits = 20;
    char* const to = out.reserve(kDigits);
    out.advance_to(std::to_chars(to, to + kDigits, *row_number).ptr);
    if (!set.columns.empty()) out.append('\t');
  }
  for (std::size_t index = 0; index < set.columns.size(); ++index) {
    if (index > 0) out.append('\t');
    const char* const trouble = append_value(set, index, row.values[set.value_index[index]], out);
    if (trouble != nullptr) {
      out.truncate(before);
      return text(trouble, " for the column ", set.columns[index]);
    }
  }
  out.append('\n');
  return {};
}

}  // namespace pgseed::seed
