#include "pgseed/seed/ledger/run_ledger.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/ledger/ledger_file.hpp"
#include "pgseed/seed/ledger/work_identity.hpp"

namespace pgseed::seed {
namespace {

constexpr const char* kLeftOut = "left-out";

}  // namespace

RunLedger::RunLedger(const Options& options, const std::string& target,
                     const std::vector<std::string>& sources)
    : folder_(options.ledger_folder),
      target_(target),
      work_(work_name(options, target, sources)),
      skips_unsupported_(options.skip_unsupported) {
  make_ledger_folder(folder_);
  locks_.emplace_back(path(".lock"), "the same work");
  const std::string boot = boot_of(path(".ledger"));
  if (const auto bytes = read_ledger_file(path(".ledger"))) {
    if (options.unfinished == Continue::fresh) {
      is_abandoned_ = true;
    } else {
      past_ = read_ledger(*bytes, path(".ledger"), boot);
    }
  }
  if (past_ && past_->head.work != work_) {
    refuse_ledger(path(".ledger"), 1, "it is that of other work");
  }
  is_complete_ = past_ && past_->complete;
  if (past_ && !is_complete_ && !past_->has_effects()) past_.reset();
  if (options.if_changed && options.unfinished != Continue::fresh) {
    if (const auto bytes = read_ledger_file(path(".done"))) {
      done_ = read_ledger(*bytes, path(".done"), boot);
      if (done_ && (!done_->complete || done_->head.work != work_)) done_.reset();
    }
  }
  if (!past_ && options.unfinished == Continue::insist) {
    throw Error(ErrorKind::usage, "there is no run to go on with (--resume)", path(".ledger"),
                "the files, the target and all options that choose rows must be those of the run "
                "that was stopped; without --resume a new one begins");
  }
}

std::string RunLedger::path(const char* ending) const {
  return text(folder_, '/', work_, ending);
}

void RunLedger::forget() {
  if (is_complete_) {
    settle();
    done_ = past_;
  } else {
    is_abandoned_ = true;
  }
  past_.reset();
}

void RunLedger::forget_finished() {
  done_.reset();
  std::remove(path(".done").c_str());
  sync_folder_of(path(".done"));
}

void RunLedger::forget_everything() {
  past_.reset();
  is_complete_ = false;
  std::remove(path(".ledger").c_str());
  forget_finished();
}

bool RunLedger::is_done(const std::vector<LedgerSource>& sources) const {
  const bool all_hashed = std::all_of(sources.begin(), sources.end(),
                                      [](const LedgerSource& each) { return each.hash; });
  const std::optional<LedgerState>& last = past_ ? past_ : done_;
  return all_hashed && last && last->complete && last->head.sources == sources &&
         (skips_unsupported_ || last->marks.count(kLeftOut) == 0);
}

void RunLedger::begin(const LedgerHead& head, const std::string& rejects) {
  if (past_) {
    is_complete_ = false;
    ledger_ = std::make_unique<Ledger>(path(".ledger"), *past_, rejects);
    resume_ = std::make_unique<Resume>(*std::exchange(past_, std::nullopt));
  } else {
    if (is_abandoned_) forget_finished();
    LedgerHead own = head;
    own.work = work_;
    own.target = target_;
    ledger_ = std::make_unique<Ledger>(path(".ledger"), own, rejects);
  }
}

void RunLedger::compare() {
  resume_ = std::make_unique<Resume>(*std::exchange(past_, std::nullopt));
}

void RunLedger::lock(const TableName& table) {
  if (std::find(locked_.begin(), locked_.end(), table) != locked_.end()) return;
  locks_.emplace_back(text(folder_, '/', table_lock_name(target_, table), ".lock"),
                      text("the table ", to_sql(table)));
  locked_.push_back(table);
}

void RunLedger::complete(bool keys_came_once, bool left_out) {
  if (left_out) ledger_->mark(kLeftOut, "unsupported");
  ledger_->complete(keys_came_once);
  is_complete_ = !ledger_->is_broken();
}

void RunLedger::settle() {
  if (!std::exchange(is_complete_, false)) return;
  // What a power cut takes of this is asked for again.
  if (std::rename(path(".ledger").c_str(), path(".done").c_str()) == 0) return;
  throw Error(ErrorKind::storage,
              text("all is loaded, but the ledger cannot be renamed: ", std::strerror(errno)),
              path(".ledger"), kLedgerHint);
}

bool may_go_on(const LedgerState& past, const std::vector<LedgerSource>& sources,
               const Options& options) {
  const bool insists = options.unfinished == Continue::insist;
  const auto is_stream = [](const LedgerSource& each) { return !each.hash; };
  if (past.head.sources == sources) {
    // A pipe may bring anything; where a row sent again does no harm, it is sent again.
    return options.mode == Mode::insert || insists ||
           std::none_of(sources.begin(), sources.end(), is_stream);
  }
  if (options.mode != Mode::insert && !insists) return false;
  std::string name = "the input";
  for (const LedgerSource& source : sources) {
    if (std::find(past.head.sources.begin(), past.head.sources.end(), source) ==
        past.head.sources.end()) {
      name = source.name;
    }
  }
  throw Error(ErrorKind::input, "the file changed since the run that did not come to its end", name,
              options.mode == Mode::insert
                  ? "rows of that run are in the table: --upsert loads the new contents over them, "
                    "--fresh sends every row anew"
                  : "without --resume the new contents are loaded from their beginning");
}

}  // namespace pgseed::seed
