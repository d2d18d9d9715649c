// Which way a run takes when PostgREST cannot carry what its files hold: the decision, and `pgseed
// seed` against real servers.
#include "pgseed/seed/carrier.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/seeding.hpp"

namespace pgseed::test {
namespace {

using seed::CarrierFacts;
using seed::FileSurvey;
using seed::OnlyDirect;
using seed::Options;
using seed::Via;

std::string sql(const std::string& query) {
  return shared_stack().sql(query);
}

FileSurvey file(const std::string& path, std::uint64_t unsupported, std::uint64_t hopeless = 0) {
  FileSurvey survey;
  survey.path = path;
  survey.unsupported_count = unsupported;
  survey.unsupported_directly = hopeless;
  if (unsupported > 0) survey.unsupported.push_back({7, "UPDATE", "UPDATE t ...", hopeless == 0});
  return survey;
}

constexpr const char* kTables =
    "create table t (id int primary key, v text, j json); create table log (n int)";
// Every kind of thing that only the direct connection carries, behind plain rows.
constexpr const char* kDump =
    "INSERT INTO t (id, v) VALUES (1, 'a'), (2, upper('b'));\n"
    "INSERT INTO t (id, j) VALUES (3, 'null'::json);\n"
    "INSERT INTO log SELECT count(*) FROM t;\n"
    "UPDATE t SET v = 'c' WHERE id = 3;\n"
    "INSERT INTO t (id, v) VALUES (4, 'd');\n";

Call without_database() {
  return {.args = {}, .environment = {{"DATABASE_URL", std::nullopt}}};
}

std::string carrier(const Seeded& seeded) {
  return seeded.summary["carrier"]["via"].text();
}

void check_refused(const Seeded& seeded, const std::vector<std::string>& hints) {
  CHECK(seeded.exit_code() == 3);
  CHECK(contains(seeded.error(), "cannot go over PostgREST"));
  CHECK(carrier(seeded) == "rest");
  for (const std::string& part : hints) {
    CHECK_MESSAGE(contains(seeded.hint(), part), part, " in: ", seeded.hint());
  }
  CHECK(sql("select (select count(*) from t) + (select count(*) from log)") == "0");
}

}  // namespace

TEST_CASE("carrier: what only the direct connection carries is counted over all files") {
  CHECK_FALSE(seed::only_direct({file("a", 0), file("b", 0)}));
  CHECK(seed::only_direct({file("a", 0), file("b", 1)}) == "UPDATE (b:7)");
  CHECK(seed::only_direct({file("a", 2), file("b", 1000)}) == "UPDATE (a:7) and 1,001 more");
  // One piece that nothing carries: the file is refused as ever.
  CHECK_FALSE(seed::only_direct({file("a", 2), file("b", 3, 1)}));
}

TEST_CASE("carrier: only --via auto with a database and nothing against it goes directly") {
  Options options;
  CHECK(options.via == Via::automatic);
  CHECK(seed::goes_direct(options, {true, ""}));
  CHECK_FALSE(seed::goes_direct(options, {false, ""}));
  CHECK_FALSE(seed::goes_direct(options, {true, "--rejects"}));
  options.skip_unsupported = true;
  CHECK_FALSE(seed::goes_direct(options, {true, ""}));
  options.skip_unsupported = false;
  options.via = Via::rest;
  CHECK_FALSE(seed::goes_direct(options, {true, ""}));
}

TEST_CASE("carrier: the hint of a refusal names the ways out that there are") {
  const OnlyDirect need(Error(ErrorKind::input, "no", "a:7", "leave it out"), "UPDATE (a:7)");
  Options options;
  const auto hint = [&](const CarrierFacts& facts) {
    return seed::refusal_of(need, options, facts).hint;
  };
  CHECK(contains(hint({false, ""}), "leave it out, or set DATABASE_URL"));
  CHECK(contains(hint({true, "--rejects"}),
                 "--via direct; the run does not take that way by itself because of --rejects"));
  // Rows of a run that did not end would come twice: the direct way is not offered.
  const std::string unfinished = hint({true, "an earlier run", true});
  CHECK(contains(unfinished, "--fresh"));
  CHECK_FALSE(contains(unfinished, "--via direct"));
  options.via = Via::rest;
  CHECK(contains(hint({true, ""}), "leave it out, or let the database carry them out: --via"));
  CHECK(contains(hint({false, ""}), "--via direct"));
}

TEST_CASE("carrier: options stand against what they cannot hold back or follow") {
  FileSurvey statements = file("a", 1);
  statements.direct_statements = 1;
  FileSurvey subqueries = file("a", 1);
  subqueries.subquery_rows = 1;
  Options options;
  CHECK(seed::option_against(options, {statements}).empty());
  options.limit = 3;
  CHECK(seed::option_against(options, {file("a", 1)}).empty());
  CHECK(seed::option_against(options, {statements}) == "--limit");
  CHECK(seed::option_against(options, {subqueries}) == "--limit");
  options.closure = true;
  CHECK(seed::option_against(options, {file("a", 1)}) == "--closure");
  CHECK(seed::option_against(options, {file("a", 0)}).empty());
  options = {};
  options.mode = seed::Mode::force;
  CHECK(seed::option_against(options, {subqueries}).empty());
  CHECK(seed::option_against(options, {statements}) == "--force");
}

TEST_CASE(
    "carrier: a file that PostgREST cannot carry goes over the direct connection as a whole") {
  shared_stack().reset(kTables);
  const Seeded seeded = seed_text(kDump);
  CHECK(seeded.exit_code() == 0);
  CHECK(sql("select string_agg(id || coalesce(v, '-') || coalesce(j::text, ''), ' ' order by id) "
            "from t") == "1a 2B 3cnull 4d");
  CHECK(sql("select string_agg(n::text, ' ') from log") == "3");  // as the file has them in order
  CHECK(carrier(seeded) == "direct");
  CHECK(contains(seeded.summary["carrier"]["because"].text(), "a function call"));
  CHECK(contains(seeded.summary["carrier"]["because"].text(), "dump.sql:1) and 3 more"));
  CHECK(seeded.summary["requests"].number() == 0);
  CHECK(seeded.counts("t") == "4 4 0 0 0 0");
  // Said before it begins, and at the end.
  const std::string before = "everything goes over the direct connection, in one transaction";
  CHECK(contains(seeded.result.err, "warning: PostgREST cannot carry a function call"));
  CHECK(seeded.result.err.find(before) < seeded.result.err.find("note:"));
  CHECK(contains(seeded.notes(), "carried over the direct connection, in one transaction"));
}

TEST_CASE("carrier: a file that PostgREST can carry goes there, whatever DATABASE_URL says") {
  shared_stack().reset(kTables);
  Call call;
  call.environment["DATABASE_URL"] = shared_stack().postgres.url(Stack::kDatabase);
  const Seeded seeded = seed_text("INSERT INTO t (id, v) VALUES (1, 'a');", {}, call);
  CHECK(seeded.exit_code() == 0);
  CHECK(carrier(seeded) == "rest");
  CHECK(seeded.summary["carrier"]["because"].is_null());
  CHECK(seeded.summary["requests"].number() > 0);
}

TEST_CASE("carrier: a row that the table refuses undoes all that went over the connection") {
  shared_stack().reset(kTables);
  const Seeded seeded = seed_text(std::string(kDump) + "INSERT INTO t (id) VALUES (1);\n");
  CHECK(seeded.exit_code() == 1);
  CHECK(carrier(seeded) == "direct");
  CHECK(contains(seeded.where(), "dump.sql:6"));
  CHECK(contains(seeded.notes(), "nothing was changed"));
  CHECK(sql("select (select count(*) from t) + (select count(*) from log)") == "0");
}

TEST_CASE("carrier: --via rest insists, and without DATABASE_URL it is named") {
  shared_stack().reset(kTables);
  check_refused(seed_text(kDump, {"--via", "rest"}), {"--skip-unsupported", "--via direct"});
  check_refused(seed_text(kDump, {}, without_database()), {"--skip-unsupported", "DATABASE_URL"});
  const Seeded skipped = seed_text(kDump, {"--skip-unsupported"});
  CHECK(skipped.exit_code() == 0);
  CHECK(carrier(skipped) == "rest");
  CHECK(skipped.counts("t") == "4 2 0 0 2 0");
}

TEST_CASE("carrier: options that only PostgREST knows keep the run there") {
  shared_stack().reset(kTables);
  const TempDir folder;
  for (const std::vector<std::string>& flags : std::vector<std::vector<std::string>>{
           {"--max-rejects", "1"}, {"--rejects", folder / "bad.ndjson"}, {"--if-changed"}}) {
    check_refused(seed_text(kDump, flags), {"because of " + flags.front()});
  }
  // Statements run whatever rows are chosen; expressions are rows.
  for (const std::vector<std::string>& flags : std::vector<std::vector<std::string>>{
           {"--limit", "2"}, {"--offset", "1"}, {"--table", "t"}, {"--exclude", "log"}}) {
    check_refused(seed_text(kDump, flags), {"because of " + flags.front()});
  }
  const Seeded limited =
      seed_text("INSERT INTO t (id, v) VALUES (1, upper('a')), (2, 'b'), (3, 'c');",
                {"--limit", "2", "--table", "t"});
  CHECK(limited.exit_code() == 0);
  CHECK(carrier(limited) == "direct");
  CHECK(sql("select string_agg(id || v, ' ' order by id) from t") == "1A 2b");
}

TEST_CASE("carrier: a DATABASE_URL that seems to be another database is not written to") {
  shared_stack().reset(kTables);
  Call call;
  call.environment["DATABASE_URL"] = "postgresql://u:secret@db.example.invalid:5432/postgres";
  check_refused(seed_text(kDump, {}, call), {"another machine"});
  call.environment["SUPABASE_URL"] = "https://abcdefgh.supabase.co";
  call.environment["DATABASE_URL"] = "postgresql://postgres:x@db.zyxw.supabase.co:5432/postgres";
  const Seeded dry = seed_text(kDump, {"--via", "direct", "--dry-run", "--deadline", "1"}, call);
  CHECK(dry.exit_code() != 0);  // --via direct insists: it tries to reach that database
}

TEST_CASE("carrier: what no way carries keeps its message, and nothing of the file runs") {
  shared_stack().reset(kTables);
  for (const std::string hopeless :
       {"\\copy t from 'x'\n", "COPY t FROM PROGRAM 'id';\n", "ROLLBACK;\n"}) {
    CAPTURE(hopeless);
    const Seeded seeded = seed_text(kDump + hopeless);
    check_refused(seeded, {"--skip-unsupported"});
    CHECK_FALSE(contains(seeded.hint(), "--via direct"));
    CHECK(seeded.error() == seed_text(kDump + hopeless, {}, without_database()).error());
  }
  // In another file of the run just as well.
  const TempDir folder;
  const std::string good = folder.write("a.sql", kDump);
  const std::string bad = folder.write("b.sql", "INSERT INTO t (id) VALUES (9);\n\\i x\n");
  check_refused(seed({good, bad}), {"--skip-unsupported"});
}

TEST_CASE("carrier: several files go the way that one of them needs") {
  shared_stack().reset(kTables);
  const TempDir folder;
  const std::string plain = folder.write("a.sql", "INSERT INTO t (id) VALUES (1), (2);\n");
  const std::string needs = folder.write("b.sql", "DELETE FROM t WHERE id = 1;\n");
  const Seeded seeded = seed({plain, needs});
  CHECK(seeded.exit_code() == 0);
  CHECK(carrier(seeded) == "direct");
  CHECK(contains(seeded.summary["carrier"]["because"].text(), "DELETE"));
  CHECK(sql("select string_agg(id::text, ' ') from t") == "2");
}

TEST_CASE("carrier: identity columns that are GENERATED ALWAYS take the file's values directly") {
  const std::string schema =
      "create table t (id int generated always as identity primary key, v text)";
  const std::string dump =
      "INSERT INTO t (id, v) OVERRIDING SYSTEM VALUE VALUES (7, 'a'), (8, 'b');\n";
  shared_stack().reset(schema);
  const Seeded dry = seed_text(dump, {"--dry-run"});
  CHECK(dry.exit_code() == 0);
  CHECK(carrier(dry) == "direct");
  CHECK(contains(dry.notes(), "everything would go over the direct connection"));
  const Seeded refused = seed_text(dump, {}, without_database());
  CHECK(refused.exit_code() == 5);
  CHECK(contains(refused.hint(), "--regenerate-identity"));
  CHECK(contains(refused.hint(), "DATABASE_URL"));
  const Seeded insists = seed_text(dump, {"--via", "rest"});
  CHECK(insists.exit_code() == 5);
  CHECK(contains(insists.hint(), "--via direct"));
  CHECK(sql("select count(*) from t") == "0");
  const Seeded seeded = seed_text(dump);
  CHECK(seeded.exit_code() == 0);
  CHECK(carrier(seeded) == "direct");
  CHECK(contains(seeded.summary["carrier"]["because"].text(), "GENERATED ALWAYS column id"));
  CHECK(sql("select string_agg(id || v, ' ' order by id) from t") == "7a 8b");
  CHECK(seeded.summary["sequences"][0]["after"].text() == "9");
  // Numbering anew is what PostgREST can do.
  const Seeded anew = seed_text(dump, {"--regenerate-identity"});
  CHECK(carrier(anew) == "rest");
  CHECK(sql("select string_agg(id || v, ' ' order by id) from t") == "7a 8b 9a 10b");
}

TEST_CASE("carrier: FORCE empties in the same transaction, and only after the way is known") {
  shared_stack().reset(std::string(kTables) + "; insert into t values (90), (91)");
  const std::string dump = "INSERT INTO t (id, v) VALUES (1, 'a'), (2, upper('b'));\n";
  CHECK(seed_text(dump, {"--force", "--via", "rest"}).exit_code() == 3);
  CHECK(sql("select count(*) from t") == "2");
  CHECK(seed_text(dump + "INSERT INTO t (id) VALUES (1);\n", {"--force"}).exit_code() == 1);
  CHECK(sql("select count(*) from t") == "2");
  const Seeded seeded = seed_text(dump, {"--force"});
  CHECK(seeded.exit_code() == 0);
  CHECK(carrier(seeded) == "direct");
  CHECK(sql("select string_agg(id::text, ' ' order by id) from t") == "1 2");
}

TEST_CASE("carrier: FORCE does not go by itself where statements fill tables it does not empty") {
  shared_stack().reset(kTables);
  const Seeded refused = seed_text(kDump, {"--force"});
  CHECK(refused.exit_code() == 3);
  CHECK(contains(refused.hint(), "because of --force"));
  CHECK(sql("select count(*) from log") == "0");
}

TEST_CASE(
    "carrier: a DATABASE_URL on the same machine that is another database is not written to") {
  shared_stack().reset(kTables);
  shared_stack().postgres.sql("drop database if exists elsewhere");
  shared_stack().postgres.sql("create database elsewhere");
  shared_stack().postgres.sql(std::string(kTables) + "; insert into t values (9)", "elsewhere");
  Call call;
  call.environment["DATABASE_URL"] = shared_stack().postgres.url("elsewhere");
  const Seeded seeded = seed_text("INSERT INTO t (id, v) VALUES (1, upper('a'));",
                                  {"--upsert", "--timeout", "2"}, call);
  CHECK(seeded.exit_code() == 3);
  CHECK(contains(seeded.hint(), "may lead to another database than the API"));
  const std::string rows =
      shared_stack().postgres.sql("select count(*) from t where id = 9", "elsewhere");
  CHECK(rows == "1");
  CHECK(shared_stack().postgres.sql("select count(*) from t", "elsewhere") == "1");
  const char* probes = "select count(*) from pg_class where relname like '_pgseed_probe%'";
  CHECK(shared_stack().postgres.sql(probes, "elsewhere") == "0");
  CHECK(seed_text("INSERT INTO t (id, v) VALUES (1, upper('a'));").exit_code() == 0);
  CHECK(sql(probes) == "0");
  shared_stack().postgres.sql("drop database elsewhere");
}

TEST_CASE("carrier: rows with subqueries see the rows before them, whatever refers to what") {
  shared_stack().reset(
      "create table parent (id int primary key, n int);"
      "create table child (id int primary key, p int references parent)");
  const Seeded seeded = seed_text(
      "INSERT INTO child (id, p) VALUES (1, NULL), (2, NULL);\n"
      "INSERT INTO parent (id, n) VALUES (1, (SELECT count(*) FROM child));\n");
  CHECK(seeded.exit_code() == 0);
  CHECK(sql("select n from parent") == "2");
}

TEST_CASE("carrier: --closure does not follow references that a subquery makes") {
  shared_stack().reset(
      "create table parent (id int primary key, name text);"
      "create table child (id int primary key, p int references parent)");
  const Seeded seeded = seed_text(
      "INSERT INTO parent (id, name) VALUES (1, 'a'), (2, 'x');\n"
      "INSERT INTO child (id, p) VALUES (1, (SELECT id FROM parent WHERE name = 'x'));\n",
      {"--limit", "1", "--closure"});
  CHECK(seeded.exit_code() == 3);
  CHECK(contains(seeded.hint(), "--closure"));
  CHECK(sql("select count(*) from child") == "0");
}

TEST_CASE("carrier: rows that a run with other options left are not stored again by another way") {
  const TempDir folder;
  Call call;
  call.environment["PGSEED_STATE_DIR"] = folder / "state";
  const std::string path = folder.write("d.sql",
                                        "INSERT INTO log VALUES (1), (2), (3), (4);\n"
                                        "INSERT INTO log VALUES (5);\n"
                                        "INSERT INTO log VALUES (abs(6));\n");
  shared_stack().reset("create table log (n int check (n <> 5))");
  const std::vector<std::string> first = {path, "--skip-unsupported", "--batch-rows", "2"};
  CHECK(seed(first, call).exit_code() == 1);
  CHECK(sql("select count(*) from log") == "4");
  sql("alter table log drop constraint log_n_check");
  const Seeded second = seed({path}, call);
  CHECK(second.exit_code() == 3);
  CHECK(contains(second.hint(), "did not come to its end"));
  CHECK_FALSE(contains(second.hint(), "--via direct"));
  const Seeded insists = seed({path, "--via", "direct"}, call);
  CHECK(insists.exit_code() == 7);
  CHECK(contains(insists.error(), "did not come to its end"));
  CHECK(sql("select count(*) from log") == "4");
  CHECK(seed(first, call).exit_code() == 0);
  CHECK(sql("select count(*) from log") == "5");
}

TEST_CASE("carrier: pipes beside files are not read again on the other way") {
  shared_stack().reset(kTables);
  const TempDir folder;
  Call call;
  call.stdin_text = "INSERT INTO t (id) VALUES (7);";
  const Seeded seeded = seed({"-", folder.write("d.sql", kDump)}, call);
  CHECK(seeded.exit_code() == 3);
  CHECK(contains(seeded.hint(), "input that is read only once"));
  CHECK(sql("select count(*) from t") == "0");
}

TEST_CASE("carrier: --atomic takes the direct connection for such a file, which is atomic too") {
  shared_stack().reset(kTables);
  const Seeded plain = seed_text("INSERT INTO t (id) VALUES (9);", {"--atomic"});
  CHECK(plain.exit_code() == 0);
  CHECK(carrier(plain) == "staging");
  const Seeded seeded = seed_text(kDump, {"--atomic"});
  CHECK(seeded.exit_code() == 0);
  CHECK(carrier(seeded) == "direct");
  CHECK(sql("select count(*) from t") == "5");
  CHECK(sql("select count(*) from pg_class where relname like '_pgseed%'") == "0");
}

TEST_CASE("carrier: --dry-run tells the way and writes nothing") {
  shared_stack().reset(kTables);
  const Seeded direct = seed_text(kDump, {"--dry-run"});
  CHECK(direct.exit_code() == 0);
  CHECK(carrier(direct) == "direct");
  CHECK(contains(direct.notes(), "everything would go over the direct connection"));
  CHECK(contains(direct.notes(), "would load 4 rows into public.t"));
  const Seeded rest = seed_text("INSERT INTO t (id) VALUES (1);", {"--dry-run"});
  CHECK(carrier(rest) == "rest");
  CHECK(contains(rest.notes(), "the rows would go over PostgREST"));
  const Seeded refused = seed_text(kDump, {"--dry-run", "--via", "rest"});
  check_refused(refused, {"--via direct"});
}

TEST_CASE("carrier: an earlier run over PostgREST that did not end is not doubled by another way") {
  shared_stack().reset("create table t (v text); create table log (n int)");
  const TempDir folder;
  Call call;
  call.environment["PGSEED_STATE_DIR"] = folder / "state";
  const std::string path = folder.write(
      "d.sql", "INSERT INTO t VALUES ('a'), ('b');\nINSERT INTO log VALUES ('no number');\n");
  CHECK(seed({path, "--batch-rows", "1", "--concurrency", "1"}, call).exit_code() == 1);
  CHECK(sql("select count(*) from t") == "2");
  folder.write("d.sql", "INSERT INTO t VALUES ('a'), ('b');\nINSERT INTO t VALUES (upper('c'));\n");
  const Seeded refused = seed({path}, call);
  CHECK(refused.exit_code() == 3);
  CHECK(contains(refused.hint(), "an earlier run of these files that did not come to its end"));
  CHECK(sql("select count(*) from t") == "2");
  sql("truncate t");
  const Seeded fresh = seed({path, "--fresh"}, call);
  CHECK(fresh.exit_code() == 0);
  CHECK(carrier(fresh) == "direct");
  CHECK(sql("select string_agg(v, ' ' order by v) from t") == "C a b");
  // And the forgotten run does not come back.
  sql("truncate t");
  CHECK(seed({path}, call).exit_code() == 0);
  CHECK(sql("select count(*) from t") == "3");
}

TEST_CASE("carrier: --if-changed does not believe a record that a direct load has overtaken") {
  shared_stack().reset(kTables);
  const TempDir folder;
  Call call;
  call.environment["PGSEED_STATE_DIR"] = folder / "state";
  const std::string old = "INSERT INTO t (id, v) VALUES (1, 'old');\n";
  const std::string path = folder.write("d.sql", old);
  CHECK(seed({path, "--upsert", "--if-changed"}, call).exit_code() == 0);
  CHECK(seed({path, "--upsert", "--if-changed"}, call).summary["up_to_date"].text() == "true");
  folder.write("d.sql", "INSERT INTO t (id, v) VALUES (1, lower('NEW'));\n");
  CHECK(carrier(seed({path, "--upsert"}, call)) == "direct");
  CHECK(sql("select v from t") == "new");
  folder.write("d.sql", old);
  CHECK(seed({path, "--upsert", "--if-changed"}, call).exit_code() == 0);
  CHECK(sql("select v from t") == "old");
}

TEST_CASE("carrier: input that is read once stays with PostgREST and names --via direct") {
  shared_stack().reset(kTables);
  Call call;
  call.stdin_text = kDump;
  const Seeded seeded = seed({"-"}, call);
  CHECK(seeded.exit_code() == 3);
  CHECK(carrier(seeded) == "rest");
  CHECK(contains(seeded.hint(), "--via direct"));
  CHECK(sql("select count(*) from log") == "0");
}

TEST_CASE("carrier: --verify and what no file tells do not go together, and nothing is written") {
  shared_stack().reset(kTables);
  const Seeded seeded = seed_text(kDump, {"--verify"});
  CHECK(seeded.exit_code() == 3);
  CHECK(contains(seeded.error(), "--verify"));
  CHECK(contains(seeded.where(), "dump.sql:1"));
  CHECK(sql("select count(*) from t") == "0");
  const Seeded json = seed_text("INSERT INTO t (id, j) VALUES (1, 'null');", {"--verify"});
  CHECK(json.exit_code() == 0);
  CHECK(carrier(json) == "direct");
  CHECK(json.summary["verification"]["equal"].text() == "true");
}

TEST_CASE("carrier: rows of other dialects go by COPY where JSON would change on the way") {
  shared_stack().reset(kTables);
  const Seeded seeded = seed_text("INSERT INTO `t` (`id`, `j`) VALUES (1, 'null'), (2, '{}');\n",
                                  {"--dialect", "mysql"});
  CHECK(seeded.exit_code() == 0);
  CHECK(carrier(seeded) == "direct");
  CHECK(sql("select string_agg(j::text, ' ' order by id) from t") == "null {}");
}

TEST_CASE("carrier: the page about the run names the way and why") {
  shared_stack().reset(kTables);
  const TempDir folder;
  const std::string page = folder / "run.html";
  CHECK(seed_text(kDump, {"--report", page}).exit_code() == 0);
  const std::string html = read_file(page);
  CHECK(contains(html, "over the direct connection, in one transaction, because PostgREST cannot"));
  CHECK(contains(html, "a function call"));
}

}  // namespace pgseed::test
