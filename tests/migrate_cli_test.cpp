// `pgseed migrate` as it is typed: the same lines as Alembic on the same project and database, exit
// codes, streams, options, JSON.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "support/scratch_project.hpp"

using namespace pgseed;
using namespace pgseed::test;

namespace {

std::string joined(const Words& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + word;
  return line;
}

// Lines in a fixed order, for what Alembic prints in the order of a Python set.
std::string sorted_lines(const std::string& output) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < output.size();) {
    const std::size_t end = std::min(output.find('\n', at), output.size() - 1) + 1;
    lines.push_back(output.substr(at, end - at));
    at = end;
  }
  std::sort(lines.begin(), lines.end());
  std::string sorted;
  for (const std::string& line : lines) sorted += line;
  return sorted;
}

// The names behind "Branches into: " too come from a set.
std::string with_ordered_branches(std::string output) {
  const std::string label = "Branches into: ";
  for (auto at = output.find(label); at != std::string::npos; at = output.find(label, at + 1)) {
    const auto begin = at + label.size();
    const auto comma = output.find(", ", begin);
    const auto end = output.find('\n', begin);
    if (comma > end) continue;
    const std::string first = output.substr(begin, comma - begin);
    const std::string second = output.substr(comma + 2, end - comma - 2);
    output.replace(begin, end - begin, std::min(first, second) + ", " + std::max(first, second));
  }
  return output;
}

// The gym's .py files, which both tools read; its newer half taken away, so that two heads are left
// (69528e9ab172 -> 87a38df49ee7 and 7500bb0b2fef, above 30c7ed16aacf), where asked for.
class Gym {
 public:
  explicit Gym(bool two_heads = false) : both_("cli", folder(), folder()) {
    if (!two_heads) return;
    for (const char* id : {"0cb117f2b22f", "c2dfd91eedc7", "db9696fbaf6f", "c66009d85183",
                           "77f05e6833d3", "5f9f53677bc4", "e9ee3f4d6934", "00925f4e94d2"}) {
      for (const auto& entry : std::filesystem::directory_iterator(folder() + "/versions")) {
        if (entry.path().filename().string().starts_with(id)) {
          std::filesystem::remove(entry.path());
          break;
        }
      }
    }
  }

  const BothTools& both() const { return both_; }
  std::string folder() const { return copy_ / "principles-gym"; }

  // One command of both tools: same output, same exit code.
  enum class Order { same, any };
  void compare(const Words& words, Order order = Order::same) const {
    const Result theirs = both_.alembic(words);
    Words ours = words;
    ours.insert(ours.begin(), "--alembic-exit-codes");
    const Result result = both_.pgseed(ours);
    INFO("alembic ", joined(words), ": ", theirs.err);
    INFO("pgseed migrate ", joined(words), ": ", result.err);
    CHECK(result.exit_code == theirs.exit_code);
    if (order == Order::any) {
      CHECK(sorted_lines(with_ordered_branches(result.out)) ==
            sorted_lines(with_ordered_branches(theirs.out)));
    } else {
      CHECK(with_ordered_branches(result.out) == with_ordered_branches(theirs.out));
    }
  }

 private:
  AlembicCopy copy_;
  BothTools both_;
};

const std::vector<std::string> kSubcommands = {
    "upgrade",        "downgrade", "redo",    "stamp",  "ensure_version", "repair",
    "reset",          "wait",      "history", "heads",  "branches",       "show",
    "current",        "pending",   "status",  "verify", "check",          "init",
    "list_templates", "revision",  "merge",   "edit",   "lint",           "import",
    "export",         "test"};

}  // namespace

TEST_CASE("migrate output: without a database the lines are Alembic's, byte for byte") {
  if (!AlembicProject::is_installed()) return;
  const Gym gym;
  for (const Words& words : std::vector<Words>{{"heads"},
                                               {"heads", "-v"},
                                               {"heads", "--resolve-dependencies"},
                                               {"history"},
                                               {"history", "-v"},
                                               {"history", "-r", "30c7:0cb1"},
                                               {"history", "-r", ":0cb1"},
                                               {"history", "-r", "db96:"},
                                               {"history", "-r", "base:7500"},
                                               {"history", "-r", "db96:+2"},
                                               {"history", "--rev-range=-2:head"},
                                               {"show", "head"},
                                               {"show", "0cb1"},
                                               {"show", "30c7ed16aacf"},
                                               {"show", "base"}}) {
    gym.compare(words);
  }
  for (const Words& words : std::vector<Words>{{"branches"}, {"branches", "-v"}}) {
    gym.compare(words, Gym::Order::any);
  }
}

TEST_CASE("migrate output: what the database is at is told in Alembic's lines") {
  if (!AlembicProject::is_installed()) return;
  const Gym gym;
  const auto ask = [&](Gym::Order order) {
    for (const Words& words : std::vector<Words>{{"current"},
                                                 {"current", "-v"},
                                                 {"show", "current"},
                                                 {"history", "-i"},
                                                 {"history", "-v", "-i"},
                                                 {"history", "-r", "current:"}}) {
      gym.compare(words, order);
    }
  };
  ask(Gym::Order::same);  // at base, without a version table
  CHECK(gym.both().rows().empty());
  gym.both().with(true, {"upgrade", "heads"});
  ask(Gym::Order::same);
  gym.compare({"history", "--rev-range=-2:current"});
  gym.compare({"history", "-r", ":current"});
  gym.both().with(true, {"downgrade", "7500"});
  CHECK(gym.both().rows() == "7500bb0b2fef,87a38df49ee7");
  ask(Gym::Order::any);
}

TEST_CASE("migrate output: refusals are Alembic's FAILED: lines under --alembic-exit-codes") {
  if (!AlembicProject::is_installed()) return;
  const Gym gym(true);
  gym.both().with(true, {"upgrade", "heads"});
  for (const Words& words : std::vector<Words>{{"upgrade", "head"},
                                               {"show", "head"},
                                               {"show", "nosuch"},
                                               {"upgrade", "nosuch"},
                                               {"downgrade", "nosuch"},
                                               {"stamp", "nosuch"},
                                               {"edit", "nosuch"},
                                               {"merge", "nosuch", "7500"},
                                               {"upgrade", "nolabel@head"},
                                               {"upgrade", "+1"},
                                               {"upgrade", "-1"},
                                               {"downgrade", "+3"},
                                               {"upgrade", "30c7:7500"},
                                               {"downgrade", "7500:30c7"},
                                               {"history", "-r", "30c7"},
                                               {"history", "-r", "nosuch:"},
                                               {"history", "-r", "7500:69528"},
                                               {"revision", "-m", "x"},
                                               {"revision", "-m", "x", "--head", "30c7"},
                                               {"revision", "-m", "x", "--head", "nosuch"},
                                               {"init", "versions"}}) {
    gym.compare(words);
  }
  // Said more clearly than Alembic does, or not refused at all where it refuses (facts, 5.5).
  const auto refusal = [&](Words words) {
    words.insert(words.begin(), "--alembic-exit-codes");
    const Result result = gym.both().pgseed(words);
    CHECK(result.exit_code == 255);
    return result.out;
  };
  CHECK(refusal({"revision", "-m", "x", "--head", "7500", "--rev-id", "a-b"}) ==
        "FAILED: the character '-' is not allowed in the revision id 'a-b'\n");
  CHECK(refusal({"downgrade", "-1"}) ==
        "FAILED: downgrade -1 is ambiguous: the database is on several revisions\n");
}

TEST_CASE("migrate streams: a run's lines are on stderr in Alembic's words, stdout stays empty") {
  const ScratchProject project;
  project.chain();
  const auto lines = [&](Words words) {
    const Result result = project.migrate(words);
    CAPTURE(joined(words));
    CHECK(result.exit_code == 0);
    CHECK(result.out.empty());
    return result.err;
  };
  CHECK(lines({"upgrade", "b2"}) ==
        "Running upgrade  -> a1, step a1\nRunning upgrade a1 -> b2, step b2\n"
        "the database is at b2\n");
  CHECK(lines({"upgrade", "b2"}) == "nothing to do: the database is at b2\n");
  CHECK(lines({"upgrade", "a1"}) == "nothing to do: the database is at b2\n");  // older: no-op
  CHECK(lines({"downgrade", "-1"}) ==
        "Running downgrade b2 -> a1, step b2\nthe database is at a1\n");
  CHECK(lines({"stamp", "c3"}) == "Running stamp_revision a1 -> c3\n");
  CHECK(lines({"stamp", "a1"}) == "Running stamp_revision c3 -> a1\n");
  CHECK(lines({"downgrade", "base"}) ==
        "Running downgrade a1 -> , step a1\nthe database is at base\n");
  CHECK(project.rows() == "");  // the table stays (facts, 1.2)
  CHECK(lines({"ensure_version"}) == "");
  for (const Words& quiet : std::vector<Words>{{"-q", "upgrade", "head"},
                                               {"downgrade", "-1", "-q"},
                                               {"upgrade", "--quiet", "head"},
                                               {"stamp", "-q", "a1"},
                                               {"stamp", "-q", "c3"},
                                               {"redo", "-q"},
                                               {"reset", "--yes", "-q"}}) {
    CHECK(lines(quiet) == "");
  }
  // Results stay with -q; warnings and errors, too.
  CHECK(project.must({"-q", "heads"}) == "c3 (head)\n");
  check_error(project.migrate({"-q", "show", "nosuch"}), 3,
              "Can't locate revision identified by 'nosuch'");
}

TEST_CASE("migrate exit codes: each command has the documented ones") {
  const ScratchProject project;
  project.chain();
  const auto code = [&](Words words) { return project.migrate(std::move(words)).exit_code; };
  // Not up to date.
  CHECK(code({"check"}) == 1);
  CHECK(code({"current"}) == 0);
  CHECK(code({"current", "--check-heads"}) == 1);
  CHECK(code({"pending"}) == 0);
  CHECK(code({"pending", "--exit-code"}) == 1);
  CHECK(code({"status"}) == 0);
  CHECK(code({"status", "--exit-code"}) == 1);
  CHECK(code({"verify"}) == 0);
  CHECK(code({"upgrade", "+1"}) == 0);
  CHECK(code({"check"}) == 1);
  CHECK(code({"upgrade", "heads"}) == 0);
  CHECK(code({"check"}) == 0);
  CHECK(code({"current", "--check-heads"}) == 0);
  CHECK(code({"pending", "--exit-code"}) == 0);
  CHECK(code({"status", "--exit-code"}) == 0);
  // Drift.
  project.revision("c3", "b2", "CREATE TABLE t_c3(x int, y int);", "DROP TABLE t_c3;");
  CHECK(code({"verify"}) == 1);
  CHECK(code({"status", "--exit-code"}) == 1);
  CHECK(code({"repair"}) == 0);
  CHECK(code({"verify"}) == 0);
  // Usage.
  CHECK(code({}) == 2);
  CHECK(code({"upgrade"}) == 2);
  CHECK(code({"upgrade", "head", "--lock-wait", "x"}) == 2);
  CHECK(code({"upgrade", "head", "--lock-wait", "-1"}) == 2);
  CHECK(code({"upgrade", "head", "--var", "novalue"}) == 2);
  CHECK(code({"upgrade", "a1:b2"}) == 2);
  CHECK(code({"history", "-r", "a1"}) == 2);
  CHECK(code({"stamp", "a1", "b2", "--sql"}) == 2);
  CHECK(code({"reset"}) == 2);
  CHECK(code({"edit", "head"}) == 2);
  CHECK(code({"init"}) == 2);
  CHECK(code({"import", "alembic"}) == 2);
  CHECK(code({"export", "flyway"}) == 2);
  CHECK(code({"wait", "--timeout", "-1"}) == 2);
  // Unknown, ambiguous, too far, not below.
  CHECK(code({"upgrade", "zz"}) == 3);
  CHECK(code({"upgrade", "+9"}) == 3);
  CHECK(code({"downgrade", "-9"}) == 3);
  CHECK(code({"downgrade", "zz"}) == 3);
  CHECK(code({"stamp", "zz"}) == 3);
  CHECK(code({"merge"}) == 3);
  CHECK(code({"show", "zz"}) == 3);
  // Nothing was changed by all of these.
  CHECK(project.rows() == "c3");
  // Refused by the server.
  project.revision("d4", "c3", "SELECT 1/0;");
  CHECK(code({"upgrade", "head"}) == 5);
  CHECK(project.rows() == "c3");
  // A revision that is said to have no way back.
  project.file("d4_step.sql",
               "-- pgseed:migration 1\n-- revision: d4\n-- down_revision: c3\n\n-- upgrade\n\n"
               "-- downgrade irreversible\n");
  CHECK(code({"upgrade", "head"}) == 0);
  check_error(project.migrate({"downgrade", "-1"}), 3,
              "migrations/versions/d4_step.sql:7: revision d4 is irreversible");
  CHECK(project.rows() == "d4");
}

TEST_CASE("migrate --json: every subcommand prints one object that agrees with its exit code") {
  const ScratchProject project;
  project.chain();
  const auto object = [&](Words words, int exit_code = 0) {
    CAPTURE(joined(words));
    const std::string name = words.front();
    words.push_back("--json");
    const Result result = project.migrate(words);
    CHECK(result.exit_code == exit_code);
    CHECK(std::count(result.out.begin(), result.out.end(), '\n') == 1);
    return check_json(result, "migrate " + name);
  };
  CHECK(object({"upgrade", "+1"})["steps"][0]["revision"].text() == "a1");
  CHECK(object({"upgrade", "head", "--dry-run"})["steps"].size() == 2);
  CHECK(object({"upgrade", "head"})["rows"][0].text() == "c3");
  CHECK(object({"upgrade", "head"})["steps"].size() == 0);
  CHECK(object({"upgrade", "head", "--sql"})["sql"].text().find("BEGIN;\n") != std::string::npos);
  CHECK(object({"downgrade", "-1"})["steps"][0]["direction"].text() == "downgrade");
  CHECK(object({"downgrade", "base", "--sql"})["sql"].text().ends_with("COMMIT;\n\n"));
  CHECK(object({"redo"})["steps"].size() == 2);
  CHECK(object({"stamp", "head"})["rows_before"][0].text() == "b2");
  CHECK(object({"stamp", "b2"})["rows"][0].text() == "b2");
  CHECK(object({"upgrade", "head"})["steps"].size() == 1);
  CHECK(object({"stamp", "a1:b2", "--sql"}).has("sql"));
  CHECK(object({"ensure_version"})["error"].is_null());
  CHECK(object({"ensure_version", "--sql"})["sql"].text().starts_with("CREATE TABLE IF NOT"));
  CHECK(object({"repair"})["repaired"].size() == 0);
  CHECK(object({"history"})["revisions"].size() == 3);
  const Json newest = object({"history", "-i"})["revisions"][0];
  CHECK(newest["revision"].text() == "c3");
  CHECK(newest["down_revision"][0].text() == "b2");
  CHECK(newest["message"].text() == "step c3");
  CHECK(newest["path"].text() == "migrations/versions/c3_step.sql");
  CHECK(newest["is_head"].text() == "true");
  CHECK(newest["applied"].text() == "true");
  CHECK(object({"heads"})["revisions"].size() == 1);
  CHECK(object({"branches"})["revisions"].size() == 0);
  CHECK(object({"show", "b2"})["revisions"][0]["revision"].text() == "b2");
  CHECK(object({"show", "base"})["revisions"].size() == 0);
  CHECK(object({"current"})["on_all_heads"].text() == "true");
  CHECK(object({"pending"})["revisions"].size() == 0);
  CHECK(object({"status"})["problems"].size() == 0);
  CHECK(object({"verify"})["problems"].size() == 0);
  CHECK(object({"check"})["error"].is_null());
  CHECK(object({"list_templates"})["templates"].size() == 1);
  CHECK(object({"lint"})["findings"].size() == 0);
  CHECK(object({"lint", "--rules"})["rules"].size() > 10);
  CHECK(object({"revision", "-m", "x", "--rev-id", "d4"})["revision"].text() == "d4");
  CHECK(object({"test"})["revisions"].size() == 4);
  CHECK(object({"export", "alembic"})["written"].size() == 4);
  CHECK(object({"wait"}).has("seconds"));
  CHECK(object({"init", "other"})["directory"].text() == "other");
  std::filesystem::remove(project.folder() / "pgseed.toml");
  CHECK(object({"reset", "--yes"})["rows"].size() == 0);

  // What failed names kind, message, place and hint.
  CHECK(object({"current", "--check-heads"}, 1)["on_all_heads"].text() == "false");
  CHECK(object({"pending", "--exit-code"}, 1)["revisions"].size() == 4);
  CHECK(object({"status", "--exit-code"}, 1)["pending"].size() == 4);
  CHECK(object({"check"}, 1)["error"]["kind"].text() == "rows");
  CHECK(object({"edit", "head"}, 2)["error"]["message"].text() == "edit needs a terminal");
  CHECK(object({"upgrade"}, 2)["error"]["kind"].text() == "usage");
  CHECK(object({"merge"}, 3)["error"]["kind"].text() == "input");
  CHECK(object({"import", "alembic"}, 2)["error"]["hint"].text() != "");
  project.revision("e5", "d4", "SELECT 1;\nSELECT 1/0;");
  const Json failed = object({"upgrade", "head"}, 5)["error"];
  CHECK(failed["kind"].text() == "refused");
  CHECK(failed["message"].text() == "division by zero [22012]");
  CHECK(failed["where"].text() == "migrations/versions/e5_step.sql:8");

  // A path that is not UTF-8 still gives an object that is.
  project.folder().write("caf\xE9/versions/a1.sql",
                         "-- pgseed:migration 1\n-- revision: a1\n\n-- upgrade\n");
  const Json shown =
      check_json(project.migrate({"--dir", "caf\xE9", "--json", "show", "a1"}), "migrate show");
  CHECK(shown["revisions"][0]["path"].text() == "caf\uFFFD/versions/a1.sql");
}

TEST_CASE("migrate --alembic-exit-codes: 255 and FAILED: for refusals, 1 for the rest") {
  const ScratchProject project;
  project.chain();
  const auto run_it = [&](Words words, const Environment& environment = {}) {
    words.insert(words.begin(), "--alembic-exit-codes");
    return project.migrate(words, environment);
  };
  CHECK(run_it({"upgrade", "+1"}).exit_code == 0);
  Result result = run_it({"check"});
  CHECK(result.exit_code == 255);
  CHECK(result.out == "FAILED: Target database is not up to date.\n");
  CHECK(result.err.starts_with("error: Target database is not up to date.\nhint: "));
  result = run_it({"upgrade", "a1:b2"});
  CHECK(result.exit_code == 255);
  CHECK(result.out == "FAILED: Range revision not allowed\n");
  CHECK(run_it({"status", "--exit-code"}).exit_code == 255);
  CHECK(run_it({"pending", "--exit-code"}).exit_code == 255);
  CHECK(run_it({"upgrade", "head"}, {{"DATABASE_URL", "postgresql://x@127.0.0.1:1/x"}}).exit_code ==
        1);
  CHECK(run_it({"nosuch"}).exit_code == 2);  // as argparse
  CHECK(run_it({"upgrade"}).exit_code == 2);
  project.revision("b2", "a1", "SELECT 1/0;");
  result = run_it({"upgrade", "head"});
  CHECK(result.exit_code == 1);
  CHECK(result.out.empty());
  // With --json stdout is the object alone.
  for (const Words& words : std::vector<Words>{{"check"}, {"status", "--exit-code"}}) {
    Words with_json = words;
    with_json.push_back("--json");
    result = run_it(with_json);
    CHECK(result.exit_code == 255);
    check_json(result, "migrate " + words.front());
  }
  project.revision("b2", "nosuch");
  result = run_it({"heads", "--json"});
  CHECK(result.exit_code == 255);
  CHECK(check_json(result, "migrate heads")["error"]["kind"].text() == "input");
}

TEST_CASE("migrate options: global ones stand before or behind the subcommand") {
  const ScratchProject project;
  project.chain();
  const std::string url = project.url();
  project.must({"upgrade", "b2"});
  const auto out = [&](const Words& words) {
    CAPTURE(joined(words));
    Command command = project.command(words, {{"DATABASE_URL", std::nullopt}});
    return must(run(command));
  };
  for (const Words& words : std::vector<Words>{
           {"--database-url", url, "migrate", "current"},
           {"migrate", "--database-url", url, "current"},
           {"migrate", "current", "--database-url", url},
           {"migrate", "--dir", "migrations", "current", "--database-url=" + url},
           {"migrate", "current", "--dir=migrations", "--database-url", url, "-q"},
           {"--color", "never", "-q", "migrate", "current", "--database-url", url}}) {
    CHECK(out(words) == "b2\n");
  }
  CHECK(out({"migrate", "heads", "--dir", "migrations", "--dir", "migrations/versions"}) ==
        "c3 (head)\n");
  CHECK(out({"-v", "migrate", "heads"}) == out({"migrate", "heads", "-v"}));
  CHECK(out({"--json", "migrate", "heads"}) == out({"migrate", "heads", "--json"}));

  // -1 is a target and no option; both forms of a range that begins with one.
  CHECK(project.migrate({"downgrade", "-1"}).exit_code == 0);
  CHECK(project.rows() == "a1");
  CHECK(project.migrate({"upgrade", "+1"}).exit_code == 0);
  CHECK(project.migrate({"downgrade", "--lock-wait", "5", "-1"}).exit_code == 0);
  CHECK(project.rows() == "a1");
  CHECK(contains(project.must({"downgrade", "-1", "--sql"}), "BEGIN;\n"));
  project.must({"upgrade", "head"});
  const std::string line = "b2 -> c3 (head), step c3\na1 -> b2, step b2\n<base> -> a1, step a1\n";
  CHECK(project.must({"history", "--rev-range=-2:current"}) == line);
  CHECK(project.must({"history", "-r", "-2:current"}) == line);
  CHECK(project.must({"history", "-r-2:current"}) == line);
  CHECK(project.must({"downgrade", "--", "-1"}).empty());
  CHECK(project.rows() == "b2");
}

TEST_CASE("migrate usage: every subcommand has its help, every mistake its line") {
  const ScratchProject project;
  const std::string overview = project.must({"--help"});
  for (const std::string& name : kSubcommands) {
    CAPTURE(name);
    CHECK(contains(overview, "\n  " + name + ' '));
    const Result help = project.migrate({name, "--help"});
    CHECK(help.exit_code == 0);
    CHECK(help.err.empty());
    CHECK(contains(help.out, "Usage: pgseed migrate " + name + " "));
  }
  // And no other.
  CHECK(std::count(overview.begin() + static_cast<std::ptrdiff_t>(overview.find("Subcommands:")),
                   overview.begin() + static_cast<std::ptrdiff_t>(overview.find("Targets:")),
                   '\n') == static_cast<std::ptrdiff_t>(kSubcommands.size()) + 2);

  const auto usage = [&](const Words& words, const std::string& error, const std::string& hint) {
    CAPTURE(joined(words));
    check_error(project.migrate(words), 2, error, hint);
  };
  usage({}, "A subcommand is required", "see pgseed migrate --help");
  usage({"nosuch"}, "there is no command migrate nosuch", "see pgseed migrate --help");
  usage({"upgrade"}, "REVISION is required", "see pgseed migrate upgrade --help");
  usage({"downgrade"}, "REVISION is required", "see pgseed migrate downgrade --help");
  usage({"stamp"}, "REVISION is required", "see pgseed migrate stamp --help");
  usage({"show"}, "REVISION is required", "see pgseed migrate show --help");
  usage({"edit"}, "REVISION is required", "see pgseed migrate edit --help");
  usage({"import"}, "FORMAT is required", "see pgseed migrate import --help");
  usage({"export"}, "FORMAT is required", "see pgseed migrate export --help");
  usage({"heads", "extra"}, "The following argument was not expected: extra",
        "see pgseed migrate heads --help");
  usage({"upgrade", "head", "head"}, "The following argument was not expected: head",
        "see pgseed migrate upgrade --help");
  usage({"heads", "--sql"}, "The following argument was not expected: --sql",
        "see pgseed migrate heads --help");
  CHECK(check_json(project.migrate({"upgrade", "--json"}), "migrate upgrade")["error"]["hint"]
            .text() == "see pgseed migrate upgrade --help");
}

TEST_CASE("migrate graph lines: branches, dependencies and labels as facts 1.5 has them") {
  const ScratchProject project;
  project.revision("a1", "");
  project.revision("b2", "a1");
  project.revision("c3", "b2");
  project.revision("d4", "b2");
  project.revision("e5", "c3, d4");
  project.revision("f6", "", "", "", "-- branch_labels: plug\n-- depends_on: b2\n");
  project.revision("f7", "f6");
  CHECK(sorted_lines(project.must({"heads"})) == "e5 (head)\nf7 (plug) (head)\n");
  CHECK(project.must({"branches"}) == "b2 (branchpoint)\n   -> c3\n   -> d4\n\n");
  const std::string history = project.must({"history"});
  CHECK(contains(history, "c3, d4 -> e5 (head) (mergepoint), step e5\n"));
  CHECK(contains(history, "<base> (b2) -> f6 (plug), step f6\n"));
  CHECK(contains(history, "a1 -> b2 (branchpoint), step b2\n"));
  CHECK(contains(history, "<base> -> a1, step a1\n"));
  const std::string merge = project.must({"show", "e5"});
  CHECK(contains(merge, "Merges: c3, d4\n"));
  CHECK(contains(project.must({"show", "plug"}), "Also depends on: b2\nBranch names: plug\n"));
  CHECK(contains(project.must({"show", "b2"}), "Branches into: c3, d4\n"));
  // The rows of facts 1.3, by command.
  const auto rows_after = [&](const Words& words) {
    project.must(words);
    return project.rows();
  };
  CHECK(rows_after({"upgrade", "plug@head"}) == "f7");
  CHECK(sorted_lines(project.must({"current"})) == "b2 (branchpoint)\nf7 (head)\n");
  CHECK(rows_after({"upgrade", "e5"}) == "e5,f7");
  CHECK(rows_after({"downgrade", "plug@-1"}) == "e5,f6");
  CHECK(rows_after({"downgrade", "plug@base"}) == "e5");
  CHECK(rows_after({"downgrade", "b2"}) == "b2");
  CHECK(rows_after({"upgrade", "heads"}) == "e5,f7");
  CHECK(rows_after({"downgrade", "a1"}) == "a1");
  CHECK(rows_after({"upgrade", "plug@+1"}) == "f6");
  CHECK(rows_after({"stamp", "c3", "d4"}) == "c3,d4,f6");  // Alembic: KeyError
  CHECK(rows_after({"stamp", "--purge", "base"}) == "");
}
