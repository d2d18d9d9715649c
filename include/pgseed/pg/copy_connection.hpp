#pragma once
// The libpq connection under CopyIn: sends, and waits for answers with an eye on the clock and on
// stop requests.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct pg_conn;
struct pg_result;

namespace pgseed::pg {

struct FreeResult {
  void operator()(pg_result* result) const;
};
using LibpqResult = std::unique_ptr<pg_result, FreeResult>;

// Its waits throw what CopyIn's contract says.
struct CopyConnection {
  using Clock = std::chrono::steady_clock;

  explicit CopyConnection(const std::string& database_url);
  ~CopyConnection();
  CopyConnection(const CopyConnection&) = delete;
  CopyConnection& operator=(const CopyConnection&) = delete;

  // Sends the statements and waits for their results.
  LibpqResult run(const std::string& sql);
  // The last result; throws for the first that failed, after all have come. of_table: of the COPY
  // under way, for the line in its error.
  LibpqResult results(std::string_view sql, const std::string& of_table = {});
  // Until everything is handed to the kernel.
  void flush();
  [[noreturn]] void lost();
  void look_at_clock_and_signals();
  // Nothing new is begun after a stop request or the deadline.
  void look_at_stop_before() const;

  pg_conn* connection = nullptr;
  std::vector<std::string> notices;
  std::optional<Clock::time_point> deadline;
  std::string copied;  // the table of the COPY under way
  bool committing = false;
  bool ending = false;    // a ROLLBACK runs also after a stop request
  bool given_up = false;  // after the second stop request: nobody waits for the server any more

 private:
  void cancel();
  void wait(bool to_write);
  LibpqResult next_result();

  Clock::time_point next_cancel_{};
  bool cancelled_ = false;
  bool passed_deadline_ = false;
};

}  // namespace pgseed::pg
