#include "agent/loadgen/test_tls.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "common/test_certificate.h"

namespace assay::loadgen {
namespace {

std::string WriteNew(const std::string& text) {
  const char* tmp = std::getenv("TEST_TMPDIR");
  std::string path = std::string(tmp == nullptr ? "/tmp" : tmp) + "/pem.XXXXXX";
  const int fd = mkstemp(path.data());
  if (fd < 0) std::abort();
  close(fd);
  std::ofstream(path) << text;
  return path;
}

// Whatever the client offers.
int Choose(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char*,
           unsigned, void* http2) {
  static constexpr char kHttp2[] = "h2";
  static constexpr char kHttp1[] = "http/1.1";
  const char* const name = http2 != nullptr ? kHttp2 : kHttp1;
  *chosen = reinterpret_cast<const unsigned char*>(name);
  *length = static_cast<unsigned char>(std::strlen(name));
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

TestTls::TestTls(const std::string& names, int version, bool http2)
    : context_(SSL_CTX_new(TLS_server_method())) {
  const TestCertificate made = MakeTestCertificate(names);
  certificate_file_ = WriteNew(made.certificate);
  const std::string key_file = WriteNew(made.key);
  if (context_ == nullptr ||
      SSL_CTX_use_certificate_file(context_.get(), certificate_file_.c_str(), SSL_FILETYPE_PEM) !=
          1 ||
      SSL_CTX_use_PrivateKey_file(context_.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    std::abort();
  }
  SSL_CTX_set_min_proto_version(context_.get(), version);
  SSL_CTX_set_max_proto_version(context_.get(), version);
  SSL_CTX_set_num_tickets(context_.get(), 0);
  SSL_CTX_set_alpn_select_cb(context_.get(), Choose, http2 ? this : nullptr);
  SSL_CTX_set_client_hello_cb(
      context_.get(),
      [](SSL* ssl, int*, void* self) {
        const unsigned char* name = nullptr;
        size_t size = 0;
        // A list's length, a type, and the name's length stand in front of the name (RFC 6066, 3).
        constexpr size_t kBefore = 5;
        const bool has =
            SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &name, &size) == 1 &&
            size > kBefore;
        auto* const tls = static_cast<TestTls*>(self);
        const std::lock_guard<std::mutex> lock(tls->mutex_);
        tls->server_names_.push_back(
            has ? std::string(reinterpret_cast<const char*>(name) + kBefore, size - kBefore) : "");
        return SSL_CLIENT_HELLO_SUCCESS;
      },
      this);
}

std::vector<std::string> TestTls::server_names() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return server_names_;
}

}  // namespace assay::loadgen
