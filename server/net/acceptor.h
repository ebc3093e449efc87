#ifndef ASSAY_SERVER_NET_ACCEPTOR_H_
#define ASSAY_SERVER_NET_ACCEPTOR_H_

#include <cstdint>
#include <functional>

#include "common/unique_fd.h"
#include "server/net/event_loop.h"
#include "server/net/listening_socket.h"
#include "server/net/timer_wheel.h"

namespace assay::server {

// Accepts connections of one listening socket.
//
// When the process or the system is out of descriptors or memory, the acceptor pauses for kPauseNanos. Otherwise epoll
// would report the same pending connection for ever. Clients wait in the backlog meanwhile.
class Acceptor final : public EventTarget, public Timer {
 public:
  static constexpr int64_t kPauseNanos = 100'000'000;

  // Receives each accepted, non-blocking connection. Returns 0, or the errno with which the system refused to watch it.
  using OnConnection = std::function<int(UniqueFd connection)>;

  // `loop` must outlive the acceptor.
  Acceptor(EventLoop& loop, ListeningSocket socket, OnConnection on_connection);
  ~Acceptor();

  // Returns false if the system cannot watch the socket.
  bool Start();
  // Accepts the connections that are pending, then stops listening.
  void Stop();

  void OnEvents(uint32_t events) override;
  void OnDeadline(int64_t now_ns) override;

 private:
  // Accepts at most `limit` connections.
  void Accept(int limit);
  void Pause(int error);

  EventLoop& loop_;
  ListeningSocket socket_;
  const OnConnection on_connection_;
  bool paused_ = false;
  int64_t last_report_ns_ = INT64_MIN;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_ACCEPTOR_H_
