#include "pgseed/pg/session.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "support/local_pgbouncer.hpp"
#include "support/local_postgres.hpp"
#include "support/local_postgrest.hpp"
#include "support/network.hpp"

namespace pgseed::pg {
namespace {

using namespace std::chrono_literals;

// A new empty database of the shared server for one test.
std::string fresh_database() {
  const auto& postgres = test::shared_stack().postgres;
  postgres.create_database("session");
  return postgres.url("session");
}

std::string ask(Session& session, const std::string& sql) {
  const auto rows = session.query(sql);
  REQUIRE(rows.size() == 1);
  return rows.front().front().value_or("NULL");
}

SqlError sql_error_of(Session& session, const std::string& sql) {
  try {
    session.execute(sql);
  } catch (const SqlError& e) {
    return e;
  }
  FAIL("nothing was thrown");
  throw;
}

Error connect_error(const std::string& url) {
  try {
    const Session session(url);
  } catch (const Error& e) {
    return e;
  }
  FAIL("nothing was thrown");
  throw;
}

}  // namespace

TEST_CASE("session: values come as text, NULL as nothing, in UTF-8") {
  Session session(fresh_database());
  const auto rows =
      session.query("select 1, null, '', 'ß∀', true union all select 2, 'x', 'y', 'z', false");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0] == Row{"1", std::nullopt, "", "ß∀", "t"});
  CHECK(rows[1] == Row{"2", "x", "y", "z", "f"});
  CHECK(session.query("select where false").empty());
  CHECK(session.server_version() >= 150000);
  CHECK(ask(session, "show client_encoding") == "UTF8");
  CHECK(ask(session, "show application_name") == "pgseed");
}

TEST_CASE(
    "session: several statements run in one call, and it tells how many rows the last touched") {
  Session session(fresh_database());
  CHECK(session.execute("create table t (id int); insert into t values (1), (2), (3)") == 3);
  CHECK(session.execute("update t set id = id where id > 1") == 2);
  CHECK(session.execute("delete from t where false") == 0);
  // Outside transaction() they are one transaction all the same.
  CHECK(sql_error_of(session, "insert into t values (4); select 1 / 0").sqlstate == "22012");
  CHECK(ask(session, "select count(*) from t") == "3");
}

TEST_CASE("session: each statement outside a transaction stands at once") {
  const std::string url = fresh_database();
  Session session(url);
  Session other(url);
  session.execute("create table t (id int)");
  CHECK(ask(other, "select count(*) from t") == "0");
  // Refused inside a transaction block.
  session.execute("create index concurrently i on t (id)");
  session.execute("vacuum t");
}

TEST_CASE("session: a transaction is kept as a whole or not at all") {
  const std::string url = fresh_database();
  Session session(url);
  Session other(url);
  CHECK(!session.in_transaction());
  session.transaction([&](Session& inner) {
    CHECK(inner.in_transaction());
    inner.execute("create table t (id int); insert into t values (1)");
    CHECK(ask(inner, "select count(*) from t") == "1");
    CHECK(ask(other, "select to_regclass('t') is null") == "t");
  });
  CHECK(!session.in_transaction());
  CHECK(ask(other, "select count(*) from t") == "1");

  CHECK_THROWS_AS(session.transaction([](Session& inner) {
    inner.execute("insert into t values (2)");
    throw std::runtime_error("the work fails");
  }),
                  std::runtime_error);
  CHECK(ask(session, "select count(*) from t") == "1");

  CHECK_THROWS_AS(session.transaction([](Session& inner) {
    inner.execute("insert into t values (2)");
    inner.execute("insert into nosuch values (2)");
  }),
                  SqlError);
  CHECK(ask(session, "select count(*) from t") == "1");
}

TEST_CASE("session: a transaction that survived an error in silence does not pass for committed") {
  Session session(fresh_database());
  session.execute("create table t (id int)");
  try {
    session.transaction([](Session& inner) {
      inner.execute("insert into t values (1)");
      CHECK_THROWS_AS(inner.execute("nonsense"), SqlError);
    });
    FAIL("nothing was thrown");
  } catch (const SqlError& e) {
    CHECK(e.sqlstate == "25P02");
  }
  CHECK(ask(session, "select count(*) from t") == "0");
}

TEST_CASE("session: a transaction inside a transaction is a savepoint") {
  Session session(fresh_database());
  session.execute("create table t (id int)");
  session.transaction([](Session& outer) {
    outer.execute("insert into t values (1)");
    CHECK_THROWS_AS(outer.transaction([](Session& inner) {
      inner.execute("insert into t values (2)");
      inner.execute("grant select on t to nosuch_role");
    }),
                    SqlError);
    outer.transaction([](Session& inner) { inner.execute("insert into t values (3)"); });
    CHECK_THROWS_AS(outer.transaction([](Session& inner) {
      inner.execute("insert into t values (4)");
      throw std::runtime_error("the work fails");
    }),
                    std::runtime_error);
    // Two levels deep.
    outer.transaction([](Session& middle) {
      CHECK_THROWS_AS(middle.transaction([](Session& inner) { inner.execute("select 1/0"); }),
                      SqlError);
      middle.execute("insert into t values (5)");
    });
  });
  CHECK(ask(session, "select string_agg(id::text, ',' order by id) from t") == "1,3,5");
}

TEST_CASE("session: a constraint that fails at COMMIT is an SQL error, not a doubt") {
  Session session(fresh_database());
  session.execute(
      "create table p (id int primary key);"
      "create table c (pid int references p deferrable initially deferred)");
  try {
    session.transaction([](Session& inner) { inner.execute("insert into c values (1)"); });
    FAIL("nothing was thrown");
  } catch (const SqlError& e) {
    CHECK(e.sqlstate == "23503");
    CHECK(e.detail == "Key (pid)=(1) is not present in table \"p\".");
  }
  CHECK(ask(session, "select count(*) from c") == "0");
}

TEST_CASE("session: an SQL error carries its fields and the place in the text") {
  Session session(fresh_database());
  session.execute("create table t (id int primary key, \"ünï\" text)");
  const struct {
    const char* sql;
    const char* sqlstate;
    const char* message;
    int line, column;
  } cases[] = {
      {"select 1;\n\nselec 2", "42601", "syntax error at or near \"selec\"", 3, 1},
      {"select\n  id,\n\tnosuch\nfrom t", "42703", "column \"nosuch\" does not exist", 3, 2},
      {"insert into nosuch values (1)", "42P01", "relation \"nosuch\" does not exist", 1, 13},
      {"select 1 / 0", "22012", "division by zero", 0, 0},
      {"select \"ünï\", x from t", "42703", "column \"x\" does not exist", 1, 15},
      {"select 'a long line of text that libpq cuts, for it is wider than sixty', nosuch, 'and "
       "goes on for as long again after the place' from t",
       "42703", "column \"nosuch\" does not exist", 1, 75},
      {"do $$ begin\n perform nosuch(); end $$", "42883", "function nosuch() does not exist", 0, 0},
      {"do $$ begin raise exception 'own' using errcode = 'PG123', hint = 'help'; end $$", "PG123",
       "own", 0, 0},
      {"do $$ begin raise sqlstate '40001' using message = 'again'; end $$", "40001", "again", 0,
       0},
      {"do $$ begin raise sqlstate '40P01' using message = 'dead'; end $$", "40P01", "dead", 0, 0},
      {"do $$ begin raise sqlstate '55P03' using message = 'locked'; end $$", "55P03", "locked", 0,
       0},
  };
  for (const auto& [sql, sqlstate, message, line, column] : cases) {
    const std::string shown(sql);
    CAPTURE(shown);
    const SqlError error = sql_error_of(session, sql);
    CHECK(error.kind == ErrorKind::refused);
    CHECK(error.sqlstate == sqlstate);
    CHECK(error.message == message);
    CHECK(error.line == line);
    CHECK(error.column == column);
  }
  session.execute("insert into t values (1)");
  CHECK(sql_error_of(session, "insert into t values (1)").detail == "Key (id)=(1) already exists.");
  CHECK(sql_error_of(session, "do $$ begin raise 'x' using hint = 'help'; end $$").hint == "help");
  CHECK(sql_error_of(session, "do $$ begin raise 'x'; end $$").context.find("line 1 at RAISE") !=
        std::string::npos);
}

TEST_CASE("session: secrets in the server's messages are masked") {
  Session session(fresh_database());
  const SqlError error =
      sql_error_of(session,
                   "do $$ begin raise 'cannot reach postgres://u:secret-pw@h/d' using "
                   "hint = 'password=secret-pw', detail = 'apikey: secret-pw'; end $$");
  CHECK((error.message + error.hint + error.detail).find("secret-pw") == std::string::npos);
  session.execute("do $$ begin raise notice 'password=secret-pw'; end $$");
  CHECK(session.take_notices() == std::vector<std::string>{"NOTICE:  password=***"});
}

TEST_CASE("session: notices are kept in order and handed out once") {
  Session session(fresh_database());
  session.execute("drop table if exists nosuch");
  session.transaction(
      [](Session& inner) { inner.execute("do $$ begin raise warning 'w'; end $$"); });
  CHECK(session.take_notices() ==
        std::vector<std::string>{"NOTICE:  table \"nosuch\" does not exist, skipping",
                                 "WARNING:  w"});
  CHECK(session.take_notices().empty());
}

TEST_CASE("session: a literal is read back as it was, whatever standard_conforming_strings says") {
  Session session(fresh_database());
  for (const char* setting : {"on", "off"}) {
    for (const char* value : {"", "x", "it's", "back\\slash", "\\'", "''\\\\", "∀\n\t$1", "$$"}) {
      const std::string shown(value);
      CAPTURE(shown);
      session.transaction([&](Session& inner) {
        inner.execute(std::string("set local standard_conforming_strings = ") + setting);
        CHECK(ask(inner, "select " + inner.literal(value)) == value);
      });
    }
  }
  CHECK_THROWS_AS(static_cast<void>(session.literal(std::string_view("a\0b", 3))), Error);
}

TEST_CASE("session: a connection that cannot be made says why, without the password") {
  const auto& postgres = test::shared_stack().postgres;
  postgres.sql(
      "drop role if exists strange; create role strange login password 'p@ss:w/o#r%d?&= x' "
      "in role needs_password");
  const std::string port = std::to_string(postgres.port());
  const std::string free_port = std::to_string(test::free_port());
  const struct {
    std::string url;
    ErrorKind kind;
    const char* text_part;
  } cases[] = {
      {"postgresql://strange:secret-pw@127.0.0.1:" + port + "/postgres", ErrorKind::refused,
       "password authentication failed"},
      {"postgresql://strange@127.0.0.1:" + port + "/postgres", ErrorKind::refused,
       "no password supplied"},
      {"postgresql://nosuch:secret-pw@127.0.0.1:" + port + "/postgres", ErrorKind::refused,
       "role \"nosuch\" does not exist"},
      {postgres.url("nosuch"), ErrorKind::refused, "database \"nosuch\" does not exist"},
      {"postgresql://u:secret-pw@127.0.0.1:" + free_port + "/db", ErrorKind::unreachable,
       "Connection refused"},
      {"postgresql://u:secret-pw@127.0.0.1:" + port + "/db?sslmode=require", ErrorKind::unreachable,
       "server does not support SSL"},
      {"postgresql:///db?host=/nosuch-folder&password=secret-pw", ErrorKind::unreachable,
       "No such file or directory"},
      {"postgresql://u:secret-pw@localhost/db?who_knows=secret-pw", ErrorKind::usage, "who_knows"},
      {"postgresql://u:secret-pw@localhost:99999/db", ErrorKind::usage, "port"},
      {"mysql://u:secret-pw@localhost/db", ErrorKind::usage, "not one of PostgreSQL"},
  };
  for (const auto& [url, kind, text_part] : cases) {
    const std::string shown(url);
    CAPTURE(shown);
    const auto start = std::chrono::steady_clock::now();
    const Error error = connect_error(url);
    CAPTURE(error.message);
    CHECK(error.kind == kind);
    CHECK(error.message.find(text_part) != std::string::npos);
    CHECK(error.message.find('\n') == std::string::npos);
    CHECK((error.message + error.hint).find("secret-pw") == std::string::npos);
    CHECK(std::chrono::steady_clock::now() - start < 1s);
  }
  // The very password of the table above, raw.
  Session session("postgresql+psycopg2://strange:p@ss:w/o#r%d?&= x@127.0.0.1:" + port +
                  "/postgres?pgbouncer=true");
  CHECK(ask(session, "select current_user") == "strange");
  Session by_keywords(
      "host=127.0.0.1 user=strange dbname=postgres password='p@ss:w/o#r%d?&= x' port=" + port);
  CHECK(ask(by_keywords, "select current_user") == "strange");
}

TEST_CASE("session: a broken connection is told as such and not opened again in silence") {
  const std::string url = fresh_database();
  Session session(url);
  Session other(url);
  const std::string pid = ask(session, "select pg_backend_pid()");
  other.execute("select pg_terminate_backend(" + pid + ")");
  for (int i = 0; i < 2; ++i) {
    try {
      session.query("select 1");
      FAIL("nothing was thrown");
    } catch (const ConnectionLost& e) {
      CHECK(e.kind == ErrorKind::unreachable);
      CHECK(!e.in_doubt);
    }
  }
  CHECK_THROWS_AS(session.transaction([](Session& inner) { inner.execute("select 1"); }),
                  ConnectionLost);
}

TEST_CASE("session: a connection that breaks inside a transaction leaves nothing behind") {
  const std::string url = fresh_database();
  Session session(url);
  Session other(url);
  session.execute("create table t (id int)");
  try {
    session.transaction([&](Session& inner) {
      inner.execute("insert into t values (1)");
      other.execute("select pg_terminate_backend(" + ask(inner, "select pg_backend_pid()") + ")");
      inner.execute("insert into t values (2)");
    });
    FAIL("nothing was thrown");
  } catch (const ConnectionLost& e) {
    CHECK(!e.in_doubt);
  }
  CHECK(ask(other, "select count(*) from t") == "0");
}

TEST_CASE("session: a connection that breaks during COMMIT leaves a doubt") {
  const std::string url = fresh_database();
  Session session(url);
  session.execute(
      "create table t (id int);"
      "create function slow() returns trigger language plpgsql as "
      "  'begin perform pg_sleep(20); return null; end';"
      "create constraint trigger slow after insert on t deferrable initially deferred "
      "  for each row execute function slow()");
  const std::string pid = ask(session, "select pg_backend_pid()");
  std::thread killer([&] {
    Session other(url);
    while (ask(other, "select count(*) from pg_stat_activity where wait_event = 'PgSleep'") ==
           "0") {
      std::this_thread::sleep_for(5ms);
    }
    other.execute("select pg_terminate_backend(" + pid + ")");
  });
  try {
    session.transaction([](Session& inner) { inner.execute("insert into t values (1)"); });
    FAIL("nothing was thrown");
  } catch (const ConnectionLost& e) {
    CHECK(e.in_doubt);
    CHECK(e.kind == ErrorKind::unreachable);
    CHECK(e.message.find("COMMIT") != std::string::npos);
  }
  killer.join();
}

TEST_CASE("session: through PgBouncer in transaction mode nothing leaks and nothing collides") {
  if (!test::LocalPgbouncer::is_installed()) {
    MESSAGE("PgBouncer is not installed");
    return;
  }
  fresh_database();
  const test::LocalPgbouncer pool(test::shared_stack().postgres);
  Session first(pool.url("session"));
  Session second(pool.url("session"));
  // One server connection for both: it is free again after every statement and transaction.
  CHECK(ask(first, "select pg_backend_pid()") == ask(second, "select pg_backend_pid()"));
  first.execute("create table t (id int); insert into t values (1)");
  for (int i = 0; i < 3; ++i) {
    for (Session* session : {&first, &second}) {
      session->transaction([](Session& inner) {
        inner.execute("set local lock_timeout = '5s'; set local search_path = pg_catalog");
        CHECK(ask(inner, "select pg_try_advisory_xact_lock(42)") == "t");
        inner.execute("lock table public.t in access exclusive mode");
        inner.execute("insert into public.t values (2)");
        CHECK_THROWS_AS(inner.transaction([](Session& nested) { nested.execute("nonsense"); }),
                        SqlError);
        inner.execute("notify pgrst, 'reload schema'");
      });
    }
  }
  CHECK_THROWS_AS(first.transaction([](Session& inner) { inner.execute("select 1/0"); }), SqlError);
  CHECK(ask(second, "select count(*) from t") == "7");
  CHECK(ask(second, "show lock_timeout") == "0");
  CHECK(ask(second, "show search_path") == "\"$user\", public");
  CHECK(ask(second, "select count(*) from pg_locks where locktype = 'advisory'") == "0");
  CHECK(ask(second, "select count(*) from pg_prepared_statements") == "0");
  CHECK(ask(second, "show client_encoding") == "UTF8");
}

}  // namespace pgseed::pg
