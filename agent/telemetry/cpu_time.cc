#include "agent/telemetry/cpu_time.h"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/file.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

// Columns after "cpuN", see proc(5). User time includes guest time; nice time includes guest nice time.
enum Column { kUser, kNice, kSystem, kIdle, kIowait, kIrq, kSoftirq, kSteal, kColumns };

// Parses "cpu0 471682 0 131474 ...". Returns false for any other line.
bool ParseLine(absl::string_view line, int* cpu, CpuTime* time) {
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
  if (fields.size() < 1 + kColumns || !absl::SimpleAtoi(fields[0], cpu)) return false;
  const int64_t tick_ns = kNanosPerSecond / sysconf(_SC_CLK_TCK);
  int64_t ns[kColumns];
  for (int column = 0; column < kColumns; ++column) {
    if (!absl::SimpleAtoi(fields[static_cast<size_t>(column) + 1], &ns[column])) return false;
    ns[column] *= tick_ns;
  }
  time->processes_ns = ns[kUser] + ns[kNice] + ns[kSystem];
  time->interrupts_ns = ns[kIrq] + ns[kSoftirq];
  time->idle_ns = ns[kIdle] + ns[kIowait];
  time->steal_ns = ns[kSteal];
  time->interrupts_apart = ns[kIrq] > 0;
  return true;
}

}  // namespace

CpuTime& CpuTime::operator+=(const CpuTime& other) {
  processes_ns += other.processes_ns;
  interrupts_ns += other.interrupts_ns;
  idle_ns += other.idle_ns;
  steal_ns += other.steal_ns;
  interrupts_apart = interrupts_apart || other.interrupts_apart;
  return *this;
}

CpuTime CpuTime::operator-(const CpuTime& earlier) const {
  const auto passed = [](int64_t from, int64_t to) { return std::max<int64_t>(0, to - from); };
  return {.processes_ns = passed(earlier.processes_ns, processes_ns),
          .interrupts_ns = passed(earlier.interrupts_ns, interrupts_ns),
          .idle_ns = passed(earlier.idle_ns, idle_ns),
          .steal_ns = passed(earlier.steal_ns, steal_ns),
          .interrupts_apart = interrupts_apart || earlier.interrupts_apart};
}

absl::StatusOr<std::map<int, CpuTime>> ParseCpuTimes(std::string_view proc_stat) {
  std::map<int, CpuTime> times;
  for (absl::string_view line :
       absl::StrSplit(absl::string_view(proc_stat.data(), proc_stat.size()), '\n')) {
    // The first line, "cpu ", is the sum.
    if (!absl::ConsumePrefix(&line, "cpu") || line.empty() || line[0] == ' ') continue;
    int cpu;
    CpuTime time;
    if (!ParseLine(line, &cpu, &time)) {
      return absl::InvalidArgumentError(absl::StrCat("not a line of /proc/stat: cpu", line));
    }
    times[cpu] = time;
  }
  if (times.empty()) return absl::InvalidArgumentError("/proc/stat has no line for a CPU");
  return times;
}

absl::StatusOr<CpuTime> ReadCpuTime(const CpuSet& cpus) {
  ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadFile("/proc/stat"));
  ASSAY_ASSIGN_OR_RETURN(const auto times, ParseCpuTimes(text));
  CpuTime sum;
  for (const int cpu : cpus.cpus()) {
    const auto found = times.find(cpu);
    if (found == times.end()) {
      return absl::NotFoundError(absl::StrCat("/proc/stat has no CPU ", cpu, ": it is offline"));
    }
    sum += found->second;
  }
  return sum;
}

int64_t ForeignNanos(const CpuTime& passed, int64_t tree_cpu_ns) {
  const int64_t busy_ns =
      passed.processes_ns + (passed.interrupts_apart ? 0 : passed.interrupts_ns);
  return std::max<int64_t>(0, busy_ns - tree_cpu_ns);
}

}  // namespace assay::agent
