// The curl transport against a server of a page, on loopback: what arrives, how often, and what is
// believed when no answer comes.
#include "pgseed/http/client.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "pgseed/base/text.hpp"

using namespace pgseed;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// One client's connection, as a test's handler sees it.
class Peer {
 public:
  explicit Peer(int descriptor) : descriptor_(descriptor) {}

  // Header and body of the next request; empty when the client has gone.
  std::string read_request() {
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return {};
    }
    std::size_t length = 0;
    const auto header = to_lower(buffer_.substr(0, end));
    if (const auto at = header.find("content-length: "); at != std::string::npos) {
      length = std::stoul(header.substr(at + 16));
    }
    while (buffer_.size() < end + 4 + length) {
      if (!fill()) return {};
    }
    auto request = buffer_.substr(0, end + 4 + length);
    buffer_.erase(0, request.size());
    return request;
  }
  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void write_byte_by_byte(std::string_view bytes) {
    const int on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (const char byte : bytes) write({&byte, 1});
  }
  // The connection then ends with a reset, not with an orderly end.
  void reset_on_close() {
    const linger now = {1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  void wait_until_client_goes() {
    while (fill()) {
    }
  }

 private:
  bool fill() {
    char bytes[65536];
    const auto got = recv(descriptor_, bytes, sizeof bytes, 0);
    if (got > 0) buffer_.append(bytes, static_cast<std::size_t>(got));
    return got > 0;
  }
  int descriptor_;
  std::string buffer_;
};

// Runs the handler once for each connection, in a thread of its own.
class Server {
 public:
  using Handler = std::function<void(Peer&, int number)>;  // number: 1 for the first connection

  explicit Server(Handler handler) : handler_(std::move(handler)) {
    setenv("no_proxy", "127.0.0.1", 1);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(listen(listener_, 64) == 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~Server() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int descriptor : open_) shutdown(descriptor, SHUT_RDWR);
    }
    for (auto& worker : workers_) worker.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string url(std::string_view path = "/t") const {
    return text("http://127.0.0.1:", port_, path);
  }
  int port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void run() {
    for (;;) {
      const int descriptor = accept(listener_, nullptr, nullptr);
      if (descriptor < 0) return;
      const int number = ++connections_;
      const std::lock_guard lock(mutex_);
      open_.insert(descriptor);
      workers_.emplace_back([this, descriptor, number] {
        Peer peer(descriptor);
        handler_(peer, number);
        const std::lock_guard inner(mutex_);
        open_.erase(descriptor);
        close(descriptor);
      });
    }
  }
  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::set<int> open_;
  std::vector<std::thread> workers_;
  std::thread thread_;
};

// What a handler saw, for the test's own thread.
class Log {
 public:
  void add(std::string request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(std::move(request));
  }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  long count_ending_in(std::string_view body) {
    long count = 0;
    for (const auto& request : requests()) count += request.ends_with(body);
    return count;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> requests_;
};

constexpr const char* kCreated = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";

HttpRequest post(const std::string& url, std::string_view body) {
  HttpRequest request;
  request.method = "POST";
  request.url = url;
  request.headers = {"Content-Type: application/json", "apikey: canary"};
  request.body = body;
  request.timeout = seconds(20);
  return request;
}

HttpRequest get(const std::string& url, std::string method = "GET") {
  HttpRequest request;
  request.method = std::move(method);
  request.url = url;
  request.timeout = seconds(20);
  return request;
}

// Answers everything with 201 and writes it down.
Server::Handler accepting(Log& log) {
  return [&log](Peer& peer, int) {
    for (;;) {
      auto request = peer.read_request();
      if (request.empty()) return;
      log.add(std::move(request));
      peer.write(kCreated);
    }
  };
}

// Answers the first request of the first connection; takes the second one and dies without a word.
Server::Handler dying_on_reuse(Log& log, bool with_reset) {
  return [&log, with_reset](Peer& peer, int number) {
    for (int i = 1;; ++i) {
      auto request = peer.read_request();
      if (request.empty()) return;
      log.add(std::move(request));
      if (number == 1 && i == 2) {
        if (with_reset) peer.reset_on_close();
        return;
      }
      peer.write(kCreated);
    }
  };
}

}  // namespace

TEST_CASE("http client: a POST arrives once, with its headers, and is never called a form") {
  Log log;
  Server server(accepting(log));
  const auto transport = make_curl_transport({});
  CHECK(exchange(*transport, post(server.url(), "[1]")).status == 201);
  auto bare = post(server.url(), "");
  bare.headers.clear();
  CHECK(exchange(*transport, bare).status == 201);
  const auto requests = log.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].starts_with("POST /t HTTP/1.1\r\n"));
  CHECK(requests[0].find("Content-Type: application/json\r\n") != std::string::npos);
  CHECK(requests[0].find("apikey: canary\r\n") != std::string::npos);
  CHECK(requests[0].find("Expect") == std::string::npos);
  CHECK(requests[0].ends_with("\r\n\r\n[1]"));
  CHECK(requests[1].find("Content-Type") == std::string::npos);
  CHECK(requests[1].find("Content-Length: 0\r\n") != std::string::npos);
  CHECK(server.connections() == 1);
}

TEST_CASE("http client: a large body with every byte in it arrives unchanged") {
  Log log;
  Server server(accepting(log));
  const auto transport = make_curl_transport({});
  std::string body(3'000'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31);
  CHECK(exchange(*transport, post(server.url(), body)).status == 201);
  CHECK(log.count_ending_in(body) == 1);
}

TEST_CASE("http client: methods without a body") {
  Log log;
  Server server([&](Peer& peer, int) {
    for (auto request = peer.read_request(); !request.empty(); request = peer.read_request()) {
      log.add(request);
      peer.write(
          "HTTP/1.1 206 Partial Content\r\nContent-Range: 0-0/7\r\nContent-Length: 5\r\n\r\n");
      if (!request.starts_with("HEAD")) peer.write("hello");
    }
  });
  const auto transport = make_curl_transport({});
  for (const std::string method : {"HEAD", "GET", "DELETE", "HEAD"}) {
    const auto result = exchange(*transport, get(server.url(), method));
    CHECK(result.status == 206);
    CHECK(result.content_range == "0-0/7");
    CHECK(result.body == (method == "HEAD" ? "" : "hello"));
  }
  const auto requests = log.requests();
  REQUIRE(requests.size() == 4);
  CHECK(requests[2].starts_with("DELETE /t "));
  CHECK(server.connections() == 1);
}

TEST_CASE("http client: a reused connection that dies before the answer gets the body only once") {
  for (const bool with_reset : {false, true}) {
    CAPTURE(with_reset);
    Log log;
    Server server(dying_on_reuse(log, with_reset));
    const auto transport = make_curl_transport({});
    REQUIRE(exchange(*transport, post(server.url(), "[1]")).status == 201);
    const auto result = exchange(*transport, post(server.url(), "[2]"));
    CHECK(result.delivery == Delivery::unknown);
    CHECK(result.status == 0);
    CHECK_FALSE(result.permanent);
    CHECK_FALSE(result.transport_error.empty());
    CHECK(log.count_ending_in("[2]") == 1);
    // The transport is none the worse for it.
    CHECK(exchange(*transport, post(server.url(), "[3]")).status == 201);
  }
}

TEST_CASE("http client: a server that takes the request and goes for good leaves it in doubt") {
  Log log;
  const auto transport = make_curl_transport({});
  auto server = std::make_unique<Server>([&](Peer& peer, int) {
    log.add(peer.read_request());
    peer.write(kCreated);
    log.add(peer.read_request());
    peer.wait_until_client_goes();  // or until the server ends
  });
  const auto url = server->url();
  REQUIRE(exchange(*transport, post(url, "[1]")).status == 201);
  transport->start(1, post(url, "[2]"));
  while (log.requests().size() < 2) CHECK(transport->wait(milliseconds(1)).empty());
  server.reset();  // nobody listens when libcurl would connect again
  const auto completions = transport->wait(seconds(20));
  REQUIRE(completions.size() == 1);
  CHECK(completions[0].result.delivery == Delivery::unknown);
}

TEST_CASE("http client: without an answer, the request is in doubt once it may have left") {
  struct {
    const char* what;
    std::function<void(Peer&)> behaviour;
  } cases[] = {
      {"closed before reading", [](Peer&) {}},
      {"closed after reading", [](Peer& peer) { peer.read_request(); }},
      {"reset after reading",
       [](Peer& peer) {
         peer.read_request();
         peer.reset_on_close();
       }},
      {"cut in the header",
       [](Peer& peer) {
         peer.read_request();
         peer.write("HTTP/1.1 201 Crea");
       }},
      {"cut between two headers",
       [](Peer& peer) {
         peer.read_request();
         peer.write("HTTP/1.1 201 Created\r\nServer: postgrest/12.0.2\r\n");
       }},
      {"cut within a header",
       [](Peer& peer) {
         peer.read_request();
         peer.write("HTTP/1.1 201 Created\r\nContent-Length: 0\r\nContent-Range: */5");
       }},
      {"cut in the body",
       [](Peer& peer) {
         peer.read_request();
         peer.write("HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\nhalf");
       }},
      {"cut in a chunk",
       [](Peer& peer) {
         peer.read_request();
         peer.write("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab");
       }},
      {"not HTTP",
       [](Peer& peer) {
         peer.read_request();
         peer.write("220 smtp ready\r\n");
       }},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    Server server([&](Peer& peer, int) { c.behaviour(peer); });
    const auto transport = make_curl_transport({});
    const auto result = exchange(*transport, post(server.url(), "[1]"));
    CHECK(result.delivery == Delivery::unknown);
    CHECK(result.status == 0);
    CHECK(result.body == "");
    CHECK_FALSE(result.transport_error.empty());
  }
}

TEST_CASE("http client: what never left is safe to send again") {
  const auto transport = make_curl_transport({});
  std::string nobody;
  {
    nobody = Server([](Peer&, int) {}).url();
  }
  const auto refused = exchange(*transport, post(nobody, "[1]"));
  CHECK(refused.delivery == Delivery::not_sent);
  CHECK_FALSE(refused.permanent);
  CHECK(refused.transport_error.find("127.0.0.1") != std::string::npos);

  Server deaf([](Peer&, int) {});
  const auto no_tls = exchange(*transport, post(text("https://127.0.0.1:", deaf.port()), "[1]"));
  CHECK(no_tls.delivery == Delivery::not_sent);
  CHECK_FALSE(no_tls.permanent);
}

TEST_CASE("http client: a URL that can never work is a permanent failure") {
  const auto transport = make_curl_transport({});
  for (const auto* url : {"ftp://127.0.0.1/", "file:///etc/hostname", "http://", "http://a b/",
                          "http://127.0.0.1:99999/", ""}) {
    CAPTURE(url);
    const auto result = exchange(*transport, get(url));
    CHECK(result.delivery == Delivery::not_sent);
    CHECK(result.permanent);
  }
}

TEST_CASE("http client: a time-out proves nothing") {
  Server server([](Peer& peer, int) { peer.wait_until_client_goes(); });
  const auto transport = make_curl_transport({});
  auto request = post(server.url(), "[1]");
  request.timeout = milliseconds(150);
  const auto begun = std::chrono::steady_clock::now();
  const auto result = exchange(*transport, request);
  CHECK(result.delivery == Delivery::unknown);
  CHECK_FALSE(result.permanent);
  CHECK(std::chrono::steady_clock::now() - begun < seconds(10));
}

TEST_CASE("http client: a redirect is an answer, and its target is never asked") {
  Log log;
  Server target(accepting(log));
  for (const int status : {301, 302, 307, 308}) {
    CAPTURE(status);
    Server server([&](Peer& peer, int) {
      peer.read_request();
      peer.write(text("HTTP/1.1 ", status, " Moved\r\nLocation: ", target.url("/x"),
                      "\r\nContent-Length: 0\r\n\r\n"));
    });
    const auto transport = make_curl_transport({});
    const auto result = exchange(*transport, post(server.url(), "[1]"));
    CHECK(result.delivery == Delivery::answered);
    CHECK(result.status == status);
    CHECK(result.location == target.url("/x"));
  }
  CHECK(target.connections() == 0);
}

TEST_CASE("http client: a long answer is cut, and the connection lives on") {
  const std::string page(3'000'000, 'x');
  Server server([&](Peer& peer, int) {
    while (!peer.read_request().empty()) {
      peer.write(text("HTTP/1.1 500 No\r\nContent-Length: ", page.size(), "\r\n\r\n"));
      peer.write(page);
    }
  });
  const auto transport = make_curl_transport({});
  auto request = get(server.url());
  CHECK(exchange(*transport, request).body.size() == kMaxResponseBytes);
  request.max_response_bytes = 16;
  CHECK(exchange(*transport, request).body == std::string(16, 'x'));
  request.max_response_bytes = 64u << 20;
  const auto whole = exchange(*transport, request);
  CHECK(whole.delivery == Delivery::answered);
  CHECK(whole.body.size() == page.size());
  CHECK(server.connections() == 1);
}

TEST_CASE("http client: an answer in slices of one byte, behind a 100 Continue, is whole") {
  Server server([](Peer& peer, int) {
    peer.read_request();
    peer.write_byte_by_byte(
        "HTTP/1.1 100 Continue\r\nServer: interim\r\n\r\n"
        "HTTP/1.1 503 Busy\r\nserver: postgrest/12.0.2\r\nRETRY-AFTER:  5 \r\n"
        "Content-Type: application/json; charset=utf-8\r\nPreference-Applied: return=minimal\r\n"
        "Preference-Applied: count=exact\r\nContent-Range: */2\r\n"
        "Transfer-Encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n");
  });
  const auto transport = make_curl_transport({});
  const auto result = exchange(*transport, post(server.url(), "[1]"));
  CHECK(result.status == 503);
  CHECK(result.body == "{\"a\":1}");
  CHECK(result.server == "postgrest/12.0.2");
  CHECK(result.retry_after == "5");
  CHECK(result.content_type == "application/json; charset=utf-8");
  CHECK(result.preference_applied == "return=minimal, count=exact");
  CHECK(result.content_range == "*/2");
}

TEST_CASE("http client: many exchanges share few connections and all complete") {
  Log log;
  std::atomic<int> busy{0};
  std::atomic<int> most_busy{0};
  Server server([&](Peer& peer, int) {
    for (;;) {
      auto request = peer.read_request();
      if (request.empty()) return;
      const int now = ++busy;
      for (int seen = most_busy; now > seen && !most_busy.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::sleep_for(milliseconds(2));
      log.add(std::move(request));
      --busy;
      peer.write(kCreated);
    }
  });
  TransportOptions options;
  options.max_connections = 4;
  const auto transport = make_curl_transport(options);
  std::vector<std::string> bodies;
  for (int i = 0; i < 50; ++i) bodies.push_back(text("[", i, "]"));
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    transport->start(i, post(server.url(), bodies[i]));
  }
  CHECK(transport->in_flight() == 50);
  std::set<std::uint64_t> completed;
  const auto deadline = std::chrono::steady_clock::now() + seconds(20);
  while (completed.size() < 50 && std::chrono::steady_clock::now() < deadline) {
    for (const auto& completion : transport->wait(seconds(1))) {
      CHECK(completion.result.status == 201);
      CHECK(completed.insert(completion.id).second);
    }
  }
  CHECK(completed.size() == 50);
  CHECK(transport->in_flight() == 0);
  for (const auto& body : bodies) CHECK(log.count_ending_in(text("\r\n\r\n", body)) == 1);
  CHECK(server.connections() <= 4);
  CHECK(most_busy <= 4);
  CHECK(most_busy >= 2);
}

TEST_CASE("http client: an aborted exchange never completes, and its id is free again") {
  Server server([](Peer& peer, int number) {
    peer.read_request();
    if (number > 1) peer.write(kCreated);
    peer.wait_until_client_goes();
  });
  const auto transport = make_curl_transport({});
  transport->start(7, post(server.url(), "[1]"));
  CHECK(transport->wait(milliseconds(50)).empty());
  transport->abort_all();
  CHECK(transport->in_flight() == 0);
  transport->start(7, post(server.url(), "[2]"));
  const auto completions = transport->wait(seconds(20));
  REQUIRE(completions.size() == 1);
  CHECK(completions[0].id == 7);
  CHECK(completions[0].result.status == 201);
}

TEST_CASE("http client: waiting for nothing is a sleep") {
  const auto transport = make_curl_transport({});
  const auto begun = std::chrono::steady_clock::now();
  CHECK(transport->wait(milliseconds(60)).empty());
  CHECK(std::chrono::steady_clock::now() - begun >= milliseconds(60));
  CHECK(transport->wait(milliseconds(0)).empty());
}

TEST_CASE("http client: a proxy that wants a password is told apart, and nothing was sent") {
  Log log;
  Server proxy([&](Peer& peer, int) {
    log.add(peer.read_request());
    peer.write("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
  });
  setenv("https_proxy", text("http://127.0.0.1:", proxy.port()).c_str(), 1);
  const auto transport = make_curl_transport({});
  const auto result = exchange(*transport, post("https://db.example.invalid/t", "[1]"));
  unsetenv("https_proxy");
  CHECK(result.proxy_status == 407);
  CHECK(result.delivery == Delivery::not_sent);
  CHECK(result.permanent);
  const auto requests = log.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].starts_with("CONNECT db.example.invalid:443 "));
  CHECK(requests[0].find("canary") == std::string::npos);
}

namespace {

class SilentTransport final : public Transport {
 public:
  bool aborted = false;
  void start(std::uint64_t, const HttpRequest&) override {}
  std::vector<HttpCompletion> wait(milliseconds) override {
    std::this_thread::sleep_for(milliseconds(20));
    return {};
  }
  std::size_t in_flight() const override { return aborted ? 0 : 1; }
  void abort_all() override { aborted = true; }
};

}  // namespace

TEST_CASE("http exchange: a transport that never answers is given up, in doubt") {
  SilentTransport transport;
  auto request = get("http://h/");
  request.timeout = milliseconds(1);
  CHECK(exchange(transport, request).delivery == Delivery::unknown);
  CHECK(transport.aborted);
}
