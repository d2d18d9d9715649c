#pragma once
// A connection that fails on purpose, whatever it carries: between pgseed and PostgreSQL or its
// pooler. For every connection a script says what goes wrong with it.
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

struct StreamFault {
  enum class Kind {
    none,
    cut,          // both sides end after `after` bytes of one direction
    black_hole,   // from there on nothing passes any more, on no connection, and nobody hangs up
    cut_commit,   // a COMMIT does not arrive, both sides end
    lose_commit,  // the server's answer to a COMMIT does not arrive, both sides end
  };
  Kind kind = Kind::none;
  bool reset = false;            // they end with RST instead of FIN
  bool from_the_server = false;  // whose bytes are counted
  std::size_t after = 0;
  std::chrono::milliseconds delay{0};  // of every piece, both ways
  std::size_t slice = 0;               // bytes per piece; 0: as they come
  bool is_fault() const { return kind != Kind::none || delay.count() > 0 || slice > 0; }
};

class TcpProxy {
 public:
  // The script is called by one thread at a time, with 1, 2, ...; faults count when they happen.
  using Script = std::function<StreamFault(std::uint64_t connection)>;
  TcpProxy(int server_port, Script script);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  // Called when the server has carried out a COMMIT, before anybody hears of it. Set it before the
  // first connection.
  std::function<void()> on_commit;
  // Asked behind that: is the answer lost, and the connection with it?
  std::function<bool()> loses_commit;

  // A black hole ends: what comes on new connections passes again.
  void heal() { is_silent_ = false; }
  int port() const { return port_; }
  std::uint64_t connections() const { return connections_; }
  std::uint64_t faults() const { return faults_; }

 private:
  class Connection;
  void accept_all();

  int server_port_;
  Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_{false}, is_silent_{false};
  std::atomic<std::uint64_t> connections_{0}, faults_{0};
  std::mutex mutex_;
  std::set<int> open_;
  std::vector<std::thread> workers_;
  std::thread acceptor_;
};

}  // namespace pgseed::test
