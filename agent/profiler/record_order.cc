#include "agent/profiler/record_order.h"

#include <algorithm>
#include <utility>

namespace assay::profiler {

void RecordOrder::Add(int64_t time_ns, std::string record) {
  bytes_ += record.size();
  kept_.push_back({.time_ns = time_ns, .record = std::move(record)});
}

void RecordOrder::TakeUpTo(int64_t time_ns, absl::FunctionRef<void(std::string_view record)> take) {
  std::stable_sort(kept_.begin(), kept_.end(),
                   [](const Kept& a, const Kept& b) { return a.time_ns < b.time_ns; });
  auto at = kept_.begin();
  for (; at != kept_.end() && at->time_ns <= time_ns; ++at) {
    take(at->record);
    bytes_ -= at->record.size();
    // Memory falls as it is worked off, not at the end.
    at->record = std::string();
  }
  kept_.erase(kept_.begin(), at);
}

}  // namespace assay::profiler
