#ifndef ASSAY_AGENT_PROFILER_PERF_EVENT_H_
#define ASSAY_AGENT_PROFILER_PERF_EVENT_H_

#include <linux/perf_event.h>
#include <sys/types.h>

#include <cstdint>

#include "absl/types/span.h"
#include "agent/telemetry/perf_abilities.h"
#include "common/unique_fd.h"

namespace assay::profiler {

// What each sample holds; perf_records.h takes it apart in this layout.
inline constexpr uint64_t kSampleType =
    PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
    PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;

// The x86-64 registers of a sample, as bits of PERF_REG_X86_*: ax bx cx dx si di bp sp ip, and r8 to r15.
inline constexpr uint64_t kUserRegisters = 0xFF01FF;
inline constexpr int kUserRegisterCount = 17;

// Samples of where time goes, inherited by all that the thread starts, with the records that tell of mappings, names,
// forks and exits. Live from the moment it is opened.
// `stack_bytes`: how much of the user's stack is copied with each; a multiple of 8 below 64 KiB.
perf_event_attr SamplingAttributes(const agent::PerfEventKind& kind, int frequency_hz,
                                   int stack_bytes);
// Samples of switches away from the CPU, about `frequency_hz` of them a second, each with its stack and the number of
// switches it stands for; and a short record of every switch.
perf_event_attr SwitchAttributes(int frequency_hz, int stack_bytes);

// An event that is open, or why not.
struct EventOrError {
  UniqueFd fd;
  // errno; 0 when it is open.
  int error = 0;
};

// Of one thread and what it will start, on one CPU; cpu -1: on all.
EventOrError OpenPerfEvent(perf_event_attr attributes, pid_t tid, int cpu);

// They count and sample nothing from when the first returns until the second is called.
void DisablePerfEvents(absl::Span<const UniqueFd> events);
void EnablePerfEvents(absl::Span<const UniqueFd> events);

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_PERF_EVENT_H_
