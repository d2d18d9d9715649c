#include "pgseed/seed/order/run_plan.hpp"

#include <algorithm>
#include <limits>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/input/column_set.hpp"

namespace pgseed::seed {
namespace {

std::vector<OrderedTable> tables_with_rows(const std::vector<FileSurvey>& surveys,
                                           RunTables& run_tables) {
  std::vector<OrderedTable> tables;
  for (std::size_t file = 0; file < surveys.size(); ++file) {
    for (const TableSurvey& surveyed : surveys[file].tables) {
      if (surveyed.rows == 0) continue;
      RunTable& table = run_tables.table(surveyed.name);
      table.surveyed = true;
      table.last_piece = first_piece_of_file(file) + surveyed.last_piece;
      if (!table.wanted) continue;
      const auto known = std::find_if(tables.begin(), tables.end(), [&](const OrderedTable& each) {
        return each.name == surveyed.name;
      });
      if (known != tables.end()) {
        known->last_piece = table.last_piece;
      } else {
        tables.push_back(
            {surveyed.name, first_piece_of_file(file) + surveyed.first_piece, table.last_piece});
      }
    }
  }
  return tables;
}

// What no file has a row of, and one of them says so. They may stand in any order.
void add_empty_tables(const RunInputs& inputs, const Options& options, RunTables& run_tables,
                      std::vector<OrderedTable>& tables,
                      const std::function<void(const std::string&)>& note) {
  for (const FileSurvey& file : inputs.surveys()) {
    for (const TableName& name : file.empty_tables) {
      const auto is_it = [&](const OrderedTable& table) { return table.name == name; };
      if (std::ranges::any_of(tables, is_it)) continue;
      if (!wants(options, name)) continue;
      if (inputs.types().find(name) == nullptr) {
        note(text(to_sql(name),
                  " is empty in the file, and the target shows no such table: it is "
                  "passed over, whatever rows it may hold"));
        continue;
      }
      run_tables.table(name).surveyed = true;
      tables.push_back({name, std::numeric_limits<std::uint64_t>::max(), 0, true});
    }
  }
}

bool means(const std::string& wanted, const TableName& name) {
  return name.table == wanted || to_sql(name) == wanted ||
         name.schema + "." + name.table == wanted || name.schema + ".*" == wanted;
}

bool have_rows(const RunTables& tables, const std::string& wanted) {
  return std::ranges::any_of(tables.all(),
                             [&](const auto& table) { return means(wanted, table->name); });
}

// A table that is left out may be empty today: then only DDL or the target know its name.
bool is_known(const RunInputs& inputs, const std::string& wanted) {
  const auto is_meant = [&](const Table& table) { return means(wanted, table.name); };
  if (std::ranges::any_of(inputs.types().tables, is_meant)) return true;
  return std::ranges::any_of(inputs.surveys(), [&](const FileSurvey& file) {
    const auto is_named = [&](const TableName& name) { return means(wanted, name); };
    if (std::ranges::any_of(file.empty_tables, is_named)) return true;
    return std::ranges::any_of(file.definitions.names(), [&](const auto& name) {
      return means(wanted, {name.first, name.second});
    });
  });
}

[[noreturn]] void refuse_name(const char* option, const std::string& wanted,
                              const RunTables& tables) {
  std::string hint = "they have ";
  for (const auto& table : tables.all()) {
    hint += (table == tables.all().front() ? "" : ", ") + to_sql(table->name);
  }
  if (const std::size_t comma = wanted.find(','); comma != std::string::npos) {
    hint = text("name one table at a time: ", option, ' ', wanted.substr(0, comma), ' ', option,
                ' ', trim(std::string_view(wanted).substr(comma + 1)), "; ", hint);
  }
  throw Error(ErrorKind::usage, text(option, ' ', wanted, ": the files have no such table"), "",
              hint);
}

// FORCE never empties a table that --limit and --offset then leave empty.
void require_rows_to_fill(const std::vector<OrderedTable>& tables,
                          const std::vector<FileSurvey>& surveys, const Options& options) {
  for (const OrderedTable& table : tables) {
    if (table.is_empty) continue;
    std::uint64_t rows = 0;
    for (const FileSurvey& file : surveys) {
      for (const TableSurvey& surveyed : file.tables) {
        if (surveyed.name == table.name) rows += surveyed.rows;
      }
    }
    if (rows > options.offset && options.limit.value_or(1) > 0) continue;
    throw Error(ErrorKind::usage,
                text("--limit and --offset leave no row for ", to_sql(table.name),
                     ": FORCE would only empty it"),
                "", text("the files hold ", rows, " rows of it"));
  }
}

}  // namespace

void RunPlan::learn(const Model& catalogue) {
  add_foreign_keys(model, catalogue, tables);
  order = order_tables(tables, model);
}

std::vector<TableName> RunPlan::children_first() const {
  std::vector<TableName> names;
  for (auto index = order.parents_first.rbegin(); index != order.parents_first.rend(); ++index) {
    names.push_back(tables[*index].name);
  }
  return names;
}

void RunPlan::tell(RunTables& all) const {
  for (std::size_t index = 0; index < tables.size(); ++index) {
    RunTable& table = all.table(tables[index].name);
    table.pass = order.pass[index];
    table.parents = order.parents[index];
    table.circle = order.circle[index];
    table.refers_to_itself = order.refers_to_itself[index];
    table.referenced = referenced_columns(index);
  }
}

// By rows of this run: what else the target has does not know the numbers yet.
std::vector<std::string> RunPlan::referenced_columns(std::size_t parent) const {
  const std::vector<TableName> held_in = model.with_wholes(tables[parent].name);
  std::vector<std::string> columns;
  for (const OrderedTable& child : tables) {
    const Table* const table = model.find(child.name);
    if (table == nullptr) continue;
    for (const ForeignKey& key : table->foreign_keys) {
      if (!contains(held_in, key.referenced_table)) continue;
      for (const std::string& column : key.referenced_columns) {
        if (!contains(columns, column)) columns.push_back(column);
      }
    }
  }
  return columns;
}

std::string RunPlan::names(const std::vector<std::size_t>& some) const {
  std::string list;
  for (const std::size_t index : some) {
    list += text(list.empty() ? "" : ", ", to_sql(tables[index].name));
  }
  return list;
}

void require_named_tables(const RunInputs& inputs, const Options& options,
                          const RunTables& tables) {
  if (tables.all().empty()) {
    if (options.tables.empty()) return;
    throw Error(ErrorKind::input,
                inputs.size() == 1 ? "the file holds no rows" : "the files hold no rows",
                inputs.name(0));
  }
  for (const std::string& wanted : options.tables) {
    if (!have_rows(tables, wanted)) refuse_name("--table", wanted, tables);
  }
  for (const std::string& unwanted : options.exclude) {
    if (!have_rows(tables, unwanted) && !is_known(inputs, unwanted)) {
      refuse_name("--exclude", unwanted, tables);
    }
  }
}

namespace {

// Before the first row is sent.
void require_keys_in_rows(const RunInputs& inputs, const Options& options, RunTables& tables) {
  for (std::size_t part = 0; part < inputs.surveys().size(); ++part) {
    const FileSurvey& file = inputs.surveys()[part];
    for (const TableSurvey& surveyed : file.tables) {
      const RunTable& table = tables.table(surveyed.name);
      if (!table.wanted) continue;
      for (const ColumnSetUse& use : surveyed.column_sets) {
        const auto listed = columns_of_rows(surveyed.name, use, file.definitions, inputs.order(),
                                            inputs.name(part));
        if (!listed) continue;
        std::vector<std::string> columns;
        for (std::size_t index = 0; index < listed->size(); ++index) {
          if (index >= use.defaults.size() || !use.defaults[index]) {
            columns.push_back((*listed)[index]);
          }
        }
        require_key_in_rows(table, columns, options, text(inputs.name(part), ':', use.line));
      }
    }
  }
}

}  // namespace

RunPlan make_plan(const RunInputs& inputs, const Options& options, RunTables& tables,
                  const std::function<void(const std::string&)>& note) {
  RunPlan plan;
  plan.tables = tables_with_rows(inputs.surveys(), tables);
  const bool has_rows = !plan.tables.empty();
  if (takes_empty_tables(options)) add_empty_tables(inputs, options, tables, plan.tables, note);
  if (inputs.all_surveyed()) require_named_tables(inputs, options, tables);
  if (plan.tables.empty() && inputs.rows_total() > 0) {
    note("--table and --exclude leave out every table");
  }
  if (options.mode == Mode::force && !has_rows && !plan.tables.empty()) {
    throw Error(ErrorKind::usage,
                text(to_sql(plan.tables.front().name),
                     " has no rows in the files: FORCE would only empty it"),
                "", "take a table along that has rows, or empty it with SQL");
  }
  if (options.mode == Mode::force) require_rows_to_fill(plan.tables, inputs.surveys(), options);
  if (options.mode != Mode::insert) require_keys_in_rows(inputs, options, tables);
  plan.model = inputs.types();
  plan.order = order_tables(plan.tables, plan.model);
  plan.tell(tables);
  return plan;
}

}  // namespace pgseed::seed
