#include "pgseed/seed/stage.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "pgseed/base/digest.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/base/uuid.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/pg/copy_in.hpp"
#include "pgseed/rest/outcome.hpp"
#include "pgseed/seed/move.hpp"
#include "pgseed/seed/sequences.hpp"

namespace pgseed::seed {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// The first words of a staging table's comment; the number is the format's version.
constexpr std::string_view kMark = "pgseed staging table 1";

struct Interval {
  std::uint64_t first = 0, last = 0;
};

std::uint64_t number_of(const std::optional<std::string>& field) {
  return field ? std::strtoull(field->c_str(), nullptr, 10) : 0;
}

// "pgseed staging table 1 work=... run=... moved staged=3 loaded=2 ..." -> the word after "name=".
std::string_view word_after(std::string_view comment, std::string_view name) {
  const std::size_t at = comment.find(name);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = comment.substr(at + name.size());
  return rest.substr(0, rest.find(' '));
}

std::uint64_t count_after(std::string_view comment, std::string_view name) {
  const std::string_view word = word_after(comment, name);
  std::uint64_t count = 0;
  std::from_chars(word.data(), word.data() + word.size(), count);
  return count;
}

}  // namespace

struct Stage::Connection {
  explicit Connection(const std::string& url) : database(url) {}
  pg::CopyIn database;
};

struct Stage::Table {
  RunTable* target = nullptr;
  TableName name;
  bool is_known = false;       // it is there, and the API serves it
  std::vector<Interval> held;  // rows of an earlier run
  std::size_t at_held = 0;
  StagedRows rows;
  std::uint64_t number = 0;
  std::uint64_t staged = 0;  // by the server's count
  std::string moved;         // its comment, where an earlier run has moved its rows
  std::string sql() const { return to_sql(name); }
};

// A row that its table refused.
struct Stage::Refusal {
  Table* table = nullptr;
  std::uint64_t number = 0;
  rest::Outcome why;
};

Stage::Stage(const Setup& setup) : setup_(setup) {
  append_random_uuid(run_);
  connection_ = std::make_unique<Connection>(setup_.database_url);
  connection_->database.set_deadline(setup_.deadline);
}

Stage::~Stage() = default;

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
  const std::string hash = sha256_hex(to_sql(target.name));
  table.name = {target.name.schema, "_pgseed_stage_" + hash.substr(0, 16)};
  return table;
}

// --- making

// The transaction that holds the locks of the run: nobody else loads these tables meanwhile. It is
// idle while rows go over the API, and the move happens in it.
void Stage::begin() {
  std::vector<TableName> targets;
  for (const auto& table : tables_) targets.push_back(table->target->name);
  begin_moving(connection_->database, setup_.options->timeout);
  claim_tables(connection_->database, targets);
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
      connection_->database.execute("NOTIFY pgrst, 'reload schema'");
    }
    connection_->database.commit();
  } catch (const pg::SqlError& error) {
    throw error_of(error, "the staging tables cannot be made");
  }
  if (!was_moved_) {
    wait_for_api();
    return begin();
  }
  for (const auto& table : tables_) {
    const std::string_view comment = table->moved;
    Moved moved;
    moved.staged = count_after(comment, "staged=");
    moved.loaded = count_after(comment, "loaded=");
    moved.ignored = count_after(comment, "ignored=");
    moved.superseded = count_after(comment, "superseded=");
    setup_.tally->read_before(table->target->tally, moved.staged);
    setup_.tally->moved(table->target->tally, moved);
  }
  setup_.note(
      "an earlier run of the same command was stopped after it had moved all rows into place; "
      "nothing was left to do but to clear up");
}

void Stage::take_over_or_make(Table& table) {
  pg::CopyIn& database = connection_->database;
  const auto found = database.query(text(
      "SELECT coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), '')"
      " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
      " WHERE n.nspname = ",
      pg::to_literal(table.name.schema), " AND c.relname = ", pg::to_literal(table.name.table)));
  if (found.empty()) return make(table);
  const std::string comment = found.front().front().value_or("");
  if (!comment.starts_with(kMark)) {
    throw Error(ErrorKind::refused,
                text("there is a table ", table.sql(), " that is no staging table of pgseed"), "",
                "rename or drop it");
  }
  const bool is_ours =
      !setup_.work.empty() && word_after(comment, "work=") == std::string_view(setup_.work);
  if (!is_ours) return make(table);
  if (comment.find(" moved ") != std::string::npos) {
    table.moved = comment;
    return;
  }
  if (!has_shape_of_target(table)) return make(table);
  database.execute(
      text("COMMENT ON TABLE ", table.sql(), " IS ",
           pg::to_literal(text(kMark, " work=", setup_.work, " run=", run_, " loading"))));
  learn_what_is_there(table);
}

// A migration may have come between the run that made it and this one.
bool Stage::has_shape_of_target(const Table& table) {
  const auto columns_of = [](const std::string& sql) {
    return text(
        "SELECT attname, atttypid, atttypmod FROM pg_catalog.pg_attribute WHERE attrelid = ",
        pg::to_literal(sql), "::pg_catalog.regclass AND attnum > 0 AND NOT attisdropped",
        " AND attgenerated = '' AND attname <> '_pgseed_row'");
  };
  const std::string stage = columns_of(table.sql());
  const std::string target = columns_of(to_sql(table.target->name));
  return connection_->database.value(text("SELECT pg_catalog.count(*) FROM ((", stage, " EXCEPT ",
                                          target, ") UNION ALL (", target, " EXCEPT ", stage,
                                          ")) d")) == "0";
}

// The columns are the target's with none of its rules, which the rows meet when they are moved.
void Stage::make(Table& table) {
  pg::CopyIn& database = connection_->database;
  table.moved.clear();
  std::string columns;
  for (const Column& column : table.target->model->columns) {
    if (!column.generated) columns += ", " + quote_identifier(column.name);
  }
  database.execute(text("DROP TABLE IF EXISTS ", table.sql()));
  database.execute(text("CREATE ", setup_.repeatable ? "UNLOGGED " : "", "TABLE ", table.sql(),
                        " WITH (autovacuum_enabled = false) AS SELECT NULL::bigint AS _pgseed_row",
                        columns, " FROM ", to_sql(table.target->name), " WITH NO DATA"));
  database.execute(text("ALTER TABLE ", table.sql(), " ADD PRIMARY KEY (_pgseed_row)"));
  database.execute(
      text("COMMENT ON TABLE ", table.sql(), " IS ",
           pg::to_literal(text(kMark, " work=", setup_.work, " run=", run_, " loading"))));
  grant(table);
}

// Those who may insert into the target may insert here, and nobody may read: default privileges
// (Supabase's give everything to anon) are taken back.
void Stage::grant(const Table& table) {
  pg::CopyIn& database = connection_->database;
  const auto roles_of = [&](const std::string& condition) {
    std::string roles;
    for (const pg::Row& row :
         database.query(text("SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE"
                             " pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END"
                             " FROM (",
                             condition, ") a"))) {
      roles += (roles.empty() ? "" : ", ") + row.front().value_or("");
    }
    return roles;
  };
  const auto oid = [](const std::string& sql) {
    return pg::to_literal(sql) + "::pg_catalog.regclass";
  };
  const std::string everybody =
      roles_of(text("SELECT (pg_catalog.aclexplode(c.relacl)).grantee FROM pg_catalog.pg_class c"
                    " WHERE c.oid = ",
                    oid(table.sql())));
  if (!everybody.empty()) {
    database.execute(text("REVOKE ALL ON ", table.sql(), " FROM ", everybody));
  }
  const std::string target = oid(to_sql(table.target->name));
  const std::string writers = roles_of(
      text("SELECT x.grantee FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode("
           "coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) x WHERE c.oid = ",
           target,
           " AND x.privilege_type = 'INSERT' UNION SELECT x.grantee FROM pg_catalog.pg_attribute t"
           " CROSS JOIN LATERAL pg_catalog.aclexplode(t.attacl) x WHERE t.attrelid = ",
           target, " AND x.privilege_type = 'INSERT'"));
  // Reading the number is what ON CONFLICT takes.
  database.execute(text("GRANT INSERT, SELECT (_pgseed_row) ON ", table.sql(), " TO ", writers,
                        ", CURRENT_USER"));
}

void Stage::learn_what_is_there(Table& table) {
  const auto rows = connection_->database.query(
      text("SELECT pg_catalog.min(n), pg_catalog.max(n) FROM (SELECT _pgseed_row AS n, _pgseed_row"
           " - pg_catalog.row_number() OVER (ORDER BY _pgseed_row) AS island FROM ",
           table.sql(), ") r GROUP BY island ORDER BY 1"));
  std::uint64_t there = 0;
  for (const pg::Row& row : rows) {
    table.held.push_back({number_of(row[0]), number_of(row[1])});
    there += table.held.back().last - table.held.back().first + 1;
  }
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

std::vector<std::string> Stage::prepare(RunTable& target, ColumnSet& set,
                                        const std::string& where) {
  std::vector<std::string> left_out = fit_to_catalogue(set, target.model, where);
  Table& table = table_of(target);
  if (!table.is_known) {  // of input that was not read through before
    connection_->database.rollback();
    begin();
    try {
      take_over_or_make(table);
      if (!table.moved.empty()) make(table);
      connection_->database.execute("NOTIFY pgrst, 'reload schema'");
      connection_->database.commit();
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

// --- moving

// What the staging tables hold is what was sent: by number and by the sum of the rows' numbers.
void Stage::compare_counts() {
  for (const auto& table : tables_) {
    const auto found = connection_->database.query(text(
        "SELECT pg_catalog.count(*), coalesce(pg_catalog.sum(_pgseed_row), 0),"
        " pg_catalog.obj_description(",
        pg::to_literal(table->sql()), "::pg_catalog.regclass, 'pg_class') FROM ", table->sql()));
    const pg::Row& row = found.front();
    if (word_after(row[2].value_or(""), "run=") != std::string_view(run_)) {
      throw Error(ErrorKind::storage,
                  text("another run has taken over the staging table ", table->sql()), "",
                  "let it finish; nothing was changed by this one");
    }
    table->staged = number_of(row[0]);
    const std::uint64_t rejected = setup_.tally->tables()[table->target->tally].counts.rejected;
    const bool same_sum = rejected > 0 || number_of(row[1]) == table->rows.sum();
    if (table->staged + rejected == table->rows.count() && same_sum) {
      continue;
    }
    if (table->staged + rejected < table->rows.count() && setup_.repeatable && rejected == 0) {
      throw StagedRowsLost{};
    }
    throw Error(
        ErrorKind::verification,
        text("the staging table of ", to_sql(table->target->name), " holds ", row[0].value_or("?"),
             " rows where ", table->rows.count(), " were sent: nothing was moved"),
        "", "run again; rows that are there are not sent again");
  }
}

void Stage::start_again() {
  connection_ = std::make_unique<Connection>(setup_.database_url);
  connection_->database.set_deadline(setup_.deadline);
  begin();
  for (const auto& table : tables_) {
    table->rows.clear();
    table->number = 0;
    table->at_held = 0;
    table->held.clear();
    learn_what_is_there(*table);
  }
}

// In the order in which the rows of tables may stand: what refers to others comes behind them.
std::vector<Stage::Table*> Stage::in_order(const std::vector<TableName>& parents_first) const {
  std::vector<Table*> order;
  for (const TableName& name : parents_first) {
    for (const auto& table : tables_) {
      if (table->target->name == name) order.push_back(table.get());
    }
  }
  for (const auto& table : tables_) {  // of input that was not read through before
    if (std::ranges::find(order, table.get()) == order.end()) order.push_back(table.get());
  }
  return order;
}

void Stage::empty(const std::vector<Table*>& order) {
  pg::CopyIn& database = connection_->database;
  std::vector<TableName> targets;
  for (const Table* const table : order) targets.push_back(table->target->name);
  lock_for_force(database, targets);
  if (!setup_.options->allow_cascade) require_no_cascade(database, targets);
  for (auto name = targets.rbegin(); name != targets.rend(); ++name) {
    const std::uint64_t rows = delete_all(database, *name);
    setup_.observer->note(1, text("emptied ", to_sql(*name), ": ", rows, " rows"));
  }
}

// Counts what the tables refused, which only counts once the move stands or is given up.
void Stage::count_refusals(const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    const RunTable& target = *refusal.table->target;
    const auto place = refusal.table->rows.place_of(refusal.number);
    setup_.tally->rejected_at(target.name, target.tally, place ? place->file : 0,
                              place ? place->line : 0, refusal.number, refusal.why);
  }
}

void Stage::move_once(const std::vector<TableName>& parents_first,
                      std::vector<SequenceReport>& sequences) {
  pg::CopyIn& database = connection_->database;
  compare_counts();
  const std::vector<Table*> order = in_order(parents_first);
  if (setup_.options->mode == Mode::force) empty(order);
  const auto left = setup_.tally->rejects_left();
  std::vector<Refusal> refusals;
  std::uint64_t left_out = 0;
  std::vector<Move> moves;
  std::vector<Moved> results;
  std::vector<TableName> loaded;
  try {
    for (Table* const table : order) {
      Move move;
      move.target = table->target->name;
      move.stage = table->sql();
      move.model = table->target->model;
      move.mode = setup_.options->mode;
      move.conflict = table->target->key;
      move.rows = &table->rows;
      move.staged = table->staged;
      move.all_or_nothing = left && *left == 0;
      move.refers_to_itself = table->target->refers_to_itself;
      move.refused = [&refusals, &left, table](std::uint64_t number, const pg::SqlError& why) {
        refusals.push_back({table, number, outcome_of(why)});
        return !left || refusals.size() <= *left;
      };
      moves.push_back(std::move(move));
      results.push_back(move_rows(database, moves.back()));
      left_out += results.back().left_out;
      if (results.back().loaded > 0) loaded.push_back(table->target->name);
    }
    check_deferred(database, moves);
  } catch (const Error& error) {
    if (error.kind == ErrorKind::rows) count_refusals(refusals);
    throw;
  }
  if (left && left_out > 0 && refusals.size() + left_out > *left) {
    throw Error(ErrorKind::rows, text("the server left out ", left_out, " rows without an error"),
                "", "look for a BEFORE INSERT trigger or a rule on the table");
  }
  std::vector<std::string> not_allowed;
  sequences = set_sequences(database, loaded, not_allowed);
  for (const std::string& sql : not_allowed) {
    setup_.note("this sequence could not be set: " + sql);
  }
  for (std::size_t index = 0; index < order.size(); ++index) {
    const Moved& moved = results[index];
    // From the COMMIT on, the empty table tells that the work is done.
    const std::string comment = text(kMark, " work=", setup_.work, " run=", run_,
                                     " moved staged=", moved.staged, " loaded=", moved.loaded,
                                     " ignored=", moved.ignored, " superseded=", moved.superseded);
    database.execute(text("TRUNCATE ", order[index]->sql(), "; COMMENT ON TABLE ",
                          order[index]->sql(), " IS ", pg::to_literal(comment)));
  }
  commit();
  count_refusals(refusals);
  for (std::size_t index = 0; index < order.size(); ++index) {
    setup_.tally->all_are_staged(order[index]->target->tally);
    setup_.tally->moved(order[index]->target->tally, results[index]);
  }
}

void Stage::commit() {
  const std::string transaction = connection_->database.value("SELECT pg_catalog.txid_current()");
  try {
    connection_->database.commit();
  } catch (const pg::ConnectionLost& lost) {
    if (!lost.in_doubt) throw;
    in_doubt_ = true;
    const bool committed = was_committed(setup_.database_url, transaction, setup_.options->retries);
    in_doubt_ = false;
    if (!committed) throw pg::ConnectionLost("the connection to the database broke", false);
    connection_ = std::make_unique<Connection>(setup_.database_url);
  }
}

void Stage::move(const std::vector<TableName>& parents_first,
                 std::vector<SequenceReport>& sequences) {
  if (was_moved_ || tables_.empty()) return;
  for (int tries = 0;; ++tries) {
    std::string why;
    try {
      if (tries > 0) {
        connection_ = std::make_unique<Connection>(setup_.database_url);
        connection_->database.set_deadline(setup_.deadline);
        begin();
      }
      move_once(parents_first, sequences);
      break;
    } catch (const pg::SqlError& error) {
      // A deadlock, or a server that shuts down: it passes.
      const bool passes = error.sqlstate.starts_with("40") || error.sqlstate.starts_with("57P");
      connection_->database.rollback();
      if (!passes || tries >= setup_.options->retries) {
        throw error_of(error, "the rows cannot be moved into place");
      }
      why = error.message;
    } catch (const Error& error) {
      connection_->database.rollback();
      const bool passes = error.kind == ErrorKind::unreachable && !in_doubt_ &&
                          !(setup_.deadline && Clock::now() >= *setup_.deadline);
      if (error.kind == ErrorKind::rows && setup_.tally->first_reject(false)) {
        throw Error(*setup_.tally->first_reject(setup_.options->mode == Mode::insert));
      }
      if (!passes || tries >= setup_.options->retries) throw;
      why = error.message;
    }
    setup_.observer->note(1, text("moving the rows again: ", why));
    interrupt::pause(milliseconds(std::min(5000, 200 << std::min(tries, 5))));
  }
}

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
    connection_->database.rollback();
    drop_tables();
  } catch (...) {
    // The next run finds them and clears them away.
  }
}

// Under the locks of the run, for another one may have begun since: what that made of the staging
// tables is its own.
void Stage::drop_tables() {
  if (tables_.empty() || !is_claimed_) return;
  begin();
  pg::CopyIn& database = connection_->database;
  for (const auto& table : tables_) {
    const std::string comment =
        database.value(text("SELECT pg_catalog.obj_description(pg_catalog.to_regclass(",
                            pg::to_literal(table->sql()), "), 'pg_class')"));
    const bool is_ours = word_after(comment, "run=") == std::string_view(run_) ||
                         (!table->moved.empty() && comment == table->moved);
    if (is_ours) database.execute(text("DROP TABLE ", table->sql()));
  }
  database.execute("NOTIFY pgrst, 'reload schema'");
  database.commit();
}

}  // namespace pgseed::seed
