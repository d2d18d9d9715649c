#pragma once
// The DDL of MySQL and MariaDB, statement by statement, into the model.
#include <optional>
#include <string>
#include <string_view>

#include "pgseed/sql/ddl_model.hpp"
#include "pgseed/sql/mysql_cursor.hpp"

namespace pgseed::sql {

struct MysqlDdlOptions {
  bool tinyint1_is_boolean = true;
};

class MysqlDdl {
 public:
  // The schema must outlive this.
  MysqlDdl(DdlSchema& schema, const MysqlDdlOptions& options)
      : schema_(schema), options_(options) {}

  // A new file: USE of another one means nothing any more.
  void begin_file();
  // A statement of the kind ddl or session. What is not understood becomes a note.
  void note(std::string_view statement, const MysqlMode& mode, const DdlPlace& place);

 private:
  QualifiedName read_table_name(DdlWalk& walk) const;
  void create(DdlWalk& walk, const DdlPlace& place);
  void create_table(DdlWalk& walk, const DdlPlace& place, bool replaces);
  void create_index(DdlWalk& walk, const DdlPlace& place, bool unique);
  void alter_table(DdlWalk& walk, const DdlPlace& place);
  void alter_part(DdlWalk& walk, DdlTable& table, const DdlPlace& place);
  void drop(DdlWalk& walk, const DdlPlace& place);
  void rename_tables(DdlWalk& walk, const DdlPlace& place);

  DdlSchema& schema_;
  MysqlDdlOptions options_;
  std::string first_database_, database_;
};

}  // namespace pgseed::sql
