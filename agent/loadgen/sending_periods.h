#ifndef ASSAY_AGENT_LOADGEN_SENDING_PERIODS_H_
#define ASSAY_AGENT_LOADGEN_SENDING_PERIODS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "agent/loadgen/load_window.h"

namespace assay {
class SlotSchedule;
}

namespace assay::loadgen {

// When a run sends requests. An ordinary run has one period. A run in slots (SlotSchedule of proto/agent.proto) has one
// period for each of its own slots; in the other slots, executions of other targets are under load.
//
// Load time is the time within periods alone: in slots it begins with 0 at the first period and stands still between
// periods. In an ordinary run it is the real time.
//
// Immutable; any thread may use it.
class SendingPeriods {
 public:
  explicit SendingPeriods(const LoadWindow& window);
  // The own slots of a schedule that starts at start_ns. REQUIRES: CheckSlots() accepts `slots`.
  SendingPeriods(const SlotSchedule& slots, int64_t start_ns);

  bool in_slots() const { return slot_ns_ != 0; }
  size_t count() const { return windows_.size(); }
  const LoadWindow& window(size_t period) const { return windows_[period]; }
  // Whether no request of this period counts.
  bool IsWarmup(size_t period) const {
    return windows_[period].begin_ns == windows_[period].end_ns;
  }
  // When the next period begins; INT64_MAX after the last one.
  int64_t NextPeriodNs(size_t period) const {
    return period + 1 < count() ? windows_[period + 1].start_ns : INT64_MAX;
  }

  // In slots: the index of this period's slot, and when the slot after it begins, whoever owns that. NextSlotNs() is
  // INT64_MAX in an ordinary run.
  uint32_t Slot(size_t period) const {
    return static_cast<uint32_t>((windows_[period].start_ns - intervals_begin_ns_) / interval_ns_);
  }
  int64_t NextSlotNs(size_t period) const {
    return in_slots() ? windows_[period].start_ns + interval_ns_ : INT64_MAX;
  }
  // In slots: the end of the first load that ends after `now_ns`. After the last load: schedule_end_ns().
  int64_t NextLoadEndNs(int64_t now_ns) const;
  // In slots: when the slots of all executions are over. INT64_MIN in an ordinary run.
  int64_t schedule_end_ns() const { return schedule_end_ns_; }

  // Requests are reported by interval: a second of the window, or a slot. Interval i begins at
  // intervals_begin_ns() + i * interval_ns(); in slots, i is the slot's index.
  int64_t intervals_begin_ns() const { return intervals_begin_ns_; }
  int64_t interval_ns() const { return interval_ns_; }

  // The whole run in load time: from the first period's start, counting from the first period that counts.
  const LoadWindow& load_time() const { return load_time_; }
  // The real time of a load time; INT64_MAX after the last period.
  int64_t RealNs(int64_t load_ns) const { return in_slots() ? RealNsInSlots(load_ns) : load_ns; }

 private:
  int64_t RealNsInSlots(int64_t load_ns) const;

  std::vector<LoadWindow> windows_;
  int64_t slot_ns_ = 0;
  int64_t intervals_begin_ns_ = 0;
  int64_t interval_ns_ = 0;
  int64_t schedule_end_ns_ = INT64_MIN;
  LoadWindow load_time_;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_SENDING_PERIODS_H_
