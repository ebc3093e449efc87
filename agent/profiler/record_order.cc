#include "agent/profiler/record_order.h"

#include <algorithm>
#include <utility>

namespace assay::profiler {

std::string& RecordOrder::Add(int64_t time_ns) {
  kept_.push_back({.time_ns = time_ns});
  std::string& record = kept_.back().record;
  if (!spare_.empty()) {
    record = std::move(spare_.back());
    record.clear();
    spare_.pop_back();
  }
  return record;
}

void RecordOrder::TakeUpTo(int64_t time_ns, absl::FunctionRef<void(std::string_view record)> take) {
  std::stable_sort(kept_.begin(), kept_.end(),
                   [](const Kept& a, const Kept& b) { return a.time_ns < b.time_ns; });
  auto at = kept_.begin();
  for (; at != kept_.end() && at->time_ns <= time_ns; ++at) {
    take(at->record);
    spare_.push_back(std::move(at->record));
  }
  kept_.erase(kept_.begin(), at);
}

}  // namespace assay::profiler
