#include "support/local_pglite.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

#include "support/local_postgres.hpp"
#include "support/network.hpp"

namespace pgseed::test {
namespace {

using namespace std::chrono_literals;

constexpr const char* kServer = PGSEED_SOURCE_DIR "/scripts/pglite/node_modules/.bin/pglite-server";

}  // namespace

bool LocalPglite::is_installed() {
  bool found = access(kServer, R_OK) == 0;
  try {
    found = found && run({.argv = {"node", "--version"}}).exit_code == 0;
  } catch (const std::runtime_error&) {
    found = false;  // not in PATH
  }
  if (!found) MESSAGE("node or scripts/pglite/node_modules is missing: skipped");
  return found;
}

LocalPglite::LocalPglite(Start how)
    : port_(free_port()),
      server_(std::make_unique<Process>(Command{
          .argv = {"node", kServer, "--port=" + std::to_string(port_), "--max-connections=10",
                   "--extensions=@electric-sql/pglite-pgvector:vector"},
          .directory = "/"})) {
  if (how == Start::ready) wait_until_ready();
}

std::string LocalPglite::url() const {
  // It does not answer the question for TLS.
  return "postgresql://postgres@127.0.0.1:" + std::to_string(port_) + "/postgres?sslmode=disable";
}

void LocalPglite::wait_until_ready() const {
  // It listens when the database is there, not before.
  const bool up = wait_until(
      [this] {
        if (!server_->running()) throw std::runtime_error("PGlite ended: " + server_->err());
        return accepts_connections(port_);
      },
      60s);
  if (!up) throw std::runtime_error("PGlite does not start: " + server_->err());
}

std::string LocalPglite::sql(const std::string& text) const {
  Result result = run(
      {.argv = {postgres_bin_dir() + "/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-f", "-", url()},
       .stdin_text = text + '\n'});
  if (result.exit_code != 0) throw std::runtime_error("psql failed: " + result.err + result.out);
  if (result.out.ends_with('\n')) result.out.pop_back();
  return result.out;
}

}  // namespace pgseed::test
