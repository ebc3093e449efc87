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

// An HTTP/1.1 server: one epoll loop per thread, each with its own listening socket. Threads share nothing.
//
// Threads: the caller of Run() is the first of `threads`; with one thread the process stays single-threaded. Errors: a
// client's mistake gets an error response or ends that connection, never Run().
class HttpServer {
 public:
  // Binds and listens. From here on the system accepts connections; Run() serves them. Errors: kInvalidArgument for a
  // malformed address, another code for an address or CPUs that are unavailable. The message names the address or the
  // CPUs.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Create(ServerOptions options,
                                                            HttpHandlerFactory handlers);
  ~HttpServer();

  // The address with the port that the system picked: "127.0.0.1:9000".
  const std::string& address() const { return address_; }

  // Serves until `stop_fd` is readable (a signalfd or an eventfd; it is not read). Then stops accepting, closes idle
  // connections, finishes the requests in progress with "Connection: close" for at most stop_timeout, and returns.
  // Errors: a thread could not be started or pinned; then nothing was served.
  absl::Status Run(int stop_fd);

 private:
  HttpServer(ServerOptions options, HttpHandlerFactory handlers,
             std::vector<ListeningSocket> sockets, std::string address);

  const ServerOptions options_;
  const HttpHandlerFactory handlers_;
  std::vector<ListeningSocket> sockets_;  // One per thread, until Run() hands them out.
  const std::string address_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_HTTP_SERVER_H_
