#pragma once
// The servers of the campaign, which all of its players share: PostgreSQL, PostgREST with a schema
// for each player, PgBouncer; and what is done to them.
#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "support/local_pgbouncer.hpp"
#include "support/local_postgrest.hpp"
#include "support/random.hpp"

namespace pgseed::test {

class ChaosServers {
 public:
  explicit ChaosServers(std::size_t schemas);

  static std::string schema(std::size_t number) { return "c" + std::to_string(number); }
  int api_port() const { return api_.port(); }
  int database_port() const { return postgres_.port(); }
  std::optional<int> pooler_port() const;
  std::string key() const { return api_.service_key(); }

  // From any thread; tried again until the database is there.
  void run(const std::string& sql) const;
  std::vector<std::vector<std::optional<std::string>>> query(const std::string& sql) const;

  // Does something random to one of them, and returns when it is back. From any thread, while the
  // main thread, which alone may start programs that outlive a player, is in serve().
  void hurt(Random& random);
  void serve(const std::function<bool()>& until);
  std::uint64_t hurts() const { return hurts_; }

 private:
  void hurt_now(std::size_t what);
  void stall(pid_t pid);

  LocalPostgres postgres_;
  LocalPostgrest api_;
  std::unique_ptr<LocalPgbouncer> pooler_;
  std::mutex mutex_;
  std::queue<std::packaged_task<void()>> jobs_;
  std::atomic<std::uint64_t> hurts_{0};
};

}  // namespace pgseed::test
