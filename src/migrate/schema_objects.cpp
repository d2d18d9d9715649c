#include "pgseed/migrate/schema_objects.hpp"

#include "pgseed/base/text.hpp"

namespace pgseed::migrate {
namespace {

// kind, qualified name; tables before types and functions, which they may need. What goes with
// another object (a serial's sequence, a table's row type) is not listed.
constexpr const char* kObjects = R"(
SELECT kind, name FROM (
  SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
           WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'c' THEN 'TYPE'
           ELSE 'TABLE' END AS kind,
         pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
         CASE c.relkind WHEN 'v' THEN 1 WHEN 'm' THEN 1 WHEN 'S' THEN 3 WHEN 'c' THEN 5 ELSE 2 END
           AS rank, 'pg_class'::regclass AS class, c.oid
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $schema AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass
                    AND d.objid = c.oid AND c.relkind = 'S' AND d.deptype IN ('a', 'i'))
  UNION ALL
  SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END,
         pg_catalog.format('%I.%I(%s)', n.nspname, p.proname,
                           pg_catalog.pg_get_function_identity_arguments(p.oid)),
         4, 'pg_proc'::regclass, p.oid
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname = $schema
  UNION ALL
  SELECT CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END,
         pg_catalog.format('%I.%I', n.nspname, t.typname), 5, 'pg_type'::regclass, t.oid
  FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  WHERE n.nspname = $schema AND t.typtype IN ('e', 'd', 'r')
) AS objects
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = objects.class
                  AND d.objid = objects.oid AND d.deptype = 'e')
ORDER BY rank, name)";

std::string objects_query(const std::string& schema_literal) {
  std::string query = kObjects;
  constexpr std::string_view kPlace = "$schema";
  for (auto at = query.find(kPlace); at != std::string::npos; at = query.find(kPlace, at)) {
    query.replace(at, kPlace.size(), schema_literal);
    at += schema_literal.size();
  }
  return query;
}

}  // namespace

std::vector<std::string> drop_all_objects(pg::Session& session, const std::string& schema) {
  std::vector<std::string> dropped;
  session.transaction([&](pg::Session& inner) {
    for (const pg::Row& row : inner.query(objects_query(inner.literal(schema)))) {
      // IF EXISTS: an earlier CASCADE may have taken it along.
      inner.execute(text("DROP ", *row[0], " IF EXISTS ", *row[1], " CASCADE"));
      dropped.push_back(text(to_lower(*row[0]), ' ', *row[1]));
    }
  });
  return dropped;
}

}  // namespace pgseed::migrate
