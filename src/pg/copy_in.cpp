#include "pgseed/pg/copy_in.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <charconv>
#include <cstdlib>
#include <utility>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"

namespace pgseed::pg {
namespace {

using Clock = std::chrono::steady_clock;

// How often a wait looks at the clock and at stop requests.
constexpr int kTickMilliseconds = 100;

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, FreeResult>;

std::string field(const PGresult* result, int code) {
  const char* const found = PQresultErrorField(result, code);
  return found == nullptr ? std::string() : std::string(found);
}

// "COPY t, line 12, column a: ..." in whatever language: the first number after the table's name.
std::uint64_t copy_line(std::string_view context, const std::string& table) {
  const std::string beginning = text("COPY ", table, ", ");
  std::size_t at = context.starts_with(beginning) ? 0 : context.find('\n' + beginning);
  if (table.empty() || at == std::string_view::npos) return 0;
  at = context.find_first_of("0123456789", at + beginning.size());
  if (at == std::string_view::npos) return 0;
  std::uint64_t line = 0;
  std::from_chars(context.data() + at, context.data() + context.size(), line);
  return line;
}

// Where in the statement, as Session tells it.
void set_place(SqlError& error, std::string_view sql, const std::string& position) {
  std::size_t characters = 0;
  std::from_chars(position.data(), position.data() + position.size(), characters);
  if (characters == 0) return;
  error.line = 1;
  error.column = 0;
  for (const char byte : sql) {
    if ((static_cast<unsigned char>(byte) & 0xC0) == 0x80) continue;  // inside of a character
    if (--characters == 0) {
      ++error.column;
      return;
    }
    ++error.column;
    if (byte == '\n') {
      ++error.line;
      error.column = 0;
    }
  }
}

SqlError to_sql_error(const PGresult* result, std::string_view sql, const std::string& copied) {
  std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty()) message = std::string(trim(PQresultErrorMessage(result)));
  SqlError error(field(result, PG_DIAG_SQLSTATE), redact(message),
                 redact(field(result, PG_DIAG_MESSAGE_HINT)));
  error.detail = redact(field(result, PG_DIAG_MESSAGE_DETAIL));
  const std::string context = field(result, PG_DIAG_CONTEXT);
  error.copy_line = copy_line(context, copied);
  error.context = redact(context);
  error.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
  error.table = {field(result, PG_DIAG_SCHEMA_NAME), field(result, PG_DIAG_TABLE_NAME)};
  set_place(error, sql, field(result, PG_DIAG_STATEMENT_POSITION));
  return error;
}

}  // namespace

struct CopyIn::Impl {
  explicit Impl(const std::string& database_url) {
    connection = PQconnectdb(with_session_defaults(database_url).c_str());
    if (connection == nullptr) throw std::bad_alloc();
    if (PQstatus(connection) != CONNECTION_OK) {
      const std::string message = PQerrorMessage(connection);
      PQfinish(connection);
      throw_connect_error(database_url, message.c_str());
    }
    PQsetnonblocking(connection, 1);
    PQsetNoticeProcessor(
        connection,
        [](void* self, const char* message) {
          try {
            static_cast<Impl*>(self)->notices.push_back(redact(trim(message)));
          } catch (...) {
            // Out of memory inside a C callback: a lost notice is the smallest harm.
          }
        },
        this);
  }
  ~Impl() { PQfinish(connection); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[noreturn]] void lost() {
    const std::string said = PQerrorMessage(connection);
    const std::string line(trim(std::string_view(said).substr(0, trim(said).find('\n'))));
    throw ConnectionLost(text("the connection to the database broke",
                              line.empty() ? std::string() : ": " + redact(line)),
                         false);
  }

  // Asks the server to give up; its answer is still to come.
  void cancel() {
    cancelled = true;
    const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> request(PQgetCancel(connection),
                                                                     &PQfreeCancel);
    char message[256];
    if (request) PQcancel(request.get(), message, sizeof message);
  }

  void look_at_clock_and_signals() {
    if (interrupt::stop_now()) {
      // A server process whose client is gone works on to the end of its statement.
      if (!committing) cancel();
      given_up = true;
      throw Interrupted{};
    }
    if (committing || ending) return;
    const bool late = deadline && Clock::now() >= *deadline;
    if (!late && interrupt::signal_number() == 0) return;
    passed_deadline |= late && interrupt::signal_number() == 0;
    // Again and again: a request that arrives between two statements is lost.
    if (Clock::now() < next_cancel) return;
    next_cancel = Clock::now() + std::chrono::milliseconds(2 * kTickMilliseconds);
    cancel();
  }

  // Until the connection can be read, or written if that is asked for.
  void wait(bool to_write) {
    pollfd waits{PQsocket(connection), static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN), 0};
    if (waits.fd < 0) lost();
    if (poll(&waits, 1, kTickMilliseconds) == 0) look_at_clock_and_signals();
    if ((waits.revents & (POLLIN | POLLERR | POLLHUP)) != 0 && PQconsumeInput(connection) == 0) {
      lost();
    }
  }

  void flush() {
    for (;;) {
      const int left = PQflush(connection);
      if (left < 0) {
        // The server may have said why before it closed.
        PQconsumeInput(connection);
        lost();
      }
      if (left == 0) return;
      wait(true);
    }
  }

  Result next_result() {
    flush();
    while (PQisBusy(connection) != 0) wait(false);
    return Result(PQgetResult(connection));
  }

  // The last result; throws for the first that failed, after all have come.
  Result results(std::string_view sql, const std::string& of_table = {}) {
    Result last;
    std::optional<SqlError> error;
    while (Result result = next_result()) {
      const ExecStatusType status = PQresultStatus(result.get());
      if (status == PGRES_COPY_IN) return result;
      if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
        if (PQstatus(connection) != CONNECTION_OK) lost();
        if (!error) error = to_sql_error(result.get(), sql, of_table);
      }
      last = std::move(result);
    }
    if (PQstatus(connection) != CONNECTION_OK) lost();
    if (cancelled) {
      cancelled = false;
      if (passed_deadline) {
        throw Error(ErrorKind::unreachable, "the deadline passed before the run was done", "",
                    "give it more time with --deadline");
      }
      if (!committing && interrupt::signal_number() != 0) throw Interrupted{};
    }
    if (error) throw SqlError(*error);
    return last;
  }

  Result run(const std::string& sql) {
    if (!committing) look_at_stop_before();
    if (PQsendQuery(connection, sql.c_str()) == 0) lost();
    return results(sql);
  }

  // Nothing new is begun after a stop request or the deadline.
  void look_at_stop_before() const {
    if (ending) return;
    if (interrupt::signal_number() != 0) throw Interrupted{};
    if (deadline && Clock::now() >= *deadline) {
      throw Error(ErrorKind::unreachable, "the deadline passed before the run was done", "",
                  "give it more time with --deadline");
    }
  }

  PGconn* connection = nullptr;
  std::vector<std::string> notices;
  std::optional<Clock::time_point> deadline;
  Clock::time_point next_cancel{};
  std::string copied;  // the table of the COPY under way
  bool cancelled = false;
  bool passed_deadline = false;
  bool committing = false;
  bool ending = false;    // a ROLLBACK runs also after a stop request
  bool given_up = false;  // after the second stop request: nobody waits for the server any more
};

CopyIn::CopyIn(const std::string& database_url) : impl_(std::make_unique<Impl>(database_url)) {}

CopyIn::~CopyIn() = default;

void CopyIn::set_deadline(std::optional<Clock::time_point> deadline) {
  impl_->deadline = deadline;
}

std::vector<Row> CopyIn::query(const std::string& sql) {
  const Result result = impl_->run(sql);
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
  const Result result = impl_->run(sql);
  return result ? std::strtoull(PQcmdTuples(result.get()), nullptr, 10) : 0;
}

void CopyIn::begin() {
  impl_->run("BEGIN");
}

void CopyIn::commit() {
  // COMMIT of a failed transaction rolls back and reports success; SELECT fails in one.
  if (PQtransactionStatus(impl_->connection) == PQTRANS_INERROR) impl_->run("SELECT 1");
  impl_->look_at_stop_before();
  impl_->committing = true;
  bool in_doubt = false;
  try {
    impl_->run("COMMIT");
  } catch (const ConnectionLost&) {
    in_doubt = true;
  } catch (const SqlError& error) {
    impl_->committing = false;
    // Without a code it is not the server's word: libpq had no memory for the answer.
    if (!error.sqlstate.empty()) throw;
    in_doubt = true;
  } catch (const std::bad_alloc&) {
    in_doubt = true;
  } catch (...) {
    impl_->committing = false;
    throw;
  }
  impl_->committing = false;
  if (!in_doubt) return;
  throw ConnectionLost(
      "the connection to the database broke during COMMIT; whether the transaction stands is "
      "unknown",
      true);
}

void CopyIn::rollback() {
  if (!in_transaction() || impl_->given_up) return;
  impl_->ending = true;
  try {
    if (PQtransactionStatus(impl_->connection) == PQTRANS_ACTIVE) {
      // A COPY that was not ended.
      PQputCopyEnd(impl_->connection, "given up");
      try {
        impl_->results({});
      } catch (const SqlError&) {
        // That was asked for.
      }
    }
    impl_->run("ROLLBACK");
  } catch (const Error&) {
    // Rolled back all the same.
  } catch (const Interrupted&) {
    // The connection is given up, the server rolls back.
  }
  impl_->ending = false;
}

bool CopyIn::in_transaction() const {
  const PGTransactionStatusType status = PQtransactionStatus(impl_->connection);
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR || status == PQTRANS_ACTIVE;
}

void CopyIn::start_copy(const TableName& table, const std::string& sql) {
  impl_->copied = table.table;
  const Result result = impl_->run(sql);
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
    impl_->look_at_clock_and_signals();
    int taken = 0;
    while ((taken = PQputCopyData(impl_->connection, piece.data(),
                                  static_cast<int>(piece.size()))) == 0) {
      impl_->flush();
    }
    if (taken < 0) {
      // The server has ended the COPY: its reason waits to be read.
      PQconsumeInput(impl_->connection);
      impl_->results({}, impl_->copied);
      impl_->lost();
    }
    impl_->flush();
  }
}

std::uint64_t CopyIn::finish_copy() {
  int taken = 0;
  while ((taken = PQputCopyEnd(impl_->connection, nullptr)) == 0) impl_->flush();
  if (taken < 0) impl_->lost();
  const Result result = impl_->results({}, impl_->copied);
  return result ? std::strtoull(PQcmdTuples(result.get()), nullptr, 10) : 0;
}

int CopyIn::server_version() const {
  return PQserverVersion(impl_->connection);
}

std::vector<std::string> CopyIn::take_notices() {
  return std::exchange(impl_->notices, {});
}

}  // namespace pgseed::pg
