#include "pgseed/io/read_ahead.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

#include "pgseed/base/error.hpp"

namespace pgseed::io {
namespace {

// Gives `count` blocks that tell their number, then ends or throws.
class Numbers final : public ByteStream {
 public:
  Numbers(int count, bool breaks, std::atomic<int>* given = nullptr)
      : count_(count), breaks_(breaks), given_(given) {}
  std::string_view next() override {
    if (at_ == count_) {
      if (breaks_) throw Error(ErrorKind::input, "torn", "a.gz");
      return {};
    }
    block_.assign(static_cast<std::size_t>(1 + at_ % 7), static_cast<char>('a' + at_ % 26));
    ++at_;
    if (given_ != nullptr) *given_ = at_;
    return block_;
  }

 private:
  int count_;
  bool breaks_;
  std::atomic<int>* given_;
  int at_ = 0;
  std::string block_;
};

std::string wanted(int count) {
  std::string all;
  for (int at = 0; at < count; ++at) {
    all.append(static_cast<std::size_t>(1 + at % 7), static_cast<char>('a' + at % 26));
  }
  return all;
}

}  // namespace

TEST_CASE("read ahead: all bytes come, in their order, and then the end as often as asked") {
  Source source("/dev/null");
  for (const int count : {0, 1, 3, 4, 5, 1000}) {
    ReadAhead ahead(std::make_unique<Numbers>(count, false), source);
    std::string all;
    for (auto block = ahead.next(); !block.empty(); block = ahead.next()) all += block;
    CHECK(all == wanted(count));
    CHECK(ahead.next().empty());
  }
}

TEST_CASE("read ahead: what the stream throws comes behind the bytes before it") {
  Source source("/dev/null");
  for (const int count : {0, 1, 4, 9}) {
    ReadAhead ahead(std::make_unique<Numbers>(count, true), source);
    std::string all;
    for (int at = 0; at < count; ++at) all += ahead.next();
    CHECK(all == wanted(count));
    CHECK_THROWS_AS(ahead.next(), Error);
    CHECK_THROWS_AS(ahead.next(), Error);
  }
}

TEST_CASE("read ahead: a reader that leaves early ends the thread, and few blocks were read") {
  Source source("/dev/null");
  std::atomic<int> given = 0;
  {
    ReadAhead ahead(std::make_unique<Numbers>(1'000'000, false, &given), source);
    CHECK(ahead.next() == "a");
    CHECK(ahead.next() == "bb");
  }
  CHECK(given <= 8);
  ReadAhead untouched(std::make_unique<Numbers>(1'000'000, false), source);
}

TEST_CASE("read ahead: the offset is that of the bytes given, not of those read ahead") {
  const auto path = std::filesystem::temp_directory_path() / "pgseed_read_ahead_test";
  std::ofstream(path, std::ios::binary) << std::string(10'000, 'x');
  PackedLimits limits;
  limits.block = 1000;
  Source source(path.string());
  const auto meter = std::make_shared<UnpackMeter>(path.string(), limits, source.size());
  {
    ReadAhead ahead(std::make_unique<SourceStream>(source, meter), source);
    CHECK(ahead.offset() == 0);
    for (std::uint64_t block = 1; block <= 10; ++block) {
      CHECK(ahead.next().size() == 1000);
      CHECK(ahead.offset() == 1000 * block);
    }
    CHECK(ahead.next().empty());
  }
  std::filesystem::remove(path);
}

}  // namespace pgseed::io
