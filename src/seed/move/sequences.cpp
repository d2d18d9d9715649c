#include "pgseed/seed/move/sequences.hpp"

#include <algorithm>
#include <cstdlib>

#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"
#include "pgseed/seed/input/columns.hpp"

namespace pgseed::seed {
namespace {

// Sequences that belong to a column (serial, identity), and those that its default merely calls; of
// the tables and of what they are partitions of, whose identity the partitions do not have.
constexpr const char* kTables = "with recursive wanted(id) as (select pg_catalog.unnest(array[";
constexpr const char* kQuery = R"(]::pg_catalog.oid[])
  union select i.inhparent from pg_catalog.pg_inherits i join wanted w on w.id = i.inhrelid)
select distinct sn.nspname, s.relname, tn.nspname, t.relname, a.attname, q.seqincrement
from pg_catalog.pg_class t
join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
join (
  select d.refobjid as table_id, d.refobjsubid as attnum, d.objid as sequence_id
  from pg_catalog.pg_depend d
  where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.deptype in ('a', 'i')
  union all
  select f.adrelid, f.adnum, d.refobjid
  from pg_catalog.pg_attrdef f
  join pg_catalog.pg_depend d on d.objid = f.oid
    and d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass) k
  on k.table_id = t.oid and k.attnum = a.attnum
join pg_catalog.pg_class s on s.oid = k.sequence_id and s.relkind = 'S'
join pg_catalog.pg_namespace sn on sn.oid = s.relnamespace
join pg_catalog.pg_sequence q on q.seqrelid = s.oid
join pg_catalog.pg_type y on y.oid = a.atttypid
where y.typcategory = 'N' and t.oid in (select id from wanted) order by 1, 2, 3, 4, 5)";

long long number(const std::optional<std::string>& field) {
  return field ? std::strtoll(field->c_str(), nullptr, 10) : 0;
}

// What it gives out next; where there is no next one, the last.
long long after(long long last, long long step) {
  long long next = 0;
  return __builtin_add_overflow(last, step, &next) ? last : next;
}

// For somebody else to run, whenever that is: never sets the sequence back. Nothing happens where
// there is no such sequence.
std::string set_to(const std::string& sequence, const std::string& most, bool down) {
  return text("SELECT setval(", sequence, ", ", down ? "least(" : "greatest(", most,
              ", pg_sequence_last_value(", sequence, ")));");
}

// Of a type that no number from a sequence goes into without a cast.
bool is_no_number(const Column& column) {
  switch (class_of(column.type)) {
    case ColumnClass::text:
    case ColumnClass::boolean:
    case ColumnClass::json:
    case ColumnClass::jsonb:
    case ColumnClass::time:
    case ColumnClass::bytes:
    case ColumnClass::bits:
    case ColumnClass::uuid:
      return true;
    default:
      return false;  // also of a type that is not known, a domain of numbers maybe
  }
}

}  // namespace

std::vector<TableName> may_have_sequences(std::vector<TableName> tables, const Model& types) {
  std::erase_if(tables, [&](const TableName& name) {
    const Table* const table = types.find(name);
    return table != nullptr && std::ranges::all_of(table->columns, is_no_number);
  });
  return tables;
}

std::vector<SequenceReport> set_sequences(pg::CopyIn& database,
                                          const std::vector<TableName>& tables,
                                          std::vector<std::string>& not_allowed) {
  std::vector<SequenceReport> reports;
  if (tables.empty()) return reports;
  std::string list;
  for (const TableName& table : tables) {
    list += text(list.empty() ? "" : ", ", pg::to_literal(to_sql(table)), "::pg_catalog.regclass");
  }
  const bool in_transaction = database.in_transaction();
  for (const pg::Row& row : database.query(text(kTables, list, kQuery))) {
    const TableName sequence{row[0].value_or(""), row[1].value_or("")};
    const TableName table{row[2].value_or(""), row[3].value_or("")};
    const std::string column = quote_identifier(row[4].value_or(""));
    const long long step = number(row[5]);
    const bool down = step < 0;
    const std::string most =
        text("(SELECT pg_catalog.", down ? "min(" : "max(", column, ") FROM ", to_sql(table), ")");
    // Where the sequence stands, and whether it is behind; one statement, so that hardly anybody
    // can come in between.
    const std::string sql =
        text("SELECT s.last_value, s.is_called, m.v, pg_catalog.setval(",
             pg::to_literal(to_sql(sequence)), ", m.v) FROM ", to_sql(sequence), " s, (SELECT ",
             most, "::bigint AS v) m WHERE m.v ", down ? "<" : ">",
             " s.last_value OR (m.v = ", "s.last_value AND NOT s.is_called)");
    if (in_transaction) database.execute("SAVEPOINT pgseed_sequence");
    try {
      for (const pg::Row& moved : database.query(sql)) {
        const long long last = number(moved[0]);
        reports.push_back({to_sql(sequence), text(to_sql(table), '.', column),
                           moved[1] == "t" ? after(last, step) : last,
                           after(number(moved[2]), step)});
      }
      if (in_transaction) database.execute("RELEASE SAVEPOINT pgseed_sequence");
    } catch (const pg::SqlError& error) {
      // Rights (42501), or a value beyond the sequence's own bounds (22003).
      if (error.sqlstate != "42501" && error.sqlstate != "22003") throw;
      if (in_transaction) database.execute("ROLLBACK TO SAVEPOINT pgseed_sequence");
      const std::string own = pg::to_literal(to_sql(sequence)) + "::regclass";
      not_allowed.push_back(text(set_to(own, most, down), "  -- ", error.message));
    }
  }
  return reports;
}

std::vector<SequenceReport> set_sequences_over(const std::string& database_url,
                                               const std::vector<TableName>& tables,
                                               std::vector<std::string>& not_allowed) {
  if (tables.empty()) return {};
  pg::CopyIn database(database_url);
  return set_sequences(database, tables, not_allowed);
}

std::string sequence_sql(const Table& table) {
  if (table.primary_key.size() != 1) return {};
  const Column* const column = table.find_column(table.primary_key.front());
  if (column == nullptr || class_of(column->type) != ColumnClass::integer) return {};
  const std::string name = quote_identifier(column->name);
  const std::string sequence = text("pg_get_serial_sequence(", pg::to_literal(to_sql(table.name)),
                                    ", ", pg::to_literal(column->name), ")::regclass");
  return set_to(sequence, text("(SELECT max(", name, ") FROM ", to_sql(table.name), ")"), false);
}

}  // namespace pgseed::seed
