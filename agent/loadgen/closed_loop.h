#ifndef ASSAY_AGENT_LOADGEN_CLOSED_LOOP_H_
#define ASSAY_AGENT_LOADGEN_CLOSED_LOOP_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/loadgen/connection_pool.h"
#include "agent/loadgen/due_queue.h"
#include "agent/loadgen/load_loop.h"
#include "agent/loadgen/load_phases.h"
#include "agent/loadgen/recorder.h"
#include "agent/loadgen/request_mix.h"

namespace assay::loadgen {

// Offers load in a closed loop: each connection sends its next request when it has the response to
// the one before, after a rest of `think_ns`, with up to the pool's pipeline of them in flight. A
// connection that cannot be opened counts as a request that failed: its user wanted to send one.
//
// At the begin of a slot every connection sends at once: a rest ends with the slot in which it began.
//
// Requests are sent in batches: some responses are received, then the next requests are sent. Each side then finds its
// part of the kernel in the CPU's cache, and a response is dated before other requests are sent. Meanwhile a connection is
// idle, which is think time that nobody asked for. A batch is short enough for that time to stay a small share of the
// cycle (LongestBatch()), and the Recorder accounts for it. Every request of a batch has a reading of the clock of its own.
// A single request begins at the time at which the one before it ended, which is less than a microsecond earlier.
class ClosedLoop : public LoadLoop {
 public:
  struct Config {
    int connections = 1;
    // Of this thread, in the window; 0: not bounded.
    uint64_t request_count = 0;
    int64_t think_ns = 0;
    // A number of requests is given up when for that long no connection could be opened; 0: never.
    int64_t give_up_ns = 0;
  };

  // `recorder` and `mix` must outlive it.
  ClosedLoop(const Config& config, RequestMix* mix, Recorder* recorder);

  void Run(ConnectionPool& pool, LoadPhases& phases) override;
  uint64_t TakeUnfinished(const ConnectionPool& pool) override {
    return static_cast<uint64_t>(pool.CountInFlight(/*counted_only=*/true));
  }
  void OnReady(int connection, int64_t now_ns) override;
  void OnEnded(const Flight& flight, Outcome outcome, int status, uint64_t response_bytes,
               int64_t now_ns) override;
  void OnOpenFailed(Outcome outcome, int64_t now_ns) override;
  void AfterEvents() override { SendBatch(); }

  // The largest number of responses in a batch, with this many connections in one thread. The think time grows with the
  // length of a batch, and the cycle with the number of connections, so their ratio determines the share. For figures see
  // docs/measurement.md, Think time.
  static size_t LongestBatch(int connections);

 private:
  static constexpr size_t kConnectionsPerBatch = 12;
  static constexpr size_t kLongestBatch = 16;

  bool MaySend(int64_t now_ns) const { return phases_->MaySend(now_ns) && left_ > 0; }
  void Send(int connection, int64_t now_ns);
  void SendBatch();
  void SendAfterThinkTime(int64_t now_ns);
  void Advance(int64_t now_ns);

  const Config config_;
  RequestMix* const mix_;
  Recorder* const recorder_;
  // Set while Run() is.
  ConnectionPool* pool_ = nullptr;
  LoadPhases* phases_ = nullptr;
  const size_t longest_batch_;
  uint64_t left_;  // Requests of the window that may yet be sent.
  int64_t in_flight_ = 0;
  // Connections whose next request may be sent: the first batch_size_ of them.
  std::array<int, kLongestBatch> batch_{};
  size_t batch_size_ = 0;
  int64_t batch_ns_ = 0;  // When the last of them was found to be.
  DueQueue thinking_;
  std::vector<char> thinks_;  // By connection: it is in thinking_.
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_CLOSED_LOOP_H_
