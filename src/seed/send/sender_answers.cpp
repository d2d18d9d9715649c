#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/seed/ledger/ledger.hpp"
#include "pgseed/seed/send/sender.hpp"

// What a sender does with an answer, or with none.
namespace pgseed::seed {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr milliseconds kReloadPause{400};

constexpr const char* kRunAgain = "see whether PostgREST and PostgreSQL are up, then run again";

// relation "public.t" does not exist
bool names_own_table(const rest::Outcome& outcome, const Batch& batch) {
  const TableName& name = batch.set->table_name;
  return outcome.message.find(text('"', name.schema, '.', name.table, '"')) != std::string::npos;
}

}  // namespace

// --- after a write

void Sender::finish_write(std::unique_ptr<Batch> batch, const rest::Outcome& outcome) {
  Situation situation;
  situation.mode = options_.mode;
  situation.has_key = has_key(*batch);
  situation.retried = batch->retried;
  situation.reloads = batch->reloads;
  situation.own_table = names_own_table(outcome, *batch);
  if (outcome.verdict == rest::Verdict::in_doubt) batch->doubted = true;
  const Action action = decide(outcome, situation);
  if (action == Action::count) {
    count(*batch, outcome);
    done(*batch);
    return keep_body(std::move(batch->body));
  }
  if (action != Action::ask && action != Action::doubt) record_nothing_stored(*batch);
  // The run is ending: nothing is tried again.
  if (ended_ && action != Action::ask && action != Action::doubt) return skip(std::move(batch));
  observer_.note(1, text(describe(*batch), ": ", outcome.message));
  switch (action) {
    case Action::retry:
      if (outcome.verdict == rest::Verdict::in_doubt) return conclude(std::move(batch), outcome);
      return retry_later(std::move(batch), outcome);
    case Action::ask:
      batch->doubted = true;
      return start_question(std::move(batch), Purpose::ask_for_keys, outcome);
    case Action::doubt:
      return doubt(std::move(batch), "the connection broke while they were on their way");
    case Action::halve:
      if (batch->rows.size() == 1 && batch->doubted) {
        // Too slow this time; bad data would have refused the earlier try as well.
        return doubt(std::move(batch), "an earlier try may have been stored");
      }
      if (batch->rows.size() == 1) return reject_row(std::move(batch), outcome);
      was_too_much(*batch);
      ++retries_;
      return halve(std::move(batch));
    case Action::halve_in_turn:
      if (batch->rows.size() == 1) return reject_row(std::move(batch), outcome);
      batch->in_turn = true;
      ++retries_;
      return halve(std::move(batch));
    case Action::bisect:
      return look_for_bad_rows(std::move(batch), outcome);
    case Action::reload:
      ++batch->reloads;
      ++retries_;
      batch->not_before = clock_() + kReloadPause;
      return put_back(std::move(batch));
    default:
      return refuse(std::move(batch), outcome, outcome.remedy == rest::Remedy::reload);
  }
}

// No batch of the run will fare better.
void Sender::refuse(std::unique_ptr<Batch> batch, const rest::Outcome& outcome, bool stale_cache) {
  const std::string rows = describe(*batch);
  skip(std::move(batch));
  if (outcome.status == 0) {  // it never left and never will: a certificate, a URL
    return end_with(Error(ErrorKind::unreachable,
                          text("cannot reach the target: ", outcome.message), "",
                          "for a certificate of your own, name its CA in SSL_CERT_FILE"));
  }
  std::string hint = outcome.hint;
  if (stale_cache) {
    hint = "the schema changed during the run; reload PostgREST's schema cache and run again";
  } else if (outcome.code.starts_with("PGRST30")) {
    hint = "the key is no longer accepted; get a new one";
  } else if (outcome.status == 407) {
    hint = "put user:password@ into http_proxy or https_proxy";
  }
  std::string message = text(rows, " were refused: ", outcome.message);
  if (!outcome.code.empty()) message += text(" [", outcome.code, "]");
  end_with(Error(ErrorKind::refused, std::move(message), "", std::move(hint)));
}

// The number of rows the server says it stored against the number sent.
void Sender::count(const Batch& batch, const rest::Outcome& outcome) {
  const std::size_t table = batch.set->table;
  const std::uint64_t sent = batch.rows.size();
  if (!outcome.affected || *outcome.affected < 0 ||
      static_cast<std::uint64_t>(*outcome.affected) > sent) {
    tally_.in_doubt(table, sent);
    observer_.note(0, text(describe(batch), ": the server did not say how many rows it stored"));
    return;
  }
  const auto stored = static_cast<std::uint64_t>(*outcome.affected);
  tally_.loaded(table, stored);
  const std::uint64_t ignored = options_.mode == Mode::ignore ? sent - stored : 0;
  record_stored(batch, stored, ignored, sent - stored - ignored);
  if (stored == sent) return remember_stored(batch);
  if (options_.mode == Mode::ignore) return tally_.ignored(table, sent - stored);
  tally_.rejected_unnamed(table, sent - stored);
  observer_.note(0, text(describe(batch), ": the server stored only ", stored,
                         " of them without an error; a BEFORE trigger may leave rows out"));
  if (tally_.over_limit()) {
    end_with(Error(
        ErrorKind::rows,
        text("the server left out ", sent - stored, " of ", describe(batch), " without an error"),
        "", "look for a BEFORE INSERT trigger or a rule on the table"));
  }
}

void Sender::retry_later(std::unique_ptr<Batch> batch, const rest::Outcome& outcome) {
  std::optional<milliseconds> left;
  if (options_.deadline) left = duration_cast<milliseconds>(*options_.deadline - clock_());
  const auto delay =
      retry_delay(options_.retry, ++batch->tries, outcome.retry_after, left, random_());
  if (!delay) {
    Error error(
        ErrorKind::unreachable,
        text("the target gave no usable answer in ", batch->tries, " tries: ", outcome.message), "",
        kRunAgain);
    skip(std::move(batch));
    return end_with(std::move(error));
  }
  ++retries_;
  observer_.note(1, text("trying again in ", delay->count(), " ms (", outcome.message, ")"));
  batch->retried = true;
  batch->not_before = clock_() + *delay;
  hold_back(outcome, *delay);
  // No answer again and again: it may be too much for a time limit on the way. Twice only, or a
  // target that is gone for good would be asked by more and more parts.
  const bool part_it = batch->tries == 2 || batch->tries == 5;
  if (outcome.verdict == rest::Verdict::in_doubt && part_it && batch->rows.size() > 1) {
    was_too_much(*batch);
    const int tries = batch->tries;
    const auto not_before = batch->not_before;
    return halve(std::move(batch), tries, not_before);
  }
  put_back(std::move(batch));
}

void Sender::halve(std::unique_ptr<Batch> batch, int tries,
                   std::chrono::steady_clock::time_point not_before) {
  const std::size_t middle = batch->rows.size() / 2;
  ++groups_[batch->group];  // two parts stand for one batch
  for (const auto& [from, to] : {std::pair(std::size_t{0}, middle), {middle, batch->rows.size()}}) {
    std::unique_ptr<Batch> part = batch->part(from, to);
    part->tries = tries;
    part->not_before = not_before;
    put_back(std::move(part));
  }
}

void Sender::look_for_bad_rows(std::unique_ptr<Batch> batch, const rest::Outcome& outcome) {
  if (batch->rows.size() == 1) return reject_row(std::move(batch), outcome);
  batch->suspect = true;
  halve(std::move(batch));
}

void Sender::reject_row(std::unique_ptr<Batch> batch, const rest::Outcome& outcome) {
  // Its group is done with even if the reject file cannot be written.
  const Batch& row = *batch;
  try {
    tally_.rejected(row, 0, outcome);
    if (options_.ledger != nullptr) {
      tally_.sync_rejects();
      options_.ledger->rejected(row.set->table_name, row.rows.front().ordinal,
                                tally_.rejects_bytes());
    }
  } catch (...) {
    done(row);
    throw;
  }
  done(row);
  if (!tally_.over_limit() || ended_) return;
  end_with(*tally_.first_reject(options_.mode));
}

// --- after a question

void Sender::finish_question(Flight flight, const HttpResult& result) {
  const auto found = rest::total_of(result.content_range);
  if (result.delivery != Delivery::answered || result.status >= 300 || !found) {
    return finish_failed_question(std::move(flight), result);
  }
  const auto there = static_cast<std::size_t>(*found);
  observer_.note(1, text(describe(*flight.batch), ": ", there, " of ", flight.asked,
                         " rows asked for are there"));
  if (flight.purpose == Purpose::ask_for_keys) {
    flight.found = there;
    return conclude(std::move(flight));
  }
  std::unique_ptr<Batch> batch = std::move(flight.batch);
  if (there < flight.asked) {
    return doubt(std::move(batch), "rows with their keys are there, but with other values");
  }
  tally_.loaded(batch->set->table, batch->rows.size());
  record_stored(*batch, batch->rows.size(), 0, 0);
  done(*batch);
}

// What follows from the number of keys that were found; none was asked for where sending again is
// as good. First, whether keys tell anything.
void Sender::conclude(Flight flight) {
  if (!keeps_keys(*flight.batch)) return try_twins(std::move(flight));
  if (!flight.found) return retry_later(std::move(flight.batch), flight.doubt);
  TableKeys& keys = keys_of(*flight.batch);
  if (*flight.found == 0 && !keys.shown && keys.stored) return ask_for_stored(std::move(flight));
  std::unique_ptr<Batch> batch = std::move(flight.batch);
  if (*flight.found >= flight.asked) {
    if (!batch->set->table_was_empty) {
      return start_question(std::move(batch), Purpose::ask_for_values, flight.doubt);
    }
    tally_.loaded(batch->set->table, batch->rows.size());
    record_stored(*batch, batch->rows.size(), 0, 0);
    return done(*batch);
  }
  if (*flight.found == 0 && flight.doubt.verdict != rest::Verdict::rejected) {
    // It may still be stored after the question: abandoned requests run on. Then the next try meets
    // its own keys.
    if (ended_) return skip(std::move(batch));
    return retry_later(std::move(batch), flight.doubt);
  }
  // Some keys are there, or none while a key is refused: rows of others stand in the way, and they
  // refuse every copy of the batch, also one that is still on its way.
  batch->doubted = false;
  batch->retried = false;
  record_nothing_stored(*batch);
  if (ended_) return skip(std::move(batch));
  look_for_bad_rows(std::move(batch), flight.doubt);
}

void Sender::finish_failed_question(Flight flight, const HttpResult& result) {
  if (ended_) return skip(std::move(flight.batch));
  const rest::Outcome outcome = rest::classify(result, std::chrono::system_clock::now());
  const bool never = outcome.verdict == rest::Verdict::rejected ||
                     outcome.verdict == rest::Verdict::accepted;  // without a count
  if (never && (flight.doubt.verdict == rest::Verdict::rejected ||
                flight.purpose == Purpose::ask_for_values)) {
    return doubt(std::move(flight.batch), "the server does not tell whether they are stored");
  }
  // Sending it again is as good as a question: if it was stored, it meets its own keys.
  if (never) return conclude(std::move(flight));
  flight.batch->asks_first = !keeps_keys(*flight.batch);
  retry_later(std::move(flight.batch), outcome);
}

}  // namespace pgseed::seed
