#pragma once
// Where a file carried out statement by statement would not mean what it means in psql: the load
// passes over its definitions, stays in one database and commits at the end. Rows mind only the
// database; SQL of the file that builds on such a statement would do something else in silence.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/sql/rows.hpp"

namespace pgseed::seed {

class SessionGap {
 public:
  struct Found {
    std::uint64_t line = 0;
    std::string what;  // for the message
    std::string hint;  // what to do
  };

  // Each statement that the load does not carry out itself, in the file's order.
  void pass_over(const sql::Statement& statement);
  // SQL of the file runs here: a statement, or a row with expressions.
  void run();
  // Rows that are to be loaded come here.
  void rows();
  // The file's end.
  void end();

  // The first one, once it is known to matter.
  const std::optional<Found>& found() const { return found_; }

 private:
  void connect(const sql::Statement& statement);

  bool runs_ = false;
  std::optional<Found> found_;
  std::optional<Found> passed_;                  // matters if SQL follows
  std::optional<Found> made_;                    // matters if SQL stands anywhere
  std::string database_;                         // that psql would be in
  std::optional<std::string> database_of_rows_;  // that the first rows are for
  std::optional<Found> connected_;               // the last \\connect
  std::optional<Found> mixed_;                   // behind which rows of another database came
};

struct TableSwitch {
  bool on = false;
  std::string object;  // "TRIGGER", "RULE", "ROW", ...
};
// The ENABLE and DISABLE clauses of ALTER TABLE; none of any other statement. Throws SyntaxProblem.
std::vector<TableSwitch> switches_of_alter_table(std::string_view statement);

}  // namespace pgseed::seed
