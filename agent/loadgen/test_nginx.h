#ifndef ASSAY_AGENT_LOADGEN_TEST_NGINX_H_
#define ASSAY_AGENT_LOADGEN_TEST_NGINX_H_

#include <sys/types.h>

#include <string>

namespace assay::loadgen {

// An nginx of one process on free ports of 127.0.0.1, with a certificate of its own for that address, made by openssl.
// GET /hello responds with "hello" by itself; everything below /back/ goes to another server.
class TestNginx {
 public:
  struct Config {
    // HOST:PORT behind /back/; empty: none.
    std::string back;
    // A connection is closed after so many.
    int keep_alive_requests = 1'000'000'000;
  };

  static bool Installed();

  // Returns when it answers. Its files are in a new folder below the test's own.
  explicit TestNginx(const Config& config);
  ~TestNginx() { Kill(); }

  // Without a path: HTTP/1.1 over TLS, HTTP/2 over TLS, HTTP/2 without.
  std::string https() const { return Url("https", 0); }
  std::string https2() const { return Url("https", 1); }
  std::string http2() const { return Url("http", 2); }
  std::string certificate() const { return folder_ + "/cert.pem"; }

  // The whole server stops to do anything, as one that hangs.
  void Hang();
  // Harmless when it is dead.
  void Kill();

 private:
  std::string Url(const std::string& scheme, int port) const;
  void MakeCertificate() const;
  void WriteConfig(const Config& config) const;
  void Start();

  std::string folder_;
  int ports_[3];
  pid_t process_ = -1;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_TEST_NGINX_H_
