#include "agent/loadgen/tls_channel.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "agent/loadgen/socket_calls.h"
#include "openssl/bio.h"
#include "openssl/err.h"
#include "openssl/x509v3.h"

namespace assay::loadgen {
namespace {

// Its length stands before each protocol.
constexpr unsigned char kHttp1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr unsigned char kHttp2[] = {2, 'h', '2'};
// Reads of the socket within one call, each of a buffer of records.
constexpr int kReadsAtOnce = 16;

// The bytes of an IP address in any form that the resolver takes for one: 127.1 and fe80::1%lo too. Empty: it is a name.
std::string AddressBytes(const std::string& host) {
  in_addr v4;
  if (inet_aton(host.c_str(), &v4) == 1) return {reinterpret_cast<const char*>(&v4), sizeof(v4)};
  in6_addr v6;
  const std::string without_zone = host.substr(0, host.find('%'));
  if (inet_pton(AF_INET6, without_zone.c_str(), &v6) != 1) return "";
  return {reinterpret_cast<const char*>(&v6), sizeof(v6)};
}

std::string LastReason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason == nullptr ? "unknown reason" : reason;
}

absl::Status OpensslError(std::string_view what) {
  return absl::InternalError(absl::StrCat("OpenSSL: ", std::string(what), ": ", LastReason()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsContext>> TlsContext::Create(const Config& config) {
  std::unique_ptr<TlsContext> made(new TlsContext(config));
  // RFC 6066, 3: a name is sent without its trailing dot, and certificates have none.
  if (made->config_.host.ends_with('.')) made->config_.host.pop_back();
  made->address_ = AddressBytes(made->config_.host);
  // OpenSSL's own socket BIO would raise SIGPIPE, and hides whether the socket has more.
  made->socket_.reset(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket"));
  made->context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* context = made->context_.get();
  if (made->socket_ == nullptr || context == nullptr) return OpensslError("no context");
  BIO_meth_set_write_ex(made->socket_.get(), TlsChannel::WriteSocket);
  BIO_meth_set_read_ex(made->socket_.get(), TlsChannel::ReadSocket);
  BIO_meth_set_ctrl(made->socket_.get(), TlsChannel::Control);

  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Servers end connections without a word of TLS; what was cut short is seen in HTTP.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead(context, 1);
  const int refused = config.http2 ? SSL_CTX_set_alpn_protos(context, kHttp2, sizeof(kHttp2))
                                   : SSL_CTX_set_alpn_protos(context, kHttp1, sizeof(kHttp1));
  if (refused != 0) return OpensslError("ALPN");
  if (config.verify) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    if (SSL_CTX_set_default_verify_paths(context) != 1) return OpensslError("trusted authorities");
  }
  return made;
}

TlsChannel::TlsChannel(const TlsContext& context, int fd)
    : fd_(fd), ssl_(SSL_new(context.context_.get())) {
  BIO* bio = BIO_new(context.socket_.get());
  if (ssl_ == nullptr || bio == nullptr) {  // Handshake() fails.
    BIO_free(bio);
    ssl_.reset();
    failure_ = LastReason();
    return;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
  const std::string& host = context.config_.host;
  if (context.address_.empty()) SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
  if (!context.config_.verify) return;
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl_.get());
  if (!context.address_.empty()) {
    X509_VERIFY_PARAM_set1_ip(wanted,
                              reinterpret_cast<const unsigned char*>(context.address_.data()),
                              context.address_.size());
  } else {
    X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size());
  }
}

TlsChannel::Progress TlsChannel::Handshake() {
  if (ssl_ == nullptr) {
    errno = ENOMEM;
    return Progress::kFailed;
  }
  ERR_clear_error();
  errno = 0;
  reads_left_ = kReadsAtOnce;
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return Progress::kDone;
  if (FailedCall(result) == 0) {
    failure_ = "the server closed the connection";
    errno = EPROTO;
    return Progress::kFailed;
  }
  if (errno == EAGAIN) return Progress::kPending;
  if (errno != EPROTO) return Progress::kFailed;
  failure_ = LastReason();
  if (const long verified = SSL_get_verify_result(ssl_.get()); verified != X509_V_OK) {
    absl::StrAppend(&failure_, " (", X509_verify_cert_error_string(verified), ")");
  }
  errno = EPROTO;
  return Progress::kFailed;
}

bool TlsChannel::ChoseHttp2() const {
  const unsigned char* chosen = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl_.get(), &chosen, &length);
  return length == 2 && chosen[0] == 'h' && chosen[1] == '2';
}

ssize_t TlsChannel::Receive(void* buffer, size_t size) {
  ERR_clear_error();
  reads_left_ = kReadsAtOnce;
  size_t read = 0;
  const int result = SSL_read_ex(ssl_.get(), buffer, size, &read);
  return result == 1 ? static_cast<ssize_t>(read) : FailedCall(result);
}

ssize_t TlsChannel::Send(const void* data, size_t size) {
  ERR_clear_error();
  reads_left_ = kReadsAtOnce;
  size_t written = 0;
  const int result = SSL_write_ex(ssl_.get(), data, size, &written);
  if (result == 1) return static_cast<ssize_t>(written);
  const ssize_t failed = FailedCall(result);
  if (failed == 0) errno = EPIPE;
  return -1;
}

// As recv() has it.
ssize_t TlsChannel::FailedCall(int result) {
  const int error = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_SYSCALL:
      if (error == 0) return 0;
      errno = error;
      return -1;
    default:
      errno = EPROTO;
      return -1;
  }
}

int TlsChannel::WriteSocket(BIO* bio, const char* data, size_t size, size_t* written) {
  const auto* channel = static_cast<TlsChannel*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  ssize_t sent;
  do {
    sent = SendSome(channel->fd_, data, size);
  } while (sent < 0 && errno == EINTR);
  *written = sent > 0 ? static_cast<size_t>(sent) : 0;
  if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) BIO_set_retry_write(bio);
  return sent > 0 ? 1 : 0;
}

int TlsChannel::ReadSocket(BIO* bio, char* data, size_t size, size_t* read) {
  auto* channel = static_cast<TlsChannel*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *read = 0;
  if (channel->reads_left_ == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  --channel->reads_left_;
  ssize_t received;
  do {
    received = ReceiveSome(channel->fd_, data, size);
  } while (received < 0 && errno == EINTR);
  channel->drained_ = received < static_cast<ssize_t>(size);
  *read = received > 0 ? static_cast<size_t>(received) : 0;
  const bool later = received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (later) BIO_set_retry_read(bio);
  if (received == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  channel->cut_short_ = received <= 0 && !later;
  return received > 0 ? 1 : 0;
}

long TlsChannel::Control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

}  // namespace assay::loadgen
