// --report is written whole or not at all, at the end of every run; one that cannot be written
// stops the run before anything is sent.
#include "pgseed/cli/report_file.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "support/network.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;
namespace fs = std::filesystem;

namespace {

constexpr const char* kTable = "create table t (id int primary key, v text)";
constexpr const char* kRows = "INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'b');\n";

std::size_t entries(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE(
    "report file: the old page stays until the new one is whole, and nothing is left behind") {
  TempDir folder;
  const std::string path = folder.write("report.html", "old");
  {
    const cli::ReportFile abandoned(path);
    CHECK(read_file(path) == "old");
  }
  CHECK(read_file(path) == "old");
  {
    cli::ReportFile report(path);
    report.write(std::string(2'000'000, 'x'));
  }
  CHECK(read_file(path) == std::string(2'000'000, 'x'));
  {
    cli::ReportFile report(path);
    report.write("short");
  }
  CHECK(read_file(path) == "short");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("report file: a link is followed, not replaced") {
  TempDir folder;
  const std::string path = folder.write("real.html", "old");
  fs::create_symlink(path, folder / "link.html");
  cli::ReportFile report(folder / "link.html");
  report.write("new");
  CHECK(read_file(path) == "new");
  CHECK(fs::is_symlink(folder / "link.html"));
}

TEST_CASE(
    "report file: what cannot be written ends the run with exit code 7 before a row is sent") {
  shared_stack().reset(kTable);
  TempDir folder;
  for (const std::string& path :
       {folder / "no/such/folder/r.html", folder.path().string(), std::string("/dev/full"),
        std::string("/proc/r.html"), std::string("/dev/stdout")}) {
    CAPTURE(path);
    const Seeded seeded = seed_text(kRows, {"--report", path});
    CHECK(seeded.exit_code() == 7);
    CHECK(contains(seeded.error(), "the report"));
    CHECK(contains(seeded.hint(), "--report"));
    CHECK(shared_stack().sql("select count(*) from t") == "0");
  }
  CHECK(fs::is_character_file("/dev/full"));
}

TEST_CASE("report file: a disk without room for it ends the run before a row is sent") {
  shared_stack().reset(kTable);
  TempDir folder;
  Command shell = command(
      {.args = {"--json", "seed", folder.write("d.sql", kRows), "--report", folder / "r.html"}});
  std::string line;
  for (const std::string& word : shell.argv) line += " '" + word + "'";
  shell.argv = {"bash", "-c", "ulimit -f 100; exec" + line};
  const Result result = run(shell);
  CHECK(result.exit_code == 7);
  CHECK(contains(result.out, "the report"));
  CHECK(shared_stack().sql("select count(*) from t") == "0");
  CHECK_FALSE(fs::exists(folder / "r.html"));
}

TEST_CASE("report file: it is never a file that is to be read") {
  TempDir folder;
  const std::string dump = folder.write("d.sql", kRows);
  const Seeded seeded = seed({dump, "--report", dump});
  CHECK(seeded.exit_code() == 2);
  CHECK(read_file(dump) == kRows);
}

TEST_CASE("report file: every run has its page, the failed ones too") {
  shared_stack().reset(kTable);
  TempDir folder;
  const std::string page = folder / "r.html";
  const auto has = [&](const std::string& part) { return contains(read_file(page), part); };
  CHECK(seed_text(kRows, {"--report", page}).exit_code() == 0);
  CHECK(has("2 rows loaded"));
  CHECK(has("Complete"));
  CHECK(seed_text(kRows, {"--report", page, "--max-rejects", "all"}).exit_code() == 1);
  CHECK(has("0 rows loaded, 2 rejected"));
  CHECK_FALSE(has("already exists"));
  CHECK(seed_text(kRows, {"--report", page, "--dry-run"}).exit_code() == 0);
  CHECK(has("Dry run"));
  CHECK(seed_text("INSERT INTO t (id, v) VALUES (1", {"--report", page}).exit_code() == 3);
  CHECK(has("Nothing was loaded"));
  CHECK(seed_text("INSERT INTO nope (id) VALUES (1);", {"--report", page}).exit_code() == 5);
  CHECK(has("nope"));
  Call call;
  call.environment = {{"SUPABASE_URL", "http://127.0.0.1:" + std::to_string(free_port())},
                      {"SUPABASE_SECRET_KEY", "sb_secret_CaNaRyCaNaRyCaNaRy"}};
  CHECK(seed_text(kRows, {"--report", page}, call).exit_code() == 4);
  CHECK(has("cannot reach"));
  CHECK_FALSE(has("CaNaRy"));
}
