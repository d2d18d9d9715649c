#pragma once
// A throw-away MariaDB, reachable by its socket only: real, and gone when the object is.
#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace pgseed::test {

class LocalMariadb {
 public:
  // False where the server is not installed; says so.
  static bool is_installed() {
    try {
      Command version;
      version.argv = {"mariadbd", "--no-defaults", "--version"};
      if (test::run(version).exit_code == 0) return true;
    } catch (const std::exception&) {
      // told below
    }
    MESSAGE("MariaDB's server is not installed: nothing is compared with it");
    return false;
  }

  LocalMariadb() {
    namespace fs = std::filesystem;
    const std::string user = geteuid() == 0 ? "mysql" : "";  // the server does not run as root
    if (!user.empty()) {
      fs::permissions(folder_.path(), fs::perms(0755));
      fs::create_directory(folder_ / "data");
      checked({"chown", user, folder_ / "data"});
    }
    checked({"mariadb-install-db", "--no-defaults", "--datadir=" + (folder_ / "data"),
             "--auth-root-authentication-method=normal", "--skip-test-db"},
            user);
    Command server;
    server.argv = {"mariadbd",
                   "--no-defaults",
                   "--datadir=" + (folder_ / "data"),
                   "--socket=" + socket(),
                   "--pid-file=" + (folder_ / "data/pid"),
                   "--skip-networking",
                   "--skip-log-bin",
                   "--default-time-zone=+00:00",
                   "--innodb-flush-log-at-trx-commit=0",
                   "--innodb-buffer-pool-size=16M"};
    server.directory = "/";
    server.user = user;
    server_ = std::make_unique<Process>(server);
    for (int tries = 0; tries < 600; ++tries) {
      if (client("select 1").exit_code == 0) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    throw std::runtime_error("MariaDB does not start: " + server_->err());
  }

  // What mysql -N -B prints for the statements.
  Result client(const std::string& sql, const std::string& database = {}) const {
    Command command;
    command.argv = {"mariadb", "--no-defaults", "--socket=" + socket(),           "-uroot", "-N",
                    "-B",      "--binary-mode", "--default-character-set=utf8mb4"};
    if (!database.empty()) command.argv.push_back(database);
    command.stdin_text = sql;
    command.timeout = std::chrono::seconds(120);
    return test::run(command);
  }
  std::string must(const std::string& sql, const std::string& database = {}) const {
    Result result = client(sql, database);
    if (result.exit_code != 0) throw std::runtime_error("MariaDB: " + result.err);
    return std::move(result.out);
  }
  std::string dump(std::vector<std::string> args) const {
    args.insert(args.begin(), {"mariadb-dump", "--no-defaults", "--socket=" + socket(), "-uroot"});
    return checked(std::move(args)).out;
  }

 private:
  static Result checked(std::vector<std::string> argv, const std::string& user = {}) {
    Command command;
    command.argv = std::move(argv);
    command.directory = "/";
    command.user = user;
    Result result = test::run(command);
    if (result.exit_code != 0) {
      throw std::runtime_error(command.argv.front() + " failed: " + result.err + result.out);
    }
    return result;
  }
  std::string socket() const { return folder_ / "data/socket"; }

  TempDir folder_;
  std::unique_ptr<Process> server_;
};

}  // namespace pgseed::test
