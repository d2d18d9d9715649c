#pragma once
// Bytes in blocks that nobody copies: each stage of reading a packed file hands its own blocks on.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "pgseed/io/packing.hpp"
#include "pgseed/io/source.hpp"

namespace pgseed::io {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // The next bytes, empty only at the end. They live until the next call. Throws Error{input}, and
  // Interrupted as Source does.
  virtual std::string_view next() = 0;
};

// A stream whose beginning can be looked at before it is taken.
class PeekedStream final : public ByteStream {
 public:
  explicit PeekedStream(std::unique_ptr<ByteStream> from) : from_(std::move(from)) {}

  // At least `wanted` bytes from the beginning, or all there are. Before the first next() only.
  std::string_view head(std::size_t wanted);
  // Takes `count` bytes of the beginning away; false if there are fewer.
  bool skip(std::uint64_t count);
  std::string_view next() override;

 private:
  std::unique_ptr<ByteStream> from_;
  std::string head_;
  std::string given_;
};

// The rest of a source, which must outlive the stream.
class SourceStream final : public ByteStream {
 public:
  SourceStream(Source& source, std::shared_ptr<UnpackMeter> meter)
      : source_(source), meter_(std::move(meter)), block_(meter_->limits().block, '\0') {}

  std::string_view next() override;
  // What next() gives is kept from now on until forget().
  void remember() { remembers_ = true; }
  std::string forget();

 private:
  Source& source_;
  std::shared_ptr<UnpackMeter> meter_;
  std::string block_;
  bool remembers_ = false;
  std::string kept_;
};

}  // namespace pgseed::io
