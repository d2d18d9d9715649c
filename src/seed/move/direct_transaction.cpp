#include "pgseed/seed/move/direct_transaction.hpp"

#include <algorithm>
#include <cstdlib>

#include "pgseed/base/digest.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"

namespace pgseed::seed {
namespace {

std::string list_of(const std::vector<TableName>& tables, std::string (*as)(const std::string&)) {
  std::string list;
  for (const TableName& table : tables) list += (list.empty() ? "" : ", ") + as(to_sql(table));
  return list;
}

}  // namespace

void begin_moving(pg::CopyIn& database, std::chrono::milliseconds wait_for_locks) {
  database.begin();
  database.execute(
      text("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;"
           " SET LOCAL jit = off; SET LOCAL lock_timeout = ",
           wait_for_locks.count(), "; SET CONSTRAINTS ALL DEFERRED"));
}

void claim_tables(pg::CopyIn& database, std::vector<TableName> tables) {
  std::sort(tables.begin(), tables.end());
  for (const TableName& table : tables) {
    // 60 bits of a hash: the number of an advisory lock is signed.
    const std::string hash = sha256_hex("pgseed " + to_sql(table)).substr(0, 15);
    const std::string got = database.value(text("SELECT pg_catalog.pg_try_advisory_xact_lock(",
                                                std::strtoull(hash.c_str(), nullptr, 16), ")"));
    if (got == "t") continue;
    throw Error(ErrorKind::storage,
                text("another run of pgseed is loading ", to_sql(table), " at this moment"), "",
                "run again when it is done");
  }
}

void lock_for_force(pg::CopyIn& database, std::vector<TableName> tables) {
  std::sort(tables.begin(), tables.end());  // two runs meet their locks in one order
  const std::string names = list_of(tables, [](const std::string& name) { return name; });
  database.execute(text("LOCK TABLE ", names, " IN SHARE ROW EXCLUSIVE MODE"));
}

namespace {

std::vector<std::uint64_t> delete_rows(pg::CopyIn& database, const std::vector<TableName>& tables) {
  if (tables.size() == 1) {
    return {database.execute(text("DELETE FROM ", to_sql(tables.front())))};
  }
  std::string parts, counts;
  for (std::size_t index = 0; index < tables.size(); ++index) {
    const char* const comma = index == 0 ? "" : ", ";
    parts += text(comma, "t", index, " AS (DELETE FROM ", to_sql(tables[index]), " RETURNING 1)");
    counts += text(comma, "(SELECT pg_catalog.count(*) FROM t", index, ")");
  }
  const std::vector<pg::Row> found = database.query(text("WITH ", parts, " SELECT ", counts));
  std::vector<std::uint64_t> rows;
  for (const auto& count : found.front()) rows.push_back(std::stoull(count.value_or("0")));
  return rows;
}

}  // namespace

std::vector<std::uint64_t> delete_all(pg::CopyIn& database, const std::vector<TableName>& tables) {
  // Row-level security would leave rows where they are, in silence: it is to be an error.
  const std::string before = database.value("SHOW row_security");
  database.execute("SET LOCAL row_security = off");
  std::vector<std::uint64_t> counts = delete_rows(database, tables);
  database.execute(text("SET LOCAL row_security = ", before));
  return counts;
}

bool was_committed(const std::string& database_url, const std::string& transaction, int tries) {
  for (int round = 0;; ++round) {
    try {
      pg::CopyIn database(database_url);
      const std::string status =
          database.value(text("SELECT pg_catalog.txid_status(", transaction, ")"));
      if (status == "committed") return true;
      if (status == "aborted") return false;
      if (status.empty()) break;  // too old to be known
    } catch (const pg::SqlError& error) {
      // The server has no such transaction (yet): it was lost with a crash.
      if (error.sqlstate == "22023") return false;
      if (round >= tries) throw;
    } catch (const Error& error) {
      if (error.kind != ErrorKind::unreachable || round >= tries) throw;
    }
    if (round >= tries + 100) break;
    interrupt::pause(std::chrono::milliseconds(std::min(2000, 50 << std::min(round, 5))));
  }
  throw Error(ErrorKind::unreachable,
              "the answer to COMMIT was lost, and the server does not tell whether it took effect",
              "", "compare the table with the file before running again");
}

}  // namespace pgseed::seed
