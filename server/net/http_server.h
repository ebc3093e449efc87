#ifndef ASSAY_SERVER_NET_HTTP_SERVER_H_
#define ASSAY_SERVER_NET_HTTP_SERVER_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/net/http_message.h"
#include "server/net/server_options.h"

namespace assay::server {

class ListeningSocket;

// An HTTP/1.1 server: one epoll loop a thread, each with its own listening socket, sharing nothing.
//
// Threads: Run() belongs to one thread, which is the first of `threads`; with one thread the
// process stays single-threaded. Errors: what clients do is answered or ends their connection, and
// never ends Run().
class HttpServer {
 public:
  // Binds and listens: from here on connections are accepted by the system, and served once Run()
  // is called. Errors: kInvalidArgument for an address that is malformed, and others, which name
  // the address or the CPUs, for what cannot be had.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Create(ServerOptions options,
                                                            HttpHandlerFactory handlers);
  ~HttpServer();

  // "127.0.0.1:9000", with the port that was picked.
  const std::string& address() const { return address_; }

  // Serves until `stop_fd` is readable (it is not read: a signalfd or an eventfd), then stops
  // accepting, closes what is idle, finishes what is being received or answered (with
  // "Connection: close"), at most for stop_timeout, and returns. Errors: a thread that cannot be
  // pinned or set up; then nothing was served.
  absl::Status Run(int stop_fd);

 private:
  HttpServer(ServerOptions options, HttpHandlerFactory handlers,
             std::vector<ListeningSocket> sockets, std::string address);

  const ServerOptions options_;
  const HttpHandlerFactory handlers_;
  std::vector<ListeningSocket> sockets_;  // One a thread, until Run() hands them out.
  const std::string address_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_HTTP_SERVER_H_
