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
// When the process or the system is out of descriptors or memory it pauses for kPause, instead of
// being woken for ever by a connection that it cannot accept; clients wait in the backlog meanwhile.
class Acceptor final : public EventTarget, public Timer {
 public:
  static constexpr int64_t kPauseNanos = 100'000'000;

  // Gets each connection, non-blocking. Returns 0, or the error for which the system has no room
  // for it.
  using OnConnection = std::function<int(UniqueFd connection)>;

  // `loop` must outlive the acceptor.
  Acceptor(EventLoop& loop, ListeningSocket socket, OnConnection on_connection);
  ~Acceptor();

  // False: the system cannot watch the socket.
  bool Start();
  // Accepts what waits already, then listens no more.
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
