#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <utility>

#include "pgseed/base/error.hpp"
#include "pgseed/rest/api.hpp"

using namespace pgseed;
using namespace pgseed::rest;

namespace {

// Answers by URL; time does not pass.
class ScriptedTransport final : public Transport {
 public:
  std::function<HttpResult(const HttpRequest&)> script;
  std::vector<HttpRequest> requests;
  int waits_with_nothing_to_do = 0;

  void start(std::uint64_t id, const HttpRequest& request) override {
    requests.push_back(request);
    done_.push_back({id, script(request)});
  }
  std::vector<HttpCompletion> wait(std::chrono::milliseconds) override {
    if (done_.empty()) ++waits_with_nothing_to_do;
    return std::exchange(done_, {});
  }
  std::size_t in_flight() const override { return done_.size(); }
  void abort_all() override { done_.clear(); }

 private:
  std::vector<HttpCompletion> done_;
};

HttpResult answer(int status, std::string body, std::string server = "") {
  HttpResult result;
  result.delivery = Delivery::answered;
  result.status = status;
  result.body = std::move(body);
  result.server = std::move(server);
  return result;
}

HttpResult failure(Delivery delivery, std::string error, bool permanent = false) {
  HttpResult result;
  result.delivery = delivery;
  result.transport_error = std::move(error);
  result.permanent = permanent;
  return result;
}

const std::string kDocument =
    R"({"swagger":"2.0","paths":{},"definitions":{"t":{"properties":{"id":{"format":"integer"}}}}})";
const std::string kNoTable = R"({"code":"42P01","message":"relation does not exist"})";
const std::string kWordless = R"({"code":"","details":null,"hint":null,"message":""})";
const std::string kServer = "postgrest/12.0.2";

using Answers = std::map<std::string, HttpResult>;

// Whatever is not in the table is answered by `otherwise`.
ScriptedTransport transport_of(Answers answers, HttpResult otherwise = answer(404, "{}", kServer)) {
  ScriptedTransport transport;
  transport.script = [answers = std::move(answers),
                      otherwise = std::move(otherwise)](const HttpRequest& request) {
    const auto found = answers.find(request.url);
    return found == answers.end() ? otherwise : found->second;
  };
  return transport;
}

Connection connect_to(Transport& transport, const std::string& url, const std::string& key = "") {
  return connect(transport, url, key, "public", std::chrono::seconds(60));
}

Error error_of(ScriptedTransport transport, const std::string& url = "http://h",
               const std::string& key = "") {
  try {
    connect_to(transport, url, key);
  } catch (const Error& error) {
    CHECK_FALSE(error.message.empty());
    CHECK_FALSE(error.hint.empty());
    return error;
  }
  FAIL("connected");
  return Error(ErrorKind::rows, "");
}

bool contains(const std::string& words, const std::string& part) {
  return words.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("rest connect: the API is found with and without the prefix, as written or not") {
  for (const std::string home : {"http://h", "http://h/rest/v1"}) {
    for (const std::string written :
         {"http://h", "http://h/", "http://h/rest/v1", "http://h/rest/v1/"}) {
      CAPTURE(home);
      CAPTURE(written);
      auto transport = transport_of({{home + "/", answer(200, kDocument, kServer)}});
      const auto connection = connect_to(transport, written, " sb_secret_x ");
      CHECK(connection.endpoint.base_url == home);
      CHECK(connection.endpoint.key == "sb_secret_x");
      CHECK(connection.endpoint.timeout == std::chrono::seconds(60));
      CHECK(connection.server == kServer);
      CHECK(connection.has_openapi);
      CHECK(connection.model.tables.size() == 1);
    }
  }
}

TEST_CASE("rest connect: one request is enough where the URL is right, and it is a short one") {
  auto transport = transport_of({{"http://h/", answer(200, kDocument)}});
  connect_to(transport, "http://h");
  REQUIRE(transport.requests.size() == 1);
  CHECK(transport.requests[0].method == "GET");
  CHECK(transport.requests[0].timeout == std::chrono::seconds(10));
  CHECK(transport.requests[0].headers.front() == "Accept: application/openapi+json");
  CHECK(transport.requests[0].max_response_bytes > kMaxResponseBytes);
}

TEST_CASE(
    "rest connect: with the document switched off, a table's absence shows the right prefix") {
  for (const std::string home : {"http://h", "http://h/rest/v1"}) {
    for (const std::string written : {"http://h", "http://h/rest/v1"}) {
      auto transport =
          transport_of({{home + "/pgseed_no_such_table?limit=1", answer(404, kNoTable, kServer)}});
      const auto connection = connect_to(transport, written);
      CHECK(connection.endpoint.base_url == home);
      CHECK_FALSE(connection.has_openapi);
      CHECK(connection.model.tables.empty());
    }
  }
}

TEST_CASE("rest connect: PostgREST 13 says which path is wrong and what is switched off") {
  const auto wrong = answer(404, R"({"code":"PGRST125","message":"Invalid path"})");
  const auto off = answer(404, R"({"code":"PGRST126","message":"metadata is disabled"})");
  auto transport = transport_of({{"http://h/", off}}, wrong);
  const auto connection = connect_to(transport, "http://h/rest/v1");
  CHECK(connection.endpoint.base_url == "http://h");
  CHECK_FALSE(connection.has_openapi);
  CHECK(error_of(transport_of({}, wrong)).kind == ErrorKind::refused);
}

TEST_CASE("rest connect: PostgREST by name is believed where nothing else can be learnt") {
  auto transport = transport_of({});
  const auto connection = connect_to(transport, "http://h/api");
  CHECK(connection.endpoint.base_url == "http://h/api");
  CHECK_FALSE(connection.has_openapi);
}

TEST_CASE("rest connect: a document of the database's own in place of OpenAPI is no hindrance") {
  auto transport = transport_of({{"http://h/", answer(200, R"({"hello":1})", kServer)}});
  CHECK_FALSE(connect_to(transport, "http://h").has_openapi);
}

TEST_CASE("rest connect: a web server that is no PostgREST is refused") {
  for (const auto& page :
       {answer(200, "<html><title>Welcome</title></html>"), answer(404, "<h1>Not found</h1>"),
        answer(404, "not found"), answer(200, R"({"ok":true})"), answer(404, "{}", "nginx")}) {
    const auto error = error_of(transport_of({}, page));
    CHECK(error.kind == ErrorKind::refused);
    CHECK(contains(error.message, "no PostgREST"));
  }
}

TEST_CASE("rest connect: a redirect is refused and its target named") {
  auto redirect = answer(301, "");
  redirect.location = "https://elsewhere/";
  const auto error = error_of(transport_of({}, redirect));
  CHECK(error.kind == ErrorKind::refused);
  CHECK(contains(error.message, "https://elsewhere/"));
}

TEST_CASE("rest connect: a refused key is told with its reason") {
  struct {
    int status;
    const char* body;
    const char* message;
    const char* hint;
  } cases[] = {
      {401, R"({"code":"PGRST301","message":"JWT expired"})", "JWT expired", "new key"},
      {401, R"({"code":"PGRST301","message":"JWSError JWSInvalidSignature"})", "Signature",
       "another secret"},
      {401, R"({"code":"PGRST301","message":"Expected 3 parts; got 1"})", "3 parts", "no JWT"},
      {401, R"({"code":"PGRST301","message":"JWTNotYetValid"})", "NotYetValid", "clocks"},
      {401, R"({"code":"PGRST303","message":"JWT not in audience"})", "audience", "copy"},
      {401, R"({"code":"PGRST302","message":"x"})", "anonymous", "SUPABASE_SECRET_KEY"},
      {500, R"({"code":"PGRST300","message":"x"})", "JWT secret", "jwt-secret"},
      {400, R"({"code":"22023","message":"role \"x\" does not exist"})", "role \"x\"", "project"},
      {403, R"({"code":"42501","message":"permission denied for schema s"})", "permission denied",
       "rights"},
      {401, R"({"message":"No API key found in request"})", "wants a key", "SUPABASE_SECRET_KEY"},
      {401, R"({"message":"Invalid API key","hint":"Double check it."})", "Invalid API key",
       "Double check"},
      {403, "Forbidden", "Forbidden", "project"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.body);
    const auto error = error_of(transport_of({}, answer(c.status, c.body)));
    CHECK(error.kind == ErrorKind::refused);
    CHECK(contains(error.message, c.message));
    CHECK(contains(error.hint, c.hint));
  }
}

TEST_CASE("rest connect: a guarded page at the root does not hide the API behind the prefix") {
  auto transport = transport_of(
      {{"http://h/", answer(401, "Unauthorized")}, {"http://h/rest/v1/", answer(200, kDocument)}});
  CHECK(connect_to(transport, "http://h").endpoint.base_url == "http://h/rest/v1");
  const auto error = error_of(
      transport_of({{"http://h/", answer(401, "Unauthorized")},
                    {"http://h/rest/v1/", answer(401, R"({"message":"No API key found"})")}}));
  CHECK(contains(error.message, "wants a key"));
}

TEST_CASE("rest connect: an unexposed schema is refused, naming those exposed") {
  for (
      const auto* body :
      {R"({"code":"PGRST106","message":"The schema must be one of the following: public, api2"})",
       R"({"code":"PGRST106","message":"Invalid schema: s","hint":"Only the following schemas are exposed: public, api2"})"}) {
    const auto error = error_of(transport_of({}, answer(406, body)));
    CHECK(error.kind == ErrorKind::refused);
    CHECK(contains(error.message, "\"public\" is not exposed"));
    CHECK(contains(error.message, "exposed: public, api2"));
  }
}

TEST_CASE("rest connect: nobody there is unreachable at once") {
  auto transport = transport_of({}, failure(Delivery::not_sent, "Connection refused"));
  CHECK_THROWS_AS(connect_to(transport, "http://h"), Error);
  CHECK(transport.requests.size() == 1);
  CHECK(error_of(transport).kind == ErrorKind::unreachable);
  const auto certificate = error_of(transport_of({}, failure(Delivery::not_sent, "expired", true)));
  CHECK(certificate.kind == ErrorKind::unreachable);
  CHECK(contains(certificate.hint, "SSL_CERT_FILE"));
}

TEST_CASE("rest connect: a connection lost once is tried once more") {
  ScriptedTransport transport;
  int calls = 0;
  transport.script = [&](const HttpRequest&) {
    return ++calls == 1 ? failure(Delivery::unknown, "Empty reply") : answer(200, kDocument);
  };
  CHECK(connect_to(transport, "http://h").has_openapi);
  auto always = transport_of({}, failure(Delivery::unknown, "Empty reply"));
  CHECK_THROWS_AS(connect_to(always, "http://h"), Error);
  CHECK(always.requests.size() == 2);
}

TEST_CASE("rest connect: a proxy that wants a password refuses") {
  auto result = failure(Delivery::not_sent, "407", true);
  result.proxy_status = 407;
  CHECK(error_of(transport_of({}, result)).kind == ErrorKind::refused);
}

TEST_CASE("rest connect: a schema cache that loads is waited for") {
  ScriptedTransport transport;
  int calls = 0;
  transport.script = [&](const HttpRequest&) {
    return ++calls < 10 ? answer(503, R"({"code":"PGRST002","message":"loading"})")
                        : answer(200, kDocument);
  };
  CHECK(connect_to(transport, "http://h").has_openapi);
  CHECK(transport.waits_with_nothing_to_do == 9);
}

TEST_CASE("rest connect: a database that stays away is unreachable after a few tries") {
  for (const std::string code :
       {"PGRST000", "PGRST001", "PGRST002", "PGRST003", "57P01", "08006", "53300"}) {
    CAPTURE(code);
    auto transport = transport_of({}, answer(503, R"({"code":")" + code + R"(","message":"no"})"));
    try {
      connect_to(transport, "http://h");
      FAIL("connected");
    } catch (const Error& error) {
      CHECK(error.kind == ErrorKind::unreachable);
      CHECK(contains(error.message, "PostgREST at http://h"));
    }
    CHECK(transport.requests.size() == (code == "PGRST002" ? 20 : 4));
  }
}

TEST_CASE("rest connect: a broken gateway is unreachable, not a wrong URL") {
  CHECK(error_of(transport_of({}, answer(502, "<title>Bad Gateway</title>"))).kind ==
        ErrorKind::unreachable);
}

TEST_CASE("rest connect: a 400 without a word, as while PostgreSQL restarts, is no wrong URL") {
  CHECK(error_of(transport_of({}, answer(400, kWordless))).kind == ErrorKind::unreachable);
}

TEST_CASE("rest connect: a gateway or a database that fails for a moment does not end the run") {
  for (const HttpResult& first : {answer(400, kWordless), answer(502, "<title>Bad Gateway</title>"),
                                  answer(503, "no server"), answer(504, "")}) {
    CAPTURE(first.status);
    ScriptedTransport transport;
    int calls = 0;
    transport.script = [&](const HttpRequest&) {
      return ++calls < 4 ? first : answer(200, kDocument);
    };
    CHECK(connect_to(transport, "http://h").has_openapi);
    CHECK(transport.waits_with_nothing_to_do == 3);
  }
}

TEST_CASE("rest connect: another schema's model is read, missing or refused") {
  const Endpoint endpoint = {"http://h", "", std::chrono::seconds(5)};
  auto there = transport_of({{"http://h/", answer(200, kDocument)}});
  const auto model = read_model(there, endpoint, "api2");
  REQUIRE(model.has_value());
  CHECK(model->tables[0].name == TableName{"api2", "t"});
  auto off = transport_of({});
  CHECK_FALSE(read_model(off, endpoint, "api2").has_value());
  auto unexposed = transport_of({}, answer(406, R"({"code":"PGRST106","message":"x"})"));
  CHECK_THROWS_AS(read_model(unexposed, endpoint, "api2"), Error);
}
