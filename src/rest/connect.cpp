#include <algorithm>
#include <utility>

#include "pgseed/base/interrupt.hpp"
#include "pgseed/base/text.hpp"
#include "pgseed/http/retry.hpp"
#include "pgseed/rest/api.hpp"
#include "pgseed/rest/catalog.hpp"
#include "pgseed/rest/refusal.hpp"
#include "pgseed/rest/url.hpp"

namespace pgseed::rest {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestProbe{10'000};
// The document describes every table; 64 MiB are some ten thousand of them.
constexpr std::size_t kMaxDocumentBytes = std::size_t{64} << 20;

struct Probe {
  Endpoint endpoint;
  HttpResult result;
  Answer answer;
  std::optional<Model> model;
};

// How often, and how far apart, to ask again while PostgREST says that its database is away.
struct Patience {
  int tries;
  milliseconds pause;
};

Patience patience_for(const std::string& code) {
  if (code == "PGRST002") return {20, milliseconds(500)};
  // Also a server process that was ended, a lost connection, a full server.
  const bool passes = code == "PGRST000" || code == "PGRST001" || code == "PGRST003" ||
                      (code.starts_with("57P") && code != "57P04") || code.starts_with("08") ||
                      code.starts_with("53");
  return passes ? Patience{4, milliseconds(750)} : Patience{0, milliseconds(0)};
}

bool is_broken_gateway(const Probe& probe) {
  const int status = probe.result.status;
  return probe.answer.code.empty() && (status == 502 || status == 503 || status == 504);
}

// Who turns a request away and names a time to come back is asked again then; a gateway that does
// not reach PostgREST, and PostgREST while its database restarts, may know more in a moment.
Patience patience_for(const Probe& probe) {
  constexpr Patience kMoment{4, milliseconds(750)};
  Patience patience = patience_for(probe.answer.code);
  const HttpResult& result = probe.result;
  if (patience.tries == 0 && (is_wordless(result, probe.answer) || is_broken_gateway(probe))) {
    patience = kMoment;
  }
  if (result.status != 429 && result.status != 503) return patience;
  const auto named = parse_retry_after(result.retry_after, std::chrono::system_clock::now());
  if (!named || *named <= milliseconds(0)) return patience;
  patience.tries = std::max(patience.tries, kMoment.tries);
  patience.pause = std::max(patience.pause, std::min(*named, RetryPolicy().longest_retry_after));
  return patience;
}

void throw_if_interrupted() {
  if (interrupt::signal_number() != 0) throw Interrupted{};
}

bool names_postgrest(const HttpResult& result) {
  return to_lower(result.server).starts_with("postgrest");
}

// GET base_url + path, with patience. Throws when there is no answer, or no database behind it.
Probe ask(Transport& transport, const Endpoint& endpoint, const std::string& schema,
          std::string_view path, std::string_view accept) {
  Probe probe;
  probe.endpoint = endpoint;
  HttpRequest request;
  request.method = "GET";
  request.url = text(endpoint.base_url, path);
  request.headers = common_headers(endpoint, schema);
  request.headers.front() = text("Accept: ", accept);
  request.timeout = endpoint.timeout > milliseconds(0) ? std::min(endpoint.timeout, kLongestProbe)
                                                       : kLongestProbe;
  request.max_response_bytes = kMaxDocumentBytes;
  bool lost_once = false;
  for (int tries = 1;; ++tries) {
    const auto begun = std::chrono::steady_clock::now();
    probe.result = exchange(transport, request);
    throw_if_interrupted();
    if (probe.result.delivery != Delivery::answered) {
      // A connection that died while it was idle says nothing about the server; a time-out does.
      const bool timed_out = std::chrono::steady_clock::now() - begun > request.timeout / 2;
      if (probe.result.delivery == Delivery::unknown && !lost_once && !timed_out) {
        lost_once = true;
        continue;
      }
      throw unreachable_error(endpoint.base_url, probe.result);
    }
    probe.answer = read_answer(probe.result);
    const auto patience = patience_for(probe);
    if (patience.tries == 0) return probe;
    const auto left = interrupt::time_left();
    if (tries >= patience.tries || (left && patience.pause >= *left)) {
      if (patience_for(probe.answer.code).tries > 0) {
        throw database_down_error(endpoint.base_url, probe.answer);
      }
      if (is_wordless(probe.result, probe.answer) || is_broken_gateway(probe)) return probe;
      throw turned_away_error(endpoint.base_url, probe.result, probe.answer);
    }
    transport.wait(patience.pause);
    throw_if_interrupted();
  }
}

Probe ask_for_document(Transport& transport, const Endpoint& endpoint, const std::string& schema) {
  auto probe = ask(transport, endpoint, schema, "/", "application/openapi+json");
  if (probe.result.status >= 200 && probe.result.status < 300) {
    probe.model = read_openapi(probe.result.body, schema);
  }
  return probe;
}

// PostgREST 13 and later say that there is no such path; earlier ones say {}.
bool says_wrong_path(const Answer& answer) {
  return answer.code == "PGRST125";
}

// The document is switched off, or the database serves another one in its place.
bool is_api_without_document(const Probe& probe) {
  if (probe.answer.code == "PGRST126") return true;
  const bool success = probe.result.status >= 200 && probe.result.status < 300;
  return success && names_postgrest(probe.result);
}

bool is_key_refusal(const Probe& probe) {
  return probe.result.status == 401 || probe.result.status == 403;
}

Connection connection_from(Probe&& probe) {
  Connection connection;
  connection.endpoint = std::move(probe.endpoint);
  if (names_postgrest(probe.result)) connection.server = presentable(probe.result.server, 80);
  connection.has_openapi = probe.model.has_value();
  if (probe.model) connection.model = *std::move(probe.model);
  connection.key_role = role_of_key(connection.endpoint.key);
  return connection;
}

// The root answers 404 for a wrong prefix and for a document that is switched off alike. A table
// that does not exist is known as such only behind the right prefix.
bool knows_tables(Transport& transport, const Probe& root, const std::string& schema) {
  const auto probe =
      ask(transport, root.endpoint, schema, "/pgseed_no_such_table?limit=1", "application/json");
  const auto& code = probe.answer.code;
  if (is_database_code(code) && probe.result.status != 404) {
    throw refusal_error(root.endpoint.base_url, schema, probe.result, probe.answer);
  }
  return is_database_code(code) && !says_wrong_path(probe.answer);
}

// Neither prefix gave a document or a clear refusal.
Connection settle(Transport& transport, std::vector<Probe>& probes, const std::string& schema) {
  for (auto& probe : probes) {
    if (probe.result.status == 404 && !probe.answer.is_web_page &&
        knows_tables(transport, probe, schema)) {
      return connection_from(std::move(probe));
    }
  }
  // A gateway's word about the key says more than a web server's that guards another path.
  const auto refusal =
      std::max_element(probes.begin(), probes.end(), [](const Probe& left, const Probe& right) {
        const auto weight = [](const Probe& probe) {
          return is_key_refusal(probe) ? 1 + probe.answer.is_object : 0;
        };
        return weight(left) < weight(right);
      });
  if (is_key_refusal(*refusal)) {
    throw refusal_error(refusal->endpoint.base_url, schema, refusal->result, refusal->answer);
  }
  auto& written = probes.front();
  if (written.result.status == 404 && names_postgrest(written.result)) {
    return connection_from(std::move(written));
  }
  throw not_postgrest_error(written.endpoint.base_url, written.result, written.answer);
}

}  // namespace

Connection connect(Transport& transport, const std::string& url, const std::string& key,
                   const std::string& schema, milliseconds timeout) {
  const auto base_url = checked_base_url(url);
  std::vector<Probe> probes;
  for (const auto& candidate : {base_url, with_other_prefix(base_url)}) {
    auto probe = ask_for_document(transport, {candidate, std::string(trim(key)), timeout}, schema);
    if (probe.model || is_api_without_document(probe)) return connection_from(std::move(probe));
    if (is_database_code(probe.answer.code) && !says_wrong_path(probe.answer)) {
      throw refusal_error(candidate, schema, probe.result, probe.answer);
    }
    probes.push_back(std::move(probe));
  }
  return settle(transport, probes, schema);
}

std::optional<Model> read_model(Transport& transport, const Endpoint& endpoint,
                                const std::string& schema) {
  auto probe = ask_for_document(transport, endpoint, schema);
  if (probe.model || is_api_without_document(probe)) return std::move(probe.model);
  if (is_key_refusal(probe) ||
      (is_database_code(probe.answer.code) && !says_wrong_path(probe.answer))) {
    throw refusal_error(endpoint.base_url, schema, probe.result, probe.answer);
  }
  return std::nullopt;
}

}  // namespace pgseed::rest
