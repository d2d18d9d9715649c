#include "pgseed/seed/input/row_mapper.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/base/uuid.hpp"
#include "pgseed/seed/input/survey.hpp"

namespace pgseed::seed {

// One list of columns that rows of a table come with.
struct RowMapper::List {
  // As the statements say it.
  std::vector<std::string> columns;
  bool listed = false;
  bool is_copy = false;
  std::size_t values = 0;

  bool resolved = false;  // the columns are known
  MappingPlan plan;
  sql::RowsHead head;
  std::vector<std::string> declared_types;
  std::vector<std::string> made;  // texts of the last row, by position
  sql::Row row;
};

// A table of the source.
struct RowMapper::Known {
  TableName source, target;
  const TableRule* rule = nullptr;
  std::optional<std::size_t> left_out;  // its place in the list of those
  std::vector<std::unique_ptr<List>> lists;
};

RowMapper::RowMapper(Setup setup) : setup_(std::move(setup)), md5_("MD5"), sha1_("SHA1") {}
RowMapper::~RowMapper() = default;

const TableName& RowMapper::source() const {
  return table_->source;
}

const std::vector<std::string>& RowMapper::declared_types() const {
  static const std::vector<std::string> none;
  return list_ == nullptr ? none : list_->declared_types;
}

void RowMapper::left_out() {
  ++use_.left_out[*table_->left_out].rows;
}

std::optional<TableName> RowMapper::begin(const sql::RowsHead& head) {
  source_head_ = head_ = &head;
  list_ = nullptr;
  const std::string& schema = head.table.schema ? *head.table.schema : setup_.default_schema;
  const auto is_it = [&](const Known& known) {
    return known.source.table == head.table.name && known.source.schema == schema;
  };
  if (table_ == nullptr || !is_it(*table_)) {
    const auto found =
        std::ranges::find_if(tables_, [&](const auto& each) { return is_it(*each); });
    if (found != tables_.end()) {
      table_ = found->get();
    } else {
      table_ = tables_.emplace_back(std::make_unique<Known>()).get();
      table_->source = table_->target = {schema, head.table.name};
      if (setup_.mapping->leaves_out(table_->source)) {
        table_->left_out = use_.note_left_out(*setup_.mapping, table_->source);
      } else {
        table_->rule = setup_.mapping->find(table_->source);
        if (table_->rule != nullptr) table_->target = table_->rule->target_of(table_->source);
        use_.note_table(*setup_.mapping, table_->rule, table_->source);
      }
    }
  }
  if (table_->left_out) return {};
  return table_->target;
}

void RowMapper::definitions_changed() {
  for (const auto& table : tables_) {
    std::erase_if(table->lists, [](const auto& list) { return !list->listed; });
  }
  list_ = nullptr;
}

void RowMapper::choose_list(std::size_t values) {
  const sql::RowsHead& head = *source_head_;
  const auto found = std::ranges::find_if(table_->lists, [&](const auto& each) {
    return each->values == values && each->listed == head.has_columns &&
           each->is_copy == head.is_copy && each->columns == head.columns;
  });
  if (found != table_->lists.end()) {
    list_ = found->get();
  } else {
    list_ = table_->lists.emplace_back(std::make_unique<List>()).get();
    resolve(*list_, values);
  }
  list_->head.number = head.number;
  list_->head.line = head.line;
  list_->head.overriding_system = head.overriding_system;
  list_->head.overriding_user = head.overriding_user;
}

void RowMapper::resolve(List& list, std::size_t values) {
  const sql::RowsHead& head = *source_head_;
  const TableRule& rule = *table_->rule;
  list.columns = head.columns;
  list.listed = head.has_columns;
  list.is_copy = head.is_copy;
  list.values = values;
  const ColumnSetUse use = use_of(head, values);
  auto columns = columns_of_rows(table_->source, use, *setup_.definitions, nullptr, setup_.path);
  // The catalogue knows the target: its order, too, is one that rows without a list may follow.
  if (!columns) {
    columns = columns_of_rows(table_->target, use, *setup_.definitions, setup_.order, setup_.path);
  }
  if (!columns) {
    use_.tables[static_cast<std::size_t>(&rule - setup_.mapping->tables.data())].unlisted = true;
    return;
  }
  use_.note_columns(*setup_.mapping, rule, *columns);
  list.resolved = true;
  list.plan = plan_columns(*setup_.mapping, rule, table_->source, *columns);
  list.head.table = {table_->target.schema, table_->target.table};
  list.head.columns = list.plan.columns;
  list.head.has_columns = true;
  list.head.is_copy = head.is_copy;
  list.made.resize(list.plan.columns.size());
  list.row.values.resize(list.plan.columns.size());
  bool any_declared = false;
  for (const ColumnStep& step : list.plan.steps) {
    std::string& declared = list.declared_types.emplace_back();
    if (step.rule != nullptr && step.rule->makes()) continue;
    declared = declared_type(table_->source, (*columns)[step.source], *setup_.definitions);
    any_declared |= !declared.empty();
  }
  if (!any_declared) list.declared_types.clear();
}

const sql::Row& RowMapper::map(const sql::Row& row, std::uint64_t number) {
  if (table_->rule == nullptr || !row.unsupported.empty()) return row;
  if (list_ == nullptr || list_->values != row.values.size()) choose_list(row.values.size());
  List& list = *list_;
  if (!list.resolved) return row;
  head_ = &list.head;
  if (list.plan.is_identity) return row;
  list.row.line = row.line;
  list.row.unsupported.clear();
  for (std::size_t position = 0; position < list.plan.steps.size(); ++position) {
    make_value(list, position, row, number);
  }
  return list.row;
}

void RowMapper::make_value(List& list, std::size_t position, const sql::Row& row,
                           std::uint64_t number) {
  const ColumnStep& step = list.plan.steps[position];
  sql::Value& value = list.row.values[position];
  if (step.rule == nullptr) {
    value = row.values[step.source];
    return;
  }
  const ColumnRule& rule = *step.rule;
  const auto set = [&](std::string_view text) { value = {sql::Form::made, text, {}}; };
  if (rule.constant) {
    set(*rule.constant);
    return;
  }
  if (rule.made) {
    std::string& made = list.made[position];
    made.clear();
    value = {};
    if (make_text(list, step, row, number, made)) set(made);
  } else {
    value = row.values[step.source];
  }
  if (value.form == sql::Form::null) {
    if (rule.if_null) set(*rule.if_null);
  } else if (rule.if_empty && value.form != sql::Form::use_default && value.text.empty()) {
    set(*rule.if_empty);
  }
}

// Random, but the same when a run is gone on with: what was sent can then be asked for.
void RowMapper::random_uuid(const ColumnStep& step, std::uint64_t number, std::string& out) {
  const std::string& seed = setup_.mapping->seed;
  if (setup_.sketch) return append_uuid(out, {}, 4);
  if (seed.empty()) return append_random_uuid(out);
  UuidBytes bytes{};
  const TableName& name = source();
  gathered_ = text(seed, '\0', name.schema, '\0', name.table, '\0', step.rule->column, '\0', number,
                   '\0', out);
  std::memcpy(bytes.data(), sha1_.of(gathered_).data(), bytes.size());
  append_uuid(out, bytes, 4);
}

bool RowMapper::make_text(List& list, const ColumnStep& step, const sql::Row& row,
                          std::uint64_t number, std::string& out) {
  if (!step.missing.empty()) {
    list.row.unsupported =
        text("a value for ", quote_identifier(step.rule->column), " made of the column ",
             quote_identifier(step.missing), ", which the row does not have,");
    list.row.unsupported_line = row.line;
    return false;
  }
  for (const ColumnStep::Piece& piece : step.pieces) {
    switch (piece.piece->kind) {
      case TemplateKind::literal:
        out += piece.piece->literal;
        break;
      case TemplateKind::row: {
        std::array<char, 20> digits;
        const char* const end =
            std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
        const auto length = static_cast<std::size_t>(end - digits.data());
        if (length < piece.piece->width) out.append(piece.piece->width - length, '0');
        out.append(digits.data(), length);
        break;
      }
      case TemplateKind::column:
        if (row.values[piece.sources.front()].form == sql::Form::null) return false;
        if (!gather(list, step, piece, row)) return false;
        out += gathered_;
        break;
      case TemplateKind::md5:
        if (!gather(list, step, piece, row)) return false;
        if (setup_.sketch) {
          out.append(piece.piece->width, '0');
        } else {
          out += md5_.hex_of(gathered_).substr(0, piece.piece->width);
        }
        break;
      case TemplateKind::uuid:
        random_uuid(step, number, out);
        break;
      case TemplateKind::uuid_of: {
        // Version 5 in the nil namespace: 16 zero bytes before the name.
        if (!gather(list, step, piece, row)) return false;
        UuidBytes bytes{};
        if (!setup_.sketch) {
          gathered_.insert(0, bytes.size(), '\0');
          std::memcpy(bytes.data(), sha1_.of(gathered_).data(), bytes.size());
        }
        append_uuid(out, bytes, 5);
        break;
      }
      case TemplateKind::now:
        out += setup_.mapping->now;
        break;
    }
  }
  return true;
}

// The texts of the piece's columns, one behind the other; NULL is empty.
bool RowMapper::gather(List& list, const ColumnStep& step, const ColumnStep::Piece& piece,
                       const sql::Row& row) {
  gathered_.clear();
  for (std::size_t index = 0; index < piece.sources.size(); ++index) {
    const sql::Value& value = row.values[piece.sources[index]];
    const char* trouble = nullptr;
    switch (value.form) {
      case sql::Form::null:
        continue;
      case sql::Form::use_default:
        trouble = "the DEFAULT of";
        break;
      case sql::Form::moment:
        trouble = "the current time in";
        break;
      case sql::Form::bytes:
        trouble = "the bytes in";
        break;
      default:
        sql::append_decoded(gathered_, value);
        continue;
    }
    list.row.unsupported = text("a value for ", quote_identifier(step.rule->column), " made of ",
                                trouble, " column ", quote_identifier(piece.piece->columns[index]));
    list.row.unsupported_line = row.line;
    return false;
  }
  return true;
}

}  // namespace pgseed::seed
