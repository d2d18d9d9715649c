#pragma once
// A sender with a scripted target, and what the tests of it want to know.
#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "pgseed/base/text.hpp"
#include "pgseed/seed/send/sender.hpp"
#include "support/scripted_target.hpp"

namespace pgseed::test {

using namespace pgseed::seed;
using namespace std::chrono_literals;
using Kind = Fate::Kind;

struct Notes : Observer {
  std::vector<std::string> lines;
  void progress(const Progress&) override {}
  void note(int, const std::string& line) override { lines.push_back(line); }
  bool mention(const std::string& part) const {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return line.find(part) != std::string::npos;
    });
  }
};

inline SenderOptions options_for(Mode mode, std::size_t concurrency = 4) {
  SenderOptions options;
  options.mode = mode;
  options.concurrency = concurrency;
  options.random_seed = 7;
  return options;
}

struct Bench {
  ScriptedTarget target;
  Notes notes;
  Tally tally;
  rest::Endpoint endpoint{"http://h", "", 60s};
  std::unique_ptr<ColumnSet> set;
  Sender sender;
  std::uint64_t next_group = 1, next_row = 0, submitted = 0;

  explicit Bench(const SenderOptions& options = options_for(Mode::insert),
                 std::optional<std::uint64_t> max_rejects = 0, bool keyless = false,
                 const std::string& rejects = "")
      : tally(max_rejects, rejects),
        set(two_columns(keyless)),
        sender(target, endpoint, tally, notes, options, [this] { return target.now(); }) {
    tally.add_table(set->table_name);
    tally.add_file("a.sql");
    target.unique = !keyless;
    target.merges = options.mode == Mode::upsert;
    target.ignores = options.mode == Mode::ignore;
  }

  std::unique_ptr<Batch> batch(const std::vector<int>& ids) {
    auto made = batch_of(*set, ids, next_group++, next_row);
    next_row += ids.size();
    return made;
  }
  std::uint64_t submit(std::unique_ptr<Batch> made) {
    const std::uint64_t group = made->group;
    submitted += made->rows.size();
    for (std::size_t row = 0; row < made->rows.size(); ++row) tally.read(0);
    sender.submit(std::move(made));
    return group;
  }
  std::uint64_t submit(const std::vector<int>& ids) { return submit(batch(ids)); }

  const Counts& counts() const { return tally.tables()[0].counts; }
  // "loaded ignored rejected skipped in_doubt"
  std::string totals() const {
    const Counts& c = counts();
    CHECK(c.add_up());
    return text(c.loaded, ' ', c.ignored, ' ', c.rejected, ' ', c.skipped, ' ', c.in_doubt);
  }
  std::string run() {
    sender.drain();
    return totals();
  }
};

inline std::vector<int> range(int from, int count) {
  std::vector<int> ids(static_cast<std::size_t>(count));
  std::iota(ids.begin(), ids.end(), from);
  return ids;
}

inline auto is_one_of(std::set<int> ids) {
  return [ids = std::move(ids)](const ScriptedTarget::Row& row) {
    return ids.count(std::stoi(row.id)) != 0;
  };
}

inline ErrorKind kind_of(const Sender& sender) {
  REQUIRE(sender.error().has_value());
  return sender.error()->kind;
}

}  // namespace pgseed::test
