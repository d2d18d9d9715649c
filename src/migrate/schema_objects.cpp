#include "pgseed/migrate/schema_objects.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "pgseed/base/error.hpp"
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

std::vector<std::string> drop_objects(pg::Session& session, const std::string& schema) {
  std::vector<std::string> dropped;
  for (const pg::Row& row : session.query(objects_query(session.literal(schema)))) {
    // IF EXISTS: an earlier CASCADE may have taken it along.
    session.execute(text("DROP ", *row[0], " IF EXISTS ", *row[1], " CASCADE"));
    dropped.push_back(text(to_lower(*row[0]), ' ', *row[1]));
  }
  return dropped;
}

// --- What a CASCADE takes along

// A row of pg_depend. Objects are written "class.object.part" by their numbers; part 0 is the
// whole.
struct Dependency {
  std::string object, on;
  char type = 'n';
  bool on_schema = false;
  bool is_cast = false, on_type = false;
};

// Of all that was made in this database; what initdb made depends on nothing of it.
std::vector<Dependency> read_dependencies(pg::Session& session) {
  std::vector<Dependency> all;
  for (const pg::Row& row : session.query(
           "SELECT classid || '.' || objid || '.' || objsubid, "
           "refclassid || '.' || refobjid || '.' || refobjsubid, deptype, "
           "refclassid = 'pg_catalog.pg_namespace'::regclass, "
           "classid = 'pg_catalog.pg_cast'::regclass, refclassid = 'pg_catalog.pg_type'::regclass "
           "FROM pg_catalog.pg_depend WHERE objid >= 16384")) {
    all.push_back({*row[0], *row[1], row[2]->front(), row[3] == "t", row[4] == "t", row[5] == "t"});
  }
  return all;
}

std::string whole_of(const std::string& object) {
  return object.substr(0, object.rfind('.')) + ".0";
}

// What has vanished between two looks at the catalogue and was no part of the schema: by
// comparison, since the server's own notice of a CASCADE ends after a hundred objects.
class Victims {
 public:
  Victims(const std::vector<Dependency>& before, const std::vector<Dependency>& after,
          std::string schema)
      : schema_(std::move(schema)) {
    std::set<std::string> left;
    for (const Dependency& each : after) left.insert(each.object);
    for (const Dependency& each : before) {
      if (!left.contains(each.object)) gone_[each.object].push_back(&each);
    }
  }

  std::set<std::string> list() const {
    std::set<std::string> victims;
    for (const auto& [object, needs] : gone_) {
      if (const auto victim = as_victim(object, needs)) victims.insert(*victim);
    }
    return victims;
  }

 private:
  using Needs = std::vector<const Dependency*>;

  bool is_gone(const std::string& object) const {
    return gone_.contains(object) || gone_.contains(whole_of(object));
  }

  // "" where it stands in none, like a trigger or a cast.
  std::string schema_of(const std::string& object) const {
    const auto found = gone_.find(whole_of(object));
    if (found == gone_.end()) return {};
    for (const Dependency* const each : found->second) {
      if (each->on_schema) return each->on;
    }
    return {};
  }

  // What to tell for it, nothing for what goes without saying.
  std::optional<std::string> as_victim(const std::string& object, const Needs& needs) const {
    const std::string own_schema = schema_of(object);
    if (own_schema == schema_) return std::nullopt;
    if (object != whole_of(object) && gone_.contains(whole_of(object))) return std::nullopt;
    std::string teller = object;
    for (const Dependency* const each : needs) {
      const bool is_part = each->type != 'n' && each->type != 'e' && each->type != 'x';
      // Also a cast to or from a type of the schema is the type's.
      const bool belongs = is_part || (each->is_cast && each->on_type);
      // A partition may stand in a schema of its own, with its rows.
      if (belongs && is_gone(each->on) &&
          (own_schema.empty() || schema_of(each->on) == own_schema)) {
        return std::nullopt;
      }
      // The column of a generated value needs nothing by itself, and goes with its expression.
      if (each->type == 'i' && !is_gone(each->on)) teller = each->on;
    }
    return teller;
  }

  std::string schema_;
  std::map<std::string, Needs> gone_;
};

std::vector<std::string> describe(pg::Session& session, const std::set<std::string>& objects) {
  std::string array;
  for (const std::string& object : objects) array += text(array.empty() ? "" : ",", object);
  std::vector<std::string> words;
  for (const pg::Row& row : session.query(text(
           "SELECT pg_catalog.pg_describe_object(pg_catalog.split_part(o, '.', 1)::oid, "
           "pg_catalog.split_part(o, '.', 2)::oid, pg_catalog.split_part(o, '.', 3)::int) COLLATE "
           "\"C\" FROM pg_catalog.unnest(pg_catalog.string_to_array('",
           array, "', ',')) AS o ORDER BY 1"))) {
    words.push_back(row[0].value_or("an object that is gone by now"));
  }
  return words;
}

// With an empty search_path, so that every name comes with its schema.
std::vector<std::string> describe_unambiguously(pg::Session& session,
                                                const std::set<std::string>& objects) {
  const auto path = session.query(
      "SELECT pg_catalog.current_setting('search_path'), pg_catalog.set_config('search_path', '', "
      "true)");
  std::vector<std::string> words = describe(session, objects);
  session.query(text("SELECT pg_catalog.set_config('search_path', ",
                     session.literal(*path.front()[0]), ", true)"));
  return words;
}

std::string number_of_schema(pg::Session& session, const std::string& schema) {
  const auto rows =
      session.query(text("SELECT 'pg_catalog.pg_namespace'::regclass::oid || '.' || oid || '.0' "
                         "FROM pg_catalog.pg_namespace WHERE nspname = ",
                         session.literal(schema)));
  return rows.empty() ? "" : *rows.front()[0];
}

[[noreturn]] void refuse(const std::string& schema, const std::vector<std::string>& victims) {
  constexpr std::size_t kShown = 10;
  const std::size_t shown = std::min(victims.size(), kShown);
  std::string list = join({victims.begin(), victims.begin() + static_cast<std::ptrdiff_t>(shown)});
  if (shown < victims.size()) list += text(" and ", victims.size() - shown, " more");
  const bool one = victims.size() == 1;
  throw Error(ErrorKind::refused,
              text("emptying schema ", schema, " would also drop ", victims.size(),
                   one ? " object" : " objects", " outside of it that ", one ? "needs" : "need",
                   " something there: ", list),
              {},
              "nothing was changed; drop or change what needs it first, or let it go as well, with "
              "its data: --allow-cascade");
}

}  // namespace

Emptied drop_all_objects(pg::Session& session, const std::string& schema, bool allow_cascade) {
  Emptied emptied;
  session.transaction([&](pg::Session& outer) {
    const auto before = read_dependencies(outer);
    const std::string number = number_of_schema(outer, schema);
    std::set<std::string> victims;
    struct TakeBack {};
    try {
      outer.transaction([&](pg::Session& inner) {
        emptied.dropped = drop_objects(inner, schema);
        victims = Victims(before, read_dependencies(inner), number).list();
        // Nobody can say any more what they were.
        if (!victims.empty()) throw TakeBack{};
      });
    } catch (const TakeBack&) {
      emptied.elsewhere = describe_unambiguously(outer, victims);
      if (!allow_cascade) refuse(schema, emptied.elsewhere);
      emptied.dropped = drop_objects(outer, schema);
    }
  });
  return emptied;
}

}  // namespace pgseed::migrate
