#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <utility>

#include "archive_handle.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/io/unpack.hpp"

namespace pgseed::io {
namespace {

int support(archive* handle, Packing packing) {
  switch (packing) {
    case Packing::bzip2:
      return archive_read_support_filter_bzip2(handle);
    case Packing::xz:
      return archive_read_support_filter_xz(handle);
    case Packing::zstd:
      return archive_read_support_filter_zstd(handle);
    case Packing::lz4:
      return archive_read_support_filter_lz4(handle);
    default:
      return ARCHIVE_FATAL;
  }
}

class FilterStream final : public ByteStream {
 public:
  FilterStream(Packing packing, std::unique_ptr<ByteStream> packed,
               std::shared_ptr<UnpackMeter> meter)
      : packing_(packing), meter_(std::move(meter)), handle_(archive_read_new()) {
    feed_.bytes = std::move(packed);
    require_reader(support(handle_.get(), packing_), packing_, meter_->name());
    require_reader(archive_read_support_format_raw(handle_.get()), packing_, meter_->name());
    require_reader(archive_read_support_format_empty(handle_.get()), packing_, meter_->name());
  }

  std::string_view next() override {
    if (state_ == State::unopened) open();
    while (state_ == State::open) {
      const void* block = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int result = archive_read_data_block(handle_.get(), &block, &size, &offset);
      if (result == ARCHIVE_EOF) {
        end();
        break;
      }
      if (result != ARCHIVE_OK) fail();
      if (size == 0) continue;
      meter_->add_unpacked(size);
      return {static_cast<const char*>(block), size};
    }
    return {};
  }

 private:
  enum class State { unopened, open, ended };

  void open() {
    feed_.open(handle_.get());
    state_ = State::open;
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(handle_.get(), &entry);
    if (result == ARCHIVE_EOF && archive_errno(handle_.get()) == 0) return end();
    if (result != ARCHIVE_OK) fail();
  }

  // libarchive stops in silence at what it does not know, also at the torn beginning of another
  // stream: nothing but zero padding may be left over.
  void end() {
    state_ = State::ended;
    const std::uint64_t used = consumed();
    while (!feed_.next().empty()) {
    }
    if (feed_.zeros >= feed_.fed - used) return;
    meter_->fail(packing_, "something else, or the torn beginning of more, stands behind its end",
                 used);
  }

  // What failed to open has no count any more; it was little.
  std::uint64_t consumed() const {
    const la_int64_t count = archive_filter_bytes(handle_.get(), -1);
    return count < 0 ? feed_.fed : static_cast<std::uint64_t>(count);
  }

  [[noreturn]] void fail() {
    feed_.rethrow();
    const char* const words = archive_error_string(handle_.get());
    std::string what = words == nullptr ? "it is damaged" : words;
    for (const char* const cut : {"runcated", "No progress is possible"}) {
      if (what.find(cut) != std::string::npos) what = "it is cut short";
    }
    meter_->fail(packing_, what, consumed());
  }

  Packing packing_;
  std::shared_ptr<UnpackMeter> meter_;
  Feed feed_;
  ArchiveHandle handle_;
  State state_ = State::unopened;
};

}  // namespace

std::unique_ptr<ByteStream> make_filter_stream(Packing packing, std::unique_ptr<ByteStream> packed,
                                               std::shared_ptr<UnpackMeter> meter) {
  return std::make_unique<FilterStream>(packing, std::move(packed), std::move(meter));
}

}  // namespace pgseed::io
