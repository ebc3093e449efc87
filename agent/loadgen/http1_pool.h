#ifndef ASSAY_AGENT_LOADGEN_HTTP1_POOL_H_
#define ASSAY_AGENT_LOADGEN_HTTP1_POOL_H_

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/loadgen/due_queue.h"
#include "agent/loadgen/fate.h"
#include "agent/loadgen/recorder.h"
#include "agent/loadgen/request.h"
#include "agent/loadgen/response_parser.h"
#include "agent/loadgen/target_address.h"
#include "common/unique_fd.h"

namespace assay::loadgen {

// What the connections of a pool report to the loop that offers the load. Calls come from within
// Turn(), Queue() and Flush(), on the pool's thread.
class FlightSink {
 public:
  virtual ~FlightSink() = default;
  // A connection is open and has room for a request: it was opened, or answers came. May Queue()
  // and Flush() on it.
  virtual void OnReady(int connection, int64_t now_ns) = 0;
  // A request ended. Must not call the pool: OnReady() follows where another one may be sent.
  virtual void OnEnded(const Flight& flight, Fate fate, int status, uint64_t answer_bytes,
                       int64_t now_ns) = 0;
  // A connection could not be opened (again); it is tried once more after a pause. Must not call
  // the pool.
  virtual void OnOpenFailed(Fate fate, int64_t now_ns) = 0;
  // Between any two events of a turn, for what cannot wait until its end. May Queue() and Flush().
  virtual void BetweenEvents(int64_t) {}
};

// The connections of one load thread to one server over HTTP/1.1, kept open: one that the server
// closes, that breaks, or whose answer is late is opened again. Up to `pipeline` requests are in
// flight on each, answered in order.
//
// Threads: one. Cost: a request is one send and one recv beside its share of an epoll_wait;
// readiness is edge-triggered and registered once a connection. Nothing is allocated after
// Create(), and nothing is copied: requests are sent from where they were built, answers are parsed
// in one receive buffer.
class Http1Pool {
 public:
  struct Config {
    const TargetAddress* target = nullptr;
    const std::vector<Request>* requests = nullptr;
    int connections = 1;
    int pipeline = 1;
    int64_t timeout_ns = 0;
    // Becomes readable when the loop is to look up from its wait; never read. -1: none.
    int wake_fd = -1;
  };

  // What `config` points to, and `sink`, must outlive the pool.
  static absl::StatusOr<std::unique_ptr<Http1Pool>> Create(const Config& config, FlightSink* sink);

  // Opens every connection and returns when all are open. kUnavailable, with what failed and why,
  // when one cannot be opened or `deadline_ns` has come; open_failures() has the counts.
  absl::Status OpenAll(int64_t deadline_ns);

  // Waits for something to happen, until wake_ns at the latest (not at all when it has passed), and
  // deals with it. `now_ns` is the caller's last look at the clock; returns a new one.
  int64_t Turn(int64_t wake_ns, int64_t now_ns);

  // Puts a request behind those already in flight. REQUIRES: HasRoom(connection).
  void Queue(int connection, const Flight& flight);
  // Sends what was queued, as far as the socket takes it; the rest follows by itself. The
  // connection may break in it.
  void Flush(int connection, int64_t now_ns);
  int InFlight(int connection) const { return connections_[connection].in_flight; }
  bool HasRoom(int connection) const {
    const Connection& c = connections_[connection];
    return c.state == State::kOpen && c.in_flight < pipeline_;
  }

  // From now on connections that end stay closed.
  void StopReopening() { reopening_ = false; }

  // Requests on their way; those of the window alone.
  int64_t CountInFlight(bool counted_only) const;
  int connections() const { return static_cast<int>(connections_.size()); }
  // Connections that the server ended and that were opened again.
  uint64_t reconnects() const { return reconnects_; }
  // By Fate, of OpenAll().
  const std::array<uint64_t, kFates>& open_failures() const { return open_failures_; }
  // Time spent in turns that had work in them, since the creation.
  int64_t busy_ns() const { return busy_ns_; }

 private:
  enum class By { kServer, kUs };
  enum class State : uint8_t { kClosed, kConnecting, kOpen, kWaiting };

  // The hot part comes first. Requests in flight are in flights_[index * pipeline_ ...], a ring.
  struct Connection {
    UniqueFd fd;
    uint32_t generation = 0;  // Tells an event of this descriptor from one of its forerunner.
    State state = State::kClosed;
    bool answering = false;  // The parser is within an answer.
    uint16_t first = 0;
    uint16_t in_flight = 0;
    uint16_t unsent = 0;  // Of those in flight, the last ones.
    size_t unsent_offset = 0;
    int64_t since_ns = 0;  // When connecting began.
    ResponseParser parser;
  };

  Http1Pool(const Config& config, FlightSink* sink);

  Flight& FlightAt(int connection, int position) {
    uint32_t place = connections_[connection].first + static_cast<uint32_t>(position);
    if (place >= pipeline_) place -= pipeline_;
    return flights_[static_cast<size_t>(connection) * pipeline_ + place];
  }
  const std::string& Bytes(const Flight& flight) const {
    return (*config_.requests)[flight.request].bytes;
  }

  int Wait(int64_t timeout_ns);
  void HandleEvent(uint64_t key, uint32_t events);
  void FinishConnecting(int connection);
  void Receive(int connection, bool ending);
  // Takes the first flight, whose answer is complete, off the connection and reports it.
  void FinishAnswer(int connection, int64_t now_ns);
  // False: the connection is gone.
  bool Consume(int connection, const char* data, size_t size, int64_t now_ns);
  Fate Judge(const Request& request, const ResponseParser& answer) const;
  void OnEnd(int connection, int64_t now_ns);
  bool SendMany(int connection, int64_t now_ns);

  void Connect(int connection, int64_t now_ns);
  void OpenFailed(int connection, Fate fate, int64_t now_ns);
  // Ends what is in flight, the first by `first` and the others by `others`, closes and opens
  // again.
  void Break(int connection, Fate first, Fate others, By by, int64_t now_ns);
  void ReopenWaiting(int64_t now_ns);
  void ExpireLate(int64_t now_ns);

  const Config config_;
  const uint32_t pipeline_;
  FlightSink* const sink_;
  UniqueFd epoll_;
  std::vector<Connection> connections_;
  std::vector<Flight> flights_;
  std::unique_ptr<char[]> buffer_;
  // Connections that wait to be opened again.
  DueQueue retries_;
  int64_t event_ns_ = 0;  // The last look at the clock within a turn.
  int64_t next_scan_ns_ = 0;
  int64_t busy_ns_ = 0;
  uint64_t reconnects_ = 0;
  bool reopening_ = true;
  bool opening_ = false;  // Within OpenAll().
  int opened_ = 0;
  std::array<uint64_t, kFates> open_failures_{};
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_HTTP1_POOL_H_
