#include "support/local_pgbouncer.hpp"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <stdexcept>

#include "support/network.hpp"

namespace pgseed::test {
namespace {

constexpr const char* kProgram = "/usr/sbin/pgbouncer";

}  // namespace

bool LocalPgbouncer::is_installed() {
  return access(kProgram, X_OK) == 0;
}

LocalPgbouncer::LocalPgbouncer(const LocalPostgres& postgres, int pool_size) : port_(free_port()) {
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  // auth_type any logs in as the user that the database's line names.
  folder_.write(
      "pgbouncer.ini",
      "[databases]\n* = user=postgres host=127.0.0.1 port=" + std::to_string(postgres.port()) +
          "\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " + std::to_string(port_) +
          "\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = " +
          std::to_string(pool_size) + '\n');
  start();
}

void LocalPgbouncer::stop(int signal) {
  server_->send(signal);
  if (!server_->wait(std::chrono::seconds(10))) throw std::runtime_error("PgBouncer does not stop");
}

void LocalPgbouncer::start() {
  server_ = std::make_unique<Process>(
      Command{.argv = {kProgram, folder_ / "pgbouncer.ini"}, .directory = "/", .user = "postgres"});
  if (!wait_until([this] { return accepts_connections(port_); }, std::chrono::seconds(10))) {
    throw std::runtime_error("PgBouncer does not start: " + server_->err());
  }
}

std::string LocalPgbouncer::url(const std::string& database) const {
  return "postgresql://postgres@127.0.0.1:" + std::to_string(port_) + '/' + database;
}

}  // namespace pgseed::test
