#include "pgseed/seed/direct/direct_closure.hpp"

#include <memory>
#include <vector>

#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/pg/copy_in.hpp"

namespace pgseed::seed {
namespace {

using Names = std::vector<std::string>;

// Literals without a type take that of the column that they are compared with.
std::string exists(const TableName& table, const Names& columns, const Names& values) {
  std::string where;
  for (std::size_t index = 0; index < columns.size(); ++index) {
    where += text(where.empty() ? "" : " AND ", quote_identifier(columns[index]), " = ",
                  pg::to_literal(values[index]));
  }
  return text("EXISTS (SELECT FROM ", to_sql(table), " WHERE ", where, ")");
}

}  // namespace

AskTarget ask_over_connection(const std::string& database_url) {
  auto connection = std::make_shared<std::unique_ptr<pg::CopyIn>>();
  return [database_url, connection](const TableName& table, const Names& columns,
                                    const std::vector<Names>& keys) {
    if (!*connection) *connection = std::make_unique<pg::CopyIn>(database_url);
    pg::CopyIn& database = **connection;
    std::string all;
    for (const Names& key : keys) all += (all.empty() ? "" : ", ") + exists(table, columns, key);
    std::vector<bool> found(keys.size(), true);
    try {
      const std::vector<pg::Row> answer = database.query("SELECT " + all);
      for (std::size_t index = 0; index < keys.size(); ++index) {
        found[index] = answer.front()[index] == "t";
      }
      return found;
    } catch (const pg::SqlError&) {
      // One of them is at fault: each by itself.
    }
    for (std::size_t index = 0; index < keys.size(); ++index) {
      try {
        found[index] = database.value("SELECT " + exists(table, columns, keys[index])) == "t";
      } catch (const pg::SqlError&) {
        found[index] = true;
      }
    }
    return found;
  };
}

}  // namespace pgseed::seed
