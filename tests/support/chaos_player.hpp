#pragma once
// Plays rounds of the campaign: a random dump into random tables in a random way, with faults all
// along, started again and again until pgseed says that it is done; then the tables are compared.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "support/chaos_servers.hpp"
#include "support/local_nginx.hpp"

namespace pgseed::test {

struct ChaosSums {
  std::atomic<std::uint64_t> rounds{0}, rows{0}, runs{0}, doubts{0};
  // Faults, by what they befall.
  std::atomic<std::uint64_t> requests{0}, connections{0}, kills{0}, signals{0}, rivals{0},
      refused{0}, servers{0};
  std::uint64_t faults() const {
    return requests + connections + kills + signals + rivals + refused + servers;
  }
  std::string text() const;
};

class ChaosPlayer {
 public:
  // Each player has schemas of its own, which it takes in turn: a request that was given up may
  // still run when the next round has begun.
  static constexpr std::size_t kSchemas = 3;
  ChaosPlayer(ChaosServers& servers, std::size_t number, ChaosSums& sums);

  // Empty, or what went wrong, with all that was said on the way.
  std::string play(std::uint64_t seed);

 private:
  ChaosServers& servers_;
  std::size_t number_;
  ChaosSums& sums_;
  std::size_t rounds_ = 0;
  int behind_gateway_;  // the port that the gateway passes requests on to
  std::unique_ptr<LocalNginx> gateway_;
};

}  // namespace pgseed::test
