#include "agent/loadgen/second_book.h"

#include <algorithm>
#include <limits>

namespace assay::loadgen {

SecondBook::SecondBook(int slots, int keep_seconds)
    : keep_seconds_(keep_seconds), slots_(static_cast<size_t>(std::max(slots, 1))) {}

SecondFigures& SecondBook::Find(int64_t at_ns) {
  const int64_t second = (at_ns - window_begin_ns_) / static_cast<int64_t>(kSecond);
  if (second < closed_before_.load(std::memory_order_relaxed)) return rest_;
  Slot& slot = slots_[static_cast<size_t>(second) % slots_.size()];
  const int64_t owner = slot.second.load(std::memory_order_acquire);
  if (owner != second) {
    if (owner != kFree) return rest_;
    slot.figures.second = static_cast<uint32_t>(second);
    slot.second.store(second, std::memory_order_relaxed);
  }
  if (second >= newest_) {
    newest_ = second;
    current_ = &slot.figures;
    current_begin_ns_ = window_begin_ns_ + second * static_cast<int64_t>(kSecond);
    closed_before_.store(std::max<int64_t>(0, second - keep_seconds_), std::memory_order_release);
  }
  return slot.figures;
}

void SecondBook::Harvest(absl::FunctionRef<void(const SecondFigures&)> take) {
  HarvestBefore(closed_before_.load(std::memory_order_acquire), take);
}

void SecondBook::HarvestAll(absl::FunctionRef<void(const SecondFigures&)> take) {
  HarvestBefore(std::numeric_limits<int64_t>::max(), take);
}

void SecondBook::HarvestBefore(int64_t second, absl::FunctionRef<void(const SecondFigures&)> take) {
  for (Slot& slot : slots_) {
    const int64_t owner = slot.second.load(std::memory_order_relaxed);
    if (owner == kFree || owner >= second) continue;
    take(slot.figures);
    slot.figures.sent = slot.figures.ok = slot.figures.errors = slot.figures.timeouts = 0;
    slot.figures.latency.Clear();
    slot.second.store(kFree, std::memory_order_release);
  }
}

}  // namespace assay::loadgen
