#include "agent/telemetry/process_cpu.h"

#include <dirent.h>
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/file.h"
#include "common/monotonic_clock.h"
#include "common/process_tree.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;
// If a process ends while its tree is read, another reading includes its time, in the process that waited for it.
constexpr int kReadings = 5;

// Converts "  1234 kB" to bytes. Returns false for anything else.
bool ParseKilobytes(absl::string_view text, int64_t* bytes) {
  text = absl::StripAsciiWhitespace(text);
  if (!absl::ConsumeSuffix(&text, " kB") || !absl::SimpleAtoi(text, bytes)) return false;
  *bytes *= 1024;
  return true;
}

int64_t NanosOfTicks(int64_t ticks) {
  static const int64_t ticks_per_second = sysconf(_SC_CLK_TCK);
  return ticks * (kNanosPerSecond / ticks_per_second);
}

// Adds the run delay of a thread, if the kernel reports it.
void AddRunDelay(pid_t pid, pid_t thread, TreeUsage* usage) {
  const absl::StatusOr<std::string> text =
      ReadFile(absl::StrCat("/proc/", pid, "/task/", thread, "/schedstat"));
  if (!text.ok()) return;
  const std::optional<int64_t> delay_ns = ParseRunDelay(*text);
  if (delay_ns.has_value()) usage->run_delay_ns[thread] = *delay_ns;
}

// For a process that ends during the reading, adds what could still be read.
void AddThreads(pid_t pid, TreeUsage* usage) {
  for (const pid_t thread : ThreadsOf(pid)) {
    const absl::StatusOr<std::string> text =
        ReadFile(absl::StrCat("/proc/", pid, "/task/", thread, "/status"));
    if (!text.ok()) continue;
    const absl::StatusOr<ProcessStatus> status = ParseProcessStatus(*text);
    if (!status.ok()) continue;
    ++usage->threads;
    usage->voluntary_switches += status->voluntary_switches;
    usage->involuntary_switches += status->involuntary_switches;
    usage->allowed_cpus |= status->allowed_cpus;
    AddRunDelay(pid, thread, usage);
  }
}

void AddMemory(pid_t pid, TreeUsage* usage) {
  const absl::StatusOr<std::string> text = ReadFile(absl::StrCat("/proc/", pid, "/status"));
  if (!text.ok()) return;
  const absl::StatusOr<ProcessStatus> status = ParseProcessStatus(*text);
  if (!status.ok()) return;
  usage->rss_bytes += status->rss_bytes;
  usage->peak_rss_bytes = status->peak_rss_bytes;
}

// Adds the usage of the children for which a process has waited.
void AddWaitedFor(const ProcessStat& process, TreeUsage* usage) {
  usage->cpu_ns += WaitedForCpuNanos(process);
  usage->minor_faults += process.waited_minor_faults;
  usage->major_faults += process.waited_major_faults;
}

// Reads the CPU clocks of all processes one directly after the other, so that the values belong to nearly the same
// time. Returns false if a process has ended since it was found.
bool AddCpuClocks(const std::vector<ProcessStat>& processes, TreeUsage* usage) {
  const int64_t begin_ns = MonotonicNanos();
  bool all = true;
  for (const ProcessStat& process : processes) {
    const absl::StatusOr<int64_t> cpu_ns = ProcessCpuNanos(process.pid);
    all = all && cpu_ns.ok();
    if (cpu_ns.ok()) usage->cpu_ns += *cpu_ns;
  }
  usage->cpu_at_ns = begin_ns + (MonotonicNanos() - begin_ns) / 2;
  return all;
}

// Reads the tree once. The reading is incomplete if a process ended before its clock was read.
absl::StatusOr<TreeUsage> ReadOnce(pid_t root) {
  const std::vector<ProcessStat> processes = AllProcesses();
  const auto guard = std::find_if(processes.begin(), processes.end(),
                                  [root](const ProcessStat& p) { return p.pid == root; });
  if (guard == processes.end()) {
    return absl::NotFoundError(
        absl::StrCat("cannot read the usage below process ", root, ": the process has ended"));
  }
  const std::vector<ProcessStat> tree = DescendantsOf(root, processes);
  TreeUsage usage;
  usage.complete = AddCpuClocks(tree, &usage);
  AddWaitedFor(*guard, &usage);
  for (const ProcessStat& process : tree) {
    AddWaitedFor(process, &usage);
    usage.minor_faults += process.minor_faults;
    usage.major_faults += process.major_faults;
    if (process.state == 'Z') continue;  // It has ended; only its times remain.
    ++usage.processes;
    AddMemory(process.pid, &usage);
    AddThreads(process.pid, &usage);
  }
  if (usage.processes != 1) usage.peak_rss_bytes = 0;
  return usage;
}

}  // namespace

absl::StatusOr<ProcessStatus> ParseProcessStatus(std::string_view text) {
  ProcessStatus status;
  for (const absl::string_view line :
       absl::StrSplit(absl::string_view(text.data(), text.size()), '\n')) {
    const std::pair<absl::string_view, absl::string_view> fields =
        absl::StrSplit(line, absl::MaxSplits(':', 1));
    const absl::string_view value = absl::StripAsciiWhitespace(fields.second);
    bool ok = true;
    if (fields.first == "VmRSS") {
      ok = ParseKilobytes(value, &status.rss_bytes);
    } else if (fields.first == "VmHWM") {
      ok = ParseKilobytes(value, &status.peak_rss_bytes);
    } else if (fields.first == "voluntary_ctxt_switches") {
      ok = absl::SimpleAtoi(value, &status.voluntary_switches);
    } else if (fields.first == "nonvoluntary_ctxt_switches") {
      ok = absl::SimpleAtoi(value, &status.involuntary_switches);
    } else if (fields.first == "Cpus_allowed_list") {
      ASSAY_ASSIGN_OR_RETURN(status.allowed_cpus,
                             CpuSet::Parse(std::string_view(value.data(), value.size())));
    }
    if (!ok) {
      return absl::InvalidArgumentError(absl::StrCat("not a line of /proc/PID/status: ", line));
    }
  }
  return status;
}

std::optional<int64_t> ParseRunDelay(std::string_view text) {
  const std::vector<absl::string_view> fields = absl::StrSplit(
      absl::string_view(text.data(), text.size()), absl::ByAnyChar(" \n"), absl::SkipEmpty());
  int64_t ran_ns = 0;
  int64_t waited_ns = 0;
  if (fields.size() < 3 || !absl::SimpleAtoi(fields[0], &ran_ns) ||
      !absl::SimpleAtoi(fields[1], &waited_ns)) {
    return std::nullopt;
  }
  // A kernel without these statistics prints zeros, and a thread that exists has run.
  if (ran_ns == 0) return std::nullopt;
  return waited_ns;
}

std::vector<pid_t> ThreadsOf(pid_t pid) {
  std::vector<pid_t> threads;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(
      opendir(absl::StrCat("/proc/", pid, "/task").c_str()), closedir);
  if (folder == nullptr) return threads;
  while (const dirent* entry = readdir(folder.get())) {
    pid_t thread;
    if (absl::SimpleAtoi(entry->d_name, &thread)) threads.push_back(thread);
  }
  return threads;
}

int64_t WaitedForCpuNanos(const ProcessStat& process) {
  return NanosOfTicks(process.waited_user_ticks + process.waited_system_ticks);
}

absl::StatusOr<int64_t> ProcessCpuNanos(pid_t pid) {
  clockid_t clock;
  timespec time;
  const int error = clock_getcpuclockid(pid, &clock);
  if (error != 0 || clock_gettime(clock, &time) != 0) {
    return absl::NotFoundError(
        absl::StrCat("no CPU clock of process ", pid, ": the process has ended"));
  }
  return int64_t{time.tv_sec} * kNanosPerSecond + time.tv_nsec;
}

absl::StatusOr<TreeUsage> ReadTreeUsage(pid_t root) {
  for (int reading = 1;; ++reading) {
    absl::StatusOr<TreeUsage> usage = ReadOnce(root);
    if (!usage.ok() || usage->complete || reading == kReadings) return usage;
  }
}

TreeUsage UsageBetween(const TreeUsage& start, const TreeUsage& end) {
  const auto between = [](int64_t from, int64_t to) { return std::max<int64_t>(0, to - from); };
  TreeUsage usage = end;
  usage.cpu_ns = between(start.cpu_ns, end.cpu_ns);
  usage.complete = start.complete && end.complete;
  usage.voluntary_switches = between(start.voluntary_switches, end.voluntary_switches);
  usage.involuntary_switches = between(start.involuntary_switches, end.involuntary_switches);
  usage.minor_faults = between(start.minor_faults, end.minor_faults);
  usage.major_faults = between(start.major_faults, end.major_faults);
  usage.rss_bytes = std::max(start.rss_bytes, end.rss_bytes);
  return usage;
}

std::optional<int64_t> RunDelayBetween(const TreeUsage& start, const TreeUsage& end) {
  std::optional<int64_t> sum;
  for (const auto& [thread, end_ns] : end.run_delay_ns) {
    const auto begin = start.run_delay_ns.find(thread);
    if (begin == start.run_delay_ns.end()) continue;
    sum = sum.value_or(0) + std::max<int64_t>(0, end_ns - begin->second);
  }
  return sum;
}

}  // namespace assay::agent
