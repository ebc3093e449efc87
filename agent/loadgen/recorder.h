#ifndef ASSAY_AGENT_LOADGEN_RECORDER_H_
#define ASSAY_AGENT_LOADGEN_RECORDER_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "agent/load_protocol/sample_ring.h"
#include "agent/loadgen/interval_book.h"
#include "agent/loadgen/load_window.h"
#include "agent/loadgen/outcome.h"
#include "agent/loadgen/sending_periods.h"
#include "analysis/latency_histogram.h"
#include "analysis/response_counts.h"

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
  // Right responses that came within the window, those to warm-up requests among them: its throughput.
  uint64_t ok_in_window = 0;
  uint64_t warmup_requests = 0;
  uint64_t bytes_read = 0;
  // Requests that ended, well or not, and had been sent more than once.
  uint64_t retried = 0;
  // The latest end of a request.
  int64_t last_end_ns = 0;
  // Closed loop: time in which requests were in flight and in which there was room for more of them, within the window,
  // summed over requests and over room; and requests that ended in it.
  int64_t flight_ns = 0;
  int64_t think_ns = 0;
  uint64_t cycles = 0;
  // By Outcome; kOk and kTimeout among them.
  std::array<uint64_t, kOutcomes> outcomes{};
  // Answers by status; the last one holds what is no status.
  std::array<uint64_t, 1001> statuses{};

  uint64_t ok() const { return outcomes[static_cast<int>(Outcome::kOk)]; }
  uint64_t timeouts() const { return outcomes[static_cast<int>(Outcome::kTimeout)]; }
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
  Recorder(bool open_loop, IntervalBook* book, LiveFigures* live,
           std::optional<SampleRing::Writer> ring);

  // Before the first request: begins the first period.
  void Begin(const SendingPeriods& periods);
  // Before the first request of each further period. `in_flight`: requests of earlier ones that have not ended.
  void BeginPeriod(const LoadWindow& window, int64_t in_flight);
  // After the last response of a period. What is told of it below holds then, and the book may be harvested.
  void EndPeriod();
  // What ends from now on ended after the window.
  void EndWindow(int64_t now_ns);
  // Closed loop: from now on connections need not send, so that they do not rest either. Later calls do nothing.
  void EndCycles(int64_t now_ns);

  // Each request once, when it is (meant to be) sent. What is not `counted` only counts as warm-up.
  void Sent(const Flight& flight) {
    if (!open_loop_) TakeOff(flight.intended_ns);
    if (!flight.counted) {
      ++tally_.warmup_requests;
      return;
    }
    const auto into_second = static_cast<uint64_t>(flight.intended_ns - second_begin_ns_);
    if (sent_second_ == nullptr || into_second >= interval_ns_) [[unlikely]] {
      BeginSecond(flight.intended_ns);
    }
    ++sent_in_second_;
  }

  // Open loop: a request is sent indeed.
  void OnWire(const Flight& flight) {
    if (flight.counted) send_lag_.Record(flight.send_ns - flight.intended_ns);
  }

  // Each request that ended, after Sent(). `status` is 0 where no response came.
  void Ended(const Flight& flight, Outcome outcome, int status, uint64_t response_bytes,
             int64_t now_ns) {
    if (!open_loop_) Land(now_ns);
    if (status != 0) ++responses_until_now_;
    if (!flight.counted) [[unlikely]] {
      if (status != 0) responses_.Add(now_ns);
      if (outcome == Outcome::kOk && IsInWindow(now_ns)) ++tally_.ok_in_window;
      return;
    }
    bytes_read_ += response_bytes;
    endings_[noted_] = {.status = static_cast<uint16_t>(status < 1000 ? status : 1000),
                        .outcome = outcome,
                        .retried = flight.retries != 0};
    if (open_loop_)
      service_ns_[noted_] = flight.send_ns == 0 ? kNeverSent : now_ns - flight.send_ns;
    block_[noted_].intended_ns = flight.intended_ns;
    block_[noted_].latency_ns = now_ns - flight.intended_ns;
    if (++noted_ == kBlockSamples) Flush();
  }

  // Counts what was noted, and hands over the samples. At the end: what is told below holds after it.
  void Flush();

  // Responses until now, whatever they said, to requests of the warm-up too.
  uint64_t responses_until_now() const { return responses_until_now_; }
  // When those of the window and of its drain came. Not counted in slots.
  const ResponseCounts& responses() const { return responses_; }

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
    Outcome outcome;
    bool retried;
  };

  // A clock that is to be read at the window's end is read before this. Later responses would only make the counts coarse.
  static int64_t LastResponseOfUse(const LoadWindow& window) {
    if (window.end_ns == INT64_MAX) return INT64_MAX;
    constexpr auto kNanos = static_cast<int64_t>(kSecond);
    return window.end_ns + std::max(kNanos, window.end_ns - window.begin_ns);
  }
  // A request is sent, and one ends: the integral of the number in flight over the window. Sums may wrap on their way.
  void TakeOff(int64_t at_ns) {
    if (at_ns >= cycle_end_ns_) return;
    flight_sum_ -= IntoWindow(at_ns);
    if (++flying_ > most_flying_) most_flying_ = flying_;
  }
  void Land(int64_t at_ns) {
    if (at_ns >= cycle_end_ns_) return;
    flight_sum_ += IntoWindow(at_ns);
    --flying_;
    if (at_ns >= window_.begin_ns) ++tally_.cycles;
  }
  uint64_t IntoWindow(int64_t at_ns) const {
    return at_ns <= window_.begin_ns ? 0 : static_cast<uint64_t>(at_ns - window_.begin_ns);
  }
  bool IsInWindow(int64_t at_ns) const {
    return at_ns >= window_.begin_ns && at_ns < window_.end_ns;
  }
  // The first request of a second is sent.
  void BeginSecond(int64_t intended_ns);
  // What was noted since the last time.
  void CountNoted();
  void Count(const Sample& sample, const Ending& ending);
  void PublishLive(const IntervalFigures* second);

  static constexpr size_t kCacheLine = 64;

  // What each request touches: one line, and its place in the block. The system calls between two requests leave neither
  // in the nearest cache.
  alignas(kCacheLine) const bool open_loop_;
  // In the block, and how many of them are counted.
  int noted_ = 0;
  int counted_ = 0;
  int64_t second_begin_ns_ = 0;
  uint64_t interval_ns_ = kSecond;
  // Where what is sent in this second counts, and how much of it is not counted there yet.
  IntervalFigures* sent_second_ = nullptr;
  uint64_t sent_in_second_ = 0;
  uint64_t bytes_read_ = 0;
  uint64_t responses_until_now_ = 0;
  // As TakeOff() has them.
  uint64_t flight_sum_ = 0;
  int64_t flying_ = 0;
  int64_t most_flying_ = 0;
  int64_t cycle_end_ns_ = INT64_MAX;
  bool cycles_ended_ = false;
  alignas(kCacheLine) std::array<Sample, kBlockSamples> block_;
  std::array<Ending, kBlockSamples> endings_;
  // In an open loop.
  std::array<int64_t, kBlockSamples> service_ns_;

  LoadWindow window_;
  ResponseCounts responses_;
  IntervalBook* const book_;
  LiveFigures* const live_;
  const IntervalFigures* live_second_ = nullptr;
  std::optional<SampleRing::Writer> ring_;
  Tally tally_;
  LatencyHistogram service_;
  LatencyHistogram send_lag_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_RECORDER_H_
