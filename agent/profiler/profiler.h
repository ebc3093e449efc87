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

struct ProfilerConfig {
  // The server: this process, what is below it, and what they will start.
  pid_t root = 0;
  // Samples a second of time on the CPU, 1 to 10,000.
  int frequency_hz = 99;
  // How much of the stack is copied with each sample, 1 to 60 KiB: frames beyond are cut off, and counted as such. The
  // frames of a Rust server's executor take 16 KiB and more, those of C servers rarely 8.
  int stack_bytes = 32 << 10;
  // What is profiled, by a name of the caller's. Of a program that this process has profiled before no more of the
  // stack is copied than was read then, and a bit: copying costs the server more than all else. Empty: `stack_bytes` it
  // is.
  std::string program;
  // Where the profiler's own thread runs: never the CPUs that are measured on. Empty: where the caller may.
  CpuSet collector_cpus;
  // Whether time off the CPU is sampled too: about 49 switches a second, or `frequency_hz` where that is less, with
  // their stacks. A thread that sleeps throughout is not seen. It costs a record of 32 bytes each time that a thread
  // leaves or enters a CPU.
  bool off_cpu = false;
  // Whether system calls are counted by name: 0.2 to 0.4 us each call.
  bool count_syscalls = false;
  // For hosts without a CPU to spare: samples are only copied while the window lasts, and unwound in Stop(), which
  // then takes some 20 us a sample. At most 32 MiB are kept, of many minutes; what is beyond is unwound at once.
  bool unwind_afterwards = false;
  // Whether it pauses a tenth of a second after each three that it sampled, so that what it costs the server can be told
  // from ProfileInfo.spans. What happens meanwhile is in `counters`, but in neither samples nor system calls.
  bool pauses = false;
};

// Profiles a process tree that runs, from Start() to Stop(): where its time goes, as stacks that are true though they
// were built without frame pointers, and what it counts.
//
// A profiler never fails a run: what the system refuses (permission, perf_event_paranoid, a seccomp profile, a target
// that is gone) becomes ProfileInfo.refused with its remedy, and a target that ends has a profile of what it did.
//
// Threads: one of its own, which makes the chunks. Start() and Stop() may come from different threads, one at a time.
// Cost to the server: some 5 us a sample, and its stack copied. To the agent: some 20 us of CPU a sample; 1 to 32 MiB a
// CPU that the server may run on, what it reads of debug information, and the kernel's names (4 MB).
class Profiler {
 public:
  // Gets each chunk, deflated, of some 100 KiB at most (more only where one stack needs more), in order, in the
  // profiler's thread.
  using TakeChunk = std::function<void(ProfileChunk)>;

  // Reads what all profiles need of this machine, the kernel's names, once a process: some 30 ms of CPU, which else are
  // the first Start()'s. Call before anything is measured. Any thread.
  static void Prepare();

  // kInvalidArgument only: a frequency out of range, no root. Whatever the system says, it returns a profiler.
  // The window begins before it returns. Cost: some 10 us a thread and CPU, and the time of reading /proc.
  static absl::StatusOr<std::unique_ptr<Profiler>> Start(const ProfilerConfig& config,
                                                         TakeChunk take);

  virtual ~Profiler() = default;
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  // Ends the window, hands over the last chunk and says what the profile is worth. Call once, if at all: a
  // profiler that is destroyed instead hands over its chunks all the same.
  virtual ProfileInfo Stop() = 0;

 protected:
  Profiler() = default;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_PROFILER_PROFILER_H_
