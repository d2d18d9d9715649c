#include "pgseed/seed/dry_run.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/input/column_set.hpp"
#include "pgseed/seed/order/run_plan.hpp"
#include "pgseed/seed/run_tables.hpp"
#include "pgseed/seed/send/preflight.hpp"
#include "pgseed/seed/tally.hpp"

namespace pgseed::seed {
namespace {

struct Wanted {
  TableName name;
  std::uint64_t rows = 0, unsupported = 0;  // of all files
};

// Behind --offset, up to --limit.
std::uint64_t rows_taken(const Wanted& table, const Options& options) {
  const std::uint64_t behind = table.rows - std::min(table.rows, options.offset);
  const std::uint64_t taken = options.limit ? std::min(behind, *options.limit) : behind;
  // Which of the rows those are that cannot be carried, nobody has counted.
  return std::min(taken, table.rows - table.unsupported);
}

}  // namespace

void tell_dry_run(const RunInputs& inputs, const Options& options,
                  const std::function<void(const std::string&)>& note) {
  Tally uncounted({}, "");
  RunTables tables(options, uncounted, &inputs.types());
  std::vector<Wanted> all;
  for (std::size_t part = 0; part < inputs.surveys().size(); ++part) {
    const FileSurvey& file = inputs.surveys()[part];
    for (const TableSurvey& surveyed : file.tables) {
      const RunTable& table = tables.table(surveyed.name);
      if (!table.wanted) continue;
      auto known = std::find_if(all.begin(), all.end(),
                                [&](const Wanted& each) { return each.name == surveyed.name; });
      if (known == all.end()) known = all.insert(known, {surveyed.name, 0, 0});
      known->rows += surveyed.rows;
      known->unsupported += surveyed.unsupported_rows;
      if (!inputs.types_are_complete()) continue;
      for (const ColumnSetUse& use : surveyed.column_sets) {
        const std::string where = text(inputs.name(part), ':', use.line);
        if (table.model == nullptr && inputs.has_openapi()) {
          throw Error(ErrorKind::refused, text("the API has no table ", to_sql(surveyed.name)),
                      where, kMissingTableHint);
        }
        ColumnSet set = column_set_of(
            table, {&use, &file.definitions, inputs.name(part), "", inputs.dialect(part)}, options,
            inputs.order());
        fit_to_catalogue(set, table.model, where, options.regenerate_identity);
        require_key_in_rows(table, set.columns, options, where);
      }
    }
  }
  if (takes_empty_tables(options)) {
    for (const FileSurvey& file : inputs.surveys()) {
      for (const TableName& name : file.empty_tables) {
        const auto has_rows = [&](const Wanted& each) { return each.name == name; };
        if (std::ranges::any_of(all, has_rows) || !tables.table(name).wanted) continue;
        note(text("would empty ", to_sql(name), ", which has no rows in the file"));
      }
    }
  }
  require_named_tables(inputs, options, tables);
  for (const Wanted& table : all) {
    const std::uint64_t rows = rows_taken(table, options);
    note(text("would load ", with_separators(rows), rows == 1 ? " row into " : " rows into ",
              to_sql(table.name)));
  }
}

}  // namespace pgseed::seed
