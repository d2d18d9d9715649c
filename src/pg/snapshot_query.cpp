#include "pgseed/pg/snapshot_query.hpp"

#include "pgseed/base/text.hpp"

namespace pgseed::pg {
namespace {

// member: what extensions brought, and what comes with a range type. space: the schemas to read.
// rel: the relations to read, row types of composite types among them (kind NULL), so that a
// comment on an attribute has a name.
constexpr std::string_view kBegin = R"(
with member as materialized (
  select classid, objid from pg_depend
  where deptype = 'e'
     or deptype = 'i' and classid in ('pg_proc'::regclass, 'pg_cast'::regclass)),
space as materialized (
  select n.oid, quote_ident(n.nspname) as name
  from pg_namespace n
  where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pgseed')),
left_out as materialized (
  select c.oid
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join unnest(array[)";
constexpr std::string_view kRelations = R"(]::text[]) as given(name)
    on parse_ident(given.name) = array[n.nspname::text, c.relname::text]),
owned as materialized (
  select d.objid as sequence, d.refobjid as rel, d.refobjsubid as col, d.deptype
  from pg_depend d
  join pg_class c on c.oid = d.objid and c.relkind = 'S'
  where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
    and d.refobjsubid > 0 and d.deptype in ('a', 'i')),
rel as materialized (
  select c.*, space.name || '.' || quote_ident(c.relname) as name,
         case c.relkind when 'r' then 'table' when 'p' then 'table' when 'f' then 'foreign table'
                        when 'v' then 'view' when 'm' then 'materialized view'
                        when 'S' then 'sequence' end as kind
  from pg_class c
  join space on space.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'f', 'v', 'm', 'S', 'c')
    and not exists (select from member m
                    where m.classid = 'pg_class'::regclass and m.objid = c.oid
                       or c.relkind = 'c' and m.classid = 'pg_type'::regclass
                          and m.objid = c.reltype)
    and c.oid not in (select left_out.oid from left_out)
    and c.oid not in (select o.sequence from owned o join left_out l on l.oid = o.rel)),
-- only what differs from the defaults of an ascending or descending sequence
sequence_text as materialized (
  select s.seqrelid, concat_ws(' ',
           case when s.seqincrement <> 1 then 'increment ' || s.seqincrement end,
           case when s.seqmin <> d.seqmin then 'minvalue ' || s.seqmin end,
           case when s.seqmax <> d.seqmax then 'maxvalue ' || s.seqmax end,
           case when s.seqstart <> case when s.seqincrement > 0 then s.seqmin else s.seqmax end
                then 'start ' || s.seqstart end,
           case when s.seqcache <> 1 then 'cache ' || s.seqcache end,
           case when s.seqcycle then 'cycle' end) as definition
  from pg_sequence s
  cross join lateral (
    select case s.seqtypid when 'int2'::regtype then 32767 when 'int4'::regtype then 2147483647
                           else 9223372036854775807 end as top) t
  cross join lateral (
    select case when s.seqincrement > 0 then 1 else -t.top - 1 end as seqmin,
           case when s.seqincrement > 0 then t.top else -1 end as seqmax) d),
object(class, oid, sub, kind, name, definition, part_of) as materialized (
  select * from ()";

// An extension's own comment is the one of its control file.
constexpr std::string_view kRest = R"() listed(class, oid, sub, kind, name, definition, part_of)
  where not exists (select from member m
                    where m.classid = listed.class and m.objid = listed.oid)),
-- held: the rights as they are; base: as they were at the creation
privilege(class, oid, sub, owner, type, held) as (
  select 'pg_class'::regclass::oid, oid, 0, relowner,
         case relkind when 'S' then 's' else 'r' end::"char", relacl from rel
  union all
  select 'pg_class'::regclass, a.attrelid, a.attnum, rel.relowner, 'c', a.attacl
  from pg_attribute a join rel on rel.oid = a.attrelid where not a.attisdropped
  union all
  select 'pg_namespace'::regclass, oid, 0, nspowner, 'n', nspacl from pg_namespace
  union all
  select 'pg_proc'::regclass, oid, 0, proowner, 'f', proacl from pg_proc
  union all
  select 'pg_type'::regclass, oid, 0, typowner, 'T', typacl from pg_type
  union all
  select 'pg_language'::regclass, oid, 0, lanowner, 'l', lanacl from pg_language
  union all
  select 'pg_foreign_data_wrapper'::regclass, oid, 0, fdwowner, 'F', fdwacl
  from pg_foreign_data_wrapper
  union all
  select 'pg_foreign_server'::regclass, oid, 0, srvowner, 'S', srvacl from pg_foreign_server),
access(kind, name, part_of, owner, type, held, base) as (
  select 'grant', 'on ' || o.kind || ' ' || o.name,
         case when o.definition is null then o.part_of else o.kind || ' ' || o.name end,
         p.owner, p.type, p.held, acldefault(p.type, p.owner)
  from privilege p
  join object o on o.class = p.class and o.oid = p.oid and o.sub = p.sub
  where p.held is not null
  union all
  -- Within a schema they come on top of nothing, which is what a column has; else they stand in
  -- for the built-in ones.
  select 'default privileges',
         'for ' || case when d.defaclrole = base.datdba then 'owner'
                        else quote_ident(pg_get_userbyid(d.defaclrole)) end
         || coalesce(' in schema ' || space.name, '') || ' on '
         || case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences'
                                 when 'f' then 'functions' when 'T' then 'types'
                                 when 'n' then 'schemas' else 'large objects' end,
         coalesce('schema ' || space.name, ''), d.defaclrole, t.type, d.defaclacl,
         case when d.defaclnamespace = 0 then acldefault(t.type, d.defaclrole)
              else acldefault('c', d.defaclrole) end
  from pg_default_acl d
  cross join lateral (select case d.defaclobjtype when 'S' then 's'
                                                  else d.defaclobjtype end::"char") as t(type)
  join pg_database base on base.datname = current_database()
  left join space on space.oid = d.defaclnamespace
  where d.defaclnamespace = 0 or space.oid is not null)
select kind, name, definition, coalesce(part_of, '') from object where definition is not null
union all
select 'comment', 'on ' || o.kind || ' ' || o.name, quote_literal(d.description),
       case when o.definition is null then o.part_of else o.kind || ' ' || o.name end
from pg_description d
join object o on o.class = d.classoid and o.oid = d.objoid and o.sub = d.objsubid
where o.kind <> 'extension'
  and not (o.kind = 'schema' and o.name = 'public' and d.description = 'standard public schema')
union all
select a.kind,
       a.name || ' to ' || case g.grantee when a.owner then 'owner' when 0 then 'PUBLIC'
                                          else quote_ident(pg_get_userbyid(g.grantee)) end,
       case when g.held is null then 'none' when g.held = total.held then 'ALL'
            when g.held = total.grantable then 'ALL with grant option' else g.held end,
       a.part_of
from access a
cross join lateral (
  select coalesce(h.grantee, b.grantee) as grantee, h.list as held
  from ()";

// Both sides of the join, one line for each grantee.
constexpr std::string_view kRights = R"(
    select r.grantee, string_agg(r.name, ', ' order by r.name) as list
    from (select distinct x.grantee, (x.privilege_type || case when x.is_grantable
                 then ' with grant option' else '' end) collate "C" as name
          from aclexplode(@) x) r
    group by r.grantee)";
constexpr std::string_view kEnd = R"(
  where h.list is distinct from b.list) g
left join lateral (
  select string_agg(x.privilege_type, ', ' order by x.privilege_type collate "C") as held,
         string_agg(x.privilege_type || ' with grant option', ', '
                    order by x.privilege_type collate "C") as grantable
  from aclexplode(acldefault(a.type, a.owner)) x where x.grantee = a.owner) total on true
union all
select 'subscription', quote_ident(subname),
       'to ' || array_to_string(array(select p from unnest(subpublications) p
                                      order by p collate "C"), ', '), ''
from pg_subscription
where subdbid = (select oid from pg_database where datname = current_database()))";

std::string rights(std::string_view array) {
  const auto place = kRights.find('@');
  return text(kRights.substr(0, place), array, kRights.substr(place + 1));
}

}  // namespace

std::string snapshot_query(int server_version, std::string_view left_out) {
  return text(kBegin, left_out, kRelations, relation_queries(server_version), "\nunion all",
              type_and_routine_queries(server_version), "\nunion all",
              database_object_queries(server_version), kRest, rights("a.held"), ") h full join (",
              rights("a.base"), ") b on b.grantee = h.grantee", kEnd);
}

std::string with_word(std::string_view part, std::string_view word, std::string_view with) {
  return std::string(part).replace(part.find(word), word.size(), with);
}

std::string with_options(std::string_view part) {
  std::string out;
  for (auto at = part.find('@'); at != std::string_view::npos; at = part.find('@')) {
    const auto end = part.find_first_of(" \n", at);
    out += text(part.substr(0, at),
                "(select string_agg(o, ', ' order by o collate \"C\") from unnest(",
                part.substr(at + 1, end - at - 1), ") o where o not like 'pg\\_attver=%')");
    part.remove_prefix(end);
  }
  return out += part;
}

}  // namespace pgseed::pg
