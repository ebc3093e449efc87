#ifndef ASSAY_SERVER_NET_SERVER_OPTIONS_H_
#define ASSAY_SERVER_NET_SERVER_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/cpu_set.h"

namespace assay::server {

// Limits on what a client may request. The defaults are those of the endpoint contract.
struct HttpLimits {
  // Bytes of a request line with its headers; also of a chunked body's trailers, and of its chunk extensions. Above it:
  // 431, or 414 if the request target alone takes more than half.
  size_t max_head = 16 << 10;
  // Bytes of a request's body. Above it: 413.
  size_t max_body = 16 << 20;
  // Bytes that unfinished requests and unsent responses of all connections may take, divided evenly among the threads.
  // Each thread may hold at least one whole request. Above it: 503. Working memory, such as a response being made,
  // comes on top once per thread.
  size_t max_memory = 1 << 30;
  // Responses on one connection before the server closes it; 0: no limit.
  uint32_t keep_alive_requests = 0;
  // A connection without a byte between requests for this long is closed.
  absl::Duration idle_timeout = absl::Seconds(75);
  // Time for a request to arrive completely, plus one second per kMinBytesPerSecond bytes received. Above it: 408.
  absl::Duration read_timeout = absl::Seconds(20);
  // The same for reading a response. Above it the connection is reset.
  absl::Duration write_timeout = absl::Seconds(20);
};

// A client that stays slower than this is disconnected.
inline constexpr int64_t kMinBytesPerSecond = 4096;

struct ServerOptions {
  // "127.0.0.1:9000", "[::1]:9000"; port 0 lets the system pick one.
  std::string listen = "127.0.0.1:9000";
  // Each thread has its own listening socket (SO_REUSEPORT) and event loop. REQUIRES: >= 1.
  int threads = 1;
  // Thread i is pinned to the i-th CPU, modulo their number; empty: not pinned.
  CpuSet cpus;
  int backlog = 4096;
  bool tcp_nodelay = true;
  // How long a stop waits for requests in progress.
  absl::Duration stop_timeout = absl::Seconds(5);
  // CPU time in nanoseconds that is added to each request, to check that a comparison finds a known difference.
  int64_t burn_ns = 0;
  HttpLimits limits;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_SERVER_OPTIONS_H_
