#include "pgseed/seed/ledger/ledger_state.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/seed/ledger/ledger_text.hpp"

namespace pgseed::seed {
namespace {

using Words = std::vector<std::string>;

class Reader {
 public:
  Reader(LedgerState& state, const std::string& path) : state_(state), path_(path) {}

  void take(std::uint64_t line, const Words& words) {
    line_ = line;
    words_ = &words;
    if (line == 1) return first();
    const std::string& kind = words[0];
    if (state_.complete && kind != "run") fail("a line behind the end");
    if (kind == "source") {
      source();
    } else if (kind == "target") {
      need(4);
      state_.head.target = words[1];
      state_.head.schema = words[2];
      state_.head.mode = words[3];
    } else if (kind == "made") {
      need(3);
      state_.head.now = words[1];
      state_.head.seed = words[2];
    } else if (kind == "run") {
      run();
    } else if (kind == "table") {
      table();
    } else if (kind == "emptying") {
      need(2);
      table_at(1).emptying = true;
    } else if (kind == "emptied") {
      need(3);
      table_at(1).emptied = number(2);
    } else if (kind == "intent" || kind == "unchanged") {
      announce(kind == "unchanged");
    } else if (kind == "sent") {
      need(2);
      sent(number(1));
    } else if (kind == "loaded") {
      loaded();
    } else if (kind == "free") {
      need(2);
      set_free(number(1));
    } else if (kind == "reject") {
      need(4);
      put(table_at(1), {number(2), number(2)}, RowState::rejected, 0);
      state_.rejects_bytes = number(3);
    } else if (kind == "again") {
      forget_rejects();
    } else if (kind == "mark") {
      need(3);
      state_.marks[words[1]] = words[2];
    } else if (kind == "complete") {
      need(2);
      state_.complete = true;
      state_.keys_came_once = words[1] == "once";
    } else {
      fail(text("nothing is called ", kind));
    }
  }

  // What was announced and not marked as sent, when a later run takes over.
  void take_over(const std::string& boot) {
    const bool rebooted = boot.empty() || boot != boot_;
    std::vector<std::uint64_t> waiting;
    for (const auto& [number, batch] : state_.batches) {
      if (!batch.sent && !batch.answered) waiting.push_back(number);
    }
    std::sort(waiting.begin(), waiting.end());
    for (const std::uint64_t number : waiting) {
      rebooted ? sent(number) : static_cast<void>(state_.batches.erase(number));
    }
  }

 private:
  [[noreturn]] void fail(std::string_view why) const { refuse_ledger(path_, line_, why); }

  void need(std::size_t words) const {
    if (words_->size() < words) fail("words are missing");
  }

  std::uint64_t number(std::size_t word) const {
    const std::string& digits = (*words_)[word];
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size()) fail("no number");
    return value;
  }

  RowRanges ranges(std::size_t word) const {
    auto rows = ranges_of_text((*words_)[word]);
    if (!rows) fail("no rows");
    return *std::move(rows);
  }

  Hash128 hash(std::size_t word) const {
    const auto value = hash128_of_hex((*words_)[word]);
    if (!value) fail("no hash");
    return *value;
  }

  LedgerTable& table_at(std::size_t word) const {
    const std::uint64_t index = number(word);
    if (index == 0 || index > state_.tables.size()) fail("a table that was not introduced");
    return state_.tables[index - 1];
  }

  void first() {
    const Words& words = *words_;
    if (words[0] != "pgseed-ledger") fail("this is no ledger of pgseed");
    if (words.size() < 3 || words[1] != "1") {
      fail(text("it was written by another version of pgseed (format ",
                words.size() > 1 ? words[1] : "?", ", this one reads 1)"));
    }
    state_.head.work = words[2];
  }

  void source() {
    need(4);
    LedgerSource source{(*words_)[1], number(2), {}};
    if ((*words_)[3] != "stream") source.hash = hash(3);
    state_.head.sources.push_back(std::move(source));
  }

  void run() {
    need(7);
    const std::string boot = (*words_)[3];
    if (state_.runs > 0) take_over(boot);
    boot_ = boot;
    ++state_.runs;
    state_.complete = false;
    if ((*words_)[6] != state_.rejects_path) state_.rejects_bytes = 0;
    state_.rejects_path = (*words_)[6];
  }

  void table() {
    need(5);
    if (number(1) != state_.tables.size() + 1) fail("a table out of turn");
    LedgerTable& table = state_.tables.emplace_back();
    table.name = {(*words_)[2], (*words_)[3]};
    if ((*words_)[4] == "empty") table.was_empty = true;
    if ((*words_)[4] == "filled") table.was_empty = false;
    if (words_->size() > 5) table.rows_before = number(5);
  }

  void announce(bool unchanged) {
    need(6);
    const std::uint64_t id = number(1);
    if (id <= state_.last_batch) fail("a batch out of turn");
    state_.last_batch = id;
    LedgerTable& table = table_at(2);
    LedgerBatch batch;
    batch.table = static_cast<std::size_t>(&table - state_.tables.data());
    batch.rows = ranges(3);
    batch.body = hash(5);
    for (const RowRange& range : ranges(4)) put(table, range, RowState::superseded, 0);
    if (unchanged) {
      batch.sent = batch.answered = true;
      for (const RowRange& range : batch.rows) put(table, range, RowState::unchanged, id);
    }
    state_.batches[id] = std::move(batch);
  }

  LedgerBatch& batch_of(std::uint64_t id) {
    const auto found = state_.batches.find(id);
    if (found == state_.batches.end()) fail("a batch that was not announced");
    return found->second;
  }

  void sent(std::uint64_t id) {
    LedgerBatch& batch = batch_of(id);
    if (batch.sent) return;
    batch.sent = true;
    for (const RowRange& range : batch.rows) {
      put(state_.tables[batch.table], range, RowState::maybe, id);
    }
  }

  void loaded() {
    need(5);
    LedgerBatch& batch = batch_of(number(1));
    batch.sent = batch.answered = true;
    batch.answered_at = line_;
    batch.stored = number(2);
    batch.ignored = number(3);
    batch.left_out = number(4);
    if (batch.stored + batch.ignored + batch.left_out != count(batch.rows)) {
      fail("the numbers do not add up");
    }
    for (const RowRange& range : batch.rows) {
      put(state_.tables[batch.table], range, RowState::stored, number(1));
    }
  }

  void set_free(std::uint64_t id) {
    const LedgerBatch batch = batch_of(id);
    auto& rows = state_.tables[batch.table].rows;
    for (const RowRange& range : batch.rows) {
      // Only what this batch left: parts of it have spoken for themselves.
      for (auto piece = rows.lower_bound(range.first);
           piece != rows.end() && piece->first <= range.last;) {
        const bool its_own = piece->second.state == RowState::maybe && piece->second.batch == id;
        piece = its_own ? rows.erase(piece) : std::next(piece);
      }
    }
    state_.batches.erase(id);
  }

  // Of a batch that the server left rows out of, nobody knows which: an upsert sends it again.
  void forget_rejects() {
    const bool may_repeat = state_.head.mode == "upsert";
    const auto is_short = [&](const auto& batch) {
      return may_repeat && batch.second.left_out > 0;
    };
    for (LedgerTable& table : state_.tables) {
      std::erase_if(table.rows, [&](const auto& piece) {
        if (piece.second.state == RowState::rejected) return true;
        if (piece.second.state != RowState::stored) return false;
        const auto batch = state_.batches.find(piece.second.batch);
        return batch != state_.batches.end() && is_short(*batch);
      });
    }
    std::erase_if(state_.batches, is_short);
    state_.rejects_bytes = 0;
  }

  // The latest word on a row counts.
  static void put(LedgerTable& table, const RowRange& range, RowState state, std::uint64_t batch) {
    auto& rows = table.rows;
    auto piece = rows.upper_bound(range.first);
    if (piece != rows.begin()) {
      const auto before = std::prev(piece);
      if (before->second.last >= range.first) {
        LedgerTable::Piece rest = before->second;
        if (before->first == range.first) {
          rows.erase(before);
        } else {
          before->second.last = range.first - 1;
        }
        if (rest.last > range.last) rows[range.last + 1] = rest;
      }
    }
    for (piece = rows.lower_bound(range.first);
         piece != rows.end() && piece->first <= range.last;) {
      const LedgerTable::Piece rest = piece->second;
      piece = rows.erase(piece);
      if (rest.last > range.last) rows[range.last + 1] = rest;
    }
    rows[range.first] = {range.last, state, batch};
  }

  LedgerState& state_;
  const std::string& path_;
  std::uint64_t line_ = 0;
  const Words* words_ = nullptr;
  std::string boot_;
};

}  // namespace

bool LedgerState::has_effects() const {
  return !marks.empty() || std::any_of(tables.begin(), tables.end(), [](const LedgerTable& table) {
    return table.emptying || table.emptied ||
           std::any_of(table.rows.begin(), table.rows.end(), [](const auto& piece) {
             return piece.second.state != RowState::rejected &&
                    piece.second.state != RowState::superseded;
           });
  });
}

LedgerTable* LedgerState::find(const TableName& name) {
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const LedgerTable& table) { return table.name == name; });
  return found == tables.end() ? nullptr : &*found;
}

std::optional<LedgerState> read_ledger(std::string_view bytes, const std::string& path,
                                       const std::string& boot) {
  LedgerState state;
  Reader reader(state, path);
  const LedgerTail tail = read_ledger_lines(
      bytes, path, [&](std::uint64_t line, const Words& words) { reader.take(line, words); });
  if (tail.lines == 0) return {};
  state.bytes = tail.bytes;
  state.chain = tail.chain;
  if (!state.complete) reader.take_over(boot);
  return state;
}

}  // namespace pgseed::seed
