// The splitter against PostgreSQL's own grammar, as libpg_query wraps it: over a list of nasty
// texts, and over the dumps of the folder that PGSEED_DUMPS names. Built where libpg_query is.
#ifdef PGSEED_PG_QUERY
#include <doctest/doctest.h>
#include <pg_query.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "pgseed/base/error.hpp"
#include "pgseed/migrate/script.hpp"
#include "pgseed/migrate/script_transaction.hpp"
#include "pgseed/sql/cursor.hpp"
#include "pgseed/sql/dialect.hpp"

using namespace pgseed;

namespace {

// From its first token to its last one.
std::string trimmed(std::string_view statement) {
  sql::Cursor cursor{statement.data(), statement.data() + statement.size(), true};
  sql::skip_blanks(cursor);
  const char* const begin = cursor.position;
  const char* end = begin;
  for (; !cursor.at_end(); sql::skip_blanks(cursor)) {
    sql::skip_token(cursor);
    end = cursor.position;
  }
  return {begin, end};
}

// A migration's own BEGIN and COMMIT are not sent.
bool is_sent(const std::string& statement) {
  const migrate::TransactionStep step = migrate::transaction_step(statement);
  return !statement.empty() && step != migrate::TransactionStep::begin &&
         step != migrate::TransactionStep::commit;
}

std::optional<std::vector<std::string>> taken(PgQuerySplitResult result, const std::string& text) {
  std::optional<std::vector<std::string>> statements;
  if (result.error == nullptr) {
    statements.emplace();
    for (int index = 0; index < result.n_stmts; ++index) {
      const PgQuerySplitStmt& found = *result.stmts[index];
      std::string statement = trimmed(std::string_view(text).substr(
          static_cast<std::size_t>(found.stmt_location), static_cast<std::size_t>(found.stmt_len)));
      if (is_sent(statement)) statements->push_back(std::move(statement));
    }
  }
  pg_query_free_split_result(result);
  return statements;
}

// The parser knows that the semicolons of a BEGIN ATOMIC body end nothing, which the scanner does
// not; but it refuses text with a syntax error anywhere, which some dumps have.
std::vector<std::string> by_oracle(const std::string& text, bool& parsed) {
  auto statements = taken(pg_query_split_with_parser(text.c_str()), text);
  parsed = statements.has_value();
  if (!parsed) statements = taken(pg_query_split_with_scanner(text.c_str()), text);
  REQUIRE(statements);
  return *statements;
}

std::vector<std::string> by_pgseed(const std::string& text) {
  migrate::Section section;
  section.text = text;
  section.path = "a.sql";
  section.options.transaction = false;  // settings stay as they are written
  std::vector<std::string> statements;
  try {
    for (const migrate::ScriptStatement& statement : migrate::split_section(section)) {
      statements.push_back(trimmed(statement.sql));
    }
  } catch (const Error& error) {
    statements.push_back("error: " + error.where + ": " + error.message);
  }
  return statements;
}

// What differs first, readable.
std::string difference(const std::vector<std::string>& ours,
                       const std::vector<std::string>& theirs) {
  for (std::size_t index = 0; index < std::max(ours.size(), theirs.size()); ++index) {
    const std::string our = index < ours.size() ? ours[index] : "(nothing)";
    const std::string their = index < theirs.size() ? theirs[index] : "(nothing)";
    if (our != their) {
      return std::to_string(index) + ": {" + our.substr(0, 300) + "} is {" + their.substr(0, 300) +
             "} for the oracle";
    }
  }
  return {};
}

// Without what is psql's and not SQL (the lines of COPY ... FROM stdin with its data, lines that
// begin with a backslash) and without the setting that a migration may not make.
std::string without_psql(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  bool copying = false;
  for (std::string line; std::getline(lines, line);) {
    const bool ends_data = line == "\\." || line == "\\.\r";
    if (!copying && line.rfind("COPY ", 0) == 0 && line.find("FROM stdin") != std::string::npos) {
      copying = true;
    } else if (!copying && line.substr(0, 1) != "\\" && line != "SET CLIENT_ENCODING=latin1;") {
      out += line + "\n";
    }
    if (ends_data) copying = false;
  }
  return out;
}

}  // namespace

TEST_CASE("split oracle: nasty texts split as PostgreSQL's grammar splits them") {
  const std::string texts[] = {
      "SELECT 1",
      "SELECT 1;;; ; SELECT 2;",
      "-- a ; b\nSELECT 1 /* ; */ ; /* ' */ SELECT 2 -- ' ;\n;\nSELECT 3 -- end",
      "/* a /* nested ; */ still ; */ SELECT 1; SELECT/**/2;",
      "SELECT ';' ; SELECT 'it''s; fine'; SELECT 'a\\'; SELECT 'b'",
      "SELECT E'\\';' ; SELECT e'a''b\\\\'; SELECT 1",
      "SELECT 'a'\n';b' ; SELECT E'a'\n'\\';' ; SELECT 1",
      "SELECT U&'d\\0061;' ; SELECT U&'d!0061;' UESCAPE '!' ; SELECT U&\"d\\0061;\" FROM t",
      "SELECT B'01;'; SELECT X'1F'; SELECT N'a;b'",
      "SELECT \"a;\"\"b\" FROM \"c;\"; SELECT 1",
      "SELECT $$a;b$$; SELECT $x$ $$ ; $y$ ; $x$; SELECT $é$;$é$",
      "SELECT a$b$c FROM t; SELECT $1; SELECT 1",
      "PREPARE p AS SELECT $1 ; EXECUTE p(';')",
      "SELECT 1 - -1; SELECT 1 --;\n- 1; SELECT 2 */**/ 3",
      "SELECT @-1; SELECT '{}'::jsonb -> 'a;' ->> 'b'; SELECT 5 # 3",
      "SELECT a[1:2], b::text FROM t; SELECT 1",
      "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $f$\nBEGIN\n  EXECUTE $q$ SELECT 1; "
      "$q$;\n  RETURN NEW; -- $f\nEND;\n$f$; SELECT 1",
      "CREATE FUNCTION f(a int DEFAULT 1) RETURNS int LANGUAGE sql\nBEGIN ATOMIC\n  SELECT 1;\n  "
      "SELECT CASE WHEN a > 1 THEN 2 ELSE CASE a WHEN 1 THEN 3 END END;\nEND; SELECT 2",
      "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC INSERT INTO t VALUES (';'); DELETE FROM t; END;"
      " CALL p();",
      "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC END; SELECT 1",
      "CREATE FUNCTION f() RETURNS int RETURN CASE WHEN true THEN 1 END; SELECT 1",
      "create function \"begin\"() returns int language sql as 'select 1;'; select 1",
      "CREATE TABLE t (\"begin\" int, \"end\" int, atomic int); SELECT 1",
      "CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); INSERT INTO v VALUES "
      "(2));"
      " SELECT 1",
      "CREATE RULE r AS ON UPDATE TO t WHERE old.a <> new.a DO INSTEAD (UPDATE u SET a = (SELECT "
      "1);"
      " NOTIFY t;); SELECT 1",
      "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING; SELECT 1",
      "DO $$ BEGIN RAISE NOTICE ';'; END $$; DO LANGUAGE plpgsql 'BEGIN NULL; END'; SELECT 1",
      "DO $do$\nDECLARE c text := ';';\nBEGIN\n  FOR i IN 1..2 LOOP NULL; END LOOP;\nEND\n$do$",
      "BEGIN; SELECT 1; COMMIT; START TRANSACTION; SELECT 2; END",
      "CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW WHEN (old.* IS DISTINCT FROM new.*) "
      "EXECUTE "
      "FUNCTION f(';'); SELECT 1",
      "CREATE POLICY p ON t USING (a = current_setting('x;')::int) WITH CHECK (true); SELECT 1",
      "COMMENT ON TABLE t IS 'a;\n-- b'; COMMENT ON COLUMN t.a IS $$;$$",
      "GRANT SELECT ON ALL TABLES IN SCHEMA s TO r; ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES "
      "TO r",
      "CREATE VIEW v AS WITH a AS (SELECT 1), b AS (VALUES (1), (2)) SELECT * FROM a, b; SELECT 1",
      "INSERT INTO t VALUES ('a;'), (E'\\n;') ON CONFLICT (a) DO UPDATE SET b = ';' RETURNING *",
      "WITH x AS (DELETE FROM t RETURNING *) INSERT INTO u SELECT * FROM x; SELECT 1",
      "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN DO NOTHING",
      "SET search_path = a, \"b;\"; SET TIME ZONE 'UTC'; RESET ALL",
      "CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT 1; SELECT 1",
      "SELECT 1\r\n;\r\nSELECT 2 -- a\r\n;",
      "SELECT 'żółw;', \"żółw;\" FROM 表; SELECT 1",
  };
  for (const std::string& text : texts) {
    CAPTURE(text);
    bool parsed = false;
    const std::vector<std::string> expected = by_oracle(text, parsed);
    CHECK(parsed);
    CHECK(difference(by_pgseed(text), expected) == "");
  }
}

TEST_CASE("split oracle: every PostgreSQL dump of PGSEED_DUMPS splits as PostgreSQL splits it") {
  const char* const folder = std::getenv("PGSEED_DUMPS");
  if (folder == nullptr) {
    MESSAGE("PGSEED_DUMPS is not set: no real dumps are split");
    return;
  }
  std::size_t compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".sql") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const std::string_view head = std::string_view(text).substr(0, 65536);
    if (sql::detect_dialect(head) != sql::Dialect::postgresql) continue;
    const std::string name = entry.path().filename().string();
    CAPTURE(name);
    const std::string plain = without_psql(text);
    bool parsed = false;
    const std::vector<std::string> expected = by_oracle(plain, parsed);
    CHECK(!expected.empty());
    CHECK(difference(by_pgseed(plain), expected) == "");
    ++compared;
  }
  CHECK(compared > 0);
}

#endif  // PGSEED_PG_QUERY
