#pragma once
// The real PostgREST on a free loopback port, with roles as Supabase has them, and both servers
// together as the stack that end-to-end tests share.
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "support/local_postgres.hpp"
#include "support/network.hpp"
#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace pgseed::test {

// Creates authenticator, anon, authenticated and service_role (bypassrls) where they are missing.
void create_api_roles(const LocalPostgres& postgres);
// Rights on schema public of a database: all for service_role, reading and writing of tables for
// authenticated, reading for anon, also on tables made later.
void grant_api_rights(const LocalPostgres& postgres, const std::string& database);

class LocalPostgrest {
 public:
  using Settings = std::map<std::string, std::string>;  // as in its configuration file, unquoted

  // Started and ready. settings: e.g. {{"db-pool", "2"}, {"db-schemas", "public,api2"}}; the
  // defaults are schema public, anon as db-anon-role and a pool of 10.
  LocalPostgrest(const LocalPostgres& postgres, const std::string& database,
                 const Settings& settings = {});
  ~LocalPostgrest() = default;
  LocalPostgrest(const LocalPostgrest&) = delete;
  LocalPostgrest& operator=(const LocalPostgrest&) = delete;

  int port() const { return port_; }
  pid_t pid() const { return server_->pid(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // A token signed with the server's secret; expires_in may be negative.
  std::string token(const std::string& role,
                    std::optional<std::chrono::seconds> expires_in = std::nullopt) const;
  std::string service_key() const { return service_key_; }
  std::string anon_key() const { return anon_key_; }

  HttpAnswer request(
      const std::string& method, const std::string& target, const std::string& body = {},
      std::map<std::string, std::string> headers = {}) const;  // with the service key

  void stop(int signal);  // SIGTERM or SIGKILL
  void start();           // on the same port; waits until requests are answered
  void start_without_waiting();
  void wait_until_ready() const;
  // Takes other settings and starts again.
  void restart(const std::string& database, const Settings& settings = {});
  const Settings& settings() const { return settings_; }
  // Makes it read the schema, and waits until it has.
  void reload();
  std::string log() const { return server_->err(); }

 private:
  void write_configuration();

  const LocalPostgres& postgres_;
  TempDir folder_;
  std::string database_;
  Settings settings_;
  int port_;
  std::string secret_, service_key_, anon_key_;
  std::unique_ptr<Process> server_;
};

// Path of the PostgREST binary: PGSEED_POSTGREST, else the one under scripts/postgrest.
std::string postgrest_program();

struct Stack {
  LocalPostgres postgres;
  LocalPostgrest postgrest;

  Stack();
  static constexpr const char* kDatabase = "app";
  std::string database_url() const { return postgres.url(kDatabase); }
  std::string sql(const std::string& text) const { return postgres.sql(text, kDatabase); }
  // SUPABASE_URL, SUPABASE_SECRET_KEY and DATABASE_URL, for a child process.
  std::map<std::string, std::optional<std::string>> environment() const;

  // Both servers up with default settings, the database empty but for what `schema` creates, and
  // PostgREST knowing it. Some 50 ms when nothing was down.
  void reset(const std::string& schema = {});
};

// One for the whole test run, started by the first caller.
Stack& shared_stack();

}  // namespace pgseed::test
