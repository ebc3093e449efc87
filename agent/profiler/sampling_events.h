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

// The events that sample a process tree, and the rings that they write into.
//
// An inherited event may only have a ring if it is of one CPU: so there is one event for each thread and each CPU that
// a thread of the tree may run on, and those of a CPU share a ring. What the threads start inherits them.
//
// Threads: one at a time. Cost: for each thread and CPU one descriptor and some 10 us; 1 to 32 MiB a CPU.
class SamplingEvents {
 public:
  struct Options {
    pid_t root = 0;
    int frequency_hz = 99;
    int stack_bytes = 0;
    // Switches away from the CPU too.
    bool switches = false;
  };
  // Opens the best kind of PerfEventLadder() that this process may, for all threads; samples come from then on. nullptr
  // with the reason and the remedy when there is none, or no such process.
  static std::unique_ptr<SamplingEvents> Open(const Options& options, agent::PerfAbility* refusal);

  const agent::PerfEventKind& kind() const { return *kind_; }
  int stack_bytes() const { return options_.stack_bytes; }
  // Threads that were opened, rather than inherited.
  const std::set<pid_t>& threads() const { return threads_; }
  const CpuSet& cpus() const { return cpus_; }
  // Why switches are not sampled though that was asked for; empty: they are.
  const std::string& switches_refused() const { return switches_refused_; }
  bool IsSwitch(uint64_t event_id) const { return switch_ids_.contains(event_id); }

  // No samples come, nor records of new mappings, until Enable().
  void Disable() { DisablePerfEvents(events_); }
  void Enable() { EnablePerfEvents(events_); }
  // Hands over what the rings hold, CPU by CPU.
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
  // Opens threads that began meanwhile and did not inherit.
  int OpenLatecomers();

  const Options options_;
  const agent::PerfEventKind* kind_ = nullptr;
  std::set<pid_t> threads_;
  CpuSet cpus_;
  std::vector<Cpu> rings_;
  std::vector<UniqueFd> events_;
  absl::flat_hash_set<uint64_t> switch_ids_;
  std::string switches_refused_;
  // Read while threads were looked for.
  std::vector<std::string> early_;
};

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_SAMPLING_EVENTS_H_
