#ifndef ASSAY_SERVER_NET_SERVER_OPTIONS_H_
#define ASSAY_SERVER_NET_SERVER_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/cpu_set.h"

namespace assay::server {

// What connections may ask for. The defaults are those of the endpoint contract.
struct HttpLimits {
  // Bytes of a request line with its headers, of a chunked body's trailers, and of its chunk
  // extensions. More: 431 (414 when it is the request target alone that takes over half of it).
  size_t max_head = 16 << 10;
  // Bytes of a request's body. More: 413.
  size_t max_body = 16 << 20;
  // Bytes that unfinished requests and unsent answers of all connections may take, parted evenly among the threads, of
  // which each may hold one whole request. More: 503. What is at work beside them, such as a response that is being made,
  // comes once a thread.
  size_t max_memory = 1 << 30;
  // Requests answered before the connection is closed; 0: no limit.
  uint32_t keep_alive_requests = 0;
  // A connection that sends nothing between requests for so long is closed.
  absl::Duration idle_timeout = absl::Seconds(75);
  // Time for a request to arrive whole, plus a second for each kMinBytesPerSecond that did. Else
  // 408.
  absl::Duration read_timeout = absl::Seconds(20);
  // The same for the client's reading of a response. Else the connection is reset.
  absl::Duration write_timeout = absl::Seconds(20);
};

// A client slower than this for long is cut off.
inline constexpr int64_t kMinBytesPerSecond = 4096;

struct ServerOptions {
  // "127.0.0.1:9000", "[::1]:9000"; port 0 lets the system pick one.
  std::string listen = "127.0.0.1:9000";
  // Each thread has its own listening socket (SO_REUSEPORT) and event loop. REQUIRES: >= 1.
  int threads = 1;
  // Thread i is pinned to the i-th of these, round and round; empty: not pinned.
  CpuSet cpus;
  int backlog = 4096;
  bool tcp_nodelay = true;
  // How long a stop waits for what is being answered.
  absl::Duration stop_timeout = absl::Seconds(5);
  HttpLimits limits;
};

}  // namespace assay::server

#endif  // ASSAY_SERVER_NET_SERVER_OPTIONS_H_
