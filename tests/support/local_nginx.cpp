#include "support/local_nginx.hpp"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/network.hpp"

namespace pgseed::test {
namespace {

constexpr const char* kProgram = "/usr/sbin/nginx";

void openssl(const TempDir& folder, std::vector<std::string> args) {
  args.insert(args.begin(), "openssl");
  const Result result = run({.argv = std::move(args), .directory = folder.path().string()});
  if (result.exit_code != 0) throw std::runtime_error("openssl: " + result.err);
}

}  // namespace

bool LocalNginx::is_installed() {
  return access(kProgram, X_OK) == 0;
}

// An authority, and a certificate signed by it or by itself.
void LocalNginx::make_certificates(const Setup& setup) const {
  const std::vector<std::string> key = {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                                        "-nodes"};
  const auto request = [&](std::vector<std::string> args, const std::vector<std::string>& more) {
    args.insert(args.begin(), "req");
    args.insert(args.end(), key.begin(), key.end());
    args.insert(args.end(), more.begin(), more.end());
    openssl(folder_, args);
  };
  request({"-x509", "-days", "2"}, {"-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=tests"});
  const std::vector<std::string> server = {
      "-keyout", "server.key", "-subj", "/CN=gateway", "-addext", "subjectAltName=" + setup.name};
  if (setup.self_signed) {
    request({"-x509", "-days", "2", "-out", "server.pem"}, server);
    return;
  }
  request({"-new", "-out", "server.csr"}, server);
  openssl(folder_, {"x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                    "-CAcreateserial", "-copy_extensions", "copy", "-days",
                    setup.expired ? "-1" : "2", "-out", "server.pem"});
}

LocalNginx::LocalNginx(const Setup& setup) : port_(free_port()), tls_(setup.tls) {
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  if (tls_) make_certificates(setup);
  const std::string user = geteuid() == 0 ? "user root;\n" : "";
  const std::string listen =
      "listen 127.0.0.1:" + std::to_string(port_) +
      (tls_ ? " ssl http2;\nssl_certificate server.pem;\nssl_certificate_key server.key;\n"
            : ";\n");
  folder_.write(
      "nginx.conf",
      user +
          "worker_processes 1;\ndaemon off;\npid nginx.pid;\nerror_log error.log;\n"
          "events { worker_connections 256; }\nhttp {\nlog_format short '$request_method "
          "$server_protocol $status';\naccess_log access.log short;\n"
          "client_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\n"
          "uwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n" +
          setup.http + "\nserver {\n" + listen +
          "location / {\nproxy_pass http://127.0.0.1:" + std::to_string(setup.server_port) +
          ";\nproxy_http_version 1.1;\n" + setup.location + "\n}\n}\n}\n");
  server_ = std::make_unique<Process>(
      Command{.argv = {kProgram, "-p", folder_.path().string(), "-c", "nginx.conf"},
              .directory = "/",
              .death_signal = 15});
  if (!wait_until([this] { return accepts_connections(port_); }, std::chrono::seconds(10))) {
    throw std::runtime_error("nginx does not start: " + server_->err());
  }
}

LocalNginx::~LocalNginx() {
  // In good order, so that its worker ends as well.
  server_->send(15);
  server_->wait(std::chrono::seconds(5));
}

std::string LocalNginx::url() const {
  return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
}

std::string LocalNginx::access_log() const {
  std::ifstream log(folder_ / "access.log");
  return {std::istreambuf_iterator<char>(log), {}};
}

}  // namespace pgseed::test
