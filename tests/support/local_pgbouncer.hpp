#pragma once
// Debian's PgBouncer in front of a LocalPostgres, in transaction mode as Supabase's port 6543.
#include <memory>
#include <string>

#include "support/local_postgres.hpp"

namespace pgseed::test {

class LocalPgbouncer {
 public:
  explicit LocalPgbouncer(const LocalPostgres& postgres, int pool_size = 1);

  int port() const { return port_; }
  void stop(int signal);
  void start();  // on the same port
  // With a pool of one, all clients share one server connection, one transaction after the other.
  std::string url(const std::string& database = "postgres") const;
  // False where the program is not installed.
  static bool is_installed();

 private:
  TempDir folder_;
  int port_;
  std::unique_ptr<Process> server_;
};

}  // namespace pgseed::test
