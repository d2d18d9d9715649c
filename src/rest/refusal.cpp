#include "pgseed/rest/refusal.hpp"

#include "pgseed/base/text.hpp"

namespace pgseed::rest {
namespace {

constexpr const char* kSetKey = "set SUPABASE_SECRET_KEY or give --key-file";

// PostgREST tells the exposed schemas in the message, from version 13 on in the hint:
// "... following: public, api2", "Only the following schemas are exposed: public, api2".
std::string exposed_schemas(const Answer& answer) {
  for (const auto* words : {&answer.hint, &answer.message}) {
    const auto colon = words->rfind(": ");
    if (contains(*words, "following") && colon != std::string::npos) {
      return words->substr(colon + 2);
    }
  }
  return {};
}

// Judged by words only for the hint; the texts differ between versions.
std::string hint_for_jwt(std::string_view message) {
  if (contains(message, "expired")) {
    return "make a new key and set SUPABASE_SECRET_KEY (or --key-file) to it";
  }
  if (contains(message, "NotYetValid") || contains(message, "not yet valid") ||
      contains(message, "IssuedAtFuture") || contains(message, "future")) {
    return "the key is not valid yet: compare the clocks of this machine and the server";
  }
  if (contains(message, "Signature") || contains(message, "suitable key")) {
    return "the key was signed with another secret: take the one of this project or server";
  }
  if (contains(message, "3 parts")) {
    return "the key is no JWT: sb_... keys work behind Supabase's gateway, PostgREST itself wants "
           "a "
           "JWT";
  }
  return "copy the key again, in full and as one line";
}

}  // namespace

Error unreachable_error(const std::string& base_url, const HttpResult& result) {
  if (result.proxy_status == 407) {
    return Error(ErrorKind::refused, "the proxy wants a password (HTTP status 407)", {},
                 "put user:password@ into http_proxy or https_proxy, or name the host in no_proxy");
  }
  std::string hint = "check the URL, and that PostgREST is running";
  if (result.permanent) {
    hint =
        "for a certificate of your own, name its CA in SSL_CERT_FILE or CURL_CA_BUNDLE; it is "
        "never "
        "skipped";
  } else if (result.delivery == Delivery::unknown) {
    hint = "something listens there but gives no answer; is the database behind PostgREST up?";
  } else if (base_url.starts_with("https:") && (contains(result.transport_error, "SSL") ||
                                                contains(result.transport_error, "timed out"))) {
    hint = "check the URL; if the server speaks no TLS there, it is one with http://";
  }
  return Error(ErrorKind::unreachable,
               text("cannot reach ", base_url, ": ", describe(result, Answer())), {}, hint);
}

Error turned_away_error(const std::string& base_url, const HttpResult& result,
                        const Answer& answer) {
  return Error(
      ErrorKind::unreachable,
      text("the gateway at ", base_url, " turns requests away: ", describe(result, answer)), {},
      "try again later, with a lower --concurrency");
}

Error database_down_error(const std::string& base_url, const Answer& answer) {
  if (answer.code == "PGRST002") {
    return Error(ErrorKind::unreachable,
                 text("PostgREST at ", base_url, " is still loading its schema cache"), {},
                 "try again; if it stays so, PostgREST's own log says why");
  }
  if (answer.code == "PGRST003") {
    return Error(ErrorKind::unreachable,
                 text("PostgREST at ", base_url, " has no free database connection"), {},
                 "other clients hold its whole pool; try again, or raise db-pool");
  }
  return Error(ErrorKind::unreachable,
               text("PostgREST at ", base_url, " is up, its database is not: ", answer.message,
                    answer.details.empty() ? "" : " ", answer.details),
               {}, "start PostgreSQL, or mend PostgREST's db-uri");
}

Error refusal_error(const std::string& base_url, const std::string& schema,
                    const HttpResult& result, const Answer& answer) {
  const auto refused = [](std::string message, std::string hint) {
    return Error(ErrorKind::refused, std::move(message), {}, std::move(hint));
  };
  const auto said = describe(result, answer);
  if (answer.code == "PGRST106") {
    const auto exposed = exposed_schemas(answer);
    return refused(text("schema \"", schema, "\" is not exposed by the API",
                        exposed.empty() ? "" : "; exposed: ", exposed),
                   "choose one with --schema, or add it to the exposed schemas (db-schemas)");
  }
  if (answer.code == "PGRST302") {
    return refused("the API takes no anonymous requests", kSetKey);
  }
  if (answer.code == "PGRST300") {
    return refused("PostgREST has no JWT secret, so it takes no key",
                   "set jwt-secret in PostgREST's configuration");
  }
  if (answer.code.starts_with("PGRST3")) {
    return refused(text("the key is refused: ", said), hint_for_jwt(said));
  }
  if (answer.code == "22023") {
    return refused(text("the key's role is unknown to the database: ", said),
                   "use the key of this project or server");
  }
  if (is_database_code(answer.code)) {
    return refused(text(base_url, " refuses: ", said, " (", answer.code, ")"),
                   answer.hint.empty() ? "check the rights of the key's role" : answer.hint);
  }
  if (contains(answer.message, "No API key")) {
    return refused(text("the gateway at ", base_url, " wants a key"), kSetKey);
  }
  return refused(text("the gateway at ", base_url, " refuses the key: ", said),
                 answer.hint.empty() ? "use the secret key of this very project" : answer.hint);
}

Error not_postgrest_error(const std::string& base_url, const HttpResult& result,
                          const Answer& answer) {
  if (result.proxy_status == 407) return unreachable_error(base_url, result);
  if (result.status >= 300 && result.status < 400) {
    const auto target = presentable(result.location, 200);
    return Error(ErrorKind::refused,
                 text(base_url, " redirects", target.empty() ? "" : " to ", target,
                      ", and redirects are not followed: the key would go along"),
                 {}, "if the new place is right, set the URL to it");
  }
  if (is_wordless(result, answer)) {
    return Error(ErrorKind::unreachable,
                 text("PostgREST at ", base_url, " answers without a word (HTTP status 400)"), {},
                 "its database may be restarting; try again in a moment");
  }
  if (result.status >= 500 || result.status == 429) {
    return Error(ErrorKind::unreachable,
                 text("the server at ", base_url, " fails: ", describe(result, answer)), {},
                 "try again later; a gateway answers, PostgREST does not");
  }
  return Error(ErrorKind::refused,
               text("there is a web server at ", base_url, ", but no PostgREST (",
                    describe(result, answer), ")"),
               {}, "check host, port and path; both with and without /rest/v1 were tried");
}

}  // namespace pgseed::rest
