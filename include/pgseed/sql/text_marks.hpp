#pragma once
// Where the bytes stand that a reader looks for, found in stretches of some KiB before it comes
// there: a list of their places, so that nothing is searched value by value.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "pgseed/base/bits.hpp"

namespace pgseed::sql {

// What the places are of.
enum class Marked : std::uint8_t {
  quotes,            // every '
  unescaped_quotes,  // every ' that no backslash escapes
  // COPY's text form: tabs and newlines that no backslash escapes, and behind a backslash what
  // needs a closer look: digits, x and the dot.
  copy_fields,
};

// Of a block of 64 bytes: bit n tells about byte n.
struct BlockMarks {
  std::uint64_t newlines, backslashes;  // backslashes are not looked for among plain quotes
};

class TextMarks {
 public:
  static constexpr std::size_t kBlock = 64;
  // Room for the marks of this many bytes.
  explicit TextMarks(std::size_t bytes);

  // The text is another one, of `size` bytes and with room for a block behind them. No escape
  // reaches into its first byte.
  void restart(const char* text, std::size_t size, Marked marked);
  // There is more behind the text now.
  void grow(std::size_t size);

  const char* text() const { return text_; }
  Marked marked() const { return marked_; }

  // The first marked byte in [from, end) of the text, or end. Fast for one behind the other.
  const char* next(const char* from, const char* end) {
    const auto offset = static_cast<std::uint32_t>(from - text_);
    while (*next_ < offset) ++next_;
    while (next_ != places_.get() && next_[-1] >= offset) --next_;
    if (*next_ == kNone) find_more(offset);
    const std::uint32_t found = *next_;
    return found < static_cast<std::size_t>(end - text_) ? text_ + found : end;
  }
  // At an opening ' in text without escapes: the ' that closes its string; doubled tells whether
  // others stand in it, twice each. Null if that is not known yet, though next() may find it.
  const char* closing_quote(const char* opening, bool& doubled) {
    const auto offset = static_cast<std::uint32_t>(opening - text_);
    const std::uint32_t* place = next_;
    while (*place < offset) ++place;
    if (*place++ != offset) return nullptr;
    bool pairs = false;
    while (place[1] == place[0] + 1) {
      pairs = true;
      place += 2;
    }
    if (place[1] == kNone) return nullptr;
    next_ = place + 1;
    doubled = pairs;
    return text_ + place[0];
  }
  std::uint64_t newlines_before(std::size_t offset) {
    if (offset > end_) mark_to(offset);
    const std::size_t block = offset / kBlock;
    const std::uint64_t newlines = blocks_[block].newlines & bits::low(offset % kBlock);
    return lines_[block] + static_cast<std::uint64_t>(bits::count(newlines));
  }
  // Whether a backslash is in [from, to), before a place that next() gave.
  bool has_backslash(const char* from, const char* to) const {
    const auto begin = static_cast<std::size_t>(from - text_);
    const auto end = static_cast<std::size_t>(to - text_);
    std::size_t block = begin / kBlock;
    const std::size_t last = end / kBlock;
    std::uint64_t found = blocks_[block].backslashes & ~bits::low(begin % kBlock);
    while (block < last && found == 0) found = blocks_[++block].backslashes;
    return block < last ? found != 0 : (found & bits::low(end % kBlock)) != 0;
  }
  // Whether there was a carriage return before a place that next() gave; maybe behind it. Known
  // for copy_fields.
  bool has_returns() const { return state_.returns != 0; }

  // The offset of the first NUL in the text before `offset`, or -1: of those marked so far if there
  // is one before them.
  std::size_t nul_before(std::size_t offset) {
    if (offset > end_) mark_to(offset);
    return first_nul_;
  }

  struct State {
    std::uint64_t carry = 0;    // 1: the next block's first byte is escaped
    std::uint64_t returns = 0;  // not 0: there was one
    std::uint64_t nuls = 0;     // not 0: there was one
  };

 private:
  static constexpr std::size_t kStretch = 128;  // blocks
  static constexpr std::uint32_t kNone = static_cast<std::uint32_t>(-1);

  void find_more(std::uint32_t offset);
  void mark_to(std::size_t offset);
  void mark_stretch();
  void end_places();
  void find_nul(std::size_t from, std::size_t to);

  const char* text_ = nullptr;
  std::size_t size_ = 0;
  std::size_t whole_ = 0;  // blocks that are marked for good
  std::size_t end_ = 0;    // bytes that are marked
  Marked marked_ = Marked::quotes;
  State state_;  // behind the whole blocks
  std::size_t first_nul_ = static_cast<std::size_t>(-1);
  std::unique_ptr<BlockMarks[]> blocks_;
  std::unique_ptr<std::uint32_t[]> lines_;   // before each block
  std::unique_ptr<std::uint32_t[]> places_;  // ascending; behind the last one kNone, twice
  std::uint32_t* places_end_ = nullptr;
  const std::uint32_t* next_ = nullptr;  // where next() was last
};

}  // namespace pgseed::sql
