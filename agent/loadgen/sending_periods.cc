#include "agent/loadgen/sending_periods.h"

#include <algorithm>

#include "proto/agent.pb.h"
#include "proto/convert/slot_schedule.h"

namespace assay::loadgen {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;

}  // namespace

SendingPeriods::SendingPeriods(const LoadWindow& window)
    : windows_({window}),
      intervals_begin_ns_(window.begin_ns),
      interval_ns_(kSecondNs),
      load_time_(window) {}

SendingPeriods::SendingPeriods(const SlotSchedule& slots, int64_t start_ns)
    : slot_ns_(static_cast<int64_t>(slots.slot_ns())),
      intervals_begin_ns_(SlotBeginNs(slots, start_ns, 0)),
      interval_ns_(static_cast<int64_t>(slots.period_ns())),
      schedule_end_ns_(SlotBeginNs(slots, start_ns, slots.count())) {
  load_time_ = {.start_ns = 0, .begin_ns = 0, .end_ns = slot_ns_ * slots.own_size()};
  windows_.reserve(static_cast<size_t>(slots.own_size()));
  for (const uint32_t index : slots.own()) {
    const bool warmup = index < slots.warmup_count();
    LoadWindow window;
    window.start_ns = SlotBeginNs(slots, start_ns, index);
    window.end_ns = window.start_ns + slot_ns_;
    window.begin_ns =
        warmup ? window.end_ns : window.start_ns + static_cast<int64_t>(slots.settle_ns());
    windows_.push_back(window);
    if (warmup) load_time_.begin_ns += slot_ns_;
  }
}

int64_t SendingPeriods::NextLoadEndNs(int64_t now_ns) const {
  const auto next =
      std::upper_bound(windows_.begin(), windows_.end(), now_ns,
                       [](int64_t ns, const LoadWindow& window) { return ns < window.end_ns; });
  return next == windows_.end() ? schedule_end_ns_ : next->end_ns;
}

int64_t SendingPeriods::RealNsInSlots(int64_t load_ns) const {
  const auto period = static_cast<size_t>(load_ns / slot_ns_);
  return period < count() ? windows_[period].start_ns + load_ns % slot_ns_ : INT64_MAX;
}

}  // namespace assay::loadgen
