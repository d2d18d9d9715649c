#include "pgseed/seed/send/sender.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/ledger/ledger.hpp"
#include "pgseed/seed/send/question.hpp"

namespace pgseed::seed {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

bool comes_before(const Batch& left, const Batch& right) {
  return std::pair(left.order, left.sequence) < std::pair(right.order, right.sequence);
}

}  // namespace

Sender::Sender(Transport& transport, const rest::Endpoint& endpoint, Tally& tally,
               Observer& observer, SenderOptions options, Clock clock)
    : transport_(transport),
      endpoint_(endpoint),
      tally_(tally),
      observer_(observer),
      options_(options),
      clock_(std::move(clock)),
      random_(options_.random_seed),
      pace_(options_.concurrency),
      widths_{pace_.width(), pace_.width()} {
  if (options_.timeline != nullptr) options_.timeline->width(clock_(), pace_.width());
}

bool Sender::wants_batch() const {
  // One batch is made while all slots are busy, so that an answer finds the next one ready.
  const std::size_t width = pace_.width();
  const std::size_t free = flights_.size() < width ? width - flights_.size() : 0;
  return !ended_ && waiting_.size() < 1 + free;
}

json::Buffer Sender::take_body() {
  if (spare_bodies_.empty()) return {};
  json::Buffer body = std::move(spare_bodies_.back());
  spare_bodies_.pop_back();
  return body;
}

void Sender::keep_body(json::Buffer body) {
  // One for each slot and one in the making; a giant row's memory goes back to the system.
  constexpr std::size_t kLargestKept = 4u << 20;
  if (spare_bodies_.size() > pace_.ceiling() || body.capacity() > kLargestKept) return;
  body.clear();
  spare_bodies_.push_back(std::move(body));
}

void Sender::submit(std::unique_ptr<Batch> batch) {
  ++groups_[batch->group];
  batch->order = next_order_++;
  if (ended_) return skip(std::move(batch));
  put_back(std::move(batch));
}

void Sender::put_back(std::unique_ptr<Batch> batch) {
  const auto place = std::upper_bound(
      waiting_.begin(), waiting_.end(), batch,
      [](const auto& left, const auto& right) { return comes_before(*left, *right); });
  waiting_.insert(place, std::move(batch));
}

void Sender::done(const Batch& batch) {
  const auto group = groups_.find(batch.group);
  if (--group->second > 0) return;
  groups_.erase(group);
  if (on_group_done) on_group_done(batch.group);
}

// --- starting

bool Sender::may_start(const Batch& batch) const {
  if (batch.not_before > clock_()) return false;
  for (const std::uint64_t group : batch.after) {
    if (group != batch.group && is_outstanding(group)) return false;
  }
  const auto flies = [&](const auto& condition) {
    return std::any_of(flights_.begin(), flights_.end(),
                       [&](const auto& flight) { return condition(*flight.second.batch); });
  };
  // Of what waits, only what came before can hold a batch up: so the first one always gets on.
  const auto waits_before = [&](const auto& condition) {
    return std::any_of(waiting_.begin(), waiting_.end(), [&](const auto& other) {
      return comes_before(*other, batch) && condition(*other);
    });
  };
  const auto same_table = [&](const Batch& other) { return other.set->table == batch.set->table; };
  const auto earlier_part = [&](const Batch& other) {
    return other.group == batch.group && other.sequence < batch.sequence;
  };
  if (batch.serial && (flies(same_table) || waits_before(same_table))) return false;
  if (batch.in_turn && (flies(earlier_part) || waits_before(earlier_part))) return false;
  if (batch.suspect) {
    // Bad rows are looked for in file order, and never more of them at once than may be found.
    const auto left = tally_.rejects_left();
    const auto suspects = static_cast<std::uint64_t>(
        std::count_if(flights_.begin(), flights_.end(),
                      [](const auto& flight) { return flight.second.batch->suspect; }));
    if (left && suspects > *left) return false;
    if (left && *left == 0 &&
        flies([&](const Batch& other) { return other.sequence < batch.sequence; })) {
      return false;
    }
  }
  return true;
}

void Sender::start_ready() {
  if (clock_() < held_until_) return;
  for (std::size_t index = 0; index < waiting_.size() && flights_.size() < pace_.width();) {
    if (!may_start(*waiting_[index]) || waits_for_disk(*waiting_[index])) {
      ++index;
      continue;
    }
    std::unique_ptr<Batch> batch = std::move(waiting_[index]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(index));
    const bool asks = batch->resumed || batch->asks_first;
    asks ? start_resumed(std::move(batch)) : start_write(std::move(batch));
  }
  announce_waiting();
}

// What waits is announced while others are on their way: the disk then costs no time of its own.
void Sender::announce_waiting() {
  if (options_.ledger == nullptr || flights_.empty()) return;
  bool wants_disk = false;
  for (const auto& batch : waiting_) {
    if (batch->intent == 0) options_.ledger->intend(*batch);
    wants_disk |= !options_.ledger->is_on_disk(*batch);
  }
  if (wants_disk) options_.ledger->sync_later();
}

// With nothing under way it may as well wait for the disk.
bool Sender::waits_for_disk(const Batch& batch) const {
  return options_.ledger != nullptr && !flights_.empty() &&
         (batch.intent == 0 || !options_.ledger->is_on_disk(batch));
}

void Sender::record_stored(const Batch& batch, std::uint64_t stored, std::uint64_t ignored,
                           std::uint64_t left_out) {
  if (options_.ledger != nullptr) options_.ledger->loaded(batch, stored, ignored, left_out);
}

void Sender::record_nothing_stored(Batch& batch) {
  if (options_.ledger != nullptr && !batch.doubted) options_.ledger->set_free(batch);
}

bool Sender::has_key(const Batch& batch) const {
  const std::size_t table = batch.set->table;
  if (table < keys_.size() && keys_[table].changed) return false;
  return batch.set->numbered || (!batch.set->key.empty() && !batch.null_keys);
}

void Sender::start(Flight flight, const HttpRequest& request) {
  const std::uint64_t id = next_id_++;
  ++requests_;
  flight.ticket = pace_.start();
  flight.started = clock_();
  flights_[id] = std::move(flight);
  try {
    transport_.start(id, request);
  } catch (...) {
    // Nothing of it left: it must not be waited for.
    std::unique_ptr<Batch> batch = std::move(flights_[id].batch);
    flights_.erase(id);
    skip(std::move(batch));
    throw;
  }
}

// An earlier run sent it and was stopped before the answer, or this one got none to its question.
void Sender::start_resumed(std::unique_ptr<Batch> batch) {
  rest::Outcome why;
  why.verdict = rest::Verdict::in_doubt;
  why.message = batch->resumed ? "an earlier run was stopped while they were on their way"
                               : "the connection broke while they were on their way";
  batch->resumed = batch->asks_first = false;
  if (!has_key(*batch)) return doubt(std::move(batch), why.message);
  const bool resolves = options_.mode == Mode::upsert || options_.mode == Mode::ignore;
  if (resolves) {
    batch->retried = true;
    if (!keeps_keys(*batch)) return conclude(std::move(batch), why);
    return start_write(std::move(batch));
  }
  record_sent(batch);
  start_question(std::move(batch), Purpose::ask_for_keys, why);
}

// Before a batch goes out. What cannot be recorded stays here: then the batch is gone.
void Sender::record_sent(std::unique_ptr<Batch>& batch) {
  if (options_.ledger == nullptr) return;
  try {
    if (batch->intent == 0) options_.ledger->intend(*batch);
    options_.ledger->sent(*batch);
  } catch (...) {
    skip(std::move(batch));
    throw;
  }
}

void Sender::start_write(std::unique_ptr<Batch> batch) {
  record_sent(batch);
  HttpRequest request = batch->set->request;
  request.body = batch->body.view();
  request.timeout = options_.timeout;
  bytes_sent_ += request.body.size();
  Flight flight;
  flight.batch = std::move(batch);
  start(std::move(flight), request);
}

void Sender::start_question(std::unique_ptr<Batch> batch, Purpose purpose,
                            const rest::Outcome& why) {
  std::optional<Question> question = purpose == Purpose::ask_for_keys
                                         ? question_for_keys(endpoint_, *batch)
                                         : question_for_values(endpoint_, *batch);
  if (!question) {
    return doubt(std::move(batch), "rows with their keys are there, but may be older ones");
  }
  question->request.timeout = options_.timeout;
  Flight flight;
  flight.batch = std::move(batch);
  flight.purpose = purpose;
  flight.asked = question->asked;
  flight.doubt = why;
  start(std::move(flight), question->request);
}

// --- waiting

milliseconds Sender::time_to_wait(milliseconds longest) const {
  if (!completions_.empty()) return milliseconds(0);
  const auto now = clock_();
  const auto until = [&](std::chrono::steady_clock::time_point then) {
    return std::max(milliseconds(0), duration_cast<milliseconds>(then - now) + milliseconds(1));
  };
  milliseconds wait = longest;
  for (const auto& batch : waiting_) {
    if (batch->not_before > now) wait = std::min(wait, until(batch->not_before));
  }
  if (!waiting_.empty() && held_until_ > now) wait = std::min(wait, until(held_until_));
  if (flights_.size() < pace_.width() &&
      std::any_of(waiting_.begin(), waiting_.end(),
                  [&](const auto& batch) { return waits_for_disk(*batch) && may_start(*batch); })) {
    wait = std::min(wait, milliseconds(1));
  }
  if (options_.deadline && !idle()) wait = std::min(wait, until(*options_.deadline));
  return wait;
}

void Sender::turn(milliseconds longest) {
  look_at_clock_and_signals();
  if (!ended_) start_ready();
  std::vector<HttpCompletion> arrived = transport_.wait(time_to_wait(longest));
  // The next one stands at the end, so that taking it over and out needs no memory.
  std::reverse(arrived.begin(), arrived.end());
  std::swap(completions_, arrived);
  std::move(arrived.begin(), arrived.end(), std::back_inserter(completions_));
  // One leaves the queue before it is dealt with: if that throws (a full disk under the reject
  // file), the others are dealt with in the next turn.
  while (!completions_.empty()) {
    const HttpCompletion completion = std::move(completions_.back());
    completions_.pop_back();
    finish(completion);
  }
  look_at_clock_and_signals();
  if (!ended_) return start_ready();
  while (!waiting_.empty()) {
    std::unique_ptr<Batch> batch = std::move(waiting_.front());
    waiting_.pop_front();
    skip(std::move(batch));
  }
}

void Sender::drain() {
  while (!idle()) {
    turn(milliseconds(200));
    // Their answers were lost with the memory for them.
    const bool lost = !flights_.empty() && completions_.empty() && transport_.in_flight() == 0;
    if (lost) give_up_flights();
  }
}

void Sender::finish(const HttpCompletion& completion) {
  const auto found = flights_.find(completion.id);
  if (found == flights_.end()) return;
  Flight flight = std::move(found->second);
  flights_.erase(found);
  if (flight.purpose == Purpose::ask_for_stored || flight.purpose == Purpose::try_twins) {
    return finish_control(std::move(flight), completion.result);
  }
  if (flight.purpose != Purpose::write) {
    return finish_question(std::move(flight), completion.result);
  }
  const rest::Outcome outcome = rest::classify(completion.result, std::chrono::system_clock::now());
  remember(flight, outcome);
  keep_pace(flight, outcome);
  finish_write(std::move(flight.batch), outcome);
}

// --- what becomes of rows at the end

void Sender::end_with(Error error) {
  if (!error_) error_ = std::move(error);
  ended_ = true;
}

void Sender::skip(std::unique_ptr<Batch> batch) {
  if (batch->doubted) {
    return doubt(std::move(batch), "the connection broke while they were on their way");
  }
  tally_.skipped(batch->set->table, batch->rows.size());
  record_nothing_stored(*batch);
  done(*batch);
}

void Sender::doubt(std::unique_ptr<Batch> batch, std::string_view why) {
  tally_.in_doubt(batch->set->table, batch->rows.size());
  observer_.note(
      0, text(tally_.file(batch->file), ':', batch->rows.front().line, ": ", describe(*batch),
              batch->rows.size() == 1 ? " is" : " are", " in doubt: ", why));
  done(*batch);
}

void Sender::give_up_flights() {
  transport_.abort_all();
  completions_.clear();
  auto flights = std::exchange(flights_, {});
  for (auto& [id, flight] : flights) {
    doubt(std::move(flight.batch), "no answer was waited for");
  }
}

void Sender::look_at_clock_and_signals() {
  if (interrupt::signal_number() != 0) ended_ = true;
  if (interrupt::stop_now()) give_up_flights();
  if (options_.deadline && clock_() >= *options_.deadline && !idle()) {
    give_up_flights();
    end_with(interrupt::time_is_up_error("loading"));
  }
}

}  // namespace pgseed::seed
