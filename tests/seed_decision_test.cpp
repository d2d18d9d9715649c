// Every line of the outcome tables against every mode: answer -> outcome -> what to do.
#include "pgseed/seed/input/decision.hpp"

#include <doctest/doctest.h>

#include "pgseed/base/text.hpp"

using namespace pgseed;
using namespace pgseed::seed;

namespace {

rest::Outcome outcome_of(const HttpResult& result) {
  return rest::classify(result, std::chrono::system_clock::time_point{});
}

rest::Outcome answered(int status, const std::string& code, const std::string& message = "no") {
  HttpResult result;
  result.delivery = Delivery::answered;
  result.status = status;
  result.content_type = "application/json; charset=utf-8";
  result.body =
      text(R"({"code":")", code, R"(","details":null,"hint":null,"message":")", message, "\"}");
  return outcome_of(result);
}

rest::Outcome plain(int status, const std::string& body, const std::string& type = "text/plain",
                    const std::string& retry_after = "") {
  HttpResult result;
  result.delivery = Delivery::answered;
  result.status = status;
  result.content_type = type;
  result.body = body;
  result.retry_after = retry_after;
  return outcome_of(result);
}

rest::Outcome no_answer(Delivery delivery, bool permanent = false, int proxy_status = 0) {
  HttpResult result;
  result.delivery = delivery;
  result.permanent = permanent;
  result.proxy_status = proxy_status;
  result.transport_error = "Recv failure";
  return outcome_of(result);
}

constexpr Mode kModes[] = {Mode::insert, Mode::upsert, Mode::ignore, Mode::force};

Action act(const rest::Outcome& outcome, Mode mode, bool has_key, bool retried = false) {
  Situation situation;
  situation.mode = mode;
  situation.has_key = has_key;
  situation.retried = retried;
  return decide(outcome, situation);
}

bool resolves(Mode mode) {
  return mode == Mode::upsert || mode == Mode::ignore;
}

}  // namespace

TEST_CASE("decision: a definite answer means the same in every mode, with and without a key") {
  struct {
    int status;
    const char* code;
    const char* message;
    Action action;
  } cases[] = {
      // Passes by itself; the statement was rolled back or never began.
      {503, "PGRST000", "no connection", Action::retry},
      {503, "PGRST002", "schema cache", Action::retry},
      {504, "PGRST003", "pool", Action::retry},
      {503, "57P01", "terminated", Action::retry},
      {500, "57P03", "starting up", Action::retry},
      {500, "40P01", "deadlock", Action::retry},
      {500, "40001", "serialisation", Action::retry},
      {500, "40002", "rollback", Action::retry},
      {500, "55P03", "lock timeout", Action::retry},
      {503, "53000", "resources", Action::retry},
      {503, "53100", "disk full", Action::retry},
      {503, "53200", "memory", Action::retry},
      {503, "53300", "connections", Action::retry},
      {503, "53400", "limit", Action::retry},
      {503, "08000", "connection", Action::retry},
      {503, "08003", "connection", Action::retry},
      {503, "08006", "connection", Action::retry},
      {500, "58030", "I/O error", Action::retry},
      {429, "PT429", "slower", Action::retry},
      // Too much at once.
      {500, "57014", "statement timeout", Action::halve},
      {413, "54000", "program limit", Action::halve},
      {500, "54001", "stack depth", Action::halve},
      // One key twice in a statement.
      {400, "21000", "ON CONFLICT DO UPDATE command cannot affect row a second time",
       Action::halve_in_turn},
      // Some row is bad.
      {400, "21000", "more than one row returned by a subquery", Action::bisect},
      {400, "22P02", "invalid input syntax", Action::bisect},
      {400, "22P05", "NUL", Action::bisect},
      {400, "22001", "too long", Action::bisect},
      {400, "22003", "out of range", Action::bisect},
      {400, "22023", "argument", Action::bisect},
      {400, "23000", "integrity", Action::bisect},
      {400, "23502", "not null", Action::bisect},
      {409, "23503", "foreign key", Action::bisect},
      {409, "23505", "duplicate key", Action::bisect},
      {400, "23514", "check", Action::bisect},
      {400, "23P01", "exclusion", Action::bisect},
      {400, "P0001", "raised", Action::bisect},
      {500, "P0002", "no data", Action::bisect},
      {500, "XX000", "hstore", Action::bisect},
      {404, "42883", "no such function", Action::bisect},
      {403, "42501", "new row violates row-level security policy", Action::bisect},
      {400, "PGRST102", "invalid json", Action::bisect},
      {418, "PT418", "teapot", Action::bisect},
      // The schema cache may be old.
      {400, "PGRST204", "column", Action::reload},
      {404, "PGRST205", "table", Action::reload},
      {404, "42P01", "relation", Action::reload},
      {400, "42703", "column", Action::reload},
      {400, "42804", "type", Action::reload},
      // Hopeless.
      {401, "PGRST301", "JWT expired", Action::stop},
      {401, "PGRST302", "anonymous", Action::stop},
      {401, "PGRST303", "claims", Action::stop},
      {500, "PGRST300", "no secret", Action::stop},
      {406, "PGRST106", "schema", Action::stop},
      {400, "PGRST100", "parse", Action::stop},
      {400, "PGRST122", "preferences", Action::stop},
      {401, "42501", "permission denied", Action::stop},
      {403, "42501", "permission denied", Action::stop},
      {403, "0L000", "grantor", Action::stop},
      {403, "0P000", "role", Action::stop},
      {403, "28000", "authorization", Action::stop},
      {400, "22023", "role \\\"nobody\\\" does not exist", Action::stop},
      {405, "25006", "read-only", Action::stop},
      {500, "55000", "view", Action::stop},
      {400, "42P10", "conflict target", Action::stop},
      {400, "428C9", "generated", Action::stop},
      {400, "42809", "wrong object", Action::stop},
      {400, "21000", "DELETE requires a WHERE clause", Action::stop},
      {500, "57P04", "database dropped", Action::stop},
  };
  for (const auto& c : cases) {
    CAPTURE(c.status);
    CAPTURE(c.code);
    CAPTURE(c.message);
    for (const Mode mode : kModes) {
      CAPTURE(name(mode));
      for (const bool has_key : {true, false}) {
        CHECK(act(answered(c.status, c.code, c.message), mode, has_key) == c.action);
      }
    }
  }
}

TEST_CASE("decision: gateways and proxies are judged by the status") {
  const char* page = "<html><title>no</title></html>";
  struct {
    rest::Outcome outcome;
    Action action;
  } cases[] = {
      {plain(429, page, "text/html"), Action::retry},
      {plain(429, "", "", "7"), Action::retry},
      {plain(408, ""), Action::retry},
      {plain(503, page, "text/html", "1"), Action::retry},
      {plain(503, "", "", "garbage"), Action::retry},
      {plain(413, page, "text/html"), Action::halve},
      {plain(413, ""), Action::halve},
      {plain(404, "{}", "application/json"), Action::reload},
      {plain(404, page, "text/html"), Action::stop},
      {plain(400, "400 Bad Request"), Action::stop},
      {plain(401, R"({"message":"Invalid API key"})", "application/json"), Action::stop},
      {plain(403, page, "text/html"), Action::stop},
      {plain(407, page, "text/html"), Action::stop},
      {plain(414, page, "text/html"), Action::stop},
      {plain(431, ""), Action::stop},
      {plain(301, ""), Action::stop},
      {plain(307, ""), Action::stop},
      {plain(308, page, "text/html"), Action::stop},
      {no_answer(Delivery::not_sent), Action::retry},
      {no_answer(Delivery::not_sent, true), Action::stop},
      {no_answer(Delivery::not_sent, true, 407), Action::stop},
  };
  for (const auto& c : cases) {
    CAPTURE(c.outcome.status);
    CAPTURE(c.outcome.message);
    for (const Mode mode : kModes) {
      CHECK(act(c.outcome, mode, true) == c.action);
      CHECK(act(c.outcome, mode, false) == c.action);
    }
  }
}

TEST_CASE("decision: an unknown outcome is repeated, asked about, or reported") {
  const char* page = "<html><title>Bad Gateway</title></html>";
  for (const rest::Outcome& unknown :
       {no_answer(Delivery::unknown), no_answer(Delivery::unknown, true),
        plain(500, "Something went wrong"), plain(502, page, "text/html"),
        plain(502, R"({"message":"An invalid response"})", "application/json"),
        plain(503, page, "text/html"), plain(504, ""), plain(520, page, "text/html"),
        plain(522, page, "text/html"), plain(524, page, "text/html"), plain(200, page, "text/html"),
        answered(500, "40003"), answered(503, "08007"), answered(500, "PGRSTX00"),
        // The connection to PostgreSQL was lost: the COMMIT may have been carried out.
        answered(503, "PGRST001"), answered(500, "57P02"),
        plain(400, R"({"code":"","message":""})", "application/json")}) {
    CAPTURE(unknown.status);
    CAPTURE(unknown.message);
    for (const Mode mode : kModes) {
      CAPTURE(name(mode));
      CHECK(act(unknown, mode, true) == (resolves(mode) ? Action::retry : Action::ask));
      // Rows that the server numbers are stored twice, whatever the resolution.
      CHECK(act(unknown, mode, false) == Action::doubt);
    }
  }
}

TEST_CASE("decision: a batch that was tried before asks when a key is refused") {
  const rest::Outcome duplicate = answered(409, "23505");
  for (const Mode mode : kModes) {
    CAPTURE(name(mode));
    CHECK(act(duplicate, mode, true, true) == (resolves(mode) ? Action::bisect : Action::ask));
    CHECK(act(duplicate, mode, true, false) == Action::bisect);
    CHECK(act(duplicate, mode, false, true) == Action::bisect);
    CHECK(act(answered(400, "23514"), mode, true, true) == Action::bisect);
  }
}

TEST_CASE("decision: a stale schema cache is waited for a few times, then the run stops") {
  for (const rest::Outcome& stale :
       {plain(404, "{}", "application/json"), answered(404, "PGRST205"), answered(400, "PGRST204"),
        answered(400, "42703"), answered(400, "42804"), answered(404, "42P01")}) {
    CAPTURE(stale.code);
    Situation situation;
    situation.own_table = true;
    for (situation.reloads = 0; situation.reloads < 3; ++situation.reloads) {
      CHECK(decide(stale, situation) == Action::reload);
    }
    CHECK(decide(stale, situation) == Action::stop);
  }
}

TEST_CASE("decision: a missing relation that is not the table itself is a row's fault") {
  Situation situation;
  CHECK(decide(answered(404, "42P01"), situation) == Action::reload);
  situation.reloads = 1;
  CHECK(decide(answered(404, "42P01"), situation) == Action::bisect);
}

TEST_CASE("decision: what was accepted is counted") {
  HttpResult result;
  result.delivery = Delivery::answered;
  for (const int status : {200, 201, 204}) {
    result.status = status;
    for (const Mode mode : kModes) CHECK(act(outcome_of(result), mode, false) == Action::count);
  }
}
