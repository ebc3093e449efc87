#ifndef ASSAY_AGENT_LOADGEN_RECORDER_H_
#define ASSAY_AGENT_LOADGEN_RECORDER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "agent/loadgen/fate.h"
#include "agent/loadgen/load_window.h"
#include "agent/loadgen/sample_ring.h"
#include "agent/loadgen/second_book.h"
#include "analysis/latency_histogram.h"

namespace assay::loadgen {

// A request that is on its way.
struct Flight {
  // 0: it was never sent.
  int64_t send_ns = 0;
  // When it was due; send_ns in a closed loop.
  int64_t intended_ns = 0;
  // Index among the run's requests.
  uint32_t request = 0;
  // It belongs to the window, not to the warm-up.
  bool counted = false;
  // How often it was sent again, on a new connection or stream.
  uint16_t retries = 0;
};

// What one load thread counted.
struct Tally {
  uint64_t sent = 0;
  // Right answers that came within the window, those to warm-up requests among them: its throughput.
  uint64_t ok_in_window = 0;
  uint64_t warmup_requests = 0;
  uint64_t bytes_read = 0;
  // Requests that ended, well or not, and had been sent more than once.
  uint64_t retried = 0;
  // The latest end of a request.
  int64_t last_end_ns = 0;
  // By Fate; kOk and kTimeout among them.
  std::array<uint64_t, kFates> fates{};
  // Answers by status; the last one holds what is no status.
  std::array<uint64_t, 1001> statuses{};

  uint64_t ok() const { return fates[static_cast<int>(Fate::kOk)]; }
  uint64_t timeouts() const { return fates[static_cast<int>(Fate::kTimeout)]; }
  uint64_t errors() const;
};

// What another thread may see while a load thread runs: its totals, at most a second old, and when it began.
struct LiveFigures {
  std::atomic<uint64_t> ok{0};
  std::atomic<uint64_t> failed{0};
  // Actual start minus the one asked for; -1 before it.
  std::atomic<int64_t> lateness_ns{-1};
};

// One load thread's account of its window: every request is counted, and its sample goes to the
// ring where there is one. Latency is that of requests that ended well and of those that timed out,
// who waited at least that long; errors would only flatter it.
//
// What ends is only noted, and counted when a block of samples is full or a second is over: the memory that counting
// needs would have to be fetched anew for each request, for system calls lie between them.
//
// Threads: its load thread's alone. Cost: one request is some 20 ns (recorder_benchmark.cc), no allocation, lock or
// system call.
class Recorder {
 public:
  // `book` and `live` must outlive it. `ring`: where raw samples go, if anywhere.
  Recorder(bool open_loop, SecondBook* book, LiveFigures* live,
           std::optional<SampleRing::Writer> ring);

  // Before the first request.
  void Begin(const LoadWindow& window) {
    book_->Begin(window.begin_ns);
    window_ = window;
  }
  // What ends from now on ended after the window.
  void EndWindow(int64_t now_ns);

  // Each request once, when it is (meant to be) sent. What is not `counted` only counts as warm-up.
  void Sent(const Flight& flight) {
    if (!flight.counted) {
      ++tally_.warmup_requests;
      return;
    }
    const auto into_second = static_cast<uint64_t>(flight.intended_ns - second_begin_ns_);
    if (sent_second_ == nullptr || into_second >= kSecond) [[unlikely]] {
      BeginSecond(flight.intended_ns);
    }
    ++sent_in_second_;
  }

  // Open loop: a request is sent indeed.
  void OnWire(const Flight& flight) {
    if (flight.counted) send_lag_.Record(flight.send_ns - flight.intended_ns);
  }

  // Each request that ended, after Sent(). `status` is 0 where no answer came.
  void Ended(const Flight& flight, Fate fate, int status, uint64_t answer_bytes, int64_t now_ns) {
    if (!flight.counted) [[unlikely]] {
      if (fate == Fate::kOk && IsInWindow(now_ns)) ++tally_.ok_in_window;
      return;
    }
    bytes_read_ += answer_bytes;
    endings_[noted_] = {.status = static_cast<uint16_t>(status < 1000 ? status : 1000),
                        .fate = fate,
                        .retried = flight.retries != 0};
    if (open_loop_)
      service_ns_[noted_] = flight.send_ns == 0 ? kNeverSent : now_ns - flight.send_ns;
    block_[noted_].send_ns = flight.intended_ns;
    block_[noted_].latency_ns = now_ns - flight.intended_ns;
    if (++noted_ == kBlockSamples) Flush();
  }

  // Counts what was noted, and hands over the samples. At the end: what is told below holds after it.
  void Flush();

  const Tally& tally() const { return tally_; }
  // Empty in a closed loop, where service is latency and nothing lags.
  const LatencyHistogram& service() const { return service_; }
  const LatencyHistogram& send_lag() const { return send_lag_; }
  uint64_t samples_recorded() const;
  uint64_t samples_lost() const { return ring_.has_value() ? ring_->samples_lost() : 0; }

 private:
  static constexpr uint64_t kSecond = 1'000'000'000;
  static constexpr int64_t kNeverSent = -1;

  // What a request came to, beside its sample.
  struct Ending {
    uint16_t status;
    Fate fate;
    bool retried;
  };

  bool IsInWindow(int64_t at_ns) const {
    return at_ns >= window_.begin_ns && at_ns < window_.end_ns;
  }
  // The first request of a second is sent.
  void BeginSecond(int64_t intended_ns);
  // What was noted since the last time.
  void CountNoted();
  void Count(const Sample& sample, const Ending& ending);
  void PublishLive(const SecondFigures* second);

  static constexpr size_t kCacheLine = 64;

  // What each request touches: one line, and its place in the block. The system calls between two requests leave neither
  // in the nearest cache.
  alignas(kCacheLine) const bool open_loop_;
  // In the block, and how many of them are counted.
  int noted_ = 0;
  int counted_ = 0;
  int64_t second_begin_ns_ = 0;
  // Where what is sent in this second counts, and how much of it is not counted there yet.
  SecondFigures* sent_second_ = nullptr;
  uint64_t sent_in_second_ = 0;
  uint64_t bytes_read_ = 0;
  alignas(kCacheLine) std::array<Sample, kBlockSamples> block_;
  std::array<Ending, kBlockSamples> endings_;
  // In an open loop.
  std::array<int64_t, kBlockSamples> service_ns_;

  LoadWindow window_;
  SecondBook* const book_;
  LiveFigures* const live_;
  const SecondFigures* live_second_ = nullptr;
  std::optional<SampleRing::Writer> ring_;
  Tally tally_;
  LatencyHistogram service_;
  LatencyHistogram send_lag_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_RECORDER_H_
