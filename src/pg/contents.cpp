#include "pgseed/pg/contents.hpp"

#include <algorithm>
#include <utility>

#include "pgseed/base/text.hpp"

namespace pgseed::pg {
namespace {

// How values are printed; the first must stand before any query.
constexpr const char* kPrinting =
    "set transaction isolation level repeatable read read only;"
    "set local search_path = '';"
    "set local row_security = off;"
    "set local datestyle = 'ISO, MDY';"
    "set local intervalstyle = postgres;"
    "set local timezone = 'UTC';"
    "set local bytea_output = hex;"
    "set local extra_float_digits = 1;"
    "set local jit = off";

// A sequence's log_cnt is no state that anybody set.
std::string relations_query(std::string_view left_out) {
  return text(R"(
select case c.relkind when 'S' then 'sequence ' when 'm' then 'materialized view '
                      else 'table ' end || full_name,
       full_name, quote_ident(a.attname), c.relispopulated
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join lateral (
  select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as full_name) named
left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                        and (c.relkind <> 'S' or a.attname in ('last_value', 'is_called'))
where c.relkind in ('r', 'm', 'S') and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'pgseed')
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass
                  and d.objid = c.oid and d.deptype = 'e')
  and not exists (select from unnest(array[)",
              left_out, R"(]::text[]) as given(name)
                  where parse_ident(given.name) = array[n.nspname::text, c.relname::text])
order by 1, a.attname collate "C")");
}

std::string checksum_query(const std::string& relation, const std::vector<std::string>& columns) {
  return text(
      "select count(*), md5(coalesce(string_agg(h, '' order by h), '')) from (select "
      "md5(row(",
      join(columns), ")::text) collate \"C\" as h from only ", relation, ") rows");
}

}  // namespace

std::vector<Contents> read_contents(Session& session, const SnapshotOptions& options) {
  std::string left_out;
  for (const auto& table : options.without_tables) {
    left_out += text(left_out.empty() ? "" : ", ", session.literal(table));
  }
  std::vector<Contents> all;
  session.transaction([&](Session& transaction) {
    transaction.execute(kPrinting);
    for (Row& row : transaction.query(relations_query(left_out))) {
      if (all.empty() || all.back().name != row[1]) {
        all.emplace_back();
        all.back().title = row[0].value_or("");
        all.back().name = row[1].value_or("");
        all.back().is_populated = row[3] == "t";
      }
      if (row[2]) all.back().columns.push_back(*std::move(row[2]));
    }
    for (Contents& each : all) {
      if (!each.is_populated) continue;
      try {
        transaction.transaction([&](Session& savepoint) {
          const Row row = savepoint.query(checksum_query(each.name, each.columns)).front();
          each.rows = std::stoull(row[0].value_or("0"));
          each.checksum = row[1].value_or("");
        });
      } catch (const SqlError& error) {
        each.unreadable = error.message;
      }
    }
  });
  return all;
}

std::string contents_checksum(Session& session, const Contents& of,
                              const std::vector<std::string>& columns) {
  std::string checksum;
  session.transaction([&](Session& transaction) {
    transaction.execute(kPrinting);
    const Row row = transaction.query(checksum_query(of.name, columns)).front();
    checksum = text(row[0].value_or(""), ' ', row[1].value_or(""));
  });
  return checksum;
}

ColumnFill column_fill(Session& session, const Contents& of, const std::string& column) {
  const Row row = session
                      .query(text("select count(", column, "), count(distinct ", column,
                                  "::text) from only ", of.name))
                      .front();
  return {std::stoull(row[0].value_or("0")), std::stoull(row[1].value_or("0"))};
}

}  // namespace pgseed::pg
