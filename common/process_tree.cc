#include "common/process_tree.h"

#include <dirent.h>

#include <algorithm>
#include <map>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "common/status_macros.h"

namespace assay {
namespace {

// The fields after the name; the numbers are those of proc(5) less the three fields before.
enum Field {
  kState = 0,
  kParent = 1,
  kMinorFaults = 7,
  kWaitedMinorFaults = 8,
  kMajorFaults = 9,
  kWaitedMajorFaults = 10,
  kWaitedUserTicks = 13,
  kWaitedSystemTicks = 14,
  kThreads = 17,
  kStartTicks = 19,
  kResidentPages = 21,
  kFieldsNeeded = 22,
};

}  // namespace

absl::StatusOr<ProcessStat> ParseProcessStat(std::string_view text) {
  const auto malformed = [] { return absl::InvalidArgumentError("not a line of /proc/PID/stat"); };
  const size_t open = text.find('(');
  // The last parenthesis: the name may contain any character.
  const size_t close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return malformed();
  }
  ProcessStat stat;
  if (!absl::SimpleAtoi(absl::string_view(text.data(), open), &stat.pid)) return malformed();
  stat.name = text.substr(open + 1, close - open - 1);
  const absl::string_view rest(text.data() + close + 1, text.size() - close - 1);
  const std::vector<absl::string_view> fields =
      absl::StrSplit(rest, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  if (fields.size() < kFieldsNeeded) return malformed();
  stat.state = fields[kState][0];
  const bool ok = absl::SimpleAtoi(fields[kParent], &stat.parent) &&
                  absl::SimpleAtoi(fields[kMinorFaults], &stat.minor_faults) &&
                  absl::SimpleAtoi(fields[kMajorFaults], &stat.major_faults) &&
                  absl::SimpleAtoi(fields[kWaitedMinorFaults], &stat.waited_minor_faults) &&
                  absl::SimpleAtoi(fields[kWaitedMajorFaults], &stat.waited_major_faults) &&
                  absl::SimpleAtoi(fields[kWaitedUserTicks], &stat.waited_user_ticks) &&
                  absl::SimpleAtoi(fields[kWaitedSystemTicks], &stat.waited_system_ticks) &&
                  absl::SimpleAtoi(fields[kThreads], &stat.threads) &&
                  absl::SimpleAtoi(fields[kStartTicks], &stat.start_ticks) &&
                  absl::SimpleAtoi(fields[kResidentPages], &stat.resident_pages);
  if (!ok) return malformed();
  return stat;
}

absl::StatusOr<ProcessStat> ReadProcessStat(pid_t pid) {
  const absl::StatusOr<std::string> text = ReadFile(absl::StrCat("/proc/", pid, "/stat"));
  if (text.ok()) return ParseProcessStat(*text);
  // ESRCH if the process ended between open() and read(), ENOENT if before.
  return absl::NotFoundError(absl::StrCat("no process ", pid, ": ", text.status().message()));
}

std::vector<ProcessStat> AllProcesses() {
  std::vector<ProcessStat> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc"), closedir);
  if (folder == nullptr) return processes;
  while (const dirent* entry = readdir(folder.get())) {
    pid_t pid;
    if (!absl::SimpleAtoi(entry->d_name, &pid)) continue;
    absl::StatusOr<ProcessStat> stat = ReadProcessStat(pid);
    if (stat.ok()) processes.push_back(*std::move(stat));
  }
  std::sort(processes.begin(), processes.end(),
            [](const ProcessStat& a, const ProcessStat& b) { return a.pid < b.pid; });
  return processes;
}

std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::vector<pid_t> children;
  for (const ProcessStat& process : AllProcesses()) {
    if (process.parent == parent) children.push_back(process.pid);
  }
  return children;
}

std::vector<ProcessStat> DescendantsOf(pid_t root, const std::vector<ProcessStat>& processes) {
  std::multimap<pid_t, const ProcessStat*> by_parent;
  for (const ProcessStat& process : processes) by_parent.emplace(process.parent, &process);
  std::vector<ProcessStat> found;
  std::vector<pid_t> parents = {root};
  // Each process has one parent, so each is found once. A snapshot in which a pid was reused could contain a cycle,
  // which the size bounds.
  for (size_t next = 0; next < parents.size() && parents.size() <= processes.size(); ++next) {
    const auto [begin, end] = by_parent.equal_range(parents[next]);
    for (auto child = begin; child != end; ++child) {
      if (child->second->pid == root) continue;
      parents.push_back(child->second->pid);
      found.push_back(*child->second);
    }
  }
  return found;
}

}  // namespace assay
