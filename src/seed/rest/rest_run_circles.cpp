#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/order/circles.hpp"
#include "pgseed/seed/order/look_ahead.hpp"
#include "pgseed/seed/rest/rest_run.hpp"
#include "pgseed/seed/send/emptiness.hpp"

namespace pgseed::seed {

// Each request is a transaction of its own, so of rows that refer to each other one always comes
// first: without its reference, which is set when all rows are there.
void RestRun::break_circles() {
  const std::vector<std::size_t> circle = plan_.order.in_cycle;
  if (!circle.empty() && options_.mode == Mode::force && !are_empty(circle)) {
    throw Error(ErrorKind::refused,
                text("the tables ", plan_.names(circle),
                     " refer to each other in a circle: over PostgREST none can be emptied first"),
                "", kOneTransactionHint);
  }
  HeldBack held;
  // Which rows --ignore stores nobody tells, so none of them can be updated afterwards.
  if (options_.mode != Mode::ignore) {
    held = hold_back(plan_.tables, plan_.model,
                     find_looking_ahead(inputs_, options_, plan_, *tables_));
  }
  // A target may have switched its foreign keys off, as dumps do; but nothing is emptied for rows
  // that will hardly go in.
  if (!held.stuck.empty() && options_.mode == Mode::force) {
    throw Error(ErrorKind::refused,
                text("the tables ", plan_.names(held.stuck),
                     " refer to each other in a circle, and no reference of it may be NULL: over "
                     "PostgREST no row can come first"),
                "", kOneTransactionHint);
  }
  if (!held.any() || !held.stuck.empty()) {
    if (circle.empty()) return;
    return note(text("the tables ", plan_.names(circle),
                     " refer to each other in a circle; they are loaded in file order",
                     held.stuck.empty() ? ""
                                        : ", and no reference may be NULL: if the target looks at "
                                          "its foreign keys, load them with --atomic or --via "
                                          "direct"));
  }
  plan_.order = order_tables(plan_.tables, held.model);
  plan_.tell(*tables_);
  for (std::size_t index = 0; index < plan_.tables.size(); ++index) {
    RunTable& table = tables_->table(plan_.tables[index].name);
    table.held_back = held.columns[index];
    for (const std::string& column : table.held_back) {
      note(text("rows of ", to_sql(table.name), " refer to later ones: ", quote_identifier(column),
                " is set when all rows are there"));
    }
  }
  SecondPass::Setup setup;
  setup.options = &options_;
  setup.inputs = &inputs_;
  setup.tables = tables_.get();
  setup.tally = &tally_;
  setup.transport = services_.transport;
  setup.endpoint = &connection_.endpoint;
  setup.observer = services_.observer;
  setup.sender = sender_options();
  setup.clock = services_.clock;
  setup.note = [this](const std::string& line) { note(line); };
  second_ = std::make_unique<SecondPass>(setup);
  second_->prepare();
}

bool RestRun::are_empty(const std::vector<std::size_t>& tables) {
  return std::all_of(tables.begin(), tables.end(),
                     [&](std::size_t index) { return is_empty(plan_.tables[index].name); });
}

bool RestRun::is_empty(const TableName& table) {
  const Table* const model = inputs_.types().find(table);
  if (model == nullptr || model->columns.empty()) return false;
  return looks_empty(*services_.transport, connection_.endpoint, table, model->columns.front().name,
                     options_);
}

void RestRun::set_references() {
  begin("setting references");
  second_->run();
}

}  // namespace pgseed::seed
