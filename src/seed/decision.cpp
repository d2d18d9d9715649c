#include "pgseed/seed/decision.hpp"

namespace pgseed::seed {

Action decide(const rest::Outcome& outcome, const Situation& situation) {
  // UPSERT and IGNORE may be sent twice; a plain INSERT may not.
  const bool repeatable = situation.mode == Mode::upsert || situation.mode == Mode::ignore;
  switch (outcome.verdict) {
    case rest::Verdict::accepted:
      return Action::count;
    case rest::Verdict::retry:
      return Action::retry;
    case rest::Verdict::in_doubt:
      if (repeatable) return Action::retry;
      return situation.has_key ? Action::ask : Action::doubt;
    case rest::Verdict::rejected:
      break;
  }
  // A batch that meets its own rows: an abandoned request was committed after all.
  if (situation.doubted && !repeatable && situation.has_key && outcome.code == "23505") {
    return Action::ask;
  }
  switch (outcome.remedy) {
    case rest::Remedy::bisect:
      return Action::bisect;
    case rest::Remedy::split:
      return Action::halve;
    case rest::Remedy::separate_keys:
      return Action::halve_serial;
    case rest::Remedy::reload:
      return Action::reload;
    default:
      return Action::stop;
  }
}

}  // namespace pgseed::seed
