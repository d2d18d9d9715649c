#pragma once
// libpq behind one class: rows go in by COPY, which libpqxx 6 offers only row by row, and SQL runs
// in the same transaction. Only this and its connection know libpq.
//
//   CopyIn database(url);
//   database.begin();
//   database.start_copy({"public", "t"}, "COPY public.t (a, b) FROM STDIN");
//   database.put("1\tx\n2\t\\N\n");
//   const auto rows = database.finish_copy();
//   database.commit();
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/pg/session.hpp"

namespace pgseed::pg {

struct CopyConnection;

// One connection, in one thread, with the simple protocol only and no state that outlives a
// transaction, so it works through PgBouncer in transaction mode. All messages are redacted.
//
// Every member waits as long as the server takes, but no longer than the deadline, and a stop
// request (base/interrupt) ends the wait: the statement is cancelled, then Interrupted is thrown;
// a second request breaks the connection off at once. A COMMIT is never cancelled.
//
// Throws SqlError when the server refuses a statement: the transaction has failed then.
// ConnectionLost, Interrupted and Error{unreachable} for a passed deadline end the connection's
// use; what was not committed is rolled back.
class CopyIn {
 public:
  // Connects at once. Throws as Session does.
  explicit CopyIn(const std::string& database_url);
  ~CopyIn();
  CopyIn(const CopyIn&) = delete;
  CopyIn& operator=(const CopyIn&) = delete;

  void set_deadline(std::optional<std::chrono::steady_clock::time_point> deadline);

  // Runs one statement and returns its rows.
  std::vector<Row> query(const std::string& sql);
  // The first value of the first row; empty for NULL and where there is no row.
  std::string value(const std::string& sql);
  // Runs one statement or several in one round trip; the number of rows that the last one affected.
  // Nothing of ours may hold BEGIN, COMMIT, ROLLBACK or COPY ... FROM STDIN; texts of others are
  // stopped from committing by checking in_transaction().
  std::uint64_t execute(const std::string& sql);

  void begin();
  // ConnectionLost with in_doubt where the answer is lost. Throws SqlError for a transaction that
  // had failed: it is rolled back.
  void commit();
  // Never throws for a broken connection: that is rolled back as well.
  void rollback();
  // What the server says: inside BEGIN, failed or not.
  bool in_transaction() const;

  // COPY ... FROM STDIN in text format. table: as SQL names it, for the line in the error message.
  void start_copy(const TableName& table, const std::string& sql);
  // The next bytes of the text; lines may be cut anywhere. The server's error may come with any
  // later call. Returns when the kernel has taken them.
  void put(std::string_view text);
  // Ends the COPY; the number of rows that were stored (fewer than sent where a trigger left rows
  // out).
  std::uint64_t finish_copy();

  int server_version() const;  // 150020
  // Since the last time, the first 100 of them.
  std::vector<std::string> take_notices();

 private:
  std::unique_ptr<CopyConnection> connection_;
};

}  // namespace pgseed::pg
