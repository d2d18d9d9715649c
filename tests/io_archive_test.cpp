#include <doctest/doctest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/io/input_file.hpp"
#include "support/packing.hpp"

using namespace pgseed;
using namespace std::string_literals;

namespace {

std::string read_all(io::TextSource& source) {
  std::string out;
  std::vector<char> block(700);
  while (const std::size_t got = source.read(block.data(), block.size())) {
    out.append(block.data(), got);
  }
  return out;
}

// "name: text" of each member, or "error where: message" in the place where it happens.
std::vector<std::string> texts_of(const std::string& path, const io::PackedLimits& limits = {}) {
  std::vector<std::string> out;
  try {
    const io::InputFile file(path, limits);
    CHECK(!file.members().empty());
    for (std::size_t member = 0; member < file.members().size(); ++member) {
      const auto source = file.open(member);
      CHECK(source->name() == path + ":" + file.members()[member]);
      out.push_back(file.members()[member] + ": " + read_all(*source));
    }
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    CHECK(!error.hint.empty());
    out.push_back("error " + error.where.substr(path.size()) + ": " + error.message);
  }
  return out;
}

bool ends_in_error(const std::vector<std::string>& texts) {
  return !texts.empty() && texts.back().rfind("error ", 0) == 0;
}

// Members in this order, however long.
void write_members(const test::TempDir& folder) {
  folder.write("in/b.sql", "the first\n");
  folder.write("in/sub/a.sql", std::string(3'000, 'a') + "\n");
  folder.write("in/empty.sql", "");
  folder.write("in/.hidden", "no");
  folder.write("in/sub/._a.sql", "no");
  folder.write("in/__MACOSX/a.sql", "no");
  folder.write("in/.git/config", "no");
}

const std::vector<std::string> kTexts = {
    "b.sql: the first\n", "sub/a.sql: " + std::string(3'000, 'a') + "\n", "empty.sql: "};
// Folders, a link, a pipe and hidden files among them.
constexpr const char* kTar =
    "cd in && ln -sf b.sql link.sql && ln -f b.sql hard.sql && mkfifo pipe; "
    "tar cf ../a.tar --no-recursion b.sql . .hidden sub sub/._a.sql sub/a.sql link.sql hard.sql "
    "__MACOSX __MACOSX/a.sql pipe .git .git/config empty.sql";
constexpr const char* kZip =
    "cd in && ln -sf b.sql link.sql && zip -qy ../a.zip b.sql .hidden sub/ sub/._a.sql sub/a.sql "
    "link.sql __MACOSX/a.sql .git/config empty.sql";

}  // namespace

TEST_CASE("io archive: each regular file of a tar is a text, in the archive's order") {
  const test::TempDir folder;
  write_members(folder);
  if (!test::made_by(folder, "tar", kTar)) return;
  CHECK(texts_of(folder / "a.tar") == kTexts);
  const std::string tar = test::read_file(folder / "a.tar");
  for (const std::string tool : {"gzip", "bzip2", "xz", "zstd", "lz4"}) {
    CAPTURE(tool);
    const std::string packed = test::packed_by(tool, tar);
    if (packed.empty()) continue;
    const std::string path = folder.write("packed", packed);
    for (const std::size_t block : {1U, 7U, 64U, 262'144U}) {
      CAPTURE(block);
      io::PackedLimits limits;
      limits.block = block;
      CHECK(texts_of(path, limits) == kTexts);
    }
  }
  for (const std::string format : {"gnu", "pax", "ustar", "v7", "oldgnu"}) {
    CAPTURE(format);
    REQUIRE(
        test::made_by(folder, "tar", "tar cf b.tar --format=" + format + " -C in b.sql sub/a.sql"));
    CHECK(texts_of(folder / "b.tar") == std::vector<std::string>{kTexts[0], kTexts[1]});
  }
}

TEST_CASE("io archive: each regular file of a zip is a text, in the archive's order") {
  const test::TempDir folder;
  write_members(folder);
  if (!test::made_by(folder, "zip", kZip)) return;
  for (const std::size_t block : {1U, 7U, 64U, 262'144U}) {
    CAPTURE(block);
    io::PackedLimits limits;
    limits.block = block;
    CHECK(texts_of(folder / "a.zip", limits) == kTexts);
  }
}

TEST_CASE("io archive: members can be opened in any order, several at once, and left half read") {
  const test::TempDir folder;
  write_members(folder);
  std::vector<std::string> archives;
  if (test::made_by(folder, "tar", kTar)) archives.push_back(folder / "a.tar");
  if (test::made_by(folder, "zip", kZip)) archives.push_back(folder / "a.zip");
  for (const std::string& path : archives) {
    CAPTURE(path);
    const io::InputFile file(path);
    REQUIRE(file.members().size() == 3);
    CHECK(read_all(*file.open(1)).size() == 3'001);
    CHECK(read_all(*file.open(0)) == "the first\n");
    {
      const auto first = file.open(0);
      char byte = 0;
      CHECK(first->read(&byte, 1) == 1);
      const auto second = file.open(1);
      CHECK(second->read(&byte, 1) == 1);
      CHECK(byte == 'a');
      CHECK(read_all(*first) == "he first\n");
      CHECK(second->repeatable());
      CHECK(second->size() == 3'001);
    }
    const auto second = file.open(1);
    char byte = 0;
    CHECK(second->read(&byte, 1) == 1);
    CHECK(read_all(*file.open(2)).empty());
    CHECK(read_all(*second).size() == 3'000);
    CHECK(second->offset() == 3'001);
  }
}

TEST_CASE("io archive: an archive cut at any byte is an error or has the same texts") {
  const test::TempDir folder;
  write_members(folder);
  for (const std::string kind : {"tar", "tar.gz", "zip"}) {
    CAPTURE(kind);
    if (!test::made_by(folder, kind.substr(0, 3), kind == "zip" ? kZip : kTar)) continue;
    std::string whole = test::read_file(folder / ("a." + kind.substr(0, 3)));
    if (kind == "tar.gz") whole = test::packed_by("gzip", whole);
    std::size_t same = 0;
    const std::string path = folder.write("cut", whole);
    // A tar cut inside of its first name is a text, of one word.
    const std::size_t shortest = kind == "tar" ? 300 : 1;
    for (std::size_t cut = whole.size() - 1; cut >= shortest; --cut) {
      CAPTURE(cut);
      std::filesystem::resize_file(path, cut);
      const std::vector<std::string> texts = texts_of(path);
      if (texts == kTexts) {
        ++same;
      } else {
        REQUIRE(ends_in_error(texts));
      }
    }
    // What stands behind the end of a tar is padding; the others end with what they need.
    CHECK((same > 0) == (kind == "tar"));
    std::filesystem::remove(folder / "in/pipe");
  }
}

TEST_CASE("io archive: a changed byte is an error or changes no text") {
  const test::TempDir folder;
  write_members(folder);
  if (!test::made_by(folder, "zip", kZip)) return;
  const std::string whole = test::read_file(folder / "a.zip");
  std::size_t errors = 0;
  for (std::size_t at = 4; at < whole.size(); ++at) {
    CAPTURE(at);
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const std::string path = folder.write("changed", changed);
    const std::vector<std::string> texts = texts_of(path);
    std::filesystem::remove(path);
    if (ends_in_error(texts)) {
      ++errors;
      continue;
    }
    // Names and what kind of file it is have no checksum; the contents have.
    for (const std::string& text : texts) {
      const std::string content = text.substr(text.find(": ") + 2);
      const bool known = content == kTexts[0].substr(7) || content == kTexts[1].substr(11) ||
                         content.empty() || content == "no" || content == "b.sql";
      CHECK(known);
    }
  }
  CHECK(errors > 0);
}

TEST_CASE("io archive: a tar without its end mark, or with more behind it, is refused") {
  const test::TempDir folder;
  folder.write("in/a.sql", std::string(512, 'a'));
  folder.write("in/b.sql", std::string(512, 'b'));
  if (!test::made_by(folder, "tar", "tar cf a.tar -C in a.sql b.sql")) return;
  const std::string whole = test::read_file(folder / "a.tar");
  REQUIRE(texts_of(folder / "a.tar").size() == 2);
  const auto message = [&](const std::string& content) {
    const std::vector<std::string> texts = texts_of(folder.write("b.tar", content));
    return texts.back();
  };
  // Whole members, which every tar would take for all there is.
  CHECK(message(whole.substr(0, 1024)) ==
        "error : tar archive: its end mark is missing (at byte 1024)");
  CHECK(message(whole.substr(0, 2048)) ==
        "error : tar archive: its end mark is missing (at byte 2048)");
  CHECK(message(whole.substr(0, 2048 + 512)).rfind("b.sql: ", 0) == 0);
  CHECK(message(whole + whole).find("something else stands behind its end") != std::string::npos);
  CHECK(message(whole + "x").find("something else stands behind its end") != std::string::npos);
}

TEST_CASE("io archive: names that lead out of the archive are names, nothing more") {
  const test::TempDir folder;
  folder.write("in/x/a.sql", "a\n");
  folder.write("in/c.sql", "c\n");
  if (!test::made_by(folder, "tar",
                     "cd in/x && tar cPf ../../a.tar ../c.sql a.sql "
                     "--transform='s,^a.sql,/etc/pgseed\\na.sql,'")) {
    return;
  }
  CHECK(texts_of(folder / "a.tar") ==
        std::vector<std::string>{"../c.sql: c\n", "/etc/pgseed?a.sql: a\n"});
  CHECK(!std::filesystem::exists("/etc/pgseed?a.sql"));
}

TEST_CASE("io archive: members that are compressed are unpacked, archives in them are refused") {
  const test::TempDir folder;
  folder.write("in/a.sql.gz", test::packed_by("gzip", "text\n"));
  if (!test::made_by(folder, "tar", "tar cf a.tar -C in a.sql.gz && tar cf b.tar a.tar")) return;
  CHECK(texts_of(folder / "a.tar") == std::vector<std::string>{"a.sql.gz: text\n"});
  CHECK(texts_of(folder / "b.tar").back() ==
        "error :a.tar: this is an archive inside of an archive");
  if (!test::made_by(folder, "zip", "zip -q a.zip in/a.sql.gz && gzip -k a.zip")) return;
  CHECK(texts_of(folder / "a.zip") == std::vector<std::string>{"in/a.sql.gz: text\n"});
  CHECK_THROWS_AS(io::InputFile(folder / "a.zip.gz"), Error);
}

TEST_CASE("io archive: encrypted, empty and foreign archives say what they are") {
  const test::TempDir folder;
  folder.write("in/a.sql", "text\n");
  folder.write("in/toc.dat", "PGDMP");
  if (test::made_by(folder, "zip", "zip -q -P secret a.zip in/a.sql")) {
    CHECK(texts_of(folder / "a.zip").back() ==
          "error :in/a.sql: this member of the archive is encrypted");
    REQUIRE(test::made_by(folder, "zip", "mkdir e && zip -qr e.zip e"));
    CHECK(texts_of(folder / "e.zip").back() == "error : the archive holds no file to read");
  }
  if (test::made_by(folder, "tar", "tar cf a.tar -C in toc.dat a.sql")) {
    CHECK(texts_of(folder / "a.tar").back() == "error : this is an archive of pg_dump -Ft");
    REQUIRE(test::made_by(folder, "tar", "truncate -s 1M hole && tar cSf s.tar hole"));
    CHECK(ends_in_error(texts_of(folder / "s.tar")));
  }
}

TEST_CASE("io archive: a bomb ends at the limits, all members together") {
  const test::TempDir folder;
  folder.write("a.sql", std::string(2 << 20, ' '));
  folder.write("b.sql", std::string(2 << 20, ' '));
  io::PackedLimits limits;
  limits.ratio_from = 1 << 20;
  limits.ratio = 100;
  io::PackedLimits most;
  most.bytes = 3 << 20;
  std::vector<std::string> archives;
  if (test::made_by(folder, "zip", "zip -q a.zip a.sql b.sql"))
    archives.push_back(folder / "a.zip");
  if (test::made_by(folder, "tar", "tar czf a.tar a.sql b.sql"))
    archives.push_back(folder / "a.tar");
  for (const std::string& path : archives) {
    CAPTURE(path);
    CHECK(texts_of(path).size() == 2);
    CHECK(texts_of(path, limits).back().find("this may be a bomb") != std::string::npos);
    CHECK(texts_of(path, most).back().find("come out of the file") != std::string::npos);
    most.bytes = 5 << 20;
    CHECK(texts_of(path, most).size() == 2);
    most.bytes = 3 << 20;
  }
}

TEST_CASE("io archive: a zip that says itself how much memory it wants is refused") {
  const test::TempDir folder;
  const std::string script =
      "python3 -c 'import zipfile; z = zipfile.ZipFile(\"a.zip\", \"w\", zipfile.ZIP_LZMA); "
      "z.writestr(\"a.sql\", \"text\"); z.close()'";
  if (!test::made_by(folder, "python3", script)) return;
  CHECK(texts_of(folder / "a.zip").back() ==
        "error :a.sql: this member of the zip archive is packed by LZMA");
}

TEST_CASE("io archive: an archive that comes through a pipe can be read again") {
  const test::TempDir folder;
  write_members(folder);
  const std::string pipe = folder / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  for (const std::string kind : {"tar", "tar.gz", "zip"}) {
    CAPTURE(kind);
    if (!test::made_by(folder, kind.substr(0, 3), kind == "zip" ? kZip : kTar)) continue;
    std::string whole = test::read_file(folder / ("a." + kind.substr(0, 3)));
    if (kind == "tar.gz") whole = test::packed_by("gzip", whole);
    folder.write("content", whole);
    test::Command command;
    command.argv = {"sh", "-c", "cat content > pipe"};
    command.directory = folder.path().string();
    test::Process writer(command);
    CHECK(texts_of(pipe) == kTexts);
    std::filesystem::remove(folder / "in/pipe");
  }
}
