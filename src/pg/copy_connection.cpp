#include "pgseed/pg/copy_connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <charconv>
#include <new>
#include <utility>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/pg/in_time.hpp"
#include "pgseed/pg/session.hpp"

namespace pgseed::pg {
namespace {

// How often a wait looks at the clock and at stop requests.
constexpr int kTickMilliseconds = 100;
constexpr std::chrono::milliseconds kLongestCancel{1000};

// A trigger may raise one for every row.
constexpr std::size_t kMostNotices = 100;

using Result = LibpqResult;

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

void FreeResult::operator()(pg_result* result) const {
  PQclear(result);
}

CopyConnection::CopyConnection(const std::string& database_url) {
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
          auto& kept = static_cast<CopyConnection*>(self)->notices;
          if (kept.size() < kMostNotices) kept.push_back(redact(trim(message)));
        } catch (...) {
          // Out of memory inside a C callback: a lost notice is the smallest harm.
        }
      },
      this);
}

CopyConnection::~CopyConnection() {
  PQfinish(connection);
}

void CopyConnection::lost() {
  const std::string said = PQerrorMessage(connection);
  const std::string line(trim(std::string_view(said).substr(0, trim(said).find('\n'))));
  throw ConnectionLost(text("the connection to the database broke",
                            line.empty() ? std::string() : ": " + redact(line)),
                       false);
}

// Asks the server to give up; its answer is still to come.
void CopyConnection::cancel() {
  cancelled_ = true;
  const std::shared_ptr<PGcancel> request(PQgetCancel(connection), &PQfreeCancel);
  // It connects to a host that may have fallen silent.
  run_in_time(kLongestCancel, [request] {
    char message[256];
    if (request) PQcancel(request.get(), message, sizeof message);
  });
}

void CopyConnection::look_at_clock_and_signals() {
  if (interrupt::stop_now()) {
    // A server process whose client is gone works on to the end of its statement.
    if (!committing) cancel();
    given_up = true;
    throw Interrupted{};
  }
  if (committing || ending) return;
  const bool late = deadline && Clock::now() >= *deadline;
  if (!late && interrupt::signal_number() == 0) return;
  passed_deadline_ |= late && interrupt::signal_number() == 0;
  // Again and again: a request that arrives between two statements is lost.
  if (Clock::now() < next_cancel_) return;
  next_cancel_ = Clock::now() + std::chrono::milliseconds(2 * kTickMilliseconds);
  cancel();
}

// Until the connection can be read, or written if that is asked for.
void CopyConnection::wait(bool to_write) {
  pollfd waits{PQsocket(connection), static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN), 0};
  if (waits.fd < 0) lost();
  if (poll(&waits, 1, kTickMilliseconds) == 0) look_at_clock_and_signals();
  if ((waits.revents & (POLLIN | POLLERR | POLLHUP)) != 0 && PQconsumeInput(connection) == 0) {
    lost();
  }
}

void CopyConnection::flush() {
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

Result CopyConnection::next_result() {
  flush();
  while (PQisBusy(connection) != 0) wait(false);
  return Result(PQgetResult(connection));
}

Result CopyConnection::results(std::string_view sql, const std::string& of_table) {
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
  if (cancelled_) {
    cancelled_ = false;
    if (passed_deadline_) {
      throw Error(ErrorKind::unreachable, "the deadline passed before the run was done", "",
                  "give it more time with --deadline");
    }
    if (!committing && interrupt::signal_number() != 0) throw Interrupted{};
  }
  if (error) throw SqlError(*error);
  return last;
}

Result CopyConnection::run(const std::string& sql) {
  if (!committing) look_at_stop_before();
  if (PQsendQuery(connection, sql.c_str()) == 0) lost();
  return results(sql);
}

void CopyConnection::look_at_stop_before() const {
  if (ending) return;
  if (interrupt::signal_number() != 0) throw Interrupted{};
  if (deadline && Clock::now() >= *deadline) {
    throw Error(ErrorKind::unreachable, "the deadline passed before the run was done", "",
                "give it more time with --deadline");
  }
}

}  // namespace pgseed::pg
