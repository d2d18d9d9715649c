#include "pgseed/seed/rest/second_pass.hpp"

#include <utility>

#include "pgseed/base/text.hpp"

namespace pgseed::seed {

Options SecondPass::changed(const Options& options) {
  Options second = options;
  second.mode = Mode::upsert;
  second.rejects_file.clear();
  second.if_changed = false;
  return second;
}

SecondPass::SecondPass(const Setup& setup)
    : setup_(setup),
      options_(changed(*setup.options)),
      tally_(options_.max_rejects, ""),
      tables_(options_, tally_, &setup.inputs->types()),
      sender_(
          *setup.transport, *setup.endpoint, tally_, *setup.observer,
          [&] {
            SenderOptions sender = setup.sender;
            sender.mode = Mode::upsert;
            sender.ledger = nullptr;
            // Upserts lock the row that they change and share those that it refers to: of two at
            // a time one waits for the other, and the database ends it (40P01).
            sender.concurrency = 1;
            return sender;
          }(),
          setup.clock) {
  for (std::size_t part = 0; part < setup_.inputs->size(); ++part) {
    tally_.add_file(setup_.inputs->name(part));
  }
  for (const auto& first : setup_.tables->all()) {
    RunTable& table = tables_.table(first->name);
    table.held_back = first->held_back;
    table.wanted = !table.held_back.empty();
    table.selection = first->selection;
    table.surveyed = first->surveyed;
    table.last_piece = first->last_piece;
    table.refers_to_itself = false;  // all rows are there
  }
  Loader::Setup loader;
  loader.options = &options_;
  loader.transport = setup_.transport;
  loader.endpoint = setup_.endpoint;
  loader.order = setup_.inputs->order();
  loader.tables = &tables_;
  loader.tally = &tally_;
  loader.sender = &sender_;
  loader.observer = setup_.observer;
  loader.progress = [] {};
  loader.note = setup_.note;
  loader.model_is_complete = setup_.inputs->types_are_complete();
  loader.sets_references = true;
  // What the run has inserted is NULL there; what was there before may hold anything.
  loader.only_references = setup_.options->mode != Mode::upsert;
  loader.was_refused = [this](const RunTable& table) {
    return setup_.tally->was_refused(table.name, table.seen);
  };
  loader_ = std::make_unique<Loader>(loader);
}

void SecondPass::prepare() {
  const auto& surveys = setup_.inputs->surveys();
  for (std::size_t part = 0; part < surveys.size(); ++part) {
    for (const TableSurvey& surveyed : surveys[part].tables) {
      RunTable& table = tables_.table(surveyed.name);
      if (!table.wanted) continue;
      for (const ColumnSetUse& use : surveyed.column_sets) {
        loader_->prepare(table, {&use, &surveys[part].definitions, setup_.inputs->name(part), "",
                                 setup_.inputs->dialect(part)});
      }
    }
  }
}

std::string SecondPass::held_columns() const {
  std::string names;
  for (const auto& table : tables_.all()) {
    for (const std::string& column : table->held_back) {
      names += text(names.empty() ? "" : ", ", to_sql(table->name), '.', quote_identifier(column));
    }
  }
  return names;
}

void SecondPass::load() {
  for (std::size_t part = 0; part < setup_.inputs->size() && !sender_.ended(); ++part) {
    const auto input = setup_.inputs->open_part(part);
    loader_->load(*input, part, 0, setup_.inputs->surveyed(part));
    if (!sender_.ended()) setup_.inputs->require_same(part, *input);
  }
  loader_->finish_pass();
}

void SecondPass::run() {
  const std::string half =
      text(held_columns(), " may be unset in some of the rows that count as loaded");
  try {
    load();
  } catch (...) {
    setup_.note(half);
    sender_.end();
    sender_.drain();
    throw;
  }
  if (sender_.error()) {
    setup_.note(half);
    throw Error(*sender_.error());
  }
  if (sender_.ended()) return setup_.note(half);  // a stop request
  std::uint64_t in_doubt = 0;
  for (const TableReport& table : tally_.tables()) in_doubt += table.counts.in_doubt;
  if (in_doubt > 0) {
    setup_.note(half);
    throw Error(ErrorKind::unreachable, "it is not known whether all references are set", "",
                "run the same command again");
  }
  if (const auto refused = tally_.first_reject(Mode::upsert)) {
    setup_.note(half);
    throw Error(ErrorKind::rows, refused->message, refused->where,
                "the row is stored without that reference; mend it, then seed with --upsert");
  }
}

}  // namespace pgseed::seed
