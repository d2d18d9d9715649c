#include "pgseed/seed/verify/rest_verify.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/seed/encode/batch.hpp"
#include "pgseed/seed/encode/row_json.hpp"
#include "pgseed/seed/input/mapping.hpp"
#include "pgseed/seed/verify/rest_compare.hpp"

namespace pgseed::seed {
namespace {

// Rows of a question: fewer than servers send at a time, and what is read of the file for them.
constexpr std::size_t kMostRows = 500;
constexpr std::size_t kMostBytesThatWait = std::size_t{1} << 20;
// Questions that are under way while the answer to the first one is looked at.
constexpr std::size_t kMostUnderWay = 4;

struct ComparedOverRest {
  TableName name;
  std::string any_column;
  std::unique_ptr<RestComparison> rows;
  SeenKeys came;  // as the files spell them
};

// Rows that are alike, and those of them that wait.
struct KindOverRest {
  const RunTable* table = nullptr;
  ColumnSetUse use;
  std::string time_zone;
  ColumnSet set;
  ComparedOverRest* compared = nullptr;
  std::vector<SaidRow> keyed, keyless;
  std::size_t url_bytes = 0;  // of the keys that wait
  std::size_t bytes = 0;
};

class RestVerifier final : public Verifier {
 public:
  explicit RestVerifier(VerifierSetup setup)
      : Verifier(std::move(setup)), reads_(*setup_.transport, policy()) {
    if (!options_.regenerate_identity) return;
    throw Error(ErrorKind::usage, "--regenerate-identity is verified over the direct connection",
                "", "set DATABASE_URL: PostgREST does not tell which columns are numbered anew");
  }

  const ColumnSet& columns(RunTable& table, const RowKind& kind) override {
    for (const auto& known : kinds_) {
      if (known->table == &table &&
          is_same_kind(kind, known->use, known->time_zone, known->set.meaning.dialect)) {
        return known->set;
      }
    }
    const std::string where = text(kind.path, ':', kind.use->line);
    auto fresh = std::make_unique<KindOverRest>();
    fresh->table = &table;
    fresh->use = *kind.use;
    fresh->time_zone = kind.time_zone;
    fresh->set = column_set_of(table, kind, options_, setup_.order);
    fresh->set.number = kinds_.size();
    fresh->compared = &compared_table(table, where);
    leave_out(*fresh, table, where);
    kinds_.push_back(std::move(fresh));
    return kinds_.back()->set;
  }

  void take(const ColumnSet& set, const sql::Row& row) override {
    const std::optional<std::uint64_t> number = next_row();
    if (!number) return;
    KindOverRest& kind = *kinds_[set.number];
    SaidRow said;
    said.number = *number;
    said.where = place(row.line);
    if (!read_values(kind, row, said)) return;
    const bool has_key =
        !set.key.empty() && std::all_of(set.key.begin(), set.key.end(), [&](std::size_t position) {
          return said.values[position] && !said.is_open[position];
        });
    if (!has_key) {
      kind.keyless.push_back(std::move(said));
      if (kind.keyless.size() >= kMostRows || kind.bytes >= kMostBytesThatWait) ask_keyless(kind);
      return;
    }
    bool is_only = true;
    const bool came = !kind.compared->came.insert(key_of(set, row, is_only));
    if (came || !is_only) ask_others(kind);
    std::size_t key_bytes = 0;
    for (const std::size_t position : set.key) {
      key_bytes += url_size(*said.values[position]);
      if (set.key.size() > 1) key_bytes += url_size(set.columns[position]);
    }
    if (!kind.keyed.empty() && kind.url_bytes + key_bytes > kMostUrlBytes) ask_keyed(kind);
    kind.url_bytes += key_bytes;
    kind.keyed.push_back(std::move(said));
    const std::size_t most = std::min(kMostRows, kind.compared->rows->most_rows());
    if (kind.keyed.size() >= most || kind.bytes >= kMostBytesThatWait) ask_keyed(kind);
  }

  void take_empty(const RunTable& table) override { compared_table(table, ""); }

  void finish(VerifyReport& report) override {
    for (const auto& kind : kinds_) ask_keyed(*kind);
    while (!under_way_.empty()) compare_first();
    for (const auto& kind : kinds_) ask_keyless(*kind);
    bool is_missing = false;
    for (const auto& table : tables_) {
      report.tables.push_back(table->rows->finish(table->any_column, setup_.before));
      is_missing |= report.tables.back().missing > 0;
    }
    if (is_missing) note_hidden_rows();
  }

 private:
  void require_skipped(const std::string& what, std::uint64_t line) const override {
    if (options_.skip_unsupported) return;
    throw Error(ErrorKind::input, text(what, " cannot be compared over PostgREST"), place(line),
                "set DATABASE_URL, over which all but expressions can be compared; or leave such "
                "rows out with --skip-unsupported");
  }
  const char* what_is_skipped() const override { return "that cannot go over PostgREST"; }

  // A question and the rows that it is about.
  struct Asked {
    KindOverRest* kind = nullptr;
    std::vector<SaidRow> rows;
    std::uint64_t id = 0;
  };

  RetryPolicy policy() const {
    RetryPolicy policy;
    policy.max_retries = setup_.options->retries;
    return policy;
  }

  ComparedOverRest& compared_table(const RunTable& table, const std::string& where) {
    for (const auto& known : tables_) {
      if (known->name == table.name) return *known;
    }
    if (table.model == nullptr || table.model->columns.empty()) {
      throw Error(ErrorKind::refused,
                  text("the columns and types of ", to_sql(table.name),
                       " are not known: the API's OpenAPI document does not list the table"),
                  where,
                  "create it (pgseed schema FILE), leave it out (--exclude), or set DATABASE_URL");
    }
    VerifiedTable result;
    result.table = table.name;
    result.key = table.key;
    result.exact = setup_.verify.exact;
    for (const LoadedBefore::Table& before : setup_.before.tables) {
      if (before.name == table.name) result.exact |= before.was_empty;
    }
    auto& fresh = *tables_.emplace_back(std::make_unique<ComparedOverRest>());
    fresh.name = table.name;
    fresh.any_column = table.model->columns.front().name;
    fresh.came.remember(std::size_t{1} << 62);
    RestComparison::Setup setup;
    setup.reads = &reads_;
    setup.endpoint = setup_.endpoint;
    setup.first_wins = options_.mode == Mode::ignore;
    setup.verify = setup_.verify;
    fresh.rows = std::make_unique<RestComparison>(setup, std::move(result));
    return fresh;
  }

  void leave_out(KindOverRest& kind, const RunTable& table, const std::string& where) {
    ColumnSet& set = kind.set;
    for (std::size_t position = 0; position < set.columns.size();) {
      const std::string& column = set.columns[position];
      if (table.model->find_column(column) == nullptr) {
        throw Error(
            ErrorKind::refused,
            text("the table ", to_sql(table.name), " has no column ", quote_identifier(column)),
            where,
            "the file belongs to another version of the schema; migrate the target or mend "
            "the file");
      }
      if (!options_.mapping || !options_.mapping->is_unstable(table.name, column)) {
        ++position;
        continue;
      }
      kind.compared->rows->not_compared(column, "made anew in each run");
      set.leave_out(position);
    }
  }

  // The row's values as they are sent; false if it cannot be sent at all.
  bool read_values(KindOverRest& kind, const sql::Row& row, SaidRow& said) {
    const ColumnSet& set = kind.set;
    for (std::size_t position = 0; position < set.columns.size(); ++position) {
      said.is_open.push_back(is_made_anew(row.values[set.value_index[position]]));
      if (!said.is_open.back()) continue;
      kind.compared->rows->not_compared(set.columns[position],
                                        "the moment of the load, or an id made for it");
    }
    Batch batch;
    batch.set = &set;
    const std::string trouble = append_row(set, row, batch.body);
    if (!trouble.empty()) {
      kind.compared->rows->cannot_be_stored(said, trouble);
      return false;
    }
    batch.rows.push_back({1, row.line, said.number, false, 0});
    kind.bytes += batch.body.size();
    said.values = values_of_row(batch, 0);
    return true;
  }

  void ask_keyed(KindOverRest& kind) {
    if (kind.keyed.empty()) return;
    Asked asked;
    asked.kind = &kind;
    asked.rows = std::exchange(kind.keyed, {});
    kind.url_bytes = kind.bytes = 0;
    asked.id = reads_.start(kind.compared->rows->fetch(kind.set, asked.rows));
    under_way_.push_back(std::move(asked));
    if (under_way_.size() >= kMostUnderWay) compare_first();
  }

  // The key of a row came before, perhaps among those of another kind: they are asked about first.
  void ask_others(const KindOverRest& kind) {
    for (const auto& other : kinds_) {
      if (other.get() != &kind && other->compared == kind.compared) ask_keyed(*other);
    }
  }

  // In the order of the rows: of one key the last one counts.
  void compare_first() {
    const Asked asked = std::move(under_way_.front());
    under_way_.pop_front();
    asked.kind->compared->rows->compare_keyed(asked.kind->set, asked.rows, reads_.take(asked.id));
  }

  void ask_keyless(KindOverRest& kind) {
    if (kind.keyless.empty()) return;
    kind.compared->rows->compare_keyless(kind.set, kind.keyless);
    kind.keyless.clear();
    kind.bytes = 0;
  }

  void note_hidden_rows() const {
    const std::string role = rest::role_of_key(setup_.endpoint->key);
    if (role == "service_role" || setup_.endpoint->key.starts_with("sb_secret_")) return;
    setup_.note(text("the key's role", role.empty() ? "" : text(" (", role, ")"),
                     " may not see every row: what row-level security hides counts as missing"));
  }

  RestReads reads_;
  std::vector<std::unique_ptr<KindOverRest>> kinds_;
  std::vector<std::unique_ptr<ComparedOverRest>> tables_;
  std::deque<Asked> under_way_;
};

}  // namespace

std::unique_ptr<Verifier> make_rest_verifier(VerifierSetup setup) {
  return std::make_unique<RestVerifier>(std::move(setup));
}

}  // namespace pgseed::seed
