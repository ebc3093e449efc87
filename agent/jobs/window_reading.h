#ifndef ASSAY_AGENT_JOBS_WINDOW_READING_H_
#define ASSAY_AGENT_JOBS_WINDOW_READING_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "agent/telemetry/cpu_time.h"
#include "agent/telemetry/network_counters.h"
#include "agent/telemetry/process_cpu.h"
#include "common/cpu_set.h"
#include "proto/agent.pb.h"

namespace assay::agent {

// What the kernel says of a pinned process tree and its CPUs at one end of a window.
struct WindowReading {
  // With the moment at which its CPU clocks were read.
  TreeUsage tree;
  // Each may be unreadable on its own, and is then told as such.
  absl::StatusOr<CpuTime> cpus = absl::UnknownError("not read");
  absl::StatusOr<NetworkCounters> network = absl::UnknownError("not read");
  // As ReadThrottleCount() of agent/telemetry/throttling.h.
  absl::StatusOr<int64_t> throttled = absl::UnknownError("not read");
};

// Reads now. `guard` is the process above the tree. An error: the tree cannot be read, as when it is gone.
// Cost: a millisecond or two.
absl::StatusOr<WindowReading> ReadUsage(pid_t guard, const CpuSet& cpus);

// What passed on the pinned CPUs between two readings. -1: it could not be read.
struct CpusBetween {
  int64_t steal_ns = -1;
  int64_t foreign_ns = -1;
};
// `tree_cpu_ns`: what the tree itself used of them.
CpusBetween PassedBetween(const absl::StatusOr<CpuTime>& begin, const absl::StatusOr<CpuTime>& end,
                          int64_t tree_cpu_ns);

// The figures of a server over the window between two readings: all of ServerFinished but the lateness of the readings,
// the slots and the profile. A figure that could not be read is -1 or absent, as the message has it.
ServerFinished FiguresBetween(const WindowReading& begin, const WindowReading& end);

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_WINDOW_READING_H_
