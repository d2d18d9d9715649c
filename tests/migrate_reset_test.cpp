// `pgseed migrate reset --all-objects`: what goes with a schema, and what does not.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "pgseed/base/text.hpp"
#include "support/scratch_project.hpp"
#include "support/terminal_input.hpp"

using namespace pgseed;
using namespace pgseed::test;

namespace {

// A schema that uses the other one in all ways that DROP ... CASCADE follows.
constexpr const char* kBilling = R"sql(
create type public.mood as enum ('sad', 'ok');
create domain public.amount as numeric check (value >= 0);
create function public.tax(n numeric) returns numeric immutable language sql as 'select n * 2';
create function public.note() returns trigger language plpgsql as 'begin return new; end';
create sequence public.numbers;
create table public.plans (id int primary key, name text, owner int references public.plans);
create view public.seen as select * from public.plans;
create table public.parts (id int, n int) partition by list (id);
create schema billing;
create table billing.invoices (
  id int primary key, mood public.mood, amount public.amount, plan int references public.plans,
  number int default nextval('public.numbers'), net numeric default public.tax(1),
  taxed numeric generated always as (public.tax(1)) stored, kept text);
insert into billing.invoices (id, mood, amount, kept) values (1, 'ok', 5, 'x');
create view billing.open as select * from public.plans;
create materialized view billing.counts as select count(*) from public.plans;
create index of_counts on billing.counts (count);
alter table billing.invoices enable row level security;
create policy mine on billing.invoices using (public.tax(id) > 0);
create trigger noted before insert on billing.invoices for each row execute function public.note();
create index by_tax on billing.invoices (public.tax(id));
create function billing.of(m public.mood) returns int language sql as 'select 1';
create table billing.part_1 partition of public.parts for values in (1);
create table billing.untouched (id int primary key, r int references billing.untouched);
create cast (public.mood as int) with function billing.of(public.mood);
create publication told for table public.plans;
)sql";

const std::vector<std::string> kVictims = {
    "column amount of table billing.invoices",
    "column mood of table billing.invoices",
    "column taxed of table billing.invoices",
    "constraint invoices_plan_fkey on table billing.invoices",
    "default value for column net of table billing.invoices",
    "default value for column number of table billing.invoices",
    "function billing.of(public.mood)",
    "index billing.by_tax",
    "materialized view billing.counts",
    "policy mine on table billing.invoices",
    "table billing.part_1",
    "trigger noted on table billing.invoices",
    "view billing.open"};

}  // namespace

TEST_CASE("migrate reset --all-objects: what other schemas would lose is named and kept") {
  const ScratchProject project("run");
  project.chain();
  project.must({"upgrade", "head"});
  project.sql(kBilling);
  const std::string before = project.dump();
  const Result refused = project.migrate({"reset", "--yes", "--all-objects"});
  const std::vector<std::string> first(kVictims.begin(), kVictims.begin() + 10);
  check_error(refused, 5,
              "emptying schema public would also drop 13 objects outside of it that need something "
              "there: " +
                  join(first) + " and 3 more",
              "nothing was changed");
  CHECK(contains(refused.err, "--allow-cascade"));
  CHECK(project.dump() == before);
  CHECK(project.rows() == "c3");

  SUBCASE("allowed, and told") {
    const Result allowed = project.migrate({"reset", "--yes", "--all-objects", "--allow-cascade"});
    CHECK(allowed.exit_code == 0);
    for (const std::string& victim : kVictims) {
      CHECK_MESSAGE(contains(allowed.err, "dropped " + victim + "\n"), victim);
    }
    CHECK(contains(allowed.err, "dropped table public.plans\n"));
    CHECK(project.sql(
              "select count(*) from pg_class where relnamespace = 'public'::regnamespace") == "0");
    CHECK(project.sql("select * from billing.invoices") == "1||1|2|x");
  }
  SUBCASE("the other way round it is the cast alone") {
    const Words billing = {"--schema", "billing", "reset", "--yes", "--all-objects"};
    check_error(project.migrate(billing), 5,
                "emptying schema billing would also drop 1 object outside of it that needs "
                "something there: cast from public.mood to integer",
                "nothing was changed");
    project.sql("drop cast (public.mood as int)");
    CHECK(project.migrate(billing).exit_code == 0);
    CHECK(project.sql("select to_regclass('public.plans') is null") == "f");
    CHECK(project.sql("select to_regclass('billing.invoices') is null") == "t");
  }
}

TEST_CASE("migrate reset --all-objects: one object outside is enough, a schema by itself is none") {
  const ScratchProject project("run");
  project.chain();
  project.must({"upgrade", "head"});
  project.sql(
      "create function public.told() returns event_trigger language plpgsql as 'begin end'; "
      "create event trigger on_ddl on ddl_command_end execute function public.told()");
  check_error(project.migrate({"reset", "--yes", "--all-objects"}), 5,
              "emptying schema public would also drop 1 object outside of it that needs something "
              "there: event trigger on_ddl",
              "nothing was changed");
  // What an own type, cast, owned sequence or partition needs is part of the schema.
  project.sql(
      "drop event trigger on_ddl; create type mood as enum ('a'); create table t(id serial, m mood "
      "default 'a'); create function f(mood) returns int language sql as 'select 1'; create cast "
      "(mood as int) with function f(mood); create table p(id int primary key) partition by range "
      "(id); create table p1 partition of p default; create schema kept; create table kept.t(m "
      "int)");
  CHECK(project.migrate({"reset", "--yes", "--all-objects"}).exit_code == 0);
  CHECK(project.sql("select to_regclass('kept.t') is null") == "f");
}

TEST_CASE("migrate reset: the question says what goes") {
  const ScratchProject project("run");
  project.chain();
  const auto question = [&](const Words& options) {
    const TerminalInput terminal("n\n");
    Words words = {"migrate", "reset"};
    words.insert(words.end(), options.begin(), options.end());
    Command command = project.command(words);
    command.stdin_file = terminal.path();
    command.err = Output::terminal;
    const Result result = run(command);
    CHECK(result.exit_code == 2);
    return result.err;
  };
  CHECK(contains(question({}), "Delete everything that the migrations made in " + project.url() +
                                   ", with its data? [y/N]"));
  CHECK(contains(question({"--all-objects"}),
                 "Delete all objects of schema public, also what no migration made, in " +
                     project.url() + ", with their data? [y/N]"));
  CHECK(contains(question({"--all-objects", "--allow-cascade"}),
                 "also what no migration made, and what needs them in other schemas, in "));
  check_error(project.migrate({"reset", "--yes", "--allow-cascade"}), 2,
              "--allow-cascade is for --all-objects", "migrating down drops what");
}
