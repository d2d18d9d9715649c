#pragma once
// What a file's statements change in the session that psql would run it in: transaction blocks and
// settings. A setting comes in a form that can be carried out inside another transaction.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgseed::sql {

// COMMIT AND CHAIN ends a block and begins the next.
enum class BlockEdge { none, begins, ends, chains };
// BEGIN and START TRANSACTION begin one, COMMIT, END and PREPARE TRANSACTION end it.
BlockEdge block_edge(std::string_view text);

struct SessionSetting {
  std::string name;          // lower case: "search_path", "role", "app.tenant"; "all" for RESET ALL
  bool is_local = false;     // until COMMIT
  bool is_default = false;   // RESET, or TO DEFAULT
  bool is_computed = false;  // its value is an expression
  // One statement that sets the same until the end of the transaction at hand; none for "all".
  std::string local_sql;
};
// SET, RESET, DISCARD ALL and a SELECT of nothing but set_config(); none for any other statement.
// nullopt: a set_config() in a form that is not taken apart.
std::optional<std::vector<SessionSetting>> session_settings(std::string_view text);

// \c or \connect: psql goes on in a session of its own, maybe in another database.
bool is_connect(std::string_view text);
// The database that such a command names; nullopt where psql stays in the one it is in.
std::optional<std::string> connected_database(std::string_view text);

}  // namespace pgseed::sql
