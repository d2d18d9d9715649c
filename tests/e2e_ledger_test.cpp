// What a second run of the same command does, by what the first one left behind.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include "pgseed/base/text.hpp"
#include "support/fault_proxy.hpp"
#include "support/seeding.hpp"

using namespace pgseed;
using namespace pgseed::test;
using namespace std::chrono_literals;

namespace {

std::string rows_of(const std::string& table, int from, int to) {
  std::string sql = text("COPY ", table, " (id, v) FROM stdin;\n");
  for (int id = from; id < to; ++id) sql += text(id, "\tv", id, '\n');
  return sql + "\\.\n";
}

// Runs that find each other's ledgers.
struct Work {
  TempDir folder;
  Environment environment = {{"PGSEED_STATE_DIR", folder / "state"}};

  std::string write(const std::string& content, const char* name = "dump.sql") const {
    return folder.write(name, content);
  }
  Seeded seed(std::vector<std::string> args) const {
    Call call;
    call.environment = environment;
    return test::seed(std::move(args), call);
  }
  // Against a proxy.
  Seeded seed_at(const std::string& url, std::vector<std::string> args) const {
    Call call;
    call.environment = environment;
    call.environment["SUPABASE_URL"] = url;
    return test::seed(std::move(args), call);
  }
  std::vector<std::string> files(const std::string& ending) const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "state")) {
      if (entry.path().string().ends_with(ending)) found.push_back(entry.path());
    }
    return found;
  }
  std::string ledger() const {
    const auto found = files(".ledger");
    REQUIRE(found.size() == 1);
    return found.front();
  }
};

std::string count_of(const std::string& table) {
  return shared_stack().sql("select count(*) || ' ' || count(distinct id) from " + table);
}

constexpr const char* kTwo =
    "create table t (id int primary key, v text); create table u (id int, v text);";
// The ninth write fails for good.
constexpr const char* kStops =
    "alter table t add constraint stops check (id <> 85); alter table u add constraint stops check "
    "(id <> 85)";

const std::vector<std::string> kSmall = {"--batch-rows", "10", "--concurrency", "1"};

std::vector<std::string> with(std::vector<std::string> args) {
  args.insert(args.end(), kSmall.begin(), kSmall.end());
  return args;
}

}  // namespace

TEST_CASE("ledger: a run that stopped at a bad row goes on where it stopped once that is mended") {
  Stack& stack = shared_stack();
  for (const char* table : {"t", "u"}) {
    CAPTURE(table);
    stack.reset(kTwo);
    stack.sql(kStops);
    const Work work;
    const std::string file = work.write(rows_of(table, 1, 201));
    const Seeded first = work.seed(with({file}));
    CHECK(first.exit_code() == 1);
    const auto stored = first.total("rows_loaded");
    CHECK(stored >= 80);
    CHECK(first.total("rows_resumed") == 0);
    // Not mended: the row is tried again, nothing else is sent twice.
    const Seeded again = work.seed(with({file}));
    CHECK(again.exit_code() == 1);
    CHECK(contains(again.error(), "stops"));
    CHECK(again.total("rows_resumed") >= stored);
    stack.sql(text("alter table ", table, " drop constraint stops"));
    const Seeded last = work.seed(with({file}));
    CHECK(last.exit_code() == 0);
    CHECK(last.counts(table) == "200 200 0 0 0 0");
    CHECK(last.total("rows_resumed") >= stored);
    CHECK(contains(last.notes(), "going on with an earlier run"));
    CHECK(count_of(table) == "200 200");
    // Done: nothing is left to go on with.
    CHECK(work.files(".ledger").empty());
    CHECK(work.files(".done").size() == 1);
    const Seeded insists = work.seed(with({file, "--resume"}));
    CHECK(insists.exit_code() == 2);
    CHECK(contains(insists.error(), "no run to go on with"));
  }
}

TEST_CASE("ledger: the same target in another spelling was other work, and rows came twice") {
  Stack& stack = shared_stack();
  stack.reset(kTwo);
  stack.sql(kStops);
  const Work work;
  const std::string file = work.write(rows_of("u", 1, 201));
  const std::string url = stack.postgrest.url();
  CHECK(work.seed_at(url, with({file})).exit_code() == 1);
  stack.sql("alter table u drop constraint stops");
  const Seeded last =
      work.seed_at(text("HTTP://localhost:", stack.postgrest.port(), "/rest/v1/"), with({file}));
  CHECK(last.exit_code() == 0);
  CHECK(last.total("rows_resumed") >= 80);
  CHECK(count_of("u") == "200 200");
}

TEST_CASE("ledger: the same file with another limit stored rows without a key a second time") {
  Stack& stack = shared_stack();
  stack.reset(kTwo);
  stack.sql(kStops);
  const Work work;
  const std::string file = work.write(rows_of("u", 1, 201));
  CHECK(work.seed(with({file, "--limit", "150"})).exit_code() == 1);
  stack.sql("alter table u drop constraint stops");
  const Seeded refused = work.seed(with({file}));
  CHECK(refused.exit_code() == 7);
  CHECK(contains(refused.error(), "public.u"));
  CHECK(contains(refused.hint(), "--fresh"));
  CHECK(refused.total("rows_loaded") == 0);
  // Another file is another matter.
  const std::string other = work.write(rows_of("u", 300, 310), "other.sql");
  CHECK(work.seed(with({other})).exit_code() == 0);
  // So is a table that was emptied since.
  stack.sql("truncate u");
  CHECK(work.seed(with({file})).exit_code() == 0);
  CHECK(count_of("u") == "200 200");
  CHECK(work.seed(with({file, "--offset", "190"})).exit_code() == 7);
  CHECK(work.seed(with({file, "--offset", "190", "--fresh"})).exit_code() == 0);
  CHECK(count_of("u") == "210 200");

  // A key refuses them by itself.
  stack.reset(kTwo);
  stack.sql(kStops);
  const std::string keyed = work.write(rows_of("t", 1, 201), "keyed.sql");
  CHECK(work.seed(with({keyed, "--limit", "150"})).exit_code() == 1);
  stack.sql("alter table t drop constraint stops");
  const Seeded stopped = work.seed(with({keyed}));
  CHECK(stopped.exit_code() == 1);
  CHECK(contains(stopped.error(), "duplicate key"));
}

TEST_CASE("ledger: rejected rows of a finished run are tried again, and only they") {
  Stack& stack = shared_stack();
  stack.reset(kTwo);
  stack.sql("alter table t add constraint odd check (id % 50 <> 7)");
  const Work work;
  const std::string file = work.write(rows_of("t", 1, 201));
  const std::string rejects = work.folder / "bad.ndjson";
  const std::vector<std::string> args = with({file, "--max-rejects", "all", "--rejects", rejects});
  const Seeded first = work.seed(args);
  CHECK(first.counts("t") == "200 196 0 4 0 0");
  const std::string bad = read_file(rejects);
  CHECK(std::count(bad.begin(), bad.end(), '\n') == 4);
  const Seeded again = work.seed(args);
  CHECK(again.exit_code() == 1);
  CHECK(again.counts("t") == "200 196 0 4 0 0");
  CHECK(again.total("rows_resumed") == 196);
  CHECK(read_file(rejects) == bad);
  stack.sql("alter table t drop constraint odd");
  const Seeded last = work.seed(args);
  CHECK(last.exit_code() == 0);
  CHECK(last.counts("t") == "200 200 0 0 0 0");
  CHECK(read_file(rejects).empty());
  CHECK(count_of("t") == "200 200");
}

TEST_CASE("ledger: SIGTERM ends a run with 143, and the same command goes on") {
  Stack& stack = shared_stack();
  stack.reset(text(kTwo, R"(
    create function slowly() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.05); return null; end $$;
    create trigger slowly after insert on t for each statement execute function slowly();)"));
  const Work work;
  const std::string file = work.write(rows_of("t", 1, 1001));
  for (const int signal : {SIGTERM, SIGINT}) {
    Call call;
    call.args = with({"seed", file});
    call.environment = work.environment;
    Process process(command(call));
    const std::string before = stack.sql("select count(*) from t");
    REQUIRE(wait_until([&] { return stack.sql("select count(*) from t") > before; }, 20s));
    process.send(signal);
    const auto result = process.wait(20s);
    REQUIRE(result.has_value());
    CHECK(result->exit_code == 128 + signal);
    CHECK(contains(result->err, "the same command again to go on"));
  }
  stack.sql("drop trigger slowly on t");
  const std::string stored = stack.sql("select count(*) from t");
  const Seeded last = work.seed(with({file, "--resume"}));
  CHECK(last.exit_code() == 0);
  CHECK(std::to_string(last.total("rows_resumed")) == stored);
  CHECK(count_of("t") == "1000 1000");
}

TEST_CASE("ledger: a changed file is refused for insert, and loaded anew by the other modes") {
  Stack& stack = shared_stack();
  for (const char* mode : {"insert", "upsert", "ignore", "force"}) {
    CAPTURE(mode);
    stack.reset(kTwo);
    stack.sql(kStops);
    const Work work;
    const std::string file = work.write(rows_of("t", 1, 201));
    const std::vector<std::string> args = with({file, "--mode", mode});
    CHECK(work.seed(args).exit_code() == 1);
    work.write(rows_of("t", 1, 85) + rows_of("t", 86, 191));
    if (std::string(mode) == "insert") {
      const std::string stored = count_of("t");
      const Seeded refused = work.seed(args);
      CHECK(refused.exit_code() == 3);
      CHECK(contains(refused.error(), "changed since"));
      CHECK(contains(refused.hint(), "--fresh"));
      CHECK(count_of("t") == stored);
      const Seeded fresh = work.seed(with({file, "--mode", mode, "--fresh"}));
      CHECK(fresh.exit_code() == 1);  // its rows are there
      CHECK(contains(fresh.error(), "duplicate key"));
    } else {
      const Seeded insists = work.seed(with({file, "--mode", mode, "--resume"}));
      CHECK(insists.exit_code() == 3);
      const Seeded anew = work.seed(args);
      CHECK(anew.exit_code() == 0);
      CHECK(contains(anew.notes(), "begins anew"));
      CHECK(anew.total("rows_resumed") == 0);
      CHECK(count_of("t") == "189 189");
    }
  }
}

TEST_CASE("ledger: rows that are gone are noticed, whether all of them are or some") {
  Stack& stack = shared_stack();
  for (const char* table : {"t", "u"}) {
    CAPTURE(table);
    stack.reset(kTwo);
    stack.sql(kStops);
    const Work work;
    const std::string file = work.write(rows_of(table, 1, 201));
    CHECK(work.seed(with({file})).exit_code() == 1);
    stack.sql(text("alter table ", table, " drop constraint stops"));
    stack.sql(text("delete from ", table, " where id <= 40"));
    const Seeded refused = work.seed(with({file}));
    CHECK(refused.exit_code() == 6);
    CHECK(contains(refused.error(), "no longer there"));
    CHECK(contains(refused.hint(), "--fresh"));
    // A database made anew: nothing is there, so all of it is loaded. Rows without a key may be
    // there and hidden: only who empties the table knows.
    stack.sql(text("truncate ", table));
    if (std::string(table) == "u") {
      CHECK(work.seed(with({file})).exit_code() == 6);
      CHECK(count_of(table) == "0 0");
      CHECK(work.seed(with({file, "--fresh"})).exit_code() == 0);
      CHECK(count_of(table) == "200 200");
      continue;
    }
    const Seeded anew = work.seed(with({file}));
    CHECK(anew.exit_code() == 0);
    CHECK(contains(anew.notes(), "emptied"));
    CHECK(anew.total("rows_resumed") == 0);
    CHECK(count_of(table) == "200 200");
  }
}

TEST_CASE("ledger: FORCE empties a table once, however often it is gone on with") {
  Stack& stack = shared_stack();
  stack.reset(kTwo);
  stack.sql("insert into t select i, 'old' from generate_series(1000, 1300) i");
  stack.sql(kStops);
  const Work work;
  const std::string file = work.write(rows_of("t", 1, 201));
  const std::vector<std::string> args = with({file, "--force"});
  const Seeded first = work.seed(args);
  CHECK(first.exit_code() == 1);
  CHECK(contains(first.notes(), "was emptied (301 rows deleted)"));
  stack.sql("insert into t values (5000, 'by somebody else')");
  const Seeded again = work.seed(args);
  CHECK(again.exit_code() == 1);
  CHECK(contains(again.notes(), "was emptied (301 rows deleted)"));
  CHECK(again.total("rows_resumed") >= 80);
  stack.sql("alter table t drop constraint stops");
  CHECK(work.seed(args).exit_code() == 0);
  CHECK(count_of("t") == "201 201");
  // Finished: the next one is a run of its own.
  CHECK(work.seed(args).exit_code() == 0);
  CHECK(count_of("t") == "200 200");
}

TEST_CASE("ledger: other options that choose rows are other work; how it is sent is not") {
  Stack& stack = shared_stack();
  stack.reset(kTwo);
  stack.sql(kStops);
  const Work work;
  const std::string file = work.write(rows_of("t", 1, 201) + rows_of("u", 1, 31));
  CHECK(work.seed({file, "--batch-rows", "7", "--concurrency", "3"}).exit_code() == 1);
  for (const std::vector<std::string>& other : {std::vector<std::string>{"--limit", "10"},
                                                {"--offset", "5"},
                                                {"--table", "t"},
                                                {"--exclude", "u"},
                                                {"--upsert"},
                                                {"--dialect", "postgresql"},
                                                {"--encoding", "UTF8"}}) {
    std::vector<std::string> args = {file, "--resume"};
    args.insert(args.end(), other.begin(), other.end());
    const Seeded insists = work.seed(args);
    CAPTURE(other.front());
    CHECK(insists.exit_code() == 2);
  }
  stack.sql("alter table t drop constraint stops");
  // From another folder, in other batches.
  Call call;
  call.environment = work.environment;
  call.directory = work.folder.path();
  const Seeded last =
      seed({"./dump.sql", "--resume", "--batch-rows", "64", "--retries", "3", "--max-rejects", "5"},
           call);
  CHECK(last.exit_code() == 0);
  CHECK(count_of("t") == "200 200");
  CHECK(count_of("u") == "30 30");
}

TEST_CASE("ledger: several files and passes are gone on with") {
  Stack& stack = shared_stack();
  stack.reset(
      "create table parent (id int primary key, v text); create table child (id int primary key, "
      "parent int references parent, v text check (v <> 'v85'))");
  const Work work;
  std::string children = "COPY child (id, parent, v) FROM stdin;\n";
  for (int id = 1; id < 201; ++id) children += text(id, '\t', id, "\tv", id, '\n');
  const std::string first = work.write(children + "\\.\n" + rows_of("parent", 1, 101), "a.sql");
  const std::string second = work.write(rows_of("parent", 101, 201), "b.sql");
  CHECK(work.seed(with({first, second})).exit_code() == 1);
  stack.sql("alter table child drop constraint child_v_check");
  const Seeded last = work.seed(with({first, second, "--resume"}));
  CHECK(last.exit_code() == 0);
  CHECK(last.total("rows_resumed") >= 280);
  CHECK(count_of("parent") == "200 200");
  CHECK(count_of("child") == "200 200");
}

TEST_CASE("ledger: standard input is compared as it passes") {
  Stack& stack = shared_stack();
  stack.reset(kTwo);
  stack.sql(kStops);
  const Work work;
  const auto run = [&](const std::string& dump, std::vector<std::string> args) {
    Call call;
    call.environment = work.environment;
    call.stdin_text = dump;
    args.insert(args.begin(), "-");
    return seed(with(std::move(args)), call);
  };
  CHECK(run(rows_of("t", 1, 201), {}).exit_code() == 1);
  stack.sql("alter table t drop constraint stops");
  const std::string stored = count_of("t");
  std::string other = rows_of("t", 1, 201);
  other.replace(other.find("v33"), 3, "w33");
  const Seeded changed = run(other, {});
  CHECK(changed.exit_code() == 3);
  CHECK(contains(changed.error(), "not what the run read"));
  const Seeded shorter = run(rows_of("t", 1, 41), {});
  CHECK(shorter.exit_code() == 3);
  CHECK(count_of("t") == stored);
  const Seeded same = run(rows_of("t", 1, 201), {});
  CHECK(same.exit_code() == 0);
  CHECK(same.total("rows_resumed") >= 80);
  CHECK(count_of("t") == "200 200");
}

TEST_CASE("ledger: a pipe whose run was stopped when all was loaded is not loaded twice") {
  Stack& stack = shared_stack();
  stack.reset("create table loose (id int, v text)");
  const Work work;
  const auto run = [&](const std::string& dump) {
    Call call;
    call.environment = work.environment;
    call.stdin_text = dump;
    return seed({"-", "--batch-rows", "50"}, call);
  };
  const auto stop_before_the_end_was_told = [&] {
    for (const std::string& done : work.files(".done")) {
      std::filesystem::rename(done, done.substr(0, done.size() - 5) + ".ledger");
    }
  };
  CHECK(run(rows_of("loose", 1, 201)).exit_code() == 0);
  // Twice: that run may be stopped at the same place.
  for (int stopped = 0; stopped < 2; ++stopped) {
    stop_before_the_end_was_told();
    const Seeded again = run(rows_of("loose", 1, 201));
    CHECK(again.exit_code() == 0);
    CHECK(again.total("rows_resumed") == 200);
    CHECK(count_of("loose") == "200 200");
  }
  // Other text is not what was loaded, whichever of it was.
  stop_before_the_end_was_told();
  CHECK(run(rows_of("loose", 1, 51)).exit_code() == 3);
  CHECK(count_of("loose") == "200 200");
  // What came to its end and said so is loaded once more, as asked for.
  CHECK(run(rows_of("loose", 1, 201)).exit_code() == 0);
  CHECK(run(rows_of("loose", 1, 201)).exit_code() == 0);
  CHECK(count_of("loose") == "400 200");
}

TEST_CASE("ledger: made values are the same when a run is gone on with") {
  Stack& stack = shared_stack();
  stack.reset("create table t (id uuid primary key, at timestamptz, n int)");
  const Work work;
  std::string dump = "COPY raw (n) FROM stdin;\n";
  for (int n = 1; n < 201; ++n) dump += text(n, '\n');
  const std::string file = work.write(dump + "\\.\n");
  const std::string map = work.write(
      "[tables.raw]\nrename = 't'\ncolumns.id.value = '{uuid}'\ncolumns.at.value = '{now}'\n",
      "m.toml");
  // The answer to the sixth write is lost, and nobody answers a question about it.
  std::atomic<bool> fails = true;
  std::atomic<bool> lost = false;
  FaultProxy proxy(stack.postgrest.port(), [&](const ProxyRequest& request) {
    Fault fault;
    if (!fails) return fault;
    if (lost) {
      fault.kind = Fault::Kind::answer;
      fault.text = http_answer(503);
    } else if (request.write == 6) {
      lost = true;
      fault.kind = Fault::Kind::lose_answer;
    }
    return fault;
  });
  const std::vector<std::string> args = with({file, "--map", map, "--retries", "0"});
  const Seeded first = work.seed_at(proxy.url(), args);
  CHECK(first.exit_code() == 4);
  CHECK(first.counts("t") == "70 50 0 0 10 10");
  CHECK(stack.sql("select count(*) from t") == "60");
  fails = false;
  const Seeded last = work.seed_at(proxy.url(), args);
  CHECK(last.exit_code() == 0);
  CHECK(last.counts("t") == "200 200 0 0 0 0");
  CHECK(last.total("rows_resumed") == 50);
  CHECK(stack.sql(
            "select count(*) || ' ' || count(distinct n) || ' ' || count(distinct at) from t") ==
        "200 200 1");
}

TEST_CASE("ledger: two runs at one work, or at one table, are kept apart") {
  Stack& stack = shared_stack();
  stack.reset(text(kTwo, R"(
    create function slowly() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.2); return null; end $$;
    create trigger slowly after insert on t for each statement execute function slowly();)"));
  const Work work;
  const std::string file = work.write(rows_of("t", 1, 101));
  const std::string other = work.write(rows_of("t", 500, 510), "other.sql");
  const std::string elsewhere = work.write(rows_of("u", 1, 11), "u.sql");
  Call call;
  call.args = with({"seed", file});
  call.environment = work.environment;
  Process process(command(call));
  REQUIRE(wait_until([&] { return stack.sql("select count(*) from t") != "0"; }, 20s));
  for (const std::string& path : {file, other}) {
    const Seeded second = work.seed({path});
    CHECK(second.exit_code() == 7);
    CHECK(contains(second.error(), text("process ", process.pid())));
    CHECK(contains(second.error(), path == file ? "the same work" : "the table public.t"));
  }
  CHECK(work.seed({elsewhere}).exit_code() == 0);
  process.send(SIGKILL);
  REQUIRE(process.wait(10s).has_value());
  // The dead hold no locks.
  CHECK(work.seed({other}).exit_code() == 0);
}

TEST_CASE("ledger: one that is damaged, of another version or a link is refused with the reason") {
  Stack& stack = shared_stack();
  stack.reset(kTwo);
  stack.sql(kStops);
  const Work work;
  const std::string file = work.write(rows_of("t", 1, 201));
  CHECK(work.seed(with({file})).exit_code() == 1);
  const std::string path = work.ledger();
  const std::string whole = read_file(path);
  const std::string stored = count_of("t");
  const auto put = [&](const std::string& bytes) {
    std::filesystem::remove(path);
    std::ofstream(path, std::ios::binary) << bytes;
  };
  const auto refused = [&](const char* why) {
    const Seeded run = work.seed(with({file}));
    CHECK(run.exit_code() == 7);
    CHECK(contains(run.error(), why));
    CHECK(contains(run.where(), ".ledger"));
    CHECK(count_of("t") == stored);
  };
  std::string flipped = whole;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
  put(flipped);
  refused("not as it was written");
  const std::size_t second = whole.find('\n') + 1;
  put(whole.substr(0, second) + whole.substr(whole.find('\n', second) + 1));
  refused("not as it was written");
  put("pgseed-ledger 9 x 0123456789abcdef\n");
  refused("not as it was written");
  put(rows_of("t", 1, 3));
  refused("not as it was written");
  std::filesystem::remove(path);
  std::filesystem::create_symlink(file, path);
  refused("symbolic link");
  std::filesystem::remove(path);
  put(whole + "intent 99 1 1-10");  // torn
  const Seeded torn = work.seed(with({file}));
  CHECK(torn.exit_code() == 1);
  CHECK(torn.total("rows_resumed") >= 80);
}

TEST_CASE("ledger: without a place for it nothing is sent, and --no-ledger goes without") {
  Stack& stack = shared_stack();
  stack.reset(kTwo);
  stack.sql("insert into t values (1000, 'old')");
  const Work work;
  const std::string file = work.write(rows_of("t", 1, 31));
  const std::string in_the_way = work.write("a file", "not_a_folder");
  for (const std::string& folder :
       {in_the_way, in_the_way + "/below", std::string("/proc/nowhere")}) {
    const Seeded run = work.seed({file, "--force", "--ledger-dir", folder});
    CAPTURE(folder);
    CHECK(run.exit_code() == 7);
    CHECK(contains(run.hint(), "--ledger-dir"));
    CHECK(contains(run.hint(), "--no-ledger"));
    CHECK(count_of("t") == "1 1");
  }
  const Seeded without = work.seed({file, "--no-ledger"});
  CHECK(without.exit_code() == 0);
  CHECK_FALSE(std::filesystem::exists(work.folder / "state"));
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--resume", "--fresh"},
                                                {"--no-ledger", "--resume"},
                                                {"--no-ledger", "--ledger-dir", "x"},
                                                {"--no-ledger", "--if-changed"}}) {
    std::vector<std::string> args = {file};
    args.insert(args.end(), wrong.begin(), wrong.end());
    const Seeded run = work.seed(args);
    CHECK(run.exit_code() == 2);
    CHECK(contains(run.error(), "exclude each other"));
  }
}

TEST_CASE("ledger: a full disk stops the run before what cannot be recorded is sent") {
  Stack& stack = shared_stack();
  const Work work;
  const std::string file = work.write(rows_of("t", 1, 2001));
  // Files may not grow beyond so many blocks of 1024 bytes: the write fails as on a full disk.
  for (const int blocks : {0, 1, 2, 70, 100}) {
    CAPTURE(blocks);
    stack.reset(kTwo);
    Call call;
    call.environment = work.environment;
    call.environment["PGSEED_STATE_DIR"] = work.folder / text("small", blocks);
    Command shell = command(call);
    // The output goes through a pipe: what captures it is a file, too.
    shell.argv = {"bash", "-c",
                  text("set -o pipefail; (ulimit -f ", blocks, "; exec ", PGSEED_BINARY,
                       " --json seed ", file, " --batch-rows 2 --concurrency 2) | cat")};
    const Result result = run(shell);
    CAPTURE(result.err);
    CHECK(result.exit_code == 7);
    CHECK(result.signal == 0);
    CHECK(contains(result.out, "--no-ledger"));
    const std::string stored = count_of("t");
    CHECK(stored != "2000 2000");
    if (blocks == 0) CHECK(stored == "0 0");
    // With room again it goes on; what was sent is known.
    Call roomy;
    roomy.environment = call.environment;
    const Seeded last = seed({file}, roomy);
    CHECK(last.exit_code() == 0);
    CHECK(count_of("t") == "2000 2000");
  }
}

TEST_CASE("if-changed: what was loaded completely is not sent again, without a single request") {
  Stack& stack = shared_stack();
  stack.reset(kTwo);
  const Work work;
  const std::string file = work.write(rows_of("t", 1, 201));
  std::atomic<int> requests = 0;
  FaultProxy proxy(stack.postgrest.port(), [&](const ProxyRequest&) {
    ++requests;
    return Fault{};
  });
  for (const char* mode : {"insert", "upsert", "force"}) {
    CAPTURE(mode);
    stack.sql("truncate t");
    const std::vector<std::string> args = with({file, "--if-changed", "--mode", mode});
    CHECK(work.seed_at(proxy.url(), args).counts("t") == "200 200 0 0 0 0");
    requests = 0;
    const Seeded again = work.seed_at(proxy.url(), args);
    CHECK(again.exit_code() == 0);
    CHECK(again.summary["up_to_date"].text() == "true");
    CHECK(contains(again.notes(), "nothing has changed"));
    CHECK(requests == 0);
  }
  // A run that does not come to its end makes it unknown again.
  work.write(rows_of("t", 1, 202));
  stack.sql("alter table t add constraint stops check (id <> 201)");
  const std::vector<std::string> args = with({file, "--if-changed", "--upsert"});
  CHECK(work.seed_at(proxy.url(), args).exit_code() == 1);
  work.write(rows_of("t", 1, 201));
  const Seeded back = work.seed_at(proxy.url(), args);
  CHECK(back.exit_code() == 0);
  CHECK(back.summary["up_to_date"].text() == "false");
}

TEST_CASE("if-changed: of a changed file only the batches with changed rows are sent") {
  Stack& stack = shared_stack();
  stack.reset(kTwo);
  const Work work;
  const auto rows = [](const std::map<int, std::string>& changed, int to, bool twice = false) {
    std::string sql = "COPY t (id, v) FROM stdin;\n";
    for (int id = 1; id < to; ++id) {
      const auto found = changed.find(id);
      if (found != changed.end() && found->second.empty()) continue;
      sql += text(id, '\t', found == changed.end() ? text("v", id) : found->second, '\n');
    }
    if (twice) sql += "5\tagain\n";
    return sql + "\\.\n";
  };
  const std::string file = work.write(rows({}, 4001));
  const std::vector<std::string> args = {file, "--upsert", "--if-changed", "--batch-rows", "40"};
  const auto fingerprint = [&] {
    return stack.sql("select md5(string_agg(id || v, ',' order by id)) from t");
  };
  const auto same_as_whole_load = [&](const std::string& content) {
    const std::string found = fingerprint();
    const std::string before = stack.sql("create table kept as table t; select 1");
    const Work fresh;
    const std::string own = fresh.write(content);
    stack.sql("truncate t");
    CHECK(fresh.seed({own, "--upsert"}).exit_code() == 0);
    CHECK(fingerprint() == found);
    stack.sql("drop table kept");
  };
  const Seeded first = work.seed(args);
  CHECK(first.exit_code() == 0);
  CHECK(first.total("rows_unchanged") == 0);
  // A row changed, one gone, one new in the middle of the file: their batches go, no others.
  struct Step {
    const char* what;
    std::string content;
    std::int64_t most_sent;
  };
  const std::vector<Step> steps = {
      {"one value", rows({{2000, "other"}}, 4001), 120},
      {"back again", rows({}, 4001), 120},
      {"a row more at the end", rows({}, 4002), 120},
      {"two far apart", rows({{100, "x"}, {3900, "y"}}, 4002), 240},
  };
  for (const Step& step : steps) {
    CAPTURE(step.what);
    work.write(step.content);
    const Seeded run = work.seed(args);
    CHECK(run.exit_code() == 0);
    const auto sent = run.total("rows_read") - run.total("rows_unchanged");
    CHECK(sent > 0);
    CHECK(sent <= step.most_sent);
    CHECK(run.total("rows_loaded") == sent);
    same_as_whole_load(step.content);
  }
  // A key that comes twice: what was stored first may have been overwritten, so all of it goes.
  work.write(rows({}, 4002, true));
  CHECK(work.seed(args).exit_code() == 0);
  CHECK(stack.sql("select v from t where id = 5") == "again");
  work.write(rows({}, 4002));
  const Seeded after = work.seed(args);
  CHECK(after.exit_code() == 0);
  CHECK(after.total("rows_unchanged") == 0);
  CHECK(stack.sql("select v from t where id = 5") == "v5");
}

TEST_CASE("ledger: a run with more tables than files may be open at first ended with exit 7") {
  Stack& stack = shared_stack();
  const int tables = 60;
  std::string schema, dump;
  for (int table = 0; table < tables; ++table) {
    schema += text("create table t", table, " (id int primary key, v text);");
    dump += text("INSERT INTO t", table, " (id, v) VALUES (1, 'a');\n");
  }
  stack.reset(schema);
  const Work work;
  Call call;
  call.environment = work.environment;
  call.args = {"seed", work.write(dump)};
  Command shell = command(call);
  shell.argv = {"bash", "-c",        "ulimit -Sn 40; exec \"$@\"", "bash", PGSEED_BINARY,
                "seed", call.args[1]};
  const Result result = run(shell);
  CHECK(result.exit_code == 0);
  CHECK(contains(result.out, "60 rows"));
  CHECK(stack.sql("select count(*) from t59") == "1");
}

TEST_CASE("if-changed: a file of which rows were left out passed for one that was loaded whole") {
  shared_stack().reset(kTwo);
  const Work work;
  const std::string file =
      work.write(rows_of("t", 1, 11) + "INSERT INTO t (id, v) VALUES (20, upper('a'));\n");
  const std::vector<std::string> args = {file, "--upsert", "--if-changed"};
  std::vector<std::string> skipping = args;
  skipping.emplace_back("--skip-unsupported");
  CHECK(work.seed(skipping).exit_code() == 0);
  const Seeded again = work.seed(skipping);
  CHECK(again.exit_code() == 0);
  CHECK(again.summary["up_to_date"].text() == "true");
  const Seeded whole = work.seed(args);
  CHECK(whole.exit_code() == 3);
  CHECK(contains(whole.error(), "upper"));
  CHECK(count_of("t") == "10 10");
}
