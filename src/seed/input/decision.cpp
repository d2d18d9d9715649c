#include "pgseed/seed/input/decision.hpp"

namespace pgseed::seed {
namespace {

constexpr int kMostReloads = 3;

Action after_reloads(const rest::Outcome& outcome, const Situation& situation) {
  // A missing relation can be a row's fault (a regclass value, a trigger): then the others are
  // kept.
  if (outcome.code == "42P01" && !situation.own_table) {
    return situation.reloads < 1 ? Action::reload : Action::bisect;
  }
  return situation.reloads < kMostReloads ? Action::reload : Action::stop;
}

}  // namespace

Action decide(const rest::Outcome& outcome, const Situation& situation) {
  // UPSERT and IGNORE of rows with a key may be sent twice; a plain INSERT may not, nor may rows
  // that the server numbers itself, in whatever mode.
  const bool resolves = situation.mode == Mode::upsert || situation.mode == Mode::ignore;
  switch (outcome.verdict) {
    case rest::Verdict::accepted:
      return Action::count;
    case rest::Verdict::retry:
      return Action::retry;
    case rest::Verdict::in_doubt:
      if (!situation.has_key) return Action::doubt;
      return resolves ? Action::retry : Action::ask;
    case rest::Verdict::rejected:
      break;
  }
  // A batch that meets its own rows: an earlier try was stored after all, abandoned requests are
  // carried to their end.
  if (situation.retried && !resolves && situation.has_key && outcome.code == "23505") {
    return Action::ask;
  }
  switch (outcome.remedy) {
    case rest::Remedy::bisect:
      return Action::bisect;
    case rest::Remedy::split:
      return Action::halve;
    case rest::Remedy::separate_keys:
      return Action::halve_in_turn;
    case rest::Remedy::reload:
      return after_reloads(outcome, situation);
    default:
      return Action::stop;
  }
}

}  // namespace pgseed::seed
