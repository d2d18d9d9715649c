#include "support/fault_proxy.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <stdexcept>

#include "pgseed/base/text.hpp"
#include "support/sockets.hpp"

namespace pgseed::test {
namespace {

using std::chrono::milliseconds;

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
    if (!proxy_.pause(fault.hold_request) || !pass_on(request, fault)) return false;
    std::string answer;
    if (!read_answer(request, answer)) return false;
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
    const int descriptor = connect_to(proxy_.server_port_);
    if (descriptor < 0) return false;
    proxy_.remember(descriptor);
    server_ = descriptor;
    return true;
  }

  bool pass_on(const ProxyRequest& request, const Fault& fault) {
    std::string body;
    return take_body(request, &body, request.body_bytes) && connect_to_server() &&
           send_sliced(server_, request.head + body, fault.request_slice, fault.slice_pause);
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
    return send_sliced(client_, answer, fault.slice, fault.slice_pause);
  }

  bool send_sliced(int to, const std::string& bytes, std::size_t slice, milliseconds pause) {
    if (slice == 0) return send_all(to, bytes);
    const int on = 1;
    setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (std::size_t at = 0; at < bytes.size(); at += slice) {
      if (!send_all(to, std::string_view(bytes).substr(at, slice))) return false;
      if (!proxy_.pause(pause)) return false;
    }
    return true;
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

FaultProxy::FaultProxy(int server_port, Script script, int port)
    : server_port_(server_port), script_(std::move(script)) {
  const Listener made = listen_on(port);
  listener_ = made.descriptor;
  port_ = made.port;
  acceptor_ = std::thread([this] { accept_all(); });
}

FaultProxy::~FaultProxy() {
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

void FaultProxy::accept_all() {
  for (;;) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) {
      if (ending_) return;
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
  // An empty array is a preflight, and a trial stores nothing.
  const bool is_trial = request.head.find("vnd.pgrst.object") != std::string::npos;
  if (request.method == "POST" && request.body_bytes > 2 && !is_trial) request.write = ++writes_;
  const Fault fault = script_ ? script_(request) : Fault{};
  const bool is_fault = fault.kind != Fault::Kind::none || fault.slice > 0 ||
                        fault.request_slice > 0 || fault.hold_answer.count() > 0 ||
                        fault.hold_request.count() > 0;
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
  if (reset) reset_on_close(descriptor);
  const std::lock_guard lock(mutex_);
  open_.erase(descriptor);
  close(descriptor);
}

}  // namespace pgseed::test
