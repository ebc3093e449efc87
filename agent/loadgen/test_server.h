#ifndef ASSAY_AGENT_LOADGEN_TEST_SERVER_H_
#define ASSAY_AGENT_LOADGEN_TEST_SERVER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/unique_fd.h"
#include "openssl/ssl.h"

namespace assay::loadgen {

// A server with known behaviour for tests: a thread accepts, a thread a connection reads a request, asks the handler
// what to do, and does that. It counts and times what it did, for the other side's account to be held against.
class TestServer {
 public:
  struct Seen {
    // Of the request among all, and of its connection among all, from 0.
    uint64_t request = 0;
    uint64_t connection = 0;
    // Of the request among those of its connection, from 0.
    uint64_t request_of_connection = 0;
    // Head and body as they came; in HTTP/2 the frame HEADERS.
    std::string text;
    // HTTP/2: its id.
    uint32_t stream = 0;
  };
  struct Reply {
    std::string bytes;
    // Waited before the bytes are sent; the end of the server cuts it short.
    int64_t delay_ns = 0;
    enum class Then { kKeep, kClose, kReset } then = Then::kKeep;
    // Sent after the bytes again and again, with that pause before each, until the connection or the server ends.
    std::string drip;
    int64_t drip_pause_ns = 0;
    // In place of `drip`, over TLS: called again and again until it returns false. What the client sends is not read.
    std::function<bool(SSL*)> tls_flood;
  };
  struct Config {
    // In place of a port of 127.0.0.1.
    std::string unix_path;
    // Null: no TLS. It must outlive the server.
    SSL_CTX* tls = nullptr;
    // What TLS has for a connection's end goes before it.
    bool close_notify = true;
    // Not empty: HTTP/2, where this is sent first. SETTINGS belong to it.
    std::string http2_greeting;
  };
  // What became of a request whose response was sent, by CLOCK_MONOTONIC just before that.
  struct Answered {
    int64_t at_ns = 0;
    // Since the request was read: the delay that was asked for, and what the machine added to it.
    int64_t delay_ns = 0;
  };
  using Handler = std::function<Reply(const Seen&)>;

  // Listens on a free port of 127.0.0.1, or on a unix socket where a path is given.
  explicit TestServer(Handler handler, const std::string& unix_path = "")
      : TestServer(std::move(handler), Config{.unix_path = unix_path}) {}
  TestServer(Handler handler, const Config& config);
  ~TestServer() { Kill(); }

  // "127.0.0.1:PORT" or "unix:PATH".
  const std::string& target() const { return target_; }
  uint64_t requests() const { return requests_; }
  uint64_t connections() const { return connections_; }
  // Of all connections, in no order. After Kill().
  const std::vector<Answered>& answered() const { return answered_; }

  // As a server that is killed: every connection is reset, none is accepted any more. Harmless when it is dead.
  void Kill();

  // As a server that closes connections that are idle for too long: each is closed after the response in hand, if any.
  void CloseIdle();

  // "HTTP/1.1 200 OK" with Content-Length, that body, and more header lines, each ended by CRLF.
  static std::string Ok(const std::string& body, const std::string& headers = "");

 private:
  void Accept();
  // Bytes of a connection, with TLS or without.
  struct Wire {
    int fd;
    SSL* ssl;
    std::string pending;

    // False: it has ended.
    bool ReadMore();
    bool SendAll(const std::string& bytes) const;
  };

  void Serve(int fd, uint64_t connection);
  // False where it cannot be opened.
  bool Open(Wire& wire) const;
  // Returns whether it is to be reset.
  bool Converse(Wire& wire, uint64_t connection, std::vector<Answered>* answered);
  bool ReadRequest(Wire& wire, Seen* seen) const;
  static bool TakeRequest(std::string& pending, Seen* seen);
  static bool TakeHttp2Request(std::string& pending, Seen* seen);
  void Rest(int64_t delay_ns);
  // Until nobody takes it.
  void Drip(const Wire& wire, const Reply& reply);
  void Flood(const Wire& wire, const Reply& reply);

  const Handler handler_;
  const Config config_;
  std::string target_;
  UniqueFd listener_;
  std::atomic<bool> dead_{false};
  std::atomic<uint64_t> requests_{0};
  std::atomic<uint64_t> connections_{0};
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<Answered> answered_;
  std::vector<std::thread> threads_;
  std::thread accepter_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_TEST_SERVER_H_
