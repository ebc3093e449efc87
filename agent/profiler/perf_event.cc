#include "agent/profiler/perf_event.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <utility>

namespace assay::profiler {
namespace {

perf_event_attr Common(int frequency_hz, int stack_bytes, bool user_only) {
  perf_event_attr attributes = {};
  attributes.size = sizeof(attributes);
  attributes.freq = 1;
  attributes.sample_freq = static_cast<uint64_t>(frequency_hz);
  attributes.sample_type = kSampleType;
  attributes.sample_regs_user = kUserRegisters;
  attributes.sample_stack_user = static_cast<uint32_t>(stack_bytes);
  attributes.exclude_callchain_user = 1;
  attributes.exclude_kernel = user_only ? 1 : 0;
  attributes.exclude_hv = 1;
  attributes.inherit = 1;
  attributes.sample_id_all = 1;
  attributes.use_clockid = 1;
  attributes.clockid = CLOCK_MONOTONIC;
  // The rings are read at fixed intervals. A wake-up of the reader by the kernel would cost the server CPU time.
  attributes.watermark = 1;
  attributes.wakeup_watermark = 1U << 31;
  return attributes;
}

}  // namespace

perf_event_attr SamplingAttributes(const agent::PerfEventKind& kind, int frequency_hz,
                                   int stack_bytes) {
  perf_event_attr attributes = Common(frequency_hz, stack_bytes, kind.user_only);
  attributes.type = kind.type;
  attributes.config = kind.config;
  attributes.mmap = 1;
  attributes.mmap2 = 1;
  attributes.comm = 1;
  attributes.comm_exec = 1;
  attributes.task = 1;
  return attributes;
}

perf_event_attr SwitchAttributes(int frequency_hz, int stack_bytes) {
  perf_event_attr attributes = Common(frequency_hz, stack_bytes, /*user_only=*/false);
  attributes.type = PERF_TYPE_SOFTWARE;
  attributes.config = PERF_COUNT_SW_CONTEXT_SWITCHES;
  attributes.context_switch = 1;
  return attributes;
}

EventOrError OpenPerfEvent(perf_event_attr attributes, pid_t tid, int cpu) {
  EventOrError event;
  event.fd = UniqueFd(static_cast<int>(
      syscall(SYS_perf_event_open, &attributes, tid, cpu, /*group_fd=*/-1, PERF_FLAG_FD_CLOEXEC)));
  if (!event.fd.ok()) event.error = errno;
  return event;
}

void DisablePerfEvents(absl::Span<const UniqueFd> events) {
  for (const UniqueFd& event : events) ioctl(event.get(), PERF_EVENT_IOC_DISABLE, 0);
}

void EnablePerfEvents(absl::Span<const UniqueFd> events) {
  for (const UniqueFd& event : events) ioctl(event.get(), PERF_EVENT_IOC_ENABLE, 0);
}

}  // namespace assay::profiler
