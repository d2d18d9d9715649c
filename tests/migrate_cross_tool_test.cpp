// One database, two tools: whatever pgseed has done, Debian's Alembic goes on from there, and the
// reverse. The projects stand in seeds/ as SQL and in tests/alembic/ as Python.
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "support/cross_tool.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

struct ProjectStep {
  std::string id;
  std::string rows;         // behind it
  std::string way_back;     // the target that undoes it alone
  std::string rows_before;  // behind that
};

struct CrossProject {
  std::string name;
  std::vector<ProjectStep> steps;  // in an order that a graph allows

  std::string folder() const { return PGSEED_SOURCE_DIR "/seeds/" + name; }
};

std::vector<ProjectStep> chain(const std::vector<std::string>& ids, const std::string& before) {
  std::vector<ProjectStep> steps;
  for (const std::string& id : ids) {
    const std::string parent = steps.empty() ? before : steps.back().id;
    steps.push_back({id, id, parent.empty() ? "base" : parent, parent});
  }
  return steps;
}

std::vector<CrossProject> projects() {
  std::vector<CrossProject> all = {
      {"moe", chain({"4ad734eb5a1a", "1b731c1b37ff"}, "")},
      {"study-abroad", chain({"6f815ac9ca51"}, "")},
      {"mathvidya", chain({"001", "002", "003"}, "")},
      {"principles-gym",
       {{"30c7ed16aacf", "30c7ed16aacf", "base", ""},
        // A branch point's row is updated by its first child; the second one inserts its own.
        {"7500bb0b2fef", "7500bb0b2fef", "30c7ed16aacf", "30c7ed16aacf"},
        {"69528e9ab172", "69528e9ab172,7500bb0b2fef", "69528e9ab172@30c7ed16aacf", "7500bb0b2fef"},
        {"87a38df49ee7", "7500bb0b2fef,87a38df49ee7", "69528e9ab172", "69528e9ab172,7500bb0b2fef"},
        {"0cb117f2b22f", "0cb117f2b22f", "87a38df49ee7", "7500bb0b2fef,87a38df49ee7"}}}};
  const auto rest = chain({"c2dfd91eedc7", "db9696fbaf6f", "c66009d85183", "77f05e6833d3",
                           "5f9f53677bc4", "e9ee3f4d6934", "00925f4e94d2"},
                          "0cb117f2b22f");
  all.back().steps.insert(all.back().steps.end(), rest.begin(), rest.end());
  return all;
}

// Rows that the gym's later revisions fill and rename; the same moment in every database.
void load_base_rows(const BothTools& tools) {
  tools.sql(
      read_file(PGSEED_SOURCE_DIR "/seeds/principles-gym/data/base.sql") +
      "update principles set created_at = 'epoch'; update exercises set created_at = 'epoch';");
}

// The lines that hold something, sorted: Alembic 1.8 keeps children and heads in Python sets, whose
// order changes from run to run.
std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream words(text);
  for (std::string line; std::getline(words, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

TEST_CASE("migrate cross tool: step by step, each tool and both in turns leave the same schema") {
  if (!AlembicProject::is_installed()) return;
  const AlembicCopy copy;
  for (const CrossProject& project : projects()) {
    CAPTURE(project.name);
    const std::string python = copy / project.name;
    const BothTools ours("ours", project.folder(), python);
    const BothTools theirs("theirs", project.folder(), python);
    const BothTools mixed("mixed", project.folder(), python);
    std::size_t done = 0;
    for (const ProjectStep& step : project.steps) {
      CAPTURE(step.id);
      ours.with(false, {"upgrade", step.id});
      theirs.with(true, {"upgrade", step.id});
      mixed.with(done++ % 2 == 0, {"upgrade", step.id});
      for (const BothTools* const each : {&ours, &theirs, &mixed}) {
        CHECK(each->rows() == step.rows);
        if (step.id == "30c7ed16aacf") load_base_rows(*each);
      }
      const bool last = done == project.steps.size();
      // A dump takes as long as three steps.
      if (last || done % 3 == 1) CHECK(ours.dump(true) == theirs.dump(true));
      if (last) CHECK(mixed.dump(true) == theirs.dump(true));
    }
    // What the one tool did the other undoes.
    for (auto step = project.steps.rbegin(); step != project.steps.rend(); ++step) {
      CAPTURE(step->id);
      // The backfills write both ways.
      if (done-- == 1) CHECK(ours.dump(true) == theirs.dump(true));
      ours.with(true, {"downgrade", step->way_back});
      theirs.with(false, {"downgrade", step->way_back});
      CHECK(ours.rows() == step->rows_before);
      CHECK(theirs.rows() == step->rows_before);
    }
    const std::string empty = theirs.dump();
    CHECK(ours.dump() == empty);
    CHECK(contains(empty, "CREATE TABLE public.alembic_version"));
    CHECK_FALSE(contains(empty, "CREATE TYPE"));
    CHECK_FALSE(contains(empty, "CREATE FUNCTION"));
  }
}

TEST_CASE("migrate cross tool: what one tool applies, the other shows, undoes, stamps, applies") {
  if (!AlembicProject::is_installed()) return;
  const AlembicCopy copy;
  for (const CrossProject& project : projects()) {
    const ProjectStep& last = project.steps.back();
    for (const bool first : {false, true}) {  // true: Alembic begins
      CAPTURE(project.name);
      CAPTURE(first);
      const bool other = !first;
      const BothTools tools("both", project.folder(), copy / project.name);
      tools.with(first, {"upgrade", "head"});
      CHECK(tools.rows() == last.rows);
      const std::string at_head = tools.dump();

      CHECK(tools.with(other, {"current"}) == last.id + " (head)\n");
      std::vector<Words> questions = {{"current"}, {"history", "-i"}};
      if (first)
        questions.insert(questions.end(), {{"heads"}, {"branches"}, {"history", "-r", ":"}});
      for (const Words& question : questions) {
        CAPTURE(question.front());
        CHECK(sorted_lines(tools.with(false, question)) ==
              sorted_lines(tools.with(true, question)));
      }
      CHECK(contains(tools.with(false, {"history", "-i"}), last.id + " (head) (current)"));
      CHECK(tools.with(other, {"upgrade", "head"}).empty());  // nothing to do
      CHECK(tools.dump() == at_head);
      // Debian's version has no `check`; --autogenerate makes the same test first.
      const Words check = {"revision", "--autogenerate", "-m", "x"};
      CHECK(contains(tools.alembic(check).out, "does not provide a MetaData object"));
      CHECK(tools.with(false, {"check"}) == "The database is at all heads.\n");

      tools.with(other, {"downgrade", "-1"});
      CHECK(tools.rows() == last.rows_before);
      CHECK(tools.with(false, {"current"}) == tools.with(true, {"current"}));
      CHECK(contains(tools.alembic(check).out, "FAILED: Target database is not up to date."));
      const Result behind = tools.pgseed({"check"});
      CHECK(behind.exit_code == 1);
      CHECK(contains(behind.err, "error: Target database is not up to date."));

      tools.with(other, {"stamp", "head"});
      CHECK(tools.rows() == last.rows);
      tools.with(first, {"stamp", last.way_back});
      CHECK(tools.rows() == last.rows_before);
      tools.with(other, {"upgrade", "head"});
      CHECK(tools.rows() == last.rows);
      CHECK(tools.dump() == at_head);
      CHECK(contains(tools.with(false, {"status", "--exit-code"}),
                     "applied:  " + std::to_string(project.steps.size()) + " of " +
                         std::to_string(project.steps.size()) + " revisions"));
      CHECK(contains(tools.with(false, {"verify"}), "agree"));

      tools.with(other, {"downgrade", "base"});
      CHECK(tools.rows().empty());
      const BothTools nothing("nothing", project.folder(), copy / project.name);
      nothing.with(first, {"ensure_version"});
      CHECK(tools.dump() == nothing.dump());
    }
  }
}

TEST_CASE("migrate cross tool: the script of one tool is taken for the work of the other") {
  if (!AlembicProject::is_installed()) return;
  const AlembicCopy copy;
  for (const CrossProject& project : projects()) {
    if (project.name == "moe") continue;  // nothing in it that the others have not
    CAPTURE(project.name);
    const BothTools ours("ours", project.folder(), copy / project.name);
    const BothTools theirs("theirs", project.folder(), copy / project.name);
    ours.sql(ours.with(false, {"upgrade", "head", "--sql"}));
    theirs.sql(theirs.with(true, {"upgrade", "head", "--sql"}));
    CHECK(ours.rows() == project.steps.back().rows);
    CHECK(ours.dump() == theirs.dump());
    CHECK(ours.with(true, {"current"}) == theirs.with(false, {"current"}));
    // And back: Alembic wants to be told where from.
    const std::string range = project.steps.back().id + ":base";
    CHECK(ours.alembic({"downgrade", "-1", "--sql"}).exit_code == 255);
    ours.sql(ours.with(true, {"downgrade", range, "--sql"}));
    theirs.sql(theirs.with(false, {"downgrade", "base", "--sql"}));
    // Alembic's script drops its table as well.
    CHECK_FALSE(contains(ours.dump(), "CREATE T"));
    CHECK(theirs.rows().empty());
    CHECK_FALSE(contains(theirs.dump(), "CREATE TYPE"));
    CHECK_FALSE(contains(theirs.dump(), "CREATE FUNCTION"));
  }
}

TEST_CASE("migrate cross tool: a row that no file has is cured by either tool's stamp --purge") {
  if (!AlembicProject::is_installed()) return;
  const AlembicCopy copy;
  for (const bool alembic : {false, true}) {
    const BothTools tools("both", PGSEED_SOURCE_DIR "/seeds/mathvidya", copy / "mathvidya");
    tools.with(false, {"upgrade", "002"});
    tools.sql("update alembic_version set version_num = 'deadbeef'");
    for (const Words& command :
         {Words{"current"}, {"upgrade", "head"}, {"downgrade", "-1"}, {"stamp", "001"}}) {
      CAPTURE(command.front());
      const Result failed = tools.alembic(command);
      CHECK(failed.exit_code == 255);
      CHECK(contains(failed.out, "FAILED: Can't locate revision identified by 'deadbeef'"));
      CHECK(tools.rows() == "deadbeef");
    }
    // Better than Alembic: looking is no failure.
    const Result current = tools.pgseed({"current"});
    CHECK(current.exit_code == 0);
    CHECK(contains(current.out, "deadbeef (unknown"));
    CHECK(tools.pgseed({"upgrade", "head"}).exit_code == 3);
    CHECK(tools.rows() == "deadbeef");
    tools.with(alembic, {"stamp", "--purge", "002"});
    CHECK(tools.rows() == "002");
    tools.with(!alembic, {"upgrade", "head"});
    CHECK(tools.rows() == "003");
    CHECK(tools.with(alembic, {"current"}) == "003 (head)\n");
  }
}

TEST_CASE("migrate cross tool: a branch is stamped and taken down by the one or the other") {
  if (!AlembicProject::is_installed()) return;
  const AlembicCopy copy;
  const std::string folder = PGSEED_SOURCE_DIR "/seeds/principles-gym";
  const BothTools ours("ours", folder, copy / "principles-gym");
  const BothTools theirs("theirs", folder, copy / "principles-gym");
  // Each command by its tool in the one database, by Alembic alone in the other.
  const struct {
    bool alembic;
    Words command;
    std::string rows;
  } steps[] = {
      {false, {"upgrade", "87a38"}, "87a38df49ee7"},
      {true, {"upgrade", "7500b"}, "7500bb0b2fef,87a38df49ee7"},
      {true, {"downgrade", "69528e9ab172"}, "69528e9ab172,7500bb0b2fef"},
      {false, {"downgrade", "30c7ed16aacf"}, "30c7ed16aacf"},
      {true, {"upgrade", "+1"}, ""},  // ambiguous
      {false, {"upgrade", "+1"}, ""},
      {false, {"upgrade", "7500bb0b2fef"}, "7500bb0b2fef"},
      {false, {"upgrade", "c2dfd91eedc7-1"}, "0cb117f2b22f"},
      {true, {"downgrade", "-1"}, ""},  // ambiguous at a merge
      {false, {"downgrade", "-1"}, ""},
      {true, {"downgrade", "7500bb0b2fef"}, "7500bb0b2fef,87a38df49ee7"},
      {false, {"upgrade", "0cb117f2b22f+2"}, "db9696fbaf6f"},
      {true, {"stamp", "0cb117f2b22f"}, "0cb117f2b22f"},
      {false, {"stamp", "db9696fbaf6f"}, "db9696fbaf6f"},
      {true, {"downgrade", "c2dfd91eedc7"}, "c2dfd91eedc7"},
      {false, {"downgrade", "base"}, ""},
  };
  std::string rows;
  for (const auto& step : steps) {
    CAPTURE(step.command.front());
    CAPTURE(step.command.back());
    const bool fails = step.rows.empty() && step.command.back() != "base";
    const Result in_turns = step.alembic ? ours.alembic(step.command) : ours.pgseed(step.command);
    const Result alone = theirs.alembic(step.command);
    INFO(in_turns.err);
    INFO(alone.out);
    CHECK((in_turns.exit_code != 0) == fails);
    CHECK((alone.exit_code != 0) == fails);
    if (!fails) rows = step.rows;
    CHECK(ours.rows() == rows);
    CHECK(theirs.rows() == rows);
  }
  CHECK(ours.dump() == theirs.dump());
}

}  // namespace pgseed::test
