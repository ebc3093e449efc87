#ifndef ASSAY_SERVER_NET_LISTENING_SOCKET_H_
#define ASSAY_SERVER_NET_LISTENING_SOCKET_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace assay::server {

// A non-blocking TCP socket that listens.
class ListeningSocket {
 public:
  struct Options {
    int backlog = 4096;
    bool tcp_nodelay = true;  // Accepted connections inherit it.
  };

  // Opens `count` sockets that listen on one address. The kernel spreads connections over them (SO_REUSEPORT if there
  // are several). `address` is "HOST:PORT" with an IPv4 address, an IPv6 address in brackets, or a name; port 0 lets
  // the system pick one. Errors name the address: kInvalidArgument if it is malformed, kAlreadyExists if it is in use,
  // kUnavailable otherwise.
  static absl::StatusOr<std::vector<ListeningSocket>> Open(std::string_view address, int count,
                                                           const Options& options);

  int fd() const { return fd_.get(); }
  // Stops listening: pending connections are reset, new ones refused.
  void Close() { fd_.reset(); }
  // The bound address: "127.0.0.1:9000" or "[::1]:9000".
  const std::string& address() const { return address_; }

 private:
  ListeningSocket(UniqueFd fd, std::string address);

  UniqueFd fd_;
  std::string address_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_LISTENING_SOCKET_H_
