#include "pgseed/seed/move/stage.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/uuid.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/seed/carrier.hpp"
#include "pgseed/seed/move/direct_refusal.hpp"
#include "pgseed/seed/move/direct_transaction.hpp"

namespace pgseed::seed {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Whether staging tables were made when the answer was lost, the next run sees: nobody need look.
void commit_making(pg::CopyIn& database) {
  try {
    database.commit();
  } catch (const pg::ConnectionLost&) {
    throw pg::ConnectionLost("the connection to the database broke", false);
  }
}

}  // namespace

Stage::Stage(const Setup& setup) : setup_(setup) {
  append_random_uuid(run_);
  connect();
}

Stage::~Stage() = default;

void Stage::connect() {
  database_ = std::make_unique<pg::CopyIn>(setup_.database_url);
  database_->set_deadline(setup_.deadline);
}

Stage::Table* Stage::find(std::size_t tally) {
  for (const auto& table : tables_) {
    if (table->target->tally == tally) return table.get();
  }
  return nullptr;
}

Stage::Table& Stage::table_of(RunTable& target) {
  if (Table* const known = find(target.tally)) return *known;
  Table& table = *tables_.emplace_back(std::make_unique<Table>());
  table.target = &target;
  table.name = stage_table_name(target.name, uses_staged() ? setup_.work : run_);
  return table;
}

// --- making

// The transaction that holds the locks of the run: nobody else loads these tables meanwhile. It is
// idle while rows go over the API, and the move happens in it.
void Stage::begin() {
  std::vector<TableName> targets;
  for (const auto& table : tables_) targets.push_back(table->target->name);
  begin_moving(*database_, setup_.options->timeout);
  claim_tables(*database_, targets);
  is_claimed_ = true;
}

void Stage::open(const std::vector<RunTable*>& targets) {
  for (RunTable* const target : targets) {
    if (target->model == nullptr) continue;  // prepare() says so, with the line
    table_of(*target);
  }
  if (tables_.empty()) return;
  begin();
  try {
    for (const auto& table : tables_) take_over_or_make(*table);
    const auto is_moved = [](const auto& table) { return !table->moved.empty(); };
    was_moved_ = std::ranges::all_of(tables_, is_moved);
    if (!was_moved_) {
      for (const auto& table : tables_) {
        if (is_moved(table)) make(*table);  // of another set of tables: not this work after all
      }
      database_->execute("NOTIFY pgrst, 'reload schema'");
    }
    commit_making(*database_);
  } catch (const pg::SqlError& error) {
    throw error_of(error, "the staging tables cannot be made");
  }
  if (!was_moved_) {
    wait_for_api();
    return begin();
  }
  for (const auto& table : tables_) {
    const Moved moved = counts_of(table->moved);
    setup_.tally->read_before(table->target->tally, moved.staged);
    setup_.tally->moved(table->target->tally, moved);
  }
  setup_.note(
      "an earlier run of the same command was stopped after it had moved all rows into place; "
      "nothing was left to do but to clear up");
}

void Stage::take_over_or_make(Table& table) {
  std::optional<std::string> comment;
  for (const FoundStage& found : stage_tables_of(*database_, table.target->name)) {
    const bool is_stage = is_stage_comment(found.comment);
    if (found.name == table.name && !is_stage) {
      throw Error(ErrorKind::refused,
                  text("there is a table ", table.sql(), " that is no staging table of pgseed"), "",
                  "rename or drop it");
    }
    if (is_stage && is_of_work(found.comment, setup_.work) && says_moved(found.comment)) {
      table.name = found.name;
      table.moved = found.comment;
      return;
    }
    if (found.name == table.name) {
      comment = found.comment;
    } else if (is_stage) {  // of a run that was killed, and is not gone on with
      database_->execute(text("DROP TABLE ", to_sql(found.name)));
    }
  }
  if (!comment || !is_of_work(*comment, setup_.work)) return make(table);
  if (!has_shape_of(*database_, table.name, table.target->name)) return make(table);
  database_->execute(text("COMMENT ON TABLE ", table.sql(), " IS ",
                          pg::to_literal(loading_comment(setup_.work, run_))));
  learn_what_is_there(table);
}

void Stage::make(Table& table) {
  table.moved.clear();
  make_stage_table(*database_, table.name, *table.target->model, !setup_.repeatable,
                   loading_comment(setup_.work, run_));
}

void Stage::learn_what_is_there(Table& table) {
  table.held = rows_in_stage(*database_, table.name);
  std::uint64_t there = 0;
  for (const RowInterval& rows : table.held) there += rows.last - rows.first + 1;
  if (there == 0) return;
  setup_.note(
      text("goes on where an earlier run of the same command was stopped: ", with_separators(there),
           " rows of ", to_sql(table.target->name), " are staged already"));
}

void Stage::wait_for_api() {
  constexpr milliseconds kLongest{15'000};
  const auto end = Clock::now() + kLongest;
  for (const auto& table : tables_) {
    if (table->is_known) continue;
    rest::WriteOptions write;
    write.resolution = rest::Resolution::ignore_duplicates;
    HttpRequest request = rest::insert_request(*setup_.endpoint, table->name, {kRowNumber}, write);
    request.timeout = setup_.options->timeout;
    request.body = "[]";
    for (;;) {
      const HttpResult result = exchange(*setup_.transport, request);
      if (interrupt::signal_number() != 0) throw Interrupted{};
      const rest::Outcome outcome = rest::classify(result, std::chrono::system_clock::now());
      if (outcome.verdict == rest::Verdict::accepted) break;
      const bool late =
          Clock::now() >= end || (setup_.deadline && Clock::now() >= *setup_.deadline);
      if (outcome.code == "42501" || (late && outcome.verdict == rest::Verdict::rejected)) {
        throw Error(ErrorKind::refused,
                    text("the API does not take rows for the staging table ", table->sql(), ": ",
                         outcome.message),
                    "",
                    outcome.code == "42501"
                        ? "the key's role has no INSERT on the target: GRANT it, or use the "
                          "service_role key"
                        : "PostgREST must see NOTIFY pgrst and serve the schema; is DATABASE_URL "
                          "the same database?");
      }
      if (late) {
        throw Error(ErrorKind::unreachable,
                    text("the target gives no usable answer: ", outcome.message), "",
                    "see whether PostgREST and PostgreSQL are up, then run again");
      }
      interrupt::pause(milliseconds(15));
    }
    table->is_known = true;
  }
}

// --- rows

// PostgREST is not asked beforehand, and would be silent.
void Stage::require_zone(const std::string& zone, const std::string& where) {
  if (zone.empty() || zone == "UTC" || !known_zones_.insert(zone).second) return;
  if (database_->value(text("SELECT EXISTS (SELECT FROM pg_catalog.pg_timezone_names WHERE name = ",
                            pg::to_literal(zone), ")")) != "t") {
    throw zone_refusal(zone, where);
  }
}

std::vector<std::string> Stage::prepare(RunTable& target, ColumnSet& set,
                                        const std::string& where) {
  require_zone(set.time_zone, where);
  std::vector<std::string> left_out =
      fit_to_catalogue(set, target.model, where, setup_.options->regenerate_identity);
  Table& table = table_of(target);
  if (!table.is_known) {  // of input that was not read through before
    database_->rollback();
    begin();
    try {
      take_over_or_make(table);
      if (!table.moved.empty()) make(table);
      database_->execute("NOTIFY pgrst, 'reload schema'");
      commit_making(*database_);
    } catch (const pg::SqlError& error) {
      throw error_of(error, "the staging table cannot be made", where);
    }
    wait_for_api();
    begin();
  }
  set.numbered = true;
  set.serial = false;  // references are looked at when the rows are moved
  set.key.clear();
  set.finish();
  std::vector<std::string> columns = set.columns;
  columns.insert(columns.begin(), kRowNumber);
  rest::WriteOptions write;
  write.resolution = rest::Resolution::ignore_duplicates;
  write.time_zone = set.time_zone;
  set.request = rest::insert_request(*setup_.endpoint, table.name, columns, write);
  set.request.timeout = setup_.options->timeout;
  return left_out;
}

std::uint64_t Stage::next_number(const ColumnSet& set) {
  return ++find(set.table)->number;
}

void Stage::add(const ColumnSet& set, std::uint64_t number, std::size_t file, std::uint64_t line) {
  find(set.table)->rows.add(number, set, file, line);
}

bool Stage::holds(const ColumnSet& set, std::uint64_t number) {
  Table& table = *find(set.table);
  while (table.at_held < table.held.size() && table.held[table.at_held].last < number) {
    ++table.at_held;
  }
  return table.at_held < table.held.size() && table.held[table.at_held].first <= number;
}

// --- the end

void Stage::clear_up() noexcept {
  try {
    return drop_tables();
  } catch (const Error& error) {
    try {
      return setup_.note(text("the staging tables could not be dropped: ", error.message));
    } catch (...) {
    }
  } catch (...) {
  }
  // A stop request, or no memory: the next run finds them.
}

void Stage::discard() noexcept {
  try {
    database_->rollback();
    drop_tables();
  } catch (...) {
    // The next run finds them and clears them away.
  }
}

// Under the locks of the run, for another one may have begun since: what that made of the staging
// tables is its own.
void Stage::drop_tables() {
  if (tables_.empty() || !is_claimed_) return;
  if (std::exchange(is_connection_lost_, false)) connect();
  begin();
  pg::CopyIn& database = *database_;
  for (const auto& table : tables_) {
    const std::string comment = comment_of(database, table->sql());
    const bool is_ours =
        is_of_run(comment, run_) || (!table->moved.empty() && comment == table->moved);
    if (is_ours) database.execute(text("DROP TABLE ", table->sql()));
  }
  database.execute("NOTIFY pgrst, 'reload schema'");
  database.commit();
}

}  // namespace pgseed::seed
