#pragma once
// One column of MySQL's CREATE or ALTER TABLE: its type as PostgreSQL's, its attributes.
#include <string>

#include "pgseed/sql/ddl_model.hpp"

namespace pgseed::sql {

// What the table says for all its columns.
struct MysqlTableContext {
  DdlSchema* schema = nullptr;  // takes the notes
  DdlTable* table = nullptr;    // takes the keys and checks that a column brings
  bool tinyint1_is_boolean = true;
};

struct MysqlColumn {
  DdlColumn column;
  std::string charset, collation;  // as said; empty: the table's
  bool is_text = false;            // has a collation
  bool first = false;              // where ALTER TABLE puts it
  std::string after;
};

// At a column's name. Reads up to the comma or parenthesis behind it.
MysqlColumn read_mysql_column(DdlWalk& walk, const MysqlTableContext& context,
                              const DdlPlace& place);

// True if texts that differ in case only are equal under the collation (or the character set's
// default one).
bool ignores_case(std::string_view charset, std::string_view collation);

// Behind CONSTRAINT name or at CHECK, FOREIGN KEY, ...: an index or constraint, into the table.
// False if there is none here.
bool read_mysql_key(DdlWalk& walk, const MysqlTableContext& context, const DdlPlace& place);
// At the parenthesis of a key's columns.
std::vector<DdlKeyPart> read_mysql_key_parts(DdlWalk& walk);
// Behind them: USING BTREE, COMMENT '...', ..., up to the end of the item.
void read_mysql_key_options(DdlWalk& walk, DdlKey& key);
// At REFERENCES.
void read_mysql_references(DdlWalk& walk, DdlForeignKey& key);

}  // namespace pgseed::sql
