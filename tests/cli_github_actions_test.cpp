// What a run says to the runner of GitHub Actions: commands that no name can break out of.
#include "pgseed/cli/github_actions.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "pgseed/base/text.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;

namespace {

seed::Report rejects(int count, const std::string& file, const std::string& message) {
  seed::Report report;
  for (int n = 0; n < count; ++n) {
    report.rejects.push_back(
        {file, static_cast<std::uint64_t>(n) + 5, 1, {"public", "t"}, "22P02", message});
  }
  seed::TableReport table;
  table.table = {"public", "t"};
  table.counts.read = table.counts.rejected = static_cast<std::uint64_t>(count);
  report.tables = {table};
  return report;
}

long lines_of(const std::string& words) {
  return std::count(words.begin(), words.end(), '\n');
}

}  // namespace

TEST_CASE("github actions: annotations name file and line, and nothing breaks out of them") {
  struct {
    const char *file, *message, *wanted;
  } cases[] = {
      {"a.sql", "numeric field overflow",
       "::error file=a.sql,line=5,title=row of public.t rejected::numeric field overflow "
       "[22P02]\n"},
      {"./seeds/a.sql", "no",
       "::error file=seeds/a.sql,line=5,title=row of public.t rejected::no [22P02]\n"},
      {"/repo/a.sql", "no",
       "::error file=a.sql,line=5,title=row of public.t rejected::no [22P02]\n"},
      {"a,b:c%\r\n::x.sql", "100%\r\n::set-env name=A::b",
       "::error file=a%2Cb%3Ac%25%0D%0A%3A%3Ax.sql,line=5,title=row of public.t rejected::"
       "100%25%0D%0A::set-env name=A::b [22P02]\n"},
      {"<stdin>", "no", "::error title=row of public.t rejected::no [22P02]\n"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.file);
    CHECK(cli::annotations(rejects(1, c.file, c.message), "/repo", false) == c.wanted);
  }
  CHECK(lines_of(cli::annotations(rejects(30, "a.sql", "no"), "", false)) == 10);
  CHECK(cli::annotations({}, "", false).empty());
}

TEST_CASE("github actions: values of rows are quoted only if that was asked for") {
  const seed::Report report = rejects(1, "a.sql", "invalid input: \"Miller\"");
  CHECK_FALSE(contains(cli::annotations(report, "", false), "Miller"));
  CHECK(contains(cli::annotations(report, "", true), "Miller"));
  CHECK_FALSE(contains(cli::job_summary({}, report, false), "Miller"));
  CHECK(contains(cli::job_summary({}, report, true), "Miller"));
}

TEST_CASE("github actions: an error without rows is annotated at its place") {
  seed::Report report;
  report.error = Error(ErrorKind::input, "a torn file", "seeds/a.sql:12:7", "get it anew");
  CHECK(cli::annotations(report, "", false) ==
        "::error file=seeds/a.sql,line=12,title=pgseed seed::a torn file%0Ahint: get it anew\n");
  report.error = Error(ErrorKind::unreachable, "nobody answers");
  CHECK(cli::annotations(report, "", false) == "::error title=pgseed seed::nobody answers\n");
}

TEST_CASE("github actions: every secret is masked before anything else") {
  cli::Config config;
  CHECK(cli::mask_commands(config).empty());
  config.key = cli::Setting{"sb_secret_abc%", "environment"};
  config.database_url = cli::Setting{"postgresql://me:p%40ssword@h/db", "environment"};
  CHECK(cli::mask_commands(config) ==
        "::add-mask::sb_secret_abc%25\n::add-mask::p@ssword\n"
        "::add-mask::postgresql://me:p%2540ssword@h/db\n");
}

TEST_CASE("github actions: the summary is a table that names cannot break") {
  seed::Report report = rejects(3, "a|b.sql", "no `code` <b>");
  report.tables[0].table.table = "a|b\n# <script>";
  const std::string summary = cli::job_summary({}, report, false);
  CAPTURE(summary);
  CHECK_FALSE(contains(summary, "<script>"));
  CHECK_FALSE(contains(summary, "a|b"));
  CHECK_FALSE(contains(summary, "`"));
  CHECK(contains(summary, "| table | read | loaded | rejected |\n|---|---:|---:|---:|\n"));
  CHECK(contains(summary, "3 rejected"));
}

TEST_CASE("github actions: no line of other text is taken for a command") {
  struct {
    const char *words, *wanted;
  } cases[] = {
      {"", ""},
      {"plain\n", "plain\n"},
      {"::set-env name=A::b\n", "| ::set-env name=A::b\n"},
      {"a\n  ::x\nb", "a\n|   ::x\nb"},
      {"a ##[group]x\n", "a # #[group]x\n"},
      {"select 1::int\n", "select 1::int\n"},
  };
  for (const auto& c : cases) CHECK(cli::without_commands(c.words) == c.wanted);
}

TEST_CASE("github actions: a real run masks first, annotates rejects and appends to the summary") {
  shared_stack().reset(
      "create table t (id int primary key, v text);"
      "insert into t select id from generate_series(0, 14) id");
  TempDir folder;
  const std::string summary = folder.write("summary.md", "before\n");
  std::string dump = "INSERT INTO t (id, v) VALUES\n";
  for (int id = 0; id < 30; ++id) dump += text('(', id, ", '::stop-commands::x'),\n");
  dump.replace(dump.size() - 2, 2, ";\n");
  Call call;
  const std::string key = "sb_secret_CaNaRyCaNaRy";
  call.directory = folder.path().string();
  folder.write("dump.sql", dump);
  call.args = {"-v", "seed", "dump.sql", "--max-rejects", "all"};
  call.environment = {{"GITHUB_ACTIONS", "true"}, {"GITHUB_STEP_SUMMARY", summary}};
  call.err = Output::terminal;  // to a file no secret is told
  Result result = test::pgseed(call);
  std::erase(result.err, '\r');
  CAPTURE(result.err);
  CHECK(result.exit_code == 1);
  CHECK(result.err.starts_with("::add-mask::"));
  CHECK(contains(result.err,
                 "::error file=dump.sql,line=2,title=row of public.t rejected::duplicate key"));
  std::size_t annotations = 0;
  for (std::size_t at = result.err.find("::error "); at != std::string::npos;
       at = result.err.find("::error ", at + 1)) {
    ++annotations;
  }
  CHECK(annotations == 10);
  CHECK_FALSE(contains(result.out, "::"));
  const std::string written = read_file(summary);
  CHECK(written.starts_with("before\n### "));
  CHECK(contains(written, "15 rows loaded, 15 rejected"));
  // A dump that speaks to the runner in an error's excerpt.
  call.args = {"seed", "broken.sql"};
  folder.write("broken.sql",
               "INSERT INTO t (id, v) VALUES (100, 'a'), (101);\n  ::add-path::/x (\n");
  Result broken = test::pgseed(call);
  std::erase(broken.err, '\r');
  CHECK(broken.exit_code == 3);
  std::size_t begin = 0;
  for (std::size_t end = broken.err.find('\n'); end != std::string::npos;
       begin = end + 1, end = broken.err.find('\n', begin)) {
    const std::string line(trim(broken.err.substr(begin, end - begin)));
    CHECK((!line.starts_with("::") || line.starts_with("::add-mask::") ||
           line.starts_with("::error ")));
  }
  // Nothing of it elsewhere.
  call.environment = {};
  CHECK_FALSE(contains(test::pgseed(call).err, "::error"));
}
