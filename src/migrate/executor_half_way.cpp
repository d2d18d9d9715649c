// What sections that stopped half-way mean for the other steps.
#include <algorithm>

#include "pgseed/base/text.hpp"
#include "pgseed/migrate/executor.hpp"

namespace pgseed::migrate {

std::vector<HalfWay> Executor::judge_half_way() {
  std::vector<HalfWay> halves;
  if (!has_log_) return halves;
  const auto marks = log_->marks(*session_);
  if (marks.empty()) return halves;
  const AppliedRows now = rows();
  for (const HalfWayMark& mark : marks) {
    halves.push_back(judge(graph_, now, mark, log_->since(*session_, mark.id)));
  }
  return halves;
}

void Executor::settle_half_way(const Plan& plan) {
  for (const HalfWay& half : judge_half_way()) {
    const auto tell = [&](const std::string& line) {
      if (told_marks_.insert(half.mark.id).second) observer_.note(line);
    };
    if (half.state == HalfWay::State::over) {
      if (!options_.dry_run) {
        log_->end_mark(*session_, half.mark.id, "another tool came to the end of the section");
      }
      tell(text(told(half), "; another tool has ",
                half.mark.direction == Direction::up ? "applied it" : "taken it down", " since"));
      continue;
    }
    if (auto error = objection(graph_, half, plan, intent_)) throw *std::move(error);
    // Nothing to do is not all that there is to say.
    if (plan.empty()) tell(text(told(half), "; ", advice(graph_, half)));
    if (intent_.abandons_halves) tell(told(half) + "; what this left elsewhere stays");
  }
}

// Without waiting: what another run is at is not half-way.
void Executor::settle_without_steps() {
  if (!has_log_ || log_->marks(*session_).empty()) return;
  try {
    session_->transaction([&](pg::Session& session) {
      take_advisory_lock(session);
      settle_half_way({});
    });
  } catch (const Busy&) {
  } catch (const Gone&) {
  }
}

std::vector<HalfWay> Executor::half_way() {
  std::vector<HalfWay> halves;
  if (!has_log_ || log_->marks(*session_).empty()) return halves;
  try {
    session_->transaction([&](pg::Session& session) {
      take_advisory_lock(session);
      halves = judge_half_way();
    });
  } catch (const Busy&) {
  } catch (const Gone&) {
  }
  std::erase_if(halves, [](const HalfWay& half) { return half.state == HalfWay::State::over; });
  return halves;
}

// What is declared done or undone by hand is not half-way any more, nor is what stands on something
// that is declared undone.
void Executor::forget_declared(const AppliedRows& before, const AppliedRows& after) {
  const NodeSet was = applied(graph_, before);
  const NodeSet is = applied(graph_, after);
  const auto is_declared = [&](const std::string& id) {
    const auto node = graph_.find(id);
    if (!node) return true;
    const Nodes concerned = graph_.ancestors({*node}).members();
    return std::any_of(concerned.begin(), concerned.end(), [&](Node one) {
      return one == *node ? was.has(one) != is.has(one) : !is.has(one);
    });
  };
  for (const std::string& id : log_->unfinished(*session_)) {
    if (is_declared(id)) log_->forget_unfinished(*session_, id);
  }
  for (const HalfWay& half : judge_half_way()) {
    observer_.note(text(told(half), "; ", advice(graph_, half)));
  }
}

}  // namespace pgseed::migrate
