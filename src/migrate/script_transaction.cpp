#include "pgseed/migrate/script_transaction.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/sql/cursor.hpp"

namespace pgseed::migrate {
namespace {

bool at_end(sql::Cursor cursor) {
  sql::skip_blanks(cursor);
  return cursor.at_end();
}

// Behind COMMIT, END, ROLLBACK or ABORT.
TransactionStep end_step(sql::Cursor cursor, TransactionStep plain) {
  if (sql::accept_word(cursor, "PREPARED")) return TransactionStep::prepared;
  if (!sql::accept_word(cursor, "WORK")) sql::accept_word(cursor, "TRANSACTION");
  if (plain == TransactionStep::rollback && sql::accept_word(cursor, "TO"))
    return TransactionStep::none;
  if (sql::accept_word(cursor, "AND") && !sql::accept_word(cursor, "NO"))
    return TransactionStep::other;
  return plain;
}

std::string verb(const ScriptStatement& statement) {
  const auto end = std::find_if_not(statement.sql.begin(), statement.sql.end(),
                                    [](char byte) { return sql::is_identifier_part(byte); });
  return to_upper(std::string_view(statement.sql.begin(), end));
}

[[noreturn]] void refuse(const ScriptPart& part, const std::string& message,
                         const std::string& hint) {
  throw Error(ErrorKind::input, message, part.where, hint);
}

[[noreturn]] void refuse_rollback(const ScriptPart& part) {
  refuse(part, "ROLLBACK in a migration", "take out what is not to stay");
}

std::vector<ScriptStatement> one_transaction(std::vector<ScriptPart> parts) {
  const auto is_setting = [](const ScriptPart& part) {
    return part.step == TransactionStep::none && part.statement.kind == sql::StatementKind::session;
  };
  if (!parts.empty() && parts.back().step == TransactionStep::commit) {
    parts.pop_back();
    const auto first = std::find_if_not(parts.begin(), parts.end(), is_setting);
    if (first != parts.end() && first->step == TransactionStep::begin) parts.erase(first);
  }
  std::vector<ScriptStatement> statements;
  for (ScriptPart& part : parts) {
    if (part.step == TransactionStep::rollback) refuse_rollback(part);
    if (part.step != TransactionStep::none) {
      refuse(part, text(verb(part.statement), " in a section that is one transaction already"),
             "take it out, or write transaction:false behind the section's name");
    }
    statements.push_back(std::move(part.statement));
  }
  return statements;
}

std::vector<ScriptStatement> blocks(std::vector<ScriptPart> parts) {
  std::vector<ScriptStatement> statements;
  const ScriptPart* open = nullptr;
  int block = 0;
  for (ScriptPart& part : parts) {
    switch (part.step) {
      case TransactionStep::begin:
        if (open != nullptr) refuse(part, "BEGIN inside BEGIN ... COMMIT", "");
        open = &part;
        ++block;
        continue;
      case TransactionStep::commit:
        if (open == nullptr) refuse(part, "COMMIT without BEGIN", "");
        open = nullptr;
        continue;
      case TransactionStep::rollback:
        refuse_rollback(part);
      case TransactionStep::other:
        refuse(part, "a form of BEGIN or COMMIT that a migration cannot have",
               "write plain BEGIN; and COMMIT;");
      case TransactionStep::prepared:
        if (open != nullptr) refuse(part, "PREPARED inside BEGIN ... COMMIT", "");
        break;
      case TransactionStep::none:
        break;
    }
    part.statement.block = open != nullptr ? block : 0;
    statements.push_back(std::move(part.statement));
  }
  if (open != nullptr) refuse(*open, "BEGIN without COMMIT", "write COMMIT; behind the block");
  return statements;
}

}  // namespace

TransactionStep transaction_step(std::string_view statement) {
  sql::Cursor cursor = sql::cursor_over(statement);
  if (sql::accept_word(cursor, "COMMIT") || sql::accept_word(cursor, "END")) {
    return end_step(cursor, TransactionStep::commit);
  }
  if (sql::accept_word(cursor, "ROLLBACK") || sql::accept_word(cursor, "ABORT")) {
    return end_step(cursor, TransactionStep::rollback);
  }
  const bool starts = sql::accept_word(cursor, "START");
  if (starts || sql::accept_word(cursor, "BEGIN")) {
    if (!sql::accept_word(cursor, "WORK")) sql::accept_word(cursor, "TRANSACTION");
    return at_end(cursor) ? TransactionStep::begin : TransactionStep::other;
  }
  const bool prepares = sql::accept_word(cursor, "PREPARE");
  return prepares && sql::accept_word(cursor, "TRANSACTION") ? TransactionStep::other
                                                             : TransactionStep::none;
}

std::vector<ScriptStatement> arrange_transaction(std::vector<ScriptPart> parts,
                                                 const Section& section) {
  return section.options.transaction ? one_transaction(std::move(parts)) : blocks(std::move(parts));
}

}  // namespace pgseed::migrate
