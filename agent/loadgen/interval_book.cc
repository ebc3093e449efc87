#include "agent/loadgen/interval_book.h"

#include <algorithm>
#include <limits>

namespace assay::loadgen {

IntervalPlan IntervalPlan::For(int64_t window_s, int64_t latest_s, int threads) {
  // The second that is under way, and one more: harvests are late now and then.
  constexpr int64_t kBeside = 2;
  constexpr int64_t kShortestPeriod = 2;
  const int64_t wanted = latest_s + 3;
  const int64_t least = wanted + kBeside + kShortestPeriod;
  const int64_t most =
      std::max<int64_t>(kMostSlots / threads, std::min<int64_t>(least, kMostOfThread));
  IntervalPlan plan;
  if (window_s > 0 && window_s + kBeside <= most) {
    plan.slots = static_cast<int>(window_s + kBeside);
    plan.keep_seconds = static_cast<int>(std::min<int64_t>(wanted, INT32_MAX));
    return plan;
  }
  // Of a window that may be short, no more than what also a long one needs.
  constexpr int64_t kUnknownWindow = 64;
  const int64_t slots = window_s > 0 ? most : std::min(most, std::max(kUnknownWindow, least));
  const int64_t keep = std::min(wanted, slots - kBeside - kShortestPeriod);
  plan.slots = static_cast<int>(slots);
  plan.keep_seconds = static_cast<int>(keep);
  plan.harvest_every_s =
      static_cast<int>(std::clamp(slots / 8, kShortestPeriod, slots - kBeside - keep));
  return plan;
}

IntervalPlan IntervalPlan::ForSlots() {
  // Consecutive own slots of 16 targets are up to 31 indexes apart, and an overdue response may be that of an earlier one:
  // no two of those in use may share a place. A prime, so that no number of whole rounds is a multiple of it.
  constexpr int kPlaces = 37;
  return {.slots = kPlaces, .keep_seconds = INT32_MAX, .harvest_every_s = 0};
}

IntervalBook::IntervalBook(int slots, int keep_seconds)
    : keep_seconds_(keep_seconds), slots_(static_cast<size_t>(std::max(slots, 1))) {}

IntervalFigures& IntervalBook::Find(int64_t at_ns) {
  const int64_t second = (at_ns - begin_ns_) / interval_ns_;
  if (second < closed_before_.load(std::memory_order_relaxed)) return outside_;
  // Time moves on also where there is no slot: else what holds the slots would never be harvested.
  const bool newest = second >= newest_;
  if (newest) {
    newest_ = second;
    current_begin_ns_ = INT64_MIN;
    closed_before_.store(std::max<int64_t>(0, second - keep_seconds_), std::memory_order_release);
  }
  Slot& slot = slots_[static_cast<size_t>(second) % slots_.size()];
  const int64_t owner = slot.second.load(std::memory_order_acquire);
  if (owner != second) {
    if (owner != kFree) return outside_;
    slot.figures.second = static_cast<uint32_t>(second);
    slot.second.store(second, std::memory_order_relaxed);
  }
  if (newest) {
    current_ = &slot.figures;
    current_begin_ns_ = begin_ns_ + second * interval_ns_;
  }
  return slot.figures;
}

void IntervalBook::Harvest(absl::FunctionRef<void(const IntervalFigures&)> take) {
  HarvestBefore(closed_before_.load(std::memory_order_acquire), take);
}

void IntervalBook::HarvestAll(absl::FunctionRef<void(const IntervalFigures&)> take) {
  current_begin_ns_ = INT64_MIN;
  HarvestBefore(std::numeric_limits<int64_t>::max(), take);
}

void IntervalBook::HarvestBefore(int64_t second,
                                 absl::FunctionRef<void(const IntervalFigures&)> take) {
  for (Slot& slot : slots_) {
    const int64_t owner = slot.second.load(std::memory_order_relaxed);
    if (owner == kFree || owner >= second) continue;
    take(slot.figures);
    static_cast<IntervalCounts&>(slot.figures) = {};
    slot.figures.latency.Clear();
    slot.second.store(kFree, std::memory_order_release);
  }
}

}  // namespace assay::loadgen
