#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/io/input_file.hpp"
#include "pgseed/io/packing.hpp"
#include "support/packing.hpp"
#include "support/random.hpp"

using namespace pgseed;
using namespace std::string_literals;

namespace {

constexpr const char* kTools[] = {"gzip", "bzip2", "xz", "zstd", "lz4"};

std::string read_all(const std::string& path, const io::PackedLimits& limits = {}) {
  const io::InputFile file(path, limits);
  const auto source = file.open();
  std::string out;
  std::vector<char> block(1000);
  while (const std::size_t got = source->read(block.data(), block.size())) {
    out.append(block.data(), got);
  }
  return out;
}

// "error: ..." when it cannot be read.
std::string read_or_error(const std::string& path, const io::PackedLimits& limits = {}) {
  try {
    return read_all(path, limits);
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    CHECK(!error.hint.empty());
    CHECK(error.where.rfind(path, 0) == 0);
    return "error: " + error.message;
  }
}

bool is_error(const std::string& outcome) {
  return outcome.rfind("error: ", 0) == 0;
}

// Some that packs well and some that does not.
std::string sample(std::size_t bytes) {
  test::Random random(4);
  std::string text;
  while (text.size() < bytes) {
    text +=
        "INSERT INTO t VALUES (" + std::to_string(random.below(1'000'000'000)) + ", 'abcabc');\n";
  }
  return text;
}

io::PackedLimits in_blocks_of(std::size_t block) {
  io::PackedLimits limits;
  limits.block = block;
  return limits;
}

}  // namespace

TEST_CASE("io packed: what the tools compress is read back, in blocks of any size") {
  const test::TempDir folder;
  const std::string text = sample(300'000);
  for (const std::string tool : kTools) {
    CAPTURE(tool);
    const std::string packed = test::packed_by(tool, text);
    if (packed.empty()) continue;
    REQUIRE(packed.size() < text.size());
    const std::string path = folder.write("name says nothing", packed);
    for (const std::size_t block : {1U, 7U, 64U, 262'144U}) {
      CAPTURE(block);
      CHECK(read_all(path, in_blocks_of(block)) == text);
    }
    const std::string empty = test::packed_by(tool, "");
    CHECK(read_or_error(folder.write("empty", empty)).empty());
  }
}

TEST_CASE("io packed: members and frames in a row are one text") {
  const test::TempDir folder;
  for (const std::string tool : kTools) {
    CAPTURE(tool);
    const std::string one = test::packed_by(tool, "one\n");
    if (one.empty()) continue;
    // libarchive ends at an empty frame of lz4; that more follows is then an error.
    const std::string empty = tool == "lz4" ? "" : test::packed_by(tool, "");
    const std::string path = folder.write("three", one + empty + test::packed_by(tool, "three\n"));
    for (const std::size_t block : {1U, 7U, 64U, 262'144U}) {
      CAPTURE(block);
      CHECK(read_or_error(path, in_blocks_of(block)) == "one\nthree\n");
    }
    // In layers, too.
    CHECK(read_or_error(folder.write("twice", test::packed_by("gzip", one))) == "one\n");
  }
  // pzstd begins with a frame that holds sizes.
  const std::string frame = "\x50\x2A\x4D\x18\x04\0\0\0abcd"s;
  const std::string zstd = test::packed_by("zstd", "one\n");
  if (!zstd.empty()) {
    CHECK(read_or_error(folder.write("skip", frame + frame + zstd)) == "one\n");
    CHECK(read_or_error(folder.write("skip", frame + zstd + frame + zstd)) == "one\none\n");
    CHECK(is_error(read_or_error(folder.write("skip", frame))));
    CHECK(is_error(read_or_error(folder.write("skip", frame.substr(0, 10)))));
  }
}

TEST_CASE("io packed: a file cut at any byte is an error, never a shorter text") {
  const test::TempDir folder;
  const std::string text = sample(1'000);
  for (const std::string tool : kTools) {
    CAPTURE(tool);
    const std::string packed = test::packed_by(tool, text);
    if (packed.empty()) continue;
    for (const std::size_t block : {1U, 262'144U}) {
      CAPTURE(block);
      const std::string path = folder.write("cut", packed);
      for (std::size_t cut = packed.size() - 1; cut > 0; --cut) {
        CAPTURE(cut);
        std::filesystem::resize_file(path, cut);
        REQUIRE(is_error(read_or_error(path, in_blocks_of(block))));
      }
    }
    // Behind the end of a member the file might be whole; at any other byte of the next it is not.
    const std::string path = folder.write("cut", packed + packed);
    for (std::size_t cut = packed.size() - 1; cut > 0; --cut) {
      CAPTURE(cut);
      std::filesystem::resize_file(path, packed.size() + cut);
      REQUIRE(is_error(read_or_error(path)));
    }
  }
}

TEST_CASE("io packed: a changed byte is an error or changes nothing") {
  const test::TempDir folder;
  const std::string text = sample(600);
  for (const std::string tool : kTools) {
    CAPTURE(tool);
    const std::string packed = test::packed_by(tool, text);
    if (packed.empty()) continue;
    int errors = 0;
    // The first bytes tell what the file is.
    for (std::size_t at = 6; at < packed.size(); ++at) {
      CAPTURE(at);
      std::string changed = packed;
      changed[at] = static_cast<char>(changed[at] ^ 0x10);
      const std::string path = folder.write("changed", changed);
      const std::string outcome = read_or_error(path);
      std::filesystem::remove(path);
      if (outcome != text) REQUIRE(is_error(outcome));
      errors += is_error(outcome) ? 1 : 0;
    }
    CHECK(errors > static_cast<int>(packed.size() / 2));
  }
}

TEST_CASE("io packed: behind the end stand zeros at most") {
  const test::TempDir folder;
  for (const std::string tool : {"gzip", "bzip2"}) {
    CAPTURE(tool);
    const std::string packed = test::packed_by(tool, "text\n");
    if (packed.empty()) continue;
    for (const std::size_t block : {1U, 262'144U}) {
      const io::PackedLimits limits = in_blocks_of(block);
      CHECK(read_or_error(folder.write("a", packed + std::string(600, '\0')), limits) == "text\n");
      CHECK(is_error(read_or_error(folder.write("a", packed + "\n"), limits)));
      CHECK(is_error(read_or_error(folder.write("a", packed + "INSERT INTO t"), limits)));
    }
    CHECK(is_error(read_or_error(folder.write("a", packed + std::string(9, '\0') + packed))));
  }
}

TEST_CASE("io packed: the error names the offset that was reached") {
  const test::TempDir folder;
  const std::string packed = test::packed_by("gzip", sample(5'000));
  REQUIRE(packed.size() > 400);
  const std::string outcome = read_or_error(folder.write("a", packed.substr(0, 400)));
  CHECK(outcome == "error: gzip data: it is cut short (at byte 400)");
  std::string damaged = packed;
  damaged[packed.size() - 5] = static_cast<char>(damaged[packed.size() - 5] ^ 1);  // the checksum
  CHECK(read_or_error(folder.write("a", damaged)) ==
        "error: gzip data: incorrect data check (at byte " + std::to_string(packed.size() - 4) +
            ")");
}

TEST_CASE("io packed: a bomb ends at the limits, which can be raised") {
  const test::TempDir folder;
  const std::string zeros(8 << 20, ' ');
  for (const std::string tool : kTools) {
    CAPTURE(tool);
    const std::string packed = test::packed_by(tool, zeros);
    if (packed.empty()) continue;
    const std::string path = folder.write("bomb", packed);
    io::PackedLimits limits;
    CHECK(read_or_error(path, limits) == zeros);  // too little to count
    limits.ratio_from = 1 << 20;
    limits.ratio = 50;
    CHECK(read_or_error(path, limits).find("this may be a bomb") != std::string::npos);
    limits.ratio = 1'000'000;
    CHECK(read_or_error(path, limits) == zeros);
    limits.ratio = 0;
    CHECK(read_or_error(path, limits) == zeros);
    limits.bytes = (8 << 20) - 1;
    CHECK(read_or_error(path, limits).find("come out of the file") != std::string::npos);
    limits.bytes = 8 << 20;
    CHECK(read_or_error(path, limits) == zeros);
  }
  std::string onion = "text";
  for (int layer = 0; layer < 4; ++layer) onion = test::packed_by("gzip", onion);
  CHECK(read_or_error(folder.write("onion", onion)) == "text");
  onion = test::packed_by("gzip", onion);
  CHECK(is_error(read_or_error(folder.write("onion", onion))));
}

TEST_CASE("io packed: plain text, and what only looks packed, passes as it is") {
  const test::TempDir folder;
  for (const std::string& text :
       {""s, "SELECT 1;"s, "BZh is a name"s, "B-tree\n"s, "PK\x01"s, "Rare\n"s, "7zip\n"s,
        std::string(2'000, 'x'), "\xFF\xFEI\0"s, std::string(600, '\0')}) {
    CAPTURE(text);
    for (const std::size_t block : {1U, 262'144U}) {
      CHECK(read_or_error(folder.write("plain", text), in_blocks_of(block)) == text);
    }
  }
  for (const std::string& other : {"7z\xBC\xAF\x27\x1C\0\4"s, "Rar!\x1A\x07\1\0"s, "LZIP\x01zzz"s,
                                   "\x1F\x9D\x90zzz"s, "\x02\x21\x4C\x18zzzz"s}) {
    CAPTURE(other);
    CHECK(is_error(read_or_error(folder.write("other", other))));
  }
}

TEST_CASE("io packed: size, offset and repeatable speak of the file as it lies there") {
  const test::TempDir folder;
  const std::string text = sample(100'000);
  const std::string packed = test::packed_by("gzip", text);
  const io::InputFile file(folder.write("a.gz", packed));
  CHECK(file.members().empty());
  for (int time = 0; time < 2; ++time) {
    const auto source = file.open();
    CHECK(source->name() == folder / "a.gz");
    CHECK(source->size() == packed.size());
    CHECK(source->repeatable());
    CHECK(source->offset() <= packed.size());
    std::vector<char> all(text.size() + 1);
    std::size_t have = 0;
    while (const std::size_t got = source->read(all.data() + have, all.size() - have)) have += got;
    CHECK(std::string(all.data(), have) == text);
    CHECK(source->offset() == packed.size());
  }
}

TEST_CASE("io packed: a pipe is unpacked as it comes, once") {
  const test::TempDir folder;
  const std::string text = sample(100'000);
  const std::string pipe = folder / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  for (const std::string tool : {"none", "gzip", "zstd"}) {
    CAPTURE(tool);
    const std::string packed = tool == "none" ? text : test::packed_by(tool, text);
    if (packed.empty()) continue;
    folder.write("content", packed);
    test::Command command;
    command.argv = {"sh", "-c", "cat content > pipe"};
    command.directory = folder.path().string();
    test::Process writer(command);
    const io::InputFile file(pipe);
    const auto source = file.open();
    CHECK(!source->repeatable());
    CHECK(!source->size());
    std::string out;
    std::vector<char> block(5'000);
    while (const std::size_t got = source->read(block.data(), block.size())) {
      out.append(block.data(), got);
    }
    CHECK(out == text);
    CHECK_THROWS_AS((void)file.open(), Error);
  }
}

TEST_CASE("io packed: xz data that wants gigabytes to look back into is refused") {
  const test::TempDir folder;
  std::string packed = test::packed_by("xz", sample(1000));
  if (packed.empty()) return;
  // Its header, the block's, then the only filter: LZMA2, one byte of properties.
  REQUIRE(packed.substr(13, 3) == "\0\x21\1"s);
  CHECK(io::xz_dictionary(packed) == std::uint64_t{8} << 20);
  packed[16] = 40;
  CHECK(read_or_error(folder.write("large", packed)) ==
        "error: unpacking this xz data takes a dictionary of 4.3 GB, more than 268.4 MB");
  packed[16] = 33;
  CHECK(io::xz_dictionary(packed) == std::uint64_t{384} << 20);
  packed[16] = 32;  // allowed, but the checksum is another one now
  CHECK(io::xz_dictionary(packed) == io::kLargestDictionary);
  CHECK(is_error(read_or_error(folder.write("damaged", packed))));
  // Sizes and another filter in front.
  const std::string magic = packed.substr(0, 12);
  CHECK(io::xz_dictionary(magic + "\x05\xC1\x80\x01\x02\x04\x00\x21\x01\x1C"s) == std::uint64_t{64}
                                                                                      << 20);
  for (std::size_t size = 0; size < 17; ++size) {
    CHECK(!io::xz_dictionary(packed.substr(0, size)));
  }
}
