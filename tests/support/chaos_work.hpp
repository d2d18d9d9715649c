#pragma once
// What a round of the campaign loads: random rows for a family of tables, the dump of them, and
// what the tables must hold at the end, worked out here without pgseed.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/random.hpp"

namespace pgseed::test {

struct ChaosValue {
  std::optional<std::string> shown;  // what PostgreSQL prints; nullopt: NULL
  std::string written;               // the text that the dump has for it
  bool is_bare = false;              // may stand without quotes
};

struct ChaosRow {
  int key = 0;
  std::vector<ChaosValue> values;  // by column, the key left out
  bool without_last = false;       // the row does not list the last column, which has a default
};

// The rows of a table as PostgreSQL prints them, without the key.
using ChaosContents = std::multimap<int, std::vector<std::optional<std::string>>>;

struct ChaosTable {
  std::string name;
  bool keyed = true;                  // rows bring the whole primary key along
  std::optional<std::size_t> parent;  // that `up` refers to, in the family; itself perhaps
  std::vector<std::string> columns;   // behind the key
  std::vector<ChaosRow> rows;
  ChaosContents before;
};

// SQL that makes all tables of all families in a schema.
std::string chaos_schema(const std::string& schema);

struct ChaosSelection {
  std::size_t offset = 0;
  std::optional<std::size_t> limit;
  bool closure = false;
};

class ChaosWork {
 public:
  // mode: insert, upsert, ignore or force. always: identity columns that are GENERATED ALWAYS may
  // be loaded. repeats: keys may come again (upsert, ignore).
  ChaosWork(Random& random, const std::string& mode, bool always, bool repeats);

  static bool allows(const std::string& mode, std::size_t family, bool always);

  const std::vector<ChaosTable>& tables() const { return tables_; }
  bool keyed() const;
  bool has_parents() const;
  std::size_t row_count() const;
  ChaosSelection selection;

  // The rows in one text or several. parents_first: a text that can be read once only.
  std::vector<std::string> dump(Random& random, std::size_t files, bool parents_first) const;
  // Statements that make the tables hold what they hold before the load.
  std::string reset(const std::string& schema) const;
  // By table.
  std::vector<ChaosContents> before() const;
  std::vector<ChaosContents> wanted() const;
  // Another generation of the rows, over what the tables hold now: some changed, some new, some
  // gone.
  void change(Random& random);

  // The query for the contents of a table, and what its rows mean.
  static std::string query(const std::string& schema, const ChaosTable& table);

 private:
  ChaosRow random_row(Random& random, std::size_t table, int key, bool without_last) const;
  std::vector<std::vector<bool>> chosen() const;
  std::string statement(Random& random, const ChaosTable& table, std::size_t first,
                        std::size_t last) const;

  std::string mode_;
  std::vector<ChaosTable> tables_;
};

// Empty where both hold the same; else the first differences.
std::string difference(const ChaosContents& there, const ChaosContents& wanted);

}  // namespace pgseed::test
