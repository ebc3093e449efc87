#ifndef ASSAY_SERVER_NET_CONNECTION_H_
#define ASSAY_SERVER_NET_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <list>
#include <memory>

#include "common/unique_fd.h"
#include "server/net/event_loop.h"
#include "server/net/http_session.h"
#include "server/net/server_options.h"
#include "server/net/timer_wheel.h"

namespace assay {

class Connection;

// The connections of one thread, and what they share so that an idle one costs little memory: one
// buffer to receive into, one batch of answers to fill, one parser. What a request leaves
// unfinished moves into its connection. All that connections hold together is bounded by
// HttpLimits::max_memory: whose bytes go beyond it is refused (503), or reset where an answer had begun.
//
// Threads: all of it belongs to the loop's.
class ConnectionGroup {
 public:
  // Both must outlive the group.
  ConnectionGroup(EventLoop& loop, const HttpLimits& limits, HttpHandler handler);
  ~ConnectionGroup();

  // Takes a connected, non-blocking socket. Returns 0, or the error for which the system cannot
  // watch it; then it is closed.
  int Adopt(UniqueFd socket);

  // Closes what is idle; the rest goes when its requests are answered.
  void BeginStop();

  bool empty() const { return connections_.empty(); }

  // To be called with the time of day, as often as the loop turns.
  void RefreshDate(std::time_t now) { context_.date.Refresh(now); }

 private:
  friend class Connection;

  EventLoop& loop_;
  const int64_t idle_ns_;
  const int64_t read_ns_;
  const int64_t write_ns_;
  SessionContext context_;
  Intake spare_;       // In use only while a connection is receiving.
  AnswerBatch batch_;  // In use only while a connection is answering.
  size_t held_ = 0;    // Bytes of unfinished requests and unsent answers.
  std::list<Connection> connections_;
};

// One client's connection: the socket's side of an HttpSession.
//
// It receives, answers all that came whole, and sends all answers with one call. Only when the
// client does not take them does it wait for the socket to become writable, and reads nothing
// meanwhile: a client that does not read is not read from. After the last answer it shuts down its
// side and drops what still comes, while it does and two seconds longer: closing at once would reset
// the connection and lose the answer (RFC 9112, 9.6).
class Connection final : public EventTarget, public Timer {
 public:
  Connection(ConnectionGroup& group, UniqueFd socket);
  ~Connection();

  // False: it cannot be watched, and must go.
  bool Start(std::list<Connection>::iterator self);

  // The server is going: closes it when no request is in progress.
  void Stop();

  void OnEvents(uint32_t events) override;
  void OnDeadline(int64_t now_ns) override;

 private:
  enum class State : uint8_t { kReading, kSending, kLingering };
  enum class Sent : uint8_t { kAll, kPart, kBroken };

  // These may destroy the connection: nothing may follow a call of them but a return. Receive()
  // tells whether it still is.
  bool Receive(uint32_t events);
  bool ReceiveEnd();
  bool Proceed(Intake& intake);
  // Sends the batch, and closes.
  bool SendLast();
  bool SendRest();
  bool Finish();
  void Drain();
  bool Destroy();

  // Says that there is no memory for the request, or breaks off the answer.
  bool Refuse();
  bool Reset();

  Sent Send(AnswerBatch& batch);
  // Brings what the group says that its connections hold up to date; false: it is too much, and this one holds more than
  // before.
  bool Account();
  void KeepIntake(Intake& intake);
  void DropIntake(Intake& intake);
  void KeepUnsent(const AnswerBatch& batch);
  // When a request, or the reading of an answer, has to be done: a constant time and what its bytes
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
  std::unique_ptr<ByteBuffer> unsent_;  // In kSending; else null.
  size_t held_ = 0;                     // What of the group's is in these two.
  int64_t since_ns_ = 0;  // When the partial request, the sending or the lingering began.
  uint64_t moved_ = 0;    // Bytes that came, or went, since then.
  std::list<Connection>::iterator self_;
};

}  // namespace assay

#endif  // ASSAY_SERVER_NET_CONNECTION_H_
