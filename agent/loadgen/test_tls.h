#ifndef ASSAY_AGENT_LOADGEN_TEST_TLS_H_
#define ASSAY_AGENT_LOADGEN_TEST_TLS_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "openssl/ssl.h"

namespace assay::loadgen {

// OpenSSL's server side for tests, with a certificate made for it. Threads: any.
class TestTls {
 public:
  // `names`: what the certificate is for, as OpenSSL's subjectAltName: "DNS:a.example,IP:127.0.0.1". `version`: the only
  // one that is spoken. `http2`: what ALPN chooses.
  explicit TestTls(const std::string& names, int version = TLS1_3_VERSION, bool http2 = false);

  SSL_CTX* context() const { return context_.get(); }
  // A PEM file with the certificate, for SSL_CERT_FILE.
  const std::string& certificate_file() const { return certificate_file_; }
  // The name in each ClientHello, in order; "" where it had none.
  std::vector<std::string> server_names() const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };

  std::unique_ptr<SSL_CTX, Free> context_;
  std::string certificate_file_;
  mutable std::mutex mutex_;
  std::vector<std::string> server_names_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_TEST_TLS_H_
