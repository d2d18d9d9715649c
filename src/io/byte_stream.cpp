#include "pgseed/io/byte_stream.hpp"

#include <algorithm>
#include <utility>

namespace pgseed::io {

std::string_view PeekedStream::head(std::size_t wanted) {
  while (head_.size() < wanted) {
    const std::string_view block = from_->next();
    if (block.empty()) break;
    head_.append(block);
  }
  return head_;
}

bool PeekedStream::skip(std::uint64_t count) {
  for (;;) {
    const auto taken = std::min<std::uint64_t>(count, head_.size());
    head_.erase(0, static_cast<std::size_t>(taken));
    count -= taken;
    if (count == 0) return true;
    if (head(1).empty()) return false;
  }
}

std::string_view PeekedStream::next() {
  if (head_.empty()) return from_->next();
  given_ = std::exchange(head_, {});
  return given_;
}

std::string_view SourceStream::next() {
  const std::size_t got = source_.read(block_.data(), block_.size());
  const std::string_view block(block_.data(), got);
  meter_->add_packed(got);
  if (remembers_) kept_.append(block);
  return block;
}

std::string SourceStream::forget() {
  remembers_ = false;
  return std::exchange(kept_, {});
}

}  // namespace pgseed::io
