#ifndef ASSAY_AGENT_PROFILER_STACK_DEPTHS_H_
#define ASSAY_AGENT_PROFILER_STACK_DEPTHS_H_

#include <cstddef>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "proto/profile.pb.h"

namespace assay::profiler {

// How deep the stacks of programs were, so that the next profile copies no more than that: what lies beyond a thread's
// stack, another's memory, would be copied as well.
//
// Threads: any.
class StackDepths {
 public:
  // How much of a stack to copy, at most `most`: what profiles of the program read, and room for what they did not
  // meet. `most` for a program that is not known.
  int BytesFor(const std::string& program, int most) const;

  // Learns from a profile that has ended. One whose stacks were cut makes the program unknown again.
  void Learn(const std::string& program, const ProfileInfo& info);

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, size_t> deepest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_STACK_DEPTHS_H_
