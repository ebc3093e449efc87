#ifndef ASSAY_SERVER_NET_WORKER_H_
#define ASSAY_SERVER_NET_WORKER_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "server/net/acceptor.h"
#include "server/net/connection_group.h"
#include "server/net/event_loop.h"
#include "server/net/http_message.h"
#include "server/net/listening_socket.h"
#include "server/net/server_options.h"
#include "server/net/stop_watch.h"

namespace assay::server {

// One thread of the server: an event loop, a listening socket and its connections.
class Worker final : private EventTarget {
 public:
  // The limits in `options` must outlive the worker.
  static absl::StatusOr<std::unique_ptr<Worker>> Create(const ServerOptions& options,
                                                        HttpHandler handler, ListeningSocket socket,
                                                        int stop_fd);

  // Serves until the descriptor `stop_fd` is readable, then stops as HttpServer::Run() does.
  void Run();

 private:
  Worker(const ServerOptions& options, HttpHandler handler, ListeningSocket socket, EventLoop loop,
         int stop_fd);

  // The event of `stop_fd`.
  void OnEvents(uint32_t events) override;
  void Turn(int64_t wait_until_ns);

  EventLoop loop_;
  StopWatch stop_;
  ConnectionGroup connections_;
  Acceptor acceptor_;
  const int stop_fd_;
  bool stopping_ = false;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_WORKER_H_
