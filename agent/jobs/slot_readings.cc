#include "agent/jobs/slot_readings.h"

#include <algorithm>
#include <utility>

#include "common/status_macros.h"
#include "proto/convert/slot_schedule.h"

namespace assay::agent {
namespace {

constexpr int64_t kLongestGuardNs = 1'000'000;

int64_t GuardNanos(const SlotSchedule& slots) {
  const auto drain_ns = static_cast<int64_t>(slots.period_ns() - slots.slot_ns());
  return std::min(kLongestGuardNs, drain_ns / 4);
}

}  // namespace

SlotReadings::SlotReadings(const SlotSchedule& slots, int64_t start_ns, ReadClock read)
    : slots_(slots), start_ns_(start_ns), guard_ns_(GuardNanos(slots)), read_(std::move(read)) {
  while (next_ < slots_.own_size() && slots_.own(next_) < slots_.warmup_count()) ++next_;
}

int64_t SlotReadings::EdgeNanos(uint32_t index) const {
  return SlotBeginNs(slots_, start_ns_, index) - guard_ns_;
}

std::optional<int64_t> SlotReadings::NextNanos() const {
  if (next_ == slots_.own_size()) return std::nullopt;
  return EdgeNanos(slots_.own(next_) + (begin_.has_value() ? 1 : 0));
}

absl::Status SlotReadings::Read() {
  ASSAY_ASSIGN_OR_RETURN(const TreeClock::Reading reading, read_());
  if (!begin_.has_value()) {
    begin_ = reading;
    return absl::OkStatus();
  }
  EndSlot(reading);
  const uint32_t ended = slots_.own(next_);
  ++next_;
  begin_.reset();
  if (next_ < slots_.own_size() && slots_.own(next_) == ended + 1) begin_ = reading;
  return absl::OkStatus();
}

void SlotReadings::EndSlot(const TreeClock::Reading& end) {
  const uint32_t index = slots_.own(next_);
  const int64_t slot_begin_ns = SlotBeginNs(slots_, start_ns_, index);
  if (done_.empty()) first_ = *begin_;
  last_ = end;
  ServerSlot& slot = done_.emplace_back();
  slot.set_index(index);
  slot.set_cpu_ns(std::max<int64_t>(0, end.cpu_ns - begin_->cpu_ns));
  slot.set_begin_ns(begin_->at_ns - slot_begin_ns);
  slot.set_end_ns(end.at_ns - slot_begin_ns);
  cpu_ns_ += slot.cpu_ns();
  observed_ns_ += end.at_ns - begin_->at_ns;
  begin_late_ns_ += std::max<int64_t>(0, begin_->at_ns - EdgeNanos(index));
  end_late_ns_ += std::max<int64_t>(0, end.at_ns - EdgeNanos(index + 1));
  complete_ = complete_ && begin_->complete && end.complete;
}

void SlotReadings::Report(ServerFinished& finished) const {
  *finished.mutable_slots() = {done_.begin(), done_.end()};
  finished.set_cpu_ns(cpu_ns_);
  finished.set_window_ns(static_cast<int64_t>(slots_.slot_ns() * done_.size()));
  finished.set_begin_late_ns(begin_late_ns_);
  finished.set_end_late_ns(end_late_ns_);
  finished.clear_idle_cpu_ns();
  finished.clear_cpu_begin_ns();
  finished.clear_cpu_end_ns();
  if (!complete_) finished.set_tree_incomplete(true);
  if (done_.empty()) return;
  finished.set_idle_cpu_ns(std::max<int64_t>(0, last_.cpu_ns - first_.cpu_ns - cpu_ns_));
  finished.set_idle_ns(last_.at_ns - first_.at_ns - observed_ns_);
  finished.set_cpu_begin_ns(first_.at_ns);
  finished.set_cpu_end_ns(last_.at_ns);
}

}  // namespace assay::agent
