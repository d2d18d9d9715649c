#include "pgseed/base/text.hpp"
#include "pgseed/pg/snapshot_query.hpp"

namespace pgseed::pg {
namespace {

// Row types of tables and the array and multirange types that come with a type are no objects of
// their own. A domain's default is deparsed anew: typdefault keeps the search_path of its creator.
constexpr std::string_view kTypes = R"(
  select 'pg_type'::regclass::oid, t.oid, 0,
         case t.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite type'
                        when 'r' then 'range type' else 'type' end,
         space.name || '.' || quote_ident(t.typname),
         case t.typtype
           when 'e' then '(' || coalesce((select string_agg(quote_literal(e.enumlabel), ', '
                                                            order by e.enumsortorder)
                                          from pg_enum e where e.enumtypid = t.oid), '') || ')'
           when 'd' then concat_ws(' ', format_type(t.typbasetype, t.typtypmod),
             'collate ' || (select c.oid::regcollation::text from pg_collation c join pg_type b
                            on b.oid = t.typbasetype
                            where c.oid = t.typcollation and c.oid <> b.typcollation),
             case when t.typnotnull then 'not null' end,
             'default ' || pg_get_expr(t.typdefaultbin, 'pg_type'::regclass))
           when 'c' then '(' || coalesce((
             select string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                               || coalesce(' collate ' || (
                                    select c.oid::regcollation::text from pg_collation c
                                    join pg_type b on b.oid = a.atttypid
                                    where c.oid = a.attcollation and c.oid <> b.typcollation), ''),
                               ', ' order by a.attnum)
             from pg_attribute a
             where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped), '') || ')'
           when 'r' then (
             select concat_ws(', ', 'subtype ' || format_type(r.rngsubtype, null),
               'opclass ' || (select n.nspname || '.' || o.opcname from pg_opclass o
                              join pg_namespace n on n.oid = o.opcnamespace
                              where o.oid = r.rngsubopc and not o.opcdefault),
               'collation ' || (select c.oid::regcollation::text from pg_collation c
                                join pg_type b on b.oid = r.rngsubtype
                                where c.oid = r.rngcollation and c.oid <> b.typcollation),
               'canonical ' || nullif(r.rngcanonical, 0)::regproc,
               'subtype_diff ' || nullif(r.rngsubdiff, 0)::regproc,
               MULTIRANGE)
             from pg_range r where r.rngtypid = t.oid)
           else concat_ws(', ', case when not t.typisdefined then 'shell' end,
                          'input ' || nullif(t.typinput, 0)::regproc,
                          'output ' || nullif(t.typoutput, 0)::regproc,
                          'length ' || t.typlen, 'align ' || t.typalign::text,
                          'storage ' || t.typstorage::text) end,
         null::text
  from pg_type t
  join space on space.oid = t.typnamespace
  where t.typtype in ('b', 'e', 'd', 'c', 'r', 'p')
    and (t.typrelid = 0 or exists (select from rel where rel.oid = t.typrelid
                                                     and rel.relkind = 'c'))
    and not exists (select from pg_type element where element.typarray = t.oid)
union all
  select 'pg_constraint'::regclass, c.oid, 0, 'constraint',
         space.name || '.' || quote_ident(t.typname) || '.' || quote_ident(c.conname),
         pg_get_constraintdef(c.oid), 'domain ' || space.name || '.' || quote_ident(t.typname)
  from pg_constraint c
  join pg_type t on t.oid = c.contypid
  join space on space.oid = t.typnamespace
  where c.contype = 'c')";

constexpr std::string_view kRoutines = R"(
union all
  select 'pg_proc'::regclass, p.oid, 0,
         case p.prokind when 'a' then 'aggregate' when 'p' then 'procedure' else 'function' end,
         p.oid::regprocedure::text,
         case when p.prokind <> 'a' then rtrim(pg_get_functiondef(p.oid), E'\n')
         else (
           select concat_ws(', ', '(' || pg_get_function_arguments(p.oid) || ')',
             'kind ' || nullif(a.aggkind, 'n')::text, 'direct ' || nullif(a.aggnumdirectargs, 0),
             'sfunc ' || a.aggtransfn, 'stype ' || format_type(a.aggtranstype, null),
             'finalfunc ' || nullif(a.aggfinalfn, 0)::regproc,
             case when a.aggfinalextra then 'finalfunc_extra' end,
             'finalfunc_modify ' || a.aggfinalmodify::text,
             'combinefunc ' || nullif(a.aggcombinefn, 0)::regproc,
             'serialfunc ' || nullif(a.aggserialfn, 0)::regproc,
             'deserialfunc ' || nullif(a.aggdeserialfn, 0)::regproc,
             'initcond ' || quote_literal(a.agginitval),
             'msfunc ' || nullif(a.aggmtransfn, 0)::regproc,
             'minvfunc ' || nullif(a.aggminvtransfn, 0)::regproc,
             'mstype ' || format_type(nullif(a.aggmtranstype, 0), null),
             'mfinalfunc ' || nullif(a.aggmfinalfn, 0)::regproc,
             'minitcond ' || quote_literal(a.aggminitval),
             'sortop ' || nullif(a.aggsortop, 0)::regoperator, 'parallel ' || p.proparallel::text)
           from pg_aggregate a where a.aggfnoid = p.oid) end,
         null
  from pg_proc p
  join space on space.oid = p.pronamespace)";

}  // namespace

std::string type_and_routine_queries(int server_version) {
  return text(
      with_word(kTypes, "MULTIRANGE",
                server_version >= 140000 ? "'multirange ' || format_type(r.rngmultitypid, null)"
                                         : "null"),
      kRoutines);
}

}  // namespace pgseed::pg
