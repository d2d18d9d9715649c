#include "pgseed/seed/order/look_ahead.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <unordered_set>
#include <utility>

#include "pgseed/base/content_hash.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/seed/encode/keys.hpp"
#include "pgseed/seed/input/row_walk.hpp"
#include "pgseed/seed/order/circles.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {
namespace {

// A foreign key whose rows may stand before those that they refer to.
struct Suspect {
  TableName child;
  const ForeignKey* key = nullptr;
};

std::vector<Suspect> suspects_of(const RunPlan& plan, const Model& model) {
  std::vector<Suspect> found;
  for (std::size_t child = 0; child < plan.tables.size(); ++child) {
    const Table* const table = model.find(plan.tables[child].name);
    if (table == nullptr) continue;
    for (const ForeignKey& key : table->foreign_keys) {
      const bool is_own = key.referenced_table == table->name;
      bool is_suspect = is_own && !columns_to_hold(*table, key).empty();
      for (std::size_t parent = 0; parent < plan.tables.size() && !is_own; ++parent) {
        is_suspect |= plan.tables[parent].name == key.referenced_table &&
                      plan.order.circle[child] != 0 &&
                      plan.order.circle[child] == plan.order.circle[parent];
      }
      if (is_suspect) found.push_back({table->name, &key});
    }
  }
  return found;
}

class LookAhead final : public RowTaker {
 public:
  LookAhead(const Options& options, const Model* order, const std::vector<Suspect>& suspects)
      : options_(options), order_(order), suspects_(suspects) {}

  bool is_found(const TableName& table) const { return found_.count(table) > 0; }

  bool ended() const override { return interrupt::signal_number() != 0; }
  void enter(RunTable& /*table*/) override {}
  void take_unsupported(RunTable& /*table*/, const std::string& /*what*/, std::uint64_t /*line*/,
                        const sql::DumpReader& /*reader*/) override {}
  void take_unsupported(const sql::Statement& /*statement*/) override {}

  const ColumnSet& columns(RunTable& table, const RowKind& kind) override {
    Kind& fresh = *kinds_.emplace_back(std::make_unique<Kind>());
    fresh.set = column_set_of(table, kind, options_, order_);
    fresh.set.number = kinds_.size() - 1;
    for (const Suspect& suspect : suspects_) {
      Reference reference;
      reference.suspect = &suspect;
      const bool is_parent = suspect.key->referenced_table == table.name &&
                             find(fresh.set, suspect.key->referenced_columns, reference.parent);
      const bool is_child =
          suspect.child == table.name && find(fresh.set, suspect.key->columns, reference.child);
      if (!is_parent) reference.parent.clear();
      if (!is_child) reference.child.clear();
      if (is_parent || is_child) fresh.references.push_back(std::move(reference));
    }
    return fresh.set;
  }

  void take(const ColumnSet& set, const sql::Row& row) override {
    for (const Reference& reference : kinds_[set.number]->references) {
      Seen& seen = seen_[reference.suspect];
      if (const std::string own = key_of(set, reference.parent, row); !own.empty()) {
        const std::uint64_t hash = hash64(own);
        seen.rows.insert(hash);
        if (seen.awaited.count(hash) > 0) found_.insert(reference.suspect->child);
      }
      if (const std::string parent = key_of(set, reference.child, row); !parent.empty()) {
        const std::uint64_t hash = hash64(parent);
        if (seen.rows.count(hash) == 0) seen.awaited.insert(hash);
      }
    }
  }

 private:
  struct Reference {
    const Suspect* suspect = nullptr;
    std::vector<std::size_t> child, parent;  // positions of its columns, where they are this set's
  };
  struct Kind {
    ColumnSet set;
    std::vector<Reference> references;
  };
  struct Seen {
    std::unordered_set<std::uint64_t> rows, awaited;
  };

  static bool find(const ColumnSet& set, const std::vector<std::string>& names,
                   std::vector<std::size_t>& positions) {
    for (const std::string& name : names) {
      const auto found = std::find(set.columns.begin(), set.columns.end(), name);
      if (found == set.columns.end()) return false;
      positions.push_back(static_cast<std::size_t>(found - set.columns.begin()));
    }
    return !positions.empty();
  }

  const Options& options_;
  const Model* order_;
  const std::vector<Suspect>& suspects_;
  std::vector<std::unique_ptr<Kind>> kinds_;
  std::map<const Suspect*, Seen> seen_;
  std::set<TableName> found_;
};

}  // namespace

std::vector<bool> find_looking_ahead(const RunInputs& inputs, const Options& options,
                                     const RunPlan& plan, RunTables& tables) {
  std::vector<bool> ahead(plan.tables.size(), false);
  Tally uncounted({}, "");
  RunTables own(options, uncounted, &inputs.types());
  const std::vector<Suspect> suspects = suspects_of(plan, inputs.types());
  if (suspects.empty() || !inputs.all_surveyed() || !inputs.all_repeatable()) return ahead;
  for (const auto& known : tables.all()) {
    RunTable& table = own.table(known->name);
    table.selection = known->selection;
    table.surveyed = known->surveyed;
    table.last_piece = known->last_piece;
    table.wanted =
        known->wanted && std::any_of(suspects.begin(), suspects.end(), [&](const Suspect& each) {
          return each.child == known->name || each.key->referenced_table == known->name;
        });
  }
  LookAhead taker(options, inputs.order(), suspects);
  for (std::size_t part = 0; part < inputs.size(); ++part) {
    const auto input = inputs.open_part(part);
    const bool surveyed = inputs.surveyed(part);
    walk_rows(*input, {&options, &own, inputs.order(), part, 0, surveyed}, taker);
    if (interrupt::signal_number() != 0) throw Interrupted{};
    inputs.require_same(part, *input);
  }
  for (std::size_t index = 0; index < plan.tables.size(); ++index) {
    ahead[index] = taker.is_found(plan.tables[index].name);
  }
  return ahead;
}

}  // namespace pgseed::seed
