#pragma once
// libarchive's handle, fed from a ByteStream. Private to src/io.
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "pgseed/io/byte_stream.hpp"
#include "pgseed/io/packing.hpp"

struct archive;

namespace pgseed::io {

struct ArchiveFree {
  void operator()(archive* handle) const;
};
using ArchiveHandle = std::unique_ptr<archive, ArchiveFree>;

// Throws for anything but success: a warning while a reader is set up means that libarchive would
// run another program to do the work.
void require_reader(int result, Packing packing, const std::string& file);

// What the callbacks work on. C++ exceptions must not cross libarchive: they wait here.
struct Feed {
  std::unique_ptr<ByteStream> bytes;
  std::uint64_t fed = 0;
  std::uint64_t zeros = 0;  // at the end of what was fed
  std::exception_ptr problem;

  std::string_view next();

  void open(archive* handle);
  void rethrow() const {
    if (problem) std::rethrow_exception(problem);
  }
};

}  // namespace pgseed::io
