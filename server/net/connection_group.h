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

// The connections of one thread, and the buffers that they share: receive buffers, batches of responses, parsers.
// Sharing makes an idle connection cheap; an unfinished request moves into its connection. HttpLimits::max_memory
// bounds the bytes that all connections hold: a request beyond it gets a 503, or a reset if its response has begun.
//
// The group works in batches: it receives from up to kBatch connections, then responds to all, then sends to all. The
// path of a request through kernel, parser and kernel is longer than the CPU's instruction cache; within a batch each
// stage finds its code in the cache. The first request of a batch waits for the work on the others, so the batch
// shrinks to one request where responses take long. After 20 ms of work a connection gets at most one response before
// the group looks at the events of the others.
//
// Threads: the group belongs to the thread of its loop.
class ConnectionGroup final : private TurnListener {
 public:
  // `loop` and `limits` must outlive the group, which listens to the loop's turns. `stop` may be null; otherwise it
  // must outlive the group too, which checks it between requests that take long.
  ConnectionGroup(EventLoop& loop, const HttpLimits& limits, HttpHandler handler,
                  StopWatch* stop = nullptr);
  ~ConnectionGroup();

  // Takes a connected, non-blocking socket. Returns 0, or the errno with which the system refused to watch it; the
  // socket is then closed.
  int Adopt(UniqueFd socket);

  // Closes idle connections. The others close after their last response, or without one once the stop's deadline has
  // passed.
  void BeginStop();

  bool empty() const { return connections_.empty(); }

  // Call once per turn of the loop, with the time of day.
  void RefreshDate(std::time_t now) { context_.date.Refresh(now); }

 private:
  friend class Connection;

  static constexpr size_t kBatch = 16;

  void OnDelivered() override { ServeBatch(); }

  // The exchange for the connection whose event is being delivered. AddToBatch() makes it part of the batch.
  Exchange& NextExchange() { return batch_[batch_size_]; }
  void AddToBatch(Connection& connection, bool more);
  // Responds to every request in the batch, then sends all responses.
  void ServeBatch();
  // Whether the deadline of the stop has passed. The group then begins nothing new.
  bool IsTooLate();
  void LookForStop();
  // Sends the responses. The exchange then belongs to no connection.
  static void Deliver(Exchange& exchange);
  // Sets the length of the next batches from the time that one response takes.
  void FitBatch(int64_t each_ns);

  EventLoop& loop_;
  StopWatch* const stop_;
  const int64_t idle_ns_;
  const int64_t read_ns_;
  const int64_t write_ns_;
  SessionContext context_;
  Intake spare_;  // In use only while a connection responds; an incomplete request moves out.
  std::vector<Exchange> batch_;  // Has kBatch elements.
  size_t batch_size_ = 0;        // The number of exchanges in use, from the front.
  size_t batch_limit_ = kBatch;
  ResponseBatch refusal_;  // In use only while refusing a request.
  size_t held_ = 0;        // Bytes of unfinished requests and unsent responses.
  std::list<Connection> connections_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_CONNECTION_GROUP_H_
