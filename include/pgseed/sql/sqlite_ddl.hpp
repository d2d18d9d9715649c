#pragma once
// The DDL of SQLite, statement by statement, into the model.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pgseed/sql/ddl_model.hpp"

namespace pgseed::sql {

class SqliteDdl {
 public:
  // The schema must outlive this.
  explicit SqliteDdl(DdlSchema& schema) : schema_(schema) {}

  // A statement of the kind ddl or sequence: rows of sqlite_sequence tell where numbers go on.
  // What is not understood becomes a note.
  void note(std::string_view statement, const DdlPlace& place);

 private:
  void create(DdlWalk& walk, const DdlPlace& place);
  void create_table(DdlWalk& walk, const DdlPlace& place);
  void create_index(DdlWalk& walk, const DdlPlace& place, bool unique);
  void alter_table(DdlWalk& walk, const DdlPlace& place);
  void drop(DdlWalk& walk, const DdlPlace& place);
  void insert(DdlWalk& walk, const DdlPlace& place);

  DdlSchema& schema_;
  // What sqlite_sequence says of tables, some of which come only later.
  std::vector<std::pair<std::string, std::string>> next_;
};

}  // namespace pgseed::sql
