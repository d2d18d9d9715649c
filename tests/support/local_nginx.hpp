#pragma once
// Debian's nginx as the gateway in front of PostgREST, with a certificate authority of its own.
#include <memory>
#include <string>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace pgseed::test {

class LocalNginx {
 public:
  struct Setup {
    int server_port = 0;        // of what stands behind it
    std::string http = {};      // lines of the http block
    std::string location = {};  // lines of location /
    bool tls = false;           // HTTP/2 is offered then
    // Of the certificate, in openssl's words.
    std::string name = "IP:127.0.0.1";
    bool expired = false;
    bool self_signed = false;
  };
  explicit LocalNginx(const Setup& setup);
  ~LocalNginx();
  LocalNginx(const LocalNginx&) = delete;
  LocalNginx& operator=(const LocalNginx&) = delete;

  int port() const { return port_; }
  std::string url() const;
  // The authority's certificate, for SSL_CERT_FILE.
  std::string authority() const { return folder_ / "ca.pem"; }
  // "POST HTTP/2.0 201" for each request that came through.
  std::string access_log() const;
  static bool is_installed();

 private:
  void make_certificates(const Setup& setup) const;

  TempDir folder_;
  int port_;
  bool tls_;
  std::unique_ptr<Process> server_;
};

}  // namespace pgseed::test
