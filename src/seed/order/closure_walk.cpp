#include "pgseed/seed/order/closure_walk.hpp"

#include <algorithm>
#include <memory>
#include <unordered_set>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/seed/encode/keys.hpp"
#include "pgseed/seed/encode/row_json.hpp"
#include "pgseed/seed/input/row_walk.hpp"
#include "pgseed/seed/order/closure.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {
namespace {

// A question about rows of the target names this many keys at most.
constexpr std::size_t kMostAsked = 20;

// Columns of a table that foreign keys refer to.
struct Referenced {
  TableName table;
  std::vector<std::string> columns;  // sorted
  bool is_emptied = false;           // by FORCE: what the target has there does not count
  // Of keys that no row of the files has, in a pass that asks for them.
  std::vector<Closure::Key> waiting;
  std::vector<std::vector<std::string>> values;
};

struct ForeignKeyColumns {
  std::size_t to = 0;                // among the Referenced
  std::vector<std::string> columns;  // in the order of its columns
};

struct KnownTable {
  TableName name;
  std::vector<ForeignKeyColumns> references;
  std::vector<std::size_t> keys;  // among the Referenced
};

class ClosureWalk final : private RowTaker {
 public:
  ClosureWalk(RunInputs& inputs, const Options& options, const Model& model, const AskTarget& ask)
      : inputs_(inputs), options_(options), model_(model), ask_(ask) {
    walked_ = options;
    walked_.limit.reset();
    walked_.offset = 0;
    for (const Table& table : model.tables) learn(table);
  }

  void run() {
    do {
      closure_.begin_pass();
      pass();
    } while (closure_.wants_pass());
    is_asking_ = true;
    bool more = closure_.any_missing();
    while (more) {
      pass();
      for (Referenced& each : referenced_) ask(each);
      more = closure_.drop();
    }
  }

  void select(RunTables& tables, const std::function<void(const std::string&)>& note) {
    auto selections = closure_.selections();
    for (auto& [index, selection] : selections) {
      RunTable& table = tables.table(tables_[index].name);
      if (!selection.pulled.empty()) {
        note(text(with_separators(selection.pulled.size()), " rows of ", to_sql(table.name),
                  " that --limit leaves out were taken all the same: others refer to them"));
      }
      if (!selection.left_out.empty()) {
        note(text(with_separators(selection.left_out.size()), " rows of ", to_sql(table.name),
                  " were skipped: they refer to rows that neither the files nor the target have"));
      }
      table.selection = std::move(selection);
    }
  }

 private:
  // The columns of a set that a row's keys and references stand in.
  struct Kind {
    const RunTable* table = nullptr;
    ColumnSetUse use;
    sql::Dialect dialect = sql::Dialect::postgresql;
    ColumnSet set;
    std::size_t index = 0;  // among tables_
    struct Part {
      std::size_t to = 0;
      std::vector<std::size_t> positions;
    };
    std::vector<Part> keys, references;
  };

  void learn(const Table& table) {
    const std::size_t child = number_of(table.name);
    for (const ForeignKey& key : table.foreign_keys) {
      std::vector<std::size_t> order(key.columns.size());
      for (std::size_t at = 0; at < order.size(); ++at) order[at] = at;
      std::ranges::sort(order, {}, [&](std::size_t at) { return key.referenced_columns[at]; });
      ForeignKeyColumns reference;
      std::vector<std::string> columns;
      for (const std::size_t at : order) {
        columns.push_back(key.referenced_columns[at]);
        reference.columns.push_back(key.columns[at]);
      }
      reference.to = number_of(key.referenced_table, columns);
      tables_[child].references.push_back(std::move(reference));
    }
  }

  std::size_t number_of(const TableName& name) {
    const auto found =
        std::ranges::find_if(tables_, [&](const KnownTable& each) { return each.name == name; });
    if (found != tables_.end()) return static_cast<std::size_t>(found - tables_.begin());
    tables_.push_back({name, {}, {}});
    return tables_.size() - 1;
  }

  std::size_t number_of(const TableName& table, const std::vector<std::string>& columns) {
    const auto found = std::ranges::find_if(referenced_, [&](const Referenced& each) {
      return each.table == table && each.columns == columns;
    });
    if (found != referenced_.end()) return static_cast<std::size_t>(found - referenced_.begin());
    Referenced fresh;
    fresh.table = table;
    fresh.columns = columns;
    referenced_.push_back(std::move(fresh));
    tables_[number_of(table)].keys.push_back(referenced_.size() - 1);
    return referenced_.size() - 1;
  }

  void pass() {
    Tally tally({}, "");
    RunTables tables(walked_, tally, &inputs_.types());
    kinds_.clear();
    for (std::size_t part = 0; part < inputs_.size(); ++part) {
      const Walk walk{&walked_, &tables, inputs_.order(), part, 0, inputs_.surveyed(part)};
      walk_rows(*inputs_.open_part(part), walk, *this);
    }
    if (options_.mode != Mode::force) return;
    for (const auto& table : tables.all()) {
      for (Referenced& each : referenced_) {
        each.is_emptied |= table->wanted && each.table == table->name;
      }
    }
    for (const FileSurvey& file : inputs_.surveys()) {
      for (Referenced& each : referenced_) {
        each.is_emptied |= contains(file.empty_tables, each.table) && wants(options_, each.table);
      }
    }
  }

  bool ended() const override { return false; }
  void enter(RunTable& table) override { current_ = &table; }

  const ColumnSet& columns(RunTable& table, const RowKind& kind) override {
    for (const auto& known : kinds_) {
      if (known->table == &table && known->dialect == kind.dialect &&
          are_alike(known->use, *kind.use)) {
        return known->set;
      }
    }
    Kind& fresh = *kinds_.emplace_back(std::make_unique<Kind>());
    fresh.table = &table;
    fresh.use = *kind.use;
    fresh.dialect = kind.dialect;
    fresh.set = column_set_of(table, kind, options_, inputs_.order());
    fresh.set.number = kinds_.size() - 1;
    fresh.index = number_of(table.name);
    const auto add = [&](std::vector<Kind::Part>& parts, std::size_t to,
                         const std::vector<std::string>& columns) {
      Kind::Part part{to, {}};
      for (const std::string& column : columns) {
        const auto found = std::ranges::find(fresh.set.columns, column);
        if (found == fresh.set.columns.end()) return;  // by default NULL, or nobody knows
        part.positions.push_back(static_cast<std::size_t>(found - fresh.set.columns.begin()));
      }
      parts.push_back(std::move(part));
    };
    // A row of a partition is one of the whole table.
    for (const TableName& name : model_.with_wholes(table.name)) {
      for (const std::size_t key : tables_[number_of(name)].keys) {
        add(fresh.keys, key, referenced_[key].columns);
      }
    }
    for (const ForeignKeyColumns& reference : tables_[fresh.index].references) {
      add(fresh.references, reference.to, reference.columns);
    }
    return fresh.set;
  }

  void take(const ColumnSet& set, const sql::Row& row) override {
    const Kind& kind = *kinds_[set.number];
    if (is_asking_) return collect(kind, row);
    const std::uint64_t number = current_->seen;
    const bool chosen = number > options_.offset &&
                        (!options_.limit || number - options_.offset <= *options_.limit);
    if (!chosen && kind.keys.empty()) return;
    hash(kind, kind.keys, row, key_hashes_);
    hash(kind, kind.references, row, reference_hashes_);
    closure_.row(kind.index, number, chosen, key_hashes_, reference_hashes_);
  }
  void take_unsupported(RunTable&, const std::string&, std::uint64_t,
                        const sql::DumpReader&) override {}
  void take_unsupported(const sql::Statement&) override {}

  // NULL refers to nothing and is no key.
  bool hash_of(const Kind& kind, const Kind::Part& part, const sql::Row& row, Closure::Key& hash) {
    const std::string key = key_of(kind.set, part.positions, row);
    if (key.empty()) return false;
    buffer_ = text(part.to, ' ', key);
    hash = std::hash<std::string>{}(buffer_);
    return true;
  }

  void hash(const Kind& kind, const std::vector<Kind::Part>& parts, const sql::Row& row,
            std::vector<Closure::Key>& hashes) {
    hashes.clear();
    Closure::Key one = 0;
    for (const Kind::Part& part : parts) {
      if (hash_of(kind, part, row, one)) hashes.push_back(one);
    }
  }

  // --- keys that no row of the files has

  void collect(const Kind& kind, const sql::Row& row) {
    Closure::Key hash = 0;
    for (const Kind::Part& part : kind.references) {
      if (!hash_of(kind, part, row, hash) || !closure_.is_missing(hash)) continue;
      Referenced& to = referenced_[part.to];
      if (to.is_emptied || !asked_.insert(hash).second) continue;
      std::vector<std::string> values;
      for (const std::size_t position : part.positions) {
        values.push_back(
            text_of_value(kind.set, position, row.values[kind.set.value_index[position]])
                .value_or(""));
      }
      to.waiting.push_back(hash);
      to.values.push_back(std::move(values));
      if (to.waiting.size() >= kMostAsked) ask(to);
    }
  }

  void ask(Referenced& to) {
    if (to.waiting.empty()) return;
    const std::vector<bool> found = ask_(to.table, to.columns, to.values);
    for (std::size_t index = 0; index < to.waiting.size(); ++index) {
      if (found[index]) closure_.found_elsewhere(to.waiting[index]);
    }
    to.waiting.clear();
    to.values.clear();
  }

  RunInputs& inputs_;
  const Options& options_;
  const Model& model_;
  const AskTarget& ask_;
  Options walked_;  // without a limit
  Closure closure_;
  std::vector<KnownTable> tables_;
  std::vector<Referenced> referenced_;
  std::vector<std::unique_ptr<Kind>> kinds_;
  RunTable* current_ = nullptr;
  bool is_asking_ = false;
  std::unordered_set<Closure::Key> asked_;
  std::string buffer_;
  std::vector<Closure::Key> key_hashes_, reference_hashes_;
};

}  // namespace

void select_closure(RunInputs& inputs, const Options& options, RunTables& tables,
                    const Model& model, const AskTarget& ask,
                    const std::function<void(const std::string&)>& note) {
  ClosureWalk walk(inputs, options, model, ask);
  walk.run();
  walk.select(tables, note);
}

}  // namespace pgseed::seed
