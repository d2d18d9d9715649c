#pragma once
// Random dumps of each dialect, for loading by its own database and by pgseed: what the two hold
// afterwards must be the same. One seed, one dump.
#include <cstdint>
#include <string>
#include <vector>

#include "pgseed/sql/dialect.hpp"
#include "support/random.hpp"

namespace pgseed::test {

// A column of both databases. What shows its values is SQL that prints NULL as NULL and any other
// value as text without blanks or line ends; the same text on both sides, or with `is_real` the
// same number.
struct RandomColumn {
  std::string name;
  std::string shown_there;  // by the dialect's own database
  std::string shown_here;   // by PostgreSQL
  bool is_real = false;
};

struct RandomTable {
  std::string schema;  // of PostgreSQL
  std::string name;
  std::vector<RandomColumn> columns;  // the first one is the key, a small number
};

struct RandomDump {
  sql::Dialect dialect = sql::Dialect::postgresql;
  std::uint64_t seed = 0;
  std::string text;
  std::vector<RandomTable> tables;
  std::string schema_there;  // the tables that the dump does not make itself
  std::string schema_here;
};

// What PostgreSQL needs before schema_here: types, extensions, the schemas besides public.
extern const char* const kRandomDumpTypes;
extern const char* const kSecondSchema;

RandomDump random_dump(sql::Dialect dialect, std::uint64_t seed);

RandomDump random_postgresql_dump(std::uint64_t seed);
RandomDump random_mysql_dump(std::uint64_t seed);
RandomDump random_sqlite_dump(std::uint64_t seed);

// The beginning of the names of a dump's tables: other dumps near its seed have others.
std::string table_stem(std::uint64_t seed, std::size_t table);

}  // namespace pgseed::test
