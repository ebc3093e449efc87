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

// What a connection's event brings, from the bytes that came to the responses that go.
struct Exchange {
  // Received at once when nothing is known of what comes.
  static constexpr size_t kReceive = 64 << 10;

  Exchange();

  Connection* connection = nullptr;
  ByteBuffer received;  // Where the connection has no unfinished request of its own.
  ResponseBatch batch;
  HttpSession::Next next = HttpSession::Next::kRead;  // After the batch.
  uint32_t answered_before = 0;                       // By the session.
  bool more = false;                                  // There may be more to receive.
};

// One client's connection: the socket's side of an HttpSession.
//
// It receives, answers all that came whole, and sends all answers with one call. Only when the
// client does not take them does it wait for the socket to become writable, and reads nothing
// meanwhile: a client that does not read is not read from. Who has sent many requests that take long has one of them
// answered, then waits in the same way until the others had their turn. After the last answer it shuts down its
// side and drops what still comes, while it does and two seconds longer: closing at once would reset
// the connection and lose the response (RFC 9112, 9.6).
class Connection final : public EventTarget, public Timer {
 public:
  Connection(ConnectionGroup& group, UniqueFd socket);
  ~Connection();

  // False: it cannot be watched, and must go.
  bool Start(std::list<Connection>::iterator self);

  bool idle() const { return state_ == State::kReading && partial_ == nullptr; }
  // May destroy the connection, as all of these.
  void CloseIfIdle();

  // The stages of an exchange whose bytes were received: fills its batch, and sends that. Where memory runs out the
  // exchange is cleared, its `connection` null and the connection gone; the next one's request needs less, or later.
  void Answer(Exchange& exchange);
  void Deliver(Exchange& exchange);

  void OnEvents(uint32_t events) override;
  void OnDeadline(int64_t now_ns) override;

 private:
  enum class State : uint8_t { kReading, kSending, kLingering };
  enum class Sent : uint8_t { kAll, kPart, kBroken };

  // These may destroy the connection: nothing may follow a call of them but a return.
  void Receive(uint32_t events);
  void ReceiveEnd();
  // Sends what was answered, and answers on where the batch was full.
  void Proceed(Exchange& exchange);
  // Sends the refusal, and closes.
  void SendLast();
  void SendRest();
  void Finish();
  void Drain();
  void Destroy();
  void GiveUp(Exchange& exchange);

  // Says that there is no memory for the request, or breaks off the response.
  void Refuse();
  void Reset();

  // What is being answered: its own unfinished request, or what it lent the group.
  Intake& CurrentIntake();

  Sent Send(ResponseBatch& batch);
  // Brings what the group says that its connections hold up to date; false: it is too much, and this one holds more than
  // before.
  bool Account();
  void KeepIntake(Intake& intake);
  void DropIntake(Intake& intake);
  void KeepUnsent(const ResponseBatch& batch);
  // Goes on when the socket is writable, and those that are ready before it had their turn.
  void AwaitWritable();
  // When a request, or the reading of a response, has to be done: a constant time and what its bytes
  // may take.
  int64_t Deadline(int64_t timeout_ns, uint64_t bytes) const;
  void SetDeadline(int64_t deadline_ns);

  ConnectionGroup& group_;
  UniqueFd socket_;
  HttpSession session_;
  State state_ = State::kReading;
  HttpSession::Next next_ = HttpSession::Next::kRead;  // After what is being sent.
  // A request that has not arrived whole, or could not be answered yet; else null.
  std::unique_ptr<Intake> partial_;
  std::unique_ptr<ByteBuffer>
      unsent_;            // In kSending, unless all was sent and it waits for its turn; else null.
  size_t held_ = 0;       // What of the group's is in these two.
  int64_t since_ns_ = 0;  // When the partial request, the sending or the lingering began.
  uint64_t moved_ = 0;    // Bytes that came, or went, since then.
  std::list<Connection>::iterator self_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_CONNECTION_H_
