#ifndef ASSAY_AGENT_PROFILER_SAMPLING_EVENTS_H_
#define ASSAY_AGENT_PROFILER_SAMPLING_EVENTS_H_

#include <sys/types.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/functional/function_ref.h"
#include "agent/profiler/perf_event.h"
#include "agent/profiler/perf_ring.h"
#include "agent/telemetry/perf_abilities.h"
#include "common/cpu_set.h"

namespace assay::profiler {

// The events that sample a process tree, and the ring buffers that they write to.
//
// An inherited event can have a ring only if it is bound to one CPU. So there is one event for each thread and each CPU
// that the tree may run on, and the events of a CPU share a ring. New threads and processes inherit the events.
//
// Threads: one at a time. Cost: one descriptor and about 10 us for each thread and CPU; 1 to 32 MiB for each CPU.
class SamplingEvents {
 public:
  struct Options {
    pid_t root = 0;
    int frequency_hz = 99;
    int stack_bytes = 0;
    // Also sample switches away from the CPU.
    bool switches = false;
  };
  // Opens the first kind of PerfEventLadder() that the system allows, for all threads. Sampling begins at once. Returns
  // nullptr and sets `refusal` if no kind is allowed or the process does not exist.
  static std::unique_ptr<SamplingEvents> Open(const Options& options, agent::PerfAbility* refusal);

  const agent::PerfEventKind& kind() const { return *kind_; }
  int stack_bytes() const { return options_.stack_bytes; }
  // Threads for which events were opened, without those that inherited them.
  const std::set<pid_t>& threads() const { return threads_; }
  const CpuSet& cpus() const { return cpus_; }
  // Why switches are not sampled although Options.switches is set; empty if they are.
  const std::string& switches_refused() const { return switches_refused_; }
  bool IsSwitch(uint64_t event_id) const { return switch_ids_.contains(event_id); }

  // Stops samples and records of new mappings until Enable().
  void Disable() { DisablePerfEvents(events_); }
  void Enable() { EnablePerfEvents(events_); }
  // Passes all records in the rings to `take`, CPU by CPU.
  void Read(absl::FunctionRef<void(std::string_view record)> take);

 private:
  struct Cpu {
    int number = 0;
    std::unique_ptr<PerfRing> ring;
    // The event that the ring was mapped from.
    int ring_event = -1;
  };

  explicit SamplingEvents(const Options& options) : options_(options) {}
  // Each returns errno; ESRCH: the thread is gone.
  int OpenThread(pid_t tid);
  int OpenOn(Cpu& cpu, const perf_event_attr& attributes, pid_t tid, uint64_t* id);
  int Choose(pid_t tid, agent::PerfAbility* refusal);
  // Opens events for threads that began while Open() was running and did not inherit them.
  int OpenLatecomers();

  const Options options_;
  const agent::PerfEventKind* kind_ = nullptr;
  std::set<pid_t> threads_;
  CpuSet cpus_;
  std::vector<Cpu> rings_;
  std::vector<UniqueFd> events_;
  absl::flat_hash_set<uint64_t> switch_ids_;
  std::string switches_refused_;
  // Records that were read while Open() looked for threads.
  std::vector<std::string> early_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_SAMPLING_EVENTS_H_
