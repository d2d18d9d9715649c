#include "pgseed/seed/input/survey.hpp"

#include <algorithm>
#include <unordered_map>

#include "pgseed/base/error.hpp"
#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/input/backslashes.hpp"
#include "pgseed/seed/input/reading.hpp"
#include "pgseed/seed/input/row_mapper.hpp"
#include "pgseed/seed/input/script_watch.hpp"
#include "pgseed/seed/input/trigger_watch.hpp"

namespace pgseed::seed {
namespace {

// What the model knows of the columns that one statement's values go into.
struct TargetColumns {
  std::vector<ColumnClass> classes;
  std::vector<std::string> types;
  bool known = false;  // looked up
};

// What no server replaces.
bool belongs_to_psql(std::string_view unsupported) {
  return unsupported == "a psql variable" || unsupported == "a parameter";
}

// PostgREST would read dates, times and intervals by the server's own setting, so there it is
// refused.
std::optional<std::string> name_of_date_setting(std::string_view text) {
  const auto setting = sql::read_setting(text);
  if (!setting || (setting->name != "datestyle" && setting->name != "intervalstyle" &&
                   setting->name != "timezone")) {
    return {};
  }
  return setting->name;
}

class Surveyor {
 public:
  Surveyor(FileSurvey& file, const Options& options, const Meaning& meaning,
           const TargetKnowledge& target, const Mapping* mapping)
      : file_(file),
        options_(options),
        meaning_(meaning),
        watch_(file.path, meaning.dialect),
        known_(target) {
    can_run_ = meaning.dialect == sql::Dialect::postgresql && mapping == nullptr;
    direct_sql_ = meaning.direct && can_run_;
    // A direct load carries out settings, but no DDL.
    if (meaning.dialect == sql::Dialect::postgresql) triggers_.emplace(!direct_sql_);
    if (mapping == nullptr) return;
    RowMapper::Setup setup;
    setup.mapping = mapping;
    setup.path = file.path;
    setup.default_schema = options.schema;
    setup.definitions = &file.definitions;
    setup.order = target.order;
    setup.sketch = true;
    mapper_.emplace(std::move(setup));
  }

  void row(const sql::RowsHead& source_head, const sql::Row& source_row) {
    ++piece_;
    if (source_head.number != head_number_) begin_statement(source_head);
    if (left_out_) return mapper_->left_out();
    if (triggers_ && triggers_->off()) note_triggers();
    TableSurvey& table = file_.tables[table_];
    ++table.rows;
    table.last_piece = piece_;
    const sql::Row& row = mapper_ ? mapper_->map(source_row, table.rows) : source_row;
    const sql::RowsHead& head = mapper_ ? mapper_->head() : source_head;
    if (!row.unsupported.empty()) {
      const bool runs = can_run_ && !belongs_to_psql(row.unsupported);
      // Nothing of that one looks at what came before it.
      if (runs && row.unsupported != "OVERRIDING USER VALUE") gap_.run();
      return cannot_go({row.unsupported_line, row.unsupported, to_sql(table.name), runs}, table);
    }
    if (row.values.size() != values_ || has_defaults(row) || !set_known_) {
      note_column_set(head, row, table);
    }
    if (!target_.known) learn_types(head, table.name, row.values.size());
    look_at_values(row, table);
  }

  // schema: of names without one, by the file's search_path or the run's setting.
  void statement(const sql::Statement& statement, const std::string& schema) {
    ++piece_;
    watch_.pass_over(statement, schema, file_.definitions);
    gap_.pass_over(statement);
    if (triggers_) triggers_->pass_over(statement);
    switch (statement.kind) {
      case sql::StatementKind::ddl:
        ++file_.ddl_statements;
        if (undoes_rows(statement, file_, schema, meaning_.dialect)) {
          add_unsupported({statement.line, "DROP TABLE of a table whose rows came before",
                           one_line(statement.text), false});
        }
        note_definitions(statement, schema);
        break;
      case sql::StatementKind::session:
        note_definitions(statement, schema);
        break;
      case sql::StatementKind::sequence:
        ++file_.sequence_statements;
        break;
      default:
        if (!sql::is_unsupported(statement.kind)) break;
        // A setting of dates holds for what follows, as everywhere on that way.
        const auto setting = can_run_ ? name_of_date_setting(statement.text) : std::nullopt;
        const bool runs = can_run_ && runs_directly(statement.kind);
        if (direct_sql_ && setting) break;
        UnsupportedUse use{statement.line,
                           setting ? "this setting of " + *setting : sql::describe(statement.kind),
                           one_line(statement.text), runs || setting};
        if (runs) gap_.run();
        if (runs) ++file_.direct_statements;
        if (runs && !file_.first_direct) file_.first_direct = use;
        if (!direct_sql_ || !runs) add_unsupported(std::move(use));
    }
  }

  // At the end: what the file had of COPY statements without rows.
  void note_empty(const std::vector<sql::RowsHead>& copies) {
    for (const sql::RowsHead& head : copies) {
      TableName name{head.table.schema.value_or(options_.schema), head.table.name};
      if (mapper_) {
        auto target = mapper_->begin(head);
        if (!target) continue;
        name = *std::move(target);
      }
      if (by_name_.contains(name) || contains(file_.empty_tables, name)) continue;
      file_.empty_tables.push_back(name);
    }
  }

  // Of the rows that follow.
  void set_time_zone(const std::string& zone) { zone_ = zone; }

  void end() {
    watch_.end();
    gap_.end();
    file_.gap = gap_.found();
    if (file_.gap) ++file_.unsupported_directly;
  }

  MappingUse mapping_use() const { return mapper_ ? mapper_->use() : MappingUse{}; }

 private:
  void note_triggers() {
    file_.notes.push_back(*triggers_->off() +
                          "; that is passed over, and they act on the rows as on any");
    triggers_.reset();
  }

  void note_definitions(const sql::Statement& statement, const std::string& schema) {
    file_.definitions.note(statement.text, schema);
    if (mapper_) mapper_->definitions_changed();
  }

  void begin_statement(const sql::RowsHead& head) {
    head_number_ = head.number;
    set_known_ = false;
    watch_.rows(head, options_.schema);
    TableName name{head.table.schema.value_or(options_.schema), head.table.name};
    if (mapper_) {
      auto target = mapper_->begin(head);
      left_out_ = !target;
      if (left_out_) return;
      name = *std::move(target);
    }
    const auto [known, is_new] = by_name_.try_emplace(name, file_.tables.size());
    table_ = known->second;
    if (is_new) {
      models_.push_back(known_.types == nullptr ? nullptr : known_.types->find(name));
      file_.tables.emplace_back().name = name;
      file_.tables.back().first_piece = piece_;
    }
    ++file_.tables[table_].statements;
    std::vector<std::string>& zones = file_.tables[table_].time_zones;
    if (!contains(zones, zone_)) zones.push_back(zone_);
    if (wants(options_, name)) gap_.rows();
    target_ = {};
    if (!mapper_) return;
    std::vector<TableName>& sources = file_.tables[table_].sources;
    if (std::ranges::find(sources, mapper_->source()) == sources.end()) {
      sources.push_back(mapper_->source());
    }
  }

  // Once per statement, with its first row: the types that the values go into.
  void learn_types(const sql::RowsHead& head, const TableName& name, std::size_t values) {
    target_.known = true;
    const Table* const table = models_[table_];
    if (table == nullptr) return;
    const auto columns =
        columns_of_rows(name, use_of(head, values), file_.definitions, known_.order, file_.path);
    if (!columns) return;
    for (std::size_t index = 0; index < columns->size(); ++index) {
      target_.types.push_back(type_of_column(table, name, (*columns)[index], file_.definitions,
                                             known_.order, declared_type_at(index)));
      file_.wants_lengths |=
          target_.types.back() == "bit" && meaning_.dialect == sql::Dialect::mysql;
      target_.classes.push_back(class_of_column(target_.types.back(), name, (*columns)[index],
                                                file_.definitions, declared_type_at(index)));
    }
  }

  std::string declared_type_at(std::size_t index) const {
    if (!mapper_ || mapper_->declared_types().empty()) return {};
    return mapper_->declared_types()[index];
  }

  void note_column_set(const sql::RowsHead& head, const sql::Row& row, TableSurvey& table) {
    ColumnSetUse use = use_of(head, row);
    if (mapper_) use.declared_types = mapper_->declared_types();
    if (use.defaults.empty()) {
      values_ = row.values.size();
      set_known_ = true;
    }
    for (const ColumnSetUse& known : table.column_sets) {
      if (are_alike(known, use) && known.overriding_system == use.overriding_system) return;
    }
    table.column_sets.push_back(std::move(use));
  }

  void look_at_values(const sql::Row& row, TableSurvey& table) {
    if (target_.classes.size() != row.values.size()) return;
    for (std::size_t index = 0; index < row.values.size(); ++index) {
      const sql::Value& value = row.values[index];
      const ColumnClass column = target_.classes[index];
      if (!may_not_carry(value, column, meaning_)) continue;
      if (const auto why = cannot_carry(value, column, target_.types[index], meaning_)) {
        return cannot_go({row.line, *why, to_sql(table.name), can_go_directly(row)}, table);
      }
    }
  }

  // As SQL, or by COPY, which keeps what PostgREST would change.
  bool can_go_directly(const sql::Row& row) const {
    if (can_run_ && !row.source.empty()) return true;
    Meaning directly = meaning_;
    directly.direct = true;
    for (std::size_t index = 0; index < row.values.size(); ++index) {
      const sql::Value& value = row.values[index];
      if (may_not_carry(value, target_.classes[index], directly) &&
          cannot_carry(value, target_.classes[index], target_.types[index], directly)) {
        return false;
      }
    }
    return true;
  }

  void cannot_go(UnsupportedUse use, TableSurvey& table) {
    if (use.kind == sql::kSubquery) ++file_.subquery_rows;
    if (meaning_.direct && use.directly) {
      ++file_.direct_rows;
      if (!file_.first_direct) file_.first_direct = std::move(use);
      return;
    }
    ++table.unsupported_rows;
    add_unsupported(std::move(use));
  }

  void add_unsupported(UnsupportedUse use) {
    if (!use.directly) ++file_.unsupported_directly;
    if (file_.unsupported_count++ < FileSurvey::kListed)
      file_.unsupported.push_back(std::move(use));
  }

  FileSurvey& file_;
  const Options& options_;
  const Meaning meaning_;
  bool can_run_ = false;  // the database understands the file's SQL, and its rows stay as they are
  bool direct_sql_ = false;  // so what no row can carry runs as the file has it
  ScriptWatch watch_;
  SessionGap gap_;
  const TargetKnowledge& known_;
  std::uint64_t piece_ = 0;
  std::uint64_t head_number_ = 0;
  std::size_t table_ = 0;
  std::unordered_map<TableName, std::size_t, TableNameHash> by_name_;
  std::vector<const Table*> models_;  // of the tables in the same order
  std::size_t values_ = 0;
  bool set_known_ = false;
  TargetColumns target_;
  std::string zone_;                      // that rows are in which come now
  std::optional<TriggerWatch> triggers_;  // until they were noted; of PostgreSQL's files
  std::optional<RowMapper> mapper_;
  bool left_out_ = false;  // by the mapping
};

}  // namespace

TableSurvey* FileSurvey::find(const TableName& name) {
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const TableSurvey& table) { return table.name == name; });
  return found == tables.end() ? nullptr : &*found;
}

std::string one_line(std::string_view text) {
  constexpr std::size_t kLongest = 70;
  std::string line;
  for (const char byte : text) {
    const bool blank = static_cast<unsigned char>(byte) <= ' ' || byte == 0x7F;
    if (blank && (line.empty() || line.back() == ' ')) continue;
    line += blank ? ' ' : byte;
    if (line.size() >= kLongest && (static_cast<unsigned char>(byte) & 0x80) == 0) {
      return line + "...";
    }
  }
  return line;
}

namespace {

bool came_from(const TableSurvey& table, const TableName& source) {
  if (table.sources.empty()) return table.name == source;
  return std::ranges::find(table.sources, source) != table.sources.end();
}

}  // namespace

bool runs_directly(sql::StatementKind kind) {
  switch (kind) {
    case sql::StatementKind::insert_select:
    case sql::StatementKind::update:
    case sql::StatementKind::delete_rows:
    case sql::StatementKind::truncate:
    case sql::StatementKind::do_block:
    case sql::StatementKind::merge:
    case sql::StatementKind::call:
      return true;
    default:
      return false;
  }
}

bool undoes_rows(const sql::Statement& statement, const FileSurvey& survey,
                 const std::string& default_schema, sql::Dialect dialect) {
  for (const sql::QualifiedName& dropped :
       sql::TableDefinitions::dropped_by(statement.text, dialect)) {
    const TableName name{dropped.schema.value_or(default_schema), dropped.name};
    for (const TableSurvey& table : survey.tables) {
      if (table.rows > 0 && came_from(table, name)) return true;
    }
  }
  return false;
}

std::vector<TableName> tables_of(const FileSurvey& file, const Options& options) {
  std::vector<TableName> names;
  for (const TableSurvey& table : file.tables) names.push_back(table.name);
  if (!takes_empty_tables(options)) return names;
  for (const TableName& name : file.empty_tables) {
    if (wants(options, name)) names.push_back(name);
  }
  return names;
}

namespace {

// The file may be cut off where no statement shows it.
void look_at_end(const DumpInput& input, const Options& options, FileSurvey& file) {
  const auto missing = input.missing_end();
  if (!missing) return;
  const std::string what = text("has the header of ", missing->program, " but not its last line (",
                                missing->line, "): it may be cut off");
  if (options.mode == Mode::force) {
    throw Error(ErrorKind::input, "FORCE would empty tables for a file that " + what, file.path,
                "if the file is cut short, dump it again; if it is whole, put that line at its "
                "end");
  }
  file.notes.push_back(what);
}

}  // namespace

FileSurvey survey(DumpInput& input, const Options& options, const TargetKnowledge& target) {
  const sql::ReaderOptions read = reader_options(input, options);
  FileSurvey file;
  file.path = input.name();
  file.dialect = input.is_sql() ? sql::name(read.dialect) : input.row_format();
  file.definitions = sql::TableDefinitions(read.dialect);
  sql::DumpReader reader(input, input.name(), read);
  Surveyor surveyor(file, options, meaning_of(input, options), target, mapping_of(input, options));
  Backslashes backslashes(input, options.dialect);
  for (;;) {
    const sql::Piece piece = backslashes.next(reader);
    if (piece == sql::Piece::end) break;
    if (++file.pieces % 1024 == 0 && interrupt::signal_number() != 0) throw Interrupted{};
    if (piece == sql::Piece::row) {
      surveyor.row(reader.head(), reader.row());
    } else {
      const std::string& path_schema = reader.search_path();
      surveyor.statement(reader.statement(), path_schema.empty() ? options.schema : path_schema);
      surveyor.set_time_zone(reader.time_zone());
    }
  }
  backslashes.require_decided();
  surveyor.end();
  look_at_end(input, options, file);
  if (input.is_sql()) surveyor.note_empty(reader.empty_copies());
  file.pieces += reader.head().number;  // a COPY without rows is something, too
  if (!reader.encoding().empty()) file.encoding = reader.encoding();
  file.bytes = input.bytes_read();
  file.text_bytes = input.content().bytes();
  file.content = input.content().value();
  file.mapping_use = surveyor.mapping_use();
  if (options.dialect == "auto" && read.dialect != sql::Dialect::postgresql) {
    const char* const product = read.dialect == sql::Dialect::mysql ? "MySQL" : "SQLite";
    file.notes.push_back(text("read as ", product, ", because of ", one_line(input.guess().mark)));
  }
  if (const auto& rule = reader.conflict_rule()) {
    file.notes.push_back(text("line ", rule->line, ": ", rule->words,
                              " is passed over; what becomes of rows that are there already is up "
                              "to --mode"));
  }
  if (backslashes.taken_as_text()) {
    file.notes.emplace_back(
        "backslashes in its strings are read as text, as PostgreSQL does; if they escape, say "
        "--dialect mysql");
  }
  return file;
}

}  // namespace pgseed::seed
