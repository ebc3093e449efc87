#ifndef ASSAY_SERVER_NET_CONNECTION_GROUP_H_
#define ASSAY_SERVER_NET_CONNECTION_GROUP_H_

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <list>
#include <vector>

#include "common/unique_fd.h"
#include "server/net/connection.h"
#include "server/net/event_loop.h"
#include "server/net/http_message.h"
#include "server/net/http_session.h"
#include "server/net/response_writer.h"
#include "server/net/server_options.h"
#include "server/net/stop_watch.h"

namespace assay::server {

// The connections of one thread, and what they share so that an idle one costs little memory: the
// buffers to receive into, the batches of responses to fill, the parsers. What a request leaves
// unfinished moves into its connection. All that connections hold together is bounded by
// HttpLimits::max_memory: whose bytes go beyond it is refused (503), or reset where a response had begun.
//
// Work goes in rows: it receives from up to kBatch connections, then answers all, then sends to all. A request's way
// through kernel, parser and kernel is longer than the CPU's instruction cache; each stage of a row finds its own there.
// A row lengthens what its first request waits for by the work on the others, so it shrinks to one where that is long.
// After 20 ms of work a connection has no more than one request answered before the others' events are looked at.
//
// Threads: all of it belongs to the loop's.
class ConnectionGroup final : private TurnListener {
 public:
  // Both must outlive the group. It listens to the loop's turns.
  // `stop`, which must too unless it is null, is looked at where requests take long.
  ConnectionGroup(EventLoop& loop, const HttpLimits& limits, HttpHandler handler,
                  StopWatch* stop = nullptr);
  ~ConnectionGroup();

  // Takes a connected, non-blocking socket. Returns 0, or the error for which the system cannot
  // watch it; then it is closed.
  int Adopt(UniqueFd socket);

  // Closes what is idle; the rest goes when its requests are answered, or unanswered from the stop's deadline on.
  void BeginStop();

  bool empty() const { return connections_.empty(); }

  // To be called with the time of day, as often as the loop turns.
  void RefreshDate(std::time_t now) { context_.date.Refresh(now); }

 private:
  friend class Connection;

  static constexpr size_t kBatch = 16;

  void OnDelivered() override { ServeBatch(); }

  // The exchange for the connection whose event is being delivered; part of the row once AddToBatch() is called.
  Exchange& NextExchange() { return batch_[lined_up_]; }
  void AddToBatch(Connection& connection, bool more);
  // Answers all in the row, then sends to all.
  void ServeBatch();
  // Whether the stop's time has run out: then nothing more is begun.
  bool IsTooLate();
  void LookForStop();
  // Sends what was answered. The exchange is nobody's then.
  static void Deliver(Exchange& exchange);
  // Makes the next rows as long as such responses let it.
  void FitBatch(int64_t each_ns);

  EventLoop& loop_;
  StopWatch* const stop_;
  const int64_t idle_ns_;
  const int64_t read_ns_;
  const int64_t write_ns_;
  SessionContext context_;
  Intake
      spare_;  // In use only while a connection is answering; what is left of a request moves out.
  std::vector<Exchange> batch_;  // kBatch of them.
  size_t lined_up_ = 0;          // So many, the first ones, are in use.
  size_t batch_limit_ = kBatch;
  ResponseBatch refusal_;  // In use only while a connection is refused.
  size_t held_ = 0;        // Bytes of unfinished requests and unsent answers.
  std::list<Connection> connections_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_CONNECTION_GROUP_H_
