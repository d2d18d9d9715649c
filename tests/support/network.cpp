#include "support/network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <random>
#include <stdexcept>

namespace pgseed::test {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

struct Socket {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ~Socket() { close(fd); }

  bool connect_to(int port) const {
    const auto address = loopback(port);
    return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
};

// "4\r\nabcd\r\n0\r\n\r\n" -> "abcd"
std::string without_chunks(const std::string& body) {
  std::string out;
  std::size_t at = 0;
  while (at < body.size()) {
    const auto line_end = body.find("\r\n", at);
    if (line_end == std::string::npos) break;
    const auto size = std::strtoul(body.c_str() + at, nullptr, 16);
    if (size == 0) break;
    out.append(body, line_end + 2, size);
    at = line_end + 2 + size + 2;
  }
  return out;
}

}  // namespace

int free_port() {
  // Linux gives clients those above: a server that is started again finds its port free, and while
  // it is down nobody connects to himself.
  constexpr int kFirst = 10'000, kLast = 32'767;
  static std::random_device random;
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  for (int tries = 0; tries < 1000; ++tries) {
    const Socket socket;
    const auto offset = random() % (kLast - kFirst);
    const auto address = loopback(kFirst + static_cast<int>(offset));
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (bind(socket.fd, generic, sizeof address) == 0) return ntohs(address.sin_port);
  }
  throw std::runtime_error("no free port");
}

bool accepts_connections(int port) {
  return Socket().connect_to(port);
}

HttpAnswer http(int port, const std::string& method, const std::string& target,
                const std::map<std::string, std::string>& headers, const std::string& body) {
  const Socket socket;
  const timeval timeout = {30, 0};
  setsockopt(socket.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (!socket.connect_to(port)) return {};
  std::string request = method + ' ' + target + " HTTP/1.1\r\nHost: localhost\r\n";
  for (const auto& [name, value] : headers)
    request.append(name).append(": ").append(value).append("\r\n");
  request += "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  request += body;
  for (std::size_t sent = 0; sent < request.size();) {
    const auto count = send(socket.fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) break;
    sent += static_cast<std::size_t>(count);
  }
  std::string reply;
  std::array<char, 16384> buffer;
  while (true) {
    const auto count = recv(socket.fd, buffer.data(), buffer.size(), 0);
    if (count <= 0) break;
    reply.append(buffer.data(), static_cast<std::size_t>(count));
  }
  const auto head_end = reply.find("\r\n\r\n");
  if (head_end == std::string::npos || reply.size() < 12) return {};
  HttpAnswer answer;
  answer.status = std::atoi(reply.c_str() + 9);
  answer.headers = reply.substr(0, head_end + 2);
  answer.body = reply.substr(head_end + 4);
  if (answer.headers.find("chunked") != std::string::npos) {
    answer.body = without_chunks(answer.body);
  }
  return answer;
}

}  // namespace pgseed::test
