// What stands in the ledger at any moment, against what the target holds then.
#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <set>
#include <string>

#include "pgseed/seed/ledger/ledger.hpp"
#include "pgseed/seed/ledger/resume.hpp"
#include "support/random.hpp"
#include "support/sender_bench.hpp"
#include "support/temp_dir.hpp"

using namespace pgseed;
using namespace pgseed::test;

namespace {

struct Recorded {
  TempDir folder;
  std::string path = folder / "l";
  Ledger ledger;
  Bench bench;

  explicit Recorded(Mode mode, std::optional<std::uint64_t> max_rejects = {}, bool keyless = false)
      : ledger(path, head(), ""), bench(with(options_for(mode), ledger), max_rejects, keyless) {}

  static LedgerHead head() {
    LedgerHead head;
    head.work = "work";
    return head;
  }
  static SenderOptions with(SenderOptions options, Ledger& ledger) {
    options.ledger = &ledger;
    return options;
  }

  // Row n of the table has the id n.
  void submit(const std::vector<int>& ids) {
    auto batch = bench.batch(ids);
    for (RowMark& row : batch->rows) row.ordinal = row.number + 1;
    bench.submit(std::move(batch));
  }

  // What a run that begins now would find of rows 1 to `rows`.
  std::vector<Proof> found(int rows) const {
    auto state = read_ledger(read_file(path), path, boot_of(path));
    REQUIRE(state.has_value());
    Resume resume(*std::move(state));
    Resume::Table* const table = resume.find(bench.set->table_name);
    std::vector<Proof> proofs;
    for (int row = 1; row <= rows; ++row) {
      proofs.push_back(table == nullptr ? Proof::none
                                        : table->look_up(static_cast<std::uint64_t>(row)).proof);
    }
    return proofs;
  }

  // A kill at this moment: no row that is stored counts as free, none that is not as stored.
  void check(int rows) const {
    const std::vector<Proof> proofs = found(rows);
    for (int row = 1; row <= rows; ++row) {
      const bool stored = bench.target.find(std::to_string(row)) != nullptr;
      const Proof proof = proofs[static_cast<std::size_t>(row) - 1];
      if (stored) CHECK(proof != Proof::none);
      if (proof == Proof::loaded) CHECK(stored);
    }
  }
};

}  // namespace

TEST_CASE("ledger: a file system of another machine was trusted to keep what is not on its disk") {
  CHECK(boot_of("/proc/self/status").empty());
  CHECK(boot_of("/no/such/file").empty());
  const TempDir folder;
  const std::string one = folder.write("one", "1"), two = folder.write("two", "2");
  CHECK(boot_of(one) == boot_of(two));
  // Nobody vouches, so what was announced may have been sent.
  LedgerHead head;
  head.work = "work";
  Bench bench;
  const std::string path = folder / "work.ledger";
  {
    Ledger ledger(path, head, "");
    auto batch = bench.batch(range(0, 5));
    for (RowMark& row : batch->rows) row.ordinal = row.number + 1;
    ledger.intend(*batch);
  }
  const auto proof_of = [&](const std::string& boot) {
    Resume resume(read_ledger(read_file(path), path, boot).value());
    Resume::Table* const table = resume.find(bench.set->table_name);
    return table == nullptr ? Proof::none : table->look_up(1).proof;
  };
  CHECK(proof_of("") == Proof::maybe);
  CHECK(proof_of(boot_of(path) + "0") == Proof::maybe);
  if (!boot_of(path).empty()) CHECK(proof_of(boot_of(path)) == Proof::none);
}

TEST_CASE("sender ledger: at every request its rows are announced, and at the end all are proven") {
  for (const Mode mode : {Mode::insert, Mode::upsert, Mode::ignore}) {
    Recorded recorded(mode);
    recorded.bench.target.fate_of_write = [&](const HttpRequest&) -> std::optional<Fate> {
      recorded.check(100);
      return {};
    };
    for (int from = 1; from < 100; from += 10) recorded.submit(range(from, 10));
    CHECK(recorded.bench.run() == "100 0 0 0 0");
    CHECK(recorded.found(100) == std::vector<Proof>(100, Proof::loaded));
  }
}

TEST_CASE("sender ledger: rows that were refused are free, then rejected, the others are proven") {
  Recorded recorded(Mode::insert);
  recorded.bench.target.is_bad = is_one_of({7, 33});
  recorded.submit(range(1, 20));
  recorded.submit(range(21, 20));
  CHECK(recorded.bench.run() == "38 0 2 0 0");
  const std::vector<Proof> proofs = recorded.found(40);
  for (int row = 1; row <= 40; ++row) {
    CHECK(proofs[static_cast<std::size_t>(row) - 1] ==
          (row == 7 || row == 33 ? Proof::rejected : Proof::loaded));
  }
}

TEST_CASE("sender ledger: rows that nobody asked for stay in doubt, rows never sent are free") {
  Recorded recorded(Mode::insert, {}, true);
  recorded.bench.target.writes.push_back(fate(Kind::lost_after));
  recorded.submit(range(1, 10));
  CHECK(recorded.bench.run() == "0 0 0 0 10");
  CHECK(recorded.found(11) == [] {
    std::vector<Proof> wanted(10, Proof::maybe);
    wanted.push_back(Proof::none);
    return wanted;
  }());

  Recorded unreachable(Mode::insert, {}, true);
  unreachable.bench.target.fate_of_write = [](const HttpRequest&) { return fate(Kind::not_sent); };
  unreachable.submit(range(1, 10));
  unreachable.bench.run();
  CHECK(unreachable.found(10) == std::vector<Proof>(10, Proof::none));
}

TEST_CASE("sender ledger: whatever happens, at any moment what is stored is not free") {
  const std::uint64_t seed = test_seed();
  INFO("PGSEED_TEST_SEED=", seed);
  Random random(seed);
  for (int round = 0; round < 150; ++round) {
    const Mode mode = std::array{Mode::insert, Mode::upsert, Mode::ignore}[random.below(3)];
    const bool keyless = mode == Mode::insert && random.one_in(3);
    Recorded recorded(mode, {}, keyless);
    const int rows = 20 + static_cast<int>(random.below(100));
    const std::set<int> bad = {static_cast<int>(random.below(200)),
                               static_cast<int>(random.below(200))};
    recorded.bench.target.is_bad = is_one_of(bad);
    const auto any_fate = [&](const HttpRequest&) -> std::optional<Fate> {
      recorded.check(rows);
      Fate now;
      switch (random.below(12)) {
        case 0:
          return fate(Kind::not_sent);
        case 1:
          return fate(Kind::lost_before);
        case 2:
          return fate(Kind::lost_after);
        case 3:
          now = fate(Kind::late);
          now.later = std::chrono::milliseconds(random.below(400));
          return now;
        case 4:
          return refusal(503, "PGRST001");
        case 5:
          return refusal(500, "57014");
        default:
          return {};
      }
    };
    recorded.bench.target.fate_of_write = any_fate;
    recorded.bench.target.fate_of_question = [&](const HttpRequest&) -> std::optional<Fate> {
      recorded.check(rows);
      if (random.one_in(4)) return fate(Kind::lost_before);
      return {};
    };
    for (int from = 1; from <= rows;) {
      const int count = std::min(rows - from + 1, 1 + static_cast<int>(random.below(15)));
      recorded.submit(range(from, count));
      from += count;
      if (random.one_in(2)) recorded.bench.sender.turn(std::chrono::milliseconds(5));
    }
    recorded.bench.run();
    recorded.bench.target.settle();
    recorded.check(rows);
  }
}
