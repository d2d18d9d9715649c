#include "archive_handle.hpp"

#include <archive.h>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::io {
namespace {

la_ssize_t read_block(archive* /*handle*/, void* data, const void** block) {
  auto& feed = *static_cast<Feed*>(data);
  try {
    const std::string_view bytes = feed.next();
    *block = bytes.data();
    return static_cast<la_ssize_t>(bytes.size());
  } catch (...) {
    feed.problem = std::current_exception();
    return ARCHIVE_FATAL;
  }
}

}  // namespace

void ArchiveFree::operator()(archive* handle) const {
  archive_read_free(handle);
}

void require_reader(int result, Packing packing, const std::string& file) {
  if (result == ARCHIVE_OK) return;
  throw Error(ErrorKind::input, text("the libarchive here cannot read ", name(packing)), file,
              "unpack the file on the way in: ... | pgseed seed -");
}

std::string_view Feed::next() {
  const std::string_view block = bytes->next();
  fed += block.size();
  const std::size_t last = block.find_last_not_of('\0');
  zeros = last == std::string_view::npos ? zeros + block.size() : block.size() - last - 1;
  return block;
}

// Failure shows with the first thing that is read.
void Feed::open(archive* handle) {
  archive_read_open(handle, this, nullptr, read_block, nullptr);
  rethrow();
}

}  // namespace pgseed::io
