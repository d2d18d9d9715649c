#pragma once
// libpqxx behind one class: no other file of pgseed but src/pg/*.cpp knows it.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/pg/database_url.hpp"
#include "pgseed/schema/model.hpp"

namespace pgseed::pg {

using Row = std::vector<std::optional<std::string>>;

// The server refused a statement. kind is refused, message its primary message, hint its own HINT.
class SqlError : public Error {
 public:
  SqlError(std::string sqlstate, std::string message, std::string hint);

  std::string sqlstate;  // "42P01"; empty if unknown
  std::string detail;
  std::string context;  // where inside a function, several lines
  // The place in the text given to query() or execute(), both from 1 (characters in a line), or 0
  // if the server named none, as for an error inside a function.
  int line = 0;
  int column = 0;
  // Told by CopyIn only (pg/copy_in.hpp): the constraint that was violated, the table it belongs
  // to, and the line of the COPY text, from 1, or 0 when the error is not about one line.
  std::string constraint;
  TableName table;
  std::uint64_t copy_line = 0;
};

// The connection broke. kind is unreachable. Whatever ran outside a COMMIT was rolled back.
class ConnectionLost : public Error {
 public:
  ConnectionLost(std::string message, bool in_doubt);
  // True if it broke while a COMMIT was under way: the transaction may stand or not.
  bool in_doubt;
};

// One connection. Uses the simple protocol only (no named prepared statements, no session SET,
// no LISTEN), so it works through PgBouncer in transaction mode. Texts are UTF-8 both ways. All
// messages are redacted. A lost connection is not opened again: make a new Session. Not to be used
// from two threads.
class Session {
 public:
  // Connects at once; the URL is normalized first. Throws Error{unreachable} (no server, wrong
  // host, TLS), Error{refused} (password, database, role) or Error{usage} (malformed URL), without
  // the password in it.
  explicit Session(const std::string& database_url);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Runs one statement, in the transaction if one is open, else on its own (autocommit), and
  // returns its rows. Throws SqlError or ConnectionLost.
  std::vector<Row> query(const std::string& sql);

  // Runs one statement or several, separated by semicolons, in one round trip; outside
  // transaction() several are one transaction to the server. Returns the number of rows that the
  // last one affected. The text may hold neither COPY ... FROM stdin nor BEGIN, COMMIT or ROLLBACK.
  long long execute(const std::string& sql);

  // A transaction: begin, run the work with query() and execute(), commit; rolled back when the
  // work throws. Also throws when the work caught an SqlError and went on: the server has given up
  // the transaction by then. Inside another transaction it is a savepoint, which is the way to
  // survive a statement that may fail.
  void transaction(const std::function<void(Session& session)>& work);
  bool in_transaction() const;

  // For another thread, while the session lives; no other member is.
  // Asks the server to give up the statement under way, which then fails with SQLSTATE 57014.
  void cancel() noexcept;
  // Breaks the connection off, whatever the server does: the statement under way and all later ones
  // throw Interrupted.
  void break_off() noexcept;

  // SQL text as a literal that is read the same whatever standard_conforming_strings says.
  std::string literal(std::string_view value) const;
  int server_version() const;  // 150020
  // NOTICE and WARNING messages since the last call, redacted, in order.
  std::vector<std::string> take_notices();

 private:
  void savepoint(const std::function<void(Session& session)>& work);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pgseed::pg
