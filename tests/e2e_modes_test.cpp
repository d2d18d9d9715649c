// Corners of `pgseed seed` in a real database: odd keys, odd tables, what stops a run and what it
// then tells.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/base/text.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

void reset(const std::string& schema) {
  shared_stack().reset(schema);
}

std::string query(const std::string& sql) {
  return shared_stack().sql(sql);
}

std::string count(const std::string& table) {
  return query("select count(*) from " + table);
}

// INSERT INTO table VALUES (from, 'v<from>'), ... (to, ...), a line each.
std::string rows(const std::string& table, int from, int to, const std::string& prefix = "v") {
  std::string dump = "INSERT INTO " + table + " (id, v) VALUES\n";
  for (int id = from; id <= to; ++id) {
    dump += "(" + std::to_string(id) + ", '" + prefix + std::to_string(id) + "')";
    dump += id == to ? ";\n" : ",\n";
  }
  return dump;
}

constexpr const char* kFamily =
    "create table parent (id int primary key, v text);"
    "create table child (id int primary key, v text, parent_id int references parent);"
    "insert into parent values (90, 'old'); insert into child values (91, 'old', 90);";

constexpr const char* kKeyed = "create table t (id int primary key, v text)";

}  // namespace

TEST_CASE("insert: rows of several tables and batches arrive once, in any size of batch") {
  reset("create table t (id int primary key, v text); create table u (id int, v text)");
  std::string dump;
  for (int part = 0; part < 5; ++part) {
    dump += rows("t", part * 100 + 1, part * 100 + 100) + rows("u", part * 10 + 1, part * 10 + 10);
  }
  for (const std::vector<std::string>& batches : {std::vector<std::string>{},
                                                  {"--batch-rows", "7"},
                                                  {"--batch-bytes", "64"},
                                                  {"--batch-rows", "33", "--concurrency", "1"},
                                                  {"--concurrency", "16", "--batch-rows", "3"}}) {
    query("truncate t, u");
    const Seeded seeded = seed_text(dump, batches);
    CHECK(seeded.exit_code() == 0);
    CHECK(seeded.counts("t") == "500 500 0 0 0 0");
    CHECK(seeded.counts("u") == "50 50 0 0 0 0");
    CHECK(query("select count(*) || ' ' || sum(id) from t") == "500 125250");
    CHECK(query("select count(*) || ' ' || sum(id) from u") == "50 1275");
  }
}

TEST_CASE("upsert: a conflict on another unique constraint is told with a hint") {
  reset("create table t (id int primary key, email text unique); insert into t values (1, 'a@x')");
  const Seeded seeded = seed_text("INSERT INTO t VALUES (2, 'a@x');", {"--upsert"});
  CHECK(seeded.exit_code() == 1);
  CHECK(contains(seeded.hint(), "--on-conflict"));
}

TEST_CASE("upsert: composite keys, NULL in a key, keys with odd characters") {
  reset(
      "create table t (a text, b text, v text, primary key (a, b));"
      "create table n (k text unique, v text);");
  const std::string dump =
      "INSERT INTO t VALUES ('a,b', 'c', '1'), ('a', 'b,c', '2'), ('a,b', 'c', '3'),\n"
      "('\"', '\\', '4'), ('', '', '5'), (' ', E'\\n', '6'), ('null', '\xf0\x9f\x98\x80', '7'),\n"
      "('\"', '\\', '8'), ('', '', '9');\n"
      "INSERT INTO n VALUES (NULL, '1'), (NULL, '2'), ('x', '3'), ('x', '4');\n";
  const Seeded first = seed_text(dump, {"--upsert", "--table", "t"});
  INFO(first.error());
  CHECK(first.exit_code() == 0);
  CHECK(first.counts("t") == "9 6 0 0 3 0");
  CHECK(query("select string_agg(v, ' ' order by v) from t") == "2 3 6 7 8 9");
  const Seeded second =
      seed_text(dump, {"--upsert", "--table", "n", "--on-conflict", "k", "--batch-rows", "1"});
  CHECK(second.exit_code() == 0);
  CHECK(query("select string_agg(v, ' ' order by v) from n") == "1 2 4");
  CHECK(second.counts("n") == "4 3 0 0 1 0");
}

TEST_CASE("upsert: spellings of one key are one key") {
  reset(
      "create table t (id int primary key, v text); create table u (id uuid primary key, v text)");
  const Seeded seeded = seed_text(
      "INSERT INTO t VALUES (7, 'a'), (007, 'b'), ('7', 'c');\n"
      "INSERT INTO u VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a'),\n"
      "('{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}', 'b');\n",
      {"--upsert"});
  INFO(seeded.error());
  CHECK(seeded.exit_code() == 0);
  CHECK(query("select v from t") == "c");
  CHECK(query("select v from u") == "b");
}

TEST_CASE("upsert: spellings of one key that only the server knows do not stop the run") {
  reset("create table t (at timestamptz primary key, v text)");
  const Seeded seeded = seed_text(
      "INSERT INTO t VALUES ('2024-01-01 12:00+00', 'a'), ('2024-01-01 14:00+02', 'b'),\n"
      "('2024-01-02', 'c');\n",
      {"--upsert"});
  INFO(seeded.error());
  CHECK(seeded.exit_code() == 0);
  CHECK(query("select string_agg(v, ' ' order by at) from t") == "b c");
}

TEST_CASE("force: a failure after emptying says what state each table is in") {
  reset(
      "create table parent (id int primary key, v text);"
      "create table child (id int primary key, v text check (v <> 'bad'), p int references parent);"
      "insert into parent values (1, 'old'); insert into child values (1, 'old', 1), (2, 'old', "
      "1)");
  const Seeded seeded =
      seed_text("INSERT INTO parent VALUES (5, 'new');\nINSERT INTO child VALUES (6, 'bad', 5);",
                {"--force"});
  CHECK(seeded.exit_code() == 1);
  CHECK(contains(seeded.where(), "dump.sql:2"));
  CHECK(contains(seeded.notes(), "public.child was emptied (2 rows deleted) and now holds 0"));
  CHECK(contains(seeded.notes(), "public.parent was emptied (1 rows deleted) and now holds 1"));
}

TEST_CASE(
    "force: works for tables without a key, without NOT NULL columns and with itself as parent") {
  reset(
      "create table loose (a int, b text); insert into loose values (null, 'old'), (1, null);"
      "create table tree (id int primary key, up int references tree);"
      "insert into tree values (1, null), (2, 1)");
  const Seeded seeded = seed_text(
      "INSERT INTO loose VALUES (NULL, NULL), (5, 'new');\n"
      "INSERT INTO tree VALUES (7, NULL), (8, 7);\n",
      {"--force"});
  INFO(seeded.error());
  CHECK(seeded.exit_code() == 0);
  CHECK(count("loose") == "2");
  CHECK(query("select string_agg(id::text, ' ' order by id) from tree") == "7 8");
}

TEST_CASE("force: passes pg-safeupdate") {
  reset(std::string(kKeyed) + "; insert into t values (9, 'old')");
  if (query("select count(*) from pg_available_extensions where name = 'safeupdate'") == "0") {
    // Not in Debian: a trigger that refuses a DELETE without WHERE sees the statement's text.
    query(R"(create function needs_where() returns trigger language plpgsql as $$ begin
               if current_query() !~* 'delete.*where' then raise 'DELETE requires a WHERE clause';
               end if; return null; end $$;
             create trigger needs_where before delete on t for each statement
               execute function needs_where())");
  }
  CHECK(seed_text(rows("t", 1, 3), {"--force"}).exit_code() == 0);
  CHECK(count("t") == "3");
}

TEST_CASE("table: a table that the API does not know may be left out") {
  reset(kKeyed);
  const std::string dump = rows("t", 1, 2) + rows("nosuch", 1, 3);
  CHECK(seed_text(dump).exit_code() == 5);
  CHECK(count("t") == "0");
  CHECK(seed_text(dump, {"--exclude", "nosuch"}).exit_code() == 0);
  CHECK(count("t") == "2");
  // Without a column list, too, it is the table that is unknown, not its columns.
  const Seeded unlisted = seed_text("INSERT INTO nosuch VALUES (1);");
  CHECK(unlisted.exit_code() == 5);
  CHECK(contains(unlisted.error(), "the API has no table public.nosuch"));
  CHECK(contains(unlisted.where(), "dump.sql:1"));
}

TEST_CASE("files: several are one run, in the order given") {
  reset(std::string(kKeyed) +
        "; create table child (id int primary key, v text, t_id int references t)");
  const TempDir folder;
  const std::string first = folder.write("b.sql", "INSERT INTO child VALUES (1, 'x', 150);\n");
  const std::string second = folder.write("a.sql", rows("t", 1, 200));
  const std::string third = folder.write("c.sql", rows("t", 200, 210, "again"));
  const Seeded seeded = seed({first, second, third, "--upsert", "--batch-rows", "10"});
  INFO(seeded.error());
  CHECK(seeded.exit_code() == 0);
  CHECK(query("select v from t where id = 200") == "again200");
  CHECK(count("child") == "1");
  CHECK(seeded.summary["files"].size() == 3);
  CHECK(seeded.counts("t") == "211 210 0 0 1 0");
  const Seeded refused = seed({second, third});
  CHECK(refused.exit_code() == 1);
  CHECK(contains(refused.where(), "a.sql:2"));
  const Seeded broken = seed({folder.write("ok.sql", rows("t", 900, 901)),
                              folder.write("no.sql", "INSERT INTO t VALUES (")});
  CHECK(broken.exit_code() == 3);
  CHECK(contains(broken.where(), "no.sql:1"));
  CHECK(query("select count(*) from t where id >= 900") == "0");
}

TEST_CASE("order: foreign keys hold over many batches in flight, whatever the file's order") {
  reset(
      "create table z_root (id int primary key, v text);"
      "create table m_middle (id int primary key, v text, z int references z_root);"
      "create table a_leaf (id int primary key, v text, m int references m_middle, z int "
      "references z_root)");
  std::string dump = "COPY a_leaf (id, v, m, z) FROM stdin;\n";
  for (int id = 1; id <= 2000; ++id) {
    const std::string number = std::to_string(id);
    dump += number + "\tleaf\t" + number + "\t" + number + "\n";
  }
  dump += "\\.\nCOPY m_middle (id, v, z) FROM stdin;\n";
  for (int id = 1; id <= 2000; ++id) {
    dump += std::to_string(id) + "\tmiddle\t" + std::to_string(2001 - id) + "\n";
  }
  dump += "\\.\n" + rows("z_root", 1, 2000);
  for (const char* const mode : {"insert", "upsert", "force"}) {
    const Seeded seeded = seed_text(dump, {"--mode", mode, "--batch-rows", "100"});
    INFO(seeded.error());
    CHECK(seeded.exit_code() == 0);
    CHECK(seeded.counts() == "6000 6000 0 0 0 0");
  }
  CHECK(count("a_leaf") == "2000");
}

TEST_CASE("order: children by a key of two columns went before their parents over PostgREST") {
  reset(
      "create table orders (tenant int, id int, v text, primary key (tenant, id));"
      "create table lines (id int primary key, tenant int not null, of int,"
      " foreign key (tenant, of) references orders)");
  const std::string dump =
      "INSERT INTO lines (id, tenant, of) VALUES (1, 1, 7), (2, 1, 8);\n"
      "INSERT INTO orders (tenant, id, v) VALUES (1, 7, 'a'), (1, 8, 'b');\n";
  for (const char* const mode : {"insert", "force", "upsert"}) {
    const Seeded seeded = seed_text(dump, {"--mode", mode, "--via", "rest"});
    INFO(seeded.error());
    CHECK(seeded.exit_code() == 0);
    CHECK(seeded.counts() == "4 4 0 0 0 0");
  }
}

TEST_CASE("order: ids that the server makes went to other rows than those of the file's order") {
  const std::string schema =
      "create table par (id serial primary key, name text, x int);"
      "create table chi (id serial primary key, pid int references par, expect text)";
  std::string dump;
  for (int id = 1; id <= 600; ++id) {
    // Of two kinds, and now and then one alone in a long row of the other.
    const bool has_x = id % 3 == 0 || id > 400;
    const std::string name = "n" + std::to_string(id);
    dump += has_x ? "INSERT INTO par (x, name) VALUES (1, '" + name + "');\n"
                  : "INSERT INTO par (name) VALUES ('" + name + "');\n";
  }
  for (int id = 1; id <= 600; ++id) {
    const std::string number = std::to_string(id);
    dump += "INSERT INTO chi (pid, expect) VALUES (" + number + ", 'n" + number + "');\n";
  }
  const std::vector<std::vector<std::string>> ways = {
      {}, {"--batch-rows", "20"}, {"--via", "direct"}, {"--atomic"}};
  for (const auto& way : ways) {
    CAPTURE(way.size());
    reset(schema);
    const Seeded seeded = seed_text(dump, way);
    INFO(seeded.error());
    CHECK(seeded.exit_code() == 0);
    CHECK(query("select count(*) from chi join par on par.id = pid where expect = name") == "600");
  }
}

TEST_CASE("order: numbers that a refused request took are told") {
  reset(
      "create table par (id serial primary key, name text check (name <> 'bad'));"
      "create table chi (pid int references par)");
  const Seeded seeded = seed_text(
      "INSERT INTO par (name) VALUES ('a'), ('bad'), ('c');"
      "INSERT INTO chi (pid) VALUES (1);",
      {"--max-rejects", "1"});
  CHECK(seeded.exit_code() == 1);
  CHECK(contains(seeded.notes(), "the server numbered the rows of public.par"));
}

TEST_CASE("modes: rows with NULL in --on-conflict were stored again by each run without a word") {
  reset("create table s (k text, env text, v text, unique (k, env))");
  const std::string dump = "INSERT INTO s (k, env, v) VALUES ('a', NULL, '1'), ('b', 'dev', '2');";
  const std::vector<std::vector<std::string>> ways = {
      {"--via", "rest"}, {"--via", "direct"}, {"--atomic"}};
  for (const char* const mode : {"--upsert", "--ignore"}) {
    for (const auto& way : ways) {
      std::vector<std::string> args = {mode, "--on-conflict", "k,env"};
      args.insert(args.end(), way.begin(), way.end());
      const Seeded seeded = seed_text(dump, args);
      CHECK_MESSAGE(seeded.exit_code() == 0, seeded.error());
      CHECK_MESSAGE(contains(seeded.notes(), "1 rows of public.s have NULL"), seeded.notes());
    }
  }
  CHECK_FALSE(contains(seed_text("INSERT INTO s (k, env) VALUES ('b', 'dev');",
                                 {"--upsert", "--on-conflict", "k,env"})
                           .notes(),
                       "NULL"));
}

TEST_CASE("order: a missing parent is told with its line and what to do") {
  reset(kFamily);
  const Seeded seeded = seed_text("INSERT INTO child VALUES (1, 'c', 77);");
  CHECK(seeded.exit_code() == 1);
  CHECK(contains(seeded.error(), "23503"));
  CHECK(contains(seeded.where(), "dump.sql:1"));
  CHECK(contains(seeded.hint(), "load the table it refers to first"));
}

TEST_CASE("schemas: one that the API does not serve is refused with its name") {
  reset("create schema hidden; create table hidden.t (id int primary key, v text);" +
        std::string(kKeyed));
  const Seeded seeded = seed_text(rows("t", 1, 2) + rows("hidden.t", 1, 2));
  CHECK(seeded.exit_code() == 5);
  CHECK(contains(seeded.error(), "hidden"));
  CHECK(contains(seeded.hint(), "db-schemas"));
  CHECK(count("t") == "0");
  const Seeded global = seed_text(rows("t", 1, 2), {"--schema", "hidden"});
  CHECK(global.exit_code() == 5);
  CHECK(!global.hint().empty());
}

TEST_CASE("columns: without a list their order comes from the file, else from the database") {
  reset("create table t (b text, a int primary key); create table u (b text, a int primary key)");
  const std::string with_ddl = "CREATE TABLE t (a int, b text);\nINSERT INTO t VALUES (1, 'x');\n";
  CHECK(seed_text(with_ddl).exit_code() == 0);
  CHECK(query("select a || b from t") == "1x");
  CHECK(seed_text("INSERT INTO u VALUES ('y', 2);").exit_code() == 0);
  CHECK(query("select a || b from u") == "2y");
  const Seeded refused =
      seed_text("INSERT INTO u VALUES ('z', 3);", {},
                Call{.args = {}, .environment = {{"DATABASE_URL", std::nullopt}}});
  CHECK(refused.exit_code() == 3);
  CHECK(contains(refused.error(), "without a column list"));
  CHECK(contains(refused.hint(), "DATABASE_URL"));
  const Seeded longer = seed_text("INSERT INTO u VALUES ('z', 3, 4);");
  CHECK(longer.exit_code() == 3);
  CHECK(contains(longer.where(), "dump.sql:1"));
  // Fewer values than columns go into the first ones, as in PostgreSQL.
  query("alter table u alter a set default 8");
  CHECK(seed_text("INSERT INTO u VALUES ('short');").exit_code() == 0);
  CHECK(query("select b from u where a = 8") == "short");
}

TEST_CASE("columns: an unknown one is named with the line of the statement") {
  reset(kKeyed);
  const Seeded seeded = seed_text(rows("t", 1, 2) + "\nINSERT INTO t (id, w) VALUES (3, 'x');\n");
  CHECK(seeded.exit_code() == 5);
  CHECK(contains(seeded.error(), "'w'"));
  CHECK(contains(seeded.where(), "dump.sql:5"));
  CHECK(count("t") == "0");
}

TEST_CASE("columns: 1,600 of them in one row") {
  std::string create = "create table wide (c0 int primary key";
  std::string insert = "INSERT INTO wide (c0";
  std::string values = ") VALUES (1";
  for (int column = 1; column < 1600; ++column) {
    create += ", c" + std::to_string(column) + " bool";
    insert += ", c" + std::to_string(column);
    values += ", true";
  }
  reset(create + ")");
  const Seeded seeded = seed_text(insert + values + ");");
  INFO(seeded.error(), " ", seeded.hint());
  CHECK(seeded.exit_code() == 0);
  CHECK(query("select c1599 from wide") == "t");
}

TEST_CASE("rejects: a file that cannot be written stops the run before anything is sent") {
  reset(kKeyed);
  const Seeded seeded = seed_text(rows("t", 1, 3), {"--rejects", "/nonexistent/folder/r.ndjson"});
  CHECK(seeded.exit_code() == 7);
  CHECK(contains(seeded.where(), "/nonexistent/folder/r.ndjson"));
  CHECK(!seeded.hint().empty());
  CHECK(count("t") == "0");
}

TEST_CASE("rejects: a row that a trigger swallows is not counted as loaded") {
  reset(std::string(kKeyed) + R"(;
    create function swallow() returns trigger language plpgsql as $$ begin
      if new.id % 5 = 0 then return null; end if; return new; end $$;
    create trigger swallow before insert on t for each row execute function swallow())");
  const Seeded seeded = seed_text(rows("t", 1, 20), {"--max-rejects", "all"});
  CHECK(seeded.exit_code() == 1);
  CHECK(seeded.total("rows_loaded") == 16);
  CHECK(count("t") == "16");
}

TEST_CASE("standard input: loads, by itself and among files") {
  reset(std::string(kKeyed) + "; create table j (id int, v json)");
  const Seeded seeded = seed(
      {"-"},
      Call{.args = {},
           .stdin_text = rows("t", 1, 3000) + "INSERT INTO j (id, v) VALUES (1, '{\"a\":  1}');"});
  INFO(seeded.error());
  CHECK(seeded.exit_code() == 0);
  CHECK(count("t") == "3000");
  CHECK(query("select v from j") == "{\"a\":  1}");
  CHECK(seeded.summary["files"][0]["path"].text() == "-");
  const TempDir folder;
  const Seeded mixed = seed({folder.write("a.sql", rows("t", 5001, 5010)), "-"},
                            Call{.args = {}, .stdin_text = rows("t", 6001, 6010)});
  CHECK(mixed.exit_code() == 0);
  CHECK(count("t") == "3020");
  const Seeded duplicate = seed({"-"}, Call{.args = {}, .stdin_text = "\n\n" + rows("t", 1, 1)});
  CHECK(duplicate.exit_code() == 1);
  CHECK(contains(duplicate.where(), ":4"));
}

TEST_CASE("modes: rows without any of the key's columns are not inserted again and again") {
  const char* const schema =
      "create table t (id serial primary key, code text unique, v text);"
      "create table kept (n int generated always as identity primary key, v text)";
  const std::string rows = "INSERT INTO t (code, v) VALUES ('a', '1'), ('b', '2');\n";
  for (const std::vector<std::string>& way :
       std::vector<std::vector<std::string>>{{}, {"--atomic"}, {"--via", "direct"}}) {
    for (const char* mode : {"--upsert", "--ignore"}) {
      reset(schema);
      std::vector<std::string> args = {mode};
      args.insert(args.end(), way.begin(), way.end());
      const Seeded refused = seed_text(rows, args);
      CHECK(refused.exit_code() == 5);
      CHECK(contains(refused.error(), "rows of public.t come without their primary key (id)"));
      CHECK(contains(refused.hint(), "--on-conflict"));
      CHECK(contains(refused.where(), ":1"));
      CHECK(query("select count(*) from t") == "0");
      args.insert(args.end(), {"--on-conflict", "code"});
      CHECK(seed_text(rows, args).exit_code() == 0);
      CHECK(seed_text(rows, args).exit_code() == 0);
      CHECK(query("select count(*) from t") == "2");
    }
    // Nor are those whose key the server is to make.
    std::vector<std::string> anew = {"--upsert", "--regenerate-identity"};
    anew.insert(anew.end(), way.begin(), way.end());
    const Seeded made = seed_text("INSERT INTO kept (n, v) VALUES (1, 'a');\n", anew);
    CHECK(made.exit_code() == 5);
    CHECK(contains(made.error(), "primary key (n)"));
    CHECK(query("select count(*) from kept") == "0");
  }
  // A pipe is not read through before: not one row goes all the same.
  reset(schema);
  CHECK(seed({"-", "--upsert"}, Call{.args = {}, .stdin_text = rows}).exit_code() == 5);
  CHECK(query("select count(*) from t") == "0");
}

TEST_CASE("modes: rows that leave one column of a key to its default are upserted by it") {
  reset("create table t (tenant text default 'x', id int, v text, primary key (tenant, id))");
  for (const char* v : {"a", "b"}) {
    const Seeded seeded =
        seed_text(text("INSERT INTO t (id, v) VALUES (1, '", v, "');\n"), {"--upsert"});
    CHECK(seeded.exit_code() == 0);
  }
  CHECK(query("select string_agg(tenant || id || v, ' ') from t") == "x1b");
}

TEST_CASE("modes: a file's own word on rows that are there already is not passed over in silence") {
  reset(kKeyed);
  const Seeded seeded = seed_text("INSERT INTO t VALUES (1, 'a')\nON CONFLICT DO NOTHING;\n");
  CHECK(seeded.exit_code() == 0);
  CHECK(contains(seeded.notes(), "line 1: ON CONFLICT is passed over"));
  CHECK(contains(seeded.notes(), "--mode"));
}

TEST_CASE("skip unsupported: rows of another database are loaded, and that is told") {
  reset(kKeyed);
  const Seeded seeded = seed_text(
      "\\connect one\nINSERT INTO t VALUES (1, 'a');\n"
      "\\connect two\nINSERT INTO t VALUES (2, 'b');\n",
      {"--skip-unsupported"});
  CHECK(seeded.exit_code() == 0);
  CHECK(seeded.counts("t") == "2 2 0 0 0 0");
  CHECK(contains(seeded.notes(), ":3: passed over"));
}

TEST_CASE("skip unsupported: a statement that only other dialects have names --dialect") {
  reset(kKeyed);
  const Seeded seeded = seed_text("REPLACE INTO t VALUES (1, 'a');\n");
  CHECK(seeded.exit_code() == 3);
  CHECK(contains(seeded.hint(), "--dialect mysql or sqlite"));
}

TEST_CASE("skip unsupported: what cannot go is counted, the rest is loaded") {
  reset(kKeyed);
  const Seeded seeded = seed_text(
      "INSERT INTO t VALUES (1, 'a'), (2, upper('b')), (3, 'c');\n"
      "UPDATE t SET v = 'x';\n"
      "INSERT INTO t SELECT 9, 'y';\n",
      {"--skip-unsupported"});
  CHECK(seeded.exit_code() == 0);
  CHECK(seeded.counts("t") == "3 2 0 0 1 0");
  CHECK(contains(seeded.notes(), "3 rows or statements cannot go over PostgREST"));
  CHECK(query("select string_agg(id || v, ' ' order by id) from t") == "1a 3c");
}

TEST_CASE(
    "empty rows: a table of defaults only, a COPY block without rows, INSERT without a table's "
    "rows") {
  reset("create table t (id int generated by default as identity, v text default 'd')");
  const Seeded seeded = seed_text(
      "COPY t (id, v) FROM stdin;\n\\.\nINSERT INTO t DEFAULT VALUES;\nINSERT INTO t (id) VALUES "
      "(DEFAULT), (DEFAULT);\n");
  INFO(seeded.error());
  CHECK(seeded.exit_code() == 0);
  CHECK(count("t") == "3");
  const Seeded none = seed_text("COPY t (id, v) FROM stdin;\n\\.\n");
  CHECK(none.exit_code() == 0);
  CHECK(contains(none.notes(), "no rows"));
}

}  // namespace pgseed::test
