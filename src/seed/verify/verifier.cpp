#include "pgseed/seed/verify/verifier.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/text.hpp"
#include "pgseed/seed/verify/direct_verify.hpp"
#include "pgseed/seed/verify/rest_verify.hpp"

namespace pgseed::seed {

Verifier::Verifier(VerifierSetup setup) : setup_(std::move(setup)), options_(*setup_.options) {}

std::optional<std::uint64_t> Verifier::next_row() {
  const std::uint64_t number = next_number_++;
  const std::vector<std::uint64_t>& refused = setup_.before.refused;
  if (next_refused_ >= refused.size() || refused[next_refused_] != number) return number;
  ++next_refused_;
  return {};
}

std::string Verifier::place(std::uint64_t line) const {
  return text(files_[file_], ':', line);
}

void Verifier::take_unsupported(RunTable& table, const std::string& what, std::uint64_t line,
                                const sql::DumpReader& /*reader*/) {
  require_skipped(what, line);
  note_once(text("rows of ", to_sql(table.name), ' ', what_is_skipped(),
                 " were not compared, the first in ", place(line), " (", what, ")"),
            to_sql(table.name));
}

void Verifier::take_unsupported(const sql::Statement& statement) {
  require_skipped(sql::describe(statement.kind), statement.line);
  note_once(text("statements that change rows were not looked at, the first in ",
                 place(statement.line), " (", sql::describe(statement.kind), ")"),
            "");
}

void Verifier::note_once(const std::string& line, const std::string& about) {
  if (std::ranges::find(noted_, about) != noted_.end()) return;
  noted_.push_back(about);
  setup_.note(line);
}

std::unique_ptr<Verifier> make_verifier(VerifierSetup setup) {
  return setup.database_url.empty() ? make_rest_verifier(std::move(setup))
                                    : make_direct_verifier(std::move(setup));
}

}  // namespace pgseed::seed
