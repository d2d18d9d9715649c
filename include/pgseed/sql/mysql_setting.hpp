#pragma once
// What SET changes of how the later text of a MySQL dump reads.
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pgseed/sql/mysql_cursor.hpp"

namespace pgseed::sql {

// One assignment of SET: the variable in lower case ("sql_mode", "@old_mode", "names" for SET NAMES
// and its kin); its value as a string's or word's text, or as it is written where it is neither.
struct MysqlSetting {
  std::string name;
  std::string value;
  bool is_literal = false;
};
// What a SET statement sets for this session, in order; empty for any other statement.
std::vector<MysqlSetting> read_mysql_settings(std::string_view text, const MysqlMode& mode);

// Keeps sql_mode as the text changes it. Dumps save it in a user variable and restore it from
// there.
class MysqlModes {
 public:
  const MysqlMode& now() const { return now_; }
  // True unless nobody but a server can tell what the mode is afterwards.
  bool apply(const MysqlSetting& setting);

 private:
  MysqlMode now_;
  std::vector<std::pair<std::string, MysqlMode>> saved_;
};

// PostgreSQL's name for a character set of MySQL; empty for those that need no conversion: UTF-8,
// ASCII, and binary, which promises nothing.
std::string mysql_encoding(std::string_view charset);

// A value of time_zone as PostgreSQL reads it: a name, or for offsets with minutes a POSIX zone
// ("<+05:45>-05:45"), which only the database itself takes; empty for the server's own, nullopt for
// what is no zone.
std::optional<std::string> mysql_time_zone(std::string_view value);

}  // namespace pgseed::sql
