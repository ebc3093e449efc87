#ifndef ASSAY_SERVER_NET_HTTP_SESSION_H_
#define ASSAY_SERVER_NET_HTTP_SESSION_H_

#include <cstdint>

#include "server/net/byte_buffer.h"
#include "server/net/http_date.h"
#include "server/net/http_message.h"
#include "server/net/request_parser.h"
#include "server/net/response_writer.h"
#include "server/net/server_options.h"

namespace assay::server {

// The state that all sessions of one thread share.
struct SessionContext {
  const HttpLimits& limits;
  HttpHandler handler;
  HttpDate date;
  // The server is stopping: every response closes its connection.
  bool stopping = false;
  // After this time a connection with further requests yields to the others. `clock` returns the time; null: never
  // yield.
  int64_t turn_ends_ns = 0;
  int64_t (*clock)() = nullptr;

  bool TurnIsOver() const { return clock != nullptr && clock() >= turn_ends_ns; }
};

// The bytes received of a request that has no response yet.
struct Intake {
  explicit Intake(const HttpLimits& limits) : parser(limits) {}
  Intake(Intake&&) = default;

  ByteBuffer bytes;
  RequestParser parser;
};

// The HTTP/1 state of one connection without its socket: bytes in, responses out. The session holds everything that a
// connection keeps between requests; a request in progress is in the Intake.
class HttpSession {
 public:
  enum class Next : uint8_t {
    kRead,   // Send the batch, then read on.
    kSend,   // The batch is full: send it, then call Respond() again before reading.
    kYield,  // The turn is over: send the batch; call Respond() again after the other connections.
    kClose,  // Send the batch, then close.
  };

  // Responds to the complete requests in `intake`, in order, until the batch is full or the turn is over. Responds to
  // at least one.
  Next Respond(SessionContext& context, Intake& intake, ResponseBatch& batch);

  // The client ended the connection (kClose), or was too slow (kTimeout), before its request was complete. Appends an
  // error response if part of a request has arrived.
  void RespondToEnd(SessionContext& context, const Intake& intake, ResponseBatch& batch);
  void RespondToTimeout(SessionContext& context, const Intake& intake, ResponseBatch& batch);
  // There is no memory for the rest of the request (kClose).
  void RespondNoMemory(SessionContext& context, const Intake& intake, ResponseBatch& batch);

  // Requests that have a response.
  uint32_t answered() const { return answered_; }

 private:
  Next RespondToRequest(SessionContext& context, const RequestParser& parser, ResponseBatch& batch);

  uint32_t answered_ = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_HTTP_SESSION_H_
