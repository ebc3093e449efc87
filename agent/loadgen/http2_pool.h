#ifndef ASSAY_AGENT_LOADGEN_HTTP2_POOL_H_
#define ASSAY_AGENT_LOADGEN_HTTP2_POOL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/loadgen/body_digest.h"
#include "agent/loadgen/outcome.h"
#include "agent/loadgen/recorder.h"
#include "agent/loadgen/request.h"
#include "agent/loadgen/socket_pool.h"
#include "nghttp2/nghttp2.h"

namespace assay::loadgen {

// The connections of one load thread to one server over HTTP/2 (RFC 9113): over TLS agreed by ALPN,
// else spoken by prior knowledge. A connection is open when the server's SETTINGS have come. Up to
// `pipeline` requests are in flight on each, as streams, less where the server allows less.
//
// What the server did not process is sent again: streams that a GOAWAY does not cover, when the connection
// is open again (RFC 9113, 6.8); streams that it refuses (8.7), when another one has ended, or at once where
// none is under way; and what had no byte of a response on a connection that had answered before and then
// ended, where its method is idempotent. A server that turns requests away and answers none would have them
// sent for ever: a request that is refused or not covered on a connection that has answered nothing (and
// covers nothing), or refused while no other one is under way, is sent again kMostRefusals times.
//
// How a request ends beside its response: RST_STREAM of the server is kStreamReset. A late one is reset alone,
// unless the whole connection has been silent since it was sent: then that is broken. What breaks the
// connection ends all of its requests alike.
//
// Threads: one. Cost: nghttp2 allocates for each stream; what many requests write goes in one send.
class Http2Pool final : public SocketPool {
 public:
  // What `config` points to, and `sink`, must outlive the pool.
  static absl::StatusOr<std::unique_ptr<Http2Pool>> Create(const Config& config, FlightSink* sink);

  bool HasRoom(int connection) const override {
    const Connection& c = connections_[connection];
    return is_open(connection) && !c.going_away && c.in_flight < c.limit;
  }
  int InFlight(int connection) const override {
    return static_cast<int>(connections_[connection].in_flight);
  }
  void Queue(int connection, const Flight& flight) override;
  void Flush(int connection, int64_t now_ns) override;
  int64_t CountInFlight(bool counted_only) const override;

 private:
  struct Free {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
    void operator()(nghttp2_session_callbacks* of) const { nghttp2_session_callbacks_del(of); }
    void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
  };
  // A request's head for nghttp2, which points into the Request.
  using Head = std::vector<nghttp2_nv>;
  // A place for a request in flight.
  struct Stream {
    Flight flight;
    // Null where no response is known by its hash.
    std::unique_ptr<BodyDigest> digest;
    uint32_t connection = 0;
    uint32_t next_free = 0;
    int32_t id = 0;      // 0: it is none: free, or it waits.
    bool waits = false;  // To be sent again.
    bool not_sent = false;
    bool begun = false;    // A frame of its response has begun.
    uint8_t refusals = 0;  // That nobody else's response came with.
    uint16_t status = 0;
    bool answered = false;  // Wholly.
    bool reset_by_peer = false;
    bool body_differs = false;
    size_t body_sent = 0;
    uint64_t body_bytes = 0;
    uint64_t response_bytes = 0;
  };
  // Where in its frames the server's side of a connection is.
  class FramePosition {
   public:
    void Take(const uint8_t* bytes, size_t size);
    // A frame has begun and does not say yet what it is.
    bool WithinHead() const { return head_bytes_ > 0; }

   private:
    uint32_t length_ = 0;  // Of the head so far.
    uint32_t head_bytes_ = 0;
    size_t left_ = 0;  // Of the payload.
  };
  struct Connection {
    Http2Pool* pool = nullptr;
    std::unique_ptr<nghttp2_session, Free> session;
    uint32_t in_flight = 0;  // Those that wait among them.
    uint32_t waiting = 0;
    uint32_t ended = 0;  // Answers since waiting ones were sent.
    uint32_t limit = 0;
    int64_t no_streams_since_ns = INT64_MAX;  // Since when the limit is 0.
    int32_t last_covered = 0;                 // By the server's GOAWAY.
    uint32_t first_free = 0;
    bool settled = false;   // The server's SETTINGS have come.
    bool answered = false;  // A request was, since it was opened.
    bool going_away = false;
    bool failed = false;  // nghttp2 could not go on.
    Outcome broken =
        Outcome::kOk;  // How sending failed, while what came before that is still read.
    FramePosition position;
    int64_t heard_ns = 0;
    // What the socket did not take, from unsent_offset.
    std::string unsent;
    size_t unsent_offset = 0;
  };

  Http2Pool(const Config& config, FlightSink* sink);
  void BuildHeads();
  void SetCallbacks();

  void OnConnected(int connection, int64_t now_ns) override;
  void OnEvents(int connection, uint32_t events) override;
  void ExpireFlights(int connection, int64_t limit_ns, int64_t now_ns) override;
  bool KeepsFlights(int connection) const override {
    return connections_[connection].in_flight > 0;
  }
  int EndKept(int connection, Outcome outcome, int64_t limit_ns, int64_t now_ns) override;
  Outcome LateOpening(int connection) const override {
    return connections_[connection].settled ? Outcome::kNoStreams : Outcome::kConnectTimeout;
  }

  // False, of these two: the connection is gone.
  bool Receive(int connection, bool ending);
  bool Send(int connection, int64_t now_ns);
  // After bytes came: opens, offers room, and ends what is over.
  void Proceed(int connection, int64_t now_ns);
  // The connection ends, with this outcome for what is in flight, or never was open.
  void End(int connection, Outcome outcome, int64_t now_ns);
  void Break(int connection, Outcome outcome, By by, int64_t now_ns);

  // Within nghttp2's callbacks: nothing of the connection may end or be sent.
  void OnFrame(Connection& c, Stream* stream, const nghttp2_frame& frame);
  void OnBody(Stream& stream, const char* data, size_t size);
  void OnClosed(Connection& c, Stream& stream, uint32_t error_code);
  // Whether a stream that ended without a response, by this code, is to be sent again.
  bool MayRepeat(const Connection& c, Stream& stream, uint32_t error_code) const;
  // The request stays in flight and waits.
  void Keep(Connection& c, Stream& stream);
  void Submit(Connection& c, Stream& stream);
  // As many of those that wait as may be sent now, the oldest first.
  void SubmitWaiting(int connection, bool fresh);
  static ssize_t FillBody(nghttp2_session* session, int32_t id, uint8_t* buffer, size_t size,
                          uint32_t* flags, nghttp2_data_source* source, void* connection);

  static Stream* StreamOf(nghttp2_session* session, int32_t id) {
    return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }
  const Request& RequestOf(const Stream& stream) const {
    return (*config_.requests)[stream.flight.request];
  }
  Stream& StreamAt(int connection, uint32_t place) {
    return streams_[static_cast<size_t>(connection) * pipeline_ + place];
  }
  // Gives the place back and reports how its request ended.
  void Finish(Stream& stream, Outcome outcome, int status, uint64_t response_bytes, int64_t now_ns);

  const uint32_t pipeline_;
  std::vector<Head> heads_;
  std::vector<Connection> connections_;
  std::vector<Stream> streams_;
  std::unique_ptr<char[]> buffer_;
  std::vector<Stream*> waiting_;  // Of SubmitWaiting().
  std::unique_ptr<nghttp2_session_callbacks, Free> callbacks_;
  std::unique_ptr<nghttp2_option, Free> option_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_HTTP2_POOL_H_
