#ifndef ASSAY_AGENT_LOADGEN_CONNECTION_POOL_H_
#define ASSAY_AGENT_LOADGEN_CONNECTION_POOL_H_

#include <array>
#include <cstdint>

#include "absl/status/status.h"
#include "agent/loadgen/outcome.h"
#include "agent/loadgen/recorder.h"

namespace assay::loadgen {

// What the connections of a pool report to the loop that offers the load. Calls come from within
// Turn(), Queue() and Flush(), on the pool's thread.
class FlightSink {
 public:
  virtual ~FlightSink() = default;
  // A connection is open and has room for a request: it was opened, or responses arrived. May Queue()
  // and Flush() on it.
  virtual void OnReady(int connection, int64_t now_ns) = 0;
  // A request ended. Must not call the pool: OnReady() follows where another one may be sent.
  virtual void OnEnded(const Flight& flight, Outcome outcome, int status, uint64_t response_bytes,
                       int64_t now_ns) = 0;
  // A connection could not be opened (again); it is tried once more after a pause. Must not call
  // the pool, but for what it has counted.
  virtual void OnOpenFailed(Outcome outcome, int64_t now_ns) = 0;
  // Between any two events of a turn, for what cannot wait until its end. May Queue() and Flush().
  virtual void BetweenEvents(int64_t) {}
  // Behind the last one, within the time that counts as busy. May Queue() and Flush().
  virtual void AfterEvents() {}
};

// The connections of one load thread to one server, kept open, whatever they speak. Requests are
// queued on a connection and answered there; each that was queued ends once, by
// FlightSink::OnEnded(), or is still in flight.
//
// Threads: one.
class ConnectionPool {
 public:
  virtual ~ConnectionPool() = default;

  // Opens every connection and returns when all are open. kUnavailable, with what failed and why,
  // when one cannot be opened or `deadline_ns` has come; open_failures() has the counts.
  virtual absl::Status OpenAll(int64_t deadline_ns) = 0;

  // Waits for something to happen, until wake_ns at the latest (not at all when it has passed), and
  // deals with it. `now_ns` is the caller's last look at the clock; returns a new one.
  virtual int64_t Turn(int64_t wake_ns, int64_t now_ns) = 0;

  virtual bool HasRoom(int connection) const = 0;
  virtual int InFlight(int connection) const = 0;
  // Puts a request behind those already in flight. REQUIRES: HasRoom(connection).
  virtual void Queue(int connection, const Flight& flight) = 0;
  // Sends what was queued, as far as the socket takes it; the rest follows by itself. The
  // connection may break in it.
  virtual void Flush(int connection, int64_t now_ns) = 0;

  // Deals with what has happened already, as after a time in which nobody called Turn(). Returns a new look at the clock.
  virtual int64_t CatchUp(int64_t now_ns) = 0;

  // From now on connections that end stay closed.
  virtual void StopReopening() = 0;
  // Ends that, and begins to open what was closed meanwhile.
  virtual void ResumeReopening(int64_t now_ns) = 0;

  // Requests on their way; those of the window alone.
  virtual int64_t CountInFlight(bool counted_only) const = 0;
  virtual int connections() const = 0;
  // Connections that the server ended and that were opened again.
  virtual uint64_t reconnects() const = 0;
  // By Outcome, of OpenAll().
  virtual const std::array<uint64_t, kOutcomes>& open_failures() const = 0;
  // Since when no connection is open and none could be opened; INT64_MAX while that is not so.
  virtual int64_t unreachable_since_ns() const = 0;
  // Time spent in turns that had work in them, since the creation.
  virtual int64_t busy_ns() const = 0;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_CONNECTION_POOL_H_
