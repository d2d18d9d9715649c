#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "pgseed/seed/encode/batch.hpp"
#include "pgseed/seed/send/loader.hpp"

namespace pgseed::seed {

// A column set in use, and the batch that collects its rows.
struct Loader::Prepared {
  RunTable* table = nullptr;
  ColumnSetUse use;
  std::string time_zone;
  ColumnSet set;
  std::vector<std::size_t> references;  // positions of what rows went without in the first pass
  std::unique_ptr<Batch> open;
  std::uint64_t unit = 0;  // the earlier run's batch whose rows `open` holds; 0: they are new
  // Earlier runs' batches, by number, whose rows come again and are compared with what was sent. A
  // batch of refused rows and of later ones is open for long.
  std::map<std::uint64_t, Batch> replays;
};

}  // namespace pgseed::seed
