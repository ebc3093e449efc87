#include "agent/telemetry/tree_clock.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "agent/telemetry/process_cpu.h"
#include "common/file.h"
#include "common/monotonic_clock.h"
#include "common/process_tree.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

// As for ReadTreeUsage(): if a process ends while the tree is read, another attempt includes its time.
constexpr int kReadings = 5;

// The pid of the latest process or thread of the machine: the last field of "0.20 0.18 0.12 1/80 11206".
std::optional<int64_t> LastPid() {
  const absl::StatusOr<std::string> text = ReadFile("/proc/loadavg");
  if (!text.ok()) return std::nullopt;
  const std::vector<absl::string_view> fields =
      absl::StrSplit(*text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  int64_t pid = 0;
  if (fields.empty() || !absl::SimpleAtoi(fields.back(), &pid)) return std::nullopt;
  return pid;
}

// The children of all threads of a process, ended ones included. Empty if the process does not exist.
std::set<pid_t> ChildrenFromFiles(pid_t pid) {
  std::set<pid_t> children;
  for (const pid_t thread : ThreadsOf(pid)) {
    const absl::StatusOr<std::string> text =
        ReadFile(absl::StrCat("/proc/", pid, "/task/", thread, "/children"));
    if (!text.ok()) continue;
    for (const absl::string_view field : absl::StrSplit(*text, ' ', absl::SkipEmpty())) {
      pid_t child = 0;
      if (absl::SimpleAtoi(field, &child)) children.insert(child);
    }
  }
  return children;
}

absl::Status Gone(pid_t root) {
  return absl::NotFoundError(
      absl::StrCat("cannot read the CPU time below process ", root, ": the process has ended"));
}

}  // namespace

TreeClock::Listing TreeClock::BestListing() {
  static const bool has_files = access("/proc/thread-self/children", R_OK) == 0;
  return has_files ? Listing::kChildrenFiles : Listing::kAllProcesses;
}

absl::StatusOr<TreeClock::Reading> TreeClock::Read() {
  Reading reading;
  for (int attempt = 0; attempt < kReadings; ++attempt) {
    // Before the tree is read: a process that starts meanwhile is noticed by the next reading.
    const std::optional<int64_t> last_pid = LastPid();
    if (!read_at_pid_.has_value() || read_at_pid_ != last_pid) {
      read_at_pid_.reset();
      ASSAY_RETURN_IF_ERROR(Refresh());
    }
    reading = ReadClocks();
    if (reading.complete && settled_) {
      read_at_pid_ = last_pid;
      return reading;
    }
    read_at_pid_.reset();
  }
  reading.complete = false;
  return reading;
}

absl::Status TreeClock::Refresh() {
  processes_.clear();
  waited_ns_ = 0;
  return listing_ == Listing::kChildrenFiles ? AddFromChildrenFiles() : AddFromAllProcesses();
}

absl::Status TreeClock::AddFromChildrenFiles() {
  const std::set<pid_t> inherited = ChildrenFromFiles(root_);
  std::set<pid_t> seen = {root_};
  std::vector<pid_t> found = {root_};
  for (size_t next = 0; next < found.size(); ++next) {
    const pid_t pid = found[next];
    // Before the process's own times: the time of a child that ends between is in them, and the child's clock is
    // missed when the clocks are read.
    for (const pid_t child : pid == root_ ? inherited : ChildrenFromFiles(pid)) {
      if (seen.insert(child).second) found.push_back(child);
    }
    const absl::StatusOr<ProcessStat> stat = ReadProcessStat(pid);
    if (stat.ok()) waited_ns_ += WaitedForCpuNanos(*stat);
    if (!stat.ok() && pid == root_) return Gone(root_);
  }
  processes_.assign(found.begin() + 1, found.end());
  // A process whose parent ended after the root was read and before the parent was is in neither list.
  settled_ = ChildrenFromFiles(root_) == inherited;
  return absl::OkStatus();
}

absl::Status TreeClock::AddFromAllProcesses() {
  const std::vector<ProcessStat> all = AllProcesses();
  const auto root =
      std::find_if(all.begin(), all.end(), [this](const ProcessStat& p) { return p.pid == root_; });
  if (root == all.end()) return Gone(root_);
  waited_ns_ = WaitedForCpuNanos(*root);
  for (const ProcessStat& process : DescendantsOf(root_, all)) {
    processes_.push_back(process.pid);
    waited_ns_ += WaitedForCpuNanos(process);
  }
  settled_ = true;
  return absl::OkStatus();
}

TreeClock::Reading TreeClock::ReadClocks() const {
  Reading reading{.cpu_ns = waited_ns_};
  const int64_t begin_ns = MonotonicNanos();
  for (const pid_t pid : processes_) {
    const absl::StatusOr<int64_t> cpu_ns = ProcessCpuNanos(pid);
    reading.complete = reading.complete && cpu_ns.ok();
    if (cpu_ns.ok()) reading.cpu_ns += *cpu_ns;
  }
  reading.at_ns = begin_ns + (MonotonicNanos() - begin_ns) / 2;
  return reading;
}

}  // namespace assay::agent
