#include "support/local_postgres.hpp"

#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "support/network.hpp"

namespace pgseed::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// initdb and postgres refuse to run as root.
constexpr const char* kServerUser = "postgres";

Result checked(const Command& command) {
  Result result = run(command);
  if (result.exit_code != 0) {
    throw std::runtime_error(command.argv.front() + " failed: " + result.err + result.out);
  }
  return result;
}

// The home of one cluster: reachable for the server's user, its own for the data.
void make_accessible(const TempDir& folder) {
  if (geteuid() == 0) fs::permissions(folder.path(), fs::perms(0755));
}

std::string make_owned_folder(const TempDir& folder, const char* name) {
  std::string path = folder / name;
  fs::create_directory(path);
  if (geteuid() == 0) checked({.argv = {"chown", kServerUser, path}});
  fs::permissions(path, fs::perms(0700));
  return path;
}

// An initialised cluster that was never started, one for the whole test run.
const std::string& template_cluster() {
  static const TempDir folder;
  static const std::string path = [] {
    make_accessible(folder);
    std::string data = make_owned_folder(folder, "data");
    checked({.argv = {postgres_bin_dir() + "/initdb", "-D", data, "-U", "postgres", "-A", "trust",
                      "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"},
             .directory = "/",
             .user = kServerUser});
    std::ofstream(data + "/pg_hba.conf")
        << "host all +needs_password 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n";
    std::ofstream(data + "/postgresql.conf", std::ios::app)
        << "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\n"
           "full_page_writes = off\nautovacuum = off\njit = off\nshared_buffers = '32MB'\n"
           "wal_level = minimal\nmax_wal_senders = 0\nmax_connections = 60\ntimezone = 'UTC'\n";
    return data;
  }();
  return path;
}

}  // namespace

std::string postgres_bin_dir() {
  if (const char* folder = std::getenv("PGSEED_POSTGRES_BIN")) return folder;
  return "/usr/lib/postgresql/15/bin";
}

LocalPostgres::LocalPostgres(const std::string& extra_settings) : port_(free_port()) {
  make_accessible(folder_);
  checked({.argv = {"cp", "-a", template_cluster(), folder_ / "data"}});
  std::ofstream(folder_ / "data/postgresql.conf", std::ios::app) << "port = " << port_ << '\n'
                                                                 << extra_settings << '\n';
  start();
  sql("create role needs_password");
}

LocalPostgres::~LocalPostgres() {
  try {
    stop(Stop::immediate);
  } catch (...) {
    // ~Process kills what is left.
  }
}

pid_t LocalPostgres::pid() const {
  return server_ ? server_->pid() : 0;
}

std::string LocalPostgres::url(const std::string& database, const std::string& user) const {
  return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + '/' + database;
}

std::string LocalPostgres::sql(const std::string& text, const std::string& database) const {
  Result result = checked({.argv = {postgres_bin_dir() + "/psql", "-XAtq", "-v", "ON_ERROR_STOP=1",
                                    "-f", "-", url(database)},
                           .environment = {{"PGOPTIONS", "-c client_min_messages=warning"}},
                           .stdin_text = text + '\n'});
  if (result.out.ends_with('\n')) result.out.pop_back();
  return result.out;
}

void LocalPostgres::create_database(const std::string& name) const {
  sql("drop database if exists \"" + name + "\" with (force);\ncreate database \"" + name + "\"");
}

void LocalPostgres::stop(Stop how) {
  if (!server_) return;
  server_->send(how == Stop::fast ? SIGINT : how == Stop::immediate ? SIGQUIT : SIGKILL);
  if (!server_->wait(20s)) throw std::runtime_error("PostgreSQL does not stop");
  server_.reset();
}

void LocalPostgres::start() {
  if (server_ && server_->running()) return;
  // After kill -9 orphans of the old server may hold its shared memory for a moment.
  const bool up = wait_until(
      [this] {
        // SIGQUIT ends the backends too when the test program dies.
        if (!server_ || !server_->running()) {
          server_ = std::make_unique<Process>(
              Command{.argv = {postgres_bin_dir() + "/postgres", "-D", folder_ / "data"},
                      .directory = "/",
                      .user = kServerUser,
                      .death_signal = SIGQUIT});
        }
        return accepts_connections(port_) &&
               run({.argv = {postgres_bin_dir() + "/pg_isready", "-q", "-d", url()}}).exit_code ==
                   0;
      },
      30s);
  if (!up) throw std::runtime_error("PostgreSQL does not start: " + log());
}

void LocalPostgres::restart(Stop how) {
  stop(how);
  start();
}

std::string LocalPostgres::log() const {
  return server_ ? server_->err() : std::string();
}

}  // namespace pgseed::test
