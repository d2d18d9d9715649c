#include "pgseed/migrate/half_way.hpp"

#include <algorithm>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/lines.hpp"

namespace pgseed::migrate {
namespace {

using State = HalfWay::State;

bool is_up(const HalfWayMark& mark) {
  return mark.direction == Direction::up;
}

const char* way(const HalfWayMark& mark) {
  return is_up(mark) ? "up" : "down";
}

// Why the section may not find what its finished statements left; empty: it will.
std::string find_doubt(const Graph& graph, const AppliedRows& rows, const HalfWayMark& mark,
                       Node node, const WrittenSince& since) {
  const NodeSet is_applied = applied(graph, rows);
  NodeSet below = graph.ancestors({node});
  below.remove(node);
  for (const Node need : below.members()) {
    const std::string& id = graph[need].id;
    if (!is_applied.has(need)) return text(id, ", on which it stands, is not applied any more");
    if (std::find(since.runs.begin(), since.runs.end(), id) != since.runs.end()) {
      return text(id, ", on which it stands, was run again since");
    }
  }
  if (since.new_table) return "the version table was dropped since";
  for (const AppliedRow& row : rows.rows) {
    if (!row.node ||
        std::find(since.rows.begin(), since.rows.end(), row.value) == since.rows.end()) {
      continue;
    }
    // The rows without which what it stands on would not be applied, or not it itself.
    const NodeSet held = graph.ancestors({*row.node});
    const Nodes& needs = graph.needs(node);
    const bool concerns =
        is_up(mark) ? std::any_of(needs.begin(), needs.end(), [&](Node n) { return held.has(n); })
                    : held.has(node);
    if (concerns) return text("row ", row.value, " of the version table was not written by pgseed");
  }
  return {};
}

// Where the rows would be if the section had come to its end.
std::string stamp_words(const Graph& graph, const HalfWay& half) {
  if (is_up(half.mark)) return half.mark.revision;
  std::string words;
  for (const Node parent : graph.parents(*half.node)) {
    words += (words.empty() ? "" : " ") + graph[parent].id;
  }
  return words.empty() ? "base" : words;
}

std::string place(const Graph& graph, const HalfWay& half) {
  const Revision& revision = graph[*half.node];
  const auto& section = is_up(half.mark) ? revision.upgrade : revision.downgrade;
  return section ? text(section->path, ':', section->line - 1) : revision.path;
}

}  // namespace

HalfWay judge(const Graph& graph, const AppliedRows& rows, const HalfWayMark& mark,
              const WrittenSince& since) {
  HalfWay half;
  half.mark = mark;
  half.node = graph.find(mark.revision);
  if (!half.node) return half;
  if (applied(graph, rows).has(*half.node) == is_up(mark)) {
    half.state = State::over;
    return half;
  }
  half.doubt = find_doubt(graph, rows, mark, *half.node, since);
  if (!half.doubt.empty()) half.state = State::doubtful;
  return half;
}

std::string told(const HalfWay& half) {
  const HalfWayMark& mark = half.mark;
  std::string line = text("revision ", mark.revision, " stopped half-way ", way(mark), ", ");
  if (mark.in_block) {
    line += text("within statement ", mark.steps + 1, ", which can COMMIT by itself");
  } else if (mark.steps == 0) {
    line += "within its first statement";
  } else {
    line += text("after ", mark.steps, mark.steps == 1 ? " statement" : " statements");
  }
  return half.doubt.empty() ? line : text(line, ", and ", half.doubt);
}

std::string advice(const Graph& graph, const HalfWay& half) {
  if (!half.node) {
    return "no file has it: put the file back, or undo by hand what it did, then pgseed migrate "
           "repair";
  }
  const bool is_known = half.state == State::live && !half.mark.in_block;
  if (!is_known) {
    return text(
        "look what stands of it; then finish it by hand and pgseed migrate stamp ",
        stamp_words(graph, half),
        ", or undo all of it by hand and pgseed migrate repair, after which it begins anew");
  }
  const auto words = alembic_words(graph, {*half.node, half.mark.direction, {}, {}, {}});
  return text("finish it with pgseed migrate ", words[0], ' ', words[1],
              ", or undo by hand what it did and pgseed migrate repair, which forgets it");
}

namespace {

// What a transaction:false section has finished would be done again once it is a transaction.
std::optional<Error> refuse_changed_kind(const Graph& graph, const HalfWay& half) {
  const Revision& revision = graph[*half.node];
  const auto& section = is_up(half.mark) ? revision.upgrade : revision.downgrade;
  if (!section || !section->options.transaction) return std::nullopt;
  const int steps = half.mark.steps;
  const std::string how_far = steps > 0
                                  ? text("after ", steps, steps == 1 ? " statement" : " statements")
                                  : std::string("within its first statement");
  return Error(ErrorKind::input,
               text("revision ", revision.id, " stopped ", how_far,
                    ", and its section had transaction:false then, which was changed in the file "
                    "since"),
               place(graph, half),
               "put transaction:false back, or undo by hand what is done, then pgseed migrate "
               "repair");
}

}  // namespace

std::optional<Error> objection(const Graph& graph, const HalfWay& half, const Plan& plan,
                               const Intent& intent) {
  if (!half.node) return std::nullopt;
  const Node node = *half.node;
  const auto refusal = [&](const std::string& message) {
    return Error(ErrorKind::rows, message, place(graph, half),
                 advice(graph, half) + "; then run this command again");
  };
  const auto of_node = [&](const Step& step) { return step.node == node; };
  const auto own = std::find_if(plan.begin(), plan.end(), of_node);
  if (!intent.abandons_halves || own != plan.end()) {
    if (half.state == State::doubtful && !plan.empty()) {
      return refusal(told(half) + ": how much of it stands is not known");
    }
  }
  if (!intent.abandons_halves) {
    const NodeSet below = graph.ancestors({node});
    for (auto step = plan.begin(); step != own; ++step) {
      if (!below.has(step->node)) continue;
      return refusal(text(told(half), ", and stands on ", graph[step->node].id,
                          ", which therefore is not ",
                          step->direction == Direction::up ? "run" : "taken down"));
    }
  }
  if (own != plan.end()) return refuse_changed_kind(graph, half);
  if (belies_rows(half)) {
    Nodes wanted = intent.applied;
    for (const Step& step : plan) {
      if (step.direction == Direction::up) wanted.push_back(step.node);
    }
    if (graph.ancestors(wanted).has(node)) {
      return refusal(told(half) + ": it is not applied as a whole any more");
    }
  }
  return std::nullopt;
}

bool belies_rows(const HalfWay& half) {
  return half.node && half.state != State::over && !is_up(half.mark);
}

}  // namespace pgseed::migrate
