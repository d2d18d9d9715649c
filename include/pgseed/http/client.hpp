#pragma once
// HTTP exchanges, many at a time, in one thread. The interface exists so that tests can script the
// network; CurlTransport is libcurl's multi interface with one connection pool for the whole run.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pgseed {

constexpr std::size_t kMaxResponseBytes = std::size_t{1} << 20;

struct HttpRequest {
  std::string method;                // "GET", "HEAD", "POST", "DELETE"
  std::string url;                   // complete and percent-encoded
  std::vector<std::string> headers;  // "Name: value"
  std::string_view body;             // must stay alive and unchanged until the exchange completes
  std::chrono::milliseconds timeout{0};                // for the whole exchange; 0: none
  std::size_t max_response_bytes = kMaxResponseBytes;  // the rest is read and dropped
};

// What is known about the request when no answer explains it.
enum class Delivery {
  answered,  // a complete response arrived
  not_sent,  // nothing of the request left this machine: safe to send again
  unknown,   // some of it may have been sent: it may have been carried out
};

struct HttpResult {
  Delivery delivery = Delivery::not_sent;
  int status = 0;    // 0 unless answered
  std::string body;  // of the response; cut at the request's max_response_bytes
  std::string content_type, content_range, preference_applied, retry_after, server, location;
  // "Could not connect to 127.0.0.1 port 9: Connection refused"; never holds a secret.
  std::string transport_error;
  bool permanent = false;  // trying again cannot help (certificate, unsupported scheme, bad URL)
  int proxy_status = 0;    // 407 when a proxy asked for a password, else 0
};

struct HttpCompletion {
  std::uint64_t id;
  HttpResult result;
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Begins an exchange; never blocks, never throws for network trouble (that is a result).
  // id comes back in the completion and must not be in flight already.
  virtual void start(std::uint64_t id, const HttpRequest& request) = 0;
  // Waits up to `longest` for completions, returns at once when there are some or when a stop
  // request (base/interrupt) arrives. An empty result is normal. With nothing in flight it waits
  // all the same: an interruptible sleep.
  virtual std::vector<HttpCompletion> wait(std::chrono::milliseconds longest) = 0;
  // Exchanges that were started and have not completed.
  virtual std::size_t in_flight() const = 0;
  // Gives up every exchange in flight; no completions will come. What they did is unknown.
  virtual void abort_all() = 0;
};

struct TransportOptions {
  std::size_t max_connections = 8;
  std::chrono::milliseconds connect_timeout{10'000};
  bool verbose = false;
};

// Proxies (http_proxy, https_proxy, no_proxy, all_proxy) and CA bundles (CURL_CA_BUNDLE,
// SSL_CERT_FILE, SSL_CERT_DIR) are taken from the environment as the curl tool takes them.
std::unique_ptr<Transport> make_curl_transport(const TransportOptions& options);

// One exchange on its own: starts it and waits for it (or for the timeout; unknown then).
// A signal that arrives meanwhile ends the wait with Delivery::unknown; after a first signal (work
// is being finished) only the second one does. Other exchanges must not be in flight.
HttpResult exchange(Transport& transport, const HttpRequest& request);

}  // namespace pgseed
