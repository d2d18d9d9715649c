#include "support/fault_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

#include "pgseed/base/text.hpp"

namespace pgseed::test {
namespace {

using std::chrono::milliseconds;

sockaddr_in loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool send_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Appends what comes next; false at the end.
bool receive_more(int descriptor, std::string& buffer) {
  std::array<char, 65536> bytes;
  const auto got = recv(descriptor, bytes.data(), bytes.size(), 0);
  if (got > 0) buffer.append(bytes.data(), static_cast<std::size_t>(got));
  return got > 0;
}

std::string header_of(const std::string& head, const std::string& name) {
  const std::string lowered = to_lower(head);
  const auto at = lowered.find("\r\n" + name + ":");
  if (at == std::string::npos) return {};
  const auto begin = at + 2 + name.size() + 1;
  return std::string(trim(lowered.substr(begin, lowered.find("\r\n", begin) - begin)));
}

// Where an HTTP answer at the beginning of the buffer ends; npos while it is incomplete.
std::size_t end_of_answer(const std::string& buffer, const std::string& method) {
  const auto head_end = buffer.find("\r\n\r\n");
  if (head_end == std::string::npos) return std::string::npos;
  const std::string head = buffer.substr(0, head_end + 2);
  const std::size_t body = head_end + 4;
  if (method == "HEAD" || head.substr(9, 3) == "204" || head.substr(9, 3) == "304") return body;
  if (header_of(head, "transfer-encoding") == "chunked") {
    for (std::size_t at = body;;) {
      const auto line_end = buffer.find("\r\n", at);
      if (line_end == std::string::npos) return std::string::npos;
      const auto size = std::strtoul(buffer.c_str() + at, nullptr, 16);
      at = line_end + 2 + size + 2;
      if (at > buffer.size()) return std::string::npos;
      if (size == 0) return at;
    }
  }
  const std::string length = header_of(head, "content-length");
  const std::size_t end = body + (length.empty() ? 0 : std::stoul(length));
  return end <= buffer.size() ? end : std::string::npos;
}

}  // namespace

std::string http_answer(int status, const std::string& body, const std::string& headers) {
  return text("HTTP/1.1 ", status, " Scripted\r\n", headers, "Content-Length: ", body.size(),
              "\r\n\r\n", body);
}

// One client and, once it is needed, one connection to the server for it.
class FaultProxy::Connection {
 public:
  Connection(FaultProxy& proxy, int client) : proxy_(proxy), client_(client) {}
  ~Connection() {
    if (server_ >= 0) proxy_.close_it(server_, reset_);
    proxy_.close_it(client_, reset_);
  }

  void run() {
    while (serve_one()) {
    }
  }

 private:
  // False when the connection has ended.
  bool serve_one() {
    std::size_t head_end = std::string::npos;
    while ((head_end = from_client_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive_more(client_, from_client_)) return false;
    }
    ProxyRequest request;
    request.head = from_client_.substr(0, head_end + 4);
    from_client_.erase(0, head_end + 4);
    request.method = request.head.substr(0, request.head.find(' '));
    const auto target = request.method.size() + 1;
    request.target = request.head.substr(target, request.head.find(' ', target) - target);
    const std::string length = header_of(request.head, "content-length");
    request.body_bytes = length.empty() ? 0 : std::stoul(length);
    const Fault fault = proxy_.fate_of(request);
    reset_ = fault.reset;
    switch (fault.kind) {
      case Fault::Kind::black_hole:
        while (receive_more(client_, from_client_)) from_client_.clear();
        return false;
      case Fault::Kind::answer:
        return take_body(request, nullptr, request.body_bytes) && proxy_.pause(fault.hold_answer) &&
               reply(fault, fault.text);
      case Fault::Kind::cut_request: {
        std::string body;
        const std::size_t bytes = std::min(fault.after, request.body_bytes);
        if (take_body(request, &body, bytes) && connect_to_server()) {
          send_all(server_, request.head + body);
        }
        return false;
      }
      default:
        break;
    }
    if (!proxy_.pause(fault.hold_request) || !pass_on(request)) return false;
    std::string answer;
    if (!read_answer(request, answer)) return false;
    if (fault.away.count() > 0) return leave(fault, answer);
    if (fault.kind == Fault::Kind::lose_answer) return say_goodbye(fault);
    if (!proxy_.pause(fault.hold_answer)) return false;
    if (fault.kind == Fault::Kind::swap_answer) return reply(fault, fault.text);
    if (fault.kind == Fault::Kind::cut_answer) {
      reply(fault, answer.substr(0, std::min(fault.after, answer.size() - 1)));
      return say_goodbye(fault);
    }
    return reply(fault, answer);
  }

  // Reads that much of the body, into `body` unless it is nullptr.
  bool take_body(const ProxyRequest&, std::string* body, std::size_t bytes) {
    while (from_client_.size() < bytes) {
      if (!receive_more(client_, from_client_)) return false;
    }
    if (body != nullptr) *body = from_client_.substr(0, bytes);
    from_client_.erase(0, bytes);
    return true;
  }

  bool connect_to_server() {
    if (server_ >= 0) return true;
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback(proxy_.server_port_);
    if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(descriptor);
      return false;
    }
    proxy_.remember(descriptor);
    server_ = descriptor;
    return true;
  }

  bool pass_on(const ProxyRequest& request) {
    std::string body;
    return take_body(request, &body, request.body_bytes) && connect_to_server() &&
           send_all(server_, request.head + body);
  }

  bool read_answer(const ProxyRequest& request, std::string& answer) {
    for (;;) {
      const auto end = end_of_answer(from_server_, request.method);
      if (end != std::string::npos) {
        answer = from_server_.substr(0, end);
        from_server_.erase(0, end);
        return true;
      }
      if (!receive_more(server_, from_server_)) return false;
    }
  }

  bool reply(const Fault& fault, const std::string& answer) {
    if (fault.slice == 0) return send_all(client_, answer);
    const int on = 1;
    setsockopt(client_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (std::size_t at = 0; at < answer.size(); at += fault.slice) {
      if (!send_all(client_, std::string_view(answer).substr(at, fault.slice))) return false;
      if (!proxy_.pause(fault.slice_pause)) return false;
    }
    return true;
  }

  // The client is told not to send anything more on this connection.
  bool leave(const Fault& fault, std::string answer) {
    proxy_.go_away(client_);
    if (fault.kind == Fault::Kind::none) {
      reply(fault, answer.insert(answer.find("\r\n") + 2, "Connection: close\r\n"));
    }
    shutdown(client_, SHUT_RDWR);
    if (proxy_.pause(fault.away)) proxy_.come_back();
    return false;
  }

  bool say_goodbye(const Fault& fault) {
    if (fault.half_close) {
      shutdown(client_, SHUT_WR);
      while (receive_more(client_, from_client_)) from_client_.clear();
    }
    return false;
  }

  FaultProxy& proxy_;
  int client_;
  int server_ = -1;
  bool reset_ = false;
  std::string from_client_, from_server_;
};

FaultProxy::FaultProxy(int server_port, Script script)
    : server_port_(server_port), script_(std::move(script)) {
  open_listener(0);
}

void FaultProxy::open_listener(int port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;  // or the port is taken by connections that were
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto address = loopback(port);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0 || listen(listener_, 128) != 0 ||
      getsockname(listener_, generic, &size) != 0) {
    throw std::runtime_error("the proxy cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

void FaultProxy::go_away(int but) {
  const std::lock_guard guard(listening_);
  if (ending_ || is_away_.exchange(true)) return;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  const std::lock_guard lock(mutex_);
  for (const int descriptor : open_) {
    if (descriptor != but) shutdown(descriptor, SHUT_RDWR);
  }
}

void FaultProxy::come_back() {
  const std::lock_guard guard(listening_);
  if (ending_ || !is_away_.exchange(false)) return;
  open_listener(port_);
}

FaultProxy::~FaultProxy() {
  {
    const std::lock_guard guard(listening_);
    ending_ = true;
    if (!is_away_) {
      shutdown(listener_, SHUT_RDWR);
      acceptor_.join();
      close(listener_);
    }
  }
  {
    const std::lock_guard lock(mutex_);
    for (const int descriptor : open_) shutdown(descriptor, SHUT_RDWR);
  }
  for (std::thread& worker : workers_) worker.join();
}

void FaultProxy::accept_all() {
  for (;;) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) {
      if (ending_ || is_away_) return;
      continue;
    }
    ++connections_;
    remember(client);
    if (ending_) shutdown(client, SHUT_RDWR);
    workers_.emplace_back([this, client] { Connection(*this, client).run(); });
  }
}

Fault FaultProxy::fate_of(ProxyRequest& request) {
  const std::lock_guard lock(mutex_);
  request.number = ++requests_;
  // An empty array is a preflight.
  if (request.method == "POST" && request.body_bytes > 2) request.write = ++writes_;
  const Fault fault = script_ ? script_(request) : Fault{};
  const bool is_fault = fault.kind != Fault::Kind::none || fault.slice > 0 ||
                        fault.hold_answer.count() > 0 || fault.hold_request.count() > 0 ||
                        fault.away.count() > 0;
  if (is_fault) ++faults_;
  return fault;
}

bool FaultProxy::pause(milliseconds duration) const {
  const auto end = std::chrono::steady_clock::now() + duration;
  while (!ending_) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return true;
    std::this_thread::sleep_for(std::min(left, milliseconds(20)));
  }
  return false;
}

void FaultProxy::remember(int descriptor) {
  const std::lock_guard lock(mutex_);
  open_.insert(descriptor);
}

void FaultProxy::close_it(int descriptor, bool reset) {
  if (reset) {
    const linger now = {1, 0};
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  const std::lock_guard lock(mutex_);
  open_.erase(descriptor);
  close(descriptor);
}

}  // namespace pgseed::test
