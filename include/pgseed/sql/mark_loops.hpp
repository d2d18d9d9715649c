// No include guard: simd_levels.hpp compiles this once for every level, into
// src/sql/text_marks.cpp.

// Marks `count` blocks, the first of which is at `offset` of its text. lines: that of the first
// block is there, those of all others and of the one behind are written. places: where they go;
// returns what is behind them, where four more may be written over.
template <Marked marked>
std::uint32_t* mark_blocks(const char* text, std::size_t offset, std::size_t count,
                           BlockMarks* marks, std::uint32_t* lines, std::uint32_t* places,
                           TextMarks::State& state) {
  std::uint32_t line = *lines;
  auto base = static_cast<std::uint32_t>(offset);
  TextMarks::State now = state;
  typename Block::Hits nuls = Block(text).equal('\0');
  for (std::size_t n = 0; n < count; ++n, text += simd::kBlock, base += simd::kBlock) {
    const Block block(text);
    nuls = nuls | block.equal('\0');
    const std::uint64_t newlines = block.equal('\n').mask();
    marks[n].newlines = newlines;
    line += static_cast<std::uint32_t>(Block::count(newlines));
    lines[n + 1] = line;
    std::uint64_t found = 0;
    if constexpr (marked == Marked::quotes) {
      found = block.equal('\'').mask();
    } else {
      const std::uint64_t backslashes = block.equal('\\').mask();
      marks[n].backslashes = backslashes;
      const std::uint64_t escaped = bits::escaped(backslashes, now.carry);
      if constexpr (marked == Marked::unescaped_quotes) {
        found = block.equal('\'').mask() & ~escaped;
      } else {
        const typename Block::Hits odd = block.octal_digits() | block.equal('x') | block.equal('.');
        found = ((block.equal('\t').mask() | newlines) & ~escaped) | (odd.mask() & escaped);
        now.returns |= block.equal('\r').mask();
      }
    }
    // Most blocks have few: four are written in any case, and those of the next block go over what
    // was too much.
    std::uint32_t* const behind = places + Block::count(found);
    constexpr std::uint64_t kLast = std::uint64_t{1} << 63;
    places[0] = base + static_cast<std::uint32_t>(bits::first(found | kLast));
    found &= found - 1;
    places[1] = base + static_cast<std::uint32_t>(bits::first(found | kLast));
    found &= found - 1;
    places[2] = base + static_cast<std::uint32_t>(bits::first(found | kLast));
    found &= found - 1;
    places[3] = base + static_cast<std::uint32_t>(bits::first(found | kLast));
    found &= found - 1;
    for (places += 4; found != 0; found &= found - 1) {
      *places++ = base + static_cast<std::uint32_t>(bits::first(found));
    }
    places = behind;
  }
  now.nuls |= nuls.mask();
  state = now;
  return places;
}
