#ifndef ASSAY_AGENT_LOADGEN_SOCKET_POOL_H_
#define ASSAY_AGENT_LOADGEN_SOCKET_POOL_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/loadgen/connection_pool.h"
#include "agent/loadgen/due_queue.h"
#include "agent/loadgen/outcome.h"
#include "agent/loadgen/request.h"
#include "agent/loadgen/socket_calls.h"
#include "agent/loadgen/target_address.h"
#include "agent/loadgen/tls_channel.h"
#include "common/unique_fd.h"

namespace assay::loadgen {

// What pools have in common, whatever is spoken: sockets that are opened, with TLS or without,
// watched, and opened again when they end. What is said over them is the derived class's, which
// is told of every event and ends the flights.
//
// A turn is bounded in time, whatever servers send: the next one goes on with what it did not get to.
//
// Cost: readiness is edge-triggered and registered once a connection.
class SocketPool : public ConnectionPool {
 public:
  struct Config {
    const TargetAddress* target = nullptr;
    const std::vector<Request>* requests = nullptr;
    int connections = 1;
    // Requests in flight on a connection.
    int pipeline = 1;
    int64_t timeout_ns = 0;
    // Becomes readable when the loop is to look up from its wait; never read. -1: none.
    int wake_fd = -1;
    // Null: no TLS.
    const TlsContext* tls = nullptr;
  };

  absl::Status OpenAll(int64_t deadline_ns) final;
  int64_t Turn(int64_t wake_ns, int64_t now_ns) final;
  int64_t CatchUp(int64_t now_ns) final;
  void StopReopening() final { reopening_ = false; }
  void ResumeReopening(int64_t now_ns) final;
  int connections() const final { return static_cast<int>(sockets_.size()); }
  uint64_t reconnects() const final { return reconnects_; }
  const std::array<uint64_t, kOutcomes>& open_failures() const final { return open_failures_; }
  int64_t busy_ns() const final { return busy_ns_; }
  int64_t unreachable_since_ns() const final { return unreachable_since_ns_; }

 protected:
  enum class By { kServer, kUs };
  enum class State : uint8_t {
    kClosed,
    kConnecting,
    kShakingHands,  // TLS.
    kAgreeing,      // Bytes go through, but what is spoken is not open yet.
    kOpen,
    kWaiting,
  };
  static constexpr uint32_t kEnding = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  // Receives on one event, each of a buffer: a server that sends faster than its responses are read must not keep the
  // others, and the clock, from their turn.
  static constexpr int kReceivesAtOnce = 4;

  struct Socket {
    UniqueFd fd;
    uint32_t generation = 0;  // Tells an event of this descriptor from one of its forerunner.
    State state = State::kClosed;
    std::unique_ptr<TlsChannel> tls;
    int64_t since_ns = 0;  // When connecting began.

    ssize_t Receive(char* buffer, size_t size) {
      return tls == nullptr ? ReceiveSome(fd.get(), buffer, size) : tls->Receive(buffer, size);
    }
    ssize_t Send(const char* data, size_t size) {
      return tls == nullptr ? SendSome(fd.get(), data, size) : tls->Send(data, size);
    }
    // After a Receive() that found nothing: it stopped before the socket was empty, and wants its event again.
    bool held_back() const { return tls != nullptr && tls->held_back(); }
    // After a Receive() that gave so many bytes: a short read empties the socket, and what comes
    // later makes an edge of its own.
    bool MayHoldMore(size_t received, size_t size) const {
      return tls == nullptr ? received == size : tls->MayHoldMore();
    }
    // After a Receive() of 0: a body that only the connection's end ends is not known to be whole (RFC 9112, 9.8).
    bool cut_short() const { return tls != nullptr && tls->cut_short(); }
    // Events on which to Receive(). TLS may have to write before it can read.
    uint32_t receive_events() const {
      return tls == nullptr ? EPOLLIN | kEnding : EPOLLIN | EPOLLOUT | kEnding;
    }
  };

  SocketPool(const Config& config, FlightSink* sink);

  // First of all.
  absl::Status Watch();

  // Bytes go through: the connection is kAgreeing. Calls Opened() now or later. What came already
  // makes no event.
  virtual void OnConnected(int connection, int64_t now_ns) = 0;
  // Of a connection that is kAgreeing or kOpen.
  virtual void OnEvents(int connection, uint32_t events) = 0;
  // Ends the flights that were due before limit_ns.
  virtual void ExpireFlights(int connection, int64_t limit_ns, int64_t now_ns) = 0;
  // Whether requests wait on a connection that is not open, to be sent again when it is.
  virtual bool KeepsFlights(int connection) const = 0;
  // Ends those of them that were due before limit_ns. Returns their number.
  virtual int EndKept(int connection, Outcome outcome, int64_t limit_ns, int64_t now_ns) = 0;
  // Why a connection that carries bytes was not open in time.
  virtual Outcome LateOpening(int) const { return Outcome::kConnectTimeout; }

  // Requests may be sent. Ready() follows, behind what is sent again.
  void Opened(int connection);
  // In place of Opened(): closes, and tries again after a pause.
  void OpenFailed(int connection, Outcome outcome, int64_t now_ns);
  // Makes the event anew: it was not received to the end.
  void ReportAgain(int connection);
  // Tells the loop that there is room.
  void Ready(int connection, int64_t now_ns) {
    if (!opening_) sink_->OnReady(connection, now_ns);
  }
  // Closes an open connection, with a reset where responses may still arrive. The caller ends its flights
  // and then says Reopen().
  void Close(int connection, bool reset);
  // `answered`: a response came on it. Else, where it was short-lived, there is a pause: a server that accepts and
  // closes at once is not to be stormed.
  void Reopen(int connection, By by, bool answered, int64_t now_ns);

  // Whether any right response is known by its hash.
  bool ChecksHashes() const {
    return std::any_of(config_.requests->begin(), config_.requests->end(),
                       [](const Request& request) { return request.expect_sha256.has_value(); });
  }
  bool is_open(int connection) const { return sockets_[connection].state == State::kOpen; }

  const Config config_;
  FlightSink* const sink_;
  std::vector<Socket> sockets_;
  int64_t event_ns_ = 0;  // The last look at the clock within a turn.
  // When the kernel told of the event that is being handled, where the turn has no other one; else 0: what waited for
  // its turn is dated when that came.
  int64_t told_alone_ns_ = 0;

 private:
  void HandleEvent(uint64_t key, uint32_t events);
  void Connect(int connection, int64_t now_ns);
  void FinishConnecting(int connection);
  void ShakeHands(int connection, int64_t now_ns);
  void ReopenWaiting(int64_t now_ns);
  void ExpireLate(int64_t now_ns);

  static constexpr int kEventsPerTurn = 512;

  UniqueFd epoll_;
  // What epoll told of, and the first of it that is not handled yet.
  std::array<epoll_event, kEventsPerTurn> told_{};
  int told_count_ = 0;
  int told_next_ = 0;
  // Connections that wait to be opened again.
  DueQueue retries_;
  int64_t next_scan_ns_ = 0;
  int64_t busy_ns_ = 0;
  uint64_t reconnects_ = 0;
  int open_now_ = 0;
  int64_t unreachable_since_ns_ = INT64_MAX;
  bool reopening_ = true;
  bool opening_ = false;  // Within OpenAll().
  int opened_ = 0;
  std::array<uint64_t, kOutcomes> open_failures_{};
  std::string open_failure_;  // What TLS said of one of them.
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_SOCKET_POOL_H_
