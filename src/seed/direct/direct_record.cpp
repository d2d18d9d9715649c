#include "pgseed/seed/direct/direct_record.hpp"

#include <algorithm>

#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/seed/move/direct_transaction.hpp"

namespace pgseed::seed {
namespace {

constexpr const char* kCommitMark = "commit";

// A database that was made anew under the old name counts its transactions from the beginning.
std::string identity_of(pg::CopyIn& database) {
  const std::string own = database.value(
      "SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()");
  const bool may_ask = database.value(
                           "SELECT pg_catalog.has_function_privilege("
                           "'pg_catalog.pg_control_system()', 'EXECUTE')") == "t";
  return text(own, '/',
              may_ask
                  ? database.value("SELECT system_identifier FROM pg_catalog.pg_control_system()")
                  : std::string("unknown"));
}

}  // namespace

DirectRecord::DirectRecord(const Options& options, const std::string& database_url,
                           const std::string& target, const std::vector<std::string>& sources)
    : database_url_(database_url), tries_(options.retries), work_(options, target, sources) {}

bool DirectRecord::was_stored(const LedgerHead& head, bool again) {
  // A pipe may bring anything.
  const bool all_hashed = std::all_of(head.sources.begin(), head.sources.end(),
                                      [](const LedgerSource& source) { return source.hash; });
  if (const LedgerState* const past = work_.unfinished()) {
    const auto mark = past->marks.find(kCommitMark);
    if (!again && all_hashed && past->head.sources == head.sources && mark != past->marks.end() &&
        stands(mark->second, *past)) {
      work_.count_as_complete();
      return true;
    }
    work_.forget();
  }
  work_.begin(head, "");
  return false;
}

bool DirectRecord::stands(const std::string& mark, const LedgerState& past) const {
  const std::size_t at = mark.find('@');
  pg::CopyIn database(database_url_);
  if (at == std::string::npos || mark.substr(at + 1) != identity_of(database)) return false;
  if (!was_committed(database_url_, mark.substr(0, at), tries_)) return false;
  // Somebody may have emptied the tables since, to load them anew.
  for (const LedgerTable& table : past.tables) {
    const bool is_there =
        database.value(text("SELECT pg_catalog.to_regclass(", pg::to_literal(to_sql(table.name)),
                            ") IS NOT NULL")) == "t";
    if (is_there &&
        database.value(text("SELECT EXISTS (SELECT FROM ", to_sql(table.name), ")")) == "t") {
      return true;
    }
  }
  return past.tables.empty();
}

void DirectRecord::committing(pg::CopyIn& database, const std::string& transaction,
                              const std::vector<TableName>& loaded) {
  for (const TableName& table : loaded) work_.ledger()->table(table, {});
  work_.ledger()->mark(kCommitMark, text(transaction, '@', identity_of(database)));
}

void DirectRecord::committed() {
  work_.complete(false, false);
}

void DirectRecord::settle() {
  work_.settle();
}

}  // namespace pgseed::seed
