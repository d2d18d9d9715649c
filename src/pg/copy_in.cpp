#include "pgseed/pg/copy_in.hpp"

#include <libpq-fe.h>

#include <cstdlib>
#include <new>
#include <utility>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/pg/copy_connection.hpp"

namespace pgseed::pg {

CopyIn::CopyIn(const std::string& database_url)
    : connection_(std::make_unique<CopyConnection>(database_url)) {}

CopyIn::~CopyIn() = default;

void CopyIn::set_deadline(std::optional<std::chrono::steady_clock::time_point> deadline) {
  connection_->deadline = deadline;
}

std::vector<Row> CopyIn::query(const std::string& sql) {
  const LibpqResult result = connection_->run(sql);
  std::vector<Row> rows;
  const int count = PQntuples(result.get());
  const int width = PQnfields(result.get());
  rows.reserve(static_cast<std::size_t>(count));
  for (int line = 0; line < count; ++line) {
    Row& row = rows.emplace_back();
    row.reserve(static_cast<std::size_t>(width));
    for (int place = 0; place < width; ++place) {
      if (PQgetisnull(result.get(), line, place) != 0) {
        row.emplace_back();
      } else {
        row.emplace_back(std::in_place, PQgetvalue(result.get(), line, place),
                         static_cast<std::size_t>(PQgetlength(result.get(), line, place)));
      }
    }
  }
  return rows;
}

std::string CopyIn::value(const std::string& sql) {
  const std::vector<Row> rows = query(sql);
  if (rows.empty() || rows.front().empty()) return {};
  return rows.front().front().value_or("");
}

std::uint64_t CopyIn::execute(const std::string& sql) {
  const LibpqResult result = connection_->run(sql);
  return result ? std::strtoull(PQcmdTuples(result.get()), nullptr, 10) : 0;
}

void CopyIn::begin() {
  connection_->run("BEGIN");
}

void CopyIn::commit() {
  // COMMIT of a failed transaction rolls back and reports success; SELECT fails in one.
  if (PQtransactionStatus(connection_->connection) == PQTRANS_INERROR) connection_->run("SELECT 1");
  connection_->look_at_stop_before();
  connection_->committing = true;
  bool in_doubt = false;
  try {
    connection_->run("COMMIT");
  } catch (const ConnectionLost&) {
    in_doubt = true;
  } catch (const SqlError& error) {
    connection_->committing = false;
    // Without a code it is not the server's word: libpq had no memory for the answer. And a server
    // process that is told to stop may have made the COMMIT durable before it says so.
    if (!error.sqlstate.empty() && !error.sqlstate.starts_with("57P")) throw;
    in_doubt = true;
  } catch (const std::bad_alloc&) {
    in_doubt = true;
  } catch (...) {
    connection_->committing = false;
    throw;
  }
  connection_->committing = false;
  if (!in_doubt) return;
  throw ConnectionLost(
      "the connection to the database broke during COMMIT; whether the transaction stands is "
      "unknown",
      true);
}

void CopyIn::rollback() {
  if (!in_transaction() || connection_->given_up) return;
  connection_->ending = true;
  try {
    if (PQtransactionStatus(connection_->connection) == PQTRANS_ACTIVE) {
      // A COPY that was not ended.
      PQputCopyEnd(connection_->connection, "given up");
      try {
        connection_->results({});
      } catch (const SqlError&) {
        // That was asked for.
      }
    }
    connection_->run("ROLLBACK");
  } catch (const Error&) {
    // Rolled back all the same.
  } catch (const Interrupted&) {
    // The connection is given up, the server rolls back.
  }
  connection_->ending = false;
}

bool CopyIn::in_transaction() const {
  const PGTransactionStatusType status = PQtransactionStatus(connection_->connection);
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

void CopyIn::start_copy(const TableName& table, const std::string& sql) {
  connection_->copied = table.table;
  const LibpqResult result = connection_->run(sql);
  if (!result || PQresultStatus(result.get()) != PGRES_COPY_IN) {
    throw Error(ErrorKind::refused, "the server did not begin the COPY that it was asked for");
  }
}

void CopyIn::put(std::string_view text) {
  // What the server refused is known as soon as it stands in the socket, not only at the end.
  constexpr std::size_t kLargest = 1u << 20;
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kLargest);
    text.remove_prefix(piece.size());
    connection_->look_at_clock_and_signals();
    int taken = 0;
    while ((taken = PQputCopyData(connection_->connection, piece.data(),
                                  static_cast<int>(piece.size()))) == 0) {
      connection_->flush();
    }
    if (taken < 0) {
      // The server has ended the COPY: its reason waits to be read.
      PQconsumeInput(connection_->connection);
      connection_->results({}, connection_->copied);
      connection_->lost();
    }
    connection_->flush();
  }
}

std::uint64_t CopyIn::finish_copy() {
  int taken = 0;
  while ((taken = PQputCopyEnd(connection_->connection, nullptr)) == 0) connection_->flush();
  if (taken < 0) connection_->lost();
  const LibpqResult result = connection_->results({}, connection_->copied);
  return result ? std::strtoull(PQcmdTuples(result.get()), nullptr, 10) : 0;
}

int CopyIn::server_version() const {
  return PQserverVersion(connection_->connection);
}

std::vector<std::string> CopyIn::take_notices() {
  return std::exchange(connection_->notices, {});
}

}  // namespace pgseed::pg
