#ifndef ASSAY_AGENT_PROFILER_PROFILER_H_
#define ASSAY_AGENT_PROFILER_PROFILER_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/cpu_set.h"
#include "proto/profile.pb.h"

namespace assay::agent {

// Limits of ProfilerConfig::stack_bytes. A record of the kernel must be smaller than 64 KiB.
inline constexpr int kMinStackBytes = 1 << 10;
inline constexpr int kMaxStackBytes = 60 << 10;

struct ProfilerConfig {
  // Pid of the server. Its descendants, present and future, are profiled too.
  pid_t root = 0;
  // On-CPU samples per second, 1 to kMostProfileHz of common/load_limits.h.
  int frequency_hz = 99;
  // Bytes of stack to copy with each sample: a multiple of 8 within the limits above. A longer stack is truncated and
  // counted as such. The frames of a Rust server's executor take 16 KiB and more, those of C servers rarely 8 KiB.
  int stack_bytes = 32 << 10;
  // A name that the caller gives to the profiled program. If this process has profiled the program before, it copies
  // only as much stack as it read then, plus a margin: copying is the largest cost to the server. Empty: always copy
  // `stack_bytes`.
  std::string program;
  // CPUs of the profiler's own thread; not those under measurement. Empty: the CPUs of the caller.
  CpuSet collector_cpus;
  // Whether to sample off-CPU time: about 49 context switches per second, or `frequency_hz` if that is less, with their
  // stacks. A thread that sleeps during the whole window is not seen. Each switch of a thread to or from a CPU costs a
  // record of 32 bytes.
  bool off_cpu = false;
  // Whether to count system calls by name. Each call then costs 0.2 to 0.4 us more.
  bool count_syscalls = false;
  // For hosts without a spare CPU: samples are only copied during the window and unwound in Stop(), which then takes
  // about 20 us per sample. At most 32 MiB are kept, enough for many minutes; samples beyond that are unwound at once.
  bool unwind_afterwards = false;
  // Whether to pause for 0.1 s after every 0.3 s of sampling, so that ProfileInfo.spans show the cost of profiling.
  // `counters` include the pauses; samples and system calls do not.
  bool pauses = false;
};

// Profiles a running process tree from Start() to Stop(): sampled stacks, correct also for programs without frame
// pointers, and event counters.
//
// A profiler never fails a run. If the system refuses a profile (permission, perf_event_paranoid, a seccomp profile, a
// target that has ended), ProfileInfo.refused and remedy say so. A target that ends early has a profile until its end.
//
// Threads: one of its own, which produces the chunks. Start() and Stop() may be called from different threads, one at a
// time. Cost to the server: about 5 us per sample, plus the copy of its stack. Cost to the agent: about 20 us of CPU
// per sample; 1 to 32 MiB for each CPU that the server may run on, the debug information that it reads, and the
// kernel's symbols (4 MB).
class Profiler {
 public:
  // Receives each chunk, deflated, in order, on the profiler's thread. A chunk has at most about 100 KiB, more only if
  // a single stack needs more.
  using TakeChunk = std::function<void(ProfileChunk)>;

  // Reads the kernel's symbols once per process, which takes about 30 ms of CPU. Otherwise the first Start() reads
  // them. Call it before anything is measured. Any thread.
  static void Prepare();

  // The only error is kInvalidArgument: a value out of range, or no root. A refusal of the system is not an error.
  // The window begins before Start() returns. Cost: about 10 us per thread and CPU, plus reading /proc.
  static absl::StatusOr<std::unique_ptr<Profiler>> Start(const ProfilerConfig& config,
                                                         TakeChunk take);

  virtual ~Profiler() = default;
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  // Ends the window, passes on the last chunk and returns how the profile was taken. Call it at most once. A profiler
  // that is destroyed without Stop() also passes on its chunks.
  virtual ProfileInfo Stop() = 0;

 protected:
  Profiler() = default;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_PROFILER_PROFILER_H_
