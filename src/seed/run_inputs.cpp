#include "pgseed/seed/run_inputs.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "pgseed/base/digest.hpp"
#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/carrier.hpp"
#include "pgseed/seed/input/columns.hpp"
#include "pgseed/seed/input/reading.hpp"
#include "pgseed/seed/ledger/work_identity.hpp"

namespace pgseed::seed {
namespace {

// What the file system tells of a file; another one after it was written to or replaced. Empty for
// what is none.
std::string stamp_of(const InputPart& part) {
  struct stat file {};
  if (stat(part.path.c_str(), &file) != 0) return {};
  return text(file.st_dev, ' ', file.st_ino, ' ', file.st_size, ' ', file.st_mtim.tv_sec, '.',
              file.st_mtim.tv_nsec, ' ', file.st_ctim.tv_sec, '.', file.st_ctim.tv_nsec);
}

// What no server takes, as it stands in the file; empty for anything else.
std::string zero_date_of(const UnsupportedUse& use) {
  const std::size_t behind = use.kind.find(kNoSuchDate);
  constexpr std::string_view kThe = "the date ";
  if (behind == std::string::npos || !use.kind.starts_with(kThe)) return {};
  return use.kind.substr(kThe.size(), behind - kThe.size());
}

// REPLACE INTO, which more than one dialect has, and PostgreSQL has not.
bool is_foreign(const UnsupportedUse& use) {
  constexpr std::string_view kReplace = "REPLACE ";
  return equals_ignoring_case(std::string_view(use.text).substr(0, kReplace.size()), kReplace);
}

[[noreturn]] void refuse_changed(const std::string& name) {
  throw Error(ErrorKind::input, "the file was changed while it was read", name,
              "what was checked is not what would be loaded; run again when nobody writes to it");
}

}  // namespace

RunInputs::RunInputs(Setup setup)
    : options_(*setup.options),
      transport_(setup.transport),
      catalogue_(std::move(setup.catalogue)),
      note_(std::move(setup.note)) {}

void RunInputs::connected(const rest::Connection& connection) {
  is_connected_ = true;
  endpoint_ = connection.endpoint;
  has_openapi_ = connection.has_openapi;
  types_ = connection.model;
}

void RunInputs::connected_directly() {
  is_direct_ = true;
  // Of input that is not read through beforehand nobody knows which schemas it is about.
  if (all_surveyed()) {
    catalogue_schemas_.push_back(options_.schema);
    order_ = catalogue_(catalogue_schemas_);
  } else {
    order_ = catalogue_({});
  }
  types_ = order_;
  catalogue_read_ = true;
}

DumpInput* RunInputs::stream(std::size_t index) {
  DumpInput* const input = streams_[index].get();
  if (input != nullptr) tell_json_columns(*input);
  return input;
}

std::unique_ptr<DumpInput> RunInputs::open_part(std::size_t index) const {
  auto input = std::make_unique<DumpInput>(parts_[index], options_.input);
  tell_json_columns(*input);
  return input;
}

void RunInputs::open() {
  // FORCE deletes only after the whole input was read through, so it is read twice; rows of one
  // file may have to wait for those of another; and a dry run only reads through.
  const bool read_again = options_.mode == Mode::force || options_.verify || options_.closure ||
                          options_.dry_run || options_.files.size() > 1;
  parts_ = list_inputs(options_.files, options_.input.packed, read_again);
  for (const InputPart& part : parts_) {
    auto input = std::make_unique<DumpInput>(part, options_.input);
    const sql::Dialect dialect = dialect_of(*input, options_.dialect);
    if (input->empty()) throw Error(ErrorKind::input, "the file is empty", input->name());
    FileReport file;
    file.path = part.shown();
    file.bytes = input->size().value_or(0);
    file.dialect = input->is_sql() ? sql::name(dialect) : input->row_format();
    files_.push_back(file);
    stamps_.push_back(stamp_of(part));
    names_.push_back(input->name());
    dialects_.push_back(dialect);
    if (input->row_format() == "csv" || input->row_format() == "json") take_named_table();
    streams_.push_back(input->repeatable() ? nullptr : std::move(input));
  }
}

std::string RunInputs::source_name(std::size_t index) const {
  const InputPart& part = parts_[index];
  const auto& members = part.file->members();
  const std::string path = canonical_name(part.path);
  return members.empty() ? path : text(path, ':', members[part.member]);
}

LedgerSource RunInputs::source(std::size_t index) const {
  const InputPart& part = parts_[index];
  LedgerSource source;
  source.name = source_name(index);
  if (streams_[index] != nullptr) return source;
  if (index < surveys_.size() && surveys_[index].pieces > 0) {
    source.bytes = surveys_[index].text_bytes;
    source.hash = surveys_[index].content;
    return source;
  }
  constexpr std::size_t kBlock = std::size_t{256} * 1024;
  ContentHash content;
  std::string block(kBlock, '\0');
  const auto whole = part.file->open(part.member);
  while (const std::size_t got = whole->read(block.data(), block.size())) {
    content.add({block.data(), got});
  }
  source.bytes = content.bytes();
  source.hash = content.value();
  return source;
}

std::vector<LedgerSource> RunInputs::sources() const {
  std::vector<LedgerSource> all;
  for (std::size_t part = 0; part < parts_.size(); ++part) all.push_back(source(part));
  return all;
}

void RunInputs::require_same(std::size_t index, const DumpInput& input) const {
  if (!surveyed(index)) return;
  const FileSurvey& survey = surveys_[index];
  const bool same = input.at_end() ? input.content().bytes() == survey.text_bytes &&
                                         input.content().value() == survey.content
                                   : stamp_of(parts_[index]) == stamps_[index];
  if (!same) refuse_changed(names_[index]);
}

void RunInputs::require_untouched() const {
  for (std::size_t index = 0; index < parts_.size(); ++index) {
    if (surveyed(index) && stamp_of(parts_[index]) != stamps_[index]) refuse_changed(names_[index]);
  }
}

TableName RunInputs::named_table() const {
  const RowOptions& rows = options_.input.rows;
  return {rows.schema.empty() ? options_.schema : rows.schema, rows.table};
}

// --table says what the rows of CSV and JSON are called before they are mapped; what is loaded
// goes by the name after it.
void RunInputs::take_named_table() {
  const TableRule* const rule = options_.mapping ? options_.mapping->find(named_table()) : nullptr;
  if (rule == nullptr || !rule->table) return;
  const TableName target = rule->target_of(named_table());
  options_.tables = {target.schema + "." + target.table};
}

// Which strings of JSON rows are JSON in the table, only the target knows.
void RunInputs::tell_json_columns(DumpInput& input) const {
  if (input.row_format() != "json") return;
  std::vector<std::string> columns = options_.json_columns.value_or(std::vector<std::string>());
  const TableRule* const rule = options_.mapping ? options_.mapping->find(named_table()) : nullptr;
  const TableName name = rule == nullptr ? named_table() : rule->target_of(named_table());
  if (const Table* const table = types_.find(name)) {
    for (const Column& column : table->columns) {
      const ColumnClass kind = class_of(column.type);
      if (kind != ColumnClass::json && kind != ColumnClass::jsonb) continue;
      columns.push_back(rule == nullptr ? column.name : rule->source_of(column.name));
    }
  }
  input.set_json_columns(std::move(columns));
}

bool RunInputs::all_surveyed() const {
  for (std::size_t index = 0; index < parts_.size(); ++index) {
    if (!surveyed(index)) return false;
  }
  return true;
}

bool RunInputs::all_repeatable() const {
  return std::ranges::all_of(streams_, [](const auto& stream) { return stream == nullptr; });
}

bool RunInputs::all_files() const {
  return std::ranges::all_of(parts_, [](const InputPart& part) {
    std::error_code unknown;
    return part.path != "-" && std::filesystem::is_regular_file(part.path, unknown);
  });
}

bool RunInputs::surveyed(std::size_t index) const {
  const bool wanted = options_.check || options_.mode == Mode::force;
  return wanted && streams_[index] == nullptr;
}

void RunInputs::survey() {
  surveys_.resize(parts_.size());
  for (std::size_t index = 0; index < parts_.size(); ++index) {
    if (!surveyed(index)) continue;
    stamps_[index] = stamp_of(parts_[index]);
    surveys_[index] = survey_part(index);
    FileSurvey& file = surveys_[index];
    files_[index].bytes = file.bytes;
    sequences_ += file.sequence_statements;
    for (const TableSurvey& table : file.tables) rows_total_ += table.rows;
    for (const std::string& line : file.notes) note_(text(file.path, ": ", line));
    if (file.pieces == 0) {
      throw Error(ErrorKind::input, "the file holds no rows, only blanks and comments", file.path);
    }
  }
  if (all_surveyed()) require_mapping_used({});
  std::optional<std::string> cargo;
  if (all_surveyed() && options_.via != Via::direct) cargo = only_direct(surveys_);
  for (const FileSurvey& file : surveys_) require_supported(file, cargo);
  if (all_surveyed()) require_rows();
}

// What the mapping speaks of must have come; of a stream that is known only at its end.
void RunInputs::require_mapping_used(const MappingUse& more) {
  if (!options_.mapping) return;
  MappingUse use;
  for (const FileSurvey& file : surveys_) use.add(file.mapping_use);
  use.add(more);
  for (const std::string& line : require_used(*options_.mapping, use)) note_(line);
}

FileSurvey RunInputs::survey_part(std::size_t index) {
  TargetKnowledge known;
  known.types = has_openapi_ || is_direct_ ? &types_ : nullptr;
  known.order = order();
  FileSurvey file = seed::survey(*open_part(index), options_, known);
  // A file that is refused anyway is refused for what stands in it first.
  if (file.unsupported_count > 0 && !options_.skip_unsupported) return file;
  // Values are judged by the types of their columns: look again once those are known.
  if (learn_schemas(file)) return survey_part(index);
  // Rows without a column list and without CREATE TABLE: ask the direct connection, look again.
  const bool needs_catalogue =
      std::any_of(file.tables.begin(), file.tables.end(), [&](const TableSurvey& table) {
        return std::any_of(
            table.column_sets.begin(), table.column_sets.end(), [&](const ColumnSetUse& use) {
              return !columns_of_rows(table.name, use, file.definitions, order(), file.path);
            });
      });
  const bool needs_types = is_direct_ || (!has_openapi_ && is_connected_);
  const bool needed = needs_catalogue || needs_types || file.wants_lengths;
  if (!catalogue_ || !needed) return file;
  return read_catalogue(file) ? survey_part(index) : file;
}

// False if all schemas of the file were read before.
bool RunInputs::read_catalogue(const FileSurvey& file) {
  if (is_direct_ && !all_surveyed()) return false;
  const std::size_t before = catalogue_schemas_.size();
  if (before == 0) catalogue_schemas_.push_back(options_.schema);
  for (const TableName& name : tables_of(file, options_)) {
    if (!contains(catalogue_schemas_, name.schema)) catalogue_schemas_.push_back(name.schema);
  }
  if (catalogue_schemas_.size() == before) return false;
  order_ = catalogue_(catalogue_schemas_);
  catalogue_read_ = true;
  if (!has_openapi_ || is_direct_) types_ = order_;
  return true;
}

std::string RunInputs::work() const {
  std::vector<std::string> sources;
  std::string stamps;
  for (std::size_t index = 0; index < parts_.size(); ++index) {
    const std::string stamp = stamp_of(parts_[index]);
    if (streams_[index] || stamp.empty()) return {};
    sources.push_back(source_name(index));
    stamps += text('\n', stamp);
  }
  return sha256_hex(text(work_name(options_, "", sources), options_.skip_unsupported,
                         options_.check, options_.zero_dates_are_null, stamps))
      .substr(0, 32);
}

bool RunInputs::rows_come_the_same() const {
  // Which rows a closure takes depends on what the target has; made values differ from run to run.
  if (options_.mapping || options_.closure) return false;
  for (std::size_t index = 0; index < parts_.size(); ++index) {
    if (files_[index].dialect != sql::name(dialects_[index])) return false;  // CSV, JSON
  }
  return true;
}

const char* RunInputs::cannot_go() const {
  return options_.via == Via::direct ? "cannot be carried out" : "cannot go over PostgREST";
}

void RunInputs::require_supported(const FileSurvey& file, const std::optional<std::string>& cargo) {
  if (file.gap) {
    const std::string where = text(file.path, ':', file.gap->line);
    if (!options_.skip_unsupported && file.unsupported_count == 0) {
      throw Error(ErrorKind::input, file.gap->what, where,
                  "nothing was written; " + file.gap->hint);
    }
    note_(text(
        where,
        options_.skip_unsupported ? ": passed over" : ": not over the direct connection either",
        ": ", file.gap->what));
  }
  if (file.unsupported_count == 0) return;
  const UnsupportedUse& first = file.unsupported.front();
  if (options_.skip_unsupported) {
    note_(text(file.path, ": ", file.unsupported_count, " rows or statements ", cannot_go(),
               " and are skipped, the first in line ", first.line, " (", first.kind, ")"));
    return;
  }
  constexpr std::size_t kShown = 10;
  for (std::size_t index = 0; index < file.unsupported.size() && index < kShown; ++index) {
    const UnsupportedUse& use = file.unsupported[index];
    note_(text(file.path, ':', use.line, ": ", use.kind, ": ", use.text));
  }
  const std::string more = file.unsupported_count > 1
                               ? text(" (and ", file.unsupported_count - 1, " more in this file)")
                               : std::string();
  const std::string where = text(file.path, ':', first.line);
  if (const std::string date = zero_date_of(first); !date.empty()) {
    throw Error(ErrorKind::input, text("PostgreSQL has no date ", date, more), where,
                "store NULL instead with --zero-dates null, or leave such rows out with "
                "--skip-unsupported");
  }
  Error refusal(ErrorKind::input, text(first.kind, ' ', cannot_go(), more), where,
                "nothing was written; leave such rows and statements out with --skip-unsupported");
  if (cargo) throw OnlyDirect(refusal, *cargo);
  const bool carried = options_.via != Via::direct && file.unsupported_directly == 0;
  refusal.hint += carried             ? ", or let the database carry them out: --via direct"
                  : is_foreign(first) ? ", or say whose dump it is: --dialect mysql or sqlite"
                  : file.dialect == sql::name(sql::Dialect::postgresql)
                      ? ", or load the file with psql"
                      : "";
  throw Error(refusal);
}

void RunInputs::require_rows() {
  if (rows_total_ > 0) return;
  if (options_.mode == Mode::force) {
    throw Error(ErrorKind::input, "there are no rows to load; FORCE would only empty tables",
                parts_.front().name);
  }
  note_("the file holds no rows");
}

// The OpenAPI document speaks of one schema; the files may speak of more. True if it told more.
bool RunInputs::learn_schemas(const FileSurvey& file) {
  if (!has_openapi_ || is_direct_) return false;
  bool more = false;
  for (const TableName& name : tables_of(file, options_)) {
    const std::string& schema = name.schema;
    const bool is_known = schema == options_.schema || contains(other_schemas_, schema);
    if (is_known || !wants(options_, name)) continue;
    other_schemas_.push_back(schema);
    const auto model = rest::read_model(*transport_, endpoint_, schema);
    if (!model) continue;
    types_.tables.insert(types_.tables.end(), model->tables.begin(), model->tables.end());
    more = true;
  }
  return more;
}

}  // namespace pgseed::seed
