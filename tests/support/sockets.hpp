#pragma once
// What the proxies are made of, all on 127.0.0.1 and closed on exec.
namespace pgseed::test {

struct Listener {
  int descriptor = -1;
  int port = 0;
};
Listener listen_on(int port);         // 0: any free one. Throws std::runtime_error
int connect_to(int port);             // a descriptor, or -1
void reset_on_close(int descriptor);  // closing it sends RST instead of FIN

}  // namespace pgseed::test
