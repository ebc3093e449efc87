#ifndef ASSAY_AGENT_LOADGEN_HTTP1_POOL_H_
#define ASSAY_AGENT_LOADGEN_HTTP1_POOL_H_

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/loadgen/body_digest.h"
#include "agent/loadgen/outcome.h"
#include "agent/loadgen/recorder.h"
#include "agent/loadgen/response_parser.h"
#include "agent/loadgen/socket_pool.h"

namespace assay::loadgen {

// The connections of one load thread to one server over HTTP/1.1, kept open: one that the server
// closes, that breaks, or whose response is late is opened again. Up to `pipeline` requests are in
// flight on each, answered in order.
//
// What the server did not process is sent again when the connection is open again, before anything
// else: requests behind the last response of a connection, and requests without a byte of a response
// on a connection that had answered before and then ended. Those of the second kind may have been
// processed, so only idempotent methods are sent again (RFC 9110, 9.2.2). A connection must have
// answered for anything to be kept, so that each one takes a request off the others.
//
// A request that says `Connection: close` is the last one on its connection.
//
// Threads: one. Cost: a request is one send and one recv beside its share of an epoll_wait;
// readiness is edge-triggered and registered once a connection. Nothing is allocated after
// Create(), and nothing is copied: requests are sent from where they were built, responses are parsed
// in one receive buffer.
class Http1Pool final : public SocketPool {
 public:
  // What `config` points to, and `sink`, must outlive the pool.
  static absl::StatusOr<std::unique_ptr<Http1Pool>> Create(const Config& config, FlightSink* sink);

  bool HasRoom(int connection) const override {
    const Connection& c = connections_[connection];
    return is_open(connection) && c.in_flight < pipeline_ && !c.closing;
  }
  int InFlight(int connection) const override { return connections_[connection].in_flight; }
  void Queue(int connection, const Flight& flight) override;
  void Flush(int connection, int64_t now_ns) override;
  int64_t CountInFlight(bool counted_only) const override;

 private:
  // The hot part comes first. Requests in flight are in flights_[index * pipeline_ ...], a ring.
  struct Connection {
    bool answering = false;  // The parser is within a response.
    bool answered = false;   // One came, since it was opened.
    bool closing = false;    // The last request in flight ends the connection.
    Outcome broken =
        Outcome::kOk;  // How sending failed, while what came before that is still read.
    uint16_t first = 0;
    uint16_t in_flight = 0;
    uint16_t unsent = 0;  // Of those in flight, the last ones.
    size_t unsent_offset = 0;
    ResponseParser parser;
    // Null where no response is known by its hash.
    std::unique_ptr<BodyDigest> digest;
  };

  Http1Pool(const Config& config, FlightSink* sink);

  Flight& FlightAt(int connection, int position) {
    uint32_t place = connections_[connection].first + static_cast<uint32_t>(position);
    if (place >= pipeline_) place -= pipeline_;
    return flights_[static_cast<size_t>(connection) * pipeline_ + place];
  }
  const Flight& FlightAt(int connection, int position) const {
    return const_cast<Http1Pool*>(this)->FlightAt(connection, position);
  }
  const Request& RequestOf(const Flight& flight) const {
    return (*config_.requests)[flight.request];
  }
  const std::string& Bytes(const Flight& flight) const { return RequestOf(flight).bytes; }

  void OnConnected(int connection, int64_t now_ns) override;
  void OnEvents(int connection, uint32_t events) override;
  void ExpireFlights(int connection, int64_t limit_ns, int64_t now_ns) override;
  bool KeepsFlights(int connection) const override {
    return connections_[connection].in_flight > 0;
  }
  int EndKept(int connection, Outcome outcome, int64_t limit_ns, int64_t now_ns) override;

  void Receive(int connection, bool ending);
  static bool BodyMatches(Connection& c, const Request& request) {
    return c.parser.body_matches() &&
           (!request.expect_sha256.has_value() || c.digest->Matches(*request.expect_sha256));
  }
  // Takes the first flight, whose response is complete, off the connection and reports it.
  void FinishResponse(int connection, int64_t now_ns);
  // False: the connection is gone.
  bool Consume(int connection, const char* data, size_t size, int64_t now_ns);
  void OnEnd(int connection, int64_t now_ns);
  bool SendMany(int connection, int64_t now_ns);
  static ssize_t SendGathered(Socket& socket, const iovec* pieces, int count);
  // What of the requests in flight is sent again.
  enum class Again {
    kNone,
    kUnprocessed,  // All of them: the server has said that it processes no more.
    kUnanswered,   // What can do no harm twice, and what was not sent at all.
  };
  bool IsKept(int connection, int position, Again again) const;
  // Ends what is in flight, the first by `first` and the others by `others`, but for what is kept to
  // be sent `again`; closes and opens again.
  void Break(int connection, Outcome first, Outcome others, By by, int64_t now_ns, Again again);
  void SendFailed(int connection, int error, int64_t now_ns);

  const uint32_t pipeline_;
  std::vector<Connection> connections_;
  std::vector<Flight> flights_;
  std::unique_ptr<char[]> buffer_;
  KnownHead known_head_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_HTTP1_POOL_H_
