#pragma once
// A network that fails on purpose, between pgseed and PostgREST: for every request a script says
// what goes wrong with it.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace pgseed::test {

struct Fault {
  enum class Kind {
    none,
    answer,       // `text` goes back; the server never sees the request
    cut_request,  // after `after` bytes of the body both connections end
    lose_answer,  // the server answers, the client never hears of it
    cut_answer,   // it hears `after` bytes of the answer
    swap_answer,  // the server carries the request out, `text` goes back
    black_hole,   // nothing is passed on, nothing comes back
  };
  Kind kind = Kind::none;
  bool reset = false;       // connections end with RST instead of FIN
  bool half_close = false;  // only our direction ends; the client may go on sending
  std::size_t after = 0;
  std::string text = {};                      // a whole HTTP answer
  std::chrono::milliseconds hold_request{0};  // before it is passed on
  std::chrono::milliseconds hold_answer{0};
  std::size_t slice = 0;                     // bytes per packet of the answer; 0: as they come
  std::size_t request_slice = 0;             // the same of the request
  std::chrono::milliseconds slice_pause{0};  // the bandwidth: slice / pause
};

// "HTTP/1.1 503 Whatever" with headers ("Name: value\r\n"...), a Content-Length and the body.
std::string http_answer(int status, const std::string& body = {}, const std::string& headers = {});

struct ProxyRequest {
  std::uint64_t number = 0;  // 1, 2, ... of all requests
  std::uint64_t write = 0;   // 1, 2, ... of those that write rows; 0: it writes none
  std::string head;          // request line and headers
  std::string method, target;
  std::size_t body_bytes = 0;
};

class FaultProxy {
 public:
  // The script is called by one thread at a time.
  using Script = std::function<Fault(const ProxyRequest&)>;
  // port: to listen at; 0: any free one.
  FaultProxy(int server_port, Script script, int port = 0);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::uint64_t connections() const { return connections_; }
  std::uint64_t requests() const { return requests_; }
  std::uint64_t writes() const { return writes_; }
  std::uint64_t faults() const { return faults_; }

 private:
  class Connection;
  void accept_all();
  Fault fate_of(ProxyRequest& request);
  // Sleeps; false when the proxy ends.
  bool pause(std::chrono::milliseconds duration) const;
  void remember(int descriptor);
  void close_it(int descriptor, bool reset);

  int server_port_;
  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_{false};
  std::atomic<std::uint64_t> connections_{0}, requests_{0}, writes_{0}, faults_{0};
  std::mutex mutex_;
  std::set<int> open_;
  std::vector<std::thread> workers_;
  std::thread acceptor_;
};

}  // namespace pgseed::test
