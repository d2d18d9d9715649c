#pragma once
// A throw-away PostgreSQL 15 on a free loopback port: real, but without fsync. It is gone when the
// object is, and when the test program dies in whatever way. The cluster is made once in a test
// run and copied (about 0.3 s for a second server).
#include <memory>
#include <string>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace pgseed::test {

class LocalPostgres {
 public:
  // Made and started. extra_settings: lines for postgresql.conf.
  explicit LocalPostgres(const std::string& extra_settings = {});
  ~LocalPostgres();
  LocalPostgres(const LocalPostgres&) = delete;
  LocalPostgres& operator=(const LocalPostgres&) = delete;

  int port() const { return port_; }
  pid_t pid() const;
  // "postgresql://postgres@127.0.0.1:PORT/DATABASE". Nobody needs a password but members of the
  // role needs_password (SCRAM), which a test creates: create role x login password '...' in role
  // needs_password.
  std::string url(const std::string& database = "postgres",
                  const std::string& user = "postgres") const;
  // Runs SQL (or psql commands) as the superuser with psql -XAtq and ON_ERROR_STOP; returns its
  // output without the last newline. Throws std::runtime_error with psql's message.
  std::string sql(const std::string& text, const std::string& database = "postgres") const;
  // A new empty database, dropped first where it exists.
  void create_database(const std::string& name) const;

  enum class Stop { fast, immediate, kill };
  void stop(Stop how = Stop::fast);
  void start();  // on the same port
  void restart(Stop how = Stop::fast);
  std::string log() const;

 private:
  TempDir folder_;
  int port_;
  std::unique_ptr<Process> server_;
};

// The folder with initdb, postgres, psql and pg_dump.
std::string postgres_bin_dir();

}  // namespace pgseed::test
