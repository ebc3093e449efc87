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

// What all connections of one thread answer with.
struct SessionContext {
  const HttpLimits& limits;
  HttpHandler handler;
  HttpDate date;
  // The server is going: every response closes its connection.
  bool stopping = false;
  // From this time on a connection with more requests lets the others go first. `clock` tells the time; null: never.
  int64_t turn_ends_ns = 0;
  int64_t (*clock)() = nullptr;

  bool TurnIsOver() const { return clock != nullptr && clock() >= turn_ends_ns; }
};

// What has arrived of a request that is not answered yet.
struct Intake {
  explicit Intake(const HttpLimits& limits) : parser(limits) {}
  Intake(Intake&&) = default;

  ByteBuffer bytes;
  RequestParser parser;
};

// HTTP/1 of one connection without its socket: bytes in, answers out. What a connection has to keep
// between requests is all in here; a request in progress is in the Intake.
class HttpSession {
 public:
  enum class Next : uint8_t {
    kRead,  // Send what the batch holds; then read on.
    kSend,  // The batch is full: send it, then call Answer() again before reading.
    kYield,  // The turn is over: send what the batch holds; call Answer() again when others had theirs.
    kClose,  // Send what the batch holds; then close.
  };

  // Answers the requests that `intake` holds whole, in order, until the batch is full or the turn is over: at least one.
  Next response(SessionContext& context, Intake& intake, ResponseBatch& batch);

  // The client will send no more (kClose), or was too slow to (kTimeout), in the middle of a
  // request: says so, where there is a request to answer.
  void RespondToEnd(SessionContext& context, const Intake& intake, ResponseBatch& batch);
  void RespondToTimeout(SessionContext& context, const Intake& intake, ResponseBatch& batch);
  // There is no memory for the rest of the request (kClose).
  void RespondNoMemory(SessionContext& context, const Intake& intake, ResponseBatch& batch);

  // Requests answered so far.
  uint32_t answered() const { return answered_; }

 private:
  Next RespondToRequest(SessionContext& context, const RequestParser& parser, ResponseBatch& batch);

  uint32_t answered_ = 0;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_HTTP_SESSION_H_
