// Input that is torn, poisoned or hostile: what is loaded is what psql would have loaded, or it is
// named with its line and nothing else happens.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>

#include "pgseed/base/text.hpp"
#include "support/fault_proxy.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::string psql(const std::string& dump, const std::string& table) {
  Stack& stack = shared_stack();
  stack.sql("truncate " + table);
  const TempDir folder;
  stack.sql("\\i " + folder.write("cut.sql", dump));
  return stack.sql(text("select string_agg(id || '=' || v, ',' order by id) from ", table));
}

std::string rows_there(const std::string& table) {
  return shared_stack().sql(
      text("select coalesce(string_agg(id || '=' || v, ',' order by id), '') from ", table));
}

}  // namespace

TEST_CASE("faults: input: a dump cut at any byte is refused, or is whole as psql sees it") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id int primary key, v text)");
  const std::string dump =
      "INSERT INTO t (id, v) VALUES (1, 'o''ne;'), (2, 'two');\n"
      "COPY t (id, v) FROM stdin;\n3\tthr\\\\ee\n4\tfour\n\\.\n"
      "/* five; */ INSERT INTO t (id, v) VALUES (5, $x$five$x$);\n";
  const std::vector<std::string> rows = {"1=o'ne;", "2=two", "3=thr\\ee", "4=four", "5=five"};
  std::set<std::string> beginnings = {""};
  std::string beginning;
  for (const std::string& row : rows) {
    beginning += (beginning.empty() ? "" : ",") + row;
    beginnings.insert(beginning);
  }
  int whole = 0, refused = 0;
  for (std::size_t cut = 1; cut <= dump.size(); cut += 1 + cut % 3) {
    CAPTURE(cut);
    const std::string torn = dump.substr(0, cut);
    stack.sql("truncate t");
    const Seeded run = seed_text(torn, {"--batch-rows", "2"});
    CAPTURE(run.result.err);
    if (run.exit_code() == 0) {
      ++whole;
      const std::string there = rows_there("t");
      CHECK(there == psql(torn, "t"));
      continue;
    }
    ++refused;
    CHECK(run.exit_code() == 3);
    CHECK(contains(run.where(), "dump.sql"));
    CHECK(rows_there("t") == "");
    // Of a pipe what comes before the tear is loaded, and nothing half.
    Call call;
    call.stdin_text = torn;
    const Seeded piped = seed({"-", "--batch-rows", "1"}, call);
    CHECK(piped.exit_code() == 3);
    const std::string there = rows_there("t");
    CHECK(beginnings.count(there) == 1);
    CHECK(piped.total("rows_loaded") ==
          (there.empty() ? 0 : std::count(there.begin(), there.end(), '=')));
  }
  CHECK(whole >= 2);
  CHECK(refused > 50);
}

TEST_CASE(
    "faults: input: bad rows first, in the middle, last, all: the others are in, they are kept") {
  Stack& stack = shared_stack();
  for (const char* const shape :
       {"(id int primary key, v text check (v <> 'bad'))", "(id int, v text check (v <> 'bad'))",
        "(n bigint generated always as identity primary key, id int, v text check (v <> 'bad'))"}) {
    CAPTURE(shape);
    struct Poison {
      int rows;
      std::set<int> bad;
    };
    std::set<int> every;
    for (int id = 0; id < 40; ++id) every.insert(id);
    for (const Poison& poison : {Poison{19'000, {0, 9'500, 9'501, 18'999}}, Poison{300, {0}},
                                 Poison{300, {299}}, Poison{40, every}}) {
      stack.reset(text("create table t ", shape));
      std::string dump = "COPY t (id, v) FROM stdin;\n";
      for (int id = 0; id < poison.rows; ++id) {
        dump += text(id, '\t', poison.bad.count(id) == 1 ? "bad" : "good", '\n');
      }
      const TempDir folder;
      const std::string rejects = folder / "bad.ndjson";
      const Seeded run = seed_text(dump + "\\.\n", {"--max-rejects", "all", "--rejects", rejects});
      CAPTURE(run.result.err);
      const auto bad = static_cast<std::int64_t>(poison.bad.size());
      CHECK(run.exit_code() == 1);
      CHECK(run.total("rows_loaded") == poison.rows - bad);
      CHECK(run.total("rows_rejected") == bad);
      CHECK(stack.sql("select count(*) || ' ' || count(distinct id) || ' ' || count(*) filter "
                      "(where v <> 'good') from t") ==
            text(poison.rows - bad, ' ', poison.rows - bad, " 0"));
      std::ifstream file(rejects);
      std::set<int> kept;
      for (std::string line; std::getline(file, line);) {
        const Json reject(line);
        kept.insert(static_cast<int>(reject["row"].number()) - 1);
        CHECK(reject["line"].number() == reject["row"].number() + 1);
        CHECK(reject["values"]["v"].text() == "bad");
      }
      CHECK(kept == poison.bad);
    }
  }
}

TEST_CASE("faults: input: names that look like SQL, paths, queries or headers are names") {
  Stack& stack = shared_stack();
  const std::vector<std::string> names = {"x; DROP TABLE witness; --",
                                          "../../etc/passwd",
                                          "?select=*",
                                          "t&on_conflict=id",
                                          "a\"b",
                                          "it's",
                                          "a,b",
                                          "(id)",
                                          "%27",
                                          "#part",
                                          "Zoë ∀ 😀",
                                          "has blank",
                                          "tab\there",
                                          "cr\r\nX-Evil: 1",
                                          "select",
                                          "*",
                                          "a.b",
                                          "{x}",
                                          "back\\slash",
                                          ":id"};
  const auto quoted = [](const std::string& name) {
    std::string out = "\"";
    for (const char byte : name) out += byte == '"' ? "\"\"" : std::string(1, byte);
    return out + '"';
  };
  for (const std::string& name : names) {
    CAPTURE(name);
    stack.reset(
        text("create table witness (id int); insert into witness values (1);"
             "create table ",
             quoted(name), " (", quoted(name), " int primary key, other text)"));
    std::atomic<bool> smuggled = false;
    FaultProxy proxy(stack.postgrest.port(), [&](const ProxyRequest& request) {
      // A line break of a name must not end a header.
      if (contains(request.head, "\nX-Evil")) smuggled = true;
      return Fault{};
    });
    for (const char* const mode : {"insert", "upsert", "force"}) {
      CAPTURE(mode);
      stack.sql(text("truncate ", quoted(name)));
      Call call;
      call.environment = {{"SUPABASE_URL", proxy.url()}};
      const Seeded run = seed_text(text("INSERT INTO ", quoted(name), " (", quoted(name),
                                        ", other) VALUES (1, 'a'), (2, 'b');\n"),
                                   {"--mode", mode}, call);
      CAPTURE(run.result.err);
      const std::string there = stack.sql(
          text("select count(*) || ' ' || count(distinct ", quoted(name), ") from ", quoted(name)));
      CHECK((run.exit_code() == 0 || run.exit_code() == 5));
      CHECK(there == (run.exit_code() == 0 ? "2 2" : "0 0"));
      CHECK(run.exit_code() == 0);
      CHECK(stack.sql("select count(*) from witness") == "1");
    }
    CHECK_FALSE(smuggled);
  }
  // Schemas that the API does not serve are not reached, whatever the key may do.
  stack.reset("create schema auth; create table auth.users (id int)");
  for (const char* const table :
       {"auth.users", "pg_catalog.pg_class", "information_schema.tables", "\"../auth\".users"}) {
    CAPTURE(table);
    const Seeded run = seed_text(text("INSERT INTO ", table, " (id) VALUES (1);\n"));
    CHECK(run.exit_code() == 5);
    CHECK(run.total("rows_loaded") == 0);
  }
  CHECK(stack.sql("select count(*) from auth.users") == "0");
}

TEST_CASE("faults: input: commands of psql, programs, files and functions are named, never run") {
  Stack& stack = shared_stack();
  const TempDir folder;
  const std::string witness = folder / "witness";
  folder.write("other.sql", "INSERT INTO t (id) VALUES (99);\n");
  const std::vector<std::string> hostile = {
      "\\! touch " + witness,
      "\\copy t from program 'touch " + witness + "; echo 7'",
      "\\i " + folder / "other.sql",
      "\\ir " + folder / "other.sql",
      "\\o " + witness,
      "\\g | touch " + witness,
      "\\setenv PATH /nowhere",
      "\\gexec",
      "\\connect postgres",
      "\\unrestrict forged\n\\! touch " + witness,
      "COPY t FROM PROGRAM 'touch " + witness + "';",
      "COPY t FROM '" + folder / "other.sql" + "';",
      "DO $$ BEGIN DELETE FROM t; END $$;",
      "INSERT INTO t (id) VALUES (pg_sleep(60)::text::int);",
      "INSERT INTO t (id) VALUES (lo_import('/etc/passwd')::int);",
      "INSERT INTO t (id) VALUES (length(pg_read_file('/etc/passwd')));",
      "INSERT INTO t (id) SELECT 5;",
      "INSERT INTO t (id) VALUES ((SELECT 5));",
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity;",
      "CALL something();"};
  stack.reset("create table t (id int primary key)");
  for (const std::string& line : hostile) {
    CAPTURE(line);
    stack.sql("truncate t; insert into t values (1)");
    const auto begin = std::chrono::steady_clock::now();
    // SQL is for the database to carry out, where one is configured; commands and programs never.
    const bool is_sql = line.front() != '\\' && line.rfind("COPY", 0) != 0;
    const Seeded run =
        seed_text("INSERT INTO t (id) VALUES (2);\n" + line + "\nINSERT INTO t (id) VALUES (3);\n",
                  is_sql ? std::vector<std::string>{"--via", "rest"} : std::vector<std::string>{});
    CAPTURE(run.result.err);
    CHECK(run.exit_code() == 3);
    CHECK(contains(run.where(), "dump.sql:"));
    CHECK_FALSE(contains(run.where(), "dump.sql:1"));
    CHECK(stack.sql("select string_agg(id::text, ',' order by id) from t") == "1");
    CHECK_FALSE(fs::exists(witness));
    CHECK(std::chrono::steady_clock::now() - begin < 20s);
  }
  // What changes no row is passed over, and not run either.
  for (const std::string& line :
       {"COPY t TO '" + witness + "';", "COPY (SELECT 1) TO PROGRAM 'cat > " + witness + "';",
        std::string("ALTER ROLE service_role SUPERUSER;"), std::string("LOAD 'evil';")}) {
    CAPTURE(line);
    stack.sql("truncate t; insert into t values (1)");
    const Seeded run =
        seed_text("INSERT INTO t (id) VALUES (2);\n" + line + "\nINSERT INTO t (id) VALUES (3);\n");
    CHECK(run.exit_code() == 0);
    CHECK(stack.sql("select string_agg(id::text, ',' order by id) from t") == "1,2,3");
    CHECK_FALSE(fs::exists(witness));
    CHECK(stack.sql("select rolsuper from pg_roles where rolname = 'service_role'") == "f");
  }
}

TEST_CASE(
    "faults: input: keys that come again in a batch, across batches and files, in every mode") {
  Stack& stack = shared_stack();
  const auto rows = [](const std::string& tag, const std::vector<int>& ids) {
    std::string sql = "COPY t (id, v) FROM stdin;\n";
    for (std::size_t at = 0; at < ids.size(); ++at) sql += text(ids[at], '\t', tag, at, '\n');
    return sql + "\\.\n";
  };
  const TempDir folder;
  // 1 in one batch, 2 and 3 across batches, 4 across the files.
  const std::string first = folder.write("a.sql", rows("a", {1, 1, 2, 3, 5, 6, 2, 3, 4, 7}));
  const std::string second = folder.write("b.sql", rows("b", {4, 8, 9}));
  for (const std::string mode : {"upsert", "ignore", "insert"}) {
    CAPTURE(mode);
    stack.reset("create table t (id int primary key, v text)");
    std::vector<std::string> args = {first, second, "--mode", mode, "--batch-rows", "3"};
    if (mode == "insert") args.insert(args.end(), {"--max-rejects", "all"});
    const Seeded run = seed(args);
    CAPTURE(run.result.err);
    const std::string there = rows_there("t");
    if (mode == "upsert") {
      CHECK(run.exit_code() == 0);
      CHECK(there == "1=a1,2=a6,3=a7,4=b0,5=a4,6=a5,7=a9,8=b1,9=b2");
    } else {
      // One of each key, and which one it is follows the file where the mode promises that.
      CHECK(stack.sql("select count(*) || ' ' || count(distinct id) from t") == "9 9");
      CHECK(run.exit_code() == (mode == "ignore" ? 0 : 1));
      CHECK(run.total(mode == "ignore" ? "rows_ignored" : "rows_rejected") == 4);
      if (mode == "ignore") CHECK(there == "1=a0,2=a2,3=a3,4=a8,5=a4,6=a5,7=a9,8=b1,9=b2");
    }
    CHECK(run.total("rows_read") == 13);
  }
}

TEST_CASE("faults: input: what does not fit the table is told, and the table is as it was") {
  Stack& stack = shared_stack();
  struct Misfit {
    const char* name;
    const char* schema;
    std::string dump;
    std::vector<std::string> args;
    int code;
    const char* said;
  };
  const std::vector<Misfit> misfits = {
      {"a column too many",
       "create table t (id int)",
       "INSERT INTO t (id, extra) VALUES (1, 2);",
       {},
       5,
       "extra"},
      {"a renamed column",
       "create table t (id int, named_anew int)",
       "INSERT INTO t (id, named) VALUES (1, 2);",
       {},
       5,
       "named"},
      {"a column missing that must be there",
       "create table t (id int, v int not null)",
       "INSERT INTO t (id) VALUES (1);",
       {},
       1,
       "v"},
      {"a value of another type",
       "create table t (id int)",
       "INSERT INTO t (id) VALUES ('x');",
       {},
       1,
       "integer"},
      {"no word of the enum",
       "create type mood as enum ('a'); create table t (id mood)",
       "INSERT INTO t (id) VALUES ('b');",
       {},
       1,
       "mood"},
      {"no parent",
       "create table p (id int primary key); create table t (id int references p)",
       "INSERT INTO t (id) VALUES (7);",
       {},
       1,
       "foreign key"},
      {"an identity of the server's own",
       "create table t (id int generated always as identity primary key, v int)",
       "INSERT INTO t (id, v) VALUES (1, 2);",
       {"--via", "rest"},
       5,
       "id"},
      {"a conflict target that is a partial index",
       "create table t (id int, v int); create unique index on t (id) where v > 0",
       "INSERT INTO t (id, v) VALUES (1, 2);",
       {"--upsert", "--on-conflict", "id"},
       5,
       "id"},
      {"no such table", "create table u (id int)", "INSERT INTO t (id) VALUES (1);", {}, 5, "t"},
      {"a view without rights to it",
       "create view t as select 1 as id union select 2",
       "INSERT INTO t (id) VALUES (1);",
       {},
       5,
       "t"},
  };
  for (const Misfit& misfit : misfits) {
    for (const bool force : {false, true}) {
      if (force && !misfit.args.empty()) continue;
      CAPTURE(misfit.name);
      CAPTURE(force);
      stack.reset(misfit.schema);
      std::vector<std::string> args = misfit.args;
      if (force) args.emplace_back("--force");
      const Seeded run = seed_text(misfit.dump, args);
      CAPTURE(run.result.err);
      CHECK(run.exit_code() == misfit.code);
      CHECK(contains(run.result.err, misfit.said));
      CHECK(run.total("rows_loaded") == 0);
      if (stack.sql("select to_regclass('t') is null") == "f" &&
          !pgseed::contains(misfit.schema, "view")) {
        CHECK(stack.sql("select count(*) from t") == "0");
      }
    }
  }
  // What the server computes itself is left out, and said.
  stack.reset("create table t (id int primary key, twice int generated always as (id * 2) stored)");
  const Seeded generated = seed_text("INSERT INTO t (id, twice) VALUES (1, 9);");
  CHECK(generated.exit_code() == 0);
  CHECK(contains(generated.notes(), "twice"));
  CHECK(stack.sql("select id || ' ' || twice from t") == "1 2");
  // Tables that refer to each other are filled where the constraint waits.
  stack.reset(
      "create table a (id int primary key, b int); create table b (id int primary key, a int "
      "references a); alter table a add foreign key (b) references b deferrable initially "
      "deferred");
  const std::string circle =
      "INSERT INTO a (id, b) VALUES (1, 1);\nINSERT INTO b (id, a) VALUES (1, 1);\n";
  CHECK(seed_text(circle, {"--atomic"}).exit_code() == 0);
  CHECK(stack.sql("select (select count(*) from a) || ' ' || (select count(*) from b)") == "1 1");
}

TEST_CASE("faults: input: FORCE with a missing, empty or torn file touches nothing, on any way") {
  Stack& stack = shared_stack();
  const TempDir folder;
  const std::vector<std::string> files = {
      folder / "absent.sql",
      folder.write("empty.sql", ""),
      folder.write("blank.sql", " \n\n-- nothing\n"),
      folder.write("no_rows.sql", "CREATE TABLE t (id int);\nCOPY t (id) FROM stdin;\n\\.\n"),
      folder.write("torn.sql", "INSERT INTO t (id) VALUES (2);\nINSERT INTO t (id) VALUES (3"),
      folder.write("other.sql", "INSERT INTO t (id, nope) VALUES (2, 3);\n"),
      folder.write("image.sql", std::string("\x89PNG\r\n\x1a\n\0\0\0", 11)),
      folder.path().string()};
  for (const char* const shape : {"(id int primary key)", "(id int)",
                                  "(n int generated by default as identity primary key, id int)"}) {
    stack.reset(text("create table t ", shape, "; insert into t (id) values (1), (5)"));
    for (const std::string& file : files) {
      for (const std::vector<std::string>& way :
           {std::vector<std::string>{}, {"--atomic"}, {"--via", "direct"}, {"--no-check"}}) {
        CAPTURE(shape);
        CAPTURE(file);
        CAPTURE(way.empty() ? "" : way.front());
        std::vector<std::string> args = {file, "--force"};
        args.insert(args.end(), way.begin(), way.end());
        const Seeded run = seed(args);
        CAPTURE(run.result.err);
        CHECK((run.exit_code() == 3 || run.exit_code() == 5));
        CHECK(stack.sql("select string_agg(id::text, ',' order by id) from t") == "1,5");
      }
    }
  }
}

TEST_CASE(
    "secrets: values of rows are in no ledger, page, summary or note unless that is asked for") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table t (id text primary key, v text); create table u (id text, v text);"
      "create table w (id int primary key, v int check (v < 5))");
  // Long ones, so that no other text can hold them by chance.
  const std::string value = "vAlUe0fARow7391";
  for (const char* const way : {"rest", "atomic", "direct"}) {
    for (const bool allowed : {false, true}) {
      CAPTURE(way);
      CAPTURE(allowed);
      stack.sql("truncate t, u, w");
      const TempDir folder;
      const std::string page = folder / "page.html", summary = folder / "summary.md";
      std::string dump;
      for (const char* const table : {"t", "u"}) {
        for (int row = 0; row < 20; ++row) {
          dump +=
              text("INSERT INTO ", table, " (id, v) VALUES ('", value, row, "', '", value, "');\n");
        }
      }
      dump += text("INSERT INTO w (id, v) VALUES (1, '", value, "');\n");
      std::atomic<int> lost = 0;
      FaultProxy proxy(stack.postgrest.port(), [&](const ProxyRequest& request) {
        Fault fault;
        if (request.write == 1 || request.write == 3) fault.kind = Fault::Kind::lose_answer;
        if (request.write == 2) {
          fault.kind = Fault::Kind::answer;
          fault.text = http_answer(503);
        }
        return fault;
      });
      Call call;
      call.environment = {{"SUPABASE_URL", proxy.url()},
                          {"GITHUB_ACTIONS", "true"},
                          {"GITHUB_STEP_SUMMARY", summary},
                          {"PGSEED_STATE_DIR", folder / "state"}};
      call.args = {"-vvv",     "seed", folder.write("dump.sql", dump), "--batch-rows", "10",
                   "--report", page};
      const std::string chosen = way;
      if (chosen == "atomic") call.args.emplace_back("--atomic");
      if (chosen == "direct") call.args.insert(call.args.end(), {"--via", "direct"});
      if (chosen == "rest") {
        call.args.insert(call.args.end(),
                         {"--max-rejects", "all", "--rejects", folder / "bad.ndjson"});
      }
      if (allowed) call.args.emplace_back("--log-values");
      const Result result = test::pgseed(call);
      CAPTURE(result.err);
      CHECK(result.exit_code == 1);
      std::string notes;
      for (std::size_t at = 0; at < result.err.size();) {
        const std::size_t end = std::min(result.err.find('\n', at), result.err.size());
        const std::string line = result.err.substr(at, end - at);
        at = end + 1;
        // The error itself names the row that it is about.
        if (!contains(line, "error:")) notes += line + '\n';
      }
      CHECK_FALSE(contains(result.out, value));
      if (!allowed) CHECK_FALSE(contains(read_file(page), value));
      if (!allowed) CHECK_FALSE(contains(read_file(summary), value));
      if (allowed) CHECK(contains(read_file(page), value));
      if (fs::exists(folder / "state")) {
        for (const auto& entry : fs::directory_iterator(folder / "state")) {
          CHECK_FALSE(contains(read_file(entry.path()), value));
        }
      }
      if (chosen == "rest") CHECK(contains(read_file(folder / "bad.ndjson"), value));
      CHECK_FALSE(contains(notes, value + "0'"));
    }
  }
}
