#include "agent/profiler/record_order.h"

#include <algorithm>

namespace assay::profiler {

void RecordOrder::Add(int64_t time_ns, absl::FunctionRef<void(std::string*)> append) {
  const size_t begin = bytes_.size();
  append(&bytes_);
  kept_.push_back({.time_ns = time_ns, .begin = begin, .size = bytes_.size() - begin});
}

std::string_view RecordOrder::BytesOf(const Kept& kept) const {
  return std::string_view(bytes_).substr(kept.begin, kept.size);
}

void RecordOrder::TakeUpTo(int64_t time_ns, absl::FunctionRef<void(std::string_view record)> take) {
  std::stable_sort(kept_.begin(), kept_.end(),
                   [](const Kept& a, const Kept& b) { return a.time_ns < b.time_ns; });
  auto at = kept_.begin();
  for (; at != kept_.end() && at->time_ns <= time_ns; ++at) take(BytesOf(*at));
  kept_.erase(kept_.begin(), at);
  spare_.clear();
  for (Kept& kept : kept_) {
    const std::string_view record = BytesOf(kept);
    kept.begin = spare_.size();
    spare_.append(record);
  }
  bytes_.swap(spare_);
}

}  // namespace assay::profiler
