#include "pgseed/base/text.hpp"
#include "pgseed/pg/snapshot_query.hpp"

namespace pgseed::pg {
namespace {

// The words in capitals differ between versions, see below. FOR ALL TABLES IN SCHEMA, row filters
// and column lists came with version 15.
constexpr std::string_view kObjects = R"(
  select 'pg_namespace'::regclass::oid, space.oid, 0, 'schema', space.name, '', null::text
  from space
union all
  select 'pg_extension'::regclass, e.oid, 0, 'extension', quote_ident(e.extname),
         'in schema ' || quote_ident(n.nspname), null
  from pg_extension e join pg_namespace n on n.oid = e.extnamespace
union all
  select 'pg_publication'::regclass, p.oid, 0, 'publication', quote_ident(p.pubname),
         concat_ws(', ',
           case when p.puballtables then 'all tables' end,
           (select string_agg('table ' || rel.name || COLUMNS || FILTER, ', '
                              order by rel.name collate "C")
            from pg_publication_rel pr join rel on rel.oid = pr.prrelid
            where pr.prpubid = p.oid),
           SCHEMAS,
           case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
           case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end,
           case when p.pubviaroot then 'via partition root' end,
           GENERATED), null
  from pg_publication p
union all
  select other.class, other.oid, 0, id.type, id.identity, other.definition, null
  from (
    select 'pg_event_trigger'::regclass::oid, oid,
           'on ' || evtevent || coalesce(' when tag in (' || @evttags || ')', '') || ' execute '
           || evtfoid::regprocedure
           || case evtenabled when 'D' then ' (disabled)' when 'R' then ' (enabled replica)'
                              when 'A' then ' (enabled always)' else '' end
    from pg_event_trigger
    union all
    select 'pg_collation'::regclass, oid, concat_ws(', ', 'provider ' || collprovider::text,
           'locale ' || LOCALE, 'ctype ' || collctype,
           case when not collisdeterministic then 'not deterministic' end)
    from pg_collation
    union all
    select 'pg_conversion'::regclass, oid, concat_ws(', ', conproc::text,
           pg_encoding_to_char(conforencoding), pg_encoding_to_char(contoencoding),
           case when condefault then 'default' end)
    from pg_conversion
    union all
    select 'pg_operator'::regclass, oid, concat_ws(', ', 'function ' || oprcode,
           'result ' || format_type(nullif(oprresult, 0), null),
           'commutator ' || nullif(oprcom, 0)::regoperator,
           'negator ' || nullif(oprnegate, 0)::regoperator,
           'restrict ' || nullif(oprrest, 0)::regproc, 'join ' || nullif(oprjoin, 0)::regproc,
           case when oprcanmerge then 'merges' end, case when oprcanhash then 'hashes' end)
    from pg_operator
    union all
    select 'pg_opfamily'::regclass, f.oid, concat_ws(', ',
           (select string_agg(o.amopstrategy || ' ' || o.amopopr::regoperator, ', '
                              order by o.amopstrategy, o.amopopr::regoperator::text collate "C")
            from pg_amop o where o.amopfamily = f.oid),
           (select string_agg('function ' || a.amprocnum || ' ' || a.amproc::regprocedure, ', '
                              order by a.amprocnum, a.amproc::regprocedure::text collate "C")
            from pg_amproc a where a.amprocfamily = f.oid))
    from pg_opfamily f
    union all
    select 'pg_opclass'::regclass, o.oid, concat_ws(', ',
           'for ' || format_type(o.opcintype, null), case when o.opcdefault then 'default' end,
           'family ' || quote_ident(n.nspname) || '.' || quote_ident(f.opfname),
           'storage ' || format_type(nullif(o.opckeytype, 0), null))
    from pg_opclass o join pg_opfamily f on f.oid = o.opcfamily
    join pg_namespace n on n.oid = f.opfnamespace
    union all
    select 'pg_ts_config'::regclass, c.oid, concat_ws(', ',
           (pg_identify_object('pg_ts_parser'::regclass, c.cfgparser, 0)).identity,
           (select string_agg(m.maptokentype || ' ' || m.mapdict::regdictionary, ', '
                              order by m.maptokentype, m.mapseqno)
            from pg_ts_config_map m where m.mapcfg = c.oid))
    from pg_ts_config c
    union all
    select 'pg_ts_dict'::regclass, oid, concat_ws(', ',
           (pg_identify_object('pg_ts_template'::regclass, dicttemplate, 0)).identity,
           dictinitoption)
    from pg_ts_dict
    union all
    select 'pg_ts_parser'::regclass, oid, concat_ws(', ', prsstart, prstoken, prsend, prslextype)
    from pg_ts_parser
    union all
    select 'pg_ts_template'::regclass, oid, concat_ws(', ', nullif(tmplinit, 0)::regproc, tmpllexize)
    from pg_ts_template
    union all
    select 'pg_cast'::regclass, oid, coalesce(nullif(castfunc, 0)::regprocedure::text,
           case castmethod when 'i' then 'inout' else 'without function' end)
           || case castcontext when 'a' then ' as assignment' when 'i' then ' as implicit'
                               else '' end
    from pg_cast
    union all
    select 'pg_transform'::regclass, oid,
           concat_ws(', ', nullif(trffromsql, 0)::regproc, nullif(trftosql, 0)::regproc)
    from pg_transform
    union all
    select 'pg_language'::regclass, oid, concat_ws(', ', nullif(lanplcallfoid, 0)::regproc,
           nullif(laninline, 0)::regproc, nullif(lanvalidator, 0)::regproc,
           case when lanpltrusted then 'trusted' end)
    from pg_language
    union all
    select 'pg_am'::regclass, oid, amtype::text || ' ' || amhandler from pg_am
    union all
    select 'pg_foreign_data_wrapper'::regclass, oid, concat_ws(', ',
           'handler ' || nullif(fdwhandler, 0)::regproc,
           'validator ' || nullif(fdwvalidator, 0)::regproc, @fdwoptions )
    from pg_foreign_data_wrapper
    union all
    select 'pg_foreign_server'::regclass, s.oid, concat_ws(', ', quote_ident(w.fdwname),
           'type ' || s.srvtype, 'version ' || s.srvversion, @srvoptions )
    from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw)
    as other(class, oid, definition)
  cross join lateral pg_identify_object(other.class, other.oid, 0) id
  -- what the server brought has lower numbers
  where other.oid >= 16384
    and (id.schema is null or id.schema in (select space.name from space))
union all
  -- without its options: they hold the password
  select 'pg_user_mapping'::regclass, u.umid, 0, 'user mapping',
         'for ' || case u.umuser when 0 then 'PUBLIC'
                                 else quote_ident(pg_get_userbyid(u.umuser)) end
         || ' on server ' || quote_ident(u.srvname), '', 'server ' || quote_ident(u.srvname)
  from pg_user_mappings u)";

}  // namespace

std::string database_object_queries(int server_version) {
  const bool has_filters = server_version >= 150000;
  std::string query = with_options(kObjects);
  query = with_word(query, "COLUMNS",
                    has_filters ? R"(coalesce(' (' || (
              select string_agg(quote_ident(a.attname), ', ' order by a.attname collate "C")
              from pg_attribute a
              where a.attrelid = rel.oid and a.attnum = any (pr.prattrs)) || ')', ''))"
                                : "''");
  query = with_word(
      query, "FILTER",
      has_filters ? "coalesce(' where ' || pg_get_expr(pr.prqual, pr.prrelid), '')" : "''");
  query = with_word(query, "SCHEMAS",
                    has_filters ? R"((select string_agg('schema ' || space.name, ', '
                             order by space.name collate "C")
            from pg_publication_namespace pn join space on space.oid = pn.pnnspid
            where pn.pnpubid = p.oid))"
                                : "null");
  query = with_word(
      query, "GENERATED",
      server_version >= 180000
          ? "case when p.pubgencols <> 'n' then 'generated columns ' || p.pubgencols::text end"
          : "null");
  return with_word(query, "LOCALE",
                   server_version >= 170000 ? "coalesce(colllocale, collcollate)"
                   : has_filters            ? "coalesce(colliculocale, collcollate)"
                                            : "collcollate");
}

}  // namespace pgseed::pg
