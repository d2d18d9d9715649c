#pragma once
// Runs something at every level of vector instructions that this processor has, and texts that end
// where memory ends.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include "pgseed/base/simd.hpp"

namespace pgseed::test {

// The level of a scope.
class AtLevel {
 public:
  explicit AtLevel(simd::Level level) { REQUIRE(simd::use(level)); }
  ~AtLevel() { simd::use(before_); }
  AtLevel(const AtLevel&) = delete;
  AtLevel& operator=(const AtLevel&) = delete;

 private:
  simd::Level before_ = simd::level();
};

// Copies of texts right before a page that cannot be read.
class EndOfMemory {
 public:
  EndOfMemory() {
    void* const pages =
        mmap(nullptr, kRoom + page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(pages != MAP_FAILED);
    begin_ = static_cast<char*>(pages);
    REQUIRE(mprotect(begin_ + kRoom, page_, PROT_NONE) == 0);
  }
  ~EndOfMemory() { munmap(begin_, kRoom + page_); }
  EndOfMemory(const EndOfMemory&) = delete;
  EndOfMemory& operator=(const EndOfMemory&) = delete;

  // Ends `before` bytes before the end of memory.
  std::string_view put(std::string_view text, std::size_t before = 0) {
    char* const at = begin_ + kRoom - before - text.size();
    std::memcpy(at, text.data(), text.size());
    return {at, text.size()};
  }

 private:
  static constexpr std::size_t kRoom = 65536;
  std::size_t page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  char* begin_;
};

}  // namespace pgseed::test
