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

// A set of CPU numbers, written in the kernel's format: "0-1,3".
//
// Threads: a value type; distinct copies may be used concurrently. Cost: 1 KiB; only the text and the list allocate.
class CpuSet {
 public:
  // All CPU numbers are below this.
  static constexpr int kMaxCpus = 8192;

  CpuSet() = default;

  // Parses a list such as "0", "0-1,3" or "3,0-1". The empty text is the empty set. kInvalidArgument names the error.
  // Does not check that the CPUs exist: see AllowedForThisProcess().
  static absl::StatusOr<CpuSet> Parse(std::string_view list);
  // The CPUs that the calling thread may run on, and so may be pinned to. Errors carry errno's text.
  static absl::StatusOr<CpuSet> AllowedForThisProcess();
  // The CPUs that a thread (or the main thread of a process) may run on. 0: the calling thread. kNotFound if the thread
  // has ended.
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

  // Restricts the calling thread to these CPUs. Threads and processes that it starts later inherit the restriction.
  // kInvalidArgument if one of the CPUs does not exist or is not allowed.
  absl::Status PinThisThread() const;

  bool operator==(const CpuSet& other) const = default;

 private:
  std::bitset<kMaxCpus> cpus_;
};

}  // namespace assay

#endif  // ASSAY_COMMON_CPU_SET_H_
