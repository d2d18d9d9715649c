#include <zlib.h>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/io/unpack.hpp"

namespace pgseed::io {
namespace {

class GzipStream final : public ByteStream {
 public:
  GzipStream(std::unique_ptr<ByteStream> packed, std::shared_ptr<UnpackMeter> meter)
      : packed_(std::move(packed)), meter_(std::move(meter)), out_(kBlock) {
    constexpr int kGzipOnly = 16;  // added to the window size: no zlib header, checksums verified
    if (inflateInit2(&inflate_, MAX_WBITS + kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  ~GzipStream() override { inflateEnd(&inflate_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  std::string_view next() override {
    inflate_.next_out = out_.data();
    inflate_.avail_out = static_cast<uInt>(out_.size());
    while (inflate_.avail_out > 0 && !ended_) step();
    const std::size_t got = out_.size() - inflate_.avail_out;
    meter_->add_unpacked(got);
    return {reinterpret_cast<const char*>(out_.data()), got};
  }

 private:
  // Fits into the second level of cache with what reads it.
  static constexpr std::size_t kBlock = std::size_t{128} << 10;

  void step() {
    if (inflate_.avail_in == 0 && !feed()) {
      if (!between_members_) fail("it is cut short");
      ended_ = true;
      return;
    }
    if (between_members_) return begin_member();
    switch (inflate(&inflate_, Z_NO_FLUSH)) {
      case Z_STREAM_END:
        between_members_ = true;
        break;
      case Z_OK:
      case Z_BUF_ERROR:  // wants more input or more room
        break;
      case Z_MEM_ERROR:
        throw std::bad_alloc();
      case Z_NEED_DICT:
        fail("it needs a dictionary");
      default:
        fail(inflate_.msg == nullptr ? "it is damaged" : inflate_.msg);
    }
  }

  // Behind a member: another one, zero padding, or nothing.
  void begin_member() {
    if (*inflate_.next_in == 0) {
      padded_ = true;
      while (inflate_.avail_in > 0 && *inflate_.next_in == 0) {
        ++inflate_.next_in;
        --inflate_.avail_in;
      }
      return;
    }
    if (padded_ || *inflate_.next_in != 0x1F) fail("something else stands behind its end");
    between_members_ = false;
    inflateReset(&inflate_);
  }

  bool feed() {
    block_ = packed_->next();
    inflate_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block_.data()));  // only read
    inflate_.avail_in = static_cast<uInt>(block_.size());
    fed_ += block_.size();
    return !block_.empty();
  }

  [[noreturn]] void fail(const std::string& what) {
    meter_->fail(Packing::gzip, what, fed_ - inflate_.avail_in);
  }

  std::unique_ptr<ByteStream> packed_;
  std::shared_ptr<UnpackMeter> meter_;
  std::vector<Bytef> out_;
  z_stream inflate_ = {};
  std::string_view block_;
  std::uint64_t fed_ = 0;
  bool between_members_ = false;
  bool padded_ = false;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> make_gzip_stream(std::unique_ptr<ByteStream> packed,
                                             std::shared_ptr<UnpackMeter> meter) {
  return std::make_unique<GzipStream>(std::move(packed), std::move(meter));
}

}  // namespace pgseed::io
