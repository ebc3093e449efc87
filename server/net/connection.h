#ifndef ASSAY_SERVER_NET_CONNECTION_H_
#define ASSAY_SERVER_NET_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

#include "common/unique_fd.h"
#include "server/net/event_loop.h"
#include "server/net/http_session.h"
#include "server/net/server_options.h"
#include "server/net/timer_wheel.h"

namespace assay::server {

class Connection;
class ConnectionGroup;

// The state of one event of a connection: the bytes received and the responses to send.
struct Exchange {
  // Bytes to receive at once when the size of the request is unknown.
  static constexpr size_t kReceive = 64 << 10;

  Exchange();

  Connection* connection = nullptr;
  ByteBuffer received;  // Used if the connection has no unfinished request.
  ResponseBatch batch;
  HttpSession::Next next = HttpSession::Next::kRead;  // What to do after sending the batch.
  uint32_t answered_before = 0;  // Requests that the session had answered before.
  bool more = false;             // The socket may hold more bytes.
};

// One client's connection: the socket side of an HttpSession.
//
// A connection receives, responds to every complete request, and sends all responses with one call. Backpressure: while
// the client does not read its responses, the connection waits for the socket to become writable and reads no requests.
// Fairness: when pipelined requests take long, the connection responds to one of them, then waits until the other
// connections have had their turn.
//
// After the last response the connection shuts down its sending side, then drops what the client still sends until two
// seconds pass without a byte. Closing at once would reset the connection and lose the response (RFC 9112, 9.6).
class Connection final : public EventTarget, public Timer {
 public:
  Connection(ConnectionGroup& group, UniqueFd socket);
  ~Connection();

  // Returns false if the system cannot watch the socket; the caller then removes the connection.
  bool Start(std::list<Connection>::iterator self);

  bool idle() const { return state_ == State::kReading && partial_ == nullptr; }
  // May destroy the connection, like all functions below.
  void CloseIfIdle();

  // The two stages after receiving: Respond() fills the batch of the exchange, Deliver() sends it. When memory runs
  // out, the exchange is cleared, its `connection` is null, and the connection is destroyed. The server continues with
  // the next connection.
  void Respond(Exchange& exchange);
  void Deliver(Exchange& exchange);

  void OnEvents(uint32_t events) override;
  void OnDeadline(int64_t now_ns) override;

 private:
  enum class State : uint8_t { kReading, kSending, kLingering };
  enum class Sent : uint8_t { kAll, kPart, kBroken };

  // These may destroy the connection: only a return may follow a call.
  void Receive(uint32_t events);
  void ReceiveEnd();
  // Sends the batch, and responds to further requests where the batch was full.
  void Proceed(Exchange& exchange);
  // Sends an error response, then closes.
  void SendLast();
  void SendRest();
  void Finish();
  void Drain();
  void Destroy();
  void GiveUp(Exchange& exchange);

  // Refuse() responds that there is no memory for the request, or resets the connection if a response has begun.
  void Refuse();
  void Reset();

  // The connection's own unfinished request, or the group's shared intake.
  Intake& CurrentIntake();

  Sent Send(ResponseBatch& batch);
  // Updates the group's count of bytes held. Returns false if the total is above the limit and this connection holds
  // more than before.
  bool Account();
  void KeepIntake(Intake& intake);
  void DropIntake(Intake& intake);
  void KeepUnsent(const ResponseBatch& batch);
  // Continues once the socket is writable and the connections that are already ready have had their turn.
  void AwaitWritable();
  // When a request must be complete, or a response read: a constant time plus the time that its bytes may take.
  int64_t Deadline(int64_t timeout_ns, uint64_t bytes) const;
  void SetDeadline(int64_t deadline_ns);

  ConnectionGroup& group_;
  UniqueFd socket_;
  HttpSession session_;
  State state_ = State::kReading;
  HttpSession::Next next_ = HttpSession::Next::kRead;  // What to do after sending.
  // A request that is incomplete, or that the session has not responded to yet; else null.
  std::unique_ptr<Intake> partial_;
  std::unique_ptr<ByteBuffer>
      unsent_;            // Set in kSending, except while waiting for a turn; else null.
  size_t held_ = 0;       // This connection's share of the group's `held_`.
  int64_t since_ns_ = 0;  // Start of the partial request, the sending or the lingering.
  uint64_t moved_ = 0;    // Bytes received or sent since then.
  std::list<Connection>::iterator self_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_CONNECTION_H_
