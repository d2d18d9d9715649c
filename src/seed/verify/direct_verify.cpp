#include "pgseed/seed/verify/direct_verify.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "pgseed/base/digest.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/copy_in.hpp"
#include "pgseed/seed/encode/copy_text.hpp"
#include "pgseed/seed/input/mapping.hpp"
#include "pgseed/seed/verify/verify_sql.hpp"

namespace pgseed::seed {
namespace {

// Rows wait in memory up to this many bytes of one staging table, and in this many tables.
constexpr std::size_t kMostBytes = std::size_t{1} << 18;
constexpr std::size_t kMostOpen = 16;

constexpr std::string_view kDomains = R"(
WITH RECURSIVE base AS (
  SELECT a.attname, t.typbasetype, t.typtype, t.oid
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  WHERE a.attnum > 0 AND NOT a.attisdropped AND t.typtype = 'd' AND n.nspname = %s
  UNION ALL
  SELECT base.attname, t.typbasetype, t.typtype, t.oid
  FROM base JOIN pg_catalog.pg_type t ON t.oid = base.typbasetype WHERE base.typtype = 'd')
SELECT attname, pg_catalog.format_type(oid, NULL) FROM base WHERE typtype <> 'd')";

constexpr const char* kHasHeirs =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c"
    " ON c.oid = i.inhparent AND c.relkind = 'r' WHERE c.oid = ";

std::uint64_t number(const std::optional<std::string>& field) {
  std::uint64_t value = 0;
  if (field) std::from_chars(field->data(), field->data() + field->size(), value);
  return value;
}

// What an order-free checksum is printed as.
std::string checksum(const std::string& rows, const std::string& one, const std::string& other) {
  return sha256_hex(text(rows, ' ', one, ' ', other)).substr(0, 32);
}

struct Compared;

// A staging table and the rows on their way into it.
struct Staging {
  StagedRows rows;
  Compared* table = nullptr;
  const ColumnSet* set = nullptr;
  json::Buffer lines;
  struct Mark {
    std::size_t begin;
    std::size_t file;
    std::uint64_t line;
  };
  std::vector<Mark> marks;
};

struct Compared {
  const Table* model = nullptr;
  std::map<std::string, std::string> base_types;  // of columns whose type is a domain
  std::string source;  // its own rows for FROM: those of tables that inherit from it are not its
  VerifiedTable result;
  std::vector<Staging*> stagings;
};

// Rows that are alike, and where they go: by which of their values are made anew.
struct Kind {
  const RunTable* table = nullptr;
  ColumnSetUse use;
  std::string time_zone;
  ColumnSet set;
  std::map<std::vector<bool>, Staging*> stagings;
  std::vector<std::unique_ptr<ColumnSet>> parts;  // the set without those values
  Staging* whole = nullptr;
};

void leave_out(ColumnSet& set, const std::function<bool(std::size_t)>& wanted) {
  ColumnSet kept = set;
  kept.columns.clear();
  kept.value_index.clear();
  kept.classes.clear();
  kept.types.clear();
  for (std::size_t index = 0; index < set.columns.size(); ++index) {
    if (!wanted(index)) continue;
    kept.columns.push_back(set.columns[index]);
    kept.value_index.push_back(set.value_index[index]);
    kept.classes.push_back(set.classes[index]);
    kept.types.push_back(set.types[index]);
  }
  set = std::move(kept);
}

class DirectVerifier final : public Verifier {
 public:
  explicit DirectVerifier(VerifierSetup setup)
      : Verifier(std::move(setup)), database_(setup_.database_url) {
    database_.set_deadline(setup_.deadline);
    database_.begin();
    // Only for this transaction, so that a pooler may stand between. Output is as precise as the
    // values are; what row-level security would hide is an error instead of a missing row.
    database_.execute(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET LOCAL row_security = off; "
        "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; "
        "SET LOCAL extra_float_digits = 3; SET LOCAL client_min_messages = warning");
    time_zone_ = server_zone_ = database_.value("SELECT current_setting('TimeZone')");
  }

  const ColumnSet& columns(RunTable& table, const RowKind& kind) override {
    for (const auto& known : kinds_) {
      if (known->table == &table &&
          is_same_kind(kind, known->use, known->time_zone, known->set.meaning.dialect)) {
        return known->set;
      }
    }
    auto& fresh = *kinds_.emplace_back(std::make_unique<Kind>());
    fresh.table = &table;
    fresh.use = *kind.use;
    fresh.time_zone = kind.time_zone;
    fresh.set = column_set_of(table, kind, options_, setup_.order);
    Compared& compared = compared_table(table, text(kind.path, ':', kind.use->line));
    leave_out(fresh.set,
              [&](std::size_t index) { return is_comparable(compared, fresh.set.columns[index]); });
    // A number is rounded into a domain over integer, too.
    for (std::size_t index = 0; index < fresh.set.columns.size(); ++index) {
      const auto base = compared.base_types.find(fresh.set.columns[index]);
      if (base == compared.base_types.end()) continue;
      fresh.set.types[index] = base->second;
      fresh.set.classes[index] = class_of(base->second);
    }
    fresh.set.number = kinds_.size() - 1;
    return fresh.set;
  }

  void take(const ColumnSet& set, const sql::Row& row) override {
    const std::optional<std::uint64_t> run_number = next_row();
    if (!run_number) return;
    Staging& staging = staging_of(*kinds_[set.number], row);
    const std::size_t begin = staging.lines.size();
    staging.lines.append(text(file_, '\t', row.line, '\t'));
    const std::string trouble = append_copy_line(*staging.set, row, *run_number, staging.lines);
    if (!trouble.empty()) {
      staging.lines.truncate(begin);
      cannot_be_stored(staging, file_, row.line, trouble);
      return;
    }
    if (staging.marks.empty() && ++open_ > kMostOpen) flush_all();
    staging.marks.push_back({begin, file_, row.line});
    if (staging.lines.size() >= kMostBytes) flush(staging);
  }

  using Verifier::take_unsupported;
  void take_unsupported(const sql::Statement& statement) override {
    // Its zone comes with the rows that follow.
    const auto setting = sql::read_setting(statement.text);
    if (!setting || setting->name != "timezone") Verifier::take_unsupported(statement);
  }

  void take_empty(const RunTable& table) override { compared_table(table, ""); }

  void finish(VerifyReport& report) override {
    flush_all();
    for (const auto& staging : stagings_)
      database_.execute("ANALYZE pg_temp." + staging->rows.table);
    // The zone that values were read in is not the one to print them in.
    set_time_zone("UTC");
    for (const auto& table : tables_) {
      compare(*table);
      report.tables.push_back(std::move(table->result));
    }
    database_.rollback();
  }

 private:
  void require_skipped(const std::string& what, std::uint64_t line) const override {
    if (options_.skip_unsupported) return;
    throw Error(ErrorKind::input, text(what, " cannot be compared"), place(line),
                "leave such rows and statements out with --skip-unsupported");
  }
  const char* what_is_skipped() const override { return "that only a server can work out"; }

  // --- rows into staging tables

  Compared& compared_table(const RunTable& table, const std::string& where) {
    for (const auto& known : tables_) {
      if (known->result.table == table.name) return *known;
    }
    auto& fresh = *tables_.emplace_back(std::make_unique<Compared>());
    fresh.result.table = table.name;
    fresh.model = setup_.order->find(table.name);
    if (fresh.model == nullptr) {
      throw Error(ErrorKind::refused, text("the target has no table ", to_sql(table.name)), where,
                  "create it (pgseed schema FILE), or leave it out: --exclude");
    }
    fresh.result.exact = setup_.verify.exact;
    for (const LoadedBefore::Table& before : setup_.before.tables) {
      if (before.name == table.name) fresh.result.exact |= before.was_empty;
    }
    fresh.result.key = key_of(*fresh.model);
    std::string domains(kDomains);
    domains.replace(
        domains.find("%s"), 2,
        text(literal(table.name.schema), " AND c.relname = ", literal(table.name.table)));
    for (const pg::Row& row : database_.query(domains)) {
      fresh.base_types[*row[0]] = *row[1];
    }
    fresh.source = text(database_.value(text(kHasHeirs, literal(to_sql(table.name)),
                                             "::pg_catalog.regclass)")) == "t"
                            ? "ONLY "
                            : "",
                        to_sql(table.name));
    return fresh;
  }

  const std::string& source_of(const TableName& name) const {
    const auto found = std::ranges::find_if(
        tables_, [&](const auto& known) { return known->result.table == name; });
    return (*found)->source;
  }

  // What tells rows apart: the conflict target, the primary key, else a unique key without NULLs.
  std::vector<std::string> key_of(const Table& table) {
    const auto is_unique = [&](std::vector<std::string> columns) {
      std::sort(columns.begin(), columns.end());
      const auto is_it = [&](std::vector<std::string> key) {
        std::sort(key.begin(), key.end());
        return key == columns;
      };
      return is_it(table.primary_key) ||
             std::any_of(table.unique_keys.begin(), table.unique_keys.end(), is_it);
    };
    if (!options_.on_conflict.empty()) {
      if (is_unique(options_.on_conflict)) return options_.on_conflict;
      setup_.note(text("--on-conflict names no unique key of ", to_sql(table.name)));
    }
    if (!table.primary_key.empty()) return table.primary_key;
    for (const std::vector<std::string>& key : table.unique_keys) {
      const bool has_nulls = std::any_of(key.begin(), key.end(), [&](const std::string& column) {
        const Column* const found = table.find_column(column);
        return found == nullptr || !found->not_null;
      });
      if (!has_nulls) return key;
    }
    return {};
  }

  bool is_comparable(Compared& table, const std::string& name) {
    const Column* const column = table.model->find_column(name);
    std::string why;
    if (column != nullptr && column->generated) why = "computed by the server";
    if (column != nullptr && column->identity_always && options_.regenerate_identity) {
      why = "numbered anew by the server";
    }
    if (options_.mapping && options_.mapping->is_unstable(table.result.table, name)) {
      why = "made anew in each run";
    }
    if (why.empty()) return true;
    not_compared(table, text(quote_identifier(name), " (", why, ")"));
    return false;
  }

  static void not_compared(Compared& table, const std::string& what) {
    if (!contains(table.result.not_compared, what)) table.result.not_compared.push_back(what);
  }

  Staging& staging_of(Kind& kind, const sql::Row& row) {
    const ColumnSet& set = kind.set;
    bool any = false;
    for (const std::size_t index : set.value_index) any |= is_made_anew(row.values[index]);
    if (!any) {
      if (kind.whole == nullptr) kind.whole = &make_staging(kind, set);
      return *kind.whole;
    }
    std::vector<bool> without;
    for (const std::size_t index : set.value_index) {
      without.push_back(is_made_anew(row.values[index]));
    }
    Staging*& found = kind.stagings[without];
    if (found == nullptr) {
      ColumnSet& part = *kind.parts.emplace_back(std::make_unique<ColumnSet>(set));
      leave_out(part, [&](std::size_t index) { return !without[index]; });
      found = &make_staging(kind, part);
      for (std::size_t index = 0; index < without.size(); ++index) {
        if (!without[index]) continue;
        not_compared(*found->table, text(quote_identifier(set.columns[index]),
                                         " (the moment of the load, or an id made for it)"));
      }
    }
    return *found;
  }

  Staging& make_staging(const Kind& kind, const ColumnSet& set) {
    auto& staging = *stagings_.emplace_back(std::make_unique<Staging>());
    staging.rows.table = text("pgseed_verify_", stagings_.size());
    staging.rows.columns = set.columns;
    staging.set = &set;
    staging.table = &compared_table(*kind.table, "");
    staging.table->stagings.push_back(&staging);
    try {
      database_.execute(create_staging_sql(set.table_name, staging.rows));
    } catch (const pg::SqlError& error) {
      refuse(error, set.table_name, kind);
    }
    return staging;
  }

  [[noreturn]] void refuse(const pg::SqlError& error, const TableName& table, const Kind& kind) {
    std::string hint = error.hint;
    if (error.sqlstate == "42703") {
      hint =
          "the file belongs to another version of the schema; migrate the target or mend the file";
    } else if (error.sqlstate == "42501") {
      hint = "comparing wants to read the tables and to make temporary ones: GRANT SELECT and TEMP";
    }
    throw Error(
        ErrorKind::refused,
        text("cannot compare ", to_sql(table), ": ", error.message, " [", error.sqlstate, "]"),
        place(kind.use.line), hint);
  }

  void set_time_zone(const std::string& zone) {
    if (zone == time_zone_) return;
    database_.execute("SET LOCAL TimeZone = " + literal(zone));
    time_zone_ = zone;
  }

  static std::string literal(const std::string& value) {
    std::string out = "'";
    for (const char byte : value) {
      out += byte;
      if (byte == '\'') out += byte;
    }
    return out + "'";
  }

  void flush(Staging& staging) {
    if (staging.marks.empty()) return;
    --open_;
    const std::string& zone = staging.set->time_zone;
    set_time_zone(zone.empty() ? server_zone_ : zone);
    const std::string_view lines = staging.lines.view();
    for (std::size_t first = 0; first < staging.marks.size();) {
      const std::optional<std::size_t> bad = copy(staging, lines, first, staging.marks.size());
      if (!bad) break;
      // The rows before it were good, and are gone with it.
      if (*bad > first) copy(staging, lines, first, *bad);
      const Staging::Mark& mark = staging.marks[*bad];
      cannot_be_stored(staging, mark.file, mark.line, refusal_);
      first = *bad + 1;
    }
    staging.lines.clear();
    staging.marks.clear();
  }

  // Copies the rows [from, to). Returns the first one that the server refuses; then none is stored.
  std::optional<std::size_t> copy(Staging& staging, std::string_view lines, std::size_t from,
                                  std::size_t to) {
    const std::size_t begin = staging.marks[from].begin;
    const std::size_t end = to < staging.marks.size() ? staging.marks[to].begin : lines.size();
    const TableName name = {"", staging.rows.table};
    database_.execute("SAVEPOINT pgseed_rows");
    try {
      database_.start_copy(name, copy_staging_sql(staging.rows));
      database_.put(lines.substr(begin, end - begin));
      const std::uint64_t stored = database_.finish_copy();
      if (stored != to - from) {
        throw Error(ErrorKind::refused,
                    text("the server took ", stored, " of ", to - from, " rows"));
      }
    } catch (const pg::SqlError& error) {
      const bool is_data = error.sqlstate.starts_with("22") || error.sqlstate.starts_with("23") ||
                           error.sqlstate == "42704" || error.sqlstate == "42P01";
      if (!is_data || error.copy_line == 0 || error.copy_line > to - from) {
        refuse(error, staging.set->table_name, *kinds_[staging.set->number]);
      }
      database_.execute("ROLLBACK TO SAVEPOINT pgseed_rows; RELEASE SAVEPOINT pgseed_rows");
      refusal_ = text(error.message, " [", error.sqlstate, "]");
      return from + error.copy_line - 1;
    }
    database_.execute("RELEASE SAVEPOINT pgseed_rows");
    return {};
  }

  void flush_all() {
    for (const auto& staging : stagings_) flush(*staging);
  }

  // A row that the column types refuse is in no table.
  void cannot_be_stored(Staging& staging, std::size_t file, std::uint64_t line,
                        const std::string& why) {
    VerifiedTable& result = staging.table->result;
    ++result.files;
    ++result.missing;
    if (may_list(result, DifferenceKind::missing) == 0) return;
    Difference& fresh = result.differences.emplace_back();
    fresh.kind = DifferenceKind::missing;
    fresh.where = text(files_[file], ':', line);
    fresh.reason = why;
  }

  // --- comparing

  std::size_t may_list(const VerifiedTable& table, DifferenceKind kind) const {
    return room_for(table, kind, setup_.verify);
  }

  std::string place_of(const pg::Row& row) const {
    return text(files_[static_cast<std::size_t>(number(row[1]))], ':', number(row[2]));
  }

  void compare(Compared& table) {
    VerifiedTable& result = table.result;
    result.rows = number(database_.value("SELECT count(*) FROM " + table.source));
    std::vector<StagedRows> keyed, keyless;
    for (const Staging* const staging : table.stagings) {
      const std::vector<std::string>& columns = staging->rows.columns;
      const bool has_key = !result.key.empty() && std::all_of(result.key.begin(), result.key.end(),
                                                              [&](const std::string& column) {
                                                                return contains(columns, column);
                                                              });
      (has_key ? keyed : keyless).push_back(staging->rows);
    }
    if (keyed.empty()) result.key.clear();
    std::uint64_t accounted = 0;  // rows of the table that answer to one of the files
    if (!keyed.empty()) accounted += compare_keyed(result, keyed);
    for (const StagedRows& rows : keyless) {
      accounted += compare_keyless(result, rows, {}, keyed, keyed.empty() && keyless.size() == 1);
    }
    set_extra(result, accounted);
    excuse(result, setup_.before);
    if (result.extra > 0 && result.exact) list_extra(result, keyed);
  }

  std::uint64_t compare_keyed(VerifiedTable& result, const std::vector<StagedRows>& sets) {
    const pg::Row keys = database_.query(KeyedComparison::count_keys(result.key, sets)).front();
    const std::uint64_t with_key = number(keys[0]);
    result.repeated = with_key - number(keys[1]);
    const KeyedComparison comparison(source_of(result.table), result.key, sets,
                                     options_.mode == Mode::ignore, result.repeated > 0);
    const pg::Row sums = database_.query(comparison.summary()).front();
    const std::uint64_t expected = number(sums[0]);
    const std::uint64_t found = number(sums[1]);
    const std::uint64_t same = number(sums[2]);
    result.files += expected;
    result.same += same;
    result.differing += found - same;
    result.missing += expected - found;
    result.files_checksum = checksum(*sums[0], *sums[3], *sums[4]);
    result.table_checksum = checksum(*sums[1], *sums[5], *sums[6]);
    if (found > same) {
      for (const pg::Row& row :
           database_.query(comparison.differing(may_list(result, DifferenceKind::differing)))) {
        Difference& fresh = result.differences.emplace_back();
        fresh.where = place_of(row);
        for (std::size_t index = 0; index < row[3]->size(); ++index) {
          if ((*row[3])[index] == '1') fresh.columns.push_back(comparison.columns()[index]);
        }
        fresh.key = key_values(row, 4);
      }
    }
    if (expected > found) {
      for (const pg::Row& row :
           database_.query(comparison.missing(may_list(result, DifferenceKind::missing)))) {
        Difference& fresh = result.differences.emplace_back();
        fresh.kind = DifferenceKind::missing;
        fresh.where = place_of(row);
        fresh.key = key_values(row, 3);
      }
    }
    std::uint64_t accounted = found;
    for (const StagedRows& rows : sets) {
      if (number(database_.value(KeyedComparison::count_null_keys(result.key, rows))) == 0)
        continue;
      accounted += compare_keyless(result, rows, result.key, {}, false);
    }
    return accounted;
  }

  static std::vector<std::string> key_values(const pg::Row& row, std::size_t from) {
    std::vector<std::string> values;
    for (std::size_t index = from; index < row.size(); ++index) {
      values.push_back(row[index].value_or("NULL"));
    }
    return values;
  }

  // only: nothing else of the table is compared, so that its checksum is that of the table.
  std::uint64_t compare_keyless(VerifiedTable& result, const StagedRows& rows,
                                const std::vector<std::string>& null_key,
                                const std::vector<StagedRows>& claimed, bool only) {
    const KeylessComparison comparison(source_of(result.table), rows, null_key, result.key,
                                       claimed);
    if (only) {
      const pg::Row sums = database_.query(comparison.sums()).front();
      result.files_checksum = checksum(*sums[0], *sums[1], *sums[2]);
      result.table_checksum = checksum(*sums[3], *sums[4], *sums[5]);
      if (result.files_checksum == result.table_checksum) {
        result.files += number(sums[0]);
        result.same += number(sums[0]);
        return number(sums[0]);
      }
    }
    const pg::Row counts = database_.query(comparison.summary()).front();
    const std::uint64_t same = number(counts[0]);
    const std::uint64_t missing = number(counts[1]);
    result.files += same + missing;
    result.same += same;
    result.missing += missing;
    const auto list = [&](DifferenceKind kind, const std::string& sql) {
      for (const pg::Row& row : database_.query(sql)) {
        Difference& fresh = result.differences.emplace_back();
        fresh.kind = kind;
        fresh.where = place_of(row);
        fresh.in_files = number(row[3]);
        fresh.in_table = number(row[4]);
      }
    };
    if (missing > 0) {
      list(DifferenceKind::missing, comparison.missing(may_list(result, DifferenceKind::missing)));
    }
    if (number(counts[2]) > 0 && result.exact) {
      list(DifferenceKind::extra, comparison.doubled(may_list(result, DifferenceKind::extra)));
    }
    return same;
  }

  void list_extra(VerifiedTable& result, const std::vector<StagedRows>& keyed) {
    if (keyed.empty()) return;
    const KeyedComparison comparison(source_of(result.table), result.key, keyed, false, false);
    for (const pg::Row& row :
         database_.query(comparison.extra(may_list(result, DifferenceKind::extra)))) {
      Difference& fresh = result.differences.emplace_back();
      fresh.kind = DifferenceKind::extra;
      fresh.key = key_values(row, 0);
    }
  }

  pg::CopyIn database_;
  std::string server_zone_, time_zone_;
  std::vector<std::unique_ptr<Kind>> kinds_;
  std::vector<std::unique_ptr<Compared>> tables_;
  std::vector<std::unique_ptr<Staging>> stagings_;
  std::size_t open_ = 0;
  std::string refusal_;
};

}  // namespace

std::unique_ptr<Verifier> make_direct_verifier(VerifierSetup setup) {
  return std::make_unique<DirectVerifier>(std::move(setup));
}

}  // namespace pgseed::seed
