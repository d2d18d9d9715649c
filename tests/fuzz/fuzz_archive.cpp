// First byte: the block. Then the packed file.
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "fuzz/fuzz_targets.hpp"
#include "fuzz/promise.hpp"
#include "pgseed/io/input_file.hpp"

using namespace pgseed;
using namespace pgseed::test;

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 18;

// A file without a name on any disk, under a path that opens it.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
    promise(descriptor_ >= 0 && write(descriptor_, bytes.data(), bytes.size()) ==
                                    static_cast<ssize_t>(bytes.size()),
            "there is memory for a file");
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

struct Contents {
  std::vector<std::string> names;
  std::vector<std::string> texts;
  bool ends_in_error = false;
};

Contents contents_of(const std::string& path, std::size_t block) {
  io::PackedLimits limits;
  limits.bytes = kMostBytes;
  limits.block = block;
  Contents contents;
  std::string space(4096, '\0');
  try {
    const io::InputFile file(path, limits);
    contents.names = file.members();
    for (const std::string& name : contents.names) promise(is_clean_text(name), "a name is text");
    for (std::size_t member = 0; member < std::max<std::size_t>(1, contents.names.size());
         ++member) {
      const auto text = file.open(member);
      std::string& all = contents.texts.emplace_back();
      while (const std::size_t got = text->read(space.data(), space.size())) {
        all.append(space, 0, got);
        promise(all.size() <= kMostBytes, "the limit is kept");
      }
      promise(text->read(space.data(), space.size()) == 0, "the end is the end");
    }
  } catch (const Error& error) {
    promise(error.kind == ErrorKind::input, "what stops it is wrong with the input");
    promise(is_clean_text(error.message), "an error is text");
    promise(!error.where.empty(), "an error has a place");
    contents.ends_in_error = true;
  }
  return contents;
}

}  // namespace

int fuzz_archive(const std::uint8_t* data, std::size_t size) {
  Choices choices(data, size);
  const std::size_t block = choices.byte() * 3 + 1;
  const MemoryFile file(choices.rest());
  const Contents whole = contents_of(file.path(), std::size_t{64} << 10);
  const Contents again = contents_of(file.path(), block);
  promise(whole.ends_in_error == again.ends_in_error, "an error in blocks of one size only");
  if (whole.ends_in_error) return 0;
  promise(whole.names == again.names, "other members for other blocks");
  promise(whole.texts == again.texts, "other texts for other blocks");
  return 0;
}

#ifdef PGSEED_FUZZ_MAIN
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_archive(data, size);
}
#endif
