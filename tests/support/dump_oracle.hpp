#pragma once
// A dialect's own database, which tells what a dump of it holds.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/random_dump.hpp"

namespace pgseed::test {

// The rows of a table, by their key: what RandomColumn shows of the other columns.
using ShownRows = std::map<std::string, std::vector<std::string>>;

class DumpOracle {
 public:
  virtual ~DumpOracle() = default;
  // Empties the database and makes the tables that the dumps do not make themselves.
  virtual void begin(const std::vector<RandomDump>& dumps) = 0;
  // Loads the dump, which lies in a file. Its message where the database refuses it.
  virtual std::optional<std::string> load(const RandomDump& dump, const std::string& path) = 0;
  // The rows of each table of the dump.
  virtual std::vector<ShownRows> show(const RandomDump& dump) = 0;
};

// nullptr, and a message, where the database is not installed.
std::unique_ptr<DumpOracle> make_oracle(sql::Dialect dialect);

// The same of the database that pgseed loads into: the shared stack's.
std::vector<ShownRows> show_loaded(const RandomDump& dump);

}  // namespace pgseed::test
