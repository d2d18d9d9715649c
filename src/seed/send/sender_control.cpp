#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/seed/send/question.hpp"
#include "pgseed/seed/send/sender.hpp"

// What keys tell of a table: before the first conclusion from them.
namespace pgseed::seed {

Sender::TableKeys& Sender::keys_of(const Batch& batch) {
  const std::size_t table = batch.set->table;
  if (keys_.size() <= table) keys_.resize(table + 1);
  return keys_[table];
}

// Staged rows go under numbers that nothing changes.
bool Sender::keeps_keys(const Batch& batch) {
  return batch.set->numbered || keys_of(batch).kept;
}

// One stored row of each table, to see later whether such rows are shown.
void Sender::remember_stored(const Batch& batch) {
  const bool resolves = options_.mode == Mode::upsert || options_.mode == Mode::ignore;
  if (resolves || !has_key(batch) || batch.rows.empty()) return;
  std::optional<Question>& stored = keys_of(batch).stored;
  if (!stored) stored = question_for_keys(endpoint_, *batch.part(0, 1));
}

void Sender::conclude(std::unique_ptr<Batch> batch, const rest::Outcome& doubt) {
  Flight flight;
  flight.batch = std::move(batch);
  flight.doubt = doubt;
  conclude(std::move(flight));
}

void Sender::try_twins(Flight flight) {
  flight.purpose = Purpose::try_twins;
  HttpRequest request = question_for_twins(endpoint_, *flight.batch, flight.body).request;
  request.timeout = options_.timeout;
  start(std::move(flight), request);
}

void Sender::ask_for_stored(Flight flight) {
  flight.purpose = Purpose::ask_for_stored;
  HttpRequest request = keys_of(*flight.batch).stored->request;
  request.timeout = options_.timeout;
  start(std::move(flight), request);
}

void Sender::finish_control(Flight flight, const HttpResult& result) {
  TableKeys& keys = keys_of(*flight.batch);
  const rest::Outcome outcome = rest::classify(result, std::chrono::system_clock::now());
  const bool passes =
      outcome.verdict == rest::Verdict::retry || outcome.verdict == rest::Verdict::in_doubt ||
      outcome.remedy == rest::Remedy::reload || outcome.remedy == rest::Remedy::split;
  constexpr int kMostSlowTries = 3;
  if (outcome.remedy == rest::Remedy::split && flight.batch->tries >= kMostSlowTries) {
    return doubt(std::move(flight.batch), "an earlier try may have been stored");
  }
  if (passes) return ask_later(std::move(flight), outcome);
  if (flight.purpose == Purpose::ask_for_stored) {
    if (rest::total_of(result.content_range).value_or(0) > 0) {
      keys.shown = true;
      return conclude(std::move(flight));
    }
    // Policies hide them, a replica is behind, or somebody takes rows away as they come.
    return doubt(std::move(flight.batch), "the server does not show rows that it stored either");
  }
  if (outcome.code == "23505") {
    keys.kept = true;
    return conclude(std::move(flight));
  }
  if (outcome.verdict == rest::Verdict::accepted || outcome.code == "PGRST116") {
    keys.changed = true;
    return doubt(std::move(flight.batch),
                 "the table does not keep the keys that rows are sent with (a trigger?)");
  }
  // A row is refused, or every statement: so was the batch, and so it will be again.
  flight.found.reset();
  if (ended_) return skip(std::move(flight.batch));
  retry_later(std::move(flight.batch), flight.doubt);
}

// The next try of the batch begins with the question: nothing is known that allows to send it.
void Sender::ask_later(Flight flight, const rest::Outcome& outcome) {
  if (ended_) return skip(std::move(flight.batch));
  flight.batch->asks_first = true;
  retry_later(std::move(flight.batch), outcome);
}

}  // namespace pgseed::seed
