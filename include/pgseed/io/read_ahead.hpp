#pragma once
// A stream that is read in a thread of its own, a few blocks ahead: unpacking costs as much time as
// parsing what comes out, and needs nothing of it.
#include <array>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "pgseed/io/byte_stream.hpp"

namespace pgseed::io {

class ReadAhead final : public ByteStream {
 public:
  // source: what `from` reads from in the end, a regular file (a pipe that stays silent would hold
  // up the destructor). From now on only this object may touch either; it ends before the source.
  ReadAhead(std::unique_ptr<ByteStream> from, const Source& source);
  ~ReadAhead() override;
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // What `from` throws is thrown behind the bytes that came before it.
  std::string_view next() override;
  // How far the source was read for the bytes that next() has given.
  std::uint64_t offset() const { return offset_; }

 private:
  struct Block {
    std::string bytes;
    std::uint64_t offset = 0;
  };

  void run();
  void read_all();

  std::unique_ptr<ByteStream> from_;
  const Source& source_;
  std::uint64_t offset_ = 0;

  std::mutex mutex_;  // guards all that follows but the blocks, which belong to one side at a time
  std::condition_variable changed_;
  std::array<Block, 4> blocks_;  // used in turn
  std::size_t made_ = 0;         // blocks filled so far
  std::size_t taken_ = 0;        // blocks that next() is done with
  bool ended_ = false;           // no more are made
  bool stop_ = false;            // nobody wants more
  std::exception_ptr problem_;
  bool gave_ = false;  // next() has given the block taken_; the reader's own

  std::thread thread_;
};

}  // namespace pgseed::io
