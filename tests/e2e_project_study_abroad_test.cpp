// study-abroad: enum types, named indexes and updated_at triggers, on a local PostgreSQL or on
// Supabase by its environment.
#include <doctest/doctest.h>

#include <string>

#include "support/seed_project.hpp"

namespace pgseed::test {
namespace {

constexpr const char* kDatabase = "study_abroad";

const LocalPostgres& server() {
  return shared_stack().postgres;
}

SeedProject on_empty_database() {
  server().create_database(kDatabase);
  return {"study-abroad", {{"DATABASE_URL", server().url(kDatabase)}}};
}

std::string sql(const std::string& text) {
  return server().sql(text, kDatabase);
}

constexpr const char* kEnums =
    "select string_agg(typname, ' ' order by typname) from pg_type where typtype = 'e'";

}  // namespace

TEST_CASE("migrate study-abroad: downgrade base leaves nothing behind, up again gives the same") {
  const SeedProject study = on_empty_database();
  const Snapshot empty = snapshot(server().url(kDatabase));
  CHECK(study.must({"pending"}) == "<base> -> 6f815ac9ca51 (head), initial schema\n");
  study.must({"upgrade", "head"});
  CHECK(study.must({"current"}) == "6f815ac9ca51 (head)\n");
  CHECK(study.must({"pending"}).empty());
  CHECK(sql(kEnums) == "paymentstatus reportstatus");
  const Snapshot first = snapshot(server().url(kDatabase));
  server().sql(study.read("data/example.sql"), kDatabase);

  study.must({"downgrade", "base"});
  CHECK(differences(empty, snapshot(server().url(kDatabase))).empty());
  CHECK(sql(kEnums).empty());
  CHECK(sql("select count(*) from pg_trigger where not tgisinternal") == "0");
  CHECK(sql("select count(*) from pg_proc where pronamespace = 'public'::regnamespace") == "0");
  CHECK(sql("select count(*) from alembic_version") == "0");

  study.must({"upgrade", "head"});
  CHECK(differences(first, snapshot(server().url(kDatabase))).empty());
  study.must({"reset", "--yes"});
  CHECK(sql("select to_regclass('alembic_version') is null") == "t");
}

TEST_CASE("migrate study-abroad: indexes have their names, enums their values, triggers fire") {
  const SeedProject study = on_empty_database();
  study.must({"upgrade", "6f815ac9ca51"});
  CHECK(sql("select string_agg(relname || case when indisunique then '!' else '' end, ' ' "
            "order by relname) from pg_index join pg_class on pg_class.oid = indexrelid "
            "where relname like 'ix\\_%'") ==
        "ix_payments_provider_reference! ix_payments_report_id ix_payments_status "
        "ix_payments_user_id ix_reports_created_at ix_reports_status ix_reports_user_id "
        "ix_users_email!");
  CHECK(sql("select enum_range(null::reportstatus), enum_range(null::paymentstatus)") ==
        "{pending,processing,completed,failed}|{pending,succeeded,failed,refunded}");
  CHECK(sql("select string_agg(tgname || ' ' || tgrelid::regclass, ', ' order by tgname) "
            "from pg_trigger where not tgisinternal") ==
        "update_payments_updated_at payments, update_reports_updated_at reports, "
        "update_users_updated_at users");

  server().sql(study.read("data/example.sql"), kDatabase);
  CHECK(sql("select count(*) from payments where status = 'refunded'") == "1");
  CHECK_THROWS_WITH(sql("update reports set status = 'lost'"),
                    doctest::Contains("invalid input value for enum reportstatus"));
  for (const std::string table : {"users", "reports", "payments"}) {
    CAPTURE(table);
    // created_at is written again: a transaction's now() is later than that of the load.
    sql("update " + table + " set created_at = created_at");
    CHECK(sql("select bool_and(updated_at > created_at) from " + table) == "t");
  }
}

TEST_CASE("migrate study-abroad: ENABLE_SUPABASE in .env chooses the database") {
  const std::string local = "study_abroad_local";
  const std::string hosted = "study_abroad_hosted";
  const auto has_tables = [](const std::string& database) {
    return server().sql("select to_regclass('public.reports') is not null", database) == "t";
  };
  const SeedProject study("study-abroad", {});
  const auto write_env = [&](const std::string& enabled) {
    server().create_database(local);
    server().create_database(hosted);
    study.folder().write(".env", "ENABLE_SUPABASE=" + enabled +
                                     "\nDATABASE_URL=" + server().url(local) +
                                     "\nSUPABASE_DB_URL=" + server().url(hosted) +
                                     // Nobody answers here: only a warning tells that it was asked.
                                     "\nSUPABASE_URL=http://127.0.0.1:1\n"
                                     "SUPABASE_SECRET_KEY=not-a-key\n");
  };

  write_env("false");
  const Result to_local = study.migrate({"upgrade", "head"});
  CHECK(to_local.exit_code == 0);
  CHECK_FALSE(contains(to_local.err, "warning"));
  CHECK(has_tables(local));
  CHECK_FALSE(has_tables(hosted));
  CHECK(contains(study.must({"status"}), "/" + local + '\n'));

  write_env("true");
  const Result to_hosted = study.migrate({"upgrade", "head"});
  CHECK(to_hosted.exit_code == 0);
  CHECK(contains(to_hosted.err, "warning"));
  CHECK(has_tables(hosted));
  CHECK_FALSE(has_tables(local));
  CHECK(contains(study.must({"status"}), "/" + hosted + '\n'));

  // The environment goes before the file, a flag before both.
  study.must({"upgrade", "head"}, {{"ENABLE_SUPABASE", "false"}});
  CHECK(has_tables(local));
  study.must({"--database-url", server().url(hosted), "downgrade", "base"},
             {{"ENABLE_SUPABASE", "false"}});
  CHECK_FALSE(has_tables(hosted));
  CHECK(has_tables(local));
}

TEST_CASE("migrate study-abroad: a copy of .env.example works for either way") {
  const SeedProject study = on_empty_database();
  // As its reader fills it in.
  std::string example = study.read(".env.example");
  const auto fill_in = [&](const std::string& what, const std::string& with) {
    const auto at = example.find(what);
    REQUIRE_MESSAGE(at != std::string::npos, what);
    example.replace(at, what.size(), with);
  };
  fill_in("postgresql://USER:PASSWORD@127.0.0.1:5432/study_abroad", server().url(kDatabase));
  study.folder().write(".env", example);
  const Environment unset = {{"DATABASE_URL", std::nullopt}};
  study.must({"upgrade", "head"}, unset);
  CHECK(sql("select to_regclass('public.reports') is not null") == "t");

  server().create_database(kDatabase);
  fill_in("ENABLE_SUPABASE=false\n", "ENABLE_SUPABASE=true\n");
  fill_in(server().url(kDatabase), server().url("no_such_database"));
  fill_in("# SUPABASE_DB_URL=postgresql://postgres:PASSWORD@db.PROJECT.supabase.co:5432/postgres",
          "SUPABASE_DB_URL=" + server().url(kDatabase));
  study.folder().write(".env", example);
  study.must({"upgrade", "head"}, unset);
  CHECK(sql("select to_regclass('public.reports') is not null") == "t");
}

}  // namespace pgseed::test
