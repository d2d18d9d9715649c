#pragma once
// Batches -> PostgREST, several at a time, in one thread: the only place that decides what becomes
// of a batch after an answer, or after none.
//
//   waiting --start--> in flight --accepted--> counted
//      ^                   |-- retry, stale cache --> waiting, later
//      |                   |-- too much, bad row --> two parts --> waiting
//      |                   '-- in doubt --> ask for its keys --> counted | in doubt | waiting
//
// "Not there" is believed only of a table that takes rows under the keys they are sent with; that
// is asked once, when it first matters.
//
// Nothing waits for ever: batches wait in the order in which they came, and one waits only for
// answers, for time to pass, or for what came before it. Every row of a submitted batch is counted
// in the tally exactly once, however the run ends.
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "pgseed/http/client.hpp"
#include "pgseed/http/retry.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/seed/encode/batch.hpp"
#include "pgseed/seed/input/decision.hpp"
#include "pgseed/seed/report.hpp"
#include "pgseed/seed/send/pace.hpp"
#include "pgseed/seed/send/question.hpp"
#include "pgseed/seed/tally.hpp"
#include "pgseed/seed/timeline.hpp"

namespace pgseed::seed {

class Ledger;

struct SenderOptions {
  Mode mode = Mode::insert;
  std::size_t concurrency = 4;  // at most
  RetryPolicy retry;
  std::chrono::milliseconds timeout{60'000};
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::uint64_t random_seed = 0;
  Ledger* ledger = nullptr;      // told of every batch before it goes, and what came of it
  Timeline* timeline = nullptr;  // is told what happened when, if there is one
};

class Sender {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;
  // transport, endpoint, tally and observer must outlive the sender.
  Sender(Transport& transport, const rest::Endpoint& endpoint, Tally& tally, Observer& observer,
         SenderOptions options, Clock clock);

  // True when a batch more would find a place soon, and the run is not ending.
  bool wants_batch() const;
  // Takes a closed batch. Its column set must outlive the sender.
  void submit(std::unique_ptr<Batch> batch);
  // Starts what may start, waits for answers (at most `longest`) and deals with them.
  void turn(std::chrono::milliseconds longest);
  // Turns until every batch has been counted.
  void drain();

  // A body to fill, with the memory of one that was answered if there is one: fresh memory for
  // every batch would cost page faults.
  json::Buffer take_body();
  // No new batch starts from now on.
  void end() { ended_ = true; }
  bool idle() const { return waiting_.empty() && flights_.empty(); }
  // True once no new batch may start: an error, the reject limit, a stop request.
  bool ended() const { return ended_; }
  bool is_outstanding(std::uint64_t group) const { return groups_.count(group) != 0; }
  // Called with every group that is done, so that its keys can be forgotten.
  std::function<void(std::uint64_t group)> on_group_done;

  const std::optional<Error>& error() const { return error_; }
  // Rows per batch of a table (by its number in the tally) that the server has shown to bear; unset
  // while it bears everything.
  std::optional<std::size_t> bearable_rows(std::size_t table) const {
    return pace_.bearable_rows(table);
  }
  WidthRange widths() const { return widths_; }
  std::uint64_t requests() const { return requests_; }
  std::uint64_t retries() const { return retries_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }

 private:
  void keep_body(json::Buffer body);
  enum class Purpose { write, ask_for_keys, ask_for_values, ask_for_stored, try_twins };
  struct Flight {
    std::unique_ptr<Batch> batch;
    Purpose purpose = Purpose::write;
    std::size_t asked = 0;               // how many rows the question names,
    std::optional<std::size_t> found{};  // and how many of them are there
    rest::Outcome doubt{};               // why it asks
    json::Buffer body{};                 // of a trial
    std::uint64_t ticket = 0;            // of the pace
    std::chrono::steady_clock::time_point started{};
  };

  // What is known of how a table takes keys.
  struct TableKeys {
    bool kept = false;               // rows have the keys that they are sent with,
    bool shown = false;              // and are found under them;
    bool changed = false;            // or not: what was stored cannot be told from what was not
    std::optional<Question> stored;  // about a row that was stored
  };

  void start_ready();
  bool may_start(const Batch& batch) const;
  void start(Flight flight, const HttpRequest& request);
  void start_write(std::unique_ptr<Batch> batch);
  void start_resumed(std::unique_ptr<Batch> batch);
  void announce_waiting();
  bool waits_for_disk(const Batch& batch) const;
  void record_sent(std::unique_ptr<Batch>& batch);
  void record_stored(const Batch& batch, std::uint64_t stored, std::uint64_t ignored,
                     std::uint64_t left_out);
  void record_nothing_stored(Batch& batch);
  bool has_key(const Batch& batch) const;
  TableKeys& keys_of(const Batch& batch);
  bool keeps_keys(const Batch& batch);
  void remember_stored(const Batch& batch);
  void conclude(Flight flight);
  void conclude(std::unique_ptr<Batch> batch, const rest::Outcome& doubt);
  void try_twins(Flight flight);
  void ask_for_stored(Flight flight);
  void finish_control(Flight flight, const HttpResult& result);
  void ask_later(Flight flight, const rest::Outcome& outcome);
  void start_question(std::unique_ptr<Batch> batch, Purpose purpose, const rest::Outcome& doubt);
  std::chrono::milliseconds time_to_wait(std::chrono::milliseconds longest) const;
  void finish(const HttpCompletion& completion);
  void finish_write(std::unique_ptr<Batch> batch, const rest::Outcome& outcome);
  void finish_question(Flight flight, const HttpResult& result);
  void finish_failed_question(Flight flight, const HttpResult& result);
  void refuse(std::unique_ptr<Batch> batch, const rest::Outcome& outcome, bool stale_cache);
  void count(const Batch& batch, const rest::Outcome& outcome);
  void retry_later(std::unique_ptr<Batch> batch, const rest::Outcome& outcome);
  void look_for_bad_rows(std::unique_ptr<Batch> batch, const rest::Outcome& outcome);
  // tries, not_before: of the parts.
  void halve(std::unique_ptr<Batch> batch, int tries = 0,
             std::chrono::steady_clock::time_point not_before = {});
  void reject_row(std::unique_ptr<Batch> batch, const rest::Outcome& outcome);
  void put_back(std::unique_ptr<Batch> batch);
  void done(const Batch& batch);
  void end_with(Error error);
  void skip(std::unique_ptr<Batch> batch);
  void doubt(std::unique_ptr<Batch> batch, std::string_view why);
  void was_too_much(const Batch& batch);
  void keep_pace(const Flight& flight, const rest::Outcome& outcome);
  void remember(const Flight& flight, const rest::Outcome& outcome);
  void hold_back(const rest::Outcome& outcome, std::chrono::milliseconds delay);
  void give_up_flights();
  void look_at_clock_and_signals();

  Transport& transport_;
  rest::Endpoint endpoint_;
  Tally& tally_;
  Observer& observer_;
  SenderOptions options_;
  Clock clock_;
  std::mt19937_64 random_;

  std::deque<std::unique_ptr<Batch>> waiting_;  // by order, then by sequence
  std::map<std::uint64_t, Flight> flights_;
  std::vector<HttpCompletion> completions_;                // not dealt with yet, the next one last
  std::unordered_map<std::uint64_t, std::size_t> groups_;  // outstanding batches of each group
  Pace pace_;
  WidthRange widths_;
  // Nothing is written before: the server named a time to come back.
  std::chrono::steady_clock::time_point held_until_{};
  std::vector<TableKeys> keys_;  // by number of the table
  std::vector<json::Buffer> spare_bodies_;
  std::uint64_t next_id_ = 1;
  std::uint64_t next_order_ = 1;
  std::uint64_t requests_ = 0;
  std::uint64_t retries_ = 0;
  std::uint64_t bytes_sent_ = 0;
  bool ended_ = false;
  std::optional<Error> error_;
};

}  // namespace pgseed::seed
