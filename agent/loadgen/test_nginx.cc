#include "agent/loadgen/test_nginx.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fstream>

#include "common/unique_fd.h"

namespace assay::loadgen {
namespace {

constexpr char kProgram[] = "/usr/sbin/nginx";

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

UniqueFd BindFreePort(int* port) {
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof(address);
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) != 0) std::abort();
  getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
  *port = ntohs(address.sin_port);
  return fd;
}

bool Listens(int port) {
  const sockaddr_in address = Loopback(port);
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

}  // namespace

bool TestNginx::Installed() { return access(kProgram, X_OK) == 0; }

TestNginx::TestNginx(const Config& config) {
  const char* tmp = std::getenv("TEST_TMPDIR");
  folder_ = std::string(tmp == nullptr ? "/tmp" : tmp) + "/nginx.XXXXXX";
  if (mkdtemp(folder_.data()) == nullptr) std::abort();
  {
    // All three are held until all are known, so that they differ.
    UniqueFd held[3];
    for (int i = 0; i < 3; ++i) held[i] = BindFreePort(&ports_[i]);
  }
  MakeCertificate();
  WriteConfig(config);
  Start();
}

std::string TestNginx::Url(const std::string& scheme, int port) const {
  return scheme + "://127.0.0.1:" + std::to_string(ports_[port]);
}

void TestNginx::MakeCertificate() const {
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
      "/CN=assay-test -addext subjectAltName=IP:127.0.0.1 -keyout '" +
      folder_ + "/key.pem' -out '" + certificate() + "' 2>'" + folder_ + "/openssl.txt'";
  if (std::system(command.c_str()) != 0) std::abort();
}

void TestNginx::WriteConfig(const Config& config) const {
  std::ofstream file(folder_ + "/nginx.conf");
  const auto listen = [&](int port, const char* how) {
    file << "listen 127.0.0.1:" << ports_[port] << how << ";\n";
  };
  file << "daemon off; master_process off; pid nginx.pid; error_log error.txt;\n"
       << "events { worker_connections 1024; }\n"
       << "http {\n"
       << "access_log off; client_max_body_size 16m;\n"
       << "keepalive_requests " << config.keep_alive_requests << ";\n";
  for (const char* what : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    file << what << "_temp_path " << folder_ << "/" << what << ";\n";
  }
  if (!config.back.empty()) {
    file << "upstream back { server " << config.back << "; keepalive 64; }\n";
  }
  file << "server {\n";
  listen(0, " ssl");
  listen(1, " ssl http2");
  listen(2, " http2");
  file << "ssl_certificate cert.pem; ssl_certificate_key key.pem;\n"
       << "location = /hello { return 200 hello; }\n";
  if (!config.back.empty()) {
    file << "location /back/ { proxy_pass http://back; proxy_http_version 1.1;\n"
         << "proxy_set_header Connection ''; proxy_next_upstream off; }\n";
  }
  file << "}\n}\n";
}

void TestNginx::Start() {
  const std::string prefix = folder_ + "/";
  const std::string config = prefix + "nginx.conf";
  process_ = fork();
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execl(kProgram, kProgram, "-p", prefix.c_str(), "-e", "stderr", "-c", config.c_str(), nullptr);
    _exit(127);
  }
  for (int i = 0; i < 1000 && !Listens(ports_[2]); ++i) {
    const timespec nap{0, 10'000'000};
    nanosleep(&nap, nullptr);
    if (waitpid(process_, nullptr, WNOHANG) != 0) std::abort();  // It has said why.
  }
}

void TestNginx::Hang() { kill(process_, SIGSTOP); }

void TestNginx::Kill() {
  if (process_ <= 0) return;
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

}  // namespace assay::loadgen
