#include "pgseed/pg/session.hpp"

#include <sys/socket.h>

#include <atomic>
#include <pqxx/pqxx>
#include <utility>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/pg/in_time.hpp"
#include "pgseed/pg/server_message.hpp"

namespace pgseed::pg {
namespace {

class NoticeCollector final : public pqxx::errorhandler {
 public:
  NoticeCollector(pqxx::connection& connection, std::vector<std::string>& notices)
      : pqxx::errorhandler(connection), notices_(notices) {}

  bool operator()(const char* message) noexcept override {
    try {
      notices_.push_back(redact(trim(message)));
    } catch (...) {
      // Out of memory inside a C callback: a lost notice is the smallest harm.
    }
    return false;
  }

 private:
  std::vector<std::string>& notices_;
};

std::vector<Row> to_rows(const pqxx::result& result) {
  std::vector<Row> rows;
  rows.reserve(result.size());
  for (const auto& line : result) {
    Row& row = rows.emplace_back();
    row.reserve(line.size());
    for (const auto& field : line) {
      if (field.is_null()) {
        row.emplace_back();
      } else {
        row.emplace_back(std::in_place, field.c_str(), field.size());
      }
    }
  }
  return rows;
}

SqlError to_sql_error(const std::string& sqlstate, const char* libpq_message,
                      const std::string& sql) {
  const auto fields = parse_server_message(libpq_message, sql);
  SqlError error(sqlstate, redact(fields.primary), redact(fields.hint));
  error.detail = redact(fields.detail);
  error.context = redact(fields.context);
  error.line = fields.line;
  error.column = fields.column;
  return error;
}

}  // namespace

SqlError::SqlError(std::string sqlstate_, std::string message_, std::string hint_)
    : Error(ErrorKind::refused, std::move(message_), {}, std::move(hint_)),
      sqlstate(std::move(sqlstate_)) {}

ConnectionLost::ConnectionLost(std::string message_, bool in_doubt_)
    : Error(ErrorKind::unreachable, std::move(message_), {},
            in_doubt_ ? "look whether the last step took effect before running it again"
                      : "nothing of the unfinished step was kept; run it again"),
      in_doubt(in_doubt_) {}

// libpqxx's own transactions end with the first failing statement, so that no savepoint could save
// them (version 6). Here BEGIN and COMMIT are statements like others, and `in_transaction` is ours.
struct Session::Impl {
  explicit Impl(const std::string& url)
      : owner(std::make_shared<pqxx::connection>(url)),
        connection(*owner),
        collector(connection, notices) {
#if PQXX_VERSION_MAJOR < 7
    // libpqxx 6 would open a new connection in silence and run the statement there.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
  }

  pqxx::result run(const std::string& sql, bool is_commit = false) {
    try {
      pqxx::nontransaction statement(connection);
      return statement.exec(sql);
    } catch (const pqxx::broken_connection& e) {
      throw lost(e.what(), is_commit);
    } catch (const pqxx::deadlock_detected& e) {
      // This and the next three are no sql_error in libpqxx 6 and carry no SQLSTATE there.
      throw refused("40P01", e.what(), sql);
    } catch (const pqxx::serialization_failure& e) {
      throw refused("40001", e.what(), sql);
    } catch (const pqxx::statement_completion_unknown& e) {
      throw refused("40003", e.what(), sql);
    } catch (const pqxx::transaction_rollback& e) {
      throw refused("40000", e.what(), sql);
    } catch (const pqxx::insufficient_privilege& e) {
      // A sql_error, but libpqxx 6 leaves the SQLSTATE of this one out.
      throw refused("42501", e.what(), sql);
    } catch (const pqxx::sql_error& e) {
      if (!connection.is_open()) throw lost(e.what(), is_commit);
      throw refused(e.sqlstate(), e.what(), sql);
    } catch (const pqxx::failure& e) {
      if (!connection.is_open()) throw lost(e.what(), is_commit);
      throw Error(ErrorKind::refused, redact(trim(e.what())));
    }
  }

  SqlError refused(const std::string& sqlstate, const char* message, const std::string& sql) {
    transaction_failed = in_transaction;
    return to_sql_error(sqlstate, message, sql);
  }

  ConnectionLost lost(std::string_view message, bool is_commit) const {
    if (broken_off) throw Interrupted{};
    if (is_commit) {
      return ConnectionLost(
          "the connection to the database broke during COMMIT; whether the transaction stands is "
          "unknown",
          true);
    }
    message = trim(message);
    return ConnectionLost(text("the connection to the database broke: ",
                               redact(trim(message.substr(0, message.find('\n'))))),
                          false);
  }

  // COMMIT of a failed transaction would roll back and report success; SELECT fails in one.
  void check_transaction() {
    if (transaction_failed) run("SELECT 1");
  }

  std::vector<std::string> notices;         // before `collector`, which writes into it
  std::shared_ptr<pqxx::connection> owner;  // with a request to cancel that is still under way
  pqxx::connection& connection;
  NoticeCollector collector;
  std::atomic<bool> broken_off = false;
  bool in_transaction = false;
  // A statement failed since the begin or the last ROLLBACK TO SAVEPOINT.
  bool transaction_failed = false;
  int savepoints = 0;
};

Session::Session(const std::string& database_url) {
  const std::string url = with_session_defaults(database_url);
  try {
    impl_ = std::make_unique<Impl>(url);
  } catch (const pqxx::failure& e) {
    throw_connect_error(database_url, e.what());
  }
}

Session::~Session() = default;

std::vector<Row> Session::query(const std::string& sql) {
  return to_rows(impl_->run(sql));
}

long long Session::execute(const std::string& sql) {
  return static_cast<long long>(impl_->run(sql).affected_rows());
}

bool Session::in_transaction() const {
  return impl_->in_transaction;
}

void Session::transaction(const std::function<void(Session& session)>& work) {
  if (impl_->in_transaction) return savepoint(work);
  impl_->run("BEGIN");
  impl_->in_transaction = true;
  impl_->transaction_failed = false;
  try {
    work(*this);
    impl_->check_transaction();
  } catch (const ConnectionLost&) {
    impl_->in_transaction = false;
    throw;
  } catch (...) {
    impl_->in_transaction = false;
    try {
      impl_->run("ROLLBACK");
    } catch (const ConnectionLost&) {
      // Rolled back all the same; the first error tells more.
    }
    throw;
  }
  impl_->in_transaction = false;
  // When the server refuses it, it has rolled back as well. What has no code is not the server's
  // word: there was no memory for its answer.
  try {
    impl_->run("COMMIT", true);
  } catch (const SqlError& error) {
    if (!error.sqlstate.empty()) throw;
    throw impl_->lost({}, true);
  } catch (const std::bad_alloc&) {
    throw impl_->lost({}, true);
  }
}

void Session::savepoint(const std::function<void(Session& session)>& work) {
  const std::string name = text("pgseed_", ++impl_->savepoints);
  impl_->run("SAVEPOINT " + name);
  try {
    work(*this);
    impl_->check_transaction();
    impl_->run("RELEASE SAVEPOINT " + name);
  } catch (const ConnectionLost&) {
    throw;
  } catch (...) {
    impl_->run(text("ROLLBACK TO SAVEPOINT ", name, "; RELEASE SAVEPOINT ", name));
    impl_->transaction_failed = false;
    throw;
  }
}

void Session::cancel() noexcept {
  constexpr std::chrono::milliseconds kLongest{1000};
  try {
    // It connects to a host that may have fallen silent; then it outlives the session perhaps.
    run_in_time(kLongest, [connection = impl_->owner] {
      try {
        connection->cancel_query();
      } catch (...) {
        // The statement goes on; the caller waits for it.
      }
    });
  } catch (...) {
    // No thread to be had: the same.
  }
}

void Session::break_off() noexcept {
  impl_->broken_off = true;
  shutdown(impl_->connection.sock(), SHUT_RDWR);
}

std::string Session::literal(std::string_view value) const {
  return to_literal(value);
}

int Session::server_version() const {
  return impl_->connection.server_version();
}

std::vector<std::string> Session::take_notices() {
  return std::exchange(impl_->notices, {});
}

}  // namespace pgseed::pg
