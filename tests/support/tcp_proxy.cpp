#include "support/tcp_proxy.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "support/sockets.hpp"

namespace pgseed::test {
namespace {

using std::chrono::milliseconds;

// How the simple protocol says it.
constexpr std::string_view kCommit("COMMIT\0", 7);

bool send_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

class TcpProxy::Connection {
 public:
  Connection(TcpProxy& proxy, int client, StreamFault fault)
      : proxy_(proxy), client_(client), fault_(fault) {}

  ~Connection() {
    for (const int descriptor : {server_, client_}) {
      if (descriptor < 0) continue;
      if (fault_.reset) reset_on_close(descriptor);
      const std::lock_guard lock(proxy_.mutex_);
      proxy_.open_.erase(descriptor);
      close(descriptor);
    }
  }

  void run() {
    server_ = connect_to(proxy_.server_port_);
    if (server_ < 0) return;
    {
      const std::lock_guard lock(proxy_.mutex_);
      proxy_.open_.insert(server_);
    }
    if (fault_.delay.count() > 0 || fault_.slice > 0) ++proxy_.faults_;
    std::array<pollfd, 2> waits = {{{client_, POLLIN, 0}, {server_, POLLIN, 0}}};
    while (!proxy_.ending_) {
      poll(waits.data(), waits.size(), 100);
      if (waits[0].revents != 0 && !pass(client_, server_, false)) return;
      if (waits[1].revents != 0 && !pass(server_, client_, true)) return;
    }
  }

 private:
  // What has come in one direction; false when the connection has ended.
  bool pass(int from, int to, bool from_the_server) {
    std::array<char, 16384> buffer;
    const std::size_t most = fault_.slice > 0 ? fault_.slice : buffer.size();
    const auto got = recv(from, buffer.data(), std::min(most, buffer.size()), 0);
    if (got <= 0) return false;
    std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
    if (is_silent_ || proxy_.is_silent_) {
      is_silent_ = true;
      return true;
    }
    if (fault_.delay.count() > 0) std::this_thread::sleep_for(fault_.delay);
    if (from_the_server && was_commit_) {
      was_commit_ = false;
      if (proxy_.on_commit) proxy_.on_commit();
      const bool is_lost = proxy_.loses_commit && proxy_.loses_commit();
      if (is_lost || fault_.kind == StreamFault::Kind::lose_commit) return end();
    }
    if (!from_the_server && bytes.find(kCommit) != std::string_view::npos) {
      if (fault_.kind == StreamFault::Kind::cut_commit) return end();
      was_commit_ = true;
    }
    const bool counts =
        fault_.kind == StreamFault::Kind::cut || fault_.kind == StreamFault::Kind::black_hole;
    if (!counts || from_the_server != fault_.from_the_server) return send_all(to, bytes);
    passed_ += bytes.size();
    if (passed_ <= fault_.after) return send_all(to, bytes);
    bytes.remove_suffix(std::min(bytes.size(), passed_ - fault_.after));
    send_all(to, bytes);
    if (fault_.kind == StreamFault::Kind::cut) return end();
    proxy_.is_silent_ = true;
    ++proxy_.faults_;
    return true;
  }

  bool end() {
    ++proxy_.faults_;
    return false;
  }

  TcpProxy& proxy_;
  int client_;
  int server_ = -1;
  StreamFault fault_;
  std::size_t passed_ = 0;
  bool was_commit_ = false;
  bool is_silent_ = false;
};

TcpProxy::TcpProxy(int server_port, Script script)
    : server_port_(server_port), script_(std::move(script)) {
  const Listener made = listen_on(0);
  listener_ = made.descriptor;
  port_ = made.port;
  acceptor_ = std::thread([this] { accept_all(); });
}

TcpProxy::~TcpProxy() {
  ending_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int descriptor : open_) shutdown(descriptor, SHUT_RDWR);
  }
  for (std::thread& worker : workers_) worker.join();
}

void TcpProxy::accept_all() {
  for (;;) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) {
      if (ending_) return;
      continue;
    }
    const std::lock_guard lock(mutex_);
    open_.insert(client);
    if (ending_) shutdown(client, SHUT_RDWR);
    const StreamFault fault = script_ ? script_(++connections_) : StreamFault{};
    workers_.emplace_back([this, client, fault] { Connection(*this, client, fault).run(); });
  }
}

}  // namespace pgseed::test
