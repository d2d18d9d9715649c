#include "pgseed/seed/sender.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

using std::chrono::milliseconds;

constexpr int kMostReloads = 4;
// A question names this many keys at most, in this many bytes of URL: gateways cut long URLs.
constexpr std::size_t kMostKeys = 20;
constexpr std::size_t kMostKeyBytes = 3000;

std::string describe(const Batch& batch) {
  return text(batch.count(), " rows of ", to_sql(batch.set->table_name), " from line ",
              batch.rows.front().line);
}

// Keys spread over the batch, few enough for a URL.
std::vector<std::vector<std::string>> sample_keys(const Batch& batch) {
  std::vector<std::vector<std::string>> keys;
  std::size_t bytes = 0;
  const std::size_t step = std::max<std::size_t>(1, batch.rows.size() / kMostKeys);
  for (std::size_t index = 0; index < batch.rows.size() && keys.size() < kMostKeys; index += step) {
    std::vector<std::string> key = key_of_row(batch, index);
    if (key.empty()) continue;
    std::size_t length = 0;
    for (const std::string& part : key) length += part.size() * 3 + 8;
    if (!keys.empty() && bytes + length > kMostKeyBytes) break;
    bytes += length;
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace

Sender::Sender(Transport& transport, const rest::Endpoint& endpoint, Tally& tally,
               Observer& observer, SenderOptions options, Clock clock)
    : transport_(transport),
      endpoint_(endpoint),
      tally_(tally),
      observer_(observer),
      options_(std::move(options)),
      clock_(std::move(clock)),
      random_(options_.random_seed) {}

bool Sender::wants_batch() const {
  // One batch is made while all slots are busy, so that an answer finds the next one ready.
  return !ended_ && waiting_.size() < 1 + (flights_.size() < options_.concurrency
                                               ? options_.concurrency - flights_.size()
                                               : 0);
}

void Sender::submit(std::unique_ptr<Batch> batch) {
  ++groups_[batch->group];
  if (ended_) return skip(std::move(batch));
  put_back(std::move(batch));
}

void Sender::put_back(std::unique_ptr<Batch> batch) {
  const auto place = std::upper_bound(
      waiting_.begin(), waiting_.end(), batch,
      [](const auto& left, const auto& right) { return left->sequence < right->sequence; });
  waiting_.insert(place, std::move(batch));
}

void Sender::done(const Batch& batch) {
  const auto group = groups_.find(batch.group);
  if (--group->second > 0) return;
  groups_.erase(group);
  if (on_group_done) on_group_done(batch.group);
}

bool Sender::may_start(const Batch& batch) const {
  if (batch.not_before > clock_()) return false;
  for (const std::uint64_t group : batch.after) {
    if (group != batch.group && is_outstanding(group)) return false;
  }
  const auto earlier_flies = [&](bool same_table) {
    return std::any_of(flights_.begin(), flights_.end(), [&](const auto& flight) {
      const Batch& other = *flight.second.batch;
      return (!same_table || other.set->table == batch.set->table) &&
             (other.sequence < batch.sequence || batch.serial);
    });
  };
  if (batch.serial) {
    if (earlier_flies(true)) return false;
    for (const auto& other : waiting_) {
      if (other->sequence >= batch.sequence) break;
      if (other->set->table == batch.set->table) return false;
    }
  }
  if (batch.suspect) {
    // Bad rows are looked for in file order, and never more of them at once than may be found.
    const auto left = tally_.rejects_left();
    const auto suspects = static_cast<std::uint64_t>(
        std::count_if(flights_.begin(), flights_.end(),
                      [](const auto& flight) { return flight.second.batch->suspect; }));
    if (left && suspects > *left) return false;
    if (left && *left == 0 && earlier_flies(false)) return false;
  }
  return true;
}

void Sender::start_ready() {
  for (std::size_t index = 0; index < waiting_.size() && flights_.size() < options_.concurrency;) {
    if (!may_start(*waiting_[index])) {
      ++index;
      continue;
    }
    std::unique_ptr<Batch> batch = std::move(waiting_[index]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(index));
    start_write(std::move(batch));
  }
}

void Sender::start_write(std::unique_ptr<Batch> batch) {
  HttpRequest request = batch->set->request;
  request.body = batch->body.view();
  request.timeout = options_.timeout;
  bytes_sent_ += request.body.size();
  ++requests_;
  const std::uint64_t id = next_id_++;
  flights_[id].batch = std::move(batch);
  transport_.start(id, request);
}

void Sender::start_question(std::unique_ptr<Batch> batch, const rest::Outcome& doubt_reason) {
  batch->doubted = true;
  std::vector<std::string> columns;
  for (const std::size_t position : batch->set->key)
    columns.push_back(batch->set->columns[position]);
  const auto keys = sample_keys(*batch);
  if (keys.empty()) return doubt(std::move(batch));
  HttpRequest request = rest::count_keys_request(endpoint_, batch->set->table_name, columns, keys);
  request.timeout = options_.timeout;
  ++requests_;
  const std::uint64_t id = next_id_++;
  Flight& flight = flights_[id];
  flight.batch = std::move(batch);
  flight.asking = true;
  flight.asked = keys.size();
  flight.doubt = doubt_reason;
  transport_.start(id, request);
}

void Sender::turn(milliseconds longest) {
  look_at_clock_and_signals();
  if (!ended_) start_ready();
  milliseconds wait = longest;
  const auto now = clock_();
  for (const auto& batch : waiting_) {
    if (batch->not_before <= now) continue;
    wait = std::min(
        wait, std::chrono::duration_cast<milliseconds>(batch->not_before - now) + milliseconds(1));
  }
  if (options_.deadline) {
    wait =
        std::min(wait, std::max(milliseconds(0),
                                std::chrono::duration_cast<milliseconds>(*options_.deadline - now) +
                                    milliseconds(1)));
  }
  for (HttpCompletion& completion : transport_.wait(wait)) {
    const auto found = flights_.find(completion.id);
    if (found == flights_.end()) continue;
    Flight flight = std::move(found->second);
    flights_.erase(found);
    if (flight.asking) {
      finish_question(std::move(flight), completion.result);
    } else {
      finish_write(std::move(flight.batch),
                   rest::classify(completion.result, std::chrono::system_clock::now()));
    }
  }
  look_at_clock_and_signals();
  if (ended_) {
    while (!waiting_.empty()) {
      std::unique_ptr<Batch> batch = std::move(waiting_.front());
      waiting_.pop_front();
      skip(std::move(batch));
    }
  } else {
    start_ready();
  }
}

void Sender::drain() {
  while (!idle()) turn(milliseconds(200));
}

void Sender::finish_write(std::unique_ptr<Batch> batch, const rest::Outcome& outcome) {
  const Situation situation{options_.mode, !batch->set->key.empty(), batch->doubted};
  if (outcome.verdict == rest::Verdict::in_doubt) batch->doubted = true;
  const Action action = decide(outcome, situation);
  if (action == Action::count) {
    count(*batch, outcome);
    return done(*batch);
  }
  if (ended_ && action != Action::ask && action != Action::doubt) {
    // The run is ending: what is known not to be stored is not tried again.
    const bool may_be_stored = outcome.verdict == rest::Verdict::in_doubt || batch->doubted;
    return may_be_stored ? doubt(std::move(batch)) : skip(std::move(batch));
  }
  observer_.note(1, text(describe(*batch), ": ", outcome.message));
  switch (action) {
    case Action::retry:
      return retry_later(std::move(batch), outcome);
    case Action::ask:
      return start_question(std::move(batch), outcome);
    case Action::doubt:
      return doubt(std::move(batch));
    case Action::halve:
      if (batch->rows.size() == 1) return reject_row(std::move(batch), outcome);
      bearable_rows_ = std::max<std::size_t>(
          1, std::min(bearable_rows_.value_or(batch->rows.size()), batch->rows.size() / 2));
      ++retries_;
      return halve(std::move(batch));
    case Action::halve_serial:
      if (batch->rows.size() == 1) return reject_row(std::move(batch), outcome);
      batch->serial = true;
      ++retries_;
      return halve(std::move(batch));
    case Action::bisect:
      if (batch->rows.size() == 1) return reject_row(std::move(batch), outcome);
      batch->suspect = true;
      return halve(std::move(batch));
    case Action::reload:
      if (++batch->reloads < kMostReloads) {
        ++retries_;
        batch->not_before = clock_() + milliseconds(400);
        return put_back(std::move(batch));
      }
      [[fallthrough]];
    default:
      break;
  }
  std::string hint = outcome.hint;
  if (outcome.code.rfind("PGRST30", 0) == 0) hint = "the key is no longer accepted; get a new one";
  if (action == Action::reload) {
    hint = "the schema changed during the run; reload PostgREST's schema cache and run again";
  }
  std::string message = text("PostgREST refused ", describe(*batch), ": ", outcome.message);
  if (!outcome.code.empty()) message += text(" [", outcome.code, "]");
  skip(std::move(batch));
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
  if (stored == sent) return;
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
  if (options_.deadline) {
    left = std::chrono::duration_cast<milliseconds>(*options_.deadline - clock_());
  }
  const auto delay =
      retry_delay(options_.retry, ++batch->tries, outcome.retry_after, left, random_());
  if (!delay) {
    Error error(
        ErrorKind::unreachable,
        text("the target gave no usable answer in ", batch->tries, " tries: ", outcome.message), "",
        "see whether PostgREST and PostgreSQL are up, then run again");
    const bool stored_perhaps = batch->doubted;
    stored_perhaps ? doubt(std::move(batch)) : skip(std::move(batch));
    return end_with(std::move(error));
  }
  ++retries_;
  observer_.note(1, text("trying again in ", delay->count(), " ms (", outcome.message, ")"));
  batch->not_before = clock_() + *delay;
  put_back(std::move(batch));
}

void Sender::halve(std::unique_ptr<Batch> batch) {
  const std::size_t middle = batch->rows.size() / 2;
  ++groups_[batch->group];  // two parts stand for one batch
  put_back(batch->part(0, middle));
  put_back(batch->part(middle, batch->rows.size()));
}

void Sender::reject_row(std::unique_ptr<Batch> batch, const rest::Outcome& outcome) {
  tally_.rejected(*batch, 0, outcome);
  done(*batch);
  if (!tally_.over_limit() || ended_) return;
  end_with(*tally_.first_reject(options_.mode == Mode::insert));
}

void Sender::finish_question(Flight flight, const HttpResult& result) {
  std::unique_ptr<Batch> batch = std::move(flight.batch);
  const auto found = rest::total_of(result.content_range);
  const bool answered = result.delivery == Delivery::answered && result.status < 300 && found;
  if (!answered) {
    if (ended_) return doubt(std::move(batch));
    // The question failed: ask again later, by way of the batch's own retry.
    rest::Outcome outcome = rest::classify(result, std::chrono::system_clock::now());
    if (outcome.message.empty()) outcome.message = flight.doubt.message;
    std::optional<milliseconds> left;
    const auto delay =
        retry_delay(options_.retry, ++batch->tries, outcome.retry_after, left, random_());
    if (!delay || (options_.deadline && clock_() + *delay >= *options_.deadline)) {
      doubt(std::move(batch));
      return end_with(Error(ErrorKind::unreachable,
                            text("the target gave no usable answer: ", outcome.message), "",
                            "see whether PostgREST and PostgreSQL are up, then run again"));
    }
    ++retries_;
    // Sending it again is as good as a question: if it was stored, it meets its own keys.
    batch->not_before = clock_() + *delay;
    return put_back(std::move(batch));
  }
  const auto there = static_cast<std::size_t>(*found);
  observer_.note(
      1, text(describe(*batch), ": ", there, " of ", flight.asked, " keys asked for are stored"));
  if (there >= flight.asked) {
    // One request is one transaction: all of the batch is there.
    tally_.loaded(batch->set->table, batch->rows.size());
    return done(*batch);
  }
  if (there == 0) {
    if (ended_) return doubt(std::move(batch));  // it may still be committed after the question
    return retry_later(std::move(batch), flight.doubt);
  }
  // Some keys exist: they were there before, so the batch as a whole was and will be refused.
  if (ended_) return skip(std::move(batch));
  batch->doubted = false;
  batch->suspect = true;
  if (batch->rows.size() > 1) return halve(std::move(batch));
  reject_row(std::move(batch), flight.doubt);
}

void Sender::end_with(Error error) {
  if (!error_) error_ = std::move(error);
  ended_ = true;
}

void Sender::skip(std::unique_ptr<Batch> batch) {
  if (batch->doubted) return doubt(std::move(batch));
  tally_.skipped(batch->set->table, batch->rows.size());
  done(*batch);
}

void Sender::doubt(std::unique_ptr<Batch> batch) {
  tally_.in_doubt(batch->set->table, batch->rows.size());
  observer_.note(0, text(describe(*batch),
                         " are in doubt: the connection broke while they were on "
                         "their way"));
  done(*batch);
}

void Sender::give_up_flights() {
  transport_.abort_all();
  auto flights = std::exchange(flights_, {});
  for (auto& [id, flight] : flights) doubt(std::move(flight.batch));
}

void Sender::look_at_clock_and_signals() {
  if (interrupt::signal_number() != 0) ended_ = true;
  if (interrupt::stop_now()) give_up_flights();
  if (options_.deadline && clock_() >= *options_.deadline && !idle()) {
    give_up_flights();
    end_with(Error(ErrorKind::unreachable, "the deadline passed before the run was done", "",
                   "give it more time with --deadline"));
  }
}

}  // namespace pgseed::seed
