// `pgseed schema`: the DDL of a file, applied over the direct connection as one transaction.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/local_pgbouncer.hpp"
#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

std::string sql(const std::string& query) {
  return shared_stack().sql(query);
}

struct Applied {
  Result result;
  Json summary;
  std::string where;  // the file's name left out: "LINE:COLUMN"

  int exit_code() const { return result.exit_code; }
  std::int64_t number(const std::string& name) const { return summary[name].number(); }
  std::string error(const std::string& member) const {
    const Json value = summary["error"][member];
    return value.is_null() ? "" : value.text();
  }
  std::string notes() const {
    std::string lines;
    for (std::size_t index = 0; index < summary["notes"].size(); ++index) {
      lines += summary["notes"][index].text() + "\n";
    }
    return lines;
  }
};

Applied apply(const std::string& ddl, const std::vector<std::string>& options = {},
              Call call = {}) {
  const TempDir folder;
  const std::string file = folder.write("ddl.sql", ddl);
  call.args = {"--json", "schema", file};
  call.args.insert(call.args.end(), options.begin(), options.end());
  const Result result = pgseed(call);
  INFO("stderr: ", result.err);
  REQUIRE_MESSAGE(!result.out.empty(), result.err);
  Applied applied{result, Json(result.out), ""};
  CHECK(applied.summary["command"].text() == "schema");
  CHECK(applied.summary["exit_code"].number() == result.exit_code);
  CHECK(applied.summary["ok"].text() == (result.exit_code == 0 ? "true" : "false"));
  if (result.exit_code != 0) {
    applied.where = applied.error("where");
    if (applied.where.rfind(file + ":", 0) == 0) applied.where.erase(0, file.size() + 1);
  }
  return applied;
}

// As pg_dump writes it, with the rows between the tables and their keys.
constexpr const char* kDump = R"sql(--
-- PostgreSQL database dump
--
\restrict AbCdEf0123456789

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;

CREATE TYPE public.mood AS ENUM ('sad', 'ok;');
CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS $$
begin
  -- INSERT INTO public.t VALUES (9);
  new.v := coalesce(new.v, 'by trigger; $q$');
  return new;
end;
$$;
ALTER FUNCTION public.touch() OWNER TO role_that_is_missing;

CREATE TABLE public.t (
    id integer NOT NULL,
    v text,
    m public.mood DEFAULT 'ok;'::public.mood
);
ALTER TABLE public.t OWNER TO role_that_is_missing;
CREATE SEQUENCE public.t_id_seq AS integer;
ALTER SEQUENCE public.t_id_seq OWNED BY public.t.id;
ALTER TABLE ONLY public.t ALTER COLUMN id SET DEFAULT nextval('public.t_id_seq'::regclass);
CREATE VIEW public.seen AS SELECT t.id, t.v FROM public.t;
COMMENT ON TABLE public.t IS 'a; table';

COPY public.t (id, v, m) FROM stdin;
1	CREATE TABLE public.not_this (id int);	sad
2	\N	\N
\.
INSERT INTO public.t (id, v) VALUES (3, 'c; CREATE TABLE public.nor_this (id int);');
SELECT pg_catalog.setval('public.t_id_seq', 3, true);

ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (id);
CREATE INDEX t_v ON public.t USING btree (v);
CREATE TRIGGER t_touch BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.touch();
ALTER TABLE public.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY t_write ON public.t FOR INSERT TO authenticated WITH CHECK ((v <> 'x;'::text));
GRANT SELECT ON TABLE public.t TO role_that_is_missing;
GRANT SELECT ON TABLE public.t TO anon;

\unrestrict AbCdEf0123456789
)sql";

}  // namespace

TEST_CASE("schema: the DDL of a dump is applied, its rows and missing roles are passed over") {
  shared_stack().reset();
  const Applied applied = apply(kDump);
  CHECK(applied.exit_code() == 0);
  CHECK(sql("select string_agg(relname, ' ' order by relname) from pg_class "
            "where relnamespace = 'public'::regnamespace") == "seen t t_id_seq t_pkey t_v");
  CHECK(sql("select count(*) from t") == "0");
  CHECK(sql("select relrowsecurity, obj_description(oid) from pg_class where relname = 't'") ==
        "t|a; table");
  CHECK(sql("select polname, polcmd from pg_policy") == "t_write|a");
  CHECK(sql("select tgname from pg_trigger where not tgisinternal") == "t_touch");
  CHECK(sql("insert into t (id) values (1); select v, m from seen natural join t") ==
        "by trigger; $q$|ok;");
  CHECK(sql("select has_table_privilege('anon', 't', 'select')") == "t");
  const std::string notes = applied.notes();
  CAPTURE(notes);
  CHECK(contains(notes, "ALTER FUNCTION public.touch() OWNER TO"));
  CHECK(contains(notes, "ALTER TABLE public.t OWNER TO"));
  CHECK(contains(notes, "GRANT SELECT ON TABLE public.t TO role_that_is_missing"));
  CHECK(!contains(notes, "TO anon"));
  CHECK(contains(notes, "ddl.sql:23: "));
}

TEST_CASE("schema: an API that cannot be reached is a warning once the DDL is committed") {
  shared_stack().reset();
  const TempDir folder;
  const std::string file = folder.write("ddl.sql", "CREATE TABLE alone (id int);\n");
  const Result result = pgseed({"schema", file, "--rest-url", "http://127.0.0.1:1"});
  INFO(result.err);
  CHECK(result.exit_code == 0);
  CHECK(contains(result.err,
                 "warning: the DDL is applied (1 statement); the API could not be asked"));
  CHECK(contains(result.err, "cannot reach"));
  CHECK(contains(result.out, "1 DDL statement applied"));
  CHECK(sql("select count(*) from alone") == "0");
  const std::string more = folder.write("more.sql", "CREATE TABLE another (id int);\n");
  const Result unasked = pgseed({"schema", more, "--rest-url", "http://127.0.0.1:1", "--no-wait"});
  CHECK(unasked.exit_code == 0);
  CHECK(unasked.err.empty());
}

TEST_CASE("schema: CSV and JSON are named, and the command that loads them") {
  const TempDir folder;
  for (const auto& [name, content] :
       {std::pair("people.csv", "id,name\n1,a\n"), std::pair("people.json", "[{\"id\":1}]")}) {
    const Result result = pgseed({"schema", folder.write(name, content)});
    CHECK(result.exit_code == 2);
    CHECK(contains(result.err, "and has no DDL"));
    CHECK(contains(result.err, "hint: load it with pgseed seed --table NAME"));
  }
}

TEST_CASE("schema: pgseed seed loads the same file at once, because the API was waited for") {
  for (int round = 0; round < 3; ++round) {
    shared_stack().reset();
    const TempDir folder;
    const std::string file = folder.write("dump.sql", kDump);
    CHECK(pgseed({"schema", file}).exit_code == 0);
    const Seeded seeded = seed({file});
    CHECK(seeded.error() == "");
    CHECK(seeded.counts("t") == "3 3 0 0 0 0");
    CHECK(sql("select string_agg(id || coalesce(m::text, '-'), ' ' order by id) from t") ==
          "1sad 2- 3ok;");
  }
}

TEST_CASE("schema: an error names its place and leaves nothing behind") {
  shared_stack().reset();
  struct Case {
    std::string ddl, where, message;
  };
  for (const Case& each :
       {Case{"CREATE TABLE a (id int);\nCREATE TABLE b (\n  id int,\n  v nonsense\n);\n", "4:5",
             "nonsense"},
        Case{"CREATE TABLE a (id int);\n  CREATE TABEL b (id int);\n", "2:10", "TABEL"},
        Case{"CREATE TABLE a (id int); CREATE VIEW b AS SELECT nope FROM a;\n", "1:50", "nope"},
        Case{"CREATE TABLE a (id int);\nCREATE TABLE a (id int);\n", "2", "already exists"}}) {
    CAPTURE(each.ddl);
    const Applied applied = apply(each.ddl);
    CHECK(applied.exit_code() == 5);
    CHECK(applied.where == each.where);
    CHECK(contains(applied.error("message"), each.message));
    CHECK(sql("select count(*) from pg_class where relnamespace = 'public'::regnamespace") == "0");
  }
  const Applied open = apply("CREATE TABLE a (id int);\nCREATE TABLE b (v text DEFAULT 'x\n);\n");
  CHECK(open.exit_code() == 3);
  CHECK(open.where == "2:32");
  CHECK(sql("select count(*) from pg_class where relnamespace = 'public'::regnamespace") == "0");
}

TEST_CASE("schema: --if-not-exists passes over what is there, and only over that") {
  shared_stack().reset();
  const Applied first = apply(kDump, {"--if-not-exists"});
  CHECK(first.exit_code() == 0);
  CHECK(first.number("statements_existing") == 0);
  const Applied plain = apply(kDump);
  CHECK(plain.exit_code() == 5);
  CHECK(contains(plain.error("hint"), "--if-not-exists"));
  const Applied again = apply(kDump, {"--if-not-exists"});
  CHECK(again.exit_code() == 0);
  // type, function, table, sequence, view, primary key, index, trigger, policy
  CHECK(again.number("statements_existing") == 9);
  const Applied wrong =
      apply("CREATE TABLE t (id int);\nCREATE TABLE u (v nonsense);\n", {"--if-not-exists"});
  CHECK(wrong.exit_code() == 5);
  CHECK(wrong.where == "2:19");
}

TEST_CASE("schema: --if-not-exists knows what the server refuses with another word") {
  const std::string parts =
      "CREATE TABLE m (id int, d date) PARTITION BY RANGE (d);\n"
      "CREATE TABLE m1 (id int, d date);\n"
      "CREATE TABLE other (d date) PARTITION BY RANGE (d);\n";
  const std::string attach =
      "ALTER TABLE ONLY public.m ATTACH PARTITION public.m1 FOR VALUES FROM ('2020-01-01') TO "
      "('2021-01-01');\n";
  const std::string text_search =
      "CREATE TEXT SEARCH CONFIGURATION public.c (PARSER = pg_catalog.\"default\");\n"
      "ALTER TEXT SEARCH CONFIGURATION public.c ADD MAPPING FOR asciiword, word WITH simple;\n"
      "CREATE TEXT SEARCH DICTIONARY public.d (TEMPLATE = pg_catalog.simple);\n";
  const std::string identity =
      "CREATE TABLE n (id int NOT NULL, v int);\n"
      "ALTER TABLE n ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY;\n";
  shared_stack().reset();
  const auto again = [](const std::string& ddl, int existing) {
    CAPTURE(ddl);
    const Applied applied = apply(ddl, {"--if-not-exists"});
    CHECK(applied.exit_code() == 0);
    CHECK(applied.number("statements_existing") == existing);
  };
  const std::string all = parts + attach + text_search + identity;
  again(all, 0);
  again(all, 9);
  again(
      "ALTER TABLE m ATTACH PARTITION m1 FOR VALUES FROM (date '2020-1-1') TO (date '2021-1-1');\n"
      "ALTER TABLE n ALTER id ADD GENERATED BY DEFAULT AS IDENTITY, ADD w int;\n"
      "ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH simple;\n",
      2);
  CHECK(sql("select count(*) from pg_attribute where attrelid = 'n'::regclass and attname = 'w'") ==
        "1");
  struct Case {
    std::string ddl, message;
  };
  for (const Case& other :
       {Case{"ALTER TABLE m ATTACH PARTITION m1 FOR VALUES FROM ('2020-01-01') TO ('2022-01-01')",
             "already a partition"},
        Case{"ALTER TABLE m ATTACH PARTITION m1 DEFAULT", "already a partition"},
        Case{"ALTER TABLE other ATTACH PARTITION m1 DEFAULT", "already a partition"},
        Case{"ALTER TABLE n ATTACH PARTITION m1 DEFAULT", "not partitioned"},
        Case{"ALTER TABLE n ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY",
             "already an identity"},
        Case{"ALTER TABLE n ALTER COLUMN v ADD GENERATED ALWAYS AS IDENTITY", "NOT NULL"},
        Case{"ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH english_stem",
             "duplicate key"},
        // Also of these the code says "exists".
        Case{"CREATE TABLE twice (a int, a int)", "specified more than once"},
        Case{"CREATE TABLE taken (a int CONSTRAINT m1 UNIQUE)", "already exists"},
        Case{"CREATE OR REPLACE VIEW seen AS SELECT 1 AS b", "cannot change name"}}) {
    CAPTURE(other.ddl);
    sql("create or replace view seen as select 1 as a");
    const Applied refused = apply(other.ddl + ";\n", {"--if-not-exists"});
    CHECK(refused.exit_code() == 5);
    CHECK(refused.where.starts_with("1"));
    CHECK_MESSAGE(contains(refused.error("message"), other.message), refused.error("message"));
  }
  CHECK(sql("select pg_get_expr(relpartbound, oid) from pg_class where relname = 'm1'") ==
        "FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')");
}

TEST_CASE("schema: --if-not-exists makes nothing twice that the server would name") {
  shared_stack().reset();
  const std::string ddl =
      "CREATE TABLE p (id int PRIMARY KEY, v int, \"W x\" text);\n"
      "CREATE TABLE c (p int, v int);\n"
      "CREATE DOMAIN d AS int;\n"
      "ALTER TABLE c ADD FOREIGN KEY (p) REFERENCES p;\n"
      "ALTER TABLE ONLY public.c ADD CHECK (v > 0 and p > 0);\n"
      "ALTER TABLE c ADD UNIQUE (v);\n"
      "ALTER TABLE c ADD EXCLUDE USING btree (p WITH =);\n"
      "CREATE INDEX ON p (lower(\"W x\"));\n"
      "CREATE UNIQUE INDEX ON p USING btree (v) WHERE v > 0;\n"
      "ALTER DOMAIN d ADD CHECK (VALUE > 0);\n"
      "ALTER TABLE c ADD CHECK (v < 9) NOT VALID;\n";
  const auto names = [] {
    return sql(
        "select string_agg(name, ' ' order by name) from (select conname::text from pg_constraint "
        "where connamespace = 'public'::regnamespace union all select indexrelid::regclass::text "
        "from pg_index i join pg_class c on c.oid = indrelid where relnamespace = "
        "'public'::regnamespace) as n(name)");
  };
  CHECK(apply(ddl, {"--if-not-exists"}).number("statements_existing") == 0);
  const std::string before = names();
  for (int run = 0; run < 2; ++run) {
    const Applied again = apply(ddl, {"--if-not-exists"});
    CHECK(again.exit_code() == 0);
    CHECK(again.number("statements_applied") == 0);
    CHECK(again.number("statements_existing") == 11);
    CHECK(names() == before);
  }
  // What is other is made, also where a part of the statement is there.
  const Applied more = apply(
      "ALTER TABLE c ADD CHECK (v < 10), ADD CHECK (v > 0 and p > 0);\n"
      "ALTER TABLE c ADD CHECK (v < 9);\nCREATE INDEX ON p (v);\n"
      "ALTER TABLE c ADD COLUMN v int, ADD COLUMN w int CHECK (w > 0), ADD UNIQUE (v);\n",
      {"--if-not-exists"});
  CHECK(more.exit_code() == 0);
  CHECK(more.number("statements_applied") == 4);
  CHECK(sql("select count(*) from pg_constraint where conrelid = 'c'::regclass") == "8");
  CHECK(sql("select count(*) from pg_index where indrelid = 'p'::regclass") == "4");
  CHECK(sql("select count(*) from pg_attribute where attrelid = 'c'::regclass and attnum > 0") ==
        "3");
}

TEST_CASE("schema: nothing that holds data is dropped unless asked") {
  const std::string ddl =
      "DROP TABLE IF EXISTS old;\nDROP VIEW IF EXISTS v;\nCREATE TABLE fresh (id int);\n";
  shared_stack().reset("create table old (id int); create view v as select 1 one");
  const Applied guarded = apply(ddl);
  CHECK(guarded.exit_code() == 0);
  CHECK(contains(guarded.notes(), "ddl.sql:1: left out: DROP TABLE IF EXISTS old"));
  CHECK(sql("select to_regclass('old'), to_regclass('v'), to_regclass('fresh')") == "old||fresh");
  shared_stack().reset("create table old (id int)");
  CHECK(apply(ddl, {"--allow-drop"}).exit_code() == 0);
  CHECK(sql("select to_regclass('old'), to_regclass('fresh')") == "|fresh");
}

TEST_CASE("schema: DO blocks are applied with --do-blocks only") {
  const std::string ddl =
      "DO $$ BEGIN CREATE TABLE by_block (id int); END $$;\nCREATE TABLE plain (id int);\n";
  shared_stack().reset();
  const Applied without = apply(ddl);
  CHECK(without.exit_code() == 0);
  CHECK(contains(without.notes(), "--do-blocks"));
  CHECK(sql("select to_regclass('by_block'), to_regclass('plain')") == "|plain");
  shared_stack().reset();
  CHECK(apply(ddl, {"--do-blocks"}).exit_code() == 0);
  CHECK(sql("select to_regclass('by_block'), to_regclass('plain')") == "by_block|plain");
}

TEST_CASE("schema: --dry-run prints the DDL and applies nothing") {
  shared_stack().reset();
  const TempDir folder;
  const Result result = pgseed({"schema", "--dry-run", folder.write("ddl.sql", kDump)});
  CHECK(result.exit_code == 0);
  CHECK(contains(result.out, "CREATE TABLE public.t ("));
  CHECK(!contains(result.out, "COPY"));
  CHECK(sql("select to_regclass('t')") == "");
}

TEST_CASE("schema: several files are one transaction, each with its own search_path") {
  shared_stack().reset();
  const TempDir folder;
  const std::string one = folder.write(
      "one.sql", "CREATE SCHEMA s2;\nSET search_path = s2;\nCREATE TABLE in_s2 (id int);\n");
  const std::string two = folder.write("two.sql", "CREATE TABLE in_public (id int);\n");
  const std::string bad = folder.write("bad.sql", "CREATE TABLE x (v nonsense);\n");
  CHECK(pgseed({"schema", one, two, bad}).exit_code == 5);
  CHECK(sql("select to_regclass('s2.in_s2'), to_regclass('public.in_public')") == "|");
  CHECK(pgseed({"schema", one, two}).exit_code == 0);
  CHECK(sql("select to_regclass('s2.in_s2'), to_regclass('public.in_public')") ==
        "s2.in_s2|in_public");
}

TEST_CASE("schema: without a direct connection it says what to set") {
  const Applied applied = apply("CREATE TABLE a (id int);", {},
                                {.args = {}, .environment = {{"DATABASE_URL", std::nullopt}}});
  CHECK(applied.exit_code() == 2);
  CHECK(contains(applied.error("message") + applied.error("hint"), "DATABASE_URL"));
}

TEST_CASE("schema: a lock that is held ends the wait with a hint") {
  shared_stack().reset("create table t (id int)");
  Process holder({.argv = {postgres_bin_dir() + "/psql", "-XAtq", shared_stack().database_url(),
                           "-c", "begin; lock table t; select pg_sleep(30)"}});
  REQUIRE(wait_until(
      [] {
        return sql("select count(*) from pg_locks where relation = 't'::regclass and granted") !=
               "0";
      },
      std::chrono::seconds(10)));
  const Applied applied = apply("CREATE TABLE u (id int);\nALTER TABLE t ADD COLUMN v text;\n",
                                {"--lock-timeout", "0.2"});
  CHECK(applied.exit_code() == 4);
  CHECK(contains(applied.error("hint"), "--lock-timeout"));
  CHECK(applied.where == "2");
  CHECK(sql("select to_regclass('u')") == "");
}

TEST_CASE("schema: through PgBouncer in transaction mode, nothing leaks into its session") {
  if (!LocalPgbouncer::is_installed()) {
    MESSAGE("PgBouncer is not installed");
    return;
  }
  shared_stack().reset();
  const LocalPgbouncer bouncer(shared_stack().postgres);
  const std::string url = bouncer.url(Stack::kDatabase);
  const auto ask = [&](const std::string& query) {
    const Result result = run({.argv = {postgres_bin_dir() + "/psql", "-XAtq", url, "-c", query}});
    CHECK(result.err == "");
    return result.out;
  };
  const std::string settings =
      "select current_setting('search_path'), current_setting('check_function_bodies'), "
      "current_setting('lock_timeout'), current_setting('default_table_access_method')";
  const std::string before = ask("select pg_backend_pid()") + ask(settings);
  const Call call{.args = {}, .environment = {{"DATABASE_URL", url}}};
  const Applied applied = apply(kDump, {}, call);
  CHECK(applied.exit_code() == 0);
  CHECK(sql("select to_regclass('t')") == "t");
  CHECK(ask("select pg_backend_pid()") + ask(settings) == before);
  CHECK(apply(kDump, {}, call).exit_code() == 5);
  CHECK(ask("select pg_backend_pid()") + ask(settings) == before);
  CHECK(apply(kDump, {"--if-not-exists"}, call).exit_code() == 0);
  const Seeded seeded = seed_text("INSERT INTO t VALUES (1, 'a', 'sad');", {}, call);
  CHECK(seeded.exit_code() == 0);
  CHECK(ask(settings) != "");
}

}  // namespace pgseed::test
