#ifndef ASSAY_AGENT_PROFILER_STACK_DEPTHS_H_
#define ASSAY_AGENT_PROFILER_STACK_DEPTHS_H_

#include <cstddef>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "proto/profile.pb.h"

namespace assay::profiler {

// The stack depth of programs in earlier profiles, so that the next profile copies no more than that. A larger copy
// would include memory beyond the thread's stack.
//
// Threads: any.
class StackDepths {
 public:
  // Bytes of stack to copy, at most `most`: the depth in earlier profiles of the program plus a margin; `most` for an
  // unknown program.
  int BytesFor(const std::string& program, int most) const;

  // Records the depth in a completed profile. A profile with truncated stacks makes the program unknown again.
  void Learn(const std::string& program, const ProfileInfo& info);

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, size_t> deepest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_STACK_DEPTHS_H_
