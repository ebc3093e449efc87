#include "agent/profiler/stack_depths.h"

#include <algorithm>

namespace assay::profiler {
namespace {

// Margin for other workloads, whose functions may have deeper stacks.
constexpr size_t kMarginBytes = 8 << 10;
constexpr size_t kStep = 4 << 10;
// A profile with fewer samples may have missed rare deep stacks.
constexpr uint64_t kEnough = 100;
// One of this many stacks may be truncated.
constexpr uint64_t kTruncatedOne = 500;

}  // namespace

int StackDepths::BytesFor(const std::string& program, int most) const {
  absl::MutexLock lock(&mutex_);
  const auto known = deepest_.find(program);
  if (known == deepest_.end()) return most;
  const size_t wanted = (known->second + kMarginBytes + kStep - 1) / kStep * kStep;
  return static_cast<int>(std::min(wanted, static_cast<size_t>(most)));
}

void StackDepths::Learn(const std::string& program, const ProfileInfo& info) {
  if (program.empty() || !info.refused().empty() || info.samples() < kEnough) return;
  absl::MutexLock lock(&mutex_);
  if (info.truncated() * kTruncatedOne > info.samples()) {
    deepest_.erase(program);
    return;
  }
  size_t& deepest = deepest_[program];
  deepest = std::max<size_t>(deepest, info.deepest_stack_bytes());
}

}  // namespace assay::profiler
