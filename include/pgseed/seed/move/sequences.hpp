#pragma once
// Sequences that are behind the values that rows brought along: the next row without an id would
// meet one that exists.
#include <string>
#include <vector>

#include "pgseed/pg/copy_in.hpp"
#include "pgseed/seed/report.hpp"

namespace pgseed::seed {

// Of these tables, those that may have a sequence behind a column of numbers, by their types. The
// types tell all columns that rows can have filled; a table that they do not have may have one.
std::vector<TableName> may_have_sequences(std::vector<TableName> tables, const Model& types);

// Sets every sequence that fills a column of these tables (serial, identity, DEFAULT nextval) to
// the column's largest value where it is behind that (the smallest for one that counts down), and
// tells which it moved. Never moves one back. What the role may not set goes to `not_allowed`, as
// the SQL to run. In a transaction if one is open; sequences themselves know none.
std::vector<SequenceReport> set_sequences(pg::CopyIn& database,
                                          const std::vector<TableName>& tables,
                                          std::vector<std::string>& not_allowed);

// The same over a connection of its own.
std::vector<SequenceReport> set_sequences_over(const std::string& database_url,
                                               const std::vector<TableName>& tables,
                                               std::vector<std::string>& not_allowed);

// The same in SQL for somebody else to run, by what the API tells: whole numbers in the primary
// key. Empty where the table has no such key.
std::string sequence_sql(const Table& table);

}  // namespace pgseed::seed
