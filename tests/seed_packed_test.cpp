#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/seed/input/dump_input.hpp"
#include "support/packing.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using namespace std::string_literals;

namespace {

using Lines = std::vector<std::string>;

// Every part's pieces behind its name; "error where: message" where it ends early.
Lines pieces_of(const test::TempDir& folder, const std::string& path,
                const seed::InputOptions& options = {}) {
  Lines lines;
  const auto short_name = [&](std::string text) {
    const std::string prefix = folder.path().string() + "/";
    const std::size_t at = text.find(prefix);
    return at == std::string::npos ? text : text.erase(at, prefix.size());
  };
  try {
    for (const seed::InputPart& part : seed::list_inputs({path}, options.packed)) {
      CHECK(part.path == path);
      seed::DumpInput input(part, options);
      CHECK(input.name() == part.name);
      if (part.name != path) lines.push_back(short_name(part.name));
      for (const std::string& line : test::transcript(input)) lines.push_back(short_name(line));
    }
  } catch (const Error& error) {
    CHECK(!error.hint.empty());
    lines.push_back("error " + short_name(error.where) + " " + error.message);
  }
  return lines;
}

std::string utf16(const std::u16string& text, bool little_endian) {
  std::string out;
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xFF);
    const char high = static_cast<char>(unit >> 8);
    out += little_endian ? low : high;
    out += little_endian ? high : low;
  }
  return out;
}

const std::string kDump =
    "SET client_encoding = 'UTF8';\nINSERT INTO t VALUES (1, 'one'), (2, 'it''s');\n"
    "COPY c (a, b) FROM stdin;\n1\t\\N\n2\tx\\ty\n\\.\n";
const Lines kPieces = {"1-1 a session statement: SET client_encoding = 'UTF8'",
                       "2 insert t: [1] [one]", "2 insert t: [2] [it's]", "4 copy c(a,b): [1] NULL",
                       "5 copy c(a,b): [2] [x\ty]"};

}  // namespace

TEST_CASE("seed packed: a compressed dump has the rows of the dump") {
  const test::TempDir folder;
  const Lines plain = pieces_of(folder, folder.write("a.sql", kDump));
  REQUIRE(plain.size() == kPieces.size());
  for (const std::string tool : {"gzip", "bzip2", "xz", "zstd", "lz4"}) {
    CAPTURE(tool);
    const std::string packed = test::packed_by(tool, kDump);
    if (packed.empty()) continue;
    const std::string path = folder.write("a", packed);
    seed::InputOptions options;
    for (const std::size_t block : {1U, 7U, 64U, 262'144U}) {
      options.packed.block = block;
      CHECK(pieces_of(folder, path, options) == plain);
    }
    // The way of those who know nothing of parts.
    seed::DumpInput input(path, "");
    CHECK(test::transcript(input) == plain);
    CHECK(input.bytes_read() == packed.size());
  }
}

TEST_CASE("seed packed: a compressed dump cut at any byte is an error") {
  const test::TempDir folder;
  for (const std::string tool : {"gzip", "zstd", "bzip2", "xz", "lz4"}) {
    CAPTURE(tool);
    const std::string packed = test::packed_by(tool, kDump);
    if (packed.empty()) continue;
    const std::string path = folder.write("a", packed);
    for (std::size_t cut = packed.size() - 1; cut > 0; --cut) {
      CAPTURE(cut);
      std::filesystem::resize_file(path, cut);
      const Lines lines = pieces_of(folder, path);
      REQUIRE(!lines.empty());
      REQUIRE(lines.back().rfind("error ", 0) == 0);
    }
  }
}

TEST_CASE("seed packed: the members of an archive are inputs of their own") {
  const test::TempDir folder;
  folder.write("in/a.sql", "INSERT INTO a VALUES (1);\n");
  folder.write("in/b.csv", "x,y\n1,\n");
  folder.write("in/c.sql.gz", test::packed_by("gzip", "INSERT INTO c VALUES (3);\n"));
  folder.write("in/d.sql", "INSERT INTO d VALUES (;\n");
  seed::InputOptions options;
  options.rows.table = "b";
  const auto wanted = [](const std::string& archive) {
    return Lines{archive + ":a.sql",    "1 insert a: [1]",
                 archive + ":b.csv",    "2 copy b(x,y): [1] NULL",
                 archive + ":c.sql.gz", "1 insert c: [3]",
                 archive + ":d.sql",    "error a.sql:1:24 expected a value"};
  };
  std::vector<std::string> archives;
  if (test::made_by(folder, "tar", "tar cf a.tar -C in a.sql b.csv c.sql.gz d.sql"))
    archives.emplace_back("a.tar");
  if (test::made_by(folder, "zip", "cd in && zip -q ../a.zip a.sql b.csv c.sql.gz d.sql"))
    archives.emplace_back("a.zip");
  for (const std::string& archive : archives) {
    CAPTURE(archive);
    Lines lines = pieces_of(folder, folder / archive, options);
    REQUIRE(lines.size() == 8);
    CHECK(lines.back().rfind("error a.sql:1:", 0) == 0);
    lines.back() = wanted(archive).back();
    CHECK(lines == wanted(archive));
    // A name alone says which member only where there is one.
    CHECK_THROWS_AS(seed::DumpInput(folder / archive, ""), Error);
  }
  if (test::made_by(folder, "zip", "cd in && zip -q ../one.zip a.sql")) {
    seed::DumpInput input(folder / "one.zip", "");
    CHECK(test::transcript(input) == Lines{"1 insert a: [1]"});
  }
}

TEST_CASE("seed packed: archives of pg_dump are named, packed or not") {
  const test::TempDir folder;
  const std::string custom = "PGDMP\x01\x0E\0\4\10\1\1\1"s;
  const std::string wanted = "error a this is an archive of pg_dump -Fc";
  CHECK(pieces_of(folder, folder.write("a", custom)) == Lines{wanted});
  CHECK(pieces_of(folder, folder.write("a", test::packed_by("gzip", custom))) == Lines{wanted});
  folder.write("toc.dat", custom);
  if (!test::made_by(folder, "tar", "tar cf a toc.dat")) return;
  CHECK(pieces_of(folder, folder / "a") == Lines{"error a this is an archive of pg_dump -Ft"});
}

TEST_CASE("seed packed: UTF-16 is read, with a mark or without") {
  const test::TempDir folder;
  const std::u16string text = u"INSERT INTO t VALUES ('gr\u00fc\u00df \U0001F600');\r\n";
  const Lines wanted = {"1 insert t: [gr\xC3\xBC\xC3\x9F \xF0\x9F\x98\x80]"};
  for (const bool little_endian : {true, false}) {
    CAPTURE(little_endian);
    const std::string bytes = utf16(text, little_endian);
    CHECK(pieces_of(folder, folder.write("a", utf16(u"\uFEFF", little_endian) + bytes)) == wanted);
    CHECK(pieces_of(folder, folder.write("a", bytes)) == wanted);
    CHECK(pieces_of(folder, folder.write("a", test::packed_by("gzip", bytes))) == wanted);
    // Longer than one block, with pairs across its end.
    std::u16string many = u"\uFEFFx";
    many.clear();
    for (int row = 0; row < 9'001; ++row) many += text;
    Lines lines = pieces_of(folder, folder.write("a", utf16(u"\uFEFF" + many, little_endian)));
    REQUIRE(lines.size() == 9'001);
    CHECK(lines.back() == "9001" + wanted[0].substr(1));
    CHECK(pieces_of(folder, folder.write("a", utf16(u"\uFEFF", little_endian))).empty());
  }
  // The rows of CSV and JSON, too.
  seed::InputOptions options;
  options.rows.table = "t";
  CHECK(pieces_of(folder, folder.write("a.csv", utf16(u"\uFEFFa,b\r\n1,\u00fc\r\n", true)),
                  options) == Lines{"2 copy t(a,b): [1] [\xC3\xBC]"});
  CHECK(pieces_of(folder, folder.write("a", utf16(u"\uFEFF[{\"a\":\"\u00fc\"}]", true)), options) ==
        Lines{"1 insert t(a): [\xC3\xBC]"});
}

TEST_CASE("seed packed: broken UTF-16 is refused with its place") {
  const test::TempDir folder;
  const std::u16string text = u"\uFEFFINSERT INTO t VALUES ('a');\nINSERT INTO t VALUES ('\u00fc";
  const auto last_of = [&](const std::string& bytes) {
    return pieces_of(folder, folder.write("a", bytes)).back();
  };
  const std::string start = utf16(text, true);
  const std::string half = "error a:2:25 half of a surrogate pair in UTF-16 text";
  CHECK(last_of(start + utf16(u"\xD83D');", true)) == half);
  CHECK(last_of(start + utf16(u"\xDE00');", true)) == half);
  const std::string cut = "error a:2:25 the file ends in the middle of a character";
  CHECK(last_of(start + "x") == cut);
  CHECK(last_of(start + utf16(u"\xD83D", true)) == cut);
  CHECK(last_of("\xFF\xFE\0\0a\0\0\0"s) == "error a this is UTF-32 text");
  // Far behind the first block, and still in UTF-16.
  std::u16string many = u"\uFEFF";
  for (int row = 0; row < 5'000; ++row) many += u"INSERT INTO t VALUES ('a');\n";
  CHECK(last_of(utf16(many + u"-- \xDE00", true)) ==
        "error a:5001:4 half of a surrogate pair in UTF-16 text");
}

TEST_CASE("seed packed: Latin-1 without a word is refused where it begins") {
  const test::TempDir folder;
  seed::InputOptions options;
  options.rows.table = "t";
  const std::string dump = folder.write("a.sql", "-- x\nINSERT INTO t VALUES ('\xE9');\n");
  const std::string csv = folder.write("a.csv", "a\nx\n\xE9\n");
  const std::string json = folder.write("a.json", "{\"a\":1}\n{\"a\":\"\xE9\"}\n");
  CHECK(pieces_of(folder, dump, options).back() ==
        "error a.sql:2:24 the byte 0xE9 is not valid UTF-8");
  CHECK(pieces_of(folder, csv, options).back() ==
        "error a.sql:3:1 the byte 0xE9 is not valid UTF-8");
  CHECK(pieces_of(folder, json, options).back() ==
        "error a.json:2:7 a byte that is not valid UTF-8");
  options.encoding = "latin1";
  CHECK(pieces_of(folder, dump, options) == Lines{"2 insert t: [\xC3\xA9]"});
  CHECK(pieces_of(folder, csv, options).back() == "3 copy t(a): [\xC3\xA9]");
  CHECK(pieces_of(folder, json, options).back() == "2 insert t(a): [\xC3\xA9]");
}

TEST_CASE("seed packed: rows without SQL are told by name or content, or by the user") {
  const test::TempDir folder;
  seed::InputOptions options;
  const std::string csv = folder.write("A.CSV",
                                       "\xEF\xBB\xBF"
                                       "a,b\n1,2\n");
  const std::string tsv = folder.write("a.tsv", "a\tb\n1\t2,3\n");
  const std::string json = folder.write("a.txt", "\xEF\xBB\xBF\n [{\"a\":1}]");
  for (const std::string& path : {csv, tsv, json}) {
    const Lines lines = pieces_of(folder, path, options);
    CHECK(lines.back().find("nothing in it says to which table its rows belong") !=
          std::string::npos);
  }
  options.rows.table = "t";
  CHECK(pieces_of(folder, csv, options) == Lines{"2 copy t(a,b): [1] [2]"});
  CHECK(pieces_of(folder, tsv, options) == Lines{"2 copy t(a,b): [1] [2,3]"});
  CHECK(pieces_of(folder, json, options) == Lines{"2 insert t(a): [1]"});
  CHECK(pieces_of(folder, folder.write("a.csv.gz", test::packed_by("gzip", "a\n1\n")), options) ==
        Lines{"2 copy t(a): [1]"});
  // A reject file names its table itself.
  const std::string reject =
      "{\"file\":\"x\",\"line\":1,\"schema\":\"s\",\"table\":\"r\",\"row\":1,\"code\":\"\","
      "\"message\":\"\",\"values\":{\"a\":\"1\\n2\",\"b\":null}}";
  CHECK(pieces_of(folder, folder.write("a", reject + "\n\n" + reject), options) ==
        Lines{"1 insert s.r(a,b): [1\n2] NULL", "3 insert s.r(a,b): [1\n2] NULL"});
  options.rows.format = seed::RowFormat::csv;
  CHECK(pieces_of(folder, folder.write("a", "{\"file\"\n[x]\n"), options).size() == 1);
  options.rows.format = seed::RowFormat::sql;
  CHECK(pieces_of(folder, csv, options).back().rfind("error ", 0) == 0);
}
