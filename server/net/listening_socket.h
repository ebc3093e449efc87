#ifndef ASSAY_SERVER_NET_LISTENING_SOCKET_H_
#define ASSAY_SERVER_NET_LISTENING_SOCKET_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/unique_fd.h"

namespace assay::server {

// A TCP socket that listens, non-blocking.
class ListeningSocket {
 public:
  struct Options {
    int backlog = 4096;
    bool tcp_nodelay = true;  // Connections inherit it.
  };

  // `count` sockets that listen on one address, among which the kernel spreads connections
  // (SO_REUSEPORT when there are several). `address` is "HOST:PORT" with an IPv4 address, an IPv6
  // address in brackets, or a name; port 0 picks a free one. Errors name the address:
  // kInvalidArgument when it is malformed, kAlreadyExists when it is in use, kUnavailable otherwise.
  static absl::StatusOr<std::vector<ListeningSocket>> Open(std::string_view address, int count,
                                                           const Options& options);

  int fd() const { return fd_.get(); }
  // Connections that wait to be accepted are reset, new ones refused.
  void Close() { fd_.reset(); }
  // "127.0.0.1:9000" or "[::1]:9000": where it listens.
  const std::string& address() const { return address_; }

 private:
  ListeningSocket(UniqueFd fd, std::string address);

  UniqueFd fd_;
  std::string address_;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_LISTENING_SOCKET_H_
