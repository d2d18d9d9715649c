#pragma once
// What the DDL of MySQL and SQLite dumps makes, as plain values: tables with all that PostgreSQL
// can have of them, and what it cannot have by name. Types are PostgreSQL's already; expressions
// are tokens of the dialect that they were written in.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/sql/ddl_tokens.hpp"
#include "pgseed/sql/dialect.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::sql {

struct DdlPlace {
  std::size_t file = 0;  // among the files of one schema
  std::uint64_t line = 0;
};

enum class DdlType {
  boolean,
  smallint,
  integer,
  bigint,
  numeric,
  real,
  double_precision,
  text,
  varchar,
  bytea,
  bit,
  date,
  time,
  timestamp,
  timestamptz,
  json,
  uuid,
  inet,
};
const char* name(DdlType type);  // as PostgreSQL writes it, without length

// What a column may hold beyond its type, as a CHECK says it.
enum class DdlRange {
  any,
  not_negative,   // unsigned numbers
  year,           // 0 and 1901 to 2155
  exact_bytes,    // binary(n)
  at_most_bytes,  // varbinary(n)
  one_of,         // enum
  some_of,        // set
};

struct DdlColumn {
  std::string name;
  DdlType type = DdlType::text;
  std::vector<std::string> numbers;  // (10,2)
  DdlRange range = DdlRange::any;
  std::uint64_t range_bytes = 0;
  std::vector<std::string> values;  // of an enum or set
  bool not_null = false;
  bool identity = false;
  DdlTokens default_value;  // empty: none
  DdlTokens generated;      // the expression of a generated column; empty: none
  std::string comment;
  bool ignores_case = false;  // 'a' equals 'A' there
  bool is_invisible = false;  // rows without a column list leave it out
  // bigint unsigned became numeric: where a foreign key says so, it gives way to bigint.
  bool is_wide_unsigned = false;
  DdlPlace place;
};

struct DdlKeyPart {
  std::string column;  // empty: the expression counts
  DdlTokens expression;
  std::uint64_t prefix = 0;  // characters or bytes of the column; 0: all
  bool descending = false;
};

struct DdlKey {
  enum class Kind { primary, unique, index } kind = Kind::index;
  std::string name;
  std::vector<DdlKeyPart> parts;
  DdlTokens where;
  std::string comment;
  DdlPlace place;
};

struct DdlForeignKey {
  std::string name;
  std::vector<std::string> columns;
  QualifiedName table;
  std::vector<std::string> referenced;  // empty: the primary key
  std::string on_delete, on_update;     // "CASCADE", "SET NULL", ...; empty: nothing said
  bool deferred = false;                // DEFERRABLE INITIALLY DEFERRED
  DdlPlace place;
};

struct DdlCheck {
  std::string name;
  DdlTokens expression;
  DdlPlace place;
};

struct DdlTable {
  QualifiedName name;
  std::vector<DdlColumn> columns;
  std::vector<DdlKey> keys;
  std::vector<DdlForeignKey> foreign_keys;
  std::vector<DdlCheck> checks;
  std::string comment;
  std::string next_identity;  // digits; empty: nobody told
  DdlPlace place;

  // SQLite and MySQL compare names of columns without case. nullptr if there is none.
  const DdlColumn* find(std::string_view column) const;
  DdlColumn* find(std::string_view column);
  const DdlKey* primary_key() const;
};

// What is not translated, and why.
struct DdlNote {
  DdlPlace place;
  std::string text;
  bool loses_table = false;  // a whole table is missing
};

struct DdlSchema {
  Dialect dialect = Dialect::mysql;
  std::vector<DdlTable> tables;        // in the order in which they were made
  std::vector<QualifiedName> dropped;  // before they were made, if at all
  std::vector<DdlPlace> dropped_at;    // the same, where
  std::vector<DdlNote> notes;
  bool has_rows = false;
  std::vector<DdlNote> views;  // of each view only the last one counts

  // By its exact name, else without case; nullptr if there is none.
  DdlTable* find(const QualifiedName& name);
  const DdlTable* find(const QualifiedName& name) const;
  void note(const DdlPlace& place, std::string text) {
    notes.push_back({place, std::move(text), false});
  }
};

}  // namespace pgseed::sql
