#include "pgseed/sql/statement.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace pgseed::sql;
using Kind = StatementKind;

namespace {

// The statements of a text, as the scanner cuts it; it sees `step` bytes more at every NeedMore.
std::vector<std::string> split(const std::string& text, std::size_t step) {
  std::vector<std::string> statements;
  Cursor cursor{text.data(), text.data(), false};
  StatementScanner scanner;
  const char* begin = nullptr;
  for (;;) {
    try {
      if (begin == nullptr) {
        skip_blanks(cursor);
        if (cursor.at_end()) return statements;
        begin = cursor.position;
        scanner = {};
      }
      scanner.scan(cursor);
      statements.emplace_back(begin, cursor.position);
      begin = nullptr;
    } catch (const NeedMore&) {
      const auto left = static_cast<std::size_t>(text.data() + text.size() - cursor.end);
      cursor.end += std::min(step, left);
      cursor.final = left <= step;
    } catch (const SyntaxProblem& problem) {
      statements.push_back("problem: " + problem.message);
      return statements;
    }
  }
}

std::string setting(const std::string& text) {
  const auto found = read_setting(text);
  return found ? found->name + "=" + found->value : "none";
}

}  // namespace

TEST_CASE("sql statement: its kind decides whether it may be passed over") {
  const struct {
    std::string text;
    Kind kind;
  } cases[] = {
      {"", Kind::empty},
      {"CREATE TABLE t (a int)", Kind::ddl},
      {"create policy p on t for insert with check (true)", Kind::ddl},
      {"CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1))", Kind::ddl},
      {"CREATE FUNCTION f() AS $$ INSERT INTO t VALUES (1); $$ LANGUAGE sql", Kind::ddl},
      {"CREATE TRIGGER x AFTER INSERT OR UPDATE ON t EXECUTE FUNCTION f()", Kind::ddl},
      {"ALTER TABLE t OWNER TO x", Kind::ddl},
      {"DROP TABLE t", Kind::ddl},
      {"COMMENT ON TABLE t IS 'x'", Kind::ddl},
      {"GRANT INSERT ON t TO x", Kind::ddl},
      {"REVOKE ALL ON t FROM x", Kind::ddl},
      {"SECURITY LABEL ON TABLE t IS 'x'", Kind::ddl},
      {"IMPORT FOREIGN SCHEMA s FROM SERVER x INTO y", Kind::ddl},
      {"REFRESH MATERIALIZED VIEW v", Kind::ddl},
      {"SET x = 1", Kind::session},
      {"RESET ALL", Kind::session},
      {"BEGIN", Kind::session},
      {"START TRANSACTION", Kind::session},
      {"COMMIT", Kind::session},
      {"END", Kind::session},
      {"LOCK TABLE t", Kind::session},
      {"ANALYZE", Kind::session},
      {"VACUUM t", Kind::session},
      {"PREPARE TRANSACTION 'x'", Kind::session},
      {"SELECT pg_catalog.set_config('search_path', '', false)", Kind::session},
      {"SELECT setval('s', 3, true)", Kind::sequence},
      {"select pg_catalog.setval('public.s', (SELECT max(id) FROM t))", Kind::sequence},
      {"SELECT setval(pg_get_serial_sequence('t', 'id'), coalesce(max(id), 1)) FROM t",
       Kind::sequence},
      {"SELECT 1", Kind::query},
      {"SELECT * FROM t WHERE a IN (1, 2) AND b = 'f()'", Kind::query},
      {"SELECT 'done' AS status, count(*), max(a) FROM t GROUP BY (b)", Kind::query},
      {"SELECT now()", Kind::query},
      {"SELECT version()", Kind::query},
      {"SELECT \"a\" FROM \"t\"", Kind::query},
      {"SELECT * FROM (SELECT 1) x JOIN t USING (a)", Kind::query},
      {"SELECT f()", Kind::call},
      {"SELECT public.seed_things(3)", Kind::call},
      {"SELECT n, make_user(n) FROM generate_series(1, 10) n", Kind::call},
      {"SELECT create_user(n) FROM x", Kind::call},
      {"SELECT * FROM do_it()", Kind::call},
      {"SELECT \"F\"(1)", Kind::call},
      {"SELECT * INTO u FROM t", Kind::insert_select},
      {"VALUES (1)", Kind::query},
      {"TABLE t", Kind::query},
      {"SHOW x", Kind::query},
      {"EXPLAIN INSERT INTO t VALUES (1)", Kind::query},
      {"EXPLAIN (VERBOSE) DELETE FROM t", Kind::query},
      {"EXPLAIN ANALYZE INSERT INTO t VALUES (1)", Kind::insert_select},
      {"EXPLAIN (VERBOSE, ANALYZE) DELETE FROM t", Kind::delete_rows},
      {"PREPARE p AS INSERT INTO t VALUES ($1, $2)", Kind::query},
      {"DECLARE c CURSOR FOR SELECT 1", Kind::query},
      {"EXECUTE p(1)", Kind::call},
      {"CALL p()", Kind::call},
      {"WITH x AS (SELECT 1) SELECT * FROM x", Kind::query},
      {"WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", Kind::delete_rows},
      {"with x as (select 1) insert into t select * from x", Kind::insert_select},
      {"WITH x AS (SELECT 'insert') SELECT 1", Kind::query},
      {"(SELECT 1)", Kind::query},
      {"INSERT INTO t SELECT 1", Kind::insert_select},
      {"UPDATE t SET a = 1", Kind::update},
      {"DELETE FROM t", Kind::delete_rows},
      {"TRUNCATE t", Kind::truncate},
      {"DO $$ BEGIN END $$", Kind::do_block},
      {"MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE", Kind::merge},
      {"COPY t TO stdout", Kind::query},
      {"COPY (SELECT 1) TO stdout", Kind::query},
      {"COPY t FROM '/tmp/x'", Kind::copy_program},
      {"COPY t (\"to\") FROM PROGRAM 'x'", Kind::copy_program},
      {"ROLLBACK", Kind::rollback},
      {"ABORT", Kind::rollback},
      {"ROLLBACK TO SAVEPOINT x", Kind::rollback},
      {"/* c */ -- d\n update t set a = 1", Kind::update},
      {"\\restrict abc", Kind::restricted},
      {"\\unrestrict abc", Kind::restricted},
      {"\\c db", Kind::session},
      {"\\connect -reuse-previous=on db", Kind::session},
      {"\\echo hi", Kind::session},
      {"\\set ON_ERROR_STOP on", Kind::session},
      {"\\dt", Kind::session},
      {"\\i other.sql", Kind::meta_command},
      {"\\ir other.sql", Kind::meta_command},
      {"\\copy t FROM 'x'", Kind::meta_command},
      {"\\! rm -rf x", Kind::meta_command},
      {"\\o file", Kind::meta_command},
      {"\\if true", Kind::meta_command},
      {"\\gexec", Kind::meta_command},
      {"\\.", Kind::meta_command},
      {"\\", Kind::meta_command},
      {"USE db", Kind::unknown},
      {"insertinto t", Kind::unknown},
      {"\"insert\" into t", Kind::unknown},
      {"SELECT 'open", Kind::unknown},
      {"{}", Kind::unknown},
  };
  for (const auto& [text, kind] : cases) {
    CAPTURE(text);
    CHECK(std::string(describe(classify(text))) == std::string(describe(kind)));
  }
}

TEST_CASE("sql statement: what has effects that rows cannot carry is unsupported") {
  for (const Kind kind :
       {Kind::ddl, Kind::session, Kind::sequence, Kind::query, Kind::restricted, Kind::empty}) {
    CHECK(!is_unsupported(kind));
  }
  for (const Kind kind : {Kind::insert_select, Kind::update, Kind::delete_rows, Kind::truncate,
                          Kind::do_block, Kind::merge, Kind::call, Kind::copy_program,
                          Kind::rollback, Kind::meta_command, Kind::unknown}) {
    CHECK(is_unsupported(kind));
  }
}

TEST_CASE("sql statement: the scanner ends where psql ends a statement, however it is cut") {
  const std::vector<std::vector<std::string>> cases = {
      {"SELECT 1;", ";", "SELECT ';';", "SELECT \";\";", "SELECT E'\\';';"},
      {"SELECT $$;$$;", "SELECT $a$;$$;$a$;", "SELECT 1 /* ; /* ; */ ; */;", "SELECT 1 -- ;\n;"},
      {"SELECT E'a'\n'\\';';", "SELECT U&'\\';", "SELECT 'a\\';", "SELECT a$b$;", "SELECT b$c$;"},
      {"CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); DELETE FROM v;);",
       "SELECT (1);", "SELECT 1);"},
      {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;", "SELECT 1;"},
      {"create or replace procedure p() begin atomic insert into t values (1); end;", "END;"},
      {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC\n SELECT CASE WHEN a THEN 1 END;\n"
       "BEGIN SELECT 1; END; END;",
       "SELECT 1;"},
      {"CREATE FUNCTION f(\"begin\" int, b text = 'begin') AS $$ BEGIN; $$;", "SELECT 1;"},
      {"CREATE FUNCTION begin (a int) RETURNS int END AS 'x';", "SELECT 1;"},
      {"BEGIN;", "SELECT CASE WHEN true THEN 1 END;", "COMMIT;", "END;"},
      {"CREATE TABLE begin (a int);", "SELECT 1;"},
      {"DO $x$ BEGIN; END; $x$;", "do 'begin; end;';"},
  };
  for (const auto& statements : cases) {
    std::string text = " -- head\n";
    for (const std::string& statement : statements) text += statement + "\n";
    for (const std::size_t step : {1U, 2U, 7U, 64U, 100000U}) {
      CAPTURE(step);
      CHECK(split(text, step) == statements);
    }
  }
}

TEST_CASE("sql statement: a backslash command ends with its line, and ends what stands before it") {
  for (const std::size_t step : {1U, 7U, 100000U}) {
    CHECK(split("\\restrict x;y\nSELECT 1 \\gexec\nSELECT '\\';\n\\c db", step) ==
          std::vector<std::string>{"\\restrict x;y", "SELECT 1 \\gexec", "SELECT '\\';", "\\c db"});
  }
}

TEST_CASE("sql statement: text that ends before the statement is a problem") {
  const struct {
    std::string text;
    std::string problem;
  } cases[] = {
      {"SELECT 1", "problem: the last statement has no ';' at its end"},
      {"SELECT (1;\nSELECT 2;", "problem: the last statement has no ';' at its end"},
      {"CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;",
       "problem: the last statement has no ';' at its end"},
      {"SELECT 'a;", "problem: a string is never closed"},
      {"SELECT \"a;", "problem: a quoted name is never closed"},
      {"SELECT $x$;$$;", "problem: a dollar-quoted string $x$ is never closed"},
      {"SELECT /*;", "problem: a comment /* is never closed"},
  };
  for (const auto& [text, problem] : cases) {
    for (const std::size_t step : {1U, 100000U}) {
      CAPTURE(text);
      CHECK(split(text, step) == std::vector<std::string>{problem});
    }
  }
}

TEST_CASE("sql statement: settings that change how later text reads") {
  const struct {
    std::string text;
    std::string setting;
  } cases[] = {
      {"SET client_encoding = 'UTF8'", "client_encoding=UTF8"},
      {"set client_encoding to latin1", "client_encoding=latin1"},
      {"SET SESSION search_path = \"My Schema\", public", "search_path=My Schema"},
      {"SET LOCAL search_path TO App", "search_path=app"},
      {"SET search_path = ''", "search_path="},
      {"SET NAMES 'UTF8'", "client_encoding=UTF8"},
      {"SET TIME ZONE 'UTC'", "timezone=UTC"},
      {"SET TIME ZONE -3", "timezone=Etc/GMT+3"},
      {"SET TIME ZONE INTERVAL '+02:00' HOUR TO MINUTE", "timezone=Etc/GMT-2"},
      {"SET TIME ZONE INTERVAL '-03:30' HOUR TO MINUTE", "timezone=INTERVAL '-03:30'"},
      {"SET \"TimeZone\" = 'utc'", "timezone=UTC"},
      {"SELECT pg_catalog.set_config('TimeZone', '+5', false)", "timezone=Etc/GMT-5"},
      {"SET standard_conforming_strings=off", "standard_conforming_strings=off"},
      {"SET DateStyle = ISO, DMY", "datestyle=ISO, DMY"},
      {"SET datestyle TO 'ISO, MDY'", "datestyle='ISO, MDY'"},
      {"SELECT pg_catalog.set_config('search_path', '', false)", "search_path="},
      {"select set_config('search_path', '\"A b\", public', true)", "search_path=A b"},
      {"SELECT set_config('client_encoding', 'LATIN1', false)", "client_encoding=LATIN1"},
      {"RESET client_encoding", "client_encoding=default"},
      {"\\encoding SQL_ASCII", "client_encoding=sql_ascii"},
      {"\\encoding", "none"},
      {"SET ROLE x", "none"},
      {"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "none"},
      {"SELECT 1", "none"},
      {"SELECT set_config('a'", "none"},
      {"SET x = 'open", "none"},
      {"CREATE TABLE t ()", "none"},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    CHECK(setting(text) == expected);
  }
}

TEST_CASE("sql statement: a qualified name keeps its last two parts") {
  const auto name = [](const std::string& text) {
    Cursor cursor{text.data(), text.data() + text.size(), true};
    const QualifiedName found = read_qualified_name(cursor);
    return (found.schema ? *found.schema : "-") + "|" + found.name;
  };
  CHECK(name("t") == "-|t");
  CHECK(name("S . \"T\"") == "s|T");
  CHECK(name("db.\"s.x\".t") == "s.x|t");
  CHECK_THROWS_AS(name("1"), SyntaxProblem);
  CHECK_THROWS_AS(name("s."), SyntaxProblem);
}
