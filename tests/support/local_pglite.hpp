#pragma once
// A PostgreSQL with pgvector, which Debian 12 has no package of: PGlite (PostgreSQL as WebAssembly)
// behind its socket server, in memory, on a free loopback port. All connections share one session:
// while one of them is in a transaction every other query waits, CREATE DATABASE does nothing, and
// there are no two transactions at once.
#include <memory>
#include <string>

#include "support/process.hpp"

namespace pgseed::test {

class LocalPglite {
 public:
  enum class Start { ready, without_waiting };  // ready takes about two seconds
  explicit LocalPglite(Start how = Start::ready);

  // False where node or the packages of scripts/pglite are missing (scripts/setup.sh test); says
  // so.
  static bool is_installed();

  int port() const { return port_; }
  std::string url() const;
  void wait_until_ready() const;
  // Runs SQL with psql as LocalPostgres::sql() does.
  std::string sql(const std::string& text) const;

 private:
  int port_;
  std::unique_ptr<Process> server_;
};

}  // namespace pgseed::test
