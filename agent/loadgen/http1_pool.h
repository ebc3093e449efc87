#ifndef ASSAY_AGENT_LOADGEN_HTTP1_POOL_H_
#define ASSAY_AGENT_LOADGEN_HTTP1_POOL_H_

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/loadgen/body_digest.h"
#include "agent/loadgen/fate.h"
#include "agent/loadgen/recorder.h"
#include "agent/loadgen/response_parser.h"
#include "agent/loadgen/socket_pool.h"

namespace assay::loadgen {

// The connections of one load thread to one server over HTTP/1.1, kept open: one that the server
// closes, that breaks, or whose answer is late is opened again. Up to `pipeline` requests are in
// flight on each, answered in order.
//
// Threads: one. Cost: a request is one send and one recv beside its share of an epoll_wait;
// readiness is edge-triggered and registered once a connection. Nothing is allocated after
// Create(), and nothing is copied: requests are sent from where they were built, answers are parsed
// in one receive buffer.
class Http1Pool final : public SocketPool {
 public:
  // What `config` points to, and `sink`, must outlive the pool.
  static absl::StatusOr<std::unique_ptr<Http1Pool>> Create(const Config& config, FlightSink* sink);

  bool HasRoom(int connection) const override {
    return is_open(connection) && connections_[connection].in_flight < pipeline_;
  }
  int InFlight(int connection) const override { return connections_[connection].in_flight; }
  void Queue(int connection, const Flight& flight) override;
  void Flush(int connection, int64_t now_ns) override;
  int64_t CountInFlight(bool counted_only) const override;

 private:
  // The hot part comes first. Requests in flight are in flights_[index * pipeline_ ...], a ring.
  struct Connection {
    bool answering = false;  // The parser is within an answer.
    bool answered = false;   // One came, since it was opened.
    uint16_t first = 0;
    uint16_t in_flight = 0;
    uint16_t unsent = 0;  // Of those in flight, the last ones.
    size_t unsent_offset = 0;
    ResponseParser parser;
    // Null where no answer is known by its hash.
    std::unique_ptr<BodyDigest> digest;
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

  void OnConnected(int connection, int64_t now_ns) override {
    connections_[connection].answered = false;
    Opened(connection, now_ns);
  }
  void OnEvents(int connection, uint32_t events) override;
  void ExpireFlights(int connection, int64_t limit_ns, int64_t now_ns) override;

  void Receive(int connection, bool ending);
  static bool BodyMatches(Connection& c, const Request& request) {
    return c.parser.body_matches() &&
           (!request.expect_sha256.has_value() || c.digest->Matches(*request.expect_sha256));
  }
  // Takes the first flight, whose answer is complete, off the connection and reports it.
  void FinishAnswer(int connection, int64_t now_ns);
  // False: the connection is gone.
  bool Consume(int connection, const char* data, size_t size, int64_t now_ns);
  void OnEnd(int connection, int64_t now_ns);
  bool SendMany(int connection, int64_t now_ns);
  static ssize_t SendGathered(Socket& socket, const iovec* pieces, int count);
  // Ends what is in flight, the first by `first` and the others by `others`, closes and opens
  // again.
  void Break(int connection, Fate first, Fate others, By by, int64_t now_ns);

  const uint32_t pipeline_;
  std::vector<Connection> connections_;
  std::vector<Flight> flights_;
  std::unique_ptr<char[]> buffer_;
  KnownHead known_head_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_HTTP1_POOL_H_
