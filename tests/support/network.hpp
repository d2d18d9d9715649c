#pragma once
// What the server fixtures need of the loopback network.
#include <map>
#include <string>

namespace pgseed::test {

// A TCP port of 127.0.0.1 that nobody listened on a moment ago.
int free_port();
bool accepts_connections(int port);

struct HttpAnswer {
  int status = 0;  // 0: no answer
  std::string headers, body;
};
// One HTTP/1.1 request to 127.0.0.1 on a connection of its own, independent of the client under
// test.
HttpAnswer http(int port, const std::string& method, const std::string& target,
                const std::map<std::string, std::string>& headers = {},
                const std::string& body = {});

}  // namespace pgseed::test
