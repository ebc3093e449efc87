#ifndef ASSAY_AGENT_PROFILER_PERF_EVENT_H_
#define ASSAY_AGENT_PROFILER_PERF_EVENT_H_

#include <linux/perf_event.h>
#include <sys/types.h>

#include <cstdint>

#include "absl/types/span.h"
#include "agent/telemetry/perf_abilities.h"
#include "common/unique_fd.h"

namespace assay::profiler {

// The fields of each sample; perf_records.h parses this layout.
inline constexpr uint64_t kSampleType =
    PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
    PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;

// The x86-64 registers of a sample, as bits of PERF_REG_X86_*: ax bx cx dx si di bp sp ip, and r8 to r15.
inline constexpr uint64_t kUserRegisters = 0xFF01FF;
inline constexpr int kUserRegisterCount = 17;

// Attributes of an event that samples on-CPU time, with records of mappings, names, forks and exits. Threads and
// processes that the thread starts inherit it. It is enabled when it is opened. `stack_bytes` is the size of the copy
// of the user stack in each sample: a multiple of 8 below 64 KiB.
perf_event_attr SamplingAttributes(const agent::PerfEventKind& kind, int frequency_hz,
                                   int stack_bytes);
// Attributes of an event that samples about `frequency_hz` switches away from the CPU per second, each with its stack
// and the number of switches that it represents, and records every switch in a short record.
perf_event_attr SwitchAttributes(int frequency_hz, int stack_bytes);

// An open event, or the error.
struct EventOrError {
  UniqueFd fd;
  // errno; 0 if the event is open.
  int error = 0;
};

// Opens an event for one thread and those that it will start, on one CPU; cpu -1: on all CPUs.
EventOrError OpenPerfEvent(perf_event_attr attributes, pid_t tid, int cpu);

// The events count and sample nothing after DisablePerfEvents() returns until EnablePerfEvents() is called.
void DisablePerfEvents(absl::Span<const UniqueFd> events);
void EnablePerfEvents(absl::Span<const UniqueFd> events);

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_PERF_EVENT_H_
