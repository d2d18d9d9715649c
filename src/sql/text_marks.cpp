#include "pgseed/sql/text_marks.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "pgseed/base/simd.hpp"
#include "pgseed/base/simd_block.hpp"

namespace pgseed::sql {
namespace {

#define PGSEED_SIMD_LOOPS "pgseed/sql/mark_loops.hpp"
#include "pgseed/base/simd_levels.hpp"

using MarkBlocks = std::uint32_t* (*)(const char* text, std::size_t offset, std::size_t count,
                                      BlockMarks* marks, std::uint32_t* lines,
                                      std::uint32_t* places, TextMarks::State& state);
constexpr MarkBlocks kMarkBlocks[][simd::kLevels] = {
    PGSEED_SIMD_TABLE(mark_blocks<Marked::quotes>),
    PGSEED_SIMD_TABLE(mark_blocks<Marked::unescaped_quotes>),
    PGSEED_SIMD_TABLE(mark_blocks<Marked::copy_fields>),
};

}  // namespace

TextMarks::TextMarks(std::size_t bytes)
    : blocks_(std::make_unique_for_overwrite<BlockMarks[]>(bytes / kBlock + 2)),
      lines_(std::make_unique_for_overwrite<std::uint32_t[]>(bytes / kBlock + 2)),
      places_(std::make_unique_for_overwrite<std::uint32_t[]>(bytes + 2 * kBlock)) {
  restart(nullptr, 0, Marked::quotes);
}

void TextMarks::restart(const char* text, std::size_t size, Marked marked) {
  text_ = text;
  size_ = size;
  marked_ = marked;
  whole_ = 0;
  end_ = 0;
  state_ = {};
  first_nul_ = static_cast<std::size_t>(-1);
  lines_[0] = 0;
  blocks_[0] = {};
  places_end_ = places_.get();
  end_places();
  next_ = places_end_;
}

void TextMarks::grow(std::size_t size) {
  size_ = size;
  // A part of a block is marked again when there is more of it.
  end_ = whole_ * kBlock;
  while (places_end_ != places_.get() && places_end_[-1] >= end_) --places_end_;
  end_places();
  if (next_ > places_end_) next_ = places_end_;
}

// Bytes behind the text may be anything: only those before `to` count.
void TextMarks::find_nul(std::size_t from, std::size_t to) {
  if (first_nul_ < from) return;
  const std::string_view stretch(text_ + from, to - from);
  const std::size_t found = stretch.find('\0');
  if (found != std::string_view::npos) first_nul_ = from + found;
}

void TextMarks::end_places() {
  places_end_[0] = kNone;
  places_end_[1] = kNone;
}

void TextMarks::find_more(std::uint32_t offset) {
  while (end_ < size_ && *next_ == kNone) {
    mark_stretch();
    while (*next_ < offset) ++next_;
  }
}

void TextMarks::mark_to(std::size_t offset) {
  while (end_ < offset) mark_stretch();
}

void TextMarks::mark_stretch() {
  const MarkBlocks mark_blocks =
      kMarkBlocks[static_cast<int>(marked_)][static_cast<int>(simd::level())];
  const auto mark = [&](std::size_t count, State& state) {
    places_end_ = mark_blocks(text_ + whole_ * kBlock, whole_ * kBlock, count, &blocks_[whole_],
                              &lines_[whole_], places_end_, state);
  };
  if (const std::size_t left = size_ / kBlock - whole_; left > 0) {
    const std::size_t count = std::min(left, kStretch);
    mark(count, state_);
    const std::size_t from = std::exchange(end_, (whole_ + count) * kBlock);
    whole_ += count;
    if (state_.nuls != 0) find_nul(from, end_);
  } else {
    // The rest is part of a block. What stands behind it is not looked at.
    State state = state_;
    mark(1, state);
    state_.returns = state.returns;
    if (state.nuls != 0) find_nul(end_, size_);
    end_ = size_;
    while (places_end_ != places_.get() && places_end_[-1] >= end_) --places_end_;
    blocks_[whole_].newlines &= bits::low(size_ % kBlock);
  }
  end_places();
}

}  // namespace pgseed::sql
