#pragma once
// Default values as PostgreSQL's types read them.
#include <optional>
#include <string>

#include "pgseed/sql/ddl_model.hpp"

namespace pgseed::migrate {

// True if the text is a date, time or timestamp that exists.
bool is_moment(const std::string& text, sql::DdlType type);
// A literal or a moment like CURRENT_TIMESTAMP, as the column's type reads it; empty for NULL,
// nothing for what is none, or none of this type.
std::optional<std::string> plain_default(const sql::DdlColumn& column, sql::Dialect dialect);
// True if the tokens compute something.
bool is_default_an_expression(const sql::DdlTokens& tokens);

}  // namespace pgseed::migrate
