#pragma once
// BEGIN and COMMIT that a section's author wrote, against the transaction that pgseed opens. Pure.
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/migrate/revision.hpp"
#include "pgseed/migrate/script.hpp"

namespace pgseed::migrate {

enum class TransactionStep {
  none,
  begin,
  commit,
  rollback,
  prepared,  // COMMIT or ROLLBACK PREPARED: cannot run in a transaction
  other,     // BEGIN with modes, COMMIT AND CHAIN, PREPARE TRANSACTION
};

// SAVEPOINT, RELEASE and ROLLBACK TO are none: they end nothing.
TransactionStep transaction_step(std::string_view statement);

struct ScriptPart {
  ScriptStatement statement;
  TransactionStep step = TransactionStep::none;
  std::string where;
};

// The parts without their BEGIN and COMMIT (script.hpp tells which may stand where), the statements
// between them numbered by block. Throws Error{input}.
std::vector<ScriptStatement> arrange_transaction(std::vector<ScriptPart> parts,
                                                 const Section& section);

}  // namespace pgseed::migrate
