#include "agent/profiler/stack_depths.h"

#include <algorithm>

namespace assay::profiler {
namespace {

// Another workload's functions may go deeper than those that were seen.
constexpr size_t kRoom = 8 << 10;
constexpr size_t kStep = 4 << 10;
// Fewer samples than that have not met what is rare.
constexpr uint64_t kEnough = 100;
// One stack of so many may be cut.
constexpr uint64_t kCutOne = 500;

}  // namespace

int StackDepths::BytesFor(const std::string& program, int most) const {
  absl::MutexLock lock(&mutex_);
  const auto known = deepest_.find(program);
  if (known == deepest_.end()) return most;
  const size_t wanted = (known->second + kRoom + kStep - 1) / kStep * kStep;
  return static_cast<int>(std::min(wanted, static_cast<size_t>(most)));
}

void StackDepths::Learn(const std::string& program, const ProfileInfo& info) {
  if (program.empty() || !info.refused().empty() || info.samples() < kEnough) return;
  absl::MutexLock lock(&mutex_);
  if (info.truncated() * kCutOne > info.samples()) {
    deepest_.erase(program);
    return;
  }
  size_t& deepest = deepest_[program];
  deepest = std::max<size_t>(deepest, info.deepest_stack_bytes());
}

}  // namespace assay::profiler
