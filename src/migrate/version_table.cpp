#include "pgseed/migrate/version_table.hpp"

#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/schema/model.hpp"
#include "pgseed/sql/literal.hpp"
#include "pgseed/sql/statement.hpp"

namespace pgseed::migrate {

VersionTableName parse_version_table(const std::string& name) {
  sql::Cursor cursor = sql::cursor_over(name);
  try {
    const sql::QualifiedName parsed = sql::read_qualified_name(cursor);
    sql::skip_blanks(cursor);
    if (cursor.at_end() && !parsed.name.empty()) return {parsed.schema, parsed.name};
  } catch (const sql::SyntaxProblem&) {
    // Said below.
  }
  throw Error(ErrorKind::usage, text("'", name, "' is no table name"), {},
              "write --version-table alembic_version or schema.alembic_version");
}

std::string to_sql(const VersionTableName& name) {
  const std::string table = quote_identifier(name.table);
  return name.schema ? text(quote_identifier(*name.schema), '.', table) : table;
}

std::string create_version_table_sql(const std::string& sql_name, const std::string& table,
                                     bool if_not_exists) {
  return text("CREATE TABLE ", if_not_exists ? "IF NOT EXISTS " : "", sql_name,
              " (\n    version_num VARCHAR(", kLongestRevisionId, ") NOT NULL,\n    CONSTRAINT ",
              quote_identifier(table + "_pkc"), " PRIMARY KEY (version_num)\n)");
}

VersionTable::VersionTable(pg::Session& session, const VersionTableName& name)
    : plain_name_(name.table) {
  const auto rows = session.query(text(
      "SELECT (SELECT n.nspname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid "
      "= c.relnamespace WHERE c.oid = pg_catalog.to_regclass(",
      session.literal(to_sql(name)),
      ")), pg_catalog.current_schema(), EXISTS (SELECT FROM pg_catalog.pg_class c JOIN "
      "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'pgseed' AND "
      "c.relname "
      "= 'migration_log' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND "
      "pg_catalog.has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE')), (SELECT CASE WHEN "
      "c.relkind NOT IN ('r', 'p') THEN 'it is no table' WHEN NOT EXISTS (SELECT FROM "
      "pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'version_num') THEN 'it "
      "has no column version_num' END FROM pg_catalog.pg_class c WHERE c.oid = "
      "pg_catalog.to_regclass(",
      session.literal(to_sql(name)), "))"));
  const pg::Row& row = rows.front();
  exists_ = row[0].has_value();
  has_log_ = row[2] == "t";
  const auto schema = exists_ ? row[0] : name.schema ? name.schema : row[1];
  if (!schema) {
    throw Error(ErrorKind::refused,
                text("there is no schema for the version table ", name.table,
                     ": the connection's search_path leads nowhere"),
                {}, text("name one: --version-table SCHEMA.", name.table));
  }
  sql_name_ = text(quote_identifier(*schema), '.', quote_identifier(name.table));
  if (!row[3]) return;
  throw Error(ErrorKind::refused, text(sql_name_, " is not a version table: ", *row[3]), {},
              "rename it, or name another version table: --version-table SCHEMA.NAME");
}

std::string VersionTable::create_sql() const {
  return create_version_table_sql(sql_name_, plain_name_, true);
}

std::vector<std::string> VersionTable::read(pg::Session& session) const {
  std::vector<std::string> values;
  if (!exists_) return values;
  // Two statements in one text are one transaction, which LOCK TABLE wants.
  for (const pg::Row& row : session.query(text("LOCK TABLE ", sql_name_,
                                               " IN ACCESS SHARE MODE NOWAIT; "
                                               "SELECT version_num FROM ",
                                               sql_name_))) {
    values.push_back(row[0].value_or(""));
  }
  std::sort(values.begin(), values.end());
  return values;
}

std::string VersionTable::change_sql(const std::string& sql_name, const RowChange& change) {
  switch (change.kind) {
    case RowChange::Kind::insert:
      return text("INSERT INTO ", sql_name, " (version_num) VALUES (",
                  sql::quote_literal(change.to), ')');
    case RowChange::Kind::remove:
      return text("DELETE FROM ", sql_name,
                  " WHERE version_num = ", sql::quote_literal(change.from));
    case RowChange::Kind::update:
      break;
  }
  return text("UPDATE ", sql_name, " SET version_num = ", sql::quote_literal(change.to),
              " WHERE version_num = ", sql::quote_literal(change.from));
}

void VersionTable::write(pg::Session& session, const RowChange& change) const {
  const long long met = session.execute(change_sql(sql_name_, change));
  if (met == 1) return;
  // Cannot happen under the lock; a trigger or rule on the table could still do it.
  throw Error(
      ErrorKind::refused,
      text("expected to match one row when writing '", change.to.empty() ? change.from : change.to,
           "' to ", sql_name_, "; ", met, " found"),
      {}, "nothing was changed; look at the rows and triggers of that table");
}

}  // namespace pgseed::migrate
