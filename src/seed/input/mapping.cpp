#include "pgseed/seed/input/mapping.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"

namespace pgseed::seed {
namespace {

template <class Rules>
std::size_t index_of(const Rules& rules, const typename Rules::value_type* rule) {
  return static_cast<std::size_t>(rule - rules.data());
}

void mark(std::vector<bool>& marks, const std::vector<TablePattern>& patterns,
          const TableName& name) {
  marks.resize(patterns.size());
  for (std::size_t index = 0; index < patterns.size(); ++index) {
    if (patterns[index].matches(name)) marks[index] = true;
  }
}

void join(std::vector<bool>& marks, const std::vector<bool>& others) {
  marks.resize(std::max(marks.size(), others.size()));
  for (std::size_t index = 0; index < others.size(); ++index) {
    if (others[index]) marks[index] = true;
  }
}

// The positions of a template's columns; false and `missing` for one that is not there.
bool find_sources(const Template& made, const std::vector<std::string>& columns, ColumnStep& step) {
  for (const TemplatePiece& piece : made.pieces) {
    ColumnStep::Piece found{&piece, {}};
    for (const std::string& column : piece.columns) {
      const auto position = std::ranges::find(columns, column);
      if (position == columns.end()) {
        step.missing = column;
        return false;
      }
      found.sources.push_back(static_cast<std::size_t>(position - columns.begin()));
    }
    step.pieces.push_back(std::move(found));
  }
  return true;
}

}  // namespace

bool TablePattern::matches(const TableName& name) const {
  return (!schema || *schema == name.schema) && (table.empty() || table == name.table);
}

const ColumnRule* TableRule::find(const std::string& column) const {
  const auto found = std::ranges::find(columns, column, &ColumnRule::column);
  return found == columns.end() ? nullptr : &*found;
}

TableName TableRule::target_of(const TableName& from) const {
  return {schema.value_or(from.schema), table.value_or(from.table)};
}

const std::string& TableRule::source_of(const std::string& target_column) const {
  const auto renamed = std::ranges::find(columns, target_column, &ColumnRule::rename);
  return renamed == columns.end() ? target_column : renamed->column;
}

void TableRule::finish() {
  named.clear();
  for (const ColumnRule& rule : columns) {
    if (!rule.makes()) {
      named.push_back({rule.column, rule.place,
                       rule.rename ? "rename"
                       : rule.drop ? "drop"
                                   : "a default"});
    } else if (rule.made) {
      for (const TemplatePiece& piece : rule.made->pieces) {
        for (const std::string& column : piece.columns) {
          named.push_back(
              {column, rule.place, text("the value of ", quote_identifier(rule.column))});
        }
      }
    }
  }
}

bool Mapping::leaves_out(const TableName& source) const {
  const auto matches = [&](const TablePattern& pattern) { return pattern.matches(source); };
  return (!keep.empty() && std::ranges::none_of(keep, matches)) ||
         std::ranges::any_of(leave, matches);
}

const TableRule* Mapping::find(const TableName& source) const {
  const TableRule* found = nullptr;
  for (const TableRule& rule : tables) {
    if (rule.source.matches(source) && (found == nullptr || rule.source.schema)) found = &rule;
  }
  return found;
}

bool Mapping::is_unstable(const TableName& target, const std::string& column) const {
  return std::ranges::any_of(tables, [&](const TableRule& rule) {
    const TableName name =
        rule.target_of({rule.source.schema.value_or(target.schema), rule.source.table});
    const ColumnRule* const made = name == target ? rule.find(column) : nullptr;
    return made != nullptr && made->made && !made->made->is_stable();
  });
}

MappingPlan plan_columns(const Mapping& mapping, const TableRule& rule, const TableName& source,
                         const std::vector<std::string>& columns) {
  MappingPlan plan;
  plan.sources = columns.size();
  const auto add = [&](const std::string& column, ColumnStep step) {
    const auto taken = std::ranges::find(plan.columns, column);
    if (taken != plan.columns.end()) {
      const ColumnRule* const other =
          plan.steps[static_cast<std::size_t>(taken - plan.columns.begin())].rule;
      const ColumnRule* const renamed =
          step.rule != nullptr && step.rule->rename ? step.rule : other;
      throw Error(ErrorKind::usage,
                  text("two values would go into the column ", quote_identifier(column), " of ",
                       to_sql(rule.target_of(source))),
                  at(mapping.path, renamed == nullptr ? rule.source.place : renamed->place),
                  text(to_sql(source), " has the columns ", quoted_list(columns),
                       ": drop or rename the other one"));
    }
    plan.columns.push_back(column);
    plan.steps.push_back(std::move(step));
  };
  plan.is_identity = true;
  for (std::size_t position = 0; position < columns.size(); ++position) {
    const ColumnRule* const found = rule.find(columns[position]);
    if (found != nullptr && (found->drop || found->makes())) {
      plan.is_identity = false;
      if (found->drop) continue;
    }
    ColumnStep step;
    step.source = position;
    step.rule = found;
    if (found != nullptr) {
      if (found->made) find_sources(*found->made, columns, step);
      if (found->if_null || found->if_empty) plan.is_identity = false;
    }
    add(found != nullptr && found->rename ? *found->rename : columns[position], std::move(step));
  }
  for (const ColumnRule& made : rule.columns) {
    if (!made.makes() || std::ranges::find(columns, made.column) != columns.end()) continue;
    ColumnStep step;
    step.rule = &made;
    if (made.made) find_sources(*made.made, columns, step);
    plan.is_identity = false;
    add(made.column, std::move(step));
  }
  return plan;
}

void MappingUse::note_table(const Mapping& mapping, const TableRule* rule,
                            const TableName& source) {
  mark(keep, mapping.keep, source);
  mark(leave, mapping.leave, source);
  any_rows = true;
  tables.resize(mapping.tables.size());
  if (rule != nullptr) tables[index_of(mapping.tables, rule)].met = true;
}

void MappingUse::note_columns(const Mapping& mapping, const TableRule& rule,
                              const std::vector<std::string>& columns) {
  TableUse& use = tables[index_of(mapping.tables, &rule)];
  use.named.resize(rule.named.size());
  if (use.columns.empty()) use.columns = columns;
  for (std::size_t index = 0; index < rule.named.size(); ++index) {
    if (use.named[index]) continue;
    use.named[index] = std::ranges::find(columns, rule.named[index].name) != columns.end();
  }
}

std::size_t MappingUse::note_left_out(const Mapping& mapping, const TableName& source) {
  mark(keep, mapping.keep, source);
  mark(leave, mapping.leave, source);
  const auto known = std::ranges::find(left_out, source, &LeftOut::name);
  if (known == left_out.end()) left_out.push_back({source, 0});
  return static_cast<std::size_t>(std::ranges::find(left_out, source, &LeftOut::name) -
                                  left_out.begin());
}

void MappingUse::add(const MappingUse& other) {
  tables.resize(std::max(tables.size(), other.tables.size()));
  for (std::size_t index = 0; index < other.tables.size(); ++index) {
    TableUse& use = tables[index];
    use.met |= other.tables[index].met;
    use.unlisted |= other.tables[index].unlisted;
    join(use.named, other.tables[index].named);
    if (use.columns.empty()) use.columns = other.tables[index].columns;
  }
  join(keep, other.keep);
  join(leave, other.leave);
  for (const LeftOut& table : other.left_out) {
    const auto known = std::ranges::find(left_out, table.name, &LeftOut::name);
    if (known != left_out.end()) {
      known->rows += table.rows;
    } else {
      left_out.push_back(table);
    }
  }
  any_rows |= other.any_rows;
}

std::vector<std::string> require_used(const Mapping& mapping, const MappingUse& use) {
  std::string left_out;
  for (const MappingUse::LeftOut& table : use.left_out) {
    left_out += text(left_out.empty() ? "" : ", ", to_sql(table.name), " (",
                     with_separators(table.rows), table.rows == 1 ? " row)" : " rows)");
  }
  if (!use.any_rows && !left_out.empty()) {
    throw Error(ErrorKind::usage, "the mapping leaves no row to load", mapping.path,
                text("it leaves out ", left_out));
  }
  std::vector<std::string> notes;
  if (!left_out.empty()) notes.push_back(text("the mapping leaves out ", left_out));
  const auto never = [&](const TablePattern& pattern) {
    const std::string name = pattern.table.empty() ? "*" : quote_identifier(pattern.table);
    notes.push_back(text(at(mapping.path, pattern.place), ": no file has rows of ",
                         pattern.schema ? quote_identifier(*pattern.schema) + "." : "", name));
  };
  for (std::size_t index = 0; index < mapping.tables.size(); ++index) {
    const TableRule& rule = mapping.tables[index];
    const MappingUse::TableUse known =
        index < use.tables.size() ? use.tables[index] : MappingUse::TableUse{};
    if (!known.met) {
      never(rule.source);
      continue;
    }
    if (known.unlisted || known.columns.empty()) continue;  // nobody knows what they have
    for (std::size_t column = 0; column < rule.named.size(); ++column) {
      if (column < known.named.size() && known.named[column]) continue;
      const NamedColumn& named = rule.named[column];
      throw Error(ErrorKind::usage,
                  text("no row of ", quote_identifier(rule.source.table), " has the column ",
                       quote_identifier(named.name), " (", named.why, ")"),
                  at(mapping.path, named.place),
                  text("the columns of the source are ", quoted_list(known.columns)));
    }
  }
  for (std::size_t index = 0; index < mapping.keep.size(); ++index) {
    if (index >= use.keep.size() || !use.keep[index]) never(mapping.keep[index]);
  }
  for (std::size_t index = 0; index < mapping.leave.size(); ++index) {
    if (index >= use.leave.size() || !use.leave[index]) never(mapping.leave[index]);
  }
  return notes;
}

}  // namespace pgseed::seed
