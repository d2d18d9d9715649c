#include "pgseed/sql/copy.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/however_cut.hpp"
#include "support/text_input.hpp"

using namespace pgseed::sql;
using pgseed::test::check_however_cut;
using pgseed::test::Dump;
using pgseed::test::joined;
using pgseed::test::TextInput;
using pgseed::test::transcript;

namespace {

// The data lines of COPY t (a, b) FROM stdin <options>, as pieces.
Dump data(const std::string& options, const std::string& lines, std::vector<std::string> pieces) {
  for (std::string& piece : pieces) {
    const std::size_t colon = piece.find(':');
    if (piece.rfind("error", 0) != 0) piece.insert(colon, " copy t(a,b)");
  }
  return {"COPY t (a, b) FROM stdin " + options + ";\n" + lines, std::move(pieces)};
}

// The head of a COPY, or why it is none.
std::string head_of(const std::string& text) {
  Cursor cursor{text.data(), text.data() + text.size(), true};
  CopyHead head;
  try {
    if (!read_copy_head(cursor, head)) return head.lines_follow ? "unreadable lines" : "no data";
  } catch (const SyntaxProblem& problem) {
    return "problem: " + problem.message;
  }
  CHECK(cursor.position == cursor.end);
  const CopyFormat& format = head.format;
  std::string out = format.csv ? "csv" : "text";
  if (format.header) out += format.header_match ? " match" : " header";
  out += std::string(" ") + (format.delimiter == '\t' ? 'T' : format.delimiter);
  if (format.csv) out += std::string(" ") + format.quote + format.escape;
  out += " null=" + format.null_marker;
  for (const bool flag : format.force_null) out += flag ? " fn" : " -";
  for (const bool flag : format.force_not_null) out += flag ? " fnn" : " -";
  return out;
}

}  // namespace

TEST_CASE("sql copy: the head and its options, in both spellings") {
  const struct {
    std::string text;
    std::string head;
  } cases[] = {
      {"t FROM stdin;", "text T null=\\N"},
      {"s.t (a, \"b c\") FROM STDIN;", "text T null=\\N"},
      {"t\n(a)\nFROM\nstdin\nWITH\n;", "text T null=\\N"},
      {"t FROM stdin DELIMITER '|';", "text | null=\\N"},
      {"t FROM stdin WITH DELIMITER AS E'\\t' NULL AS 'NULL';", "text T null=NULL"},
      {"t FROM stdin CSV;", "csv , \"\" null="},
      {"t FROM stdin WITH CSV HEADER QUOTE '''' ESCAPE '\\' NULL 'x';", "csv header , '\\ null=x"},
      {"t FROM stdin CSV QUOTE AS '~';", "csv , ~~ null="},
      {"t FROM stdin (FORMAT csv, HEADER, DELIMITER ';');", "csv header ; \"\" null="},
      {"t FROM stdin WITH (FORMAT 'text', HEADER false, NULL '');", "text T null="},
      {"t FROM stdin (HEADER match, FREEZE true);", "text match T null=\\N"},
      {"t FROM stdin (HEADER 1);", "text header T null=\\N"},
      {"t FROM stdin (HEADER 'off');", "text T null=\\N"},
      {"t (a, b) FROM stdin (FORMAT csv, FORCE_NULL (b), FORCE_NOT_NULL (a, b));",
       "csv , \"\" null= - fn fnn fnn"},
      {"t (a, b) FROM stdin CSV FORCE NOT NULL b FORCE NULL a;", "csv , \"\" null= fn - - fnn"},
      {"t FROM stdin (ENCODING 'utf-8');", "text T null=\\N"},
      // Not to be read, but known for what follows.
      {"t FROM stdin (ENCODING 'latin1');", "unreadable lines"},
      {"t FROM stdin (FORMAT csv, FORCE_NULL (a));", "unreadable lines"},
      {"t FROM stdin WHERE a > 1;", "unreadable lines"},
      {"t FROM stdin (SURPRISE 1);", "unreadable lines"},
      {"t FROM stdin (FORMAT binary);", "no data"},
      {"BINARY t FROM stdin;", "no data"},
      {"t FROM stdin BINARY;", "no data"},
      {"t FROM '/tmp/x';", "no data"},
      {"t FROM PROGRAM 'cat x';", "no data"},
      {"t TO stdout;", "no data"},
      {"(SELECT 1) TO stdout;", "no data"},
      {"t FROM stdin DELIMITER '||';",
       "problem: COPY's DELIMITER must be a single one-byte character"},
      {"t FROM stdin DELIMITER;", "problem: COPY's DELIMITER wants a string"},
      {"t () FROM stdin;", "problem: expected a column name"},
      {"t (a FROM stdin;", "problem: expected ')' after the columns of COPY"},
      {"t FROM stdin (FORMAT csv;", "problem: expected ')' after the options of COPY"},
  };
  for (const auto& [text, head] : cases) {
    CAPTURE(text);
    CHECK(head_of(text) == head);
  }
}

TEST_CASE("sql copy: text format, however it is cut") {
  const std::vector<Dump> cases = {
      data("", "\\.\n", {}),
      data("", "1\tx\n2\ty z\n\\.\n", {"2: [1] [x]", "3: [2] [y z]"}),
      data("", "\\N\t\n\t\\N\n\\.\n", {"2: NULL []", "3: [] NULL"}),
      data("", "a\\tb\\\\\ta\\nb\n\\\\N\tx\\N\n\\.\n", {"2: [a\tb\\] [a\nb]", "3: [\\N] [xN]"}),
      data("", "a\\\tb\tc\na\\\nb\tc\n\\.\n", {"2: [a\tb] [c]", "3: [a\nb] [c]"}),
      data("", "\\x41\\102\t\\303\\251\n\\.\n", {"2: [AB] [\xC3\xA9]"}),
      data("", "--\t;\n'\t$$\n\\.\n", {"2: [--] [;]", "3: ['] [$$]"}),
      data("", "1\tx\r\n2\ty\r\n\\.\r\n", {"2: [1] [x]", "3: [2] [y]"}),
      data("", "1\tx\n\\.\r\n", {"2: [1] [x]"}),
      data("", "1\ta\\\rb\n\\.\n", {"2: [1] [a\rb]"}),
      data("DELIMITER '|'", "a\tb|c\\|d\n\\.\n", {"2: [a\tb] [c|d]"}),
      data("NULL ''", "\t\\N\n\\.\n", {"2: NULL [N]"}),
      data("NULL 'nix'", "nix\tni\\x\n\\.\n", {"2: NULL [nix]"}),
      data("(HEADER)", "foo\tbar\n1\t2\n\\.\n", {"3: [1] [2]"}),
      data("(HEADER match)", "a\tb\n1\t2\n\\.\n", {"3: [1] [2]"}),
      data("(HEADER match)", "b\ta\n1\t2\n\\.\n",
           {"error a.sql:2:1 the header line does not name the columns of the COPY"}),
  };
  for (const Dump& each : cases) check_however_cut(each);
  check_however_cut(
      {"COPY\n  \"*id*\"\n  (\":arr->ow::cast\", \"a.b\")\nFROM stdin;  \n1\t2\n\\.\nSELECT 1;",
       {"5 copy *id*(:arr->ow::cast,a.b): [1] [2]", "7-7 a query: SELECT 1"}});
  check_however_cut({"COPY t FROM stdin;\n\n\\.\n", {"2 copy t: []"}});
}

TEST_CASE("sql copy: CSV, however it is cut") {
  const std::vector<Dump> cases = {
      data("CSV", "1,x\n\\.\n", {"2: [1] [x]"}),
      data("CSV", ",\"\"\n\\.\n", {"2: NULL []"}),
      data("CSV", "\"a,b\",\"c\"\"d\"\n\"\"\"\",\"\"\"\"\"\"\n\\.\n",
           {"2: [a,b] [c\"d]", "3: [\"] [\"\"]"}),
      data("CSV", "\"a\nb\r\n\\.\nc\",2\n\\.\n", {"2: [a\nb\r\n\\.\nc] [2]"}),
      data("CSV", "a\"b,c\"d,e\"f\"\"g\"h\n\\.\n", {"2: [ab,cd] [ef\"gh]"}),
      data("CSV", " \"a\" ,\\N\n\\.\n", {"2: [ a ] [\\N]"}),
      data("CSV", "1,x\r\n\"2\",\"y\"\r\n\\.\r\n", {"2: [1] [x]", "3: [2] [y]"}),
      data("CSV", "\\.x,y\n\\.\n", {"2: [\\.x] [y]"}),
      data("CSV HEADER", "\"x\ny\",z\n1,2\n\\.\n", {"4: [1] [2]"}),
      data("CSV DELIMITER '|' QUOTE '''' ESCAPE '\\'", "'a|\\'b\\\\c\\d'|'''\n\\.\n",
           {"error a.sql:2:1 the data of COPY ends without '\\.'"}),
      data("CSV DELIMITER '|' QUOTE '''' ESCAPE '\\'", "'a|\\'b\\\\c\\d'|x'\\'y'\n\\.\n",
           {"2: [a|'b\\c\\d] [x'y]"}),
      data("CSV NULL 'NULL'", "NULL,\"NULL\"\n,x\n\\.\n", {"2: NULL [NULL]", "3: [] [x]"}),
      data("(FORMAT csv, FORCE_NULL (b), FORCE_NOT_NULL (a))", ",\"\"\n\\.\n", {"2: [] NULL"}),
  };
  for (const Dump& each : cases) check_however_cut(each);
}

TEST_CASE("sql copy: what the server would refuse is an error with its place, however it is cut") {
  const std::vector<Dump> cases = {
      data("", "1\n\\.\n", {"error a.sql:2:1 too few values: 1 for 2 columns"}),
      data("", "1\t2\n1\t2\t3\n\\.\n",
           {"2: [1] [2]", "error a.sql:3:1 too many values: 3 for 2 columns"}),
      data("", "1\t2\n", {"2: [1] [2]", "error a.sql:3:1 the data of COPY ends without '\\.'"}),
      data("", "1\t2\n\\.", {"2: [1] [2]", "error a.sql:3:1 the data of COPY ends without '\\.'"}),
      data("", "1\t2\n3\t", {"2: [1] [2]", "error a.sql:3:1 the data of COPY ends without '\\.'"}),
      data("", "1\tx\\.\n\\.\n",
           {"error a.sql:2:4 the end-of-copy marker '\\.' is not alone on its line"}),
      data("", "1\\.2\tx\n\\.\n",
           {"error a.sql:2:2 the end-of-copy marker '\\.' is not alone on its line"}),
      data("", "1\t\\303\n\\.\n",
           {"error a.sql:2:3 the escapes of a field do not make valid UTF-8 text"}),
      data("", "1\ta\\0b\n\\.\n",
           {"error a.sql:2:3 the escapes of a field do not make valid UTF-8 text"}),
      data(
          "", "1\tx\r\n2\ty\n\\.\n",
          {"2: [1] [x]",
           "error a.sql:3:4 a line ends with LF where the first line of the COPY ended with CRLF"}),
      data(
          "", "1\tx\n2\ty\r\n\\.\n",
          {"2: [1] [x]",
           "error a.sql:3:4 a line ends with CRLF where the first line of the COPY ended with LF"}),
      data("", "1\ta\rb\n\\.\n", {"error a.sql:2:4 a bare carriage return in a line of COPY data"}),
      data(
          "", "1\tx\r\n2\ty\\\r\n\\.\r\n",
          {"2: [1] [x]",
           "error a.sql:3:6 a line ends with LF where the first line of the COPY ended with CRLF"}),
      data("CSV", "1,\"x\n\\.\n", {"error a.sql:2:1 the data of COPY ends without '\\.'"}),
      data("CSV", "1,a\rb\n\\.\n",
           {"error a.sql:2:4 a bare carriage return outside the quotes of CSV"}),
      data(
          "CSV", "1,x\n2,y\r\n\\.\n",
          {"2: [1] [x]",
           "error a.sql:3:4 a line ends with CRLF where the first line of the COPY ended with LF"}),
      {"COPY t FROM stdin; SELECT 1;\n\\.\n",
       {"error a.sql:1:20 text after COPY ... FROM stdin; on the same line"}},
      {"COPY t FROM stdin;", {"error a.sql:1:1 the data of COPY is missing"}},
      {"COPY t FROM stdin;\n1\n1\t2\n\\.\n",
       {"2 copy t: [1]",
        "error a.sql:3:1 the rows of one statement must be of one length: 2 values where the first "
        "row has 1"}},
  };
  for (const Dump& each : cases) check_however_cut(each);
}

TEST_CASE("sql copy: the lines of a COPY that cannot be read are no SQL") {
  const std::string unreadable = "COPY from a file, a program or in an unknown form: ";
  check_however_cut(
      {"COPY t FROM stdin (ENCODING 'latin1');\nit's; (\n\\.x\n\\.\nSELECT 1;",
       {"1-1 " + unreadable + "COPY t FROM stdin (ENCODING 'latin1')", "5-5 a query: SELECT 1"}});
  check_however_cut(
      {"COPY t FROM stdin WHERE a > 1;\r\n'\r\n\\.\r\nSELECT 1;",
       {"1-1 " + unreadable + "COPY t FROM stdin WHERE a > 1", "4-4 a query: SELECT 1"}});
  check_however_cut({"\\copy t FROM stdin\n'\n\\.\nSELECT 1;",
                     {"1-1 a psql command: \\copy t FROM stdin", "4-4 a query: SELECT 1"}});
  check_however_cut({"\\copy t FROM 'x.csv' CSV\nSELECT 1;",
                     {"1-1 a psql command: \\copy t FROM 'x.csv' CSV", "2-2 a query: SELECT 1"}});
  check_however_cut({"COPY t FROM '/tmp/x';\nCOPY t TO stdout;\nSELECT 1;",
                     {"1-1 " + unreadable + "COPY t FROM '/tmp/x'", "2-2 a query: COPY t TO stdout",
                      "3-3 a query: SELECT 1"}});
  check_however_cut({"COPY t FROM stdin (SURPRISE 1);\n'\n",
                     {"1-1 " + unreadable + "COPY t FROM stdin (SURPRISE 1)",
                      "error a.sql:3:1 the data of COPY ends without '\\.'"}});
}

TEST_CASE("sql copy: the strings of its options follow the file's own setting for backslashes") {
  check_however_cut(
      {"SET standard_conforming_strings = off;\nCOPY t FROM stdin (NULL '\\\\N');\n"
       "\\N\ta\n\\.\n",
       {"1-1 a session setting: SET standard_conforming_strings = off", "3 copy t: NULL [a]"}});
  check_however_cut({"COPY t FROM stdin (NULL '\\\\N');\n\\N\ta\n\\.\n", {"2 copy t: [N] [a]"}});
}
