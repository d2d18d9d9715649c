// --map through the real PostgREST: what lands in the tables, in every mode and from every kind of
// file, and which mappings are refused before anything is written.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "pgseed/base/text.hpp"
#include "support/seed_project.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

using namespace std::chrono_literals;

std::string query(const std::string& sql) {
  return shared_stack().sql(sql);
}

// One dump through one mapping.
Seeded seed_mapped(const std::string& dump, const std::string& map,
                   std::vector<std::string> args = {}, const std::string& name = "dump.sql") {
  const TempDir folder;
  args.insert(args.begin(), {folder.write(name, dump), "--map", folder.write("m.toml", map)});
  return seed(std::move(args));
}

constexpr const char* kLean = PGSEED_SOURCE_DIR "/seeds/lean_theorems.sql";
constexpr const char* kLeanMap = PGSEED_SOURCE_DIR "/seeds/lean_theorems.map.toml";

// The problems that the shipped mapping shall make, as PostgreSQL itself computes them.
constexpr const char* kWanted =
    "select 'prob_' || lpad(n::text, 5, '0') || '_' || "
    "left(md5(statement_latex || statement_lean || tactic), 16), statement_latex, statement_lean, "
    "state_before, state_after, tactic, null::text from raw.lean_theorems";
constexpr const char* kFound =
    "select problem_id, statement_latex, statement_lean, state_before_lean, state_after_lean, "
    "tactic_lean, difficulty from problems";

std::string differing_problems() {
  const std::string wanted = std::string("(") + kWanted + ")";
  const std::string found = std::string("(") + kFound + ")";
  return query("select count(*) from ((" + wanted + " except all " + found + ") union all (" +
               found + " except all " + wanted + ")) d");
}

// moe's schema, and the raw rows in a table of their own, numbered as they come.
void prepare_moe() {
  shared_stack().reset();
  const SeedProject moe("moe", shared_stack().environment());
  moe.must({"upgrade", "head"});
  query(
      "drop schema if exists raw cascade; create schema raw; create table raw.lean_theorems (n "
      "bigserial, tactic text, state_after text, state_before text, statement_latex text, "
      "statement_lean text); set search_path = raw;" +
      read_file(kLean));
}

// t (id, v) with rows 1 to `count`, of which each tenth says the same as the one before.
std::string raw_rows(int count) {
  std::string dump = "INSERT INTO raw_t (v) VALUES\n";
  for (int row = 1; row <= count; ++row) {
    dump += text("('value ", row % 10 == 0 ? row - 1 : row, "')", row == count ? ";\n" : ",\n");
  }
  return dump;
}

constexpr const char* kKeyedByRow =
    "[tables.raw_t]\nrename = 't'\ncolumns.id.value = 'r{row:06}_{md5:v:8}'\n";
constexpr const char* kKeyedByContent =
    "[tables.raw_t]\nrename = 't'\ncolumns.id.value = '{md5:v}'\n";
constexpr const char* kTable = "create table t (id text primary key, v text)";

}  // namespace

TEST_CASE("mapping: the shipped one loads lean_theorems into problems as md5() in SQL has them") {
  prepare_moe();
  CHECK(query("select count(*) from raw.lean_theorems") == "20");
  Seeded seeded = seed({kLean, "--map", kLeanMap});
  INFO(seeded.error(), seeded.hint());
  CHECK(seeded.exit_code() == 0);
  CHECK(seeded.counts("problems") == "20 20 0 0 0 0");
  CHECK(query("select count(*) from problems") == "20");
  CHECK(differing_problems() == "0");
  // The same file again, in each mode.
  seeded = seed({kLean, "--map", kLeanMap, "--upsert"});
  CHECK(seeded.counts() == "20 20 0 0 0 0");
  CHECK(differing_problems() == "0");
  seeded = seed({kLean, "--map", kLeanMap, "--ignore"});
  CHECK(seeded.counts() == "20 0 20 0 0 0");
  seeded = seed({kLean, "--map", kLeanMap});
  CHECK(seeded.exit_code() == 1);
  CHECK(differing_problems() == "0");
  query(
      "update problems set statement_lean = 'x'; insert into problems select 'old', '', '', '', "
      "'', '', now(), now()");
  seeded = seed({kLean, "--map", kLeanMap, "--force"});
  CHECK(seeded.exit_code() == 0);
  CHECK(differing_problems() == "0");
  query("drop schema raw cascade");
}

TEST_CASE("mapping: LIMIT and OFFSET do not change what row numbers make") {
  prepare_moe();
  CHECK(seed({kLean, "--map", kLeanMap, "--limit", "7"}).counts() == "7 7 0 0 0 0");
  CHECK(seed({kLean, "--map", kLeanMap, "--offset", "7", "--batch-rows", "3"}).counts() ==
        "13 13 0 0 0 0");
  CHECK(differing_problems() == "0");
  CHECK(seed({kLean, "--map", kLeanMap, "--limit", "3", "--offset", "9", "--ignore"}).counts() ==
        "3 0 3 0 0 0");
  query("drop schema raw cascade");
}

TEST_CASE("mapping: a run that is killed and repeated with --upsert stores no row twice") {
  Stack& stack = shared_stack();
  stack.reset(kTable);
  constexpr int kRows = 4000;
  const TempDir folder;
  const std::string dump = folder.write("dump.sql", raw_rows(kRows));
  const std::vector<std::string> args = {
      "seed", dump, "--map", folder.write("m.toml", kKeyedByRow), "--upsert", "--batch-rows", "20"};
  int killed = 0;
  for (const int rows : {100, 900, 2000}) {
    Process run(command(Call{.args = args}));
    const bool reached = wait_until(
        [&] { return !run.running() || std::stoi(query("select count(*) from t")) >= rows; }, 60s);
    CHECK(reached);
    if (run.running()) ++killed;
    run.send(SIGKILL);
    run.wait(10s);
  }
  CHECK(killed > 0);
  CHECK(pgseed(Call{.args = args}).exit_code == 0);
  CHECK(query("select count(*), count(distinct substr(id, 2, 6)) from t") ==
        text(kRows, '|', kRows));
  CHECK(query("select count(*) from t where right(id, 8) <> left(md5(v), 8) or v <> 'value ' || "
              "case when substr(id, 2, 6)::int % 10 = 0 then substr(id, 2, 6)::int - 1 else "
              "substr(id, 2, 6)::int end") == "0");
}

TEST_CASE("mapping: made keys that come twice are one row, in a batch and across batches") {
  shared_stack().reset(kTable);
  for (const char* batch : {"1000", "1", "7"}) {
    CAPTURE(batch);
    query("truncate t");
    const Seeded upsert =
        seed_mapped(raw_rows(100), kKeyedByContent, {"--upsert", "--batch-rows", batch});
    CHECK(upsert.exit_code() == 0);
    CHECK(query("select count(*) from t where id = md5(v)") == "90");
    query("truncate t");
    const Seeded ignore =
        seed_mapped(raw_rows(100), kKeyedByContent, {"--ignore", "--batch-rows", batch});
    CHECK(ignore.counts() == "100 90 10 0 0 0");
  }
  const Seeded insert = seed_mapped(raw_rows(100), kKeyedByContent, {"--force"});
  CHECK(insert.exit_code() == 1);
  CHECK(contains(insert.where(), "dump.sql:11"));
}

TEST_CASE("mapping: keys that are new in every run are noted where they are to be found again") {
  shared_stack().reset("create table t (id uuid primary key, v text, at timestamptz)");
  const std::string map =
      "[tables.raw_t]\nrename = 't'\ncolumns.id.value = '{uuid}'\ncolumns.at.value = '{now}'\n";
  const Seeded upsert = seed_mapped(raw_rows(10), map, {"--upsert"});
  CHECK(upsert.exit_code() == 0);
  CHECK(contains(upsert.notes(), "the key column id of public.t is made anew in each run"));
  const Seeded insert = seed_mapped(raw_rows(10), map);
  CHECK(insert.exit_code() == 0);
  CHECK(!contains(insert.notes(), "made anew"));
  CHECK(query("select count(distinct id), count(distinct at) from t") == "20|2");
  CHECK(query("select count(*) from t where at > now() - interval '1 hour' and at <= now()") ==
        "20");
}

TEST_CASE("mapping: version 5 UUIDs are those of PostgreSQL, and the same in every run") {
  shared_stack().reset(
      "create extension if not exists \"uuid-ossp\"; create table t (id uuid primary key, v text)");
  const std::string map = "[tables.raw_t]\nrename = 't'\ncolumns.id.value = '{uuid:v}'\n";
  for (int run = 0; run < 2; ++run) {
    CHECK(
        seed_mapped("INSERT INTO raw_t (v) VALUES ('a'), (''), ('it''s \\x');\n", map, {"--upsert"})
            .exit_code() == 0);
  }
  CHECK(query("select count(*) from t where id = uuid_generate_v5(uuid_nil(), v)") == "3");
}

TEST_CASE("mapping: tables are kept, dropped and renamed; --table and --exclude name the targets") {
  shared_stack().reset(
      "create table people (id int primary key); create table things (id int primary key);"
      "create table logs (id int primary key)");
  const std::string dump =
      "INSERT INTO users (id) VALUES (1), (2);\nINSERT INTO objects (id) VALUES (3);\n"
      "INSERT INTO logs_2023 (id) VALUES (4);\nDROP TABLE IF EXISTS logs_2024;\n"
      "CREATE TABLE logs_2024 (id int);\nINSERT INTO logs_2024 VALUES (5);\n"
      "INSERT INTO junk (id) VALUES (now());\n";
  const std::string map =
      "drop = ['junk']\n[tables]\nusers.rename = 'people'\nobjects.rename = 'things'\n"
      "logs_2023.rename = 'logs'\nlogs_2024.rename = 'logs'\n";
  Seeded seeded = seed_mapped(dump, map);
  INFO(seeded.error());
  CHECK(seeded.exit_code() == 0);
  CHECK(seeded.counts("people") == "2 2 0 0 0 0");
  CHECK(seeded.counts("logs") == "2 2 0 0 0 0");
  CHECK(contains(seeded.notes(), "the mapping leaves out public.junk (1 row)"));
  CHECK(query("select string_agg(id::text, ' ' order by id) from logs") == "4 5");
  seeded = seed_mapped(dump, map, {"--force", "--table", "people"});
  CHECK(seeded.counts() == "2 2 0 0 0 0");
  seeded = seed_mapped(dump, map, {"--ignore", "--exclude", "logs", "--exclude", "people"});
  CHECK(seeded.counts() == "1 0 1 0 0 0");
  seeded = seed_mapped(dump, map, {"--table", "users"});
  CHECK(seeded.exit_code() == 2);
  CHECK(contains(seeded.hint(), "public.people"));
  // Only what is kept counts, also for what cannot go over PostgREST.
  seeded = seed_mapped(dump + "INSERT INTO users (id) SELECT 1;\n", "keep = ['objects']");
  CHECK(seeded.exit_code() == 3);
}

TEST_CASE("mapping: a table that is dropped in the file takes the rows of its own name with it") {
  shared_stack().reset("create table t (id int)");
  const std::string map = "tables.raw_t.rename = 't'";
  const std::string rows = "INSERT INTO raw_t (id) VALUES (1);\n";
  CHECK(seed_mapped(rows + "DROP TABLE t;\n", map).exit_code() == 0);
  const Seeded refused = seed_mapped(rows + "DROP TABLE raw_t;\n", map);
  CHECK(refused.exit_code() == 3);
  CHECK(contains(refused.error(), "DROP TABLE of a table whose rows came before"));
}

TEST_CASE("mapping: columns are renamed, dropped, made constant and given defaults") {
  shared_stack().reset(
      "create table t (id int primary key, name text, active boolean, data jsonb, raw bytea,"
      "price numeric, note text default 'server')");
  const Seeded seeded = seed_mapped(
      "INSERT INTO t (id, title, price, data, secret) VALUES (1, 'it''s', NULL, NULL, 'x'),\n"
      "(2, '', 2.50, '{\"a\": 1}', 'y'), (3, NULL, DEFAULT, '[]', NULL);\n",
      R"([tables.t.columns]
title = { rename = "name", if_null = "nobody", if_empty = "no name" }
price.if_null = "0.10"
data.if_null = '{"none": "\\ \""}'
secret.drop = true
active.constant = true
raw.constant = '\x00ff'
note.value = '{id}: {{{row:03}}} "\'
)");
  INFO(seeded.error(), seeded.hint());
  CHECK(seeded.exit_code() == 0);
  CHECK(query("select id, name, active, data, raw, price, note from t order by id") ==
        "1|it's|t|{\"none\": \"\\\\ \\\"\"}|\\x00ff|0.10|1: {001} \"\\\n"
        "2|no name|t|{\"a\": 1}|\\x00ff|2.50|2: {002} \"\\\n"
        "3|nobody|t|[]|\\x00ff||3: {003} \"\\");
}

TEST_CASE("mapping: a MySQL dump, whose own rules do not reach what the mapping says") {
  shared_stack().reset(
      "create table u (id text primary key, active boolean, flag boolean, bits bit(10), data bytea,"
      "uid uuid, body text)");
  const Seeded seeded = seed_mapped(
      "-- MySQL dump 10.13\nCREATE TABLE `m` (`id` int, `on` tinyint(1), `bits` bit(10), `data` "
      "blob, `body` text);\n"
      "INSERT INTO `m` VALUES (1,1,b'101',0x00FF,'a\\'b\\\\frac\\n'),(2,0,b'0','abc',NULL);\n",
      "[tables.m]\nrename = 'u'\n[tables.m.columns]\nid.value = 'm{id}-{md5:body:4}'\n"
      "on.rename = 'active'\nflag.constant = 'yes'\n"
      "uid.constant = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'\nbody.if_null = '\\x'\n");
  INFO(seeded.error(), seeded.hint());
  CHECK(seeded.exit_code() == 0);
  CHECK(query("select id = 'm1-' || left(md5(body), 4), active, flag, bits, data, uid, body from u "
              "order by u.id limit 1") ==
        "t|t|t|0000000101|\\x00ff|a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11|a'b\\frac\n");
  CHECK(query("select id, active, bits, data, body from u where id like 'm2%'") ==
        "m2-d41d|f|0000000000|\\x616263|\\x");
}

TEST_CASE("mapping: a constant in a bytea column of a MySQL dump is PostgreSQL's text for bytes") {
  shared_stack().reset("create table u (id int primary key, data bytea, b boolean, n bit(3))");
  const Seeded seeded = seed_mapped(
      "-- MySQL dump 10.13\nINSERT INTO `u` (`id`) VALUES (1);\n",
      "[tables.u.columns]\ndata.constant = '\\x00ff'\nb.constant = 't'\nn.constant = '101'");
  INFO(seeded.error(), seeded.hint());
  CHECK(seeded.exit_code() == 0);
  CHECK(query("select data, b, n from u") == "\\x00ff|t|101");
}

TEST_CASE("mapping: an SQLite dump") {
  shared_stack().reset("create table notes (key text primary key, body text, at text)");
  const Seeded seeded = seed_mapped(
      "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n"
      "CREATE TABLE n(id INTEGER PRIMARY KEY, body TEXT);\n"
      "INSERT INTO n VALUES(1,replace('a\\nb','\\n',char(10)));\nINSERT INTO n VALUES(2,'it''s');\n"
      "INSERT INTO n VALUES(3,NULL);\nCOMMIT;\n",
      "[tables.n]\nrename = 'notes'\ncolumns.id.drop = true\n"
      "columns.key.value = 'n{id}_{md5:id,body:32}'\ncolumns.at.value = '{now}'");
  INFO(seeded.error(), seeded.hint());
  CHECK(seeded.exit_code() == 0);
  CHECK(query("select count(*) from notes where key = 'n' || substr(key, 2, 1) || '_' || "
              "md5(substr(key, 2, 1) || coalesce(body, '')) and at like '20__-__-__T%Z'") == "3");
  CHECK(query("select body from notes where key like 'n1%'") == "a\nb");
}

TEST_CASE("mapping: rows of CSV and JSON, which --table names before they are mapped") {
  shared_stack().reset("create table t (id text primary key, v text, j jsonb)");
  const std::string map =
      "[tables.raw_t]\nrename = 't'\ncolumns.id.value = '{row:02}{md5:v:4}'\n"
      "columns.value.rename = 'j'\n";
  Seeded seeded = seed_mapped("v,value\na,\"{\"\"x\"\": 1}\"\n\"b\"\"\",\"[2]\"\n", map,
                              {"--table", "raw_t", "--upsert"}, "rows.csv");
  INFO(seeded.error(), seeded.hint());
  CHECK(seeded.exit_code() == 0);
  CHECK(seeded.counts("t") == "2 2 0 0 0 0");
  CHECK(query("select count(*) from t where substr(id, 3) = left(md5(v), 4)") == "2");
  // "5" is a string in a jsonb column of the target, whatever its name was.
  seeded = seed_mapped("{\"v\": \"c\", \"value\": \"5\"}\n{\"v\": \"d\", \"value\": {\"y\": 1}}\n",
                       map, {"--table", "raw_t", "--force"}, "rows.ndjson");
  INFO(seeded.error(), seeded.hint());
  CHECK(seeded.exit_code() == 0);
  CHECK(query("select v, jsonb_typeof(j), j from t order by v") ==
        "c|string|\"5\"\nd|object|{\"y\": 1}");
}

TEST_CASE(
    "mapping: rejected rows are kept as they were to be stored, and load without it or with") {
  shared_stack().reset("create table t (id text primary key, v text check (v <> 'value 3'))");
  const TempDir folder;
  const std::string rejects = folder / "r.ndjson";
  const std::string map = folder.write("m.toml", kKeyedByRow);
  const std::string dump = folder.write("d.sql", raw_rows(9));
  Seeded seeded = seed({dump, "--map", map, "--max-rejects", "all", "--rejects", rejects});
  CHECK(seeded.exit_code() == 1);
  CHECK(seeded.counts() == "9 8 0 1 0 0");
  const Json reject(read_file(rejects));
  CHECK(reject["table"].text() == "t");
  CHECK(reject["line"].number() == 4);
  CHECK(contains(reject["values"]["id"].text(), "r000003_"));
  query("alter table t drop constraint t_v_check");
  for (const bool with : {true, false}) {
    CAPTURE(with);
    query("delete from t where v = 'value 3'");
    seeded = with ? seed({rejects, "--map", map}) : seed({rejects});
    INFO(seeded.error());
    CHECK(seeded.exit_code() == 0);
    CHECK(query("select count(*) from t where id = 'r' || lpad(right(v, 1), 6, '0') || '_' || "
                "left(md5(v), 8)") == "9");
  }
}

TEST_CASE("mapping: a value that cannot be made stops the run before it writes, or is skipped") {
  shared_stack().reset(kTable);
  const std::string dump =
      "INSERT INTO raw_t (v) VALUES ('a'), (DEFAULT), ('b');\nINSERT INTO raw_t (v) VALUES "
      "(now());\n";
  const Seeded refused = seed_mapped(dump, kKeyedByRow);
  CHECK(refused.exit_code() == 3);
  CHECK(contains(refused.error(), "a value for id made of the DEFAULT of column v cannot go"));
  CHECK(contains(refused.where(), "dump.sql:1"));
  const Seeded skipped = seed_mapped(dump, kKeyedByRow, {"--skip-unsupported"});
  CHECK(skipped.counts() == "4 2 0 0 2 0");
  CHECK(query("select string_agg(left(id, 7), ' ' order by id) from t") == "r000001 r000003");
}

TEST_CASE("mapping: mistakes are found before anything is written") {
  shared_stack().reset(kTable);
  const std::string dump = "INSERT INTO raw_t (v, w) VALUES ('a', 'b');\n";
  const struct {
    const char* map;
    int exit_code;
    const char* where;
    const char* said;
  } cases[] = {
      {"[tables.raw_t]\nrename = 't'\nrenmae = 'x'", 2, "m.toml:3:1", "'renmae'"},
      {"[tables.raw_t]\nrename = 't'\ncolumns.id.value = '{md5:vv}'", 2, "m.toml:3:9",
       "no row of raw_t has the column vv"},
      {"[tables.raw_t]\nrename = 't'\ncolumns.x.drop = true", 2, "m.toml:3:9",
       "the columns of the source are v, w"},
      {"[tables.raw_t]\nrename = 't'\ncolumns.v.rename = 'w'", 2, "m.toml:3:9",
       "two values would go into the column w"},
      {"keep = ['tt']", 2, "m.toml", "leaves no row"},
      // What the target does not have, the target says.
      {"[tables.raw_t]\nrename = 'nosuch'", 5, "dump.sql:1", "nosuch"},
      {"[tables.raw_t]\nrename = 't'\ncolumns.w.rename = 'nosuch'", 5, "dump.sql:1", "nosuch"},
  };
  for (const auto& [map, exit_code, where, said] : cases) {
    CAPTURE(map);
    const Seeded seeded = seed_mapped(dump, map);
    CHECK(seeded.exit_code() == exit_code);
    CAPTURE(seeded.where());
    CHECK(contains(seeded.where(), where));
    CHECK(contains(seeded.error() + seeded.hint(), said));
  }
  CHECK(query("select count(*) from t") == "0");
  const Seeded never = seed_mapped("INSERT INTO t (id, v) VALUES ('1', 'a');\n", kKeyedByRow);
  CHECK(never.exit_code() == 0);
  CHECK(contains(never.notes(), "m.toml:1:9: no file has rows of raw_t"));
}

TEST_CASE("mapping: of standard input, mistakes that only its end shows end the run") {
  shared_stack().reset(kTable);
  const TempDir folder;
  const std::string good = folder.write("good.toml", kKeyedByRow);
  const std::string bad =
      folder.write("bad.toml", std::string(kKeyedByRow) + "columns.x.drop = true");
  Seeded seeded = seed({"-", "--map", good}, Call{.args = {}, .stdin_text = raw_rows(30)});
  INFO(seeded.error());
  CHECK(seeded.exit_code() == 0);
  CHECK(query("select count(*) from t where right(id, 8) = left(md5(v), 8)") == "30");
  seeded = seed({"-", "--map", bad, "--upsert"}, Call{.args = {}, .stdin_text = raw_rows(30)});
  CHECK(seeded.exit_code() == 2);
  CHECK(contains(seeded.where(), "bad.toml:4:9"));
}

TEST_CASE("mapping: rows without a column list take the order of the target's catalogue") {
  shared_stack().reset("create table t (id text primary key, v text)");
  const Seeded seeded = seed_mapped("INSERT INTO raw_t VALUES ('1', ''), ('2', 'x');\n",
                                    "[tables.raw_t]\nrename = 't'\ncolumns.v.if_empty = 'none'\n"
                                    "columns.id.value = 'k{id}'");
  INFO(seeded.error(), seeded.hint());
  CHECK(seeded.exit_code() == 0);
  CHECK(query("select id, v from t order by id") == "k1|none\nk2|x");
}

TEST_CASE("mapping: inspect and the dry run show the mapped names") {
  shared_stack().reset(kTable);
  const TempDir folder;
  const std::string map = folder.write("m.toml", kKeyedByRow);
  const std::string dump =
      folder.write("d.sql", raw_rows(3) + "INSERT INTO other (a) VALUES (1);\n");
  const Result inspected = pgseed({"inspect", dump, "--map", map});
  CHECK(inspected.exit_code == 0);
  CHECK(contains(inspected.out, "public.t: 3 rows in 1 statement\n    v, id\n"));
  CHECK(contains(inspected.out, "public.other: 1 rows in 1 statement\n"));
  const Result json = pgseed({"--json", "inspect", dump, "--map", map});
  CHECK(contains(json.out, R"("table":"t","columns":["v","id"],"rows":3)"));
  const Seeded dry = seed({dump, "--map", map, "--dry-run", "--exclude", "other"});
  CHECK(contains(dry.notes(), "would load 3 rows into public.t"));
  const Result wrong =
      pgseed({"inspect", dump, "--map", folder.write("w.toml", "tables.raw_t.columns.x.drop = 1")});
  CHECK(wrong.exit_code == 2);
  CHECK(contains(wrong.err, "w.toml:1:31"));
}

TEST_CASE("mapping: several files go on with the row numbers, in the order given") {
  shared_stack().reset(kTable);
  const TempDir folder;
  const std::string map = folder.write("m.toml", kKeyedByRow);
  const Seeded seeded =
      seed({folder.write("b.sql", "INSERT INTO raw_t (v) VALUES ('1'), ('2');"),
            folder.write("a.sql", "INSERT INTO raw_t (v) VALUES ('3');"), "--map", map});
  CHECK(seeded.exit_code() == 0);
  CHECK(query("select count(*) from t where substr(id, 2, 6)::int = v::int") == "3");
}

}  // namespace pgseed::test
