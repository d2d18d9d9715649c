#include "pgseed/seed/ledger/ledger.hpp"

#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <fstream>

#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

std::string time_of_day() {
  const std::time_t now = std::time(nullptr);
  std::tm parts = {};
  std::array<char, 32> written = {};
  if (gmtime_r(&now, &parts) == nullptr) return "unknown";
  std::strftime(written.data(), written.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return written.data();
}

RowRanges ranges_of(const Batch& batch) {
  RowRanges ranges;
  for (const RowMark& row : batch.rows) append(ranges, row.ordinal);
  return ranges;
}

}  // namespace

std::string boot_of(const std::string& path) {
  struct statfs system = {};
  struct stat place = {};
  if (statfs(path.c_str(), &system) != 0 || stat(path.c_str(), &place) != 0) return {};
  // ext, XFS, Btrfs, tmpfs, overlay, ZFS, F2FS, bcachefs
  constexpr std::array<std::uint64_t, 8> kLocal = {0xEF53,     0x58465342, 0x9123683E, 0x01021994,
                                                   0x794C7630, 0x2FC12FC1, 0xF2F52010, 0xCA451A4E};
  const auto type = static_cast<std::uint64_t>(system.f_type) & 0xFFFFFFFFu;
  if (std::find(kLocal.begin(), kLocal.end(), type) == kLocal.end()) return {};
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  if (!std::getline(file, id)) return {};
  return text(id, '/', static_cast<std::uint64_t>(place.st_dev));
}

Ledger::Ledger(const std::string& path, const LedgerHead& head, const std::string& rejects)
    : file_(path, 0) {
  write(text("pgseed-ledger 1 ", ledger_word(head.work)));
  write(text("target ", ledger_word(head.target), ' ', ledger_word(head.schema), ' ',
             ledger_word(head.mode)));
  for (const LedgerSource& source : head.sources) {
    write(text("source ", ledger_word(source.name), ' ', source.bytes, ' ',
               source.hash ? source.hash->hex() : std::string("stream")));
  }
  if (!head.now.empty() || !head.seed.empty()) {
    write(text("made ", ledger_word(head.now), ' ', ledger_word(head.seed)));
  }
  begin_run(1, rejects);
}

Ledger::Ledger(const std::string& path, const LedgerState& state, const std::string& rejects)
    : file_(path, state.bytes),
      text_(state.chain),
      last_batch_(state.last_batch),
      synced_batch_(state.last_batch) {
  for (const LedgerTable& table : state.tables) tables_.push_back(table.name);
  begin_run(state.runs + 1, rejects);
}

void Ledger::begin_run(std::uint64_t number, const std::string& rejects) {
  const std::string boot = boot_of(file_.path());
  write(text("run ", number, ' ', getpid(), ' ', ledger_word(boot), ' ', time_of_day(), ' ',
             PGSEED_VERSION, ' ', ledger_word(rejects)));
  file_.sync_later();
}

void Ledger::write(std::string_view words) {
  if (file_.is_broken()) return;
  try {
    file_.append(text_.line(words));
  } catch (...) {
    // Out of memory: the checksum of the next line would build on one that is not there.
    file_.give_up();
    throw;
  }
}

std::uint64_t Ledger::number_of(const TableName& table) const {
  const auto found = std::find(tables_.begin(), tables_.end(), table);
  return static_cast<std::uint64_t>(found - tables_.begin()) + 1;
}

void Ledger::table(const TableName& name, std::optional<bool> was_empty,
                   std::optional<std::uint64_t> rows_before) {
  const std::uint64_t number = number_of(name);
  if (number <= tables_.size()) return;
  // Nothing may fail behind the line: it says which number the table has.
  TableName own = name;
  tables_.reserve(tables_.size() + 1);
  const char* const found = !was_empty ? "unknown" : *was_empty ? "empty" : "filled";
  write(text("table ", number, ' ', ledger_word(name.schema), ' ', ledger_word(name.table), ' ',
             found, rows_before ? text(' ', *rows_before) : std::string()));
  tables_.push_back(std::move(own));
}

void Ledger::emptying(const TableName& name) {
  table(name, true);
  write(text("emptying ", number_of(name)));
  file_.sync();
}

void Ledger::emptied(const TableName& name, std::uint64_t rows) {
  write(text("emptied ", number_of(name), ' ', rows));
}

void Ledger::announce(const char* kind, Batch& batch) {
  table(batch.set->table_name, {});
  const std::uint64_t number = last_batch_ + 1;
  const std::uint64_t line = batch.rows.front().line;
  batch.body_hash = hash128(batch.body.view());
  write(text(kind, ' ', number, ' ', number_of(batch.set->table_name), ' ',
             to_text(ranges_of(batch)), ' ', to_text(batch.superseded), ' ', batch.body_hash.hex(),
             ' ', batch.file, ' ', line, ' ', batch.body.size()));
  // Only now: of a number without its line nothing more may be said.
  batch.intent = last_batch_ = number;
  announced_.emplace_back(number, file_.size());
}

void Ledger::intend(Batch& batch) {
  announce("intent", batch);
}

bool Ledger::is_on_disk(const Batch& batch) {
  if (batch.intent <= synced_batch_) return true;
  for (const std::uint64_t synced = file_.synced();
       !announced_.empty() && announced_.front().second <= synced; announced_.pop_front()) {
    synced_batch_ = announced_.front().first;
  }
  return batch.intent <= synced_batch_;
}

void Ledger::sent(const Batch& batch) {
  if (!is_on_disk(batch)) file_.sync();
  write(text("sent ", batch.intent));
}

void Ledger::loaded(const Batch& batch, std::uint64_t stored, std::uint64_t ignored,
                    std::uint64_t left_out) {
  if (batch.intent == 0) return;
  write(text("loaded ", batch.intent, ' ', stored, ' ', ignored, ' ', left_out));
}

void Ledger::set_free(Batch& batch) {
  if (batch.intent == 0) return;
  write(text("free ", batch.intent));
  batch.intent = 0;
}

void Ledger::rejected(const TableName& name, std::uint64_t row, std::uint64_t rejects_bytes) {
  table(name, {});
  write(text("reject ", number_of(name), ' ', row, ' ', rejects_bytes));
}

void Ledger::unchanged(Batch& batch) {
  announce("unchanged", batch);
}

void Ledger::try_rejects_again() {
  write("again");
}

void Ledger::mark(const std::string& word, const std::string& what) {
  write(text("mark ", ledger_word(word), ' ', ledger_word(what)));
  file_.sync();
}

void Ledger::complete(bool keys_came_once) {
  write(text("complete ", keys_came_once ? "once" : "again"));
}

}  // namespace pgseed::seed
