#include "pgseed/seed/move/stage_table.hpp"

#include <charconv>
#include <cstdlib>

#include "pgseed/base/digest.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/pg/connect.hpp"

namespace pgseed::seed {
namespace {

constexpr std::string_view kMark = "pgseed staging table 1";

// The word after "name=".
std::string_view word_after(std::string_view comment, std::string_view name) {
  const std::size_t at = comment.find(name);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = comment.substr(at + name.size());
  return rest.substr(0, rest.find(' '));
}

std::uint64_t count_after(std::string_view comment, std::string_view name) {
  const std::string_view word = word_after(comment, name);
  std::uint64_t count = 0;
  std::from_chars(word.data(), word.data() + word.size(), count);
  return count;
}

std::string name_prefix(const TableName& target) {
  return "_pgseed_stage_" + sha256_hex(to_sql(target)).substr(0, 16);
}

std::string oid(const TableName& table) {
  return pg::to_literal(to_sql(table)) + "::pg_catalog.regclass";
}

// Rows (attname, own, type, mod): the type of each column below all domains, and whether it is the
// column's own.
std::string base_types(const TableName& table) {
  return text(
      "(WITH RECURSIVE below AS (SELECT attname, true AS own, atttypid AS type, atttypmod AS mod"
      " FROM pg_catalog.pg_attribute WHERE attrelid = ",
      oid(table),
      " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname <> '_pgseed_row'"
      " UNION ALL SELECT b.attname, false, t.typbasetype, t.typtypmod FROM below b"
      " JOIN pg_catalog.pg_type t ON t.oid = b.type WHERE t.typtype = 'd')"
      " SELECT b.* FROM below b JOIN pg_catalog.pg_type t ON t.oid = b.type"
      " WHERE t.typtype <> 'd')");
}

// Default privileges (Supabase's give everything to anon) are taken back.
void grant(pg::CopyIn& database, const TableName& stage, const TableName& target) {
  const auto roles_of = [&](const std::string& condition) {
    std::string roles;
    for (const pg::Row& row :
         database.query(text("SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE"
                             " pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END"
                             " FROM (",
                             condition, ") a"))) {
      roles += (roles.empty() ? "" : ", ") + row.front().value_or("");
    }
    return roles;
  };
  const std::string everybody =
      roles_of(text("SELECT (pg_catalog.aclexplode(c.relacl)).grantee FROM pg_catalog.pg_class c"
                    " WHERE c.oid = ",
                    oid(stage)));
  if (!everybody.empty()) {
    database.execute(text("REVOKE ALL ON ", to_sql(stage), " FROM ", everybody));
  }
  std::string writers = roles_of(
      text("SELECT x.grantee FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode("
           "coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) x WHERE c.oid = ",
           oid(target),
           " AND x.privilege_type = 'INSERT' UNION SELECT x.grantee FROM pg_catalog.pg_attribute t"
           " CROSS JOIN LATERAL pg_catalog.aclexplode(t.attacl) x WHERE t.attrelid = ",
           oid(target), " AND x.privilege_type = 'INSERT'"));
  // Reading the number is what ON CONFLICT takes.
  if (!writers.empty()) writers += ", ";
  database.execute(text("GRANT INSERT, SELECT (_pgseed_row) ON ", to_sql(stage), " TO ", writers,
                        "CURRENT_USER"));
}

}  // namespace

TableName stage_table_name(const TableName& target, std::string_view work) {
  return {target.schema, text(name_prefix(target), '_', sha256_hex(work).substr(0, 8))};
}

std::string loading_comment(std::string_view work, std::string_view run) {
  return text(kMark, " work=", work, " run=", run, " loading");
}

std::string moved_comment(std::string_view work, std::string_view run, const Moved& moved) {
  return text(kMark, " work=", work, " run=", run, " moved staged=", moved.staged,
              " loaded=", moved.loaded, " ignored=", moved.ignored,
              " superseded=", moved.superseded);
}

bool is_stage_comment(std::string_view comment) {
  return comment.starts_with(kMark);
}

bool is_of_work(std::string_view comment, std::string_view work) {
  return !work.empty() && word_after(comment, "work=") == work;
}

bool is_of_run(std::string_view comment, std::string_view run) {
  return word_after(comment, "run=") == run;
}

bool says_moved(std::string_view comment) {
  return comment.find(" moved ") != std::string_view::npos;
}

Moved counts_of(std::string_view comment) {
  Moved moved;
  moved.staged = count_after(comment, "staged=");
  moved.loaded = count_after(comment, "loaded=");
  moved.ignored = count_after(comment, "ignored=");
  moved.superseded = count_after(comment, "superseded=");
  return moved;
}

std::string comment_of(pg::CopyIn& database, const std::string& table) {
  return database.value(text("SELECT pg_catalog.obj_description(pg_catalog.to_regclass(",
                             pg::to_literal(table), "), 'pg_class')"));
}

std::vector<FoundStage> stage_tables_of(pg::CopyIn& database, const TableName& target) {
  const std::string prefix = name_prefix(target);
  std::vector<FoundStage> found;
  for (const pg::Row& row : database.query(text(
           "SELECT c.relname, pg_catalog.obj_description(c.oid, 'pg_class')"
           " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
           " ON n.oid = c.relnamespace WHERE n.nspname = ",
           pg::to_literal(target.schema), " AND c.relkind = 'r' AND pg_catalog.left(c.relname, ",
           prefix.size(), ") = ", pg::to_literal(prefix)))) {
    found.push_back({{target.schema, row[0].value_or("")}, row[1].value_or("")});
  }
  return found;
}

std::string staging_columns(pg::CopyIn& database, const Table& model) {
  const std::vector<pg::Row> domains =
      database.query(text("SELECT attname, pg_catalog.format_type(type, mod) FROM ",
                          base_types(model.name), " d WHERE NOT own"));
  std::string columns;
  for (const Column& column : model.columns) {
    if (column.generated) continue;
    columns += ", " + quote_identifier(column.name);
    for (const pg::Row& row : domains) {
      if (row[0] != column.name) continue;
      columns += text("::", row[1].value_or(""), " AS ", quote_identifier(column.name));
    }
  }
  return columns;
}

void make_stage_table(pg::CopyIn& database, const TableName& stage, const Table& model, bool logged,
                      const std::string& comment) {
  const std::string columns = staging_columns(database, model);
  const std::string name = to_sql(stage);
  database.execute(text("DROP TABLE IF EXISTS ", name));
  database.execute(text("CREATE ", logged ? "" : "UNLOGGED ", "TABLE ", name,
                        " WITH (autovacuum_enabled = false) AS SELECT NULL::bigint AS _pgseed_row",
                        columns, " FROM ", to_sql(model.name), " WITH NO DATA"));
  database.execute(text("ALTER TABLE ", name, " ADD PRIMARY KEY (_pgseed_row)"));
  database.execute(text("COMMENT ON TABLE ", name, " IS ", pg::to_literal(comment)));
  grant(database, stage, model.name);
}

bool has_shape_of(pg::CopyIn& database, const TableName& stage, const TableName& target) {
  const auto columns_of = [](const TableName& table) {
    return text("SELECT attname, type, mod FROM ", base_types(table), " c");
  };
  const std::string here = columns_of(stage);
  const std::string there = columns_of(target);
  return database.value(text("SELECT pg_catalog.count(*) FROM ((", here, " EXCEPT ", there,
                             ") UNION ALL (", there, " EXCEPT ", here, ")) d")) == "0";
}

std::vector<RowInterval> rows_in_stage(pg::CopyIn& database, const TableName& stage) {
  const auto number = [](const std::optional<std::string>& field) {
    return field ? std::strtoull(field->c_str(), nullptr, 10) : 0;
  };
  std::vector<RowInterval> intervals;
  for (const pg::Row& row : database.query(text(
           "SELECT pg_catalog.min(n), pg_catalog.max(n) FROM (SELECT _pgseed_row AS n,"
           " _pgseed_row - pg_catalog.row_number() OVER (ORDER BY _pgseed_row) AS island FROM ",
           to_sql(stage), ") r GROUP BY island ORDER BY 1"))) {
    intervals.push_back({number(row[0]), number(row[1])});
  }
  return intervals;
}

}  // namespace pgseed::seed
