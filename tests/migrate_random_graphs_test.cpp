#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/migrate/lines.hpp"
#include "pgseed/migrate/plan.hpp"
#include "support/alembic_oracle.hpp"
#include "support/random_graph.hpp"

using namespace pgseed;
using namespace pgseed::migrate;
using test::AlembicOracle;
using test::Answer;
using test::Comparison;
using test::Random;
using test::random_downgrade;
using test::random_revisions;
using test::random_stamp;
using test::random_steps;
using test::random_upgrade;
using test::some_id;

namespace {

// Alembic keeps dependencies as a Python set and does not leave out one that a parent implies, so
// that its order is not settled where a revision has two or such a one.
bool order_is_settled(const Graph& graph) {
  for (Node node = 0; node < graph.size(); ++node) {
    if (graph.dependencies(node).size() > 1) return false;
    if (graph.needs(node).size() < graph.parents(node).size() + graph.dependencies(node).size())
      return false;
  }
  return true;
}

std::vector<std::string> words_of(const std::string& list, char at) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(at, begin), list.size());
    words.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::string first_word(const std::string& message) {
  return message.substr(0, message.find_first_of(" :"));
}

bool contains(const std::string& words, const char* part) {
  return words.find(part) != std::string::npos;
}

// Where pgseed is meant to differ from Alembic 1.8.1; empty: nowhere.
std::string known_difference(const Graph& graph, const std::string& question, const Answer& ours,
                             const Answer& alembic) {
  const auto fields = words_of(question, '\t');
  const std::string& command = fields[0];
  const std::string& target = fields.back();
  const bool we_refuse = ours[0] == "error";
  const bool alembic_refuses = alembic[0] == "error";
  if (command == "down" && we_refuse && contains(ours[2], "is ambiguous"))
    return "a downgrade by steps from several rows is refused";
  if (command == "down" && we_refuse && target.find('@') != std::string::npos &&
      (contains(ours[2], "is not a member of branch") || contains(ours[2], "Can't locate")))
    return "a downgrade refuses a revision that is not on the named branch";
  if (!we_refuse && alembic_refuses && alembic[1] != "command") return "Alembic fails inside";
  if (we_refuse) return "";
  if (alembic_refuses && command == "up" && contains(target, "@heads") &&
      contains(alembic[2], "overlaps"))
    return "heads of a branch of which one needs the other";
  if (alembic_refuses && command == "down" && contains(alembic[2], "Not a valid downgrade"))
    return "a branch that forks above the target goes down whole";
  if (alembic_refuses && command == "up" && contains(target, "@+") &&
      contains(alembic[2], "Ambiguous upgrade from multiple"))
    return "the start on a branch is found through what its revisions need";
  if (alembic_refuses) return "";
  const auto is_part = [](const std::string& left, const std::string& right) {
    auto few = words_of(left, ','), many = words_of(right, ',');
    std::sort(few.begin(), few.end());
    std::sort(many.begin(), many.end());
    return std::includes(many.begin(), many.end(), few.begin(), few.end());
  };
  if (command == "down" && contains(target, "@-") && is_part(ours[2], alembic[2]))
    return "steps down on a branch are counted from its row";
  if (command == "stamp" && contains(target, "@") && is_part(alembic[1], ours[1]))
    return "stamp on a branch leaves what does not share the revision's line";
  if (command == "down") {
    // 1.8.1 lets a row back in that a parent or another dependency implies.
    const AppliedRows rows = read_rows(graph, words_of(alembic[1], ','));
    auto left = rows.values();
    for (const std::string& row : redundant_rows(graph, rows)) {
      left.erase(std::find(left.begin(), left.end(), row));
    }
    if (AlembicOracle::join(left) == ours[1]) return "a row that another implies is left out";
  }
  if (command == "stamp" && target == "heads") {
    std::vector<std::string> heads;
    for (const Node node : graph.real_heads()) heads.push_back(graph[node].id);
    std::sort(heads.begin(), heads.end());
    if (AlembicOracle::join(heads) == ours[1]) return "stamp heads sets every head";
  }
  return "";
}

}  // namespace

TEST_CASE("random graphs: the rows after each command are Alembic's") {
  if (!AlembicOracle::is_installed()) return;
  INFO("PGSEED_TEST_SEED=", test::test_seed());
  Random random(test::test_seed());
  Comparison comparison;
  for (int round = 0; round < 300; ++round) {
    const Graph& graph = comparison.use(Graph(random_revisions(random)));
    std::vector<std::string> values;
    for (int step = 0; step < 14; ++step) {
      const AppliedRows rows = read_rows(graph, values);
      const std::string before = AlembicOracle::join(values);
      const auto follow = [&](const Plan& plan) {
        std::vector<std::string> steps;
        for (const Step& made : plan) {
          // Each step begins where the one before it ended, and its writes lead to its rows.
          CHECK(made.before == values);
          std::set<std::string> written(values.begin(), values.end());
          for (const RowChange& change : made.changes) {
            if (change.kind != RowChange::Kind::insert) CHECK(written.erase(change.from) == 1);
            if (change.kind != RowChange::Kind::remove) CHECK(written.insert(change.to).second);
          }
          CHECK(std::vector<std::string>(written.begin(), written.end()) == made.after);
          values = made.after;
          steps.push_back(graph[made.node].id);
        }
        const AppliedRows now = read_rows(graph, values);
        CHECK(redundant_rows(graph, now).empty());
        // The rows stand for what was applied, with the steps or without them.
        NodeSet expected = applied(graph, rows);
        for (const Step& made : plan) {
          if (made.direction == Direction::up) {
            expected.add(made.node);
          } else {
            expected.remove(made.node);
          }
        }
        CHECK(applied(graph, now).members() == expected.members());
        return Answer{AlembicOracle::join(values), AlembicOracle::join(steps)};
      };
      switch (random.below(4)) {
        case 0: {
          const std::string target = random_downgrade(graph, random);
          comparison.ask(text("down\t", before, '\t', target), [&] {
            return follow(plan_downgrade(graph, rows, downgrade_goal(graph, rows, target)));
          });
          break;
        }
        case 1: {
          const std::string target = random_stamp(graph, random);
          comparison.ask(text("stamp\t", before, '\t', target), [&] {
            values = stamped_rows(graph, rows, {target}, false);
            return Answer{AlembicOracle::join(values), ""};
          });
          break;
        }
        default: {
          const std::string target = random_upgrade(graph, random);
          comparison.ask(text("up\t", before, '\t', target), [&] {
            return follow(plan_upgrade(graph, rows, upgrade_goal(graph, rows, target)));
          });
        }
      }
    }
  }
  std::map<std::string, int> differences;
  int same = 0, both_refuse = 0;
  comparison.compare([&](const Graph& graph, const std::string& question, const Answer& ours,
                         const Answer& alembic) {
    if (ours[0] == "ok" && alembic[0] == "ok" && ours[1] == alembic[1]) {
      ++same;
      if (order_is_settled(graph)) {
        CHECK(ours[2] == alembic[2]);
      } else {
        auto mine = words_of(ours[2], ','), others = words_of(alembic[2], ',');
        std::sort(mine.begin(), mine.end());
        std::sort(others.begin(), others.end());
        CHECK(mine == others);
      }
      return;
    }
    if (ours[0] == "error" && alembic[0] == "error") {
      ++both_refuse;
      const bool says_more = contains(ours[2], "is not a member of branch") ||
                             contains(ours[2], "is ambiguous") ||
                             (contains(question, "@") && contains(ours[2], "Can't locate")) ||
                             contains(alembic[2], "Not a valid downgrade");
      if (alembic[1] == "command" && !says_more)
        CHECK(first_word(ours[2]) == first_word(alembic[2]));
      return;
    }
    const std::string difference = known_difference(graph, question, ours, alembic);
    CHECK_FALSE(difference.empty());
    ++differences[difference];
  });
  int different = 0;
  for (const auto& [kind, count] : differences) different += count;
  CHECK(same > 2000);
  CHECK(both_refuse > 300);
  CHECK(different * 10 < same);
  std::string counts = text(same, " same, ", both_refuse, " refused by both");
  for (const auto& [kind, count] : differences) counts += text("; ", kind, ": ", count);
  MESSAGE(counts);
}

TEST_CASE("random graphs: history, heads, branches, current and show print Alembic's lines") {
  if (!AlembicOracle::is_installed()) return;
  INFO("PGSEED_TEST_SEED=", test::test_seed());
  Random random(test::test_seed());
  Comparison comparison;
  for (int round = 0; round < 200; ++round) {
    const Graph& graph = comparison.use(Graph(random_revisions(random)));
    const auto lines = [&](const Nodes& nodes, const LineParts& parts) {
      Answer all;
      for (const Node node : nodes) all.push_back(revision_line(graph, node, parts));
      return all;
    };
    comparison.ask("heads", [&] { return lines(graph.heads(), {.labels = true, .tree = false}); });
    comparison.ask("branches", [&] {
      Answer all;
      for (const Node node : graph.newest_first()) {
        if (!graph.is_branch_point(node)) continue;
        std::string block = revision_line(graph, node, {.labels = true});
        for (const Node child : graph.children(node)) {
          block += text("\\n", std::string(graph[node].id.size(), ' '), " -> ",
                        revision_line(graph, child, {.labels = true}));
        }
        all.push_back(block);
      }
      return all;
    });
    for (const Node node : graph.newest_first()) {
      comparison.ask(text("show\t", graph[node].id),
                     [&] { return Answer{AlembicOracle::escape(revision_block(graph, node))}; });
    }
    for (int turn = 0; turn < 6; ++turn) {
      const auto values =
          stamped_rows(graph, {}, {some_id(graph, random), some_id(graph, random)}, false);
      const AppliedRows rows = read_rows(graph, values);
      comparison.ask(text("current\t", AlembicOracle::join(values)), [&] {
        Answer all = lines(current_revisions(graph, rows), {});
        std::sort(all.begin(), all.end());
        return all;
      });
      const auto pick = [&](const char* word) {
        return random.one_in(4) ? "" : random.one_in(4) ? word : some_id(graph, random);
      };
      const std::string from = pick(random.one_in(2) ? "base" : "current");
      std::string to = pick(random.one_in(2) ? "heads" : "current");
      if (random.one_in(6)) to = random_steps(random, '+');
      if (from == "current" && to == "current") to = "";
      NodeSet current(graph.size());
      for (const Node node : rows.nodes()) current.add(node);
      comparison.ask(text("history\t", AlembicOracle::join(values), '\t', from, '\t', to), [&] {
        return lines(history_range(graph, rows, text(from, ':', to)),
                     {.parents = true, .labels = true, .message = true, .current = &current});
      });
    }
  }
  int same = 0, alembic_fails = 0;
  comparison.compare([&](const Graph& graph, const std::string&, Answer ours, Answer alembic) {
    if (ours[0] == "ok" && alembic[0] == "ok") {
      ++same;
      if (!order_is_settled(graph)) {
        std::sort(ours.begin(), ours.end());
        std::sort(alembic.begin(), alembic.end());
      }
      CHECK(ours == alembic);
    } else if (ours[0] == "error") {
      CHECK(alembic[0] == "error");
      if (alembic[1] == "command") CHECK(first_word(ours[2]) == first_word(alembic[2]));
    } else {
      // Rows of which one stands above the other, and steps from several rows.
      CHECK((alembic[1] != "command" || contains(alembic[2], "overlaps") ||
             contains(alembic[2], "Ambiguous upgrade from multiple")));
      ++alembic_fails;
    }
  });
  CHECK(same > 1500);
  MESSAGE(same, " same, ", alembic_fails, " where Alembic fails inside");
}
