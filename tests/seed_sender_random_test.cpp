// Thousands of random runs: whatever answers come in whatever order, every row is counted once, no
// row is stored twice, nothing that is stored is called refused or skipped, and the run ends.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "pgseed/base/text.hpp"
#include "pgseed/json/reader.hpp"
#include "pgseed/seed/send/sender.hpp"
#include "support/random.hpp"
#include "support/scripted_target.hpp"
#include "support/temp_dir.hpp"

using namespace pgseed;
using namespace pgseed::seed;
using namespace pgseed::test;
using namespace std::chrono_literals;
using Kind = Fate::Kind;

namespace {

struct Silent : Observer {
  void progress(const Progress&) override {}
  void note(int, const std::string&) override {}
};

class Dice : public Random {
 public:
  using Random::Random;
  int below(int limit) { return static_cast<int>(Random::below(static_cast<std::size_t>(limit))); }
  bool percent(int chance) { return below(100) < chance; }
};

struct Plan {
  Mode mode = Mode::insert;
  bool keyless = false, serial = false, was_empty = true, late = false;
  int trouble = 0;           // percent of writes without a plain answer
  int question_trouble = 0;  // of questions
  std::optional<std::uint64_t> max_rejects;
  std::size_t concurrency = 1;
  int batches = 0, most_rows = 0;
  std::optional<std::chrono::milliseconds> deadline;
  int ends_at = -1;  // batch before which end() is called
};

Plan plan_of(Dice& random) {
  Plan plan;
  const Mode modes[] = {Mode::insert, Mode::insert, Mode::upsert, Mode::ignore, Mode::force};
  plan.mode = modes[random.below(5)];
  plan.keyless = random.percent(30);
  plan.serial = random.percent(20);
  plan.was_empty = random.percent(70) || plan.mode == Mode::force;
  // A late UPSERT may undo a newer one; nothing short of a ledger prevents that.
  plan.late = random.percent(30) && plan.mode != Mode::upsert;
  plan.trouble = random.percent(20) ? 0 : random.below(70);
  plan.question_trouble = random.percent(50) ? 0 : random.below(60);
  if (!random.percent(50)) plan.max_rejects = static_cast<std::uint64_t>(random.below(6));
  plan.concurrency = static_cast<std::size_t>(1 + random.below(8));
  plan.batches = 1 + random.below(12);
  plan.most_rows = 1 + random.below(40);
  if (random.percent(15)) plan.deadline = std::chrono::milliseconds(random.below(20'000));
  if (random.percent(15)) plan.ends_at = random.below(plan.batches);
  return plan;
}

Fate trouble(Dice& random, const Plan& plan) {
  switch (random.below(12)) {
    case 0:
    case 1:
      return fate(Kind::lost_after);
    case 2:
      return fate(Kind::lost_before);
    case 3: {
      Fate late = fate(plan.late ? Kind::late : Kind::lost_before);
      late.later = std::chrono::milliseconds(random.below(3000));
      return late;
    }
    case 4:
      return fate(Kind::not_sent);
    case 5:
      return refusal(503, "PGRST001", "no", random.percent(50) ? "0" : "2");
    case 6:
      return refusal(504, "PGRST003");
    case 7:
      return refusal(500, "40P01");
    case 8:
      return refusal(500, "57014");
    case 9:
      return refusal(429, "PT429", "no", "1");
    case 10:
      return random.percent(97) ? refusal(400, "") : refusal(401, "PGRST301");
    default:
      if (random.percent(3) && plan.deadline) return fate(Kind::silence);
      return random.percent(90) ? refusal(503, "PGRST000") : refusal(400, "PGRST204");
  }
}

struct Numbers {
  std::uint64_t runs = 0, rows = 0, troubles = 0, in_doubt = 0, rejected = 0, ended = 0;
} numbers;

void one_run(std::uint64_t seed) {
  CAPTURE(seed);
  Dice random(seed);
  const Plan plan = plan_of(random);
  CAPTURE(name(plan.mode));
  CAPTURE(plan.keyless);
  CAPTURE(plan.concurrency);
  ScriptedTarget target;
  target.unique = !plan.keyless;
  target.merges = plan.mode == Mode::upsert;
  target.ignores = plan.mode == Mode::ignore;
  target.answer_time = std::chrono::milliseconds(1 + random.below(50));

  const auto set = two_columns(plan.keyless);
  set->serial = plan.serial;
  set->table_was_empty = plan.was_empty && plan.mode != Mode::upsert && plan.mode != Mode::ignore;
  std::set<std::string> bad, slow, before;
  const int all_rows = plan.batches * plan.most_rows;
  for (int n = random.percent(50) ? 0 : random.below(6); n > 0; --n) {
    bad.insert(text(random.below(all_rows)));
  }
  if (random.percent(20)) slow.insert(text(random.below(all_rows)));
  if (!plan.was_empty && !plan.keyless) {
    for (int n = random.below(5); n > 0; --n) before.insert(text(random.below(all_rows)));
    for (const std::string& id : before) target.rows.push_back({id, "old"});
  }
  target.is_bad = [&](const auto& row) { return bad.count(row.id) != 0; };
  target.is_slow = [&](const auto& row) { return slow.count(row.id) != 0; };
  if (random.percent(20)) target.most_rows = static_cast<std::size_t>(1 + random.below(30));
  target.fate_of_write = [&](const HttpRequest&) -> std::optional<Fate> {
    if (!random.percent(plan.trouble)) return {};
    ++numbers.troubles;
    return trouble(random, plan);
  };
  target.fate_of_question = [&](const HttpRequest&) -> std::optional<Fate> {
    if (!random.percent(plan.question_trouble)) return {};
    return random.percent(20) ? refusal(403, "42501") : trouble(random, plan);
  };

  TempDir folder;
  Tally tally(plan.max_rejects, folder / "r.ndjson");
  tally.add_table(set->table_name);
  tally.add_file("a.sql");
  Silent silent;
  rest::Endpoint endpoint{"http://h", "", 60s};
  SenderOptions options;
  options.mode = plan.mode;
  options.concurrency = plan.concurrency;
  options.random_seed = Random(seed + 1).below(1u << 31);
  if (plan.deadline) options.deadline = target.now() + *plan.deadline;
  Sender sender(target, endpoint, tally, silent, options, [&] { return target.now(); });
  std::map<std::uint64_t, int> done;
  sender.on_group_done = [&](std::uint64_t group) { ++done[group]; };

  std::uint64_t sequence = 0;
  std::vector<std::uint64_t> groups;
  std::map<std::string, std::uint64_t> last_group_of;
  std::vector<std::unique_ptr<Batch>> held;
  int next_id = 0;
  for (int n = 0; n < plan.batches; ++n) {
    if (n == plan.ends_at) sender.end();
    while (!sender.wants_batch() && !sender.ended()) sender.turn(200ms);
    std::vector<int> ids;
    for (int row = 1 + random.below(plan.most_rows); row > 0; --row) {
      // UPSERT and IGNORE may meet a key again in a later batch; that one waits for the earlier.
      const bool again = target.merges && !plan.keyless && next_id > 0 && random.percent(10);
      int id = again ? random.below(next_id) : next_id++;
      if (std::find(ids.begin(), ids.end(), id) != ids.end()) id = next_id++;
      ids.push_back(id);
    }
    auto batch = batch_of(*set, ids, static_cast<std::uint64_t>(n) + 1, sequence);
    sequence += ids.size();
    std::string body(batch->body.view());
    for (const int id : ids) {
      const auto known = last_group_of.find(text(id));
      if (known != last_group_of.end() && sender.is_outstanding(known->second)) {
        batch->after.push_back(known->second);
      }
      last_group_of[text(id)] = batch->group;
      tally.read(0);
    }
    groups.push_back(batch->group);
    sender.submit(std::move(batch));
  }
  sender.drain();
  REQUIRE(sender.idle());
  target.settle();

  // Counts.
  const Counts& counts = tally.tables()[0].counts;
  CHECK(counts.read == sequence);
  REQUIRE(counts.add_up());
  for (const std::uint64_t group : groups) CHECK(done[group] == 1);
  CHECK(target.in_flight() == 0);

  // Rows.
  std::map<std::string, int> copies;
  std::uint64_t ours = 0;
  for (const auto& row : target.rows) {
    CHECK(++copies[row.id] == 1);
    CHECK(bad.count(row.id) == (before.count(row.id) != 0 && bad.count(row.id) != 0 ? 1 : 0));
    ours += row.v != "old";
  }
  if (plan.mode == Mode::ignore) {
    CHECK(counts.loaded <= ours);
    CHECK(ours <= counts.loaded + counts.ignored + counts.in_doubt);
  } else if (plan.mode != Mode::upsert) {
    CHECK(counts.loaded <= ours);
    CHECK(ours <= counts.loaded + counts.in_doubt);
  }
  // The reject file names each rejected row, and only rows that had a reason.
  std::uint64_t named = 0;
  std::set<std::string> rejected;
  const std::string lines = read_file(folder / "r.ndjson");
  for (std::size_t at = 0; at < lines.size(); ++named) {
    const std::size_t end = lines.find('\n', at);
    const auto entry = json::read_object(lines.substr(at, end - at));
    const std::string id = *json::find(json::read_object(*json::find(entry, "values")), "id");
    const std::string code = *json::find(entry, "code");
    const bool had_reason = code == "57014" || (code == "23514" && bad.count(id) != 0) ||
                            (code == "23505" && before.count(id) != 0);
    CAPTURE(id);
    CAPTURE(code);
    CHECK(had_reason);
    if (code != "57014") CHECK((copies[id] == 0 || before.count(id) != 0 || target.merges));
    rejected.insert(id);
    at = end + 1;
  }
  CHECK(named == counts.rejected);
  // A run that was not cut short has brought in every good row that is not reported otherwise.
  const bool whole = !sender.ended();
  if (whole) CHECK(counts.skipped == 0);
  if (whole && counts.in_doubt == 0) {
    for (int id = 0; id < next_id; ++id) {
      if (rejected.count(text(id)) == 0) CHECK(copies[text(id)] == 1);
    }
  }
  ++numbers.runs;
  numbers.rows += sequence;
  numbers.in_doubt += counts.in_doubt;
  numbers.rejected += counts.rejected;
  numbers.ended += sender.ended();
}

}  // namespace

TEST_CASE("sender: random answers never lose, double or miscount a row, and every run ends") {
  const std::uint64_t seed = test_seed();
  MESSAGE("PGSEED_TEST_SEED=" << seed);
  const char* const wanted = std::getenv("PGSEED_TEST_RUNS");
  const int runs = wanted == nullptr ? 4000 : std::atoi(wanted);
  for (int run = 0; run < runs; ++run) {
    REQUIRE_NOTHROW(one_run(seed + static_cast<std::uint64_t>(run)));
  }
  MESSAGE(numbers.runs << " runs, " << numbers.rows << " rows, " << numbers.troubles
                       << " troubles; " << numbers.rejected << " rejected, " << numbers.in_doubt
                       << " in doubt, " << numbers.ended << " runs ended early");
}
