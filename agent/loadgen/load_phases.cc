#include "agent/loadgen/load_phases.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "common/cpu_clock.h"

namespace assay::loadgen {

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

void LoadTimes::AddSlot(const LoadTimes& slot) {
  cpu_ns += slot.cpu_ns;
  busy_ns += slot.busy_ns;
  responses += slot.responses;
  observed_ns += slot.observed_ns;
  if (!slot.run_delay_ns.has_value()) run_delay_ns.reset();
  if (run_delay_ns.has_value()) *run_delay_ns += *slot.run_delay_ns;
}

LoadPhases::LoadPhases(const SendingPeriods& periods, size_t period, const Config& config)
    : periods_(periods),
      window_(periods.window(period)),
      next_slot_ns_(periods.NextSlotNs(period)),
      next_period_ns_(periods.NextPeriodNs(period)),
      config_(config),
      overdue_at_ns_(next_slot_ns_) {
  if (periods.in_slots()) times_.run_delay_ns = config.run_delay->Nanos();
}

LoadPhases::Phase LoadPhases::Advance(int64_t now_ns, bool all_sent, int64_t in_flight,
                                      int64_t busy_ns, uint64_t responses) {
  const bool stopped = config_.stop->load(std::memory_order_relaxed);
  in_flight_ = in_flight;
  if (phase_ == Phase::kWarmup && now_ns >= window_.begin_ns) {
    phase_ = Phase::kWindow;
    times_.begin_ns = window_.begin_ns;
    if (!periods_.in_slots()) BeginAccounts(now_ns, busy_ns, responses);
  }
  if (phase_ <= Phase::kWindow && (stopped || all_sent || now_ns >= window_.end_ns)) {
    if (stopped) window_.end_ns = std::min(window_.end_ns, now_ns);
    if (phase_ == Phase::kWindow) times_.end_ns = std::min(window_.end_ns, now_ns);
    if (!config_.by_count && !periods_.in_slots()) EndAccounts(now_ns, busy_ns, responses);
    BeginDrain(now_ns, stopped);
  }
  if (phase_ != Phase::kDrain) return phase_;
  if (now_ns >= overdue_at_ns_) {
    overdue_at_ns_ = INT64_MAX;
    times_.overdue = static_cast<uint64_t>(in_flight);
  }
  if (in_flight == 0 || now_ns >= drain_end_ns_ ||
      (config_.abandon != nullptr && config_.abandon->load(std::memory_order_relaxed))) {
    if (!drained_at_once_) times_.drain_ns = now_ns - window_.end_ns;
    EndAccounts(now_ns, busy_ns, responses);
    phase_ = Phase::kDone;
  }
  return phase_;
}

void LoadPhases::BeginDrain(int64_t now_ns, bool stopped) {
  phase_ = Phase::kDrain;
  drained_at_once_ = in_flight_ == 0;
  drain_end_ns_ =
      stopped || next_period_ns_ == INT64_MAX ? now_ns + config_.drain_ns : next_period_ns_;
}

int64_t LoadPhases::NextNs() const {
  switch (phase_) {
    case Phase::kWarmup:
      return window_.begin_ns;
    case Phase::kWindow:
      return window_.end_ns;
    default:
      return std::min(drain_end_ns_, overdue_at_ns_);
  }
}

void LoadPhases::BeginAccounts(int64_t now_ns, int64_t busy_ns, uint64_t responses) {
  accounts_open_ = true;
  accounts_begin_ns_ = now_ns;
  times_.cpu_ns = -ThreadCpuNanos();
  times_.busy_ns = -busy_ns;
  times_.responses = 0 - responses;
  if (!periods_.in_slots()) times_.run_delay_ns = config_.run_delay->Nanos();
}

void LoadPhases::EndAccounts(int64_t now_ns, int64_t busy_ns, uint64_t responses) {
  if (!accounts_open_) return;
  accounts_open_ = false;
  times_.cpu_ns += ThreadCpuNanos();
  times_.busy_ns += busy_ns;
  times_.responses += responses;
  const std::optional<int64_t> begun_ns = times_.run_delay_ns;
  times_.run_delay_ns = config_.run_delay->Nanos();
  if (begun_ns.has_value() && times_.run_delay_ns.has_value()) *times_.run_delay_ns -= *begun_ns;
  times_.observed_ns =
      periods_.in_slots() ? window_.end_ns - window_.start_ns : now_ns - accounts_begin_ns_;
}

}  // namespace assay::loadgen
