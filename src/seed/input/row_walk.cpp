#include "pgseed/seed/input/row_walk.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "pgseed/seed/input/backslashes.hpp"
#include "pgseed/seed/input/foreign_value.hpp"
#include "pgseed/seed/input/reading.hpp"
#include "pgseed/seed/input/row_mapper.hpp"
#include "pgseed/seed/input/script_watch.hpp"

namespace pgseed::seed {
namespace {

class RowWalk {
 public:
  RowWalk(DumpInput& input, const Walk& walk, RowTaker& taker)
      : walk_(walk),
        taker_(taker),
        options_(*walk.options),
        input_(input),
        meaning_(meaning_of(input, options_)),
        reader_(input, input.name(), reader_options(input, options_)),
        backslashes_(input, walk.surveyed ? "decided" : options_.dialect),
        piece_(first_piece_of_file(walk.file)),
        definitions_(meaning_.dialect),
        script_(input.name(), meaning_.dialect) {
    const Mapping* const mapping = mapping_of(input, options_);
    if (mapping == nullptr) return;
    RowMapper::Setup setup;
    setup.mapping = mapping;
    setup.path = input.name();
    setup.default_schema = options_.schema;
    setup.definitions = &definitions_;
    setup.order = walk.order;
    mapper_.emplace(std::move(setup));
  }

  WalkResult run() {
    while (!finished_ && !taker_.ended()) {
      const sql::Piece piece = backslashes_.next(reader_);
      if (piece == sql::Piece::end) {
        if (!walk_.surveyed) script_.end();
        break;
      }
      backslashes_.require_decided();
      ++piece_;
      if (piece == sql::Piece::row) {
        row();
        if (table_ != nullptr && piece_ == table_->last_piece) leave();
      } else {
        statement();
      }
    }
    WalkResult result;
    if (mapper_) result.mapping_use = mapper_->use();
    result.zero_dates = zero_dates_;
    return result;
  }

 private:
  void statement() {
    const sql::Statement& statement = reader_.statement();
    const std::string& path_schema = reader_.search_path();
    const std::string& schema = path_schema.empty() ? options_.schema : path_schema;
    if (!walk_.surveyed) script_.pass_over(statement, schema, definitions_);
    if (statement.kind == sql::StatementKind::ddl ||
        statement.kind == sql::StatementKind::session) {
      definitions_.note(statement.text, schema);
      if (mapper_) mapper_->definitions_changed();
    }
    if (sql::is_unsupported(statement.kind)) {
      taker_.take_unsupported(statement);
    } else {
      taker_.pass_by(statement);
    }
  }

  void leave() {
    if (table_->surveyed && table_->wanted && table_->pass == walk_.pass) taker_.leave(*table_);
  }

  void begin_statement(const sql::RowsHead& head) {
    head_number_ = head.number;
    set_ = nullptr;
    if (!walk_.surveyed) script_.rows(head, options_.schema);
    TableName name{head.table.schema.value_or(options_.schema), head.table.name};
    if (mapper_) {
      auto target = mapper_->begin(head);
      left_out_ = !target;
      if (left_out_) return;
      name = *std::move(target);
    }
    table_ = &walk_.tables->table(name);
    if (!table_->wanted || table_->pass != walk_.pass || table_ == entered_) return;
    entered_ = table_;
    taker_.enter(*table_);
  }

  void row() {
    if (reader_.head().number != head_number_) begin_statement(reader_.head());
    if (left_out_) return mapper_->left_out();
    RunTable& table = *table_;
    if (!table.wanted || table.pass != walk_.pass) return;
    ++table.seen;
    const bool too_late = options_.limit && table.seen > options_.offset &&
                          table.seen - options_.offset > *options_.limit;
    if (too_late || table.seen <= options_.offset) {
      if (!is_in(table, &Selection::pulled)) return too_late ? look_for_the_end() : void();
    } else if (is_in(table, &Selection::left_out)) {
      return taker_.take_left_out(table);
    }
    const sql::Row& row = mapper_ ? mapper_->map(reader_.row(), table.seen) : reader_.row();
    if (!row.unsupported.empty()) {
      return taker_.take_unsupported(table, row.unsupported, row.unsupported_line, reader_);
    }
    if (set_ == nullptr || has_defaults(row)) {
      set_ = &columns_for(row);
      if (taker_.ended()) return;
      if (has_defaults(row)) head_number_ = 0;  // the next row may have another set
    }
    const ColumnSet& set = *set_;
    for (std::size_t index = 0; index < set.columns.size(); ++index) {
      const sql::Value& value = row.values[set.value_index[index]];
      if (!may_not_carry(value, set.classes[index], meaning_)) continue;
      if (const auto why = cannot_carry(value, set.classes[index], set.types[index], meaning_)) {
        return taker_.take_unsupported(table, *why, row.line, reader_);
      }
      if (set.classes[index] == ColumnClass::time && meaning_.zero_dates_are_null &&
          meaning_.dialect == sql::Dialect::mysql && is_zero_date(value)) {
        ++zero_dates_;
      }
    }
    taker_.take(set, row);
  }

  static bool is_in(const RunTable& table, std::vector<std::uint64_t> Selection::*rows) {
    return table.selection && std::binary_search(((*table.selection).*rows).begin(),
                                                 ((*table.selection).*rows).end(), table.seen);
  }

  // Rows of the table that may follow are of no use.
  bool has_all(const RunTable& table) const {
    if (table.selection && !table.selection->pulled.empty() &&
        table.seen < table.selection->pulled.back()) {
      return false;
    }
    return table.seen > options_.offset && table.seen - options_.offset > *options_.limit;
  }

  const ColumnSet& columns_for(const sql::Row& row) {
    ColumnSetUse use = use_of(mapper_ ? mapper_->head() : reader_.head(), row);
    if (mapper_) use.declared_types = mapper_->declared_types();
    return taker_.columns(
        *table_, {&use, &definitions_, input_.name(), reader_.time_zone(), meaning_.dialect});
  }

  // A table has its LIMIT: stop reading when all others have theirs too. Only a survey knows
  // whether more tables follow.
  void look_for_the_end() {
    if (!walk_.surveyed || walk_.whole || ++over_limit_ % 64 != 1) return;
    const auto& tables = walk_.tables->all();
    finished_ = std::all_of(tables.begin(), tables.end(), [&](const auto& table) {
      return !table->wanted || table->pass != walk_.pass || has_all(*table) || !table->surveyed ||
             table->last_piece < piece_;
    });
  }

  const Walk& walk_;
  RowTaker& taker_;
  const Options& options_;
  DumpInput& input_;
  Meaning meaning_;
  sql::DumpReader reader_;
  Backslashes backslashes_;
  std::uint64_t piece_;
  sql::TableDefinitions definitions_;
  ScriptWatch script_;  // where no survey was
  std::uint64_t head_number_ = 0;
  std::uint64_t over_limit_ = 0;
  std::uint64_t zero_dates_ = 0;
  RunTable* table_ = nullptr;
  RunTable* entered_ = nullptr;
  const ColumnSet* set_ = nullptr;  // of the rows of the statement at hand
  std::optional<RowMapper> mapper_;
  bool left_out_ = false;  // by the mapping
  bool finished_ = false;
};

}  // namespace

WalkResult walk_rows(DumpInput& input, const Walk& walk, RowTaker& taker) {
  return RowWalk(input, walk, taker).run();
}

}  // namespace pgseed::seed
