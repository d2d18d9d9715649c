#include <algorithm>

#include "pgseed/base/text.hpp"
#include "pgseed/seed/encode/reason.hpp"
#include "pgseed/seed/send/sender.hpp"

// What a sender learns from an answer besides: how much to ask for at a time, and when.
namespace pgseed::seed {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds kLongestHold{1'000};

void Sender::was_too_much(const Batch& batch) {
  pace_.was_too_much(batch.set->table, batch.rows.size());
}

void Sender::keep_pace(const Flight& flight, const rest::Outcome& outcome) {
  Pace::Answer answer;
  answer.ticket = flight.ticket;
  answer.table = flight.batch->set->table;
  answer.rows = flight.batch->rows.size();
  answer.bytes = flight.batch->body.size();
  answer.took = duration_cast<milliseconds>(clock_() - flight.started);
  answer.reception =
      reception_of(outcome.status, outcome.code, outcome.verdict == rest::Verdict::accepted,
                   outcome.status == 0 && answer.took >= options_.timeout);
  const auto change = pace_.answered(answer);
  if (!change) return;
  widths_.least = std::min(widths_.least, change->to);
  widths_.most = std::max(widths_.most, change->to);
  if (options_.timeline != nullptr) options_.timeline->width(clock_(), change->to);
  std::string why;
  if (change->to < change->from) {
    why = change->slower ? ": answers take twice as long" : text(": ", outcome.message);
  }
  observer_.note(1, text(change->to, change->to == 1 ? " request" : " requests",
                         " at a time instead of ", change->from, why));
}

void Sender::remember(const Flight& flight, const rest::Outcome& outcome) {
  if (options_.timeline == nullptr) return;
  if (outcome.verdict == rest::Verdict::accepted) {
    const Batch& batch = *flight.batch;
    return options_.timeline->stored(flight.started, clock_(), batch.rows.size(),
                                     batch.body.size());
  }
  Trouble kind = Trouble::refused;
  if (outcome.verdict == rest::Verdict::retry) kind = Trouble::busy;
  if (outcome.verdict == rest::Verdict::in_doubt) kind = Trouble::lost;
  if (outcome.remedy == rest::Remedy::split) kind = Trouble::too_much;
  options_.timeline->trouble(clock_(), kind, outcome.status, outcome.code,
                             reason_without_values(outcome.code, outcome.message));
}

// Who says when to come back means every request, not only the one that asked. Who says that nobody
// can be served now means all as well, but the others need not wait for a batch that has tried
// often.
void Sender::hold_back(const rest::Outcome& outcome, milliseconds delay) {
  const bool for_all = outcome.status == 429 || outcome.status == 503;
  const bool named = outcome.retry_after && *outcome.retry_after > milliseconds(0);
  if (!for_all && !named) return;
  held_until_ = std::max(held_until_, clock_() + (named ? delay : std::min(delay, kLongestHold)));
}

}  // namespace pgseed::seed
