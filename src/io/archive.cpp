#include "pgseed/io/archive.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <cstdio>
#include <utility>

#include "archive_handle.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/utf8.hpp"

namespace pgseed::io {
namespace {

constexpr std::size_t kTarBlock = 512;

// "./a/b" has the parts a and b. Parts that begin with a dot are hidden, but ".." is not.
bool is_hidden(std::string_view path) {
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part == "__MACOSX" || (part.starts_with('.') && part != "." && part != "..")) return true;
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return false;
}

std::string readable(std::string name) {
  const bool broken = !is_utf8(name);
  for (char& byte : name) {
    const auto code = static_cast<unsigned char>(byte);
    if (code < 0x20 || code == 0x7F || (broken && code >= 0x80)) byte = '?';
  }
  return name;
}

struct ZipFile {
  std::unique_ptr<Source> source;
  std::shared_ptr<UnpackMeter> meter;
  std::string block;
  std::exception_ptr problem;
};

la_ssize_t read_zip(archive* /*handle*/, void* data, const void** block) {
  auto& zip = *static_cast<ZipFile*>(data);
  try {
    const std::size_t got = zip.source->read(zip.block.data(), zip.block.size());
    zip.meter->add_packed(got);
    *block = zip.block.data();
    return static_cast<la_ssize_t>(got);
  } catch (...) {
    zip.problem = std::current_exception();
    return ARCHIVE_FATAL;
  }
}

la_int64_t seek_zip(archive* /*handle*/, void* data, la_int64_t offset, int whence) {
  auto& zip = *static_cast<ZipFile*>(data);
  la_int64_t to = offset;
  if (whence == SEEK_CUR) to += static_cast<la_int64_t>(zip.source->offset());
  if (whence == SEEK_END) to += static_cast<la_int64_t>(zip.source->size().value_or(0));
  if (to < 0) return ARCHIVE_FATAL;
  try {
    zip.source->seek(static_cast<std::uint64_t>(to));
  } catch (...) {
    zip.problem = std::current_exception();
    return ARCHIVE_FATAL;
  }
  return to;
}

}  // namespace

struct Archive::Impl {
  Packing packing;
  std::shared_ptr<UnpackMeter> meter;
  Feed feed;
  ZipFile zip;
  ArchiveHandle handle{archive_read_new()};
  bool opened = false;
  bool first = true;
  std::string name;
  std::optional<std::uint64_t> size;
  std::uint64_t given = 0;  // of the member

  Impl(Packing packing_, std::shared_ptr<UnpackMeter> meter_)
      : packing(packing_), meter(std::move(meter_)) {}

  std::string member_name() const { return text(meter->name(), ':', name); }

  void open() {
    if (packing == Packing::tar) {
      require_reader(archive_read_support_format_tar(handle.get()), packing, meter->name());
      feed.open(handle.get());
    } else {
      require_reader(archive_read_support_format_zip_seekable(handle.get()), packing,
                     meter->name());
      archive_read_set_callback_data(handle.get(), &zip);
      archive_read_set_read_callback(handle.get(), read_zip);
      archive_read_set_seek_callback(handle.get(), seek_zip);
      if (archive_read_open1(handle.get()) != ARCHIVE_OK) {
        rethrow();
        meter->fail(packing, "its directory, which stands at the end, is missing",
                    zip.source->size().value_or(0));
      }
    }
    opened = true;
  }

  void rethrow() const {
    feed.rethrow();
    if (zip.problem) std::rethrow_exception(zip.problem);
  }

  [[noreturn]] void fail() {
    rethrow();
    const char* const message = archive_error_string(handle.get());
    meter->fail(packing, message == nullptr ? "it is damaged" : readable(redact(message)),
                packing == Packing::zip
                    ? zip.source->offset()
                    : static_cast<std::uint64_t>(archive_filter_bytes(handle.get(), -1)));
  }

  bool next_member() {
    if (!opened) open();
    for (;;) {
      archive_entry* entry = nullptr;
      const int result = archive_read_next_header(handle.get(), &entry);
      if (result == ARCHIVE_EOF) {
        end();
        return false;
      }
      // A warning is about an attribute or the name. ARCHIVE_RETRY would go on behind damage.
      if (result != ARCHIVE_OK && result != ARCHIVE_WARN) fail();
      take_name(entry);
      const bool is_first = std::exchange(first, false);
      if (is_first && packing == Packing::tar && name == "toc.dat") {
        throw Error(ErrorKind::input, "this is an archive of pg_dump -Ft", meter->name(),
                    "turn it into SQL: pg_restore -f dump.sql FILE");
      }
      if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) != nullptr ||
          is_hidden(name)) {
        continue;
      }
      if (archive_entry_is_encrypted(entry) != 0) {
        throw Error(ErrorKind::input, "this member of the archive is encrypted", member_name(),
                    "unpack the archive with its password first");
      }
      require_bounded_memory();
      size.reset();
      if (archive_entry_size_is_set(entry) != 0) {
        size = static_cast<std::uint64_t>(archive_entry_size(entry));
      }
      given = 0;
      return true;
    }
  }

  // LZMA in a zip says itself how much memory it wants, up to 4 GB, and libarchive hands it out
  // without a limit.
  void require_bounded_memory() const {
    const char* const format = archive_format_name(handle.get());
    const std::string_view method = format == nullptr ? "" : format;
    if (method.find("(lzma") == std::string_view::npos &&
        method.find("(xz") == std::string_view::npos) {
      return;
    }
    throw Error(ErrorKind::input, "this member of the zip archive is packed by LZMA", member_name(),
                "unpack the archive first, or pack it with zip, zstd or xz");
  }

  // Nothing but zeros may follow the members of a tar, a block of them at the least: libarchive
  // takes one without them for a whole one and does not look behind them. Reading on also checks
  // the checksum of what is compressed.
  void end() {
    rethrow();
    if (packing != Packing::tar) return;
    const auto used = static_cast<std::uint64_t>(archive_filter_bytes(handle.get(), -1));
    while (!feed.next().empty()) {
    }
    const std::uint64_t rest = feed.fed - used;
    if (feed.zeros >= rest + kTarBlock) return;
    meter->fail(packing,
                rest == 0 ? "its end mark is missing" : "something else stands behind its end",
                used);
  }

  void take_name(archive_entry* entry) {
    const char* path = archive_entry_pathname_utf8(entry);
    if (path == nullptr) path = archive_entry_pathname(entry);
    name = readable(path == nullptr ? "?" : path);
    if (name.starts_with("./")) name.erase(0, 2);
  }

  std::string_view next_block() {
    for (;;) {
      const void* block = nullptr;
      std::size_t bytes = 0;
      la_int64_t offset = 0;
      const int result = archive_read_data_block(handle.get(), &block, &bytes, &offset);
      if (result == ARCHIVE_EOF) {
        // A hole at the end of a sparse file is like one before.
        if (size && given != *size) fail_size();
        return {};
      }
      if (result != ARCHIVE_OK) fail();  // a warning says that a checksum does not match
      if (bytes == 0) continue;
      if (offset != static_cast<la_int64_t>(given)) fail_size();
      if (packing == Packing::zip) meter->add_unpacked(bytes);
      given += bytes;
      return {static_cast<const char*>(block), bytes};
    }
  }

  [[noreturn]] void fail_size() {
    throw Error(ErrorKind::input,
                text("the archive has only ", given, " bytes of this member in a row, of ",
                     size.value_or(0)),
                member_name(), "the archive may be damaged, or the file in it have holes");
  }
};

Archive::Archive(std::unique_ptr<ByteStream> tar, std::shared_ptr<UnpackMeter> meter)
    : impl_(std::make_unique<Impl>(Packing::tar, std::move(meter))) {
  impl_->feed.bytes = std::move(tar);
}

Archive::Archive(std::unique_ptr<Source> zip, std::shared_ptr<UnpackMeter> meter)
    : impl_(std::make_unique<Impl>(Packing::zip, meter)) {
  impl_->zip.source = std::move(zip);
  impl_->zip.block.resize(meter->limits().block);
  impl_->zip.meter = std::move(meter);
}

Archive::~Archive() = default;

bool Archive::next_member() {
  return impl_->next_member();
}
const std::string& Archive::member() const {
  return impl_->name;
}
std::optional<std::uint64_t> Archive::member_size() const {
  return impl_->size;
}
std::string_view Archive::next_block() {
  return impl_->next_block();
}

}  // namespace pgseed::io
