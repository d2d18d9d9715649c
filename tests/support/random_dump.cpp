#include "support/random_dump.hpp"

#include "support/random_text.hpp"

namespace pgseed::test {

std::string table_stem(std::uint64_t seed, std::size_t table) {
  return "r0" + hex(std::string{static_cast<char>(seed >> 8), static_cast<char>(seed)}) + "t" +
         std::to_string(table);
}

RandomDump random_dump(sql::Dialect dialect, std::uint64_t seed) {
  switch (dialect) {
    case sql::Dialect::mysql:
      return random_mysql_dump(seed);
    case sql::Dialect::sqlite:
      return random_sqlite_dump(seed);
    default:
      return random_postgresql_dump(seed);
  }
}

}  // namespace pgseed::test
