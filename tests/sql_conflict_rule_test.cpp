#include <doctest/doctest.h>

#include <string>

#include "support/text_input.hpp"

using namespace pgseed;
using namespace pgseed::sql;
using namespace pgseed::test;

TEST_CASE("sql rows: what a file wants done with rows that are there already is told") {
  struct Case {
    Dialect dialect;
    const char* text;
    const char* words;  // nullptr: nothing
    std::uint64_t line;
  };
  const Case cases[] = {
      {Dialect::postgresql, "INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2) RETURNING id;",
       nullptr, 0},
      {Dialect::postgresql,
       "INSERT INTO t VALUES (1);\nINSERT INTO t\nVALUES (2)\nON CONFLICT DO NOTHING;\n"
       "INSERT INTO t VALUES (3) ON CONFLICT (id) DO UPDATE SET v = 1;",
       "ON CONFLICT", 2},
      {Dialect::mysql, "INSERT INTO `t` VALUES (1);\nINSERT INTO `t` SET a = 1;", nullptr, 0},
      {Dialect::mysql, "\nREPLACE INTO `t` VALUES (1);", "REPLACE", 2},
      {Dialect::mysql, "INSERT LOW_PRIORITY IGNORE INTO `t` VALUES (1);", "INSERT IGNORE", 1},
      {Dialect::mysql, "INSERT INTO `t` VALUES (1)\nON DUPLICATE KEY UPDATE a = 2;",
       "ON DUPLICATE KEY UPDATE", 1},
      {Dialect::mysql, "INSERT INTO `t` SET a = 1 ON DUPLICATE KEY UPDATE a = 2;",
       "ON DUPLICATE KEY UPDATE", 1},
      {Dialect::sqlite, "INSERT INTO t VALUES(1);\nINSERT OR FAIL INTO t VALUES(2);", nullptr, 0},
      {Dialect::sqlite, "INSERT INTO t VALUES(1);\ninsert or replace into t values(2);",
       "INSERT OR REPLACE", 2},
      {Dialect::sqlite, "INSERT OR IGNORE INTO t VALUES(1);", "INSERT OR IGNORE", 1},
      {Dialect::sqlite, "REPLACE INTO t VALUES(1);", "REPLACE", 1},
      {Dialect::sqlite, "INSERT INTO t VALUES(1) ON CONFLICT DO NOTHING;", "ON CONFLICT", 1},
  };
  for (const Case& one : cases) {
    const std::string shown = one.text;
    CAPTURE(shown);
    for (const std::size_t block : {TextInput::kWhole, std::size_t{1}}) {
      TextInput input(one.text, block);
      ReaderOptions options;
      options.dialect = one.dialect;
      DumpReader reader(input, "t.sql", options);
      while (reader.next() != Piece::end) {
      }
      REQUIRE(reader.conflict_rule().has_value() == (one.words != nullptr));
      if (one.words == nullptr) continue;
      CHECK(reader.conflict_rule()->words == one.words);
      CHECK(reader.conflict_rule()->line == one.line);
    }
  }
}
