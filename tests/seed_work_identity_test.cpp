#include <doctest/doctest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/seed/input/mapping.hpp"
#include "pgseed/seed/ledger/run_ledger.hpp"
#include "pgseed/seed/ledger/work_identity.hpp"

using namespace pgseed;
using namespace pgseed::seed;

namespace {

std::string name_with(const std::function<void(Options&)>& change) {
  Options options;
  change(options);
  return work_name(options, "http://h", {"/a.sql"});
}

}  // namespace

TEST_CASE("work identity: whatever chooses rows or values is another work") {
  const std::vector<std::function<void(Options&)>> changes = {
      [](Options&) {},
      [](Options& o) { o.mode = Mode::upsert; },
      [](Options& o) {
        o.on_conflict = {"a", "b"};
      },
      [](Options& o) { o.on_conflict = {"ab"}; },
      [](Options& o) { o.limit = 0; },
      [](Options& o) { o.limit = 10; },
      [](Options& o) { o.offset = 10; },
      [](Options& o) { o.tables = {"t"}; },
      [](Options& o) { o.exclude = {"t"}; },
      [](Options& o) { o.schema = "api"; },
      [](Options& o) { o.dialect = "mysql"; },
      [](Options& o) { o.zero_dates_are_null = true; },
      [](Options& o) { o.regenerate_identity = true; },
      [](Options& o) { o.closure = true; },
      [](Options& o) { o.atomic = true; },
      [](Options& o) { o.json_columns.emplace(); },
      [](Options& o) { o.json_columns = {"a"}; },
      [](Options& o) { o.input.encoding = "LATIN1"; },
      [](Options& o) { o.input.rows.format = RowFormat::csv; },
      [](Options& o) { o.input.rows.table = "t"; },
      [](Options& o) { o.input.rows.header = false; },
      [](Options& o) { o.input.rows.columns = {"a"}; },
      [](Options& o) { o.input.rows.delimiter = ';'; },
      [](Options& o) { o.input.rows.quote = '\''; },
      [](Options& o) { o.input.rows.escape = '\\'; },
      [](Options& o) { o.input.rows.null_text = "NULL"; },
      [](Options& o) {
        auto mapping = std::make_shared<Mapping>();
        mapping->fingerprint = "f";
        o.mapping = mapping;
      },
  };
  std::set<std::string> names;
  for (const auto& change : changes) names.insert(name_with(change));
  CHECK(names.size() == changes.size());
  const Options options;
  names.insert(work_name(options, "http://g", {"/a.sql"}));
  names.insert(work_name(options, "http://h", {"/b.sql"}));
  names.insert(work_name(options, "http://h", {"/a.sql", "/b.sql"}));
  CHECK(names.size() == changes.size() + 3);
}

TEST_CASE("work identity: how rows are sent does not matter") {
  const std::string plain = name_with([](Options&) {});
  CHECK(plain.size() == 32);
  CHECK(plain == name_with([](Options& o) {
          o.batch_rows = 7;
          o.batch_bytes = 7;
          o.concurrency = 7;
          o.retries = 7;
          o.max_rejects.reset();
          o.rejects_file = "r";
          o.timeout = std::chrono::milliseconds(7);
          o.check = false;
          o.skip_unsupported = true;
          o.ledger_folder = "l";
          o.if_changed = true;
        }));
}

TEST_CASE("run ledger: whether other contents may be gone on with depends on the mode") {
  const std::optional<Hash128> one = Hash128{1, 1};
  LedgerState past;
  past.head.sources = {{"/a.sql", 5, one}};
  const std::vector<LedgerSource> same = past.head.sources;
  const std::vector<LedgerSource> other = {{"/a.sql", 6, one}};
  for (const Mode mode : {Mode::insert, Mode::upsert, Mode::ignore, Mode::force}) {
    Options options;
    options.mode = mode;
    CHECK(may_go_on(past, same, options));
    if (mode == Mode::insert) {
      CHECK_THROWS_AS(may_go_on(past, other, options), Error);
    } else {
      CHECK_FALSE(may_go_on(past, other, options));
    }
    options.unfinished = Continue::insist;
    CHECK(may_go_on(past, same, options));
    CHECK_THROWS_AS(may_go_on(past, other, options), Error);
    // A pipe: nobody knows what it will bring.
    LedgerState piped;
    piped.head.sources = {{"-", 0, {}}};
    CHECK(may_go_on(piped, piped.head.sources, options));
    options.unfinished = Continue::automatic;
    CHECK(may_go_on(piped, piped.head.sources, options) == (mode == Mode::insert));
  }
}
