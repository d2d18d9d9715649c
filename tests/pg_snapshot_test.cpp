#include "pgseed/pg/snapshot.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <sstream>

#include "pgseed/base/text.hpp"
#include "support/local_pgbouncer.hpp"
#include "support/local_postgrest.hpp"

namespace pgseed::pg {
namespace {

using Lines = std::vector<std::string>;

constexpr const char* kBase = R"(
create schema api;
create type mood as enum ('sad', 'happy');
create domain code as text check (value <> '');
create type pair as (a int, b text);
create function f(a int) returns int language plpgsql as $$
begin
  return a;
end $$;
create function touch() returns trigger language plpgsql as 'begin return new; end';
create function on_ddl() returns event_trigger language plpgsql as 'begin end';
create table parent (a int, b text, primary key (a, b));
create table t (
  id bigint generated always as identity primary key,
  a int default 1,
  b text not null,
  c numeric,
  twice numeric generated always as (c * 2) stored,
  at timestamptz default '2024-01-01 00:00:00+00',
  constraint fk foreign key (a, b) references parent,
  constraint positive check (c > 0));
create index ix on t (a);
create sequence counter;
create table measure (day date, v int) partition by range (day);
create index on measure (v);
create table measure_1 partition of measure for values from ('2024-01-01') to ('2025-01-01');
create view v as select id, b from t;
create materialized view mv as select 1 as one;
create policy reading on t using (a > 0);
create trigger touching before update on t for each row execute function touch();
create publication snapshot_pub for table t;
)";

// change: what a migration does; undo: its downgrade; lines: what is told in between.
const struct {
  const char* change;
  const char* undo;
  Lines lines;
} kCases[] = {
    {"create schema s2", "drop schema s2", {"unexpected: schema s2"}},
    {"drop schema api", "create schema api", {"missing: schema api"}},
    {"create extension pgcrypto schema api",
     "drop extension pgcrypto",
     {"unexpected: extension pgcrypto: in schema api"}},

    // Tables: what is part of one has no line of its own.
    {"create table n (id serial primary key, x text unique, y int references n);"
     "create index on n (y); comment on column n.x is 'c'; grant select (x), insert on n to public;"
     "grant usage on sequence n_id_seq to public; create policy p on n; "
     "create statistics st on x, y from n; create rule r as on delete to n do nothing;"
     "create trigger tr after insert on n execute function touch()",
     "drop table n",
     {"unexpected: table public.n: plain"}},
    {"drop policy reading on t; alter table t enable row level security",
     "create policy reading on t using (a > 0); alter table t disable row level security",
     {"missing: policy public.t.reading: permissive for all to PUBLIC using ((a > 0))",
      "changed: table public.t: plain -> row level security"}},
    {"alter table t force row level security",
     "alter table t no force row level security",
     {"changed: table public.t: plain -> forced row level security"}},
    {"alter table t set (fillfactor = 70, autovacuum_enabled = off)",
     "alter table t reset (autovacuum_enabled, fillfactor)",
     {"changed: table public.t: plain -> with (autovacuum_enabled=off, fillfactor=70)"}},
    {"alter table t replica identity full",
     "alter table t replica identity default",
     {"changed: table public.t: plain -> replica identity full"}},
    {"alter table parent set schema api",
     "alter table api.parent set schema public",
     {"changed: constraint public.t.fk: FOREIGN KEY (a, b) REFERENCES public.parent(a, b) -> "
      "FOREIGN KEY (a, b) REFERENCES api.parent(a, b)",
      "unexpected: table api.parent: plain", "missing: table public.parent: plain"}},
    {"create unlogged table u (); create foreign data wrapper w; create server srv foreign data "
     "wrapper w; create foreign table ft (x int) server srv options (at 'home');"
     "create user mapping for public server srv options (password 'topsecret')",
     "drop table u; drop foreign data wrapper w cascade",
     {"unexpected: foreign table public.ft: server srv options (at=home)",
      "unexpected: foreign-data wrapper w", "unexpected: server srv: w",
      "unexpected: table public.u: unlogged"}},
    {"create table kid (extra int) inherits (parent)",
     "drop table kid",
     {"unexpected: table public.kid: inherits public.parent"}},

    // Partitions repeat nothing of their parent.
    {"create table measure_2 partition of measure default",
     "drop table measure_2",
     {"unexpected: table public.measure_2: partition of public.measure DEFAULT"}},
    {"alter table measure detach partition measure_1",
     "alter table measure attach partition measure_1 for values from ('2024-01-01') to "
     "('2025-01-01')",
     {"unexpected: column public.measure_1.day: date",
      "unexpected: column public.measure_1.v: integer",
      "unexpected: index public.measure_1_v_idx: CREATE INDEX measure_1_v_idx ON public.measure_1 "
      "USING btree (v)",
      "changed: table public.measure_1: partition of public.measure FOR VALUES FROM ('2024-01-01') "
      "TO ('2025-01-01') -> plain"}},
    {"alter table measure alter v type bigint",
     "alter table measure alter v type int",
     {"changed: column public.measure.v: integer -> bigint"}},
    {"alter table measure_1 alter v set default 7",
     "alter table measure_1 alter v drop default",
     {"unexpected: column public.measure_1.v: integer default 7"}},

    {"alter table t add n varchar(30)",
     "alter table t drop n",
     {"unexpected: column public.t.n: character varying(30)"}},
    {"alter table t drop a cascade",
     "alter table t add a int default 1; alter table t add constraint fk foreign key (a, b) "
     "references parent; create index ix on t (a); create policy reading on t using (a > 0)",
     {"missing: column public.t.a: integer default 1",
      "missing: constraint public.t.fk: FOREIGN KEY (a, b) REFERENCES public.parent(a, b)",
      "missing: index public.ix: CREATE INDEX ix ON public.t USING btree (a)",
      "missing: policy public.t.reading: permissive for all to PUBLIC using ((a > 0))"}},
    {"alter table t alter at type timestamp",
     "alter table t alter at type timestamptz; alter table t alter at set default "
     "'2024-01-01 00:00:00+00'",
     {"changed: column public.t.at: timestamp with time zone default '2024-01-01 "
      "00:00:00+00'::timestamp with time zone -> timestamp without time zone default "
      "'2024-01-01 00:00:00+00'::timestamp with time zone"}},
    {"alter table t alter a set not null",
     "alter table t alter a drop not null",
     {"changed: column public.t.a: integer default 1 -> integer not null default 1"}},
    {"alter table t alter a drop default",
     "alter table t alter a set default 1",
     {"changed: column public.t.a: integer default 1 -> integer"}},
    {"alter table t alter id set generated by default set increment 5",
     "alter table t alter id set generated always set increment 1",
     {"changed: column public.t.id: bigint not null generated always as identity -> bigint not "
      "null generated by default as identity (increment 5)"}},
    {"alter table t alter id drop identity",
     "alter table t alter id add generated always as identity",
     {"changed: column public.t.id: bigint not null generated always as identity -> bigint not "
      "null"}},
    {"alter table t alter twice drop expression",
     "alter table t drop twice; alter table t add twice numeric generated always as (c * 2) stored",
     {"changed: column public.t.twice: numeric generated always as ((c * (2)::numeric)) stored -> "
      "numeric"}},
    {"alter table t alter b set storage external",
     "alter table t alter b set storage extended",
     {"changed: column public.t.b: text not null -> text not null storage external"}},
    {"alter table t alter c set (n_distinct = 5)",
     "alter table t alter c reset (n_distinct)",
     {"changed: column public.t.c: numeric -> numeric with (n_distinct=5)"}},
    {"alter table measure add x text collate \"C\"",
     "alter table measure drop x",
     {"unexpected: column public.measure.x: text collate pg_catalog.\"C\""}},
    {"alter view v alter b set default 'x'",
     "alter view v alter b drop default",
     {"unexpected: column public.v.b: text default 'x'::text"}},

    {"alter table t add constraint small check (a < 9) not valid",
     "alter table t drop constraint small",
     {"unexpected: constraint public.t.small: CHECK ((a < 9)) NOT VALID"}},
    {"alter table t add unique (a, c)",
     "alter table t drop constraint t_a_c_key",
     {"unexpected: constraint public.t.t_a_c_key: UNIQUE (a, c)"}},
    {"alter table t drop constraint positive, add constraint positive check (c > 1)",
     "alter table t drop constraint positive, add constraint positive check (c > 0)",
     {"changed: constraint public.t.positive: CHECK ((c > (0)::numeric)) -> CHECK ((c > "
      "(1)::numeric))"}},
    {"alter table t alter constraint fk deferrable initially deferred",
     "alter table t alter constraint fk not deferrable",
     {"changed: constraint public.t.fk: FOREIGN KEY (a, b) REFERENCES public.parent(a, b) -> "
      "FOREIGN KEY (a, b) REFERENCES public.parent(a, b) DEFERRABLE INITIALLY DEFERRED"}},
    {"alter table t disable trigger all",
     "alter table t enable trigger all",
     {"changed: constraint public.t.fk: FOREIGN KEY (a, b) REFERENCES public.parent(a, b) -> "
      "FOREIGN KEY (a, b) REFERENCES public.parent(a, b) (triggers disabled)",
      "changed: trigger public.t.touching: CREATE TRIGGER touching BEFORE UPDATE ON public.t FOR "
      "EACH ROW EXECUTE FUNCTION public.touch() -> CREATE TRIGGER touching BEFORE UPDATE ON "
      "public.t FOR EACH ROW EXECUTE FUNCTION public.touch() (disabled)"}},
    {"alter table t cluster on t_pkey; alter table t replica identity using index t_pkey",
     "alter table t set without cluster; alter table t replica identity default",
     {"changed: constraint public.t.t_pkey: PRIMARY KEY (id) -> PRIMARY KEY (id) (clustered) "
      "(replica identity)",
      "changed: table public.t: plain -> replica identity index"}},

    {"drop index ix",
     "create index ix on t (a)",
     {"missing: index public.ix: CREATE INDEX ix ON public.t USING btree (a)"}},
    {"drop index ix; create unique index ix on t (lower(b)) where a > 0",
     "drop index ix; create index ix on t (a)",
     {"changed: index public.ix: CREATE INDEX ix ON public.t USING btree (a) -> CREATE UNIQUE "
      "INDEX "
      "ix ON public.t USING btree (lower(b)) WHERE (a > 0)"}},
    {"update pg_index set indisvalid = false where indexrelid = 'ix'::regclass",
     "update pg_index set indisvalid = true where indexrelid = 'ix'::regclass",
     {"changed: index public.ix: CREATE INDEX ix ON public.t USING btree (a) -> CREATE INDEX ix ON "
      "public.t USING btree (a) (invalid)"}},
    {"create index on mv (one)",
     "drop index mv_one_idx",
     {"unexpected: index public.mv_one_idx: CREATE INDEX mv_one_idx ON public.mv USING btree "
      "(one)"}},
    {"create statistics st (dependencies) on a, b from t",
     "drop statistics st",
     {"unexpected: statistics public.st: (dependencies) on a, b"}},

    {"alter sequence counter as int increment -2 minvalue -9 start -3 cache 4 cycle",
     "alter sequence counter as bigint increment 1 minvalue 1 no maxvalue start 1 cache 1 no "
     "cycle "
     "restart",
     {"changed: sequence public.counter: bigint -> integer increment -2 minvalue -9 maxvalue "
      "2147483647 start -3 cache 4 cycle"}},
    {"alter sequence counter owned by t.c",
     "alter sequence counter owned by none",
     {"changed: sequence public.counter: bigint -> bigint owned by public.t.c"}},

    {"create type mood2 as enum ('it''s', 'b')",
     "drop type mood2",
     {"unexpected: enum public.mood2: ('it''s', 'b')"}},
    {"alter type mood rename value 'sad' to 'blue'",
     "alter type mood rename value 'blue' to 'sad'",
     {"changed: enum public.mood: ('sad', 'happy') -> ('blue', 'happy')"}},
    {"alter domain code set default 'x'; alter domain code set not null; alter domain code "
     "add "
     "constraint short check (length(value) < 9) not valid",
     "alter domain code drop default; alter domain code drop not null; alter domain code drop "
     "constraint short",
     {"unexpected: constraint public.code.short: CHECK ((length(VALUE) < 9)) NOT VALID",
      "changed: domain public.code: text -> text not null default 'x'::text"}},
    {"create domain low as text collate \"C\" check (value > '')",
     "drop domain low",
     {"unexpected: domain public.low: text collate \"C\""}},
    {"alter type pair add attribute c text collate \"C\"",
     "alter type pair drop attribute c",
     {"changed: composite type public.pair: (a integer, b text) -> (a integer, b text, c text "
      "collate \"C\")"}},
    {"create type span as range (subtype = float8, subtype_diff = float8mi)",
     "drop type span",
     {"unexpected: range type public.span: subtype double precision, subtype_diff float8mi, "
      "multirange public.span_multirange"}},

    {"create or replace function f(a int) returns int language plpgsql as $$\nbegin\n  return "
     "a + "
     "1;\nend $$",
     "create or replace function f(a int) returns int language plpgsql as $$\nbegin\n  return "
     "a;\nend $$",
     {"changed: function public.f(integer): line 6: return a; -> return a + 1;"}},
    {"alter function f(int) security definer set search_path = api",
     "alter function f(int) security invoker reset search_path",
     {"changed: function public.f(integer): line 4: AS $function$ -> SECURITY DEFINER"}},
    {"create function f(text) returns int language sql as 'select 1'",
     "drop function f(text)",
     {"unexpected: function public.f(text): CREATE OR REPLACE FUNCTION public.f(text) RETURNS "
      "integer LANGUAGE sql AS $function$select 1$function$"}},
    {"create procedure p() language sql as 'select 1'",
     "drop procedure p()",
     {"unexpected: procedure public.p(): CREATE OR REPLACE PROCEDURE public.p() LANGUAGE sql "
      "AS "
      "$procedure$select 1$procedure$"}},
    {"create aggregate total(int) (sfunc = int4pl, stype = int, initcond = '0')",
     "drop aggregate total(int)",
     {"unexpected: aggregate public.total(integer): (integer), sfunc int4pl, stype integer, "
      "finalfunc_modify r, initcond '0', parallel u"}},

    {"drop trigger touching on t",
     "create trigger touching before update on t for each row execute function touch()",
     {"missing: trigger public.t.touching: CREATE TRIGGER touching BEFORE UPDATE ON public.t "
      "FOR "
      "EACH ROW EXECUTE FUNCTION public.touch()"}},
    {"create trigger per_day before insert on measure for each row execute function touch()",
     "drop trigger per_day on measure",
     {"unexpected: trigger public.measure.per_day: CREATE TRIGGER per_day BEFORE INSERT ON "
      "public.measure FOR EACH ROW EXECUTE FUNCTION public.touch()"}},
    {"create event trigger snapshot_et on ddl_command_end when tag in ('CREATE TABLE') "
     "execute "
     "function on_ddl()",
     "drop event trigger snapshot_et",
     {"unexpected: event trigger snapshot_et: on ddl_command_end when tag in (CREATE TABLE) "
      "execute "
      "public.on_ddl()"}},
    {"create rule quiet as on delete to t do instead nothing",
     "drop rule quiet on t",
     {"unexpected: rule public.t.quiet: CREATE RULE quiet AS ON DELETE TO public.t DO INSTEAD "
      "NOTHING"}},
    {"alter policy reading on t to snapshot_reader using (a > 1) with check (true)",
     "drop policy reading on t; create policy reading on t using (a > 0)",
     {"changed: policy public.t.reading: permissive for all to PUBLIC using ((a > 0)) -> "
      "permissive "
      "for all to snapshot_reader using ((a > 1)) with check (true)"}},
    {"create or replace view v as select id, b from t where a > 0",
     "create or replace view v as select id, b from t",
     {"changed: view public.v: line 4: (nothing) -> WHERE (t.a > 0)"}},
    {"alter view v set (security_invoker = true)",
     "alter view v reset (security_invoker)",
     {"changed: view public.v: line 1: as SELECT t.id, -> with (security_invoker=true), as "
      "SELECT "
      "t.id,"}},
    {"drop materialized view mv; create materialized view mv as select 2 as one",
     "drop materialized view mv; create materialized view mv as select 1 as one",
     {"changed: materialized view public.mv: as SELECT 1 AS one -> as SELECT 2 AS one"}},
    {"drop view v; create table v (id int)",
     "drop table v; create view v as select id, b from t",
     {"unexpected: table public.v: plain",
      "missing: view public.v: as SELECT t.id, t.b FROM public.t"}},
    {"alter publication snapshot_pub add table parent (a) where (a > 0)",
     "alter publication snapshot_pub set table t",
     {"changed: publication snapshot_pub: table public.t, insert, update, delete, truncate -> "
      "table "
      "public.parent (a) where (a > 0), table public.t, insert, update, delete, truncate"}},

    {"alter publication snapshot_pub add tables in schema api",
     "alter publication snapshot_pub set table t",
     {"changed: publication snapshot_pub: table public.t, insert, update, delete, truncate -> "
      "table "
      "public.t, schema api, insert, update, delete, truncate"}},

    {"comment on table t is 'a table'; comment on column t.a is 'it''s'; comment on "
     "constraint "
     "positive on t is 'p'; comment on index t_pkey is 'k'; comment on column pair.a is 'x'",
     "comment on table t is null; comment on column t.a is null; comment on constraint "
     "positive on "
     "t is null; comment on index t_pkey is null; comment on column pair.a is null",
     {"unexpected: comment on column public.pair.a: 'x'",
      "unexpected: comment on column public.t.a: 'it''s'",
      "unexpected: comment on constraint public.t.positive: 'p'",
      "unexpected: comment on index public.t_pkey: 'k'",
      "unexpected: comment on table public.t: 'a table'"}},

    {"grant select, insert on t to snapshot_reader; grant select (a) on t to public",
     "revoke all on t from snapshot_reader; revoke select (a) on t from public",
     {"unexpected: grant on column public.t.a to PUBLIC: SELECT",
      "unexpected: grant on table public.t to snapshot_reader: INSERT, SELECT"}},
    {"grant all on t to snapshot_reader with grant option; grant all on t to public",
     "revoke all on t from snapshot_reader, public",
     {"unexpected: grant on table public.t to PUBLIC: ALL",
      "unexpected: grant on table public.t to snapshot_reader: ALL with grant option"}},
    {"revoke delete on t from postgres",
     "grant delete on t to postgres",
     {"unexpected: grant on table public.t to owner: INSERT, REFERENCES, SELECT, TRIGGER, "
      "TRUNCATE, "
      "UPDATE"}},
    {"revoke execute on function f(int) from public",
     "grant execute on function f(int) to public",
     {"unexpected: grant on function public.f(integer) to PUBLIC: none"}},
    {"grant usage on schema api, public to snapshot_reader; grant usage on sequence counter "
     "to "
     "snapshot_reader; revoke usage on type mood from public",
     "revoke usage on schema api, public from snapshot_reader; revoke usage on sequence "
     "counter "
     "from snapshot_reader; grant usage on type mood to public",
     {"unexpected: grant on enum public.mood to PUBLIC: none",
      "unexpected: grant on schema api to snapshot_reader: USAGE",
      "unexpected: grant on schema public to snapshot_reader: USAGE",
      "unexpected: grant on sequence public.counter to snapshot_reader: USAGE"}},
    {"alter default privileges in schema api grant select on tables to snapshot_reader;"
     "alter default privileges revoke execute on functions from public",
     "alter default privileges in schema api revoke select on tables from snapshot_reader;"
     "alter default privileges grant execute on functions to public",
     {"unexpected: default privileges for owner in schema api on tables to snapshot_reader: "
      "SELECT",
      "unexpected: default privileges for owner on functions to PUBLIC: none"}},
    {"alter table t owner to snapshot_reader", "alter table t owner to postgres", {}},

    {"create collation german (locale = 'C')",
     "drop collation german",
     {"unexpected: collation public.german: provider c, locale C, ctype C"}},
    {"create cast (text as pair) with inout as assignment",
     "drop cast (text as pair)",
     {"unexpected: cast (pg_catalog.text AS public.pair): inout as assignment"}},
    {"create operator === (leftarg = int, rightarg = int, function = int4eq)",
     "drop operator === (int, int)",
     {"unexpected: operator public.===(integer,integer): function int4eq, result boolean"}},
    {"create text search dictionary tsd (template = simple)",
     "drop text search dictionary tsd",
     {"unexpected: text search dictionary public.tsd: pg_catalog.simple"}},
};

// A new database of the shared server, and a role to give rights to.
std::string database(const std::string& name, const std::string& schema = {}) {
  const auto& postgres = test::shared_stack().postgres;
  postgres.create_database(name);
  postgres.sql(
      "do $$ begin create role snapshot_reader; exception when duplicate_object then end $$");
  postgres.sql(text("set client_min_messages = warning;", schema), name);
  return postgres.url(name);
}

std::vector<SnapshotEntry> snapshot_of(const std::string& url, const Lines& without = {}) {
  Session session(url);
  return read_snapshot(session, {.without_tables = without});
}

// What pg_dump -s writes, as sorted lines: the order of columns and objects is left aside.
Lines dump_lines(const std::string& url) {
  const auto result = test::run({.argv = {test::postgres_bin_dir() + "/pg_dump", "-s", url}});
  REQUIRE_MESSAGE(result.exit_code == 0, result.err);
  Lines lines;
  std::istringstream dump(result.out);
  for (std::string line; std::getline(dump, line);) {
    if (line.empty() || line.starts_with("--") || line.find("restrict ") != std::string::npos)
      continue;
    if (line.ends_with(',')) line.pop_back();
    lines.push_back(line);
  }
  std::ranges::sort(lines);
  return lines;
}

std::string joined(const Lines& lines) {
  std::string out;
  for (const auto& line : lines) out += line + '\n';
  return out;
}

const SnapshotEntry* find(const std::vector<SnapshotEntry>& entries, const std::string& kind,
                          const std::string& name) {
  const auto found = std::ranges::find_if(entries, [&](const SnapshotEntry& entry) {
    return entry.kind == kind && entry.name == name;
  });
  return found == entries.end() ? nullptr : &*found;
}

bool mentions(const std::vector<SnapshotEntry>& entries, const std::string& word) {
  return std::ranges::any_of(entries, [&](const SnapshotEntry& entry) {
    return text(entry.name, ' ', entry.definition, ' ', entry.part_of).find(word) !=
           std::string::npos;
  });
}

}  // namespace

TEST_CASE("snapshot: each change is told in its own words, and its undoing leaves nothing") {
  const std::string url = database("snapshot", kBase);
  Session session(url);
  session.execute("set client_min_messages = warning; set allow_system_table_mods = on");
  const auto base = read_snapshot(session);
  const Lines dump = dump_lines(url);
  for (const auto& [change, undo, lines] : kCases) {
    CAPTURE(std::string(change));
    session.execute(change);
    CHECK(joined(compare_snapshots(base, read_snapshot(session))) == joined(lines));
    session.execute(undo);
    CHECK(joined(compare_snapshots(base, read_snapshot(session))) == "");
  }
  // pg_dump finds nothing either.
  CHECK(read_snapshot(session) == base);
  CHECK(joined(dump_lines(url)) == joined(dump));
}

TEST_CASE("snapshot: oids and the order of statements leave no trace") {
  const std::string first = database("snapshot_1", R"(
    create type mood as enum ('a', 'b');
    create table parent (id int primary key, m mood);
    create table child (a int, b int references parent, c text default 'x');
    create index one on child (a);
    create index two on child (b);
    create function f() returns int language sql as 'select 1';
    alter table child set (fillfactor = 70, autovacuum_enabled = off);
    grant select on child to snapshot_reader; grant insert on child to public;
    create publication snapshot_p for table child, parent;
    comment on table child is 'c')");
  const std::string second = database("snapshot_2", R"(
    create table gone (id serial);
    drop table gone;
    create function f() returns int language sql as 'select 1';
    create table child (c text, x int, b int, a int);
    alter table child alter c set default 'x', drop x;
    comment on table child is 'c';
    create index two on child (b);
    create index one on child (a);
    grant insert on child to public; grant select on child to snapshot_reader;
    create type mood as enum ('b');
    alter type mood add value 'a' before 'b';
    create table parent (m mood, id int);
    alter table parent add primary key (id);
    alter table child add foreign key (b) references parent;
    alter table child set (autovacuum_enabled = off);
    alter table child set (fillfactor = 70);
    create publication snapshot_p for table parent;
    alter publication snapshot_p add table child)");
  const auto one = snapshot_of(first);
  const auto two = snapshot_of(second);
  CHECK(joined(compare_snapshots(one, two)) == "");
  CHECK(one == two);
  CHECK(one.size() > 10);
  test::shared_stack().postgres.sql("drop publication snapshot_p", "snapshot_1");
  test::shared_stack().postgres.sql("drop publication snapshot_p", "snapshot_2");
}

TEST_CASE("snapshot: who owns a schema makes no difference") {
  constexpr const char* kSchema = R"(
    create schema own;
    create table own.t (id int generated always as identity);
    create function own.f() returns int language sql as 'select 1';
    revoke all on function own.f() from public;
    revoke update on own.t from current_user;
    grant select on own.t to snapshot_reader;
    alter default privileges in schema own grant select on tables to snapshot_reader)";
  const std::string one = database("snapshot_1", kSchema);
  const auto& postgres = test::shared_stack().postgres;
  database("snapshot_2");
  postgres.sql(
      "do $$ begin create role snapshot_owner; exception when duplicate_object then end $$;"
      "alter database snapshot_2 owner to snapshot_owner");
  postgres.sql(text("set role snapshot_owner;", kSchema), "snapshot_2");
  CHECK(joined(compare_snapshots(snapshot_of(one), snapshot_of(postgres.url("snapshot_2")))) == "");
  const auto entries = snapshot_of(one);
  REQUIRE(find(entries, "grant", "on table own.t to owner") != nullptr);
  CHECK_FALSE(mentions(entries, "postgres"));
  postgres.create_database("snapshot_2");
  postgres.sql("drop database snapshot_2; drop role snapshot_owner");
}

TEST_CASE("snapshot: names are quoted where SQL needs it") {
  const auto entries = snapshot_of(database("snapshot", R"(
    create schema "Odd ""name'";
    create type "Odd ""name'"."select" as enum ('x');
    create table "Odd ""name'"."T.1" ("Col ""x" "Odd ""name'"."select", constraint "C 1" unique ("Col ""x"));
    create index "I" on "Odd ""name'"."T.1" ("Col ""x");
    create function "Odd ""name'"."F"("Odd ""name'"."select") returns int language sql as 'select 1';
    comment on column "Odd ""name'"."T.1"."Col ""x" is 'c';)"));
  const std::string schema = R"("Odd ""name'")";
  const std::vector<std::pair<std::string, std::string>> names = {
      {"schema", schema},
      {"enum", schema + ".\"select\""},
      {"table", schema + ".\"T.1\""},
      {"column", schema + ".\"T.1\".\"Col \"\"x\""},
      {"constraint", schema + ".\"T.1\".\"C 1\""},
      {"index", schema + ".\"I\""},
      {"function", text(schema, ".\"F\"(", schema, ".\"select\")")},
      {"comment", text("on column ", schema, ".\"T.1\".\"Col \"\"x\"")},
  };
  for (const auto& [kind, name] : names) {
    CAPTURE(name);
    CHECK(find(entries, kind, name) != nullptr);
  }
}

TEST_CASE("snapshot: the tables left out take everything of theirs along") {
  const std::string url = database("snapshot", R"(
    create table alembic_version (version_num varchar(32) constraint alembic_version_pkc primary key,
                                  n serial check (n > 0));
    create index alembic_ix on alembic_version (n);
    comment on table alembic_version is 'alembic'; comment on column alembic_version.n is 'alembic';
    grant select on alembic_version to public;
    create policy alembic_p on alembic_version;
    create schema "Own"; create table "Own"."Alembic" (id int);
    create table other (id int);)");
  CHECK(mentions(snapshot_of(url), "alembic"));
  const auto entries = snapshot_of(url, {"public.alembic_version", R"("Own"."Alembic")"});
  CHECK_FALSE(mentions(entries, "lembic"));
  CHECK(find(entries, "table", "public.other") != nullptr);
  CHECK(snapshot_of(url, {"public.nosuch", "nosuch.alembic_version"}) == snapshot_of(url));
}

TEST_CASE("snapshot: what users did not make is left out") {
  const std::string url = database("snapshot", R"(
    create extension pgcrypto; create extension citext;
    create schema pgseed; create table pgseed.log (id serial primary key);
    create function pgseed.pgs_f() returns int language sql as 'select 1';)");
  Session session(url);
  session.execute("create temp table passing (id serial primary key, t text)");
  Lines names;
  for (const auto& entry : read_snapshot(session)) names.push_back(entry.kind + ' ' + entry.name);
  CHECK(names == Lines{"extension citext", "extension pgcrypto", "extension plpgsql",
                       "grant on schema public to PUBLIC", "schema public"});
}

TEST_CASE("snapshot: a role without rights sees all, through PgBouncer too") {
  const std::string url = database("snapshot", kBase);
  const auto& postgres = test::shared_stack().postgres;
  postgres.sql(
      "create schema secret; create table secret.t (id int default 1 check (id > 0));"
      "revoke all on schema secret, public from public; create role snapshot_nobody login",
      "snapshot");
  const auto entries = snapshot_of(url, {"secret.nosuch"});
  CHECK(snapshot_of(postgres.url("snapshot", "snapshot_nobody"), {"secret.nosuch"}) == entries);
  CHECK(find(entries, "constraint", "secret.t.t_id_check") != nullptr);
  if (test::LocalPgbouncer::is_installed()) {
    const test::LocalPgbouncer pooler(postgres);
    Session session(pooler.url("snapshot"));
    CHECK(read_snapshot(session) == entries);
    CHECK(session.query("show search_path").front().front() != "");
    CHECK(read_snapshot(session) == entries);
  }
  postgres.sql("drop role snapshot_nobody");
}

TEST_CASE("snapshot: the session's settings do not show") {
  const std::string url = database("snapshot", kBase);
  const auto entries = snapshot_of(url);
  Session session(url);
  session.execute(
      "set search_path = public, api; set timezone = 'Asia/Tokyo'; set datestyle = 'SQL, DMY';"
      "set intervalstyle = 'iso_8601'; set quote_all_identifiers = on; set bytea_output = escape");
  CHECK(joined(compare_snapshots(entries, read_snapshot(session))) == "");
  // And stay as they were.
  CHECK(session.query("show search_path").front().front() == "public, api");
}

TEST_CASE("snapshot: many tables take as many statements as one") {
  const std::string url = database("snapshot", R"(
    do $$ begin for i in 1..500 loop
      execute format('create table many_%s (id int generated always as identity primary key, '
                     'a text unique, b int references many_%s)', i, i);
    end loop; end $$;)");
  const auto& postgres = test::shared_stack().postgres;
  const auto statements = [&] {
    std::size_t count = 0;
    const std::string log = postgres.log();
    for (auto at = log.find("LOG:  statement: "); at != std::string::npos;
         at = log.find("LOG:  statement: ", at + 1)) {
      ++count;
    }
    return count;
  };
  postgres.sql("alter database snapshot set log_statement = 'all'");
  const auto before = statements();
  const auto entries = snapshot_of(url);
  CHECK(entries.size() > 500 * 7);
  // BEGIN, the settings, the query, COMMIT.
  CHECK(statements() - before == 4);
}

TEST_CASE("snapshot: objects that others drop meanwhile do no harm") {
  const std::string url = database("snapshot", kBase);
  const auto entries = snapshot_of(url);
  std::string script;
  for (int i = 0; i < 12; ++i) {
    script +=
        "create table busy (id serial primary key); create view busy_v as select * from busy;"
        "create function busy_f() returns int language sql as 'select 1'; select pg_sleep(0.15);"
        "drop function busy_f(); drop view busy_v; drop table busy;\n";
  }
  test::Process others(
      {.argv = {test::postgres_bin_dir() + "/psql", "-Xqd", url}, .stdin_text = script});
  Session session(url);
  int snapshots = 0;
  while (!others.wait(std::chrono::milliseconds(0))) {
    const auto lines = compare_snapshots(entries, read_snapshot(session));
    CHECK(std::ranges::all_of(
        lines, [](const std::string& line) { return line.find("busy") != std::string::npos; }));
    ++snapshots;
  }
  CHECK(snapshots > 1);
  CHECK(read_snapshot(session) == entries);
}

TEST_CASE("snapshot: differences read well") {
  const std::string long_text(300, 'x');
  using Entries = std::vector<SnapshotEntry>;
  const struct {
    Entries wanted;
    Entries found;
    Lines lines;
  } cases[] = {
      {{}, {}, {}},
      {{{"schema", "s", ""}}, {}, {"missing: schema s"}},
      {{}, {{"schema", "s", ""}}, {"unexpected: schema s"}},
      {{{"enum", "e", "('a')"}}, {{"enum", "e", "('b')"}}, {"changed: enum e: ('a') -> ('b')"}},
      // By kind and name, whatever the sign; what is part of another comes with it.
      {{{"table", "t", "plain"},
        {"column", "t.a", "text", "table t"},
        {"comment", "on column t.a", "'x'", "column t.a"}},
       {{"column", "u.a", "text", "table u"}},
       {"unexpected: column u.a: text", "missing: table t: plain"}},
      // The kind counts: a view is no table.
      {{{"table", "t", "plain"}},
       {{"view", "t", "as SELECT 1"}},
       {"missing: table t: plain", "unexpected: view t: as SELECT 1"}},
      // Of several lines the first that differs is shown.
      {{{"function", "f()", "a\n  b\nc"}},
       {{"function", "f()", "a\n  B\nC"}},
       {"changed: function f(): line 2: b -> B"}},
      {{{"function", "f()", "a\nb"}},
       {{"function", "f()", "a"}},
       {"changed: function f(): line 2: b -> (nothing)"}},
      {{{"function", "f()", "a\n b"}},
       {{"function", "f()", "a\n\tb"}},
       {"changed: function f(): line 2: only blanks differ"}},
      {{{"function", "f()", "a\n  b"}}, {}, {"missing: function f(): a b"}},
      // Of long ones the part around the difference, never half a character.
      {{{"check", "c", long_text}},
       {},
       {text("missing: check c: ", long_text.substr(0, 120), "...")}},
      {{{"check", "c", text(long_text, "ä", long_text)}},
       {{"check", "c", text(long_text, "ö", long_text)}},
       {text("changed: check c: ...", long_text.substr(0, 23), "ä", long_text.substr(0, 92),
             "... -> ", "...", long_text.substr(0, 23), "ö", long_text.substr(0, 92), "...")}},
      {{{"server", "s", "password=one"}},
       {{"server", "s", "password=two"}},
       {"changed: server s: password=*** -> password=***"}},
  };
  for (const auto& [wanted, found, lines] : cases) {
    CAPTURE(joined(lines));
    CHECK(joined(compare_snapshots(wanted, found)) == joined(lines));
  }
}

}  // namespace pgseed::pg
