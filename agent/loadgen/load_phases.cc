#include "agent/loadgen/load_phases.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>

namespace assay::loadgen {

int64_t ThreadCpuNanos() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * int64_t{1'000'000'000} + time.tv_nsec;
}

RunDelayClock::RunDelayClock() : file_(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}

std::optional<int64_t> RunDelayClock::Nanos() const {
  // "ON_CPU RUN_DELAY SLICES", in ns.
  char text[96];
  if (!file_.ok()) return std::nullopt;
  const ssize_t size = pread(file_.get(), text, sizeof(text) - 1, 0);
  if (size <= 0) return std::nullopt;
  text[size] = '\0';
  char* end = nullptr;
  std::strtoll(text, &end, 10);
  if (end == text) return std::nullopt;
  const char* const second = end;
  const int64_t delay_ns = std::strtoll(second, &end, 10);
  if (end == second) return std::nullopt;
  return delay_ns;
}

LoadPhases::Phase LoadPhases::Advance(int64_t now_ns, bool all_sent, int64_t in_flight,
                                      int64_t busy_ns, uint64_t responses) {
  const bool stopped = stop_->load(std::memory_order_relaxed);
  if (phase_ == Phase::kWarmup && now_ns >= window_.begin_ns) {
    phase_ = Phase::kWindow;
    times_.begin_ns = window_.begin_ns;
    BeginAccounts(now_ns, busy_ns, responses);
  }
  if (phase_ <= Phase::kWindow && (stopped || all_sent || now_ns >= window_.end_ns)) {
    if (stopped) window_.end_ns = std::min(window_.end_ns, now_ns);
    if (phase_ == Phase::kWindow) times_.end_ns = std::min(window_.end_ns, now_ns);
    if (!by_count_) EndAccounts(now_ns, busy_ns, responses);
    phase_ = Phase::kDrain;
    drain_end_ns_ = now_ns + drain_ns_;
  }
  if (phase_ == Phase::kDrain &&
      (in_flight == 0 || now_ns >= drain_end_ns_ ||
       (abandon_ != nullptr && abandon_->load(std::memory_order_relaxed)))) {
    EndAccounts(now_ns, busy_ns, responses);
    phase_ = Phase::kDone;
  }
  return phase_;
}

int64_t LoadPhases::NextNs() const {
  switch (phase_) {
    case Phase::kWarmup:
      return window_.begin_ns;
    case Phase::kWindow:
      return window_.end_ns;
    default:
      return drain_end_ns_;
  }
}

void LoadPhases::BeginAccounts(int64_t now_ns, int64_t busy_ns, uint64_t responses) {
  accounts_open_ = true;
  accounts_begin_ns_ = now_ns;
  times_.cpu_ns = -ThreadCpuNanos();
  times_.busy_ns = -busy_ns;
  times_.responses = 0 - responses;
  times_.run_delay_ns = run_delay_.Nanos();
}

void LoadPhases::EndAccounts(int64_t now_ns, int64_t busy_ns, uint64_t responses) {
  if (!accounts_open_) return;
  accounts_open_ = false;
  times_.cpu_ns += ThreadCpuNanos();
  times_.busy_ns += busy_ns;
  times_.responses += responses;
  const std::optional<int64_t> begun_ns = times_.run_delay_ns;
  times_.run_delay_ns = run_delay_.Nanos();
  if (begun_ns.has_value() && times_.run_delay_ns.has_value()) *times_.run_delay_ns -= *begun_ns;
  times_.observed_ns = now_ns - accounts_begin_ns_;
}

}  // namespace assay::loadgen
