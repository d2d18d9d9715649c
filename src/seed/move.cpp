#include "pgseed/seed/move.hpp"

#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/seed/direct_refusal.hpp"

namespace pgseed::seed {
namespace {

constexpr const char* kSavepoint = "SAVEPOINT pgseed_move";
constexpr const char* kRelease = "RELEASE SAVEPOINT pgseed_move";
constexpr const char* kBackTo = "ROLLBACK TO SAVEPOINT pgseed_move";

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += between;
    out += part;
  }
  return out;
}

std::string quoted_list(const std::vector<std::string>& columns, const std::string& prefix = {}) {
  std::vector<std::string> names;
  for (const std::string& column : columns) names.push_back(prefix + quote_identifier(column));
  return joined(names, ", ");
}

std::string range(std::uint64_t first, std::uint64_t last, const char* table = "") {
  return text(table, kRowNumber, " BETWEEN ", first, " AND ", last);
}

// The lowest number of a staged row whose parent is in neither the parent's table nor, for a
// reference to its own, among the staged rows. 0: none, or the constraint is not known.
std::uint64_t first_orphan(pg::CopyIn& database, const Move& move, const pg::SqlError& error) {
  const auto found = database.query(
      text("SELECT a.attname, ra.attname, rn.nspname, rc.relname, c.confrelid = c.conrelid"
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
  const std::string match = joined(same, " AND ");
  std::string sql = text("SELECT pg_catalog.min(s._pgseed_row) FROM ", move.stage, " s WHERE ",
                         joined(not_null, " AND "), " AND NOT EXISTS (SELECT FROM ", to_sql(parent),
                         " p WHERE ", match, ")");
  if (found[0][4] == "t") {
    sql += text(" AND NOT EXISTS (SELECT FROM ", move.stage, " p WHERE ", match, ")");
  }
  const std::string number = database.value(sql);
  return number.empty() ? 0 : std::stoull(number);
}

bool is_always(const Table& table, const std::string& column) {
  const Column* const known = table.find_column(column);
  return known != nullptr && known->identity_always;
}

class Mover {
 public:
  Mover(pg::CopyIn& database, const Move& move) : database_(database), move_(move) {}

  Moved run() {
    Moved moved;
    moved.staged = move_.staged;
    // Rows are taken by the index on their number: they lie in its order, and are wide to sort.
    database_.execute(
        "SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off;"
        " SET LOCAL enable_bitmapscan = off");
    const auto& runs = move_.rows->runs();
    const bool several = runs.size() > 1;
    // The last row of a key wins; rows of other columns in between leave their own.
    const std::uint64_t keys = several && move_.mode == Mode::upsert ? distinct_keys() : 0;
    for (const StagedRows::Run& run : runs) {
      set_ = run.set;
      if (move_.mode == Mode::upsert) superseded_ += drop_superseded(run.first, run.last);
      insert(run.first, run.last);
    }
    database_.execute(
        "SET LOCAL enable_sort TO DEFAULT; SET LOCAL enable_seqscan TO DEFAULT;"
        " SET LOCAL enable_bitmapscan TO DEFAULT");
    moved.loaded = stored_;
    moved.rejected = rejected_;
    moved.superseded = superseded_;
    const std::uint64_t others = moved.staged - stored_ - rejected_ - superseded_;
    (move_.mode == Mode::ignore ? moved.ignored : moved.left_out) = others;
    if (several && move_.mode == Mode::upsert && moved.staged - keys > superseded_) {
      const std::uint64_t more = std::min(moved.staged - keys - superseded_, moved.loaded);
      moved.superseded += more;
      moved.loaded -= more;
    }
    return moved;
  }

 private:
  bool has_key_in_set() const {
    return std::ranges::all_of(move_.conflict, [&](const std::string& column) {
      return std::ranges::find(set_->columns, column) != set_->columns.end();
    });
  }

  std::string keys_not_null() const {
    std::vector<std::string> parts;
    for (const std::string& column : move_.conflict) {
      parts.push_back(quote_identifier(column) + " IS NOT NULL");
    }
    return joined(parts, " AND ");
  }

  // Rows without a key count each.
  std::uint64_t distinct_keys() {
    const std::string keys = quoted_list(move_.conflict);
    return std::stoull(database_.value(
        text("SELECT (SELECT pg_catalog.count(*) FROM (SELECT DISTINCT ", keys, " FROM ",
             move_.stage, " WHERE ", keys_not_null(), ") k) + (SELECT pg_catalog.count(*) FROM ",
             move_.stage, " WHERE NOT (", keys_not_null(), "))")));
  }

  // One statement may not meet a key twice.
  std::uint64_t drop_superseded(std::uint64_t first, std::uint64_t last) {
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
                                  joined(same, " AND "), " AND s._pgseed_row < d._pgseed_last AND ",
                                  range(first, last, "s.")));
  }

  std::string statement(std::uint64_t first, std::uint64_t last) const {
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

  void insert(std::uint64_t first, std::uint64_t last) {
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
      if (asks && error.sqlstate == "23503" && error.table == move_.target) {
        if (const std::uint64_t orphan = first_orphan(database_, move_, error)) {
          refuse(orphan, error);
          database_.execute(text("DELETE FROM ", move_.stage, " WHERE _pgseed_row = ", orphan));
          return insert(first, last);
        }
      }
    }
    if (move_.refers_to_itself) {
      refuse_first(first, last);
      return insert(first, last);
    }
    // Half by half, in order: what is stored stays stored, so the first row found is the first one.
    const std::uint64_t middle = first + (last - first) / 2;
    insert(first, middle);
    insert(middle + 1, last);
  }

  // Rows of a table that refers to itself need each other, so they cannot be halved. But references
  // are checked when all rows of a statement are in: whatever else is wrong with a row shows
  // before.
  void refuse_first(std::uint64_t first, std::uint64_t last) {
    std::optional<pg::SqlError> found;
    std::uint64_t low = first;
    for (std::uint64_t high = last; low < high || !found;) {
      const std::uint64_t middle = low + (high - low) / 2;
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
      } else if (low == high) {
        throw Error(ErrorKind::refused,
                    "the rows were refused as a whole, and one by one they were not");
      } else {
        low = middle + 1;
      }
    }
    refuse(low, *found);
    database_.execute(text("DELETE FROM ", move_.stage, " WHERE _pgseed_row = ", low));
  }

  void refuse(std::uint64_t number, const pg::SqlError& error) {
    ++rejected_;
    if (!move_.refused(number, error)) give_up(error);
  }

  [[noreturn]] static void give_up(const pg::SqlError& error) {
    throw Error(ErrorKind::rows, error.message);
  }

  pg::CopyIn& database_;
  const Move& move_;
  const ColumnSet* set_ = nullptr;
  std::uint64_t stored_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t superseded_ = 0;
};

}  // namespace

std::string column_list(const std::vector<std::string>& columns) {
  return text('(', quoted_list(columns), ')');
}

std::string conflict_clause(Mode mode, const std::vector<std::string>& conflict,
                            const std::vector<std::string>& columns, const Table& model) {
  if (mode == Mode::ignore) return text(" ON CONFLICT ", column_list(conflict), " DO NOTHING");
  if (mode != Mode::upsert) return {};
  std::vector<std::string> set;
  for (const std::string& column : columns) {
    if (is_always(model, column)) continue;  // can be given once, never changed
    const std::string name = quote_identifier(column);
    set.push_back(text(name, " = excluded.", name));
  }
  return text(" ON CONFLICT ", column_list(conflict), " DO ",
              set.empty() ? "NOTHING" : "UPDATE SET " + joined(set, ", "));
}

Moved move_rows(pg::CopyIn& database, const Move& move) {
  return Mover(database, move).run();
}

void check_deferred(pg::CopyIn& database, const std::vector<Move>& moves) {
  database.execute(kSavepoint);
  try {
    database.execute(text("SET CONSTRAINTS ALL IMMEDIATE; ", kRelease));
  } catch (const pg::SqlError& error) {
    database.execute(kBackTo);
    for (const Move& move : moves) {
      if (move.target != error.table || error.sqlstate != "23503") continue;
      const std::uint64_t orphan = first_orphan(database, move, error);
      if (orphan != 0) move.refused(orphan, error);
      throw Error(ErrorKind::rows, error.message);
    }
    throw;
  }
}

}  // namespace pgseed::seed
