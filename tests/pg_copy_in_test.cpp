#include "pgseed/pg/copy_in.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

#include "support/local_pgbouncer.hpp"
#include "support/local_postgres.hpp"
#include "support/local_postgrest.hpp"

namespace pgseed::pg {
namespace {

using namespace std::chrono_literals;

constexpr const char* kTable = "create table t (id int primary key, v text)";

std::string fresh_database(const std::string& schema = kTable) {
  const auto& postgres = test::shared_stack().postgres;
  postgres.create_database("copy_in");
  postgres.sql(schema, "copy_in");
  return postgres.url("copy_in");
}

std::string sql(const std::string& query) {
  return test::shared_stack().postgres.sql(query, "copy_in");
}

void start(CopyIn& database) {
  database.start_copy({"public", "t"}, "COPY t (id, v) FROM STDIN");
}

SqlError error_of_copy(CopyIn& database, std::string_view lines) {
  try {
    start(database);
    database.put(lines);
    database.finish_copy();
  } catch (const SqlError& error) {
    return error;
  }
  FAIL("nothing was thrown");
  throw;
}

}  // namespace

TEST_CASE("copy in: rows stand after the commit, and nobody sees them before") {
  CopyIn database(fresh_database());
  database.begin();
  start(database);
  database.put("1\ta");
  database.put("\n2\t\\N\n3\tx\\ty\\\\z\n");
  CHECK(database.finish_copy() == 3);
  CHECK(database.value("select count(*) from t") == "3");
  CHECK(sql("select count(*) from t") == "0");
  CHECK(database.in_transaction());
  database.commit();
  CHECK_FALSE(database.in_transaction());
  CHECK(sql("select string_agg(coalesce(v, '-'), '|' order by id) from t") == "a|-|x\ty\\z");
}

TEST_CASE(
    "copy in: more than all buffers hold goes through, and SQL runs in the same transaction") {
  CopyIn database(fresh_database());
  database.begin();
  CHECK(database.execute("insert into t values (0, 'before')") == 1);
  start(database);
  std::string lines;
  for (int id = 1; id <= 20'000; ++id) {
    lines += std::to_string(id) + '\t' + std::string(1000, static_cast<char>('a' + id % 26)) + '\n';
  }
  database.put(lines);
  CHECK(database.finish_copy() == 20'000);
  CHECK(database.execute("update t set v = 'after' where id > 19990; delete from t where id < 3") ==
        3);
  database.commit();
  CHECK(sql("select count(*), count(*) filter (where v = 'after') from t") == "19998|10");
}

TEST_CASE("copy in: an error names the line, the constraint and the table, and rolls back") {
  CopyIn database(fresh_database("create table t (id int primary key, v varchar(3))"));
  database.begin();
  const SqlError bad_type = error_of_copy(database, "1\ta\nx\tb\n");
  CHECK(bad_type.sqlstate == "22P02");
  CHECK(bad_type.copy_line == 2);
  database.rollback();
  database.begin();
  const SqlError twice = error_of_copy(database, "1\ta\n2\tb\n3\tc\n2\td\n4\te\n");
  CHECK(twice.sqlstate == "23505");
  CHECK(twice.copy_line == 4);
  CHECK(twice.constraint == "t_pkey");
  CHECK(twice.table == TableName{"public", "t"});
  CHECK(twice.detail == "Key (id)=(2) already exists.");
  CHECK_THROWS_AS(database.commit(), SqlError);
  database.rollback();
  CHECK_FALSE(database.in_transaction());
  CHECK(sql("select count(*) from t") == "0");
  // A value with a line break does not move the number, nor does one that looks like the message.
  database.begin();
  CHECK(error_of_copy(database, "1\ta\n2\t\\nCOPY t, line 77\n").copy_line == 2);
  database.rollback();
}

TEST_CASE("copy in: the line is found inside of a trigger's messages and for odd table names") {
  CopyIn database(fresh_database(
      "create table \"t, line 5\" (id int, v text);"
      "create function refuse() returns trigger language plpgsql as $$ begin"
      " if new.id = 3 then raise exception 'no three' using hint = 'take four'; end if;"
      " return new; end $$;"
      "create trigger refuse before insert on \"t, line 5\""
      " for each row execute function refuse()"));
  database.begin();
  try {
    database.start_copy({"public", "t, line 5"}, "COPY \"t, line 5\" FROM STDIN");
    database.put("1\ta\n2\tb\n3\tc\n");
    database.finish_copy();
    FAIL("nothing was thrown");
  } catch (const SqlError& error) {
    CHECK(error.message == "no three");
    CHECK(error.hint == "take four");
    CHECK(error.copy_line == 3);
    CHECK(error.context.find("refuse()") != std::string::npos);
  }
  database.rollback();
}

TEST_CASE("copy in: a COPY that is given up leaves nothing, and the connection serves on") {
  CopyIn database(fresh_database());
  database.begin();
  start(database);
  database.put("1\ta\n2\t");
  database.rollback();
  CHECK_FALSE(database.in_transaction());
  CHECK(database.value("select count(*) from t") == "0");
}

TEST_CASE("copy in: a passed deadline ends what the server does") {
  CopyIn database(fresh_database());
  database.set_deadline(std::chrono::steady_clock::now() + 300ms);
  try {
    database.query("select pg_sleep(60)");
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::unreachable);
    CHECK(error.message.find("deadline") != std::string::npos);
  }
  CHECK(test::wait_until(
      [] {
        return sql("select count(*) from pg_stat_activity where query like '%_sleep(60)' and "
                   "state = 'active'") == "0";
      },
      10s));
}

TEST_CASE("copy in: a broken connection is told apart from a refusal") {
  CopyIn database(fresh_database());
  database.begin();
  start(database);
  sql("select pg_terminate_backend(pid) from pg_stat_activity where query like 'COPY t%'");
  const std::string line = "1\t" + std::string(100'000, 'x') + '\n';
  CHECK_THROWS_AS(
      [&] {
        for (int round = 0; round < 200; ++round) database.put(line);
        database.finish_copy();
      }(),
      ConnectionLost);
  CHECK(sql("select count(*) from t") == "0");
}

TEST_CASE("copy in: works through a pooler in transaction mode") {
  if (!test::LocalPgbouncer::is_installed()) return;
  fresh_database();
  const test::LocalPgbouncer bouncer(test::shared_stack().postgres);
  for (int round = 0; round < 3; ++round) {
    CopyIn first(bouncer.url("copy_in"));
    CopyIn second(bouncer.url("copy_in"));
    first.begin();
    start(first);
    first.put(std::to_string(2 * round) + "\ta\n");
    CHECK(first.finish_copy() == 1);
    first.commit();
    second.begin();
    start(second);
    second.put(std::to_string(2 * round + 1) + "\tb\n");
    CHECK(second.finish_copy() == 1);
    second.commit();
  }
  CHECK(sql("select count(*) from t") == "6");
}

TEST_CASE("copy in: a refused connection is told without the password") {
  const auto& postgres = test::shared_stack().postgres;
  try {
    const CopyIn database(
        "postgresql://nobody:s3cret@127.0.0.1:" + std::to_string(postgres.port()) + "/postgres");
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::refused);
    CHECK(error.message.find("s3cret") == std::string::npos);
  }
}

}  // namespace pgseed::pg
