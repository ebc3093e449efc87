#include "agent/launcher/marked_processes.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "common/file.h"
#include "common/monotonic_clock.h"
#include "common/process_tree.h"
#include "common/unique_fd.h"

namespace assay::agent {

std::string UniqueMark() {
  static std::atomic<int> count{0};
  return "mark-" + std::to_string(getpid()) + "-" + std::to_string(MonotonicNanos()) + "-" +
         std::to_string(++count);
}

std::vector<pid_t> ProcessesWithMark(const std::string& mark) {
  std::vector<pid_t> found;
  for (const ProcessStat& process : AllProcesses()) {
    if (process.pid == getpid()) continue;
    const absl::StatusOr<std::string> arguments =
        ReadFile("/proc/" + std::to_string(process.pid) + "/cmdline");
    if (arguments.ok() && arguments->find(mark) != std::string::npos) found.push_back(process.pid);
  }
  return found;
}

std::vector<pid_t> WaitUntilNoneHasMark(const std::string& mark) {
  const int64_t deadline = MonotonicNanos() + int64_t{60} * 1'000'000'000;
  while (true) {
    const std::vector<pid_t> left = ProcessesWithMark(mark);
    if (left.empty() || MonotonicNanos() > deadline) return left;
    const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, left.front(), 0)));
    pollfd polled = {pidfd.get(), POLLIN, 0};
    if (pidfd.ok()) poll(&polled, 1, 1000);
  }
}

}  // namespace assay::agent
