// Rows that do not come as one plain SQL file: packed, in archives, as CSV and JSON, from a pipe,
// by a pattern, in another encoding. The contents are compared with what PostgreSQL itself makes of
// them.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/packing.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

using namespace std::string_literals;

std::string query(const std::string& sql) {
  return shared_stack().sql(sql);
}

constexpr const char* kTable = "create table t (id bigint primary key, v text)";
constexpr const char* kContents = "select string_agg(id || '=' || v, ' ' order by id) from t";

std::string insert(int id, const std::string& value) {
  return "INSERT INTO t (id, v) VALUES (" + std::to_string(id) + ", '" + value + "');\n";
}

Result seed_paths(std::vector<std::string> args, const std::string& standard_input = {}) {
  args.insert(args.begin(), "seed");
  return pgseed({.args = std::move(args), .stdin_text = standard_input});
}

}  // namespace

TEST_CASE("inputs: every packing is taken off, of a file and of standard input, in every mode") {
  shared_stack().reset(kTable);
  const std::string dump = insert(1, "a\\frac{1}{2}") + insert(2, "b");
  for (const std::string tool : {"gzip", "bzip2", "xz", "zstd", "lz4"}) {
    CAPTURE(tool);
    const std::string packed = packed_by(tool, dump);
    if (packed.empty()) continue;
    const TempDir folder;
    const std::string path = folder.write("dump", packed);
    for (const std::string mode : {"insert", "upsert", "ignore", "force"}) {
      CAPTURE(mode);
      if (mode == "insert") query("truncate t");
      const Result from_file = seed_paths({path, "--mode", mode});
      CHECK_MESSAGE(from_file.exit_code == 0, from_file.err);
      if (mode == "insert") query("truncate t");
      const Result from_pipe = seed_paths({"-", "--mode", mode}, packed);
      CHECK_MESSAGE(from_pipe.exit_code == 0, from_pipe.err);
      CHECK(query(kContents) == "1=a\\frac{1}{2} 2=b");
    }
  }
}

TEST_CASE("inputs: a torn file is refused with the offset, before anything is written") {
  shared_stack().reset(kTable);
  std::string dump;
  for (int id = 0; id < 5000; ++id) dump += insert(id, std::to_string(id * 7919));
  for (const std::string tool : {"gzip", "bzip2", "xz", "zstd", "lz4"}) {
    CAPTURE(tool);
    const std::string packed = packed_by(tool, dump);
    if (packed.empty()) continue;
    const TempDir folder;
    const std::string torn = folder.write("torn", packed.substr(0, packed.size() - 7));
    const Result result = seed_paths({torn});
    CHECK(result.exit_code == 3);
    CHECK_MESSAGE(contains(result.err, "(at byte "), result.err);
    CHECK(query("select count(*) from t") == "0");
  }
}

TEST_CASE("inputs: the dumps of an archive are loaded in its order, from a pipe as well") {
  const TempDir folder;
  folder.write("2.sql", insert(1, "first"));
  folder.write("1.sql", "UPDATE t SET v = 'never';\n" + insert(1, "second"));
  folder.write("0.sql", insert(2, "third"));
  REQUIRE(made_by(folder, "tar", "tar -czf all.tar.gz 2.sql 1.sql 0.sql"));
  std::vector<std::string> archives = {"all.tar.gz"};
  if (made_by(folder, "zip", "zip -q all.zip 2.sql 1.sql 0.sql")) archives.emplace_back("all.zip");
  for (const std::string& archive : archives) {
    CAPTURE(archive);
    const std::string path = folder / archive;
    for (const bool pipe : {false, true}) {
      shared_stack().reset(kTable);
      const Seeded seeded = seed({pipe ? "-" : path, "--upsert", "--skip-unsupported"},
                                 Call{.args = {}, .stdin_text = pipe ? read_file(path) : ""});
      INFO(seeded.error());
      CHECK(seeded.exit_code() == 0);
      const Json files = seeded.summary["files"];
      REQUIRE(files.size() == 3);
      CHECK(files[0]["path"].text() == (pipe ? "<stdin>" : path) + ":2.sql");
      CHECK(files[2]["path"].text() == (pipe ? "<stdin>" : path) + ":0.sql");
      CHECK(query(kContents) == "1=second 2=third");
    }
    shared_stack().reset(kTable);
    const Result refused = seed_paths({path, "--via", "rest"});
    CHECK(refused.exit_code == 3);
    CHECK_MESSAGE(contains(refused.err, ":1.sql:1: "), refused.err);
    CHECK(query("select count(*) from t") == "0");
  }
}

TEST_CASE("inputs: FORCE reads a pipe twice, whatever it is called") {
  shared_stack().reset(kTable);
  query("insert into t values (9, 'old')");
  const std::string dump = insert(1, "new");
  CHECK(seed_paths({"-", "--force"}, dump).exit_code == 0);
  CHECK(query(kContents) == "1=new");
  CHECK(seed_paths({"/dev/stdin", "--force"}, insert(2, "newer")).exit_code == 0);
  CHECK(query(kContents) == "2=newer");
}

TEST_CASE("inputs: CSV and TSV become the rows that PostgreSQL's COPY makes of them") {
  const std::string csv =
      "id,v,j,n\n"
      "1,plain,\"{\"\"a\"\": \"\"x:y\"\"}\",1.50\n"
      "2,\"two\nlines, \"\"quoted\"\"\",7,\n"
      "3,\"\",\"[12]\",12345678901234567890.000001\n"
      "4,,\"\"\"text\"\"\",-0\n"
      "5,\\N \\frac\\.,true,1e5\n";
  struct {
    std::string name;
    std::vector<std::string> flags;
    std::string copy;
    char from, to;
  } cases[] = {
      {"rows.csv", {}, "format csv, header", ',', ','},
      {"rows.tsv", {}, "format csv, header, delimiter E'\\t'", ',', '\t'},
      {"rows.txt",
       {"--format", "csv", "--delimiter", ";"},
       "format csv, header, delimiter ';'",
       ',',
       ';'},
      {"rows.csv.gz", {"--null", "\\N"}, "format csv, header, null '\\N'", ',', ','},
      {"rows.csv",
       {"--quote", "'", "--null", "plain"},
       "format csv, header, quote '''', null 'plain'",
       '"',
       '\''},
  };
  for (const auto& c : cases) {
    CAPTURE(c.name);
    shared_stack().reset(
        "create table t (id bigint primary key, v text, j jsonb, n numeric);"
        "create table wanted (like t)");
    std::string text = csv;
    if (c.copy.find("null '\\N'") != std::string::npos) text = "id,v\n1,\n2,\\N\n3,\"\\N\"\n";
    if (c.copy.find("null 'plain'") != std::string::npos) text = "id,v\n1,plain\n2,'it''s'\n3,\n";
    for (char& byte : text) {
      if (c.from != c.to && byte == c.from && c.from == ',') byte = c.to;
    }
    const TempDir folder;
    const std::string plain = folder.write("plain", text);
    const std::string path =
        folder.write(c.name, c.name.ends_with(".gz") ? packed_by("gzip", text) : text);
    const std::string columns = text.starts_with("id,v\n") ? "(id, v)" : "";
    query("\\copy wanted" + columns + " from '" + plain + "' with (" + c.copy + ")");
    std::vector<std::string> args = {path, "--table", "t"};
    args.insert(args.end(), c.flags.begin(), c.flags.end());
    const Result result = seed_paths(args);
    CHECK_MESSAGE(result.exit_code == 0, result.err);
    CHECK(query("select count(*) from wanted") != "0");
    CHECK(query("select count(*) from (table t except table wanted) d") == "0");
    CHECK(query("select count(*) from (table wanted except table t) d") == "0");
  }
}

TEST_CASE("inputs: CSV without a header goes into the columns that are named") {
  shared_stack().reset(kTable);
  const Result result = seed_paths(
      {"-", "--format", "csv", "--table", "t", "--no-header", "--columns", "v,id"}, "x,1\ny,2\n");
  CHECK_MESSAGE(result.exit_code == 0, result.err);
  CHECK(query(kContents) == "1=x 2=y");
  const Result broken = seed_paths(
      {"-", "--format", "csv", "--table", "t", "--no-header", "--columns", "v,id"}, "x,3\ny,4,5\n");
  CHECK(broken.exit_code == 3);
  CHECK_MESSAGE(contains(broken.err, "<stdin>:2"), broken.err);
}

TEST_CASE("inputs: NDJSON and arrays keep numbers exact and JSON strings JSON") {
  const std::string rows[] = {
      R"({"id":9007199254740993,"v":"5","j":"5","n":123456789012345678901234567890.12345})",
      R"({"id":2,"v":"\ud83d\ude00\\frac","j":{"a":[1,null,"\n"]},"n":1E+2})",
      R"({"id":3,"v":null,"j":"null","n":null})",
      R"({"id":4,"v":true,"j":null,"n":-0.0})",
  };
  const std::string wanted =
      "2 \xf0\x9f\x98\x80\\frac {\"a\": [1, null, \"\\n\"]} 100\n3 - \"null\" -\n"
      "4 true - 0.0\n9007199254740993 5 \"5\" 123456789012345678901234567890.12345";
  const std::string lines = rows[0] + "\n" + rows[1] + "\n" + rows[2] + "\n" + rows[3] + "\n";
  const std::string array = "[" + rows[0] + ",\n" + rows[1] + "," + rows[2] + ",\n" + rows[3] + "]";
  for (const std::string& text : {lines, array}) {
    for (const bool pipe : {false, true}) {
      shared_stack().reset("create table t (id bigint primary key, v text, j jsonb, n numeric)");
      const TempDir folder;
      const std::string path = folder.write("rows.json", text);
      const Result result = seed_paths({pipe ? "-" : path, "--table", "t"}, pipe ? text : "");
      CHECK_MESSAGE(result.exit_code == 0, result.err);
      CHECK(query("select concat_ws(' ', id, coalesce(v, '-'), coalesce(j::text, '-'),"
                  " coalesce(n::text, '-')) from t order by id") == wanted);
    }
  }
}

TEST_CASE("inputs: patterns stand for the files that they match, in order") {
  shared_stack().reset(kTable);
  const TempDir folder;
  folder.write("part-10.sql", insert(1, "last"));
  folder.write("part-1.sql", insert(1, "first"));
  folder.write("other.sql", insert(5, "no"));
  const std::string pattern = folder / "part-*.sql";
  const Result result = seed_paths({pattern, "--upsert"});
  CHECK_MESSAGE(result.exit_code == 0, result.err);
  CHECK(query(kContents) == "1=last");
  const Result none = seed_paths({folder / "nothing-*.sql"});
  CHECK(none.exit_code == 3);
  CHECK(contains(none.err, "no file matches"));
  // A name that holds the marks of a pattern is a name first.
  const std::string odd = folder.write("[odd]*.sql", insert(7, "odd"));
  CHECK(seed_paths({odd}).exit_code == 0);
  CHECK(query(kContents) == "1=last 7=odd");
}

TEST_CASE("inputs: UTF-16 is seen, Latin-1 must be named and is refused with its place") {
  shared_stack().reset(kTable);
  const TempDir folder;
  std::string utf16 = "\xff\xfe";
  for (const char byte : insert(1, "x") + insert(2, "y")) utf16 += {byte, '\0'};
  CHECK(seed_paths({folder.write("utf16.sql", utf16)}).exit_code == 0);
  const std::string latin = folder.write("latin.sql", insert(3, "ok") + insert(4, "caf\xe9"));
  const Result refused = seed_paths({latin});
  CHECK(refused.exit_code == 3);
  CHECK_MESSAGE(contains(refused.err, "latin.sql:2:"), refused.err);
  CHECK_MESSAGE(contains(refused.err, "--encoding"), refused.err);
  CHECK(seed_paths({latin, "--encoding", "latin1"}).exit_code == 0);
  CHECK(query(kContents) == "1=x 2=y 3=ok 4=caf\xc3\xa9");
}

TEST_CASE("inputs: a bomb is stopped by its ratio or its size, which can be set") {
  shared_stack().reset(kTable);
  const std::string bomb = packed_by("gzip", insert(1, "x") + std::string(90u << 20, '\n'));
  REQUIRE(!bomb.empty());
  const TempDir folder;
  const std::string path = folder.write("bomb.sql.gz", bomb);
  const Result refused = seed_paths({path, "--max-unpack-ratio", "500"});
  CHECK(refused.exit_code == 3);
  CHECK_MESSAGE(contains(refused.err, "--max-unpack-ratio"), refused.err);
  const Result too_long = seed_paths({path, "--max-unpacked-bytes", "1000000"});
  CHECK(too_long.exit_code == 3);
  CHECK_MESSAGE(contains(too_long.err, "--max-unpacked-bytes"), too_long.err);
  CHECK(query("select count(*) from t") == "0");
  CHECK(seed_paths({path, "--max-unpack-ratio", "0"}).exit_code == 0);
  CHECK(query(kContents) == "1=x");
}

#ifndef __SANITIZE_ADDRESS__  // whose shadow takes more addresses than are left here
TEST_CASE("inputs: a literal of a gigabyte is refused before it fills the memory") {
  // The longest row allowed is 256 MiB, which the window holds one and a half times.
  const std::string script =
      "ulimit -v 800000; { printf %s \"$2\"; head -c 1G /dev/zero | tr '\\0' x; echo \"');\"; } | "
      "\"$1\" inspect --dialect \"$3\" -";
  for (const std::string dialect : {"postgresql", "mysql", "sqlite"}) {
    CAPTURE(dialect);
    Command command;
    command.argv = {"sh", "-c", script, "sh", PGSEED_BINARY, "INSERT INTO t VALUES (1,'", dialect};
    const Result result = run(command);
    CHECK(result.exit_code == 3);
    CHECK_MESSAGE(contains(result.err, "a row or statement is longer than 268.4 MB"), result.err);
    CHECK(contains(result.err, "--max-row-bytes"));
  }
}
#endif

TEST_CASE("inputs: inspect tells of each part of an archive, and of rows without SQL") {
  const TempDir folder;
  folder.write("a.sql", insert(1, "x"));
  folder.write("b.csv", "id,v\n1,x\n2,y\n");
  REQUIRE(made_by(folder, "tar", "tar -cf all.tar a.sql b.csv"));
  const Result result = pgseed({"inspect", "--table", "t", folder / "all.tar"});
  CHECK_MESSAGE(result.exit_code == 0, result.err);
  CHECK_MESSAGE(contains(result.out, "all.tar:a.sql: postgresql"), result.out);
  CHECK_MESSAGE(contains(result.out, "all.tar:b.csv: csv"), result.out);
}

TEST_CASE("inputs: inspect tells why a load would refuse the file as a whole, and its notes") {
  const TempDir folder;
  const std::string file =
      folder.write("two.sql", "\\connect one\n" + insert(1, "x") + "\\connect two\n" +
                                  "INSERT INTO t VALUES (3, 'z') ON CONFLICT DO NOTHING;\n");
  const Result shown = pgseed({"inspect", file});
  CHECK_MESSAGE(shown.exit_code == 0, shown.err);
  CHECK_MESSAGE(contains(shown.out, "two.sql:3: \\connect two: rows before it are of another"),
                shown.out);
  CHECK_MESSAGE(contains(shown.out, "note: line 4: ON CONFLICT is passed over"), shown.out);
  const Json found = Json(pgseed({"--json", "inspect", file}).out)["files"][0];
  CHECK(found["gap"]["line"].number() == 3);
  CHECK(contains(found["gap"]["what"].text(), "another database"));
  REQUIRE(found["notes"].size() == 1);
  CHECK(contains(found["notes"][0].text(), "ON CONFLICT"));
  const std::string plain = folder.write("one.sql", insert(1, "x"));
  CHECK(Json(pgseed({"--json", "inspect", plain}).out)["files"][0]["gap"].is_null());
}

TEST_CASE("inputs: CSV: --table takes a name as messages print it, in quotes as in SQL") {
  const TempDir folder;
  const std::string file = folder.write("a.csv", "id\n1\n");
  for (const auto& [typed, sql] : std::vector<std::pair<std::string, std::string>>{
           {"\"UPPER\"", "\"UPPER\""},
           {"public.\"UPPER\"", "\"UPPER\""},
           {"UPPER", "\"UPPER\""},
           {"\"odd \"\"N\"\" with.dot\"", "\"odd \"\"N\"\" with.dot\""},
           {"public.odd", "odd"},
           {"\"odd\"", "odd"}}) {
    CAPTURE(typed);
    shared_stack().reset("create table " + sql + " (id int primary key)");
    const Seeded seeded = seed({file, "--table", typed});
    CHECK(seeded.exit_code() == 0);
    CHECK(shared_stack().sql("select count(*) from " + sql) == "1");
    CHECK(seed_text("INSERT INTO " + sql + " VALUES (2);\n", {"--table", typed}).exit_code() == 0);
    CHECK(shared_stack().sql("select count(*) from " + sql) == "2");
  }
}

TEST_CASE("inputs: CSV: what is wrong without a header is in line 1, and --columns is named") {
  shared_stack().reset("create table t (id int primary key, name text)");
  const TempDir folder;
  const std::string file = folder.write("semi.csv", "1;a\n2;b\n");
  Call call;
  call.environment["DATABASE_URL"] = std::nullopt;
  const Seeded unnamed = seed({file, "--table", "t", "--no-header"}, call);
  CHECK(unnamed.exit_code() == 3);
  CHECK(unnamed.where() == file + ":1");
  CHECK(contains(unnamed.hint(), "--columns id,name"));
}

TEST_CASE("inputs: CSV: a header and no rows is a file without rows, not a wrong --table") {
  shared_stack().reset("create table t (id int primary key, name text)");
  const TempDir folder;
  const Seeded seeded = seed({folder.write("head.csv", "id,name\n"), "--table", "t"});
  CHECK(seeded.exit_code() == 3);
  CHECK(seeded.error() == "the file holds no rows");
}

}  // namespace pgseed::test
