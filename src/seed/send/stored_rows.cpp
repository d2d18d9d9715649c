#include "pgseed/seed/send/stored_rows.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/http/retry.hpp"
#include "pgseed/seed/encode/keys.hpp"
#include "pgseed/seed/encode/row_json.hpp"
#include "pgseed/seed/input/column_set.hpp"
#include "pgseed/seed/order/circles.hpp"
#include "pgseed/seed/send/question.hpp"

namespace pgseed::seed {
namespace {

// Together as many as one question names.
constexpr std::size_t kLatest = 12;
constexpr std::size_t kSpread = 8;
// Rows of one question about values.
constexpr std::size_t kCompared = 4;

// Rows may be stored without them at first, and a run end before they are set.
void leave_out_references(ColumnSet& set, const Table* table) {
  if (table == nullptr) return;
  for (const ForeignKey& reference : table->foreign_keys) {
    for (const std::string& column : columns_to_hold(*table, reference)) {
      const auto found = std::find(set.columns.begin(), set.columns.end(), column);
      if (found == set.columns.end()) continue;
      const auto position = static_cast<std::size_t>(found - set.columns.begin());
      const bool is_key = std::find(set.key.begin(), set.key.end(), position) != set.key.end();
      if (!is_key) set.leave_out(position);
    }
  }
}

}  // namespace

std::vector<std::uint64_t> rows_to_ask_for(const LedgerState& past, const LedgerTable& table) {
  const auto index = static_cast<std::size_t>(&table - past.tables.data());
  struct Answered {
    std::uint64_t when, last_row;
  };
  std::vector<Answered> batches;
  for (const auto& [number, batch] : past.batches) {
    const bool is_whole = batch.answered && batch.ignored + batch.left_out == 0 && batch.stored > 0;
    if (batch.table == index && is_whole) {
      batches.push_back({batch.answered_at, batch.rows.back().last});
    }
  }
  std::sort(batches.begin(), batches.end(),
            [](const Answered& left, const Answered& right) { return left.when < right.when; });
  std::vector<std::uint64_t> rows;
  const std::size_t others = batches.size() - std::min(batches.size(), kLatest);
  for (std::size_t at = others; at < batches.size(); ++at) rows.push_back(batches[at].last_row);
  for (std::size_t n = 0; n < std::min(others, kSpread); ++n) {
    rows.push_back(batches[n * others / std::min(others, kSpread)].last_row);
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

std::optional<long long> ask(Transport& transport, HttpRequest request, const Options& options) {
  RetryPolicy policy;
  policy.max_retries = options.retries;
  request.timeout = options.timeout;
  for (int tries = 1;; ++tries) {
    const HttpResult result = exchange(transport, request);
    if (interrupt::signal_number() != 0) throw Interrupted{};
    const rest::Outcome outcome = rest::classify(result, std::chrono::system_clock::now());
    if (result.delivery == Delivery::answered && result.status < 300) {
      return rest::total_of(result.content_range);
    }
    if (outcome.verdict == rest::Verdict::rejected) return {};  // a right that is missing
    const auto delay = retry_delay(policy, tries, outcome.retry_after, {}, 0);
    if (!delay) {
      throw Error(ErrorKind::unreachable,
                  text("the target gave no usable answer in ", tries, " tries: ", outcome.message),
                  "", "see whether PostgREST and PostgreSQL are up, then run again");
    }
    interrupt::pause(*delay);
  }
}

HttpRequest count_rows(const rest::Endpoint& endpoint, const TableName& table,
                       const std::string& column) {
  if (column.empty()) return rest::count_request(endpoint, table);
  HttpRequest request = rest::any_row_request(endpoint, table, column);
  request.headers.emplace_back("Prefer: count=exact");
  return request;
}

// A table of which rows were stored, and which of them are asked for.
struct StoredRows::Known {
  const LedgerTable* table = nullptr;
  RunTable* run = nullptr;
  std::vector<std::uint64_t> rows;
  std::size_t next = 0;  // of them
  std::uint64_t last = 0;
  std::uint64_t stored = 0;
  std::string column;
  struct Place {
    Kind* kind;
    std::size_t row;
  };
  std::unordered_map<std::string, Place> places;  // by key
};

// Its rows with one set of columns.
struct StoredRows::Kind {
  ColumnSetUse use;
  std::string path, time_zone;
  sql::Dialect dialect = sql::Dialect::postgresql;
  Known* known = nullptr;
  ColumnSet set;
  ColumnSet value_set;        // without references that may have to wait for later rows
  Batch keys;                 // a key that comes again is asked for once
  Batch values;               // of keys that do not come again
  bool may_be_fewer = false;  // keys that differ as texts may be one
};

StoredRows::StoredRows(const Setup& setup)
    : setup_(setup), tally_({}, ""), tables_(*setup.options, tally_, setup.types) {
  const LedgerState& past = *setup_.past;
  for (const LedgerTable& table : past.tables) {
    auto known = std::make_unique<Known>();
    known->table = &table;
    known->rows = rows_to_ask_for(past, table);
    const auto index = static_cast<std::size_t>(&table - past.tables.data());
    for (const auto& [number, batch] : past.batches) {
      if (batch.table == index && batch.answered) known->stored += batch.stored;
    }
    if (known->stored == 0) continue;
    if (!known->rows.empty()) {
      // A later row of a key may have other values.
      const bool to_the_end = setup_.options->mode == Mode::upsert;
      known->last = to_the_end ? table.rows.rbegin()->second.last : known->rows.back();
    }
    known->run = &tables_.table(table.name);
    // No limit on the others ends the walk before its rows came.
    known->run->surveyed = true;
    known->run->last_piece = std::numeric_limits<std::uint64_t>::max();
    known_.push_back(std::move(known));
  }
}

StoredRows::~StoredRows() = default;

void StoredRows::read(DumpInput& input, std::size_t file, bool surveyed) {
  if (ended()) return;
  walk_rows(input, {setup_.options, &tables_, setup_.order, file, 0, surveyed}, *this);
  if (interrupt::signal_number() != 0) throw Interrupted{};
}

bool StoredRows::ended() const {
  if (interrupt::signal_number() != 0) return true;
  return std::all_of(known_.begin(), known_.end(),
                     [](const auto& known) { return known->run->seen >= known->last; });
}

const ColumnSet& StoredRows::columns(RunTable& table, const RowKind& kind) {
  for (const auto& each : kinds_) {
    if (each->set.table_name == table.name && each->path == kind.path &&
        is_same_kind(kind, each->use, each->time_zone, each->dialect)) {
      return each->set;
    }
  }
  Kind& fresh = *kinds_.emplace_back(std::make_unique<Kind>());
  fresh.use = *kind.use;
  fresh.path = kind.path;
  fresh.time_zone = kind.time_zone;
  fresh.dialect = kind.dialect;
  fresh.set = column_set_of(table, kind, *setup_.options, setup_.order);
  fresh.set.number = kinds_.size() - 1;
  fresh.value_set = fresh.set;
  leave_out_references(fresh.value_set, table.model);
  fresh.keys.set = &fresh.set;
  fresh.values.set = &fresh.value_set;
  const auto found = std::find_if(known_.begin(), known_.end(),
                                  [&](const auto& known) { return known->run == &table; });
  if (found != known_.end()) {
    fresh.known = found->get();
    if (!fresh.set.columns.empty()) fresh.known->column = fresh.set.columns.front();
  }
  return fresh.set;
}

void StoredRows::take(const ColumnSet& set, const sql::Row& row) {
  Kind& kind = *kinds_[set.number];
  if (kind.known == nullptr || set.key.empty()) return;
  Known& known = *kind.known;
  const std::uint64_t number = known.run->seen;
  while (known.next < known.rows.size() && known.rows[known.next] < number) ++known.next;
  const bool is_asked = known.next < known.rows.size() && known.rows[known.next] == number;
  const bool may_repeat = setup_.options->mode == Mode::upsert && !known.places.empty();
  if (!is_asked && (!may_repeat || number > known.last)) return;
  bool is_only = true;
  std::string key = key_of(set, row, is_only);
  if (key.empty()) return;
  kind.may_be_fewer |= !is_only && setup_.options->mode == Mode::upsert;
  const auto before = known.places.find(key);
  if (before != known.places.end()) {
    before->second.kind->values.rows[before->second.row].dropped = true;
    if (!is_asked) return;
    before->second.kind->keys.rows[before->second.row].dropped = true;
  }
  if (!is_asked) return;
  const std::size_t begin = kind.keys.body.size() + 1;
  if (!append_row(set, row, kind.keys.body).empty()) return;
  const std::size_t begin_of_values = kind.values.body.size() + 1;
  append_row(kind.value_set, row, kind.values.body);
  known.places[std::move(key)] = {&kind, kind.keys.rows.size()};
  kind.keys.rows.push_back({begin, row.line, number, false, number});
  kind.values.rows.push_back({begin_of_values, row.line, number, false, number});
}

bool StoredRows::are_as_left() {
  const Mode mode = setup_.options->mode;
  bool as_left = true;
  for (const auto& kind : kinds_) {
    if (kind->keys.rows.empty()) continue;
    kind->keys.close();
    kind->values.close();
    as_left &= are_there(*kind);
    const bool keeps_values = mode == Mode::upsert || mode == Mode::force;
    if (keeps_values && has_other_values(*kind)) as_left = false;
  }
  // In the other modes several rows of the file may have become one.
  if (mode == Mode::insert || mode == Mode::force) {
    for (const auto& known : known_) require_as_many(*known);
  }
  return as_left;
}

// False where it cannot be told whether any are gone. Throws where some are.
bool StoredRows::are_there(const Kind& kind) {
  const auto question = question_for_keys(*setup_.endpoint, kind.keys);
  if (!question) return true;
  const auto there = ask(*setup_.transport, question->request, *setup_.options);
  if (!there || static_cast<std::uint64_t>(*there) >= question->asked) return true;
  if (kind.may_be_fewer && *there > 0) return false;
  throw Error(ErrorKind::verification,
              text("an earlier run stored rows of ", to_sql(kind.set.table_name),
                   " that are no longer there (", *there, " of ", question->asked, " asked for)"),
              "", kGoneHint);
}

bool StoredRows::has_other_values(const Kind& kind) {
  for (std::size_t from = 0; from < kind.values.rows.size(); from += kCompared) {
    const std::size_t to = std::min(kind.values.rows.size(), from + kCompared);
    const std::unique_ptr<Batch> some = kind.values.part(from, to);
    const auto question = question_for_values(*setup_.endpoint, *some);
    if (!question) return false;
    const auto there = ask(*setup_.transport, question->request, *setup_.options);
    if (there && static_cast<std::uint64_t>(*there) < question->asked) return true;
  }
  return false;
}

void StoredRows::require_as_many(const Known& known) {
  const auto rows =
      ask(*setup_.transport, count_rows(*setup_.endpoint, known.table->name, known.column),
          *setup_.options);
  const std::uint64_t wanted = known.stored + known.table->rows_before.value_or(0);
  if (!rows || static_cast<std::uint64_t>(*rows) >= wanted) return;
  throw Error(ErrorKind::verification,
              text("an earlier run stored rows of ", to_sql(known.table->name),
                   " that are no longer there: it holds ", *rows, " rows, at least ", wanted,
                   " are expected"),
              "", kGoneHint);
}

}  // namespace pgseed::seed
