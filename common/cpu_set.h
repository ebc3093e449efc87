#ifndef ASSAY_COMMON_CPU_SET_H_
#define ASSAY_COMMON_CPU_SET_H_

#include <sys/types.h>

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay {

// A set of CPU numbers, written as the kernel writes them: "0-1,3".
//
// Threads: a value; distinct copies may be used at once. Cost: 1 KiB, no allocation but for the
// text and the list.
class CpuSet {
 public:
  // CPU numbers are below this.
  static constexpr int kMaxCpus = 8192;

  CpuSet() = default;

  // Reads a list such as "0", "0-1,3" or "3,0-1"; the empty text is the empty set. kInvalidArgument
  // names what is wrong. Whether such CPUs exist is not asked: AllowedForThisProcess() knows.
  static absl::StatusOr<CpuSet> Parse(std::string_view list);
  // CPUs that the calling thread may run on: what pinning may choose from. Errors carry errno's
  // text.
  static absl::StatusOr<CpuSet> AllowedForThisProcess();
  // CPUs that a thread (or the main thread of a process) may run on. kNotFound when it is gone. 0:
  // the calling thread.
  static absl::StatusOr<CpuSet> AllowedForThread(pid_t tid);

  // REQUIRES: 0 <= cpu < kMaxCpus.
  void Add(int cpu);
  bool Contains(int cpu) const;
  bool Intersects(const CpuSet& other) const;
  // Whether every CPU of `other` is in this set.
  bool Includes(const CpuSet& other) const;
  CpuSet& operator|=(const CpuSet& other);
  int Count() const;
  bool empty() const { return cpus_.none(); }
  // Ascending.
  std::vector<int> cpus() const;
  // The shortest list, ascending: "0-1,3". Empty for the empty set.
  std::string ToString() const;

  // Lets the calling thread run on these CPUs only; threads and processes that it starts later
  // inherit that. kInvalidArgument when none of them exists or is allowed.
  absl::Status PinThisThread() const;

  bool operator==(const CpuSet& other) const = default;

 private:
  std::bitset<kMaxCpus> cpus_;
};

}  // namespace assay

#endif  // ASSAY_COMMON_CPU_SET_H_
