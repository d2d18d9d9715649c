#pragma once
// FORCE means the tables that it names. What else goes with their rows, the catalogue tells: rows
// that refer to them, over any foreign key of the database, and rows of tables that inherit.
//
// Under a view that is emptied lie tables, under a partitioned table its partitions: they are meant
// with it. What triggers and rules of the tables do, nobody knows beforehand.
#include <string>
#include <vector>

#include "pgseed/pg/copy_in.hpp"
#include "pgseed/schema/model.hpp"

namespace pgseed::seed {

// Which foreign keys stand in the way of emptying a table.
enum class Referring {
  changed,  // whose ON DELETE rule takes rows along or changes them; the others refuse by
            // themselves
  any,      // where tables are emptied one by one, a refusal comes too late
};

// Throws Error{refused} where emptying all these tables would delete or change rows of others, or
// would be refused because of them; also where nobody may look whether it would. In a transaction
// that the caller has open and gives up then.
void require_only_these(pg::CopyIn& database, const std::vector<TableName>& tables,
                        Referring referring);
// The same over a connection of its own, which changes nothing.
void require_only_these_over(const std::string& database_url, const std::vector<TableName>& tables,
                             Referring referring);

}  // namespace pgseed::seed
