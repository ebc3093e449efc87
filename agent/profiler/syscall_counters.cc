#include "agent/profiler/syscall_counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "agent/telemetry/perf_abilities.h"
#include "common/file.h"
#include "common/status_macros.h"

namespace assay::profiler {
namespace {

// The system calls of servers, by the kernel's names: network, waiting, files, memory, threads, time.
constexpr absl::string_view kCounted[] = {
    "accept",
    "accept4",
    "brk",
    "clock_nanosleep",
    "clone",
    "clone3",
    "close",
    "connect",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "eventfd2",
    "exit",
    "fcntl",
    "futex",
    "getpeername",
    "getpid",
    "getrandom",
    "getsockname",
    "getsockopt",
    "gettid",
    "io_getevents",
    "io_submit",
    "io_uring_enter",
    "ioctl",
    "lseek",
    "madvise",
    "mmap",
    "mprotect",
    "mremap",
    "munmap",
    "nanosleep",
    "newfstat",
    "newfstatat",
    "newstat",
    "openat",
    "poll",
    "ppoll",
    "pread64",
    "pselect6",
    "pwrite64",
    "read",
    "readv",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "rt_sigaction",
    "rt_sigprocmask",
    "sched_yield",
    "select",
    "sendfile64",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "set_robust_list",
    "setsockopt",
    "shutdown",
    "socket",
    "splice",
    "timerfd_settime",
    "tgkill",
    "write",
    "writev",
};
constexpr char kAll[] = "all";

// The name that programs use.
absl::string_view UserName(absl::string_view kernel_name) {
  absl::ConsumePrefix(&kernel_name, "new");
  absl::ConsumeSuffix(&kernel_name, "file64");
  return kernel_name == "send" ? "sendfile" : kernel_name;
}

std::string FindTracefs(const std::string& given) {
  if (!given.empty()) return given;
  for (const char* const folder : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    if (access(absl::StrCat(folder, "/events").c_str(), R_OK | X_OK) == 0) return folder;
  }
  return "";
}

constexpr char kName[] = "syscalls";

agent::PerfAbility Refused(std::string reason, std::string remedy) {
  return {.name = kName, .reason = std::move(reason), .remedy = std::move(remedy)};
}

absl::StatusOr<uint64_t> TracepointNumber(const std::string& tracefs, absl::string_view event) {
  ASSAY_ASSIGN_OR_RETURN(const std::string text,
                         ReadFile(absl::StrCat(tracefs, "/events/", event, "/id")));
  uint64_t number = 0;
  if (!absl::SimpleAtoi(text, &number)) return absl::InternalError("no number");
  return number;
}

perf_event_attr Tracepoint(uint64_t number) {
  perf_event_attr attributes = {};
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.config = number;
  return attributes;
}

agent::PerfAbility Count(absl::string_view name, uint64_t number, const std::set<pid_t>& threads,
                         TreeCounters& counters) {
  const int error = counters.Add(std::string(name), Tracepoint(number), threads);
  if (error == 0) return {.name = kName, .available = true};
  agent::PerfAbility refusal = agent::ExplainPerfError(kName, error, "");
  if (error == EACCES || error == EPERM) {
    refusal.remedy =
        "sysctl kernel.perf_event_paranoid=-1, or give the agent CAP_PERFMON; in a container its "
        "seccomp profile must allow perf_event_open too";
  }
  return refusal;
}

// The counter of all system calls; without it, none is counted.
agent::PerfAbility CountAll(const std::string& folder, const std::set<pid_t>& threads,
                            TreeCounters& counters) {
  if (folder.empty()) {
    return Refused("tracefs is not mounted, or this user cannot read it",
                   "as root: mount -t tracefs nodev /sys/kernel/tracing, and run the agent as root "
                   "or let it read tracefs (mount -o remount,mode=755 /sys/kernel/tracing)");
  }
  const absl::StatusOr<uint64_t> all = TracepointNumber(folder, "raw_syscalls/sys_enter");
  if (!all.ok()) {
    return Refused(absl::StrCat("no tracepoint for system calls: ", all.status().message()),
                   "use a kernel with CONFIG_FTRACE_SYSCALLS, or let this user read tracefs");
  }
  return Count(kAll, *all, threads, counters);
}

absl::Status ToStatus(const agent::PerfAbility& ability) {
  if (ability.available) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(ability.reason, "; ", ability.remedy));
}

}  // namespace

absl::Span<const absl::string_view> CountedSyscalls() { return kCounted; }

agent::PerfAbility SyscallCounters::Try(const std::string& tracefs) {
  TreeCounters counters;
  return CountAll(FindTracefs(tracefs), {gettid()}, counters);
}

absl::StatusOr<SyscallCounters> SyscallCounters::Open(const std::set<pid_t>& threads,
                                                      const std::string& tracefs) {
  const std::string folder = FindTracefs(tracefs);
  SyscallCounters counters;
  ASSAY_RETURN_IF_ERROR(ToStatus(CountAll(folder, threads, counters.counters_)));
  for (const absl::string_view name : kCounted) {
    const absl::StatusOr<uint64_t> number =
        TracepointNumber(folder, absl::StrCat("syscalls/sys_enter_", name));
    // Not every kernel has every system call.
    if (!number.ok()) continue;
    ASSAY_RETURN_IF_ERROR(ToStatus(Count(UserName(name), *number, threads, counters.counters_)));
  }
  // The counters were opened one after the other; all counts are relative to this reading.
  counters.at_first_ = counters.counters_.Read();
  return counters;
}

std::map<std::string, uint64_t> SyscallCounters::Read() const {
  std::map<std::string, uint64_t> counts = counters_.Since(at_first_);
  const uint64_t all = counts[kAll];
  counts.erase(kAll);
  uint64_t named = 0;
  for (const auto& [name, count] : counts) named += count;
  counts["other"] = all > named ? all - named : 0;
  std::erase_if(counts, [](const auto& entry) { return entry.second == 0; });
  return counts;
}

}  // namespace assay::profiler
