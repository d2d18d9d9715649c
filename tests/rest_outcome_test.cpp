#include "pgseed/rest/outcome.hpp"

#include <doctest/doctest.h>

using namespace pgseed;
using namespace pgseed::rest;

namespace {

const std::chrono::system_clock::time_point kNow{std::chrono::seconds(784'111'777)};

HttpResult answered(int status, std::string body, std::string content_type = "application/json") {
  HttpResult result;
  result.delivery = Delivery::answered;
  result.status = status;
  result.body = std::move(body);
  result.content_type = std::move(content_type);
  return result;
}

std::string error_body(const std::string& code, const std::string& message) {
  return R"({"code":")" + code + R"(","details":null,"hint":null,"message":")" + message + "\"}";
}

}  // namespace

TEST_CASE("outcome: a database error is judged by its code, whatever the status") {
  struct {
    int status;
    const char* code;
    const char* message;
    Verdict verdict;
    Remedy remedy;
  } cases[] = {
      // passes
      {500, "40P01", "deadlock detected", Verdict::retry, Remedy::none},
      {500, "40001", "could not serialize", Verdict::retry, Remedy::none},
      {500, "55P03", "lock timeout", Verdict::retry, Remedy::none},
      {503, "53300", "too many connections", Verdict::retry, Remedy::none},
      {503, "53100", "disk full", Verdict::retry, Remedy::none},
      {500, "53400", "configuration limit", Verdict::retry, Remedy::none},
      {503, "08006", "connection failure", Verdict::retry, Remedy::none},
      {503, "57P01", "terminating connection", Verdict::retry, Remedy::none},
      {500, "57P03", "starting up", Verdict::retry, Remedy::none},
      {503, "PGRST000", "no connection", Verdict::retry, Remedy::none},
      {503, "PGRST002", "schema cache", Verdict::retry, Remedy::none},
      {504, "PGRST003", "pool", Verdict::retry, Remedy::none},
      // unknown
      {500, "40003", "completion unknown", Verdict::in_doubt, Remedy::none},
      {503, "08007", "resolution unknown", Verdict::in_doubt, Remedy::none},
      {500, "57P02", "crash shutdown", Verdict::in_doubt, Remedy::none},
      {503, "PGRST001", "client error", Verdict::in_doubt, Remedy::none},
      {500, "PGRSTX00", "internal", Verdict::in_doubt, Remedy::none},
      // too much
      {500, "57014", "statement timeout", Verdict::rejected, Remedy::split},
      {413, "54000", "limit", Verdict::rejected, Remedy::split},
      {500, "54001", "stack depth", Verdict::rejected, Remedy::split},
      // keys twice, or pg-safeupdate, or a trigger's subquery
      {400, "21000", "ON CONFLICT DO UPDATE command cannot affect row a second time",
       Verdict::rejected, Remedy::separate_keys},
      {400, "21000", "DELETE requires a WHERE clause", Verdict::rejected, Remedy::stop},
      {400, "21000", "more than one row returned by a subquery", Verdict::rejected, Remedy::bisect},
      // stale cache
      {400, "PGRST204", "Column 'x' of relation 't' does not exist", Verdict::rejected,
       Remedy::reload},
      {404, "PGRST205", "Could not find the table", Verdict::rejected, Remedy::reload},
      {404, "42P01", "relation does not exist", Verdict::rejected, Remedy::reload},
      {400, "42703", "column does not exist", Verdict::rejected, Remedy::reload},
      {400, "42804", "type mismatch", Verdict::rejected, Remedy::reload},
      // hopeless
      {401, "42501", "permission denied for table t", Verdict::rejected, Remedy::stop},
      {403, "42501", "permission denied for table t", Verdict::rejected, Remedy::stop},
      {401, "PGRST301", "JWT expired", Verdict::rejected, Remedy::stop},
      {401, "PGRST302", "Anonymous access is disabled", Verdict::rejected, Remedy::stop},
      {401, "PGRST303", "claims", Verdict::rejected, Remedy::stop},
      {500, "PGRST300", "Server lacks JWT secret", Verdict::rejected, Remedy::stop},
      {406, "PGRST106", "schema", Verdict::rejected, Remedy::stop},
      {400, "PGRST100", "parse error", Verdict::rejected, Remedy::stop},
      {400, "42P10", "no unique constraint", Verdict::rejected, Remedy::stop},
      {400, "428C9", "generated", Verdict::rejected, Remedy::stop},
      {400, "42809", "wrong object", Verdict::rejected, Remedy::stop},
      {405, "25006", "read-only", Verdict::rejected, Remedy::stop},
      {500, "55000", "not updatable", Verdict::rejected, Remedy::stop},
      {403, "28000", "authorization", Verdict::rejected, Remedy::stop},
      {400, "22023", "role \\\"nobody\\\" does not exist", Verdict::rejected, Remedy::stop},
      {401, "22023", "role \\\"nobody\\\" does not exist", Verdict::rejected, Remedy::stop},
      // some row is bad
      {403, "42501", "new row violates row-level security policy for table \\\"t\\\"",
       Verdict::rejected, Remedy::bisect},
      {400, "22P02", "invalid input syntax", Verdict::rejected, Remedy::bisect},
      {400, "22023", "argument must be an array", Verdict::rejected, Remedy::bisect},
      {409, "23505", "duplicate key", Verdict::rejected, Remedy::bisect},
      {409, "23503", "foreign key", Verdict::rejected, Remedy::bisect},
      {400, "23514", "check", Verdict::rejected, Remedy::bisect},
      {400, "P0001", "raised", Verdict::rejected, Remedy::bisect},
      {500, "P0002", "no data found", Verdict::rejected, Remedy::bisect},
      {400, "PGRST102", "Empty or invalid json", Verdict::rejected, Remedy::bisect},
      {500, "XX000", "internal error", Verdict::rejected, Remedy::bisect},
      {418, "PT418", "teapot", Verdict::rejected, Remedy::bisect},
      {429, "PT429", "slower", Verdict::retry, Remedy::none},
      {413, "PT413", "smaller", Verdict::rejected, Remedy::split},
  };
  for (const auto& c : cases) {
    CAPTURE(c.status);
    CAPTURE(c.code);
    CAPTURE(c.message);
    const auto outcome = classify(answered(c.status, error_body(c.code, c.message)), kNow);
    CHECK(outcome.verdict == c.verdict);
    CHECK(outcome.remedy == c.remedy);
    CHECK(outcome.code == c.code);
    CHECK(outcome.status == c.status);
    CHECK_FALSE(outcome.message.empty());
  }
}

TEST_CASE("outcome: an answer without a database's code is judged by its status") {
  const char* page = "<html><head><title>502 Bad Gateway</title></head></html>";
  struct {
    int status;
    const char* body;
    Verdict verdict;
    Remedy remedy;
  } cases[] = {
      {400, R"({"code":"","details":null,"hint":null,"message":""})", Verdict::in_doubt,
       Remedy::none},
      {400, "400 Bad Request", Verdict::rejected, Remedy::stop},
      {400, "", Verdict::rejected, Remedy::stop},
      {400, R"({"code":"custom","message":"raised by a function"})", Verdict::rejected,
       Remedy::bisect},
      {401, R"({"message":"Invalid API key"})", Verdict::rejected, Remedy::stop},
      {401, R"({"code":"NO_HEADER","message":"Missing"})", Verdict::rejected, Remedy::stop},
      {403, page, Verdict::rejected, Remedy::stop},
      {404, "{}", Verdict::rejected, Remedy::reload},
      {404, R"({"message":"no Route matched with those values"})", Verdict::rejected, Remedy::stop},
      {404, page, Verdict::rejected, Remedy::stop},
      {407, page, Verdict::rejected, Remedy::stop},
      {408, "", Verdict::retry, Remedy::none},
      {413, page, Verdict::rejected, Remedy::split},
      {413, "", Verdict::rejected, Remedy::split},
      {414, page, Verdict::rejected, Remedy::stop},
      {431, "", Verdict::rejected, Remedy::stop},
      {429, page, Verdict::retry, Remedy::none},
      {429, R"({"message":"API rate limit exceeded"})", Verdict::retry, Remedy::none},
      {500, "Something went wrong", Verdict::in_doubt, Remedy::none},
      {500, R"({"code":10000,"message":"five digits of a gateway"})", Verdict::in_doubt,
       Remedy::none},
      {502, R"({"message":"An invalid response was received from the upstream server"})",
       Verdict::in_doubt, Remedy::none},
      {502, page, Verdict::in_doubt, Remedy::none},
      {503, page, Verdict::in_doubt, Remedy::none},
      {503, "", Verdict::in_doubt, Remedy::none},
      {504, "", Verdict::in_doubt, Remedy::none},
      {520, page, Verdict::in_doubt, Remedy::none},
      {524, page, Verdict::in_doubt, Remedy::none},
      {301, "", Verdict::rejected, Remedy::stop},
      {200, page, Verdict::in_doubt, Remedy::none},
      {0, "", Verdict::in_doubt, Remedy::none},
  };
  for (const auto& c : cases) {
    CAPTURE(c.status);
    CAPTURE(c.body);
    const bool html = c.body[0] == '<';
    const auto outcome =
        classify(answered(c.status, c.body, html ? "text/html" : "application/json"), kNow);
    CHECK(outcome.verdict == c.verdict);
    CHECK(outcome.remedy == c.remedy);
    CHECK_FALSE(outcome.message.empty());
  }
}

TEST_CASE("outcome: without an answer, what matters is whether the request left") {
  struct {
    Delivery delivery;
    bool permanent;
    int proxy_status;
    Verdict verdict;
    Remedy remedy;
  } cases[] = {
      {Delivery::not_sent, false, 0, Verdict::retry, Remedy::none},
      {Delivery::not_sent, true, 0, Verdict::rejected, Remedy::stop},
      {Delivery::not_sent, true, 407, Verdict::rejected, Remedy::stop},
      {Delivery::unknown, false, 0, Verdict::in_doubt, Remedy::none},
      {Delivery::unknown, true, 0, Verdict::in_doubt, Remedy::none},
  };
  for (const auto& c : cases) {
    HttpResult result;
    result.delivery = c.delivery;
    result.permanent = c.permanent;
    result.proxy_status = c.proxy_status;
    result.transport_error = "Recv failure: Connection reset by peer";
    const auto outcome = classify(result, kNow);
    CHECK(outcome.verdict == c.verdict);
    CHECK(outcome.remedy == c.remedy);
    CHECK(outcome.status == c.proxy_status);
    CHECK_FALSE(outcome.message.empty());
  }
}

TEST_CASE("outcome: an accepted batch carries the server's count") {
  auto result = answered(201, "");
  result.content_range = "*/500";
  CHECK(classify(result, kNow).verdict == Verdict::accepted);
  CHECK(classify(result, kNow).affected == 500);
  CHECK(classify(result, kNow).message.empty());
  result.content_range = "*/*";
  result.status = 204;
  CHECK(classify(result, kNow).verdict == Verdict::accepted);
  CHECK_FALSE(classify(result, kNow).affected.has_value());
}

TEST_CASE("outcome: Retry-After is kept beside the verdict") {
  auto result = answered(429, "");
  result.retry_after = "7";
  CHECK(classify(result, kNow).retry_after == std::chrono::seconds(7));
  result.retry_after = "garbage";
  CHECK_FALSE(classify(result, kNow).retry_after.has_value());
}

TEST_CASE("outcome: a 503 that names a time to come back did not let the request in") {
  auto result = answered(503, "<html><title>Maintenance</title></html>", "text/html");
  for (const auto* header : {"0", "5", "garbage"}) {
    result.retry_after = header;
    CHECK(classify(result, kNow).verdict == Verdict::retry);
  }
  for (const auto* header : {"", " "}) {
    result.retry_after = header;
    CHECK(classify(result, kNow).verdict == Verdict::in_doubt);
  }
}

TEST_CASE("outcome: details and hint are passed on, also when they are no strings") {
  const auto outcome = classify(
      answered(409, R"({"code":"23505","details":{"a":1},"hint":"look","message":"twice"})"), kNow);
  CHECK(outcome.message == "twice");
  CHECK(outcome.details == R"({"a":1})");
  CHECK(outcome.hint == "look");
}

TEST_CASE("outcome: a page's title is quoted, its markup is not") {
  const auto titled = classify(
      answered(502, "<html><title>\n 502 Bad\tGateway </title><p>x</p>", "text/html"), kNow);
  CHECK(titled.message ==
        "A web page answered instead of PostgREST: HTTP status 502: 502 Bad Gateway");
  const auto untitled = classify(
      answered(
          502,
          "<!-- no --><style>p {}</style><script>let x = 1 < 2;</script><p>Try <b>later</b></p>",
          ""),
      kNow);
  CHECK(untitled.message.ends_with("HTTP status 502: Try later"));
  const auto long_page =
      classify(answered(502, "<p>" + std::string(100'000, 'x'), "text/html"), kNow);
  CHECK(long_page.message.size() < 300);
  CHECK(classify(answered(502, "<p unclosed", "text/html"), kNow).message.size() < 300);
}

TEST_CASE("outcome: messages are bounded, on one line and without secrets") {
  std::string long_text;
  for (int i = 0; i < 5000; ++i) long_text += "é";
  const auto outcome = classify(answered(400, error_body("22P02", long_text)), kNow);
  CHECK(outcome.message.size() <= 4096);
  CHECK(outcome.message.ends_with("é..."));

  const auto odd = classify(answered(400, error_body("22P02", "a\\nb\\u001b[31mc\\u0007")), kNow);
  CHECK(odd.message == "a b [31mc");

  const std::string key = "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoieCJ9.c2lnbmF0dXJl";
  for (const auto& body : {error_body("PGRST301", "bad " + key), "plain " + key,
                           "<title>" + key + "</title>", "<p>" + key}) {
    CHECK(classify(answered(401, body), kNow).message.find("eyJ") == std::string::npos);
  }
  auto redirect = answered(307, "");
  redirect.location = "https://u:canary@elsewhere/";
  CHECK(classify(redirect, kNow).message.find("canary") == std::string::npos);
  CHECK(classify(redirect, kNow).message.find("elsewhere") != std::string::npos);
}

TEST_CASE("outcome: the code is found in an error body that was cut for its length") {
  auto body = error_body("22P02", "invalid input syntax for type integer: 'xxxxxxxxxxxxxxxxxxx");
  body.resize(body.size() - 10);
  const auto outcome = classify(answered(400, body), kNow);
  CHECK(outcome.code == "22P02");
  CHECK(outcome.remedy == Remedy::bisect);
  CHECK(outcome.message.starts_with("invalid input syntax"));
}
