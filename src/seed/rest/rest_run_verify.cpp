#include "pgseed/seed/rest/rest_run.hpp"

#include <utility>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/seed/verify/verifier.hpp"
#include "pgseed/seed/verify/verify_run.hpp"

namespace pgseed::seed {

// Of a table that is empty now, everything that is in it afterwards is ours.
void RestRun::look_before() {
  tally_.keep_numbers();
  for (const OrderedTable& table : plan_.tables) {
    LoadedBefore::Table& before = before_.tables.emplace_back();
    before.name = table.name;
    before.was_empty = options_.mode == Mode::force;
    if (before.was_empty) continue;
    before.was_empty = is_empty(table.name);
  }
}

std::unique_ptr<Verifier> RestRun::make_verifier() {
  VerifierSetup setup;
  setup.options = &options_;
  setup.order = services_.database_url.empty() ? inputs_.order() : &catalogue();
  setup.before = before_;
  setup.note = [this](const std::string& line) { note(line); };
  setup.database_url = services_.database_url;
  if (options_.deadline) setup.deadline = started_ + *options_.deadline;
  setup.transport = services_.transport;
  setup.endpoint = &connection_.endpoint;
  return seed::make_verifier(std::move(setup));
}

void RestRun::compare() {
  if (!options_.verify || !loader_ || options_.dry_run || report.error || sender_->error() ||
      interrupt::signal_number() != 0) {
    return;
  }
  keeps_proof_ = true;
  if (before_.tables.empty()) {  // an earlier run stored the rows, and told how many it left alone
    for (const OrderedTable& table : plan_.tables) before_.tables.emplace_back().name = table.name;
  }
  before_.refused = tally_.rejected_numbers();
  const std::vector<TableReport> counts = tally_.final_tables();
  for (LoadedBefore::Table& table : before_.tables) {
    for (std::size_t index = 0; index < counts.size(); ++index) {
      if (counts[index].table != table.name) continue;
      table.ignored = counts[index].counts.ignored;
      table.unstored = tally_.unnamed(index);
    }
  }
  const auto started = services_.clock();
  Tally uncounted({}, "");
  RunTables tables(options_, uncounted, &inputs_.types());
  const RunPlan plan = make_plan(inputs_, options_, tables, [](const std::string&) {});
  for (const auto& table : tables_->all()) {
    tables.table(table->name).selection = table->selection;
  }
  const std::unique_ptr<Verifier> verifier = make_verifier();
  walk_for(*verifier, inputs_, plan, options_, tables, inputs_.order());
  VerifyReport& verification = report.verification.emplace();
  verifier->finish(verification);
  verification.seconds = std::chrono::duration<double>(services_.clock() - started).count();
  report.error = verification.error();
  keeps_proof_ = report.error.has_value();
}

}  // namespace pgseed::seed
