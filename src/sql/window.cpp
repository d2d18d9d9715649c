#include "pgseed/sql/window.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/scan.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"
#include "pgseed/sql/text_marks.hpp"

namespace pgseed::sql {
namespace {

std::string hex_byte(unsigned char byte) {
  constexpr char digits[] = "0123456789ABCDEF";
  return {'0', 'x', digits[byte >> 4], digits[byte & 15]};
}

// Lines can be as long as the text: backwards in blocks, each searched by memchr.
std::size_t find_last_newline(std::string_view text) {
  constexpr std::size_t kStep = 4096;
  for (std::size_t end = text.size(); end > 0;) {
    const std::size_t begin = end - std::min(end, kStep);
    const std::string_view block = text.substr(begin, end - begin);
    if (block.find('\n') != std::string_view::npos) return begin + block.rfind('\n');
    end = begin;
  }
  return std::string_view::npos;
}

}  // namespace

Window::Window(Input& input, std::string name, std::size_t longest_piece)
    : input_(input),
      name_(std::move(name)),
      longest_piece_(longest_piece),
      line_(input.first_line()) {
  reserve(kBlock);
}

Window::~Window() = default;

// realloc moves a large buffer without copying it, so that growing needs no second one.
void Window::reserve(std::size_t capacity) {
  // A block more can be read behind the end.
  char* const larger =
      static_cast<char*>(std::realloc(buffer_.get(), capacity + TextMarks::kBlock));
  if (larger == nullptr) throw std::bad_alloc();
  (void)buffer_.release();
  buffer_.reset(larger);
  capacity_ = capacity;
  const Marked marked = marks_ ? marks_->marked() : Marked::quotes;
  const bool mark = capacity <= kMostMarked;
  // Without marks NULs are looked for with all that is no UTF-8.
  if (marks_ && !mark) {
    const std::size_t nul = std::string_view(buffer_.get() + first_, last_ - first_).find('\0');
    if (nul != std::string_view::npos) dirty_ = std::min(dirty_, first_ + nul);
  }
  marks_ = mark ? std::make_unique<TextMarks>(capacity) : nullptr;
  if (mark) marks_->restart(buffer_.get() + counted_, last_ - counted_, marked);
}

void Window::look_for(Marked marked) {
  if (!marks_ || marks_->marked() == marked) return;
  line_ = line_of(begin());
  counted_ = first_;
  marks_->restart(begin(), last_ - first_, marked);
}

void Window::report_long() {
  throw Error(ErrorKind::input,
              text("a row or statement is longer than ", human_bytes(longest_piece_)),
              where(begin()),
              "raise the limit with --max-row-bytes, or look for a quote that is never closed");
}

void Window::more() {
  const std::size_t pending = last_ - first_;
  if (pending >= longest_piece_ + kLookAhead) report_long();
  make_room();
  // A piece that already failed to be whole is looked at again only when it has grown by half, so
  // that tiny blocks cost no quadratic time.
  fill(pending + std::max<std::size_t>(1, pending / 2));
}

void Window::make_room() {
  const std::size_t pending = last_ - first_;
  if (first_ > 0) {
    // Keep the line's beginning known although its bytes leave the buffer.
    const std::string_view gone(buffer_.get(), first_);
    const std::size_t newline = find_last_newline(gone);
    if (newline == std::string_view::npos) {
      column_base_ += count_characters(gone);
    } else {
      column_base_ = count_characters(gone.substr(newline + 1));
    }
    line_ = line_of(begin());
    counted_ = first_;
    std::memmove(buffer_.get(), begin(), pending);
    examined_ -= std::min(examined_, first_);
    counted_ = 0;
    if (dirty_ != kClean && dirty_ >= first_) {
      dirty_ -= first_;
    } else if (dirty_ != kClean) {  // passed over: what came behind it was not looked at yet
      dirty_ = kClean;
      examined_ = 0;
    }
    last_ = pending;
    first_ = 0;
    if (marks_) marks_->restart(buffer_.get(), pending, marks_->marked());
  }
  if (capacity_ - last_ < kBlock / 2) {
    reserve(capacity_ * 2);
  }
}

// What the input finds wrong comes behind all of the text before it.
std::size_t Window::read_input(char* into, std::size_t space) {
  try {
    return input_.read(into, space);
  } catch (Error& error) {
    if (error.where == name_) {
      if (marks_) marks_->grow(last_ - counted_);
      error.where = where(end());
    }
    throw;
  }
}

void Window::fill(std::size_t wanted) {
  while (!final_ && last_ < capacity_ && (last_ < wanted || at_start_)) {
    const std::size_t got = read_input(buffer_.get() + last_, capacity_ - last_);
    if (got == 0) final_ = true;
    last_ += got;
    if (at_start_ && (last_ >= kByteOrderMark.size() || final_)) {
      at_start_ = false;
      if (std::string_view(buffer_.get(), last_).substr(0, 3) == kByteOrderMark) {
        last_ -= kByteOrderMark.size();
        std::memmove(buffer_.get(), buffer_.get() + kByteOrderMark.size(), last_);
      }
    }
  }
  if (marks_) marks_->grow(last_ - counted_);
  examine(examined_);
}

const char* Window::settle(const char* position) {
  const auto offset = static_cast<std::size_t>(position - begin());
  if (capacity_ - last_ < 4) make_room();
  // What stands before the position stays where it is, for the excerpt.
  fill(first_ + offset + 4);
  return begin() + offset;
}

void Window::require_clean(const char* position) {
  const auto offset = static_cast<std::size_t>(position - buffer_.get());
  if (marks_ && offset > counted_) {
    const std::size_t nul = marks_->nul_before(offset - counted_);
    if (nul < offset - counted_) dirty_ = std::min(dirty_, counted_ + nul);
  }
  if (dirty_ < offset) report_dirty();
}

bool Window::is_clean(const char* from, const char* to) const {
  const auto offset = static_cast<std::size_t>(to - buffer_.get());
  const bool is_known = offset <= std::min(dirty_, examined_) &&
                        (!marks_ || marks_->nul_before(offset - counted_) >= offset - counted_);
  return is_known || is_clean({from, static_cast<std::size_t>(to - from)});
}

bool Window::is_clean(std::string_view text) {
  return is_utf8(text) && text.find('\0') == std::string_view::npos;
}

void Window::examine(std::size_t from) {
  // In slices that stay in the nearest cache from one look to the next.
  constexpr std::size_t kSlice = std::size_t{16} * 1024;
  while (dirty_ == kClean && from < last_) {
    const bool is_last = last_ - from <= kSlice;
    const std::string_view fresh(buffer_.get() + from, is_last ? last_ - from : kSlice);
    const std::size_t tail = is_last && final_ ? 0 : incomplete_utf8_tail(fresh);
    const std::string_view whole = fresh.substr(0, fresh.size() - tail);
    std::size_t bad = is_utf8(whole) ? std::string_view::npos : find_invalid_utf8(whole);
    if (!marks_) bad = std::min(bad, whole.find('\0'));
    if (bad != std::string_view::npos) dirty_ = from + bad;
    from += whole.size();
    examined_ = from;
    if (is_last) break;
  }
}

void Window::consume(const char* position) {
  const auto offset = static_cast<std::size_t>(position - buffer_.get());
  consumed_ += offset - first_;
  first_ = offset;
}

std::uint64_t Window::line_of(const char* position) {
  const auto offset = static_cast<std::size_t>(position - buffer_.get());
  if (marks_ && offset >= counted_) return line_ + marks_->newlines_before(offset - counted_);
  if (offset < counted_) {
    return line_ - count_newlines(position, buffer_.get() + counted_);
  }
  line_ += count_newlines(buffer_.get() + counted_, position);
  counted_ = offset;
  return line_;
}

Place Window::place_of(const char* position) {
  const std::string_view before(buffer_.get(), static_cast<std::size_t>(position - buffer_.get()));
  const std::size_t newline = before.rfind('\n');
  Place place;
  place.line = line_of(position);
  if (newline == std::string_view::npos) {
    place.column = column_base_ + count_characters(before) + 1;
  } else {
    place.column = count_characters(before.substr(newline + 1)) + 1;
  }
  return place;
}

std::string Window::where(const char* position) {
  const Place place = place_of(position);
  return text(name_, ':', place.line, ':', place.column);
}

std::string Window::excerpt(const char* position) const {
  constexpr std::size_t kBefore = 48;
  constexpr std::size_t kWidth = 76;
  const char* from = position;
  while (from > buffer_.get() && from[-1] != '\n' &&
         static_cast<std::size_t>(position - from) < kBefore) {
    --from;
  }
  while (from < position && (static_cast<unsigned char>(*from) & 0xC0) == 0x80) ++from;
  const char* to = position;
  while (to < end() && *to != '\n' && *to != '\r' && static_cast<std::size_t>(to - from) < kWidth) {
    ++to;
  }
  to -= incomplete_utf8_tail({from, static_cast<std::size_t>(to - from)});
  if (from == to) return {};
  std::string line(from, to);
  for (char& byte : line) {
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F) byte = ' ';
  }
  const auto column = count_characters({from, static_cast<std::size_t>(position - from)});
  if (!is_utf8(line)) return {};
  return text("  ", line, "\n  ", std::string(column, ' '), "^");
}

void Window::report_dirty() {
  const char* at = buffer_.get() + dirty_;
  const auto byte = static_cast<unsigned char>(*at);
  const std::string place = where(at);
  if (byte == 0) {
    throw Error(ErrorKind::input, "a NUL byte; PostgreSQL text cannot hold one", place,
                "the file may be binary or UTF-16; export it again as UTF-8 text");
  }
  throw Error(ErrorKind::input, text("the byte ", hex_byte(byte), " is not valid UTF-8"), place,
              "if the file is in another encoding, name it: --encoding latin1 (or win1252, ...)");
}

void Window::switch_encoding(std::string_view encoding) {
  // What was counted behind first_ is about to change.
  line_ = line_of(begin());
  counted_ = first_;
  const std::string unread = input_.switch_encoding(encoding, {begin(), last_ - first_});
  const std::size_t needed = first_ + unread.size();
  if (needed > capacity_) reserve(needed + kBlock);
  std::memcpy(buffer_.get() + first_, unread.data(), unread.size());
  last_ = needed;
  if (marks_) marks_->restart(begin(), unread.size(), marks_->marked());
  dirty_ = kClean;
  examined_ = first_;
  examine(first_);
}

}  // namespace pgseed::sql
