#ifndef ASSAY_AGENT_LOADGEN_TLS_CHANNEL_H_
#define ASSAY_AGENT_LOADGEN_TLS_CHANNEL_H_

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "openssl/ssl.h"

namespace assay::loadgen {

// What all TLS sessions of a process have in common.
//
// Threads: any, once it is made.
class TlsContext {
 public:
  struct Config {
    // A name or an IP address, without a port.
    std::string host;
    // ALPN offers "h2", else "http/1.1": one of the two, so that the server has no choice.
    bool http2 = false;
    // Whether the server's certificate must be for `host`, by an authority that the system trusts.
    bool verify = false;
  };

  static absl::StatusOr<std::unique_ptr<TlsContext>> Create(const Config& config);

 private:
  friend class TlsChannel;
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
  };

  explicit TlsContext(const Config& config) : config_(config) {}

  Config config_;
  std::string address_;  // Its bytes, where the host is one: no name is sent then.
  std::unique_ptr<BIO_METHOD, Free> socket_;
  std::unique_ptr<SSL_CTX, Free> context_;
};

// A TLS session of a client over a non-blocking socket. TLS 1.2 or later, without renegotiation.
//
// Records hide what the socket holds: call OnEvent() for each edge, then read until Receive() finds nothing or
// MayHoldMore() is false, for no edge follows for what was taken from the socket already.
//
// Threads: one. Cost: a recv() for what fits in a buffer of records, a send() for each Send().
class TlsChannel {
 public:
  enum class Progress { kDone, kPending, kFailed };

  // `context` must outlive it; `fd` is connected, and stays the caller's.
  TlsChannel(const TlsContext& context, int fd);
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  // On each event of the socket, until it is not kPending.
  Progress Handshake();
  // Why it failed, for people: "certificate verify failed (self-signed certificate)".
  const std::string& failure() const { return failure_; }
  // The server chose HTTP/2.
  bool ChoseHttp2() const;

  // As recv() and send() do: 0 at the end, -1 with errno: EAGAIN when the socket must be waited for
  // (it is watched for both directions), EPROTO for what breaks TLS. After an EAGAIN the next
  // Send() begins with the same bytes, and has at least as many.
  ssize_t Receive(void* buffer, size_t size);
  ssize_t Send(const void* data, size_t size);
  // After kPending or EAGAIN: the call ended before the socket was empty, for a peer that sends nothing but TLS's own
  // messages must not keep the caller from its clock. No edge follows: ask for one.
  bool held_back() const { return reads_left_ == 0 && !drained_; }
  // After the end: the connection ended without TLS's own word for it (close_notify), as it does where somebody cuts it.
  bool cut_short() const { return cut_short_; }
  // The socket made an edge: it may hold what came after the last read, also where the next Receive() takes a record that
  // was read before.
  void OnEvent() { drained_ = false; }
  // Whether Receive() may find something without another event.
  bool MayHoldMore() const { return !drained_ || SSL_has_pending(ssl_.get()) != 0; }

 private:
  friend class TlsContext;
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  static int WriteSocket(BIO* bio, const char* data, size_t size, size_t* written);
  static int ReadSocket(BIO* bio, char* data, size_t size, size_t* read);
  static long Control(BIO* bio, int command, long number, void* pointer);
  ssize_t FailedCall(int result);

  const int fd_;
  // Reads of the socket that the call under way may yet make.
  int reads_left_ = 0;
  bool drained_ = false;  // The last read took all that the socket had, and no edge came since.
  bool cut_short_ = false;
  std::unique_ptr<SSL, Free> ssl_;
  std::string failure_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_TLS_CHANNEL_H_
