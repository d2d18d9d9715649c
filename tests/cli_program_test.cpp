// The built program as people and scripts meet it: help, broken use, broken input, broken targets,
// streams and signals. What is refused leaves the table as it was.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "support/network.hpp"
#include "support/seeding.hpp"
#include "support/web_server.hpp"

namespace pgseed::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using Strings = std::vector<std::string>;

// Against hangs only: a probe of a dead target takes far less.
constexpr auto kHang = 20s;

constexpr const char* kSchema =
    "create table t (id int primary key, name text); insert into t values (1, 'kept');"
    "create table keyless (id int); create schema hidden; create table hidden.h (id int);";
constexpr const char* kRow = "INSERT INTO t (id, name) VALUES (2, 'two');\n";

Strings words(const std::string& line) {
  std::istringstream in(line);
  Strings all;
  for (std::string word; in >> word;) all.push_back(word);
  return all;
}

std::string state_of_table() {
  return shared_stack().sql("select count(*), md5(string_agg(t::text, ',' order by id)) from t");
}

Result timed(const Call& call) {
  const auto begin = std::chrono::steady_clock::now();
  Result result = pgseed(call);
  CHECK(!result.timed_out);
  CHECK(std::chrono::steady_clock::now() - begin < kHang);
  return result;
}

struct Refused {
  std::string name;
  Strings args;  // FILE becomes the path of a file that holds `content`
  std::string content = kRow;
  int exit_code = 2;
  Strings fragments = {};
  std::optional<bool> hint = true;  // nullopt: as there is something to do or not
  Environment environment = {};
};

// Wants the exit code, the error and the hint, on stderr and in JSON, and the table untouched.
void check_refused(const Refused& refused) {
  CAPTURE(refused.name);
  const TempDir folder;
  const std::string file = folder.write("dump.sql", refused.content);
  Call call{.args = refused.args, .environment = refused.environment};
  for (std::string& arg : call.args) {
    if (arg == "FILE") arg = file;
  }
  const std::string before = state_of_table();
  const Result plain = timed(call);
  INFO(plain.err);
  CHECK(plain.exit_code == refused.exit_code);
  CHECK(contains(plain.err, "error: "));
  if (refused.hint) CHECK(contains(plain.err, "hint: ") == *refused.hint);
  CHECK(!contains(plain.err, "internal error"));
  CHECK(!contains(plain.err, "\033"));
  for (const std::string& fragment : refused.fragments) {
    CHECK_MESSAGE(contains(plain.err, fragment), fragment);
  }
  call.args.insert(call.args.begin(), "--json");
  const Result result = timed(call);
  CHECK(result.exit_code == refused.exit_code);
  INFO(result.out);
  REQUIRE(std::count(result.out.begin(), result.out.end(), '\n') == 1);
  const Json summary(result.out);
  CHECK(summary["version"].number() == 1);
  CHECK(summary["ok"].text() == "false");
  CHECK(summary["exit_code"].number() == refused.exit_code);
  for (const char* key : {"kind", "message", "where", "hint"}) CHECK(summary["error"].has(key));
  CHECK(!summary["error"]["message"].text().empty());
  CHECK(state_of_table() == before);
}

void check_all_refused(const std::vector<Refused>& cases) {
  shared_stack().reset(kSchema);
  for (const Refused& refused : cases) check_refused(refused);
}

std::string insert(const std::string& values) {
  return "INSERT INTO t (id, name) VALUES " + values + ";\n";
}

std::string big_dump(int rows) {
  std::string dump;
  for (int id = 10; id < 10 + rows; ++id) {
    dump += insert("(" + std::to_string(id) + ", 'row number " + std::to_string(id) + "')");
  }
  return dump;
}

std::string html_page(const std::string&) {
  return WebServer::response("200 OK", "text/html", "<html><body>It works!</body></html>");
}

}  // namespace

TEST_CASE("program: the help of every command names its options, on stdout, with exit code 0") {
  const struct {
    Strings args;
    Strings fragments;
  } cases[] = {
      {{"--help"},
       {"seed", "inspect", "schema", "test", "--rest-url", "--key-file", "--database-url",
        "--env-file", "--config", "--json", "--quiet", "--verbose", "--color", "--version",
        "Exit codes", "SUPABASE_URL"}},
      {{"seed", "--help"},
       {"--mode",        "--upsert",  "--ignore",  "--force",      "--on-conflict", "--limit",
        "--offset",      "--table",   "--exclude", "--batch-rows", "--batch-bytes", "--concurrency",
        "--max-rejects", "--rejects", "--retries", "--timeout",    "--deadline",    "--dialect",
        "--dry-run",     "--yes",     "Examples:"}},
      {{"inspect", "--help"}, {"--dialect", "--encoding", "Examples:"}},
      {{"schema", "--help"},
       {"--if-not-exists", "--allow-drop", "--dry-run", "--lock-timeout", "Examples:"}},
      {{"test", "--help"}, {"Examples:"}},
      {{"doctor", "--help"}, {"Examples:"}},
      {{"--version"}, {"pgseed 0."}},
      {{"-h"}, {"Examples:"}},
  };
  for (const auto& [args, fragments] : cases) {
    const Result result = timed({.args = args});
    CAPTURE(args);
    CHECK(result.exit_code == 0);
    CHECK(result.err == "");
    for (const std::string& fragment : fragments) {
      CHECK_MESSAGE(contains(result.out, fragment), fragment);
    }
    std::istringstream lines(result.out);
    for (std::string line; std::getline(lines, line);) CHECK_MESSAGE(line.size() <= 100, line);
  }
}

// The commands that a help text lists, with what stands before them on the command line.
std::vector<Strings> commands_in(const Strings& command) {
  Strings args = command;
  args.emplace_back("--help");
  const Result result = timed({.args = args});
  std::istringstream lines(result.out);
  std::vector<Strings> commands;
  bool listed = false;
  for (std::string line; std::getline(lines, line);) {
    CHECK_MESSAGE(line.size() <= 100, line);
    if (line.empty() || line.front() != ' ') listed = line == "Subcommands:";
    if (!listed || line.empty() || line.front() != ' ') continue;
    commands.push_back(command);
    std::string name = words(line).front();
    if (name.back() == ',') name.pop_back();  // an alias follows
    commands.back().push_back(name);
  }
  return commands;
}

TEST_CASE("program: no line of any command's help is longer than 100 columns") {
  std::vector<Strings> all = {{}};
  for (std::size_t index = 0; index < all.size(); ++index) {
    CAPTURE(all[index]);
    const std::vector<Strings> more = commands_in(all[index]);
    all.insert(all.end(), more.begin(), more.end());
  }
  CHECK(all.size() > 30);
}

TEST_CASE("program: every example of the help is a command line that parses") {
  int examples = 0;
  for (const Strings& args : std::vector<Strings>{{"--help"},
                                                  {"seed", "--help"},
                                                  {"inspect", "--help"},
                                                  {"schema", "--help"},
                                                  {"test", "--help"}}) {
    const Result help = timed({.args = args});
    const std::size_t begin = help.out.find("Examples:");
    REQUIRE(begin != std::string::npos);
    std::istringstream lines(help.out.substr(begin));
    for (std::string line; std::getline(lines, line);) {
      const std::size_t program = line.find("pgseed ");
      if (line.rfind("  ", 0) != 0 || program == std::string::npos) continue;
      Strings example = words(line.substr(program, line.find("   ", program) - program));
      example.erase(example.begin());
      // Files that are not there, and no target: all that is left to object to is not usage of
      // flags.
      const TempDir empty;
      const Result result = timed(
          {.args = example,
           .environment = {{"SUPABASE_URL", "http://127.0.0.1:1"}, {"DATABASE_URL", std::nullopt}},
           .directory = empty.path().string()});
      CAPTURE(line);
      CAPTURE(result.err);
      CHECK(!contains(result.err, "--help"));
      ++examples;
    }
  }
  CHECK(examples >= 17);
}

TEST_CASE("program: wrong use exits with 2 and says how it is meant") {
  check_all_refused({
      {"no command", {}, "", 2, {"no command", "--help"}},
      {"unknown command", {"sed", "FILE"}, kRow, 2, {"there is no command sed"}},
      {"no file", {"seed"}, "", 2, {"FILE", "pgseed seed --help"}},
      {"unknown flag", {"seed", "FILE", "--frobnicate"}, kRow, 2, {"--frobnicate"}},
      {"flag of another command", {"inspect", "FILE", "--upsert"}, kRow, 2, {"--upsert"}},
      {"a key has no flag", {"seed", "FILE", "--key", "x"}, kRow, 2, {"--key"}},
      {"negative limit", {"seed", "FILE", "--limit", "-1"}, kRow, 2, {"--limit"}},
      {"limit in words", {"seed", "FILE", "--limit", "ten"}, kRow, 2, {"--limit", "whole number"}},
      {"limit overflows", {"seed", "FILE", "--limit", "99999999999999999999"}, kRow, 2},
      {"unknown mode", {"seed", "FILE", "--mode", "foo"}, kRow, 2, {"--mode", "foo", "upsert"}},
      {"two modes", {"seed", "FILE", "--upsert", "--force"}, kRow, 2, {"exclude each other"}},
      {"mode and short form",
       {"seed", "FILE", "--mode", "insert", "--ignore"},
       kRow,
       2,
       {"ignore"}},
      {"no rows a batch", {"seed", "FILE", "--batch-rows", "0"}, kRow, 2, {"--batch-rows"}},
      {"no bytes a batch", {"seed", "FILE", "--batch-bytes", "0"}, kRow, 2, {"--batch-bytes"}},
      {"no concurrency", {"seed", "FILE", "--concurrency", "0"}, kRow, 2, {"--concurrency"}},
      {"max-rejects", {"seed", "FILE", "--max-rejects", "x"}, kRow, 2, {"--max-rejects", "all"}},
      {"timeout 0", {"seed", "FILE", "--timeout", "0"}, kRow, 2, {"--timeout", "seconds"}},
      {"deadline", {"seed", "FILE", "--deadline", "soon"}, kRow, 2, {"--deadline"}},
      {"retries", {"seed", "FILE", "--retries", "-1"}, kRow, 2, {"--retries"}},
      {"colour", {"--color", "blue", "seed", "FILE"}, kRow, 2, {"--color"}},
      {"dialect", {"seed", "FILE", "--dialect", "oracle"}, kRow, 2, {"--dialect"}},
      {"encoding", {"seed", "FILE", "--encoding", "klingon"}, kRow, 2, {"klingon"}},
      {"on-conflict alone", {"seed", "FILE", "--on-conflict", "id"}, kRow, 2, {"--on-conflict"}},
      {"stdin twice", {"seed", "-", "-"}, kRow, 2, {"standard input"}},
      {"unknown table", {"seed", "FILE", "--table", "nope"}, kRow, 2, {"nope", "t"}},
      {"value missing", {"seed", "FILE", "--limit"}, kRow, 2, {"--limit"}},
      {"lock timeout", {"schema", "FILE", "--lock-timeout", "0"}, kRow, 2, {"--lock-timeout"}},
      {"bytes with a unit",
       {"seed", "FILE", "--batch-bytes", "1MiB"},
       kRow,
       2,
       {"--batch-bytes: 1MiB is no whole number of bytes"}},
      {"lock wait in words",
       {"migrate", "upgrade", "head", "--lock-wait", "x"},
       "",
       2,
       {"--lock-wait: x is no number of seconds"}},
      {"lock timeout that would be milliseconds",
       {"migrate", "upgrade", "head", "--lock-timeout", "5"},
       "",
       2,
       {"--lock-timeout wants a time with its unit", "for example 5s or 500ms"}},
      {"statement timeout that is none",
       {"migrate", "redo", "--statement-timeout", "x"},
       "",
       2,
       {"--statement-timeout wants a time with its unit"}},
      {"misspelt exclude", {"seed", "FILE", "--exclude", "tt"}, kRow, 2, {"--exclude tt", "t"}},
      {"exclude of an unknown schema",
       {"seed", "FILE", "--exclude", "nope.*"},
       kRow,
       2,
       {"--exclude nope.*", "they have public.t"}},
      {"misspelt exclude, dry run",
       {"seed", "FILE", "--exclude", "tt", "--dry-run"},
       kRow,
       2,
       {"--exclude tt"}},
      {"misspelt exclude, verify",
       {"verify", "FILE", "--exclude", "tt"},
       kRow,
       2,
       {"--exclude tt"}},
      {"tables with a comma",
       {"seed", "FILE", "--table", "t,keyless"},
       kRow,
       2,
       {"--table t --table keyless"}},
  });
}

TEST_CASE("program: a time with its unit, or 0, is taken for --lock-timeout") {
  for (const char* time : {"0", "5s", "500ms", "1.5s", "2 min"}) {
    CAPTURE(time);
    const Result result = pgseed({"migrate", "upgrade", "head", "--lock-timeout", time});
    CHECK(result.exit_code == 3);
    CHECK(contains(result.err, "there is no folder migrations"));
  }
}

TEST_CASE("program: a database URL of another product is named as such in every mode") {
  shared_stack().reset(kSchema);
  const TempDir folder;
  const std::string file = folder.write("dump.sql", kRow);
  for (const Strings& more :
       {Strings{}, {"--upsert"}, {"--force"}, {"--atomic"}, {"--via", "direct"}, {"--dry-run"}}) {
    Strings args = {"seed", file, "--database-url", "mysql://x"};
    args.insert(args.end(), more.begin(), more.end());
    const Result result = pgseed(args);
    INFO(result.err);
    CHECK(result.exit_code == 2);
    CHECK(contains(result.err, "error: the database URL is not one of PostgreSQL"));
  }
}

TEST_CASE("program: --exclude may name what one of several files has, or what is empty today") {
  shared_stack().reset(kSchema);
  const TempDir folder;
  const std::string one = folder.write("one.sql", kRow);
  const std::string two = folder.write(
      "two.sql", "CREATE TABLE made (id int);\nINSERT INTO keyless (id) VALUES (1);\n");
  const Seeded seeded = seed({one, two, "--exclude", "keyless", "--exclude", "made"});
  CHECK(seeded.exit_code() == 0);
  CHECK(seeded.counts() == "1 1 0 0 0 0");
  // The target has it, and no row of it is in the file.
  CHECK(seed({one, "--ignore", "--exclude", "keyless"}).exit_code() == 0);
}

TEST_CASE("program: broken settings exit with 2 and name the place") {
  const TempDir folder;
  const std::string broken = folder.write("broken.env", "A=1\nthis is no setting\n");
  const std::string toml = folder.write("broken.toml", "schema = \n");
  const std::string unknown = folder.write("unknown.toml", "shema = \"x\"\n");
  const std::string blank = folder.write("blank.key", " \n");
  const std::string absent = folder / "absent";
  const auto with_url = [](const std::string& name, std::string url, Strings fragments) {
    return Refused{name,
                   {"seed", "FILE"},
                   kRow,
                   2,
                   std::move(fragments),
                   true,
                   {{"SUPABASE_URL", std::move(url)}}};
  };
  check_all_refused({
      {"env file missing", {"--env-file", absent, "seed", "FILE"}, kRow, 2, {absent}},
      {"env file a folder", {"--env-file", "/", "seed", "FILE"}, kRow, 2, {"folder"}},
      {"env file broken", {"--env-file", broken, "seed", "FILE"}, kRow, 2, {broken + ":2"}},
      {"config missing", {"--config", absent, "seed", "FILE"}, kRow, 2, {absent}},
      {"config broken", {"--config", toml, "seed", "FILE"}, kRow, 2, {toml + ":1", "TOML"}},
      {"config unknown", {"--config", unknown, "seed", "FILE"}, kRow, 2, {"shema"}},
      {"key file missing", {"--key-file", absent, "seed", "FILE"}, kRow, 2, {"key file", absent}},
      {"key file empty", {"--key-file", blank, "seed", "FILE"}, kRow, 2, {"key file", "empty"}},
      with_url("no URL", "example", {"http://"}),
      with_url("another scheme", "ftp://127.0.0.1", {"ftp"}),
      with_url("a database's URL", "postgresql://postgres@127.0.0.1/app", {"DATABASE_URL"}),
      with_url("user and password", "http://user:secret@127.0.0.1:3000", {"user name or password"}),
      with_url("a blank inside", "http://127.0.0.1 :3000", {"blank"}),
      {"no target",
       {"seed", "FILE"},
       kRow,
       2,
       {"SUPABASE_URL"},
       true,
       {{"SUPABASE_URL", std::nullopt}}},
      {"nothing to test",
       {"test"},
       "",
       2,
       {"SUPABASE_URL"},
       true,
       {{"SUPABASE_URL", std::nullopt}, {"DATABASE_URL", std::nullopt}}},
      {"no direct connection",
       {"schema", "FILE"},
       "CREATE TABLE n (id int);",
       2,
       {"DATABASE_URL"},
       true,
       {{"DATABASE_URL", std::nullopt}}},
  });
}

TEST_CASE("program: what is no text of rows is refused with 3") {
  check_all_refused({
      {"missing", {"seed", "/nowhere/x.sql"}, "", 3, {"/nowhere/x.sql", "No such file"}},
      {"folder", {"seed", "/tmp"}, "", 3, {"/tmp", "folder"}},
      {"empty", {"seed", "FILE"}, "", 3, {"empty"}, std::nullopt},
      {"pg_dump -Fc", {"seed", "FILE"}, "PGDMP\x01\x0e\x00\x04"s, 3, {"pg_dump -Fc", "pg_restore"}},
      {"torn gzip", {"seed", "FILE"}, "\x1f\x8b\x08\x00\x00"s, 3, {"gzip", "(at byte 5)"}},
      {"UTF-32", {"seed", "FILE"}, "\xff\xfe\0\0I\0\0\0"s, 3, {"UTF-32", "iconv"}},
      {"7z", {"seed", "FILE"}, "7z\xbc\xaf\x27\x1c\0\4"s, 3, {"7z"}},
      {"HTML",
       {"seed", "FILE"},
       "<!DOCTYPE html>\n<html><body>404</body></html>\n",
       3,
       {"HTML"},
       std::nullopt},
      {"JSON for no table",
       {"seed", "FILE"},
       "[{\"id\": 2, \"name\": \"two\"}]\n",
       2,
       {"JSON", "--table"}},
      {"binary", {"seed", "FILE"}, "\x7f\x45LF\x02\x01\x01\0\0\0"s, 3, {"a program"}, std::nullopt},
      {"noise", {"seed", "FILE"}, std::string("\x01\x02\x03\0\x04\x05\xfe\x80\x90", 9), 3},
      {"SQLite file", {"seed", "FILE"}, "SQLite format 3\0\x10"s, 3, {"SQLite", ".dump"}},
      {"strings that mean two things",
       {"seed", "FILE"},
       "INSERT INTO t (id, name) VALUES (2, 'a \\\"word\\\"');\n",
       3,
       {"--dialect"}},
      {"SQL Server",
       {"seed", "FILE"},
       "SET ANSI_NULLS ON\nGO\nINSERT [dbo].[t] ([id]) VALUES (2)\nGO\n",
       3,
       {"SQL Server"}},
      {"schema of a folder", {"schema", "/tmp"}, "", 3, {"folder"}},
      {"inspect of nothing", {"inspect", "/nowhere/x.sql"}, "", 3, {"No such file"}},
  });
}

TEST_CASE("program: what is not SQL is told so, and no semicolon is asked for") {
  for (const char* content : {"hello", "id,name\n1,a\n", "id;name\n1;a\n", "\"id\",\"name\"\n",
                              "-- a comment\nhello\n", "1,2\n"}) {
    CAPTURE(content);
    const Result result = pgseed(Call{.args = {"inspect", "-"}, .stdin_text = content});
    INFO(result.err);
    CHECK(result.exit_code == 3);
    CHECK(contains(result.err, "this does not look like SQL"));
    CHECK(contains(result.err, "hint: say what it is: --format csv or --format json"));
  }
  for (const char* content : {"insert into t (id) values (1);\nhello", "SELECT 1", "(select 1)"}) {
    CAPTURE(content);
    const TempDir folder;
    const Result result = pgseed({"inspect", folder.write("a.sql", content)});
    CHECK(result.exit_code == 3);
    CHECK(contains(result.err, "the last statement has no ';'"));
  }
}

TEST_CASE("program: backticks under --dialect postgresql are named as MySQL's") {
  const TempDir folder;
  const std::string file = folder.write("my.sql", "INSERT INTO `t` VALUES (1);\n");
  const Result result = pgseed({"inspect", file, "--dialect", "postgresql"});
  CHECK(result.exit_code == 3);
  CHECK(contains(result.err, "hint: backticks are MySQL's: leave --dialect out or say mysql"));
}

TEST_CASE("program: a broken dump is refused with 3 at its line before anything is written") {
  const std::string row = kRow;
  const std::string copy = "COPY t (id, name) FROM stdin;\n2\ttwo\n";
  const std::string big = big_dump(20'000);
  const std::string in_big = big + "INSERT INTO t (id, name) VALUES (3, 'a\0b');\n"s + big_dump(9);
  check_all_refused({
      {"open string",
       {"seed", "FILE"},
       row + "INSERT INTO t VALUES (3, 'never",
       3,
       {":2:"},
       std::nullopt},
      {"open comment", {"seed", "FILE"}, row + "/* never closed", 3, {":2:"}, std::nullopt},
      {"open dollar quote",
       {"seed", "FILE"},
       row + "INSERT INTO t VALUES (3, $x$never",
       3,
       {":2:"},
       std::nullopt},
      {"open name",
       {"seed", "FILE"},
       row + "INSERT INTO \"t VALUES (3);",
       3,
       {":2:"},
       std::nullopt},
      {"too few values", {"seed", "FILE"}, row + insert("(3)"), 3, {":2", "1", "2"}, std::nullopt},
      {"too many values",
       {"seed", "FILE"},
       row + insert("(3, 'a', 4)"),
       3,
       {":2", "3"},
       std::nullopt},
      {"rows of different length",
       {"seed", "FILE"},
       row + insert("(3, 'a'), (4)"),
       3,
       {":2"},
       std::nullopt},
      {"COPY without end", {"seed", "FILE"}, row + copy, 3, {":"}, std::nullopt},
      {"COPY with a field missing",
       {"seed", "FILE"},
       row + copy + "3\n\\.\n",
       3,
       {":4"},
       std::nullopt},
      {"COPY with a field too many",
       {"seed", "FILE"},
       row + copy + "3\ta\tb\n\\.\n",
       3,
       {":4"},
       std::nullopt},
      {"semicolon missing",
       {"seed", "FILE"},
       "INSERT INTO t (id) VALUES (3)\n" + row,
       3,
       {":"},
       std::nullopt},
      {"no closing bracket",
       {"seed", "FILE"},
       row + "INSERT INTO t (id) VALUES (3;\n",
       3,
       {":2:"},
       std::nullopt},
      {"a comma too many",
       {"seed", "FILE"},
       row + "INSERT INTO t (id) VALUES (3,);\n",
       3,
       {":2:"},
       std::nullopt},
      {"no VALUES",
       {"seed", "FILE", "--via", "rest"},
       row + "INSERT INTO t (id);\n",
       3,
       {":2"},
       std::nullopt},
      {"NUL in a big file", {"seed", "FILE"}, in_big, 3, {":20001", "NUL"}},
      {"invalid UTF-8", {"seed", "FILE"}, row + insert("(3, 'caf\xe9')"), 3, {":2:", "UTF-8"}},
      {"UPDATE",
       {"seed", "FILE", "--via", "rest"},
       row + "UPDATE t SET name = 'x';\n",
       3,
       {":2", "UPDATE"}},
      {"DELETE", {"seed", "FILE", "--via", "rest"}, row + "DELETE FROM t;\n", 3, {":2", "DELETE"}},
      {"DO",
       {"seed", "FILE", "--via", "rest"},
       row + "DO $$ BEGIN DELETE FROM t; END $$;\n",
       3,
       {":2", "DO"}},
      {"subquery", {"seed", "FILE", "--via", "rest"}, row + insert("((SELECT 3), 'x')"), 3, {":2"}},
      {"INSERT SELECT",
       {"seed", "FILE", "--via", "rest"},
       row + "INSERT INTO t SELECT * FROM t;\n",
       3,
       {":2"}},
      {"\\i", {"seed", "FILE"}, row + "\\i other.sql\n", 3, {":2", "\\i"}},
      {"\\!", {"seed", "FILE"}, row + "\\! touch /tmp/never\n", 3, {":2"}},
      {"ROLLBACK", {"seed", "FILE"}, "BEGIN;\n" + row + "ROLLBACK;\n", 3, {":3", "ROLLBACK"}},
      {"FORCE without rows", {"seed", "FILE", "--force"}, "-- nothing\n", 3, {"no rows"}, false},
      {"FORCE with a broken file",
       {"seed", "FILE", "--force"},
       row + "INSERT INTO t VALUES ('",
       3,
       {":2:"}},
      {"inspect, too", {"inspect", "FILE"}, row + "INSERT INTO t VALUES ('", 3, {":2:"}},
  });
}

TEST_CASE("program: what the target refuses exits with 5, and nothing is written") {
  Stack& stack = shared_stack();
  stack.reset(kSchema);
  stack.sql(
      "revoke all on t from anon; create role locked login password 'right' in role "
      "needs_password");
  std::string forged = stack.postgrest.service_key();
  const std::size_t signature = forged.rfind('.') + 1;
  std::reverse(forged.begin() + static_cast<std::ptrdiff_t>(signature), forged.end());
  const auto with_key = [](const std::string& name, std::string key, Strings fragments) {
    return Refused{name,
                   {"seed", "FILE"},
                   kRow,
                   5,
                   std::move(fragments),
                   true,
                   {{"SUPABASE_SECRET_KEY", std::move(key)}}};
  };
  std::string locked = stack.database_url();
  locked.replace(locked.find("postgres@"), 9, "locked:wrong@");
  const std::vector<Refused> cases = {
      {"unknown table", {"seed", "FILE"}, "INSERT INTO nope (id) VALUES (2);", 5, {"nope"}},
      {"unknown column", {"seed", "FILE"}, "INSERT INTO t (id, nme) VALUES (2, 'x');", 5, {"nme"}},
      {"schema not served",
       {"seed", "FILE"},
       "INSERT INTO hidden.h (id) VALUES (2);",
       5,
       {"hidden"}},
      {"schema that is not there", {"--schema", "nope", "seed", "FILE"}, kRow, 5, {"nope"}},
      {"upsert without a key",
       {"seed", "FILE", "--upsert"},
       "INSERT INTO keyless (id) VALUES (2);",
       5,
       {"keyless", "primary key"}},
      {"conflict target", {"seed", "FILE", "--upsert", "--on-conflict", "name"}, kRow, 5, {"name"}},
      with_key("garbage key", "garbage", {"key"}),
      with_key("expired", stack.postgrest.token("service_role", -60s), {"key", "expired"}),
      with_key("wrong signature", forged, {"key"}),
      with_key("no rights", stack.postgrest.anon_key(), {"t"}),
      {"wrong password",
       {"schema", "FILE"},
       "CREATE TABLE n (id int);",
       5,
       {"password"},
       true,
       {{"DATABASE_URL", locked}}},
      {"SQL error",
       {"schema", "FILE"},
       "CREATE TABLE n (id int);\nCREATE TABLE m (id nope);\n",
       5,
       {"dump.sql:2:", "nope"},
       false},
      {"DDL of what is there",
       {"schema", "FILE"},
       "CREATE TABLE t (id int);\n",
       5,
       {"dump.sql:1", "already exists", "--if-not-exists"}},
  };
  for (const Refused& refused : cases) check_refused(refused);
  CHECK(stack.sql("select to_regclass('n') is null") == "t");
  stack.sql("drop role locked");
}

TEST_CASE("program: a target that is not there, or no PostgREST, exits with 4 or 5") {
  Stack& stack = shared_stack();
  stack.reset(kSchema);
  const std::string dead = "http://127.0.0.1:" + std::to_string(free_port());
  const std::string dead_database =
      "postgresql://postgres@127.0.0.1:" + std::to_string(free_port()) + "/app";
  const WebServer web(html_page);
  const WebServer silent([](const std::string&) { return std::string(); });
  const auto to = [](const std::string& name, std::string url, int code, Strings fragments) {
    return Refused{name,
                   {"seed", "FILE", "--retries", "1", "--deadline", "30"},
                   kRow,
                   code,
                   std::move(fragments),
                   true,
                   {{"SUPABASE_URL", std::move(url)}}};
  };
  check_refused(to("dead port", dead, 4, {dead, "cannot reach"}));
  check_refused(to("a web server", web.url(), 5, {"PostgREST"}));
  check_refused(to("a server that hangs up", silent.url(), 4, {silent.url()}));
  check_refused(to("a wrong path", stack.postgrest.url() + "/no/such/path", 5, {"the API"}));
  check_refused(
      to("TLS where there is none", "https" + stack.postgrest.url().substr(4), 4, {"http://"}));
  check_refused(to("a host without address", "http://host.invalid", 4, {"host.invalid"}));
  check_refused({"database down",
                 {"schema", "FILE"},
                 "CREATE TABLE n (id int);",
                 4,
                 {"127.0.0.1"},
                 true,
                 {{"DATABASE_URL", dead_database}}});
  // A bare PostgREST ignores keys that only the gateway knows: accepted is not the word for it.
  const Result opaque =
      timed({.args = {"test"}, .environment = {{"SUPABASE_SECRET_KEY", "sb_secret_abc"}}});
  CHECK(opaque.exit_code == 5);
  CHECK(contains(opaque.out, "problem  key: "));
  const Result doctor = timed({.args = {"test"}, .environment = {{"SUPABASE_URL", dead}}});
  CHECK(doctor.exit_code == 4);
  CHECK(contains(doctor.out, "hint: "));
}

TEST_CASE("program: FORCE on a host that is not local needs --yes, and asks it nothing before") {
  shared_stack().reset(kSchema);
  // Names that only look local. None of them is looked up.
  for (const std::string url :
       {"http://db.example.invalid:3000", "http://127.0.0.1.example.invalid",
        "http://localhost.example.invalid", "http://[2001:db8::1]:3000"}) {
    check_refused({"remote",
                   {"seed", "FILE", "--force"},
                   kRow,
                   2,
                   {url, "--yes", "FORCE"},
                   true,
                   {{"SUPABASE_URL", url}}});
  }
  const Seeded local = seed_text(kRow, {"--force"});
  CHECK(local.exit_code() == 0);
  CHECK(shared_stack().sql("select string_agg(name, ',') from t") == "two");
}

TEST_CASE("program: rows that are refused exit with 1, a reject file that cannot be with 7") {
  shared_stack().reset(kSchema);
  const TempDir folder;
  check_refused({"duplicate key", {"seed", "FILE"}, insert("(1, 'again')"), 1, {"23505"}});
  check_refused({"reject file",
                 {"seed", "FILE", "--rejects", folder / "no/such/r.ndjson"},
                 kRow,
                 7,
                 {"reject file", "r.ndjson"}});
  const std::string rejects = folder / "rejects.ndjson";
  const Seeded partly =
      seed_text(insert("(1, 'again'), (2, 'two')"), {"--max-rejects", "all", "--rejects", rejects});
  CHECK(partly.exit_code() == 1);
  CHECK(partly.counts("t") == "2 1 0 1 0 0");
  CHECK(partly.summary["rejects_file"].text() == rejects);
  const std::string text = read_file(rejects);
  const Json reject(text.substr(0, text.find('\n')));
  for (const char* key : {"file", "line", "schema", "table", "row", "code", "message", "values"}) {
    CHECK(reject.has(key));
  }
}

TEST_CASE("program: --json of every command is one object with the promised members") {
  Stack& stack = shared_stack();
  stack.reset(kSchema);
  const TempDir folder;
  const std::string file =
      folder.write("dump.sql",
                   "CREATE TABLE x (a int);\nINSERT INTO t (id, name) VALUES (2, 'a'), (3, NULL);\n"
                   "INSERT INTO u VALUES (1);\nUPDATE t SET name = 'x';\n");
  const Result inspected = timed({.args = {"inspect", file, "--json"}});
  CHECK(inspected.exit_code == 0);
  CHECK(inspected.err == "");
  const Json inspect(inspected.out);
  CHECK(inspect["version"].number() == 1);
  CHECK(inspect["command"].text() == "inspect");
  const Json dump = inspect["files"][0];
  CHECK(dump["path"].text() == file);
  CHECK(dump["bytes"].number() == static_cast<std::int64_t>(read_file(file).size()));
  CHECK(dump["dialect"].text() == "postgresql");
  CHECK(dump["encoding"].text() == "UTF8");
  CHECK(dump["tables"][0]["schema"].text() == "public");
  CHECK(dump["tables"][0]["table"].text() == "t");
  CHECK(dump["tables"][0]["columns"][1].text() == "name");
  CHECK(dump["tables"][0]["rows"].number() == 2);
  CHECK(dump["tables"][0]["statements"].number() == 1);
  CHECK(dump["tables"][1]["columns"].is_null());
  CHECK(dump["ddl_statements"].number() == 1);
  CHECK(dump["unsupported"].size() == 1);
  CHECK(dump["unsupported"][0]["line"].number() == 4);
  CHECK(contains(dump["unsupported"][0]["kind"].text(), "UPDATE"));
  CHECK(contains(dump["unsupported"][0]["text"].text(), "UPDATE t"));

  const Seeded seeded = seed_text(kRow);
  CHECK(seeded.exit_code() == 0);
  CHECK(seeded.counts() == "1 1 0 0 0 0");
  for (const char* key : {"mode", "target", "files", "tables", "totals", "requests", "retries",
                          "bytes_sent", "seconds", "rejects_file", "error"}) {
    CHECK(seeded.summary.has(key));
  }
  CHECK(seeded.summary["mode"].text() == "insert");
  CHECK(seeded.summary["target"].text() == stack.postgrest.url());
  CHECK(seeded.summary["requests"].number() >= 1);
  CHECK(seeded.summary["files"][0].has("path"));
  CHECK(seeded.summary["rejects_file"].is_null());

  const std::string ddl = folder.write("ddl.sql", "CREATE TABLE made (id int);\n");
  const Json schema(timed({.args = {"schema", "--json", ddl}}).out);
  CHECK(schema["command"].text() == "schema");
  CHECK(schema["ok"].text() == "true");
  CHECK(schema["error"].is_null());
  CHECK(stack.sql("select to_regclass('made') is null") == "f");

  const Result tested = timed({.args = {"--json", "test"}});
  CHECK(tested.exit_code == 0);
  CHECK(Json(tested.out)["command"].text() == "test");
  CHECK(Json(tested.out)["error"].is_null());
}

TEST_CASE("program: a reader of stdout that is gone changes neither the work nor the exit code") {
  Stack& stack = shared_stack();
  stack.reset(kSchema);
  const TempDir folder;
  const std::string file = folder.write("dump.sql", kRow);
  for (const Strings& args : std::vector<Strings>{{"inspect", file},
                                                  {"seed", file},
                                                  {"--json", "seed", file, "--upsert"},
                                                  {"test"},
                                                  {"--help"}}) {
    const Result result = timed({.args = args, .out = Output::closed});
    CAPTURE(args);
    CAPTURE(result.err);
    CHECK(result.signal == 0);
    CHECK(result.exit_code == 0);
    CHECK(!contains(result.err, "error:"));
  }
  CHECK(stack.sql("select count(*) from t") == "2");
  const Result refused = timed({.args = {"--json", "seed", file}, .out = Output::closed});
  CHECK(refused.exit_code == 1);
  const Result both =
      timed({.args = {"seed", "/nowhere"}, .out = Output::closed, .err = Output::closed});
  CHECK(both.signal == 0);
  CHECK(both.exit_code == 3);
}

TEST_CASE("program: a result that cannot be written exits with 7") {
  shared_stack().reset(kSchema);
  const TempDir folder;
  const std::string file = folder.write("dump.sql", kRow);
  for (const std::string args : {"inspect ", "--json inspect ", "--json seed "}) {
    Command shell = command({});
    shell.argv = {"sh", "-c", PGSEED_BINARY " " + args + file + " > /dev/full"};
    const Result result = run(shell);
    CAPTURE(args);
    CHECK(result.exit_code == 7);
    CHECK(contains(result.err, "error: "));
    CHECK(contains(result.err, "No space left"));
  }
}

TEST_CASE("program: escape sequences go to a terminal only, and not if they are unwanted") {
  shared_stack().reset(kSchema);
  const auto escapes = [](Strings args, Environment environment, Output err) {
    args.insert(args.end(), {"seed", "/nowhere/x.sql"});
    const Result result = timed({.args = args, .environment = environment, .err = err});
    CHECK(result.exit_code == 3);
    return contains(result.err, "\033[");
  };
  const Environment xterm = {{"TERM", "xterm"}};
  CHECK(escapes({}, xterm, Output::terminal));
  CHECK(!escapes({}, xterm, Output::capture));
  CHECK(!escapes({}, {{"TERM", "dumb"}}, Output::terminal));
  CHECK(!escapes({}, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}, Output::terminal));
  CHECK(!escapes({"--color", "never"}, xterm, Output::terminal));
  CHECK(escapes({"--color", "always"}, {}, Output::capture));
  const TempDir folder;
  const Result loaded =
      timed({.args = {"seed", folder.write("dump.sql", big_dump(3000))}, .environment = xterm});
  CHECK(loaded.exit_code == 0);
  CHECK(!contains(loaded.out + loaded.err, "\033"));
}

TEST_CASE("program: -q says nothing on success, and errors all the same") {
  shared_stack().reset(kSchema);
  const TempDir folder;
  const std::string file = folder.write("dump.sql", kRow);
  const std::string ddl = folder.write("ddl.sql", "CREATE TABLE made (id int);\n");
  for (const Strings& args : std::vector<Strings>{{"-q", "seed", file},
                                                  {"seed", file, "--upsert", "-q"},
                                                  {"-q", "schema", ddl},
                                                  {"test", "-q"}}) {
    const Result result = timed({.args = args});
    CAPTURE(args);
    CHECK(result.exit_code == 0);
    CHECK(result.out + result.err == "");
  }
  const Result refused = timed({.args = {"-q", "seed", file}});
  CHECK(refused.exit_code == 1);
  CHECK(contains(refused.err, "error: "));
}

TEST_CASE("program: a signal ends the run after what is under way, and the counts are true") {
  const struct { int signal, exit_code; } cases[] = {{SIGINT, 130}, {SIGTERM, 143}};
  for (const auto& [signal, exit_code] : cases) {
    Stack& stack = shared_stack();
    stack.reset(
        "create table t (id int primary key, name text); create function slow() returns "
        "trigger language plpgsql as $$ begin perform pg_sleep(0.01); return new; end $$; "
        "create trigger slow before insert on t for each row execute function slow()");
    const TempDir folder;
    const std::string file = folder.write("dump.sql", big_dump(5000));
    Process process(
        command({.args = {"--json", "seed", file, "--batch-rows", "20", "--concurrency", "2"}}));
    REQUIRE(wait_until([&] { return stack.sql("select count(*) from t") != "0"; }, 20s));
    process.send(signal);
    const auto result = process.wait(kHang);
    REQUIRE(result.has_value());
    CAPTURE(result->err);
    CHECK(result->exit_code == exit_code);
    const Json summary(result->out);
    CHECK(summary["exit_code"].number() == exit_code);
    CHECK(summary["ok"].text() == "false");
    const Json totals = summary["totals"];
    CHECK(totals["rows_read"].number() ==
          totals["rows_loaded"].number() + totals["rows_ignored"].number() +
              totals["rows_rejected"].number() + totals["rows_skipped"].number() +
              totals["rows_in_doubt"].number());
    CHECK(totals["rows_loaded"].number() > 0);
    CHECK(totals["rows_loaded"].number() < 5000);
    CHECK(totals["rows_in_doubt"].number() == 0);
    CHECK(stack.sql("select count(*) from t") == totals["rows_loaded"].text());
  }
}

TEST_CASE("program: a second signal does not wait for what is under way") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table t (id int primary key, name text); create function slow() returns "
      "trigger language plpgsql as $$ begin perform pg_sleep(30); return new; end $$; "
      "create trigger slow before insert on t for each row execute function slow()");
  const TempDir folder;
  const std::string file = folder.write("dump.sql", big_dump(3));
  Process process(command({.args = {"--json", "seed", file}}));
  REQUIRE(wait_until(
      [&] {
        return stack.sql("select count(*) from pg_stat_activity where wait_event = 'PgSleep'") !=
               "0";
      },
      20s));
  process.send(SIGINT);
  CHECK(!process.wait(500ms).has_value());
  process.send(SIGINT);
  const auto result = process.wait(5s);
  REQUIRE(result.has_value());
  CHECK((result->exit_code == 130 || result->signal == SIGINT));
  if (!result->out.empty()) {
    const Json totals = Json(result->out)["totals"];
    CHECK(totals["rows_loaded"].number() == 0);
  }
  // One advice, not two that contradict each other; and where the rows stand.
  CHECK(contains(result->err, "run the same command again to go on"));
  CHECK(!contains(result->err, "--upsert"));
  CHECK(contains(result->err, file + ":1: 3 rows of public.t from line 1 are in doubt"));
  stack.reset();  // ends the statement
}

}  // namespace pgseed::test
