#ifndef ASSAY_AGENT_TELEMETRY_TREE_CLOCK_H_
#define ASSAY_AGENT_TELEMETRY_TREE_CLOCK_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace assay::agent {

// The CPU time of a process tree, for readings a few milliseconds apart.
//
// A reading is the cpu_ns of ReadTreeUsage(), with the same rules for ended processes, at a fraction of its cost: the
// pids of the tree, and the times of the ended children for which they have waited, are kept from one reading to the
// next. They are read anew
//   - if the machine has started a process or thread since (the last pid of /proc/loadavg is another one), because it
//     may belong to the tree;
//   - if a kept process has no CPU clock any more: it has ended, and its time is now in the process that waited for it.
// So a reading includes every process that ReadTreeUsage() would find.
//
// Threads: one at a time.
class TreeClock {
 public:
  // How the children of a process are found: from /proc/PID/task/TID/children, which needs a kernel with
  // CONFIG_PROC_CHILDREN, or from the parents of all processes of the machine.
  enum class Listing { kChildrenFiles, kAllProcesses };
  static Listing BestListing();

  struct Reading {
    // CPU time of the tree since it began.
    int64_t cpu_ns = 0;
    // CLOCK_MONOTONIC time of the reading: the middle of the time in which the clocks were read.
    int64_t at_ns = 0;
    // False if processes ended while the tree was read, in every attempt; cpu_ns then lacks their time.
    bool complete = true;
  };

  // `root`: as for ReadTreeUsage(); it is not part of the tree.
  explicit TreeClock(pid_t root, Listing listing = BestListing())
      : root_(root), listing_(listing) {}

  // kNotFound: the root does not exist. Cost: about 10 us, and 1 us per process of the tree. If the tree is read anew,
  // about 20 us more per thread of the tree, or that of AllProcesses() without CONFIG_PROC_CHILDREN.
  absl::StatusOr<Reading> Read();

 private:
  absl::Status Refresh();
  absl::Status AddFromChildrenFiles();
  absl::Status AddFromAllProcesses();
  Reading ReadClocks() const;

  const pid_t root_;
  const Listing listing_;
  // The last pid of the machine before the tree was read; nullopt: it must be read anew.
  std::optional<int64_t> read_at_pid_;
  // Whether the orphans that the root inherits stayed the same while the tree was read.
  bool settled_ = false;
  // Without the root.
  std::vector<pid_t> processes_;
  // CPU time of ended children, of the root and of all processes of the tree.
  int64_t waited_ns_ = 0;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_TELEMETRY_TREE_CLOCK_H_
