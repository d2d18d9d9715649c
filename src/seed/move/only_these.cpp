#include "pgseed/seed/move/only_these.hpp"

#include "pgseed/base/error.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/seed/move/direct_refusal.hpp"

namespace pgseed::seed {
namespace {

constexpr const char* kWaysOut =
    "seed both tables in one run, or accept that they vanish or change by their ON DELETE rule, or "
    "stop the run: --allow-cascade";

// emptied: every relation whose rows go with those of the named ones: tables under views,
// partitions and heirs of tables. meant: the same without the heirs, which are tables of their own.
// Heirs first, then the leaves of the referring tables, one line a foreign key: schema and name, of
// what it refers to (or inherits from) as well, a condition that finds the rows.
constexpr const char* kReached = R"(
WITH RECURSIVE
named (oid) AS (SELECT pg_catalog.unnest(%named)),
under (oid, part, is_heir) AS (
  SELECT w.ev_class, d.refobjid, false
  FROM pg_catalog.pg_rewrite w
  JOIN pg_catalog.pg_class v ON v.oid = w.ev_class AND v.relkind = 'v'
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
   AND d.objid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND d.refobjid <> w.ev_class
  WHERE w.ev_type = '1'
  UNION ALL
  SELECT i.inhparent, i.inhrelid, NOT c.relispartition
  FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
  WHERE c.relkind IN ('r', 'p', 'f')),
emptied (oid) AS (
  SELECT oid FROM named UNION SELECT u.part FROM emptied e JOIN under u ON u.oid = e.oid),
meant (oid) AS (
  SELECT oid FROM named
  UNION SELECT u.part FROM meant m JOIN under u ON u.oid = m.oid WHERE NOT u.is_heir),
keys AS (
  SELECT f.oid, f.conparentid, f.conrelid, f.confrelid, f.conkey, f.confkey, f.conpfeqop
  FROM pg_catalog.pg_constraint f JOIN emptied e ON e.oid = f.confrelid
  WHERE f.contype = 'f' AND f.confdeltype = ANY (%rules)),
leaves (key, oid) AS (
  SELECT k.oid, k.conrelid FROM keys k
  WHERE NOT EXISTS (SELECT FROM keys p WHERE p.oid = k.conparentid)
  UNION SELECT l.key, u.part FROM leaves l JOIN under u ON u.oid = l.oid AND NOT u.is_heir),
reached (kind, oid, through, condition) AS (
  SELECT 'heir', u.part, u.oid, 'true'
  FROM under u JOIN emptied e ON e.oid = u.oid
  WHERE u.is_heir AND u.part NOT IN (SELECT oid FROM meant)
  UNION ALL
  SELECT 'key', l.oid, k.confrelid,
         pg_catalog.format('EXISTS (SELECT FROM %s%I.%I pgseed_to WHERE %s)',
                           CASE WHEN t.relkind = 'p' THEN '' ELSE 'ONLY ' END, tn.nspname,
                           t.relname, pairs.condition)
  FROM leaves l JOIN keys k ON k.oid = l.key JOIN pg_catalog.pg_class t ON t.oid = k.confrelid
  JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
  CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(
             pg_catalog.format('pgseed_to.%I OPERATOR(%I.%s) pgseed_of.%I', ra.attname, n.nspname,
                               o.oprname, a.attname), ' AND ') AS condition
    FROM ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey),
                    pg_catalog.unnest(k.conpfeqop)) c (own, other, equals)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = c.own
    JOIN pg_catalog.pg_attribute ra ON ra.attrelid = k.confrelid AND ra.attnum = c.other
    JOIN pg_catalog.pg_operator o ON o.oid = c.equals
    JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace) pairs
  WHERE l.oid NOT IN (SELECT oid FROM emptied))
SELECT r.kind, n.nspname, c.relname, tn.nspname, t.relname, r.condition
FROM reached r
JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.relkind IN ('r', 'f')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class t ON t.oid = r.through
JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
ORDER BY 1, 2, 3, 4, 5, 6)";

std::string replaced(std::string sql, const std::string& name, const std::string& value) {
  sql.replace(sql.find(name), name.size(), value);
  return sql;
}

std::string oids(pg::CopyIn& database, const std::vector<TableName>& tables) {
  std::string list;
  for (const TableName& table : tables) {
    const std::string oid = database.value(
        text("SELECT pg_catalog.to_regclass(", pg::to_literal(to_sql(table)), ")::pg_catalog.oid"));
    if (oid.empty()) {
      throw Error(ErrorKind::refused,
                  text("the direct connection knows no table ", to_sql(table),
                       ": nobody tells which rows of others emptying it would touch"),
                  "",
                  "let DATABASE_URL lead to the database of the API, or accept what its foreign "
                  "keys do: --allow-cascade");
    }
    list += (list.empty() ? "" : ", ") + oid;
  }
  return "ARRAY[" + list + "]::pg_catalog.oid[]";
}

std::uint64_t count_rows(pg::CopyIn& database, const TableName& table,
                         const std::string& condition) {
  try {
    return std::stoull(database.value(text("SELECT pg_catalog.count(*) FROM ONLY ", to_sql(table),
                                           " pgseed_of WHERE ", condition)));
  } catch (const pg::SqlError& error) {
    if (error.sqlstate != "42501") throw;
    throw Error(ErrorKind::refused,
                text("nobody tells whether ", to_sql(table),
                     " holds rows that emptying other tables would touch: ", error.message),
                "",
                text("let the role of DATABASE_URL SELECT from it (row-level security must not "
                     "hide rows from it); or ",
                     kWaysOut));
  }
}

void look(pg::CopyIn& database, const std::vector<TableName>& tables, Referring referring) {
  const char* const rules = referring == Referring::any
                                ? "ARRAY['a', 'r', 'c', 'n', 'd']::pg_catalog.\"char\"[]"
                                : "ARRAY['c', 'n', 'd']::pg_catalog.\"char\"[]";
  const std::string sql =
      replaced(replaced(kReached, "%named", oids(database, tables)), "%rules", rules);
  for (const pg::Row& row : database.query(sql)) {
    const bool is_heir = row[0] == "heir";
    const TableName other{row[1].value_or(""), row[2].value_or("")};
    const TableName through{row[3].value_or(""), row[4].value_or("")};
    const std::uint64_t rows = count_rows(database, other, row[5].value_or("true"));
    if (rows == 0) continue;
    const std::string counted = text(with_separators(rows), rows == 1 ? " row" : " rows");
    if (is_heir) {
      throw Error(ErrorKind::refused,
                  text("emptying ", to_sql(through), " would delete ", counted, " of ",
                       to_sql(other), ", which inherits from it and is not in the file"),
                  "", "seed both tables in one run, or accept that they vanish: --allow-cascade");
    }
    throw Error(ErrorKind::refused,
                text("emptying ", to_sql(through), " would touch ", counted, " of ", to_sql(other),
                     ", which refer to it and are not in the file"),
                "", kWaysOut);
  }
}

}  // namespace

void require_only_these(pg::CopyIn& database, const std::vector<TableName>& tables,
                        Referring referring) {
  if (tables.empty()) return;
  // Rows that row-level security hides vanish all the same: it is to be an error.
  const std::string before = database.value("SHOW row_security");
  database.execute("SET LOCAL row_security = off");
  look(database, tables, referring);
  database.execute(text("SET LOCAL row_security = ", before));
}

void require_only_these_over(const std::string& database_url, const std::vector<TableName>& tables,
                             Referring referring) {
  const char* const failed = "what emptying the tables would touch cannot be looked up";
  try {
    pg::CopyIn database(database_url);
    database.begin();
    database.execute("SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = 0");
    require_only_these(database, tables, referring);
    database.rollback();
  } catch (const pg::SqlError& error) {
    throw error_of(error, failed);
  } catch (const Error& error) {
    if (error.kind == ErrorKind::refused) throw;
    throw Error(error.kind, text(failed, " over DATABASE_URL: ", error.message), error.where,
                error.hint);
  }
}

}  // namespace pgseed::seed
