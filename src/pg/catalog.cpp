#include "pgseed/pg/catalog.hpp"

#include <map>
#include <utility>

#include "pgseed/base/text.hpp"

namespace pgseed::pg {
namespace {

// Every name is qualified: the session's search_path may hold anything.
constexpr std::string_view kColumns = R"(
select c.oid, n.nspname, c.relname, a.attname,
       case when base.oid in ('pg_catalog.json'::pg_catalog.regtype,
                              'pg_catalog.jsonb'::pg_catalog.regtype)
            then pg_catalog.format_type(base.oid, null)
            else pg_catalog.format_type(a.atttypid, a.atttypmod) end,
       a.attnotnull,
       a.attidentity <> '' or (a.atthasdef and a.attgenerated = '') or t.typdefault is not null,
       a.attgenerated = 's', a.attidentity = 'a', wn.nspname, w.relname
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join (pg_catalog.pg_inherits i
           join pg_catalog.pg_class w on w.oid = i.inhparent
           join pg_catalog.pg_namespace wn on wn.oid = w.relnamespace)
       on i.inhrelid = c.oid and c.relispartition
left join pg_catalog.pg_attribute a
       on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_type t on t.oid = a.atttypid
left join lateral (
  with recursive chain as (
    select t.oid, t.typbasetype, t.typtype
    union all
    select b.oid, b.typbasetype, b.typtype
    from chain join pg_catalog.pg_type b on b.oid = chain.typbasetype
    where chain.typtype = 'd')
  select chain.oid from chain where chain.typtype <> 'd') base on t.typtype = 'd'
where c.relkind in ('r', 'p', 'f', 'v', 'm') and n.nspname = any (array[)";
constexpr std::string_view kColumnsEnd = R"(]::pg_catalog.name[])
order by n.nspname, c.relname, a.attnum)";

constexpr std::string_view kKeys = R"(
select i.indrelid, i.indexrelid, i.indisprimary, a.attname
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral pg_catalog.unnest(i.indkey::pg_catalog.int2[])
                   with ordinality as k(attnum, place)
join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
where i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
  and (i.indisprimary or i.indimmediate) and k.place <= i.indnkeyatts
  and n.nspname = any (array[)";
constexpr std::string_view kKeysEnd = R"(]::pg_catalog.name[])
order by i.indrelid, i.indisprimary desc, i.indexrelid, k.place)";

// A foreign key to a partitioned table has copies for its partitions, with the same conrelid.
constexpr std::string_view kForeignKeys = R"(
select f.conrelid, f.oid, rn.nspname, rc.relname, a.attname, ra.attname
from pg_catalog.pg_constraint f
join pg_catalog.pg_class c on c.oid = f.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_class rc on rc.oid = f.confrelid
join pg_catalog.pg_namespace rn on rn.oid = rc.relnamespace
cross join lateral pg_catalog.unnest(f.conkey) with ordinality as k(attnum, place)
join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.attnum
join pg_catalog.pg_attribute ra on ra.attrelid = f.confrelid and ra.attnum = f.confkey[k.place]
where f.contype = 'f'
  and not exists (select from pg_catalog.pg_constraint p
                  where p.oid = f.conparentid and p.conrelid = f.conrelid)
  and n.nspname = any (array[)";
constexpr std::string_view kForeignKeysEnd = R"(]::pg_catalog.name[])
order by f.conrelid, f.conname, f.oid, k.place)";

bool is_true(const std::optional<std::string>& field) {
  return field == "t";
}

std::string name_list(const Session& session, const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) {
    if (!list.empty()) list += ", ";
    list += session.literal(name);
  }
  return list;
}

using TablesByOid = std::map<std::string, std::size_t>;

Model read_columns(Session& session, const std::string& schemas, TablesByOid& by_oid) {
  Model model;
  for (const Row& row : session.query(text(kColumns, schemas, kColumnsEnd))) {
    if (by_oid.emplace(*row[0], model.tables.size()).second) {
      model.tables.emplace_back().name = {*row[1], *row[2]};
      if (row[9]) model.tables.back().partition_of = {*row[9], *row[10]};
    }
    if (!row[3]) continue;  // a table without columns
    model.tables.back().columns.push_back({.name = *row[3],
                                           .type = *row[4],
                                           .not_null = is_true(row[5]),
                                           .has_default = is_true(row[6]),
                                           .generated = is_true(row[7]),
                                           .identity_always = is_true(row[8])});
  }
  return model;
}

}  // namespace

Model read_catalog(Session& session, const std::vector<std::string>& schemas) {
  const std::string names = name_list(session, schemas);
  TablesByOid by_oid;
  Model model = read_columns(session, names, by_oid);

  std::string previous;
  for (const Row& row : session.query(text(kKeys, names, kKeysEnd))) {
    const auto found = by_oid.find(*row[0]);
    if (found == by_oid.end()) continue;  // made since the first query
    Table& table = model.tables[found->second];
    if (is_true(row[2])) {
      table.primary_key.push_back(*row[3]);
      continue;
    }
    if (std::exchange(previous, *row[1]) != *row[1]) table.unique_keys.emplace_back();
    table.unique_keys.back().push_back(*row[3]);
  }

  previous.clear();
  for (const Row& row : session.query(text(kForeignKeys, names, kForeignKeysEnd))) {
    const auto found = by_oid.find(*row[0]);
    if (found == by_oid.end()) continue;
    auto& foreign_keys = model.tables[found->second].foreign_keys;
    if (std::exchange(previous, *row[1]) != *row[1]) {
      foreign_keys.emplace_back().referenced_table = {*row[2], *row[3]};
    }
    foreign_keys.back().columns.push_back(*row[4]);
    foreign_keys.back().referenced_columns.push_back(*row[5]);
  }
  return model;
}

std::vector<std::string> schemas_of_users(Session& session) {
  std::vector<std::string> names;
  for (const Row& row : session.query("select nspname from pg_catalog.pg_namespace where nspname "
                                      "!~ '^pg_' and nspname <> 'information_schema' order by 1")) {
    names.push_back(*row[0]);
  }
  return names;
}

}  // namespace pgseed::pg
