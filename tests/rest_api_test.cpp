#include "pgseed/rest/api.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "pgseed/base/error.hpp"
#include "pgseed/rest/url.hpp"

using namespace pgseed;
using namespace pgseed::rest;

namespace {

const Endpoint kEndpoint = {"http://h:3000", "", std::chrono::seconds(5)};
const TableName kTable = {"public", "t"};

std::size_t count(const std::vector<std::string>& headers, const std::string& line) {
  return static_cast<std::size_t>(std::count(headers.begin(), headers.end(), line));
}

bool any_starts_with(const std::vector<std::string>& headers, const std::string& name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const std::string& line) { return line.starts_with(name); });
}

ErrorKind kind_of(const std::string& url) {
  try {
    checked_base_url(url);
  } catch (const Error& error) {
    CHECK(error.message.find("canary") == std::string::npos);
    CHECK_FALSE(error.hint.empty());
    return error.kind;
  }
  return ErrorKind::rows;
}

}  // namespace

TEST_CASE("rest api: every byte outside the unreserved ones is percent-encoded") {
  CHECK(percent_encode("AZaz09-._~") == "AZaz09-._~");
  CHECK(percent_encode("Odd Table") == "Odd%20Table");
  CHECK(percent_encode("a+b/c%,\"&=") == "a%2Bb%2Fc%25%2C%22%26%3D");
  CHECK(percent_encode("\xE8\xA1\xA8") == "%E8%A1%A8");
  CHECK(percent_encode(std::string_view("\0\r\n", 3)) == "%00%0D%0A");
}

TEST_CASE("rest api: names in lists are always quoted") {
  CHECK(encode_name_list({}) == "");
  CHECK(encode_name_list({"id"}) == "%22id%22");
  CHECK(encode_name_list({"id", "q\"x", "b\\s", "a,b"}) ==
        "%22id%22%2C%22q%5C%22x%22%2C%22b%5C%5Cs%22%2C%22a%2Cb%22");
}

TEST_CASE("rest api: filter values are quoted with backslashes") {
  CHECK(quote_filter_value("a,b)") == "\"a,b)\"");
  CHECK(quote_filter_value("c\"d\\") == "\"c\\\"d\\\\\"");
  CHECK(quote_filter_value("") == "\"\"");
}

TEST_CASE("rest api: both profile headers are always sent") {
  const auto headers = common_headers(kEndpoint, "api2");
  CHECK(count(headers, "Accept-Profile: api2") == 1);
  CHECK(count(headers, "Content-Profile: api2") == 1);
  CHECK(count(headers, "Accept: application/json") == 1);
  CHECK(any_starts_with(headers, "User-Agent: pgseed/"));
}

TEST_CASE("rest api: a JWT goes in both key headers, an sb_ key in apikey only, no key in none") {
  auto endpoint = kEndpoint;
  CHECK_FALSE(any_starts_with(common_headers(endpoint, "public"), "apikey"));
  CHECK_FALSE(any_starts_with(common_headers(endpoint, "public"), "Authorization"));
  endpoint.key = " \n";
  CHECK_FALSE(any_starts_with(common_headers(endpoint, "public"), "apikey"));
  endpoint.key = " eyJh.b.c\n";
  CHECK(count(common_headers(endpoint, "public"), "apikey: eyJh.b.c") == 1);
  CHECK(count(common_headers(endpoint, "public"), "Authorization: Bearer eyJh.b.c") == 1);
  endpoint.key = "sb_secret_x";
  CHECK(count(common_headers(endpoint, "public"), "apikey: sb_secret_x") == 1);
  CHECK_FALSE(any_starts_with(common_headers(endpoint, "public"), "Authorization"));
}

TEST_CASE("rest api: a key or schema that cannot stand in a header is refused, and not shown") {
  auto endpoint = kEndpoint;
  for (const auto* key : {"canary\r\nX-Evil: 1", "two canary", "canary\x01", "canary\xC3\xA9"}) {
    endpoint.key = key;
    try {
      common_headers(endpoint, "public");
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.kind == ErrorKind::usage);
      CHECK(error.message.find("canary") == std::string::npos);
    }
  }
  CHECK_THROWS_AS(common_headers(kEndpoint, "a\r\nb"), Error);
  CHECK_THROWS_AS(common_headers(kEndpoint, ""), Error);
}

TEST_CASE("rest api: an insert names its columns and asks for the count") {
  const auto request = insert_request(kEndpoint, {"public", "Odd Table"}, {"id", "a,b"}, {});
  CHECK(request.method == "POST");
  CHECK(request.url == "http://h:3000/Odd%20Table?columns=%22id%22%2C%22a%2Cb%22");
  CHECK(request.timeout == std::chrono::seconds(5));
  CHECK(count(request.headers, "Content-Type: application/json") == 1);
  CHECK(count(request.headers, "Prefer: return=minimal,count=exact") == 1);
}

TEST_CASE("rest api: resolution, conflict target and time zone follow the options") {
  struct {
    WriteOptions options;
    const char* url;
    const char* prefer;
  } cases[] = {
      {{Resolution::merge_duplicates, {}, ""},
       "http://h:3000/t?columns=%22a%22",
       "Prefer: return=minimal,count=exact,resolution=merge-duplicates"},
      {{Resolution::ignore_duplicates, {"a", "b"}, "America/New_York"},
       "http://h:3000/t?columns=%22a%22&on_conflict=%22a%22%2C%22b%22",
       "Prefer: return=minimal,count=exact,resolution=ignore-duplicates,timezone=America/New_York"},
      {{Resolution::none, {"a"}, "UTC"},
       "http://h:3000/t?columns=%22a%22",
       "Prefer: return=minimal,count=exact,timezone=UTC"},
  };
  for (const auto& c : cases) {
    const auto request = insert_request(kEndpoint, kTable, {"a"}, c.options);
    CHECK(request.url == c.url);
    CHECK(count(request.headers, c.prefer) == 1);
  }
}

TEST_CASE("rest api: a trial is an insert whose answer must be one object") {
  const auto insert = insert_request(kEndpoint, kTable, {"a"}, {});
  const auto trial = trial_request(kEndpoint, kTable, {"a"}, {});
  CHECK(trial.method == "POST");
  CHECK(trial.url == insert.url);
  CHECK(trial.headers.size() == insert.headers.size());
  CHECK(count(insert.headers, "Accept: application/json") == 1);
  CHECK(count(trial.headers, "Accept: application/json") == 0);
  CHECK(count(trial.headers, "Accept: application/vnd.pgrst.object+json") == 1);
}

TEST_CASE("rest api: rows of defaults have no columns parameter") {
  CHECK(insert_request(kEndpoint, kTable, {}, {}).url == "http://h:3000/t");
  CHECK(insert_request(kEndpoint, kTable, {}, {Resolution::merge_duplicates, {"a"}, ""}).url ==
        "http://h:3000/t?on_conflict=%22a%22");
}

TEST_CASE("rest api: a time zone cannot smuggle in another preference") {
  for (const auto* zone : {"UTC,tx=rollback", "a b", "UTC\r\nX: 1", "x;y", "a=b", "\"UTC\""}) {
    CAPTURE(zone);
    CHECK_THROWS_AS(insert_request(kEndpoint, kTable, {"a"}, {Resolution::none, {}, zone}), Error);
  }
}

TEST_CASE("rest api: deleting all rows always sends a filter, also for a column called order") {
  auto request = delete_all_request(kEndpoint, kTable, "order", true);
  CHECK(request.method == "DELETE");
  CHECK(request.url == "http://h:3000/t?%22order%22=not.is.null");
  CHECK(count(request.headers, "Prefer: return=minimal,count=exact") == 1);
  request = delete_all_request(kEndpoint, kTable, "b", false);
  CHECK(request.url == "http://h:3000/t?or=" + percent_encode("(\"b\".is.null,\"b\".not.is.null)"));
}

TEST_CASE("rest api: counting asks for an exact count and no rows") {
  const auto request = count_request(kEndpoint, kTable);
  CHECK(request.method == "HEAD");
  CHECK(request.url == "http://h:3000/t?limit=1");
  CHECK(count(request.headers, "Prefer: count=exact") == 1);
}

TEST_CASE("rest api: keys are counted by one list, or by one group for each compound key") {
  auto request = count_keys_request(kEndpoint, kTable, {"id"}, {{"1"}, {"a,\"b"}});
  CHECK(request.method == "GET");
  CHECK(request.url == "http://h:3000/t?%22id%22=in." + percent_encode(R"(("1","a,\"b"))") +
                           "&select=%22id%22&limit=1");
  request = count_keys_request(kEndpoint, kTable, {"a", "b"}, {{"1", "x"}, {"2", "y"}});
  CHECK(request.url ==
        "http://h:3000/t?or=" +
            percent_encode(R"((and("a".eq."1","b".eq."x"),and("a".eq."2","b".eq."y")))") +
            "&select=%22a%22&limit=1");
}

TEST_CASE("rest api: the total is what stands behind the slash of Content-Range") {
  struct {
    const char* header;
    std::optional<long long> total;
  } cases[] = {{"0-24/3573", 3573},
               {"*/2", 2},
               {"*/0", 0},
               {"*/*", {}},
               {"", {}},
               {"12", {}},
               {"*/-1", {}},
               {"*/1x", {}},
               {"0-1/", {}},
               {"*/ 7 ", 7},
               {"*/99999999999999999999", {}}};
  for (const auto& c : cases) {
    CAPTURE(c.header);
    CHECK(total_of(c.header) == c.total);
  }
}

TEST_CASE("rest api: the role of a JWT is read locally") {
  // {"role":"service_role","exp":1} with and without padding
  CHECK(role_of_key("eyJhIjoxfQ.eyJyb2xlIjoic2VydmljZV9yb2xlIiwiZXhwIjoxfQ.x") == "service_role");
  CHECK(role_of_key(" eyJhIjoxfQ.eyJyb2xlIjoic2VydmljZV9yb2xlIiwiZXhwIjoxfQ==.x\n") ==
        "service_role");
  for (const auto* key :
       {"", "sb_secret_x", "a.b", "a.!!.c", "a..c", "a.bm90anNvbg.c", "a.e30.c"}) {
    CAPTURE(key);
    CHECK(role_of_key(key) == "");
  }
}

TEST_CASE("rest url: what people write becomes a base URL") {
  CHECK(checked_base_url(" http://Host:3000/ ") == "http://host:3000");
  CHECK(checked_base_url("HTTPS://abc.supabase.co/rest/v1///") ==
        "https://abc.supabase.co/rest/v1");
  CHECK(checked_base_url("http://h/Sub/Path") == "http://h/Sub/Path");
  CHECK(checked_base_url("http://[::1]:3000") == "http://[::1]:3000");
  CHECK(with_other_prefix("http://h") == "http://h/rest/v1");
  CHECK(with_other_prefix("http://h/rest/v1") == "http://h");
}

TEST_CASE("rest url: all spellings of one API have one name") {
  for (const auto* url :
       {"http://127.0.0.1:3000", "http://127.0.0.1:3000/", "HTTP://127.0.0.1:3000/rest/v1",
        "http://127.0.0.1:3000/rest/v1/", "http://localhost:3000", "http://LOCALHOST:3000//",
        "http://[::1]:3000/rest/v1"}) {
    CHECK(one_spelling(url) == "http://127.0.0.1:3000");
  }
  for (const auto* url : {"https://abc.supabase.co", "https://ABC.supabase.co:443/rest/v1/"}) {
    CHECK(one_spelling(url) == "https://abc.supabase.co");
  }
  CHECK(one_spelling("http://localhost:80/rest/v1") == "http://127.0.0.1");
  CHECK(one_spelling("http://localhost.example.com") == "http://localhost.example.com");
  CHECK(one_spelling("https://h:80") == "https://h:80");
  CHECK(one_spelling("http://h:8080/Sub") == "http://h:8080/Sub");
  CHECK(one_spelling("http://h/sub/rest/v1") == "http://h/sub");
  CHECK(one_spelling("http://h/rest/v1:80") == "http://h/rest/v1:80");
}

TEST_CASE("rest url: what is no API URL is a usage error that shows no secret") {
  for (const auto* url :
       {"", " ", "host:3000", "abc.supabase.co", "eyJcanary", "ftp://h", "postgres://u:canary@h/db",
        "postgresql://u:canary@h", "http://", "http://:3000", "https:///x",
        "http://u:canary@h:3000", "http://u:can/ary@h", "http://h?apikey=canary",
        "http://h/#canary", "http://h\r\nx", "\"http://h\"", "http://a b"}) {
    CAPTURE(url);
    CHECK(kind_of(url) == ErrorKind::usage);
  }
}
