// No include guard: simd_levels.hpp compiles this once for every level, into src/json/writer.cpp.

// The bytes of a block that something else is written for, one after the other.
template <Text kind>
struct Hit {
  const char* text;
  std::ptrdiff_t length;  // up to the end of the string
  const Entries& entries;
  std::uint64_t mask;
  std::size_t at;  // bytes of the block that are written
  char* to;
  unsigned flags;

  // Writes what takes the place of the next one, and what may stand behind it.
  void write() {
    const auto place = static_cast<std::size_t>(bits::first(mask));
    mask &= mask - 1;
    to += place - at;
    std::size_t entry_at = static_cast<unsigned char>(text[place]);
    std::size_t taken = 1;
    if constexpr (kind == Text::sql || kind == Text::mysql) taken += entry_at == '\'' ? 1 : 0;
    if constexpr (kind == Text::copy || kind == Text::mysql) {
      const bool escapes = entry_at == '\\' && static_cast<std::ptrdiff_t>(place) + 1 < length;
      const std::size_t escaped = 256 + static_cast<unsigned char>(text[place + 1]);
      entry_at = escapes ? escaped : entry_at;
      taken += escapes ? 1 : 0;
    }
    const Entry& entry = entries[entry_at];
    std::memcpy(to, &entry, sizeof entry);
    to += entry.size();
    flags |= entry.flag();
    at = place + taken;
    Block::copy(text + at, to);
  }
};

// Copies text into a JSON string, 64 bytes at a time, until the text ends or `to` has passed
// `limit`; returns where it stopped reading. Reads up to kReach behind `from` where that is the
// same page of memory, also behind `end`, and writes up to kEscapeSlack behind `limit`. `flags`
// collects what the entries of the table have there.
template <Text kind>
const char* escape(const char* from, const char* end, char*& to_, const char* limit,
                   unsigned& flags) {
  constexpr bool has_quotes = kind == Text::sql || kind == Text::mysql;
  constexpr bool has_backslashes = kind == Text::copy || kind == Text::mysql;
  const Entries& entries = kind == Text::mysql ? kMysqlEntries : kCopyEntries;
  char* to = to_;
  char copy[kReach];  // what stands in it behind the text is never looked at
  while (from < end && to < limit) {
    const auto left = static_cast<std::size_t>(end - from);
    const char* text = from;
    std::size_t count = simd::kBlock;
    std::uint64_t wanted = ~std::uint64_t{0};
    if (left <= simd::kBlock) {
      count = left;
      wanted = bits::low(left);
    }
    if (left < kReach && page_ends_in_reach(text)) {
      std::memcpy(copy, text, left);
      text = copy;
    }
    Block::copy(text, to);
    const Block block(text);
    typename Block::Hits hits = block.equal('"') | block.controls();
    if constexpr (has_quotes) hits = hits | block.equal('\'');
    if constexpr (!has_backslashes) hits = hits | block.equal('\\');
    std::uint64_t mask = hits.mask();
    std::size_t done = count;
    if constexpr (has_backslashes) {
      const std::uint64_t backslashes = block.equal('\\').mask() & wanted;
      if (backslashes != 0) {
        // Most of their escapes are JSON's as well, and stay as they are.
        std::uint64_t carry = 0;
        const std::uint64_t escaped = bits::escaped(backslashes, carry);
        const std::uint64_t starts = backslashes & ~escaped;
        const Block next(text + 1);
        typename Block::Hits same = next.equal('\\') | next.equal('"') | next.equal('n') |
                                    next.equal('r') | next.equal('t') | next.equal('b');
        if constexpr (kind == Text::copy) same = same | next.equal('f');
        std::uint64_t others = starts & ~same.mask();
        const std::uint64_t last = std::uint64_t{1} << (count - 1);
        if ((starts & last) != 0) {  // what it escapes is not in the block
          if (left == count) {
            others |= last;
          } else if ((others & last) == 0) {
            to[simd::kBlock] = text[simd::kBlock];
            done = count + 1;
          }
        }
        mask = (mask & ~escaped) | others;
      }
    }
    mask &= wanted;
    if (mask == 0) {
      from += done;
      to += done;
      continue;
    }
    if constexpr (has_quotes) {
      // Of two quotes the second one goes with the first.
      const std::uint64_t quotes = block.equal('\'').mask() & mask;
      if (quotes != 0) {
        std::uint64_t carry = 0;
        mask &= ~(bits::escaped(quotes, carry) & quotes);
      }
    }
    Hit<kind> hit{text, end - from, entries, mask, 0, to, flags};
    do {
      hit.write();
    } while (hit.mask != 0);
    const std::size_t at = hit.at;
    to = hit.to;
    flags = hit.flags;
    done = std::max(done, at);
    to += done - at;
    from += done;
  }
  to_ = to;
  return from > end ? end : from;
}
