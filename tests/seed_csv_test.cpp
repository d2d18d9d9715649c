#include "pgseed/seed/input/csv_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "support/local_postgres.hpp"
#include "support/random.hpp"
#include "support/text_input.hpp"

using namespace pgseed;
using namespace std::string_literals;

namespace {

seed::RowOptions for_table(const std::string& table) {
  seed::RowOptions options;
  options.table = table;
  return options;
}

// The SQL of a text that comes in the given pieces; "error where: what" behind what came before.
std::string sql_of(const std::vector<std::string>& pieces, const seed::RowOptions& options) {
  std::string out;
  try {
    const auto rows = seed::make_csv_text(options, "a.csv");
    for (const std::string& piece : pieces) {
      if (!piece.empty()) rows->add(piece, out);
    }
    rows->finish(out);
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::input);
    out += "error " + error.where + ": " + error.message;
  }
  return out;
}

// The same SQL for the text as a whole, byte by byte, and cut in two anywhere.
std::string sql_however_cut(const std::string& text, const seed::RowOptions& options) {
  const std::string whole = sql_of({text}, options);
  std::vector<std::string> bytes;
  for (const char byte : text) bytes.emplace_back(1, byte);
  CHECK(sql_of(bytes, options) == whole);
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    CAPTURE(cut);
    const std::string found = sql_of({text.substr(0, cut), text.substr(cut)}, options);
    if (found == whole) continue;
    CHECK(found == whole);
    break;
  }
  return whole;
}

std::vector<std::string> rows_of(const std::string& text,
                                 const seed::RowOptions& options = for_table("t")) {
  CAPTURE(text);
  const std::string sql = sql_however_cut(text, options);
  const std::size_t error = sql.find("error a.csv");
  if (error != std::string::npos) return {sql.substr(error)};
  return test::transcript(sql);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("seed csv: the header names the columns, rows keep their lines") {
  CHECK(rows_of("id,name\n1,one\n2,two\n") ==
        Lines{"2 copy t(id,name): [1] [one]", "3 copy t(id,name): [2] [two]"});
  CHECK(rows_of("\"Id \",\"a \"\"b\"\"\",c d\n1,2,3") ==
        Lines{"2 copy t(Id ,a \"b\",c d): [1] [2] [3]"});
  // A name or a value over several lines.
  CHECK(rows_of("a,\"b\nc\"\n1,\"x\ny\"\n3,4\n") ==
        Lines{"3 copy t(a,b\nc): [1] [x\ny]", "5 copy t(a,b\nc): [3] [4]"});
  CHECK(rows_of("a,b\n").empty());
  CHECK(rows_of("a,b").empty());
  CHECK(rows_of("").empty());
  // Key words, upper case and semicolons are names like any other.
  CHECK(rows_of("select,FROM,x;y\n1,2,3\n") == Lines{"2 copy t(select,FROM,x;y): [1] [2] [3]"});
}

TEST_CASE("seed csv: NULL is nothing without quotes, or the text that is named") {
  CHECK(rows_of("a,b\n,\"\"\n") == Lines{"2 copy t(a,b): NULL []"});
  seed::RowOptions options = for_table("t");
  options.null_text = "it's \\N";
  CHECK(rows_of("a,b,c\nit's \\N,\"it's \\N\",\n", options) ==
        Lines{"2 copy t(a,b,c): NULL [it's \\N] []"});
}

TEST_CASE("seed csv: delimiter, quote and escape are free") {
  seed::RowOptions options = for_table("Some t");
  options.schema = "s";
  options.delimiter = '\t';
  options.quote = '\'';
  options.escape = '\\';
  CHECK(rows_of("a\tb\n'x\\'y'\t'\\\\z'\n\"q,\"\t'1\n2'\n", options) ==
        Lines{"2 copy s.Some t(a,b): [x'y] [\\z]", "3 copy s.Some t(a,b): [\"q,\"] [1\n2]"});
  for (const auto& [delimiter, quote] : {std::pair{'"', '"'}, {'\n', '"'}, {',', '\r'}}) {
    options = for_table("t");
    options.delimiter = delimiter;
    options.quote = quote;
    CHECK_THROWS_AS(seed::make_csv_text(options, "a.csv"), Error);
  }
  for (const std::string& null_text : {"a,b"s, "\""s, "a\nb"s}) {
    options = for_table("t");
    options.null_text = null_text;
    CHECK_THROWS_AS(seed::make_csv_text(options, "a.csv"), Error);
  }
}

TEST_CASE("seed csv: without a header the columns are named or the table's own") {
  seed::RowOptions options = for_table("t");
  options.header = false;
  CHECK(seed::make_csv_text(options, "a.csv")->first_line() == 0);
  // The head of the COPY is line 1 of the text and line 0 of the file.
  CHECK(rows_of("1,2\n", options) == Lines{"2 copy t: [1] [2]"});
  options.columns = {"x", "y z"};
  CHECK(rows_of("1,2\n", options) == Lines{"2 copy t(x,y z): [1] [2]"});
  options.header = true;
  CHECK(seed::make_csv_text(options, "a.csv")->first_line() == 1);
  CHECK(rows_of("a,a\n1,2\n", options) == Lines{"2 copy t(x,y z): [1] [2]"});
}

TEST_CASE("seed csv: a line that would end a COPY is data") {
  CHECK(rows_of("a\n\\.\n\\.\n\\.x\n\\\n\\.") == Lines{"2 copy t(a): [\\.]", "3 copy t(a): [\\.]",
                                                       "4 copy t(a): [\\.x]", "5 copy t(a): [\\]",
                                                       "6 copy t(a): [\\.]"});
  CHECK(rows_of("a\r\n\\.\r\n\"\r\n\\.\r\n\"\r\n") ==
        Lines{"2 copy t(a): [\\.]", "3 copy t(a): [\r\n\\.\r\n]"});
  CHECK(rows_of("a,b\n\\.,\\.\n\"x\n\\.\n\",\\.\n") ==
        Lines{"2 copy t(a,b): [\\.] [\\.]", "3 copy t(a,b): [x\n\\.\n] [\\.]"});
}

TEST_CASE("seed csv: lines end in LF or CRLF, the last one in nothing") {
  CHECK(rows_of("a,b\r\n1,2\r\n3,\"4\r\n5\"") ==
        Lines{"2 copy t(a,b): [1] [2]", "3 copy t(a,b): [3] [4\r\n5]"});
  CHECK(rows_of("a\n1\n2") == Lines{"2 copy t(a): [1]", "3 copy t(a): [2]"});
  CHECK(rows_of("a,b\n1,2\r\n3,4\n").back().rfind("error a.sql:3:", 0) == 0);
}

TEST_CASE("seed csv: what is broken is refused with its place") {
  CHECK(rows_of("a,b\n1,2\n3,\"4\n5,6\n") == Lines{"error a.csv:3: a quote is never closed"});
  CHECK(rows_of("a,\"b\n1,2\n") ==
        Lines{"error a.csv:1: a quote in the header line is never closed"});
  CHECK(rows_of("a,,b\n") == Lines{"error a.csv:1: the header line gives no name to column 2"});
  CHECK(rows_of("a,b,a\n") == Lines{"error a.csv:1: the header line names the column a twice"});
  CHECK(rows_of("a\rb\n") == Lines{"error a.csv:1: a bare carriage return in the header line"});
  CHECK(rows_of("a,b\n1,2\n3\n").back() == "error a.sql:3:1 too few values: 1 for 2 columns");
  CHECK(sql_of({std::string(2 << 20, 'x')}, for_table("t"))
            .find("the header line is longer than 1 MB") != std::string::npos);
}

TEST_CASE("seed csv: hostile sizes end in an error, or pass by without staying in memory") {
  const auto header = [](std::size_t count) {
    std::string names;
    for (std::size_t index = 0; index < count; ++index) {
      names += (index == 0 ? "c" : ",c") + std::to_string(index);
    }
    return names + "\n";
  };
  CHECK(sql_of({header(1600)}, for_table("t")).ends_with("\\.\n"));
  CHECK(sql_of({header(1601)}, for_table("t")) ==
        "error a.csv:1: the header line names 1601 columns");
  CHECK(sql_of({header(100'000)}, for_table("t")) ==
        "error a.csv:1: the header line names 100000 columns");
  // A quote that is never closed, over a gigabyte of lines: nothing of it is kept.
  const auto rows = seed::make_csv_text(for_table("t"), "a.csv");
  std::string out;
  rows->add("a\n\"", out);
  std::string lines(1 << 20, 'x');
  lines.back() = '\n';
  for (int block = 0; block < 1024; ++block) {
    out.clear();
    rows->add(lines, out);
    REQUIRE(out.size() == lines.size());
  }
  CHECK_THROWS_WITH_AS(rows->finish(out), "a quote is never closed", Error);
}

TEST_CASE("seed csv: rows are those of psql's \\copy") {
  const test::LocalPostgres postgres;
  const test::TempDir folder;
  const std::uint64_t seed = test::test_seed();
  CAPTURE(seed);
  test::Random random(seed);
  const std::vector<std::string> bits = {"a",   "bc", ",", "\"", "\"\"", "\n", "\r\n", "\\",
                                         "\\N", " ",  "'", ";",  "\t",   "é",  "NULL", "--"};
  const auto value = [&] {
    std::string text;
    for (std::size_t count = random.below(5); count > 0; --count) text += random.pick(bits);
    return text;
  };
  const auto field = [&]() -> std::string {
    std::string text = value();
    const bool plain = text.find_first_of(",\"\r\n") == std::string::npos;
    if (plain && random.one_in(2)) return text;
    if (random.one_in(4)) return text.substr(0, text.find_first_of("\"\r\n"));  // commas split
    std::string quoted = "\"";
    for (const char byte : text) quoted.append(byte == '"' ? 2 : 1, byte);
    quoted += '"';
    if (random.one_in(5)) quoted += "tail";
    if (random.one_in(5)) quoted = "head" + quoted;
    return quoted;
  };
  postgres.sql("create table t (a text, \"b c\" text, d text)");
  int loaded = 0;
  for (int round = 0; round < 60; ++round) {
    const std::string line_end = random.one_in(2) ? "\n" : "\r\n";
    std::string text = "a,\"b c\",d" + line_end;
    for (std::size_t rows = 1 + random.below(6); rows > 0; --rows) {
      const std::size_t fields = random.one_in(15) ? 2 : 3;
      for (std::size_t index = 0; index < fields; ++index) {
        text += (index == 0 ? "" : ",") + field();
      }
      if (rows > 1 || !random.one_in(4)) text += line_end;
    }
    if (random.one_in(20)) text += "\"";
    CAPTURE(text);
    const std::string path = folder.write("a.csv", text);
    std::string wanted;
    try {
      // psql gives what it has read; rows in their order, each value in brackets.
      wanted = postgres.sql(
          "truncate t;\n\\copy t from '" + path +
          "' with (format csv, header)\n"
          "select coalesce('[' || a || ']', 'NULL') || ' ' || coalesce('[' || \"b c\" || ']', "
          "'NULL') || ' ' || coalesce('[' || d || ']', 'NULL') from t order by ctid");
      ++loaded;
    } catch (const std::runtime_error&) {
      wanted = "error";
    }
    std::string found;
    for (const std::string& line : rows_of(text)) {
      if (line.rfind("error", 0) == 0) {
        found = "error";
        break;
      }
      found += (found.empty() ? "" : "\n") + line.substr(line.find("): ") + 3);
    }
    CHECK(found == wanted);
  }
  CHECK(loaded > 10);
}
