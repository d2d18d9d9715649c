#include "mover.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/seed/move/direct_refusal.hpp"

namespace pgseed::seed {
namespace {

std::string range(std::uint64_t first, std::uint64_t last, const char* table = "") {
  return text(table, kRowNumber, " BETWEEN ", first, " AND ", last);
}

}  // namespace

bool is_always(const Table& table, const std::string& column) {
  const Column* const known = table.find_column(column);
  return known != nullptr && known->identity_always;
}

bool is_of(pg::CopyIn& database, const TableName& table, const TableName& target) {
  if (table == target || table.table.empty()) return table == target;
  return database.value(text("SELECT EXISTS (SELECT FROM pg_catalog.pg_partition_ancestors(",
                             pg::to_literal(to_sql(table)),
                             "::pg_catalog.regclass) a WHERE a.relid = ",
                             pg::to_literal(to_sql(target)), "::pg_catalog.regclass)")) == "t";
}

std::uint64_t first_orphan(pg::CopyIn& database, const Move& move,
                           const std::vector<Move>& together, const pg::SqlError& error) {
  const auto found = database.query(
      text("SELECT a.attname, ra.attname, rn.nspname, rc.relname"
           " FROM pg_catalog.pg_constraint c"
           " JOIN pg_catalog.pg_class rc ON rc.oid = c.confrelid"
           " JOIN pg_catalog.pg_namespace rn ON rn.oid = rc.relnamespace"
           " CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(c.conkey),"
           " pg_catalog.unnest(c.confkey)) AS k(own, other)"
           " JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.own"
           " JOIN pg_catalog.pg_attribute ra ON ra.attrelid = c.confrelid AND ra.attnum = k.other"
           " WHERE c.contype = 'f' AND c.conname = ",
           pg::to_literal(error.constraint),
           " AND c.conrelid = ", pg::to_literal(to_sql(move.target)), "::pg_catalog.regclass"));
  if (found.empty()) return 0;
  std::vector<std::string> same, not_null;
  for (const pg::Row& row : found) {
    const std::string own = quote_identifier(row[0].value_or(""));
    same.push_back(text("p.", quote_identifier(row[1].value_or("")), " = s.", own));
    not_null.push_back(text("s.", own, " IS NOT NULL"));
  }
  const TableName parent{found[0][2].value_or(""), found[0][3].value_or("")};
  const std::string match = join(same, " AND ");
  std::string sql = text("SELECT pg_catalog.min(s._pgseed_row) FROM ", move.stage, " s WHERE ",
                         join(not_null, " AND "), " AND NOT EXISTS (SELECT FROM ", to_sql(parent),
                         " p WHERE ", match, ")");
  for (const Move& other : together) {
    if (other.target != parent) continue;
    sql += text(" AND NOT EXISTS (SELECT FROM ", other.stage, " p WHERE ", match, ")");
  }
  const std::string number = database.value(sql);
  return number.empty() ? 0 : std::stoull(number);
}

Moved Mover::run() {
  prepare();
  insert_all();
  return result();
}

// The last row of a key wins; rows of other columns in between leave their own.
void Mover::prepare() {
  null_keys_ = count_null_keys();
  if (move_.mode != Mode::upsert) return;
  if (move_.rows->runs().size() > 1) keys_ = distinct_keys();
  for (const StagedRows::Run& run : move_.rows->runs()) {
    set_ = run.set;
    superseded_ += drop_superseded(run.first, run.last);
  }
}

void Mover::insert_all() {
  for (const StagedRows::Run& run : move_.rows->runs()) {
    set_ = run.set;
    insert(run.first, run.last);
  }
}

Moved Mover::result() const {
  Moved moved;
  moved.staged = move_.staged;
  moved.loaded = stored_;
  moved.rejected = rejected_;
  moved.superseded = superseded_;
  moved.null_keys = null_keys_;
  const std::uint64_t others = moved.staged - stored_ - rejected_ - superseded_;
  (move_.mode == Mode::ignore ? moved.ignored : moved.left_out) = others;
  if (keys_ && moved.staged - *keys_ > superseded_) {
    const std::uint64_t more = std::min(moved.staged - *keys_ - superseded_, moved.loaded);
    moved.superseded += more;
    moved.loaded -= more;
  }
  return moved;
}

std::string Mover::statement(const StagedRows::Run& run) {
  set_ = run.set;
  return statement(run.first, run.last);
}

bool Mover::has_key_in_set() const {
  return std::ranges::all_of(move_.conflict, [&](const std::string& column) {
    return std::ranges::find(set_->columns, column) != set_->columns.end();
  });
}

std::string Mover::keys_not_null() const {
  std::vector<std::string> parts;
  for (const std::string& column : move_.conflict) {
    parts.push_back(quote_identifier(column) + " IS NOT NULL");
  }
  return join(parts, " AND ");
}

// Rows without a key count each.
std::uint64_t Mover::distinct_keys() {
  const std::string keys = quoted_list(move_.conflict);
  return std::stoull(database_.value(
      text("SELECT (SELECT pg_catalog.count(*) FROM (SELECT DISTINCT ", keys, " FROM ", move_.stage,
           " WHERE ", keys_not_null(), ") k) + (SELECT pg_catalog.count(*) FROM ", move_.stage,
           " WHERE NOT (", keys_not_null(), "))")));
}

std::uint64_t Mover::count_null_keys() {
  const bool may_be_null = std::ranges::any_of(move_.conflict, [&](const std::string& name) {
    const Column* const column = move_.model->find_column(name);
    return column != nullptr && !column->not_null;
  });
  if (!may_be_null) return 0;
  std::uint64_t rows = 0;
  for (const StagedRows::Run& run : move_.rows->runs()) {
    set_ = run.set;
    if (!has_key_in_set()) continue;  // the column's default goes in
    rows += std::stoull(
        database_.value(text("SELECT pg_catalog.count(*) FROM ", move_.stage, " WHERE ",
                             range(run.first, run.last), " AND NOT (", keys_not_null(), ")")));
  }
  return rows;
}

// One statement may not meet a key twice.
std::uint64_t Mover::drop_superseded(std::uint64_t first, std::uint64_t last) {
  if (move_.conflict.empty() || !has_key_in_set()) return 0;
  const std::string keys = quoted_list(move_.conflict);
  std::vector<std::string> same;
  for (const std::string& column : move_.conflict) {
    const std::string name = quote_identifier(column);
    same.push_back(text("s.", name, " = d.", name));
  }
  const std::string groups =
      text("SELECT ", keys, ", pg_catalog.max(_pgseed_row) AS _pgseed_last FROM ", move_.stage,
           " WHERE ", range(first, last), " AND ", keys_not_null(), " GROUP BY ", keys,
           " HAVING pg_catalog.count(*) > 1");
  return database_.execute(text("DELETE FROM ", move_.stage, " s USING (", groups, ") d WHERE ",
                                join(same, " AND "), " AND s._pgseed_row < d._pgseed_last AND ",
                                range(first, last, "s.")));
}

std::string Mover::statement(std::uint64_t first, std::uint64_t last) const {
  const std::vector<std::string>& columns = set_->columns;
  std::string sql = text("INSERT INTO ", to_sql(move_.target));
  if (!columns.empty())
    sql += text(" ", column_list(columns));  // none: rows of nothing but defaults
  if (std::ranges::any_of(columns,
                          [&](const auto& name) { return is_always(*move_.model, name); })) {
    sql += " OVERRIDING SYSTEM VALUE";
  }
  sql += text(" SELECT ", quoted_list(columns), " FROM ", move_.stage, " WHERE ",
              range(first, last), " ORDER BY _pgseed_row");
  sql += conflict_clause(move_.mode, move_.conflict, columns, *move_.model);
  return sql;
}

void Mover::insert(std::uint64_t first, std::uint64_t last) {
  database_.execute(kSavepoint);
  try {
    stored_ += database_.execute(statement(first, last));
    database_.execute(kRelease);
    return;
  } catch (const pg::SqlError& error) {
    if (!is_fault_of_a_row(error)) throw;
    database_.execute(text(kBackTo, "; ", kRelease));
    if (first == last) return refuse(first, error);
    // Halves of a table that refers to itself would miss each other's rows.
    const bool asks = move_.all_or_nothing || move_.refers_to_itself;
    if (asks && error.sqlstate == "23503" && is_of(database_, error.table, move_.target)) {
      if (const std::uint64_t orphan = first_orphan(database_, move_, {move_}, error)) {
        take_out(orphan, error);
        return insert(first, last);
      }
    }
  }
  if (move_.refers_to_itself) {
    const auto bad = find_refused(first, last);
    if (!bad) {
      throw Error(ErrorKind::refused,
                  "the rows were refused as a whole, and one by one they were not");
    }
    take_out(bad->first, bad->second);
    return insert(first, last);
  }
  // Half by half, in order: what is stored stays stored, so the first row found is the first one.
  const std::uint64_t middle = first + (last - first) / 2;
  insert(first, middle);
  insert(middle + 1, last);
}

std::optional<std::pair<std::uint64_t, pg::SqlError>> Mover::find_refused(
    const StagedRows::Run& run) {
  set_ = run.set;
  return find_refused(run.first, run.last);
}

// Rows that need each other cannot be halved. But references are checked when all rows of a
// statement are in: whatever else is wrong with a row shows before.
std::optional<std::pair<std::uint64_t, pg::SqlError>> Mover::find_refused(std::uint64_t first,
                                                                          std::uint64_t last) {
  std::optional<pg::SqlError> found;
  std::uint64_t low = first;
  for (std::uint64_t high = last; low < high || !found;) {
    const std::uint64_t middle = found ? low + (high - low) / 2 : high;
    database_.execute(kSavepoint);
    std::optional<pg::SqlError> error;
    try {
      database_.execute(statement(first, middle));
    } catch (const pg::SqlError& refused) {
      if (!is_fault_of_a_row(refused)) throw;
      if (refused.sqlstate != "23503") error = refused;
    }
    database_.execute(text(kBackTo, "; ", kRelease));
    if (error) {
      high = middle;
      found = error;
    } else if (!found) {
      return {};
    } else {
      low = middle + 1;
    }
  }
  return std::pair(low, *found);
}

void Mover::take_out(std::uint64_t number, const pg::SqlError& error) {
  refuse(number, error);
  database_.execute(text("DELETE FROM ", move_.stage, " WHERE _pgseed_row = ", number));
}

void Mover::refuse(std::uint64_t number, const pg::SqlError& error) {
  ++rejected_;
  if (!move_.refused(number, error)) throw Error(ErrorKind::rows, error.message);
}

}  // namespace pgseed::seed
