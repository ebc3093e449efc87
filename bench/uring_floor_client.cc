// Like epoll_floor_client, over io_uring: a closed loop that arms one receive per connection (multishot, into a ring of
// buffers), and submits all sends of a turn in the system call that also waits. A baseline for benchmarks, not a load
// generator.
//
//   uring_floor_client PORT CONNECTIONS SECONDS [PATH [CPU [AT_LEAST]]]
//
// A turn waits for AT_LEAST responses (1), but at most 50 us for more than one. Prints "requests=N seconds=S
// cpu_us_per_request=C responses_per_turn=T"; the CPU time is that of the measurement only.

#include <liburing.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/floor_client.h"
#include "common/standard_streams.h"

namespace assay::bench {
namespace {

constexpr unsigned kEntries = 2048;
constexpr unsigned kCompletions = 8192;
constexpr unsigned kBuffers = 2048;
constexpr unsigned kBufferBytes = 4096;
constexpr int kGroup = 1;
constexpr uint64_t kSend = uint64_t{1} << 32;
constexpr int64_t kMostWaitNs = 50'000;

class Client {
 public:
  Client(int port, int connections, std::string request) : request_(std::move(request)) {
    io_uring_params params = {};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
    params.cq_entries = kCompletions;
    Check("io_uring_queue_init", io_uring_queue_init_params(kEntries, &ring_, &params));
    Check("io_uring_register_ring_fd", io_uring_register_ring_fd(&ring_) - 1);
    std::vector<int> sockets;
    for (int i = 0; i < connections; ++i) sockets.push_back(Connect(port));
    Check("io_uring_register_files",
          io_uring_register_files(&ring_, sockets.data(), static_cast<unsigned>(connections)));
    void* memory = nullptr;
    if (posix_memalign(&memory, 4096, kBuffers * sizeof(io_uring_buf)) != 0)
      Die("posix_memalign", ENOMEM);
    free_ = static_cast<io_uring_buf_ring*>(memory);
    io_uring_buf_ring_init(free_);
    io_uring_buf_reg ring_of_buffers = {};
    ring_of_buffers.ring_addr = reinterpret_cast<uint64_t>(memory);
    ring_of_buffers.ring_entries = kBuffers;
    ring_of_buffers.bgid = kGroup;
    Check("io_uring_register_buf_ring", io_uring_register_buf_ring(&ring_, &ring_of_buffers, 0));
    for (unsigned i = 0; i < kBuffers; ++i) GiveBack(i, static_cast<int>(i));
    io_uring_buf_ring_advance(free_, kBuffers);
  }

  void Begin(int connection) {
    Arm(connection);
    Send(connection);
  }

  // Submits the queued sends, waits, and sends the next request on every connection with a response. Returns their number.
  int Turn(unsigned at_least) {
    io_uring_cqe* first = nullptr;
    __kernel_timespec most = {0, kMostWaitNs};
    const int result =
        at_least == 1 ? io_uring_submit_and_wait(&ring_, 1)
                      : io_uring_submit_and_wait_timeout(&ring_, &first, at_least, &most, nullptr);
    if (result != -ETIME) Check("io_uring_submit_and_wait", std::min(result, 0));
    unsigned head = 0;
    unsigned completions = 0;
    int responses = 0;
    io_uring_cqe* done = nullptr;
    io_uring_for_each_cqe(&ring_, head, done) {
      ++completions;
      if (done->user_data >= kSend) Die("send", -done->res);
      if (done->res <= 0) Die("recv", -done->res);
      GiveBack(done->flags >> IORING_CQE_BUFFER_SHIFT, responses++);
      const auto connection = static_cast<int>(done->user_data);
      if ((done->flags & IORING_CQE_F_MORE) == 0) Arm(connection);
      Send(connection);
    }
    io_uring_buf_ring_advance(free_, responses);
    io_uring_cq_advance(&ring_, completions);
    return responses;
  }

 private:
  static void Check(const char* what, int result) {
    if (result != 0) Die(what, -result);
  }
  void GiveBack(unsigned buffer, int offset) {
    io_uring_buf_ring_add(free_, buffers_.get() + size_t{buffer} * kBufferBytes, kBufferBytes,
                          static_cast<uint16_t>(buffer), io_uring_buf_ring_mask(kBuffers), offset);
  }
  io_uring_sqe* Entry() {
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    if (entry != nullptr) return entry;
    io_uring_submit(&ring_);
    return io_uring_get_sqe(&ring_);
  }
  void Arm(int connection) {
    io_uring_sqe* const entry = Entry();
    io_uring_prep_recv_multishot(entry, connection, nullptr, 0, 0);
    entry->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    entry->buf_group = kGroup;
    entry->user_data = static_cast<uint64_t>(connection);
  }
  void Send(int connection) {
    io_uring_sqe* const entry = Entry();
    io_uring_prep_send(entry, connection, request_.data(), request_.size(),
                       MSG_NOSIGNAL | MSG_WAITALL);
    entry->flags |= IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS;
    entry->user_data = kSend | static_cast<uint64_t>(connection);
  }

  const std::string request_;
  io_uring ring_ = {};
  io_uring_buf_ring* free_ = nullptr;
  const std::unique_ptr<char[]> buffers_ =
      std::make_unique<char[]>(size_t{kBuffers} * kBufferBytes);
};

int Run(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr,
                 "usage: uring_floor_client PORT CONNECTIONS SECONDS [PATH [CPU [AT_LEAST]]]\n");
    return 2;
  }
  const int connections = std::atoi(argv[2]);
  const auto duration_ns = static_cast<int64_t>(std::atof(argv[3]) * 1e9);
  const std::string path = argc > 4 ? argv[4] : "/json";
  if (argc > 5) Pin(std::atoi(argv[5]));
  const unsigned at_least = argc > 6 ? static_cast<unsigned>(std::atoi(argv[6])) : 1;
  const int port = std::atoi(argv[1]);
  Client client(port, connections, GetRequest(path, port));
  const int64_t begin = Nanos(CLOCK_MONOTONIC);
  const int64_t cpu_begin = Nanos(CLOCK_PROCESS_CPUTIME_ID);
  for (int i = 0; i < connections; ++i) client.Begin(i);
  uint64_t requests = 0;
  uint64_t turns = 0;
  int64_t now = begin;
  while (now - begin < duration_ns) {
    requests += static_cast<uint64_t>(client.Turn(at_least));
    ++turns;
    now = Nanos(CLOCK_MONOTONIC);
  }
  const int64_t cpu = Nanos(CLOCK_PROCESS_CPUTIME_ID) - cpu_begin;
  const double count = static_cast<double>(std::max<uint64_t>(requests, 1));
  std::printf("requests=%llu seconds=%.6f cpu_us_per_request=%.3f responses_per_turn=%.1f\n",
              static_cast<unsigned long long>(requests), static_cast<double>(now - begin) / 1e9,
              static_cast<double>(cpu) / 1e3 / count, count / static_cast<double>(turns));
  return 0;
}

}  // namespace
}  // namespace assay::bench

int main(int argc, char** argv) {
  assay::OpenStandardStreams();
  return assay::EndOutput("uring_floor_client", assay::bench::Run(argc, argv));
}
