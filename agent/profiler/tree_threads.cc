#include "agent/profiler/tree_threads.h"

#include <dirent.h>

#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/process_tree.h"

namespace assay::profiler {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

std::vector<pid_t> ThreadsOf(pid_t pid) {
  std::vector<pid_t> threads;
  const std::unique_ptr<DIR, CloseFolder> folder(
      opendir(absl::StrCat("/proc/", pid, "/task").c_str()));
  if (folder == nullptr) return threads;
  while (const dirent* const entry = readdir(folder.get())) {
    pid_t tid = 0;
    if (absl::SimpleAtoi(entry->d_name, &tid)) threads.push_back(tid);
  }
  return threads;
}

}  // namespace

std::map<pid_t, std::vector<pid_t>> TreeThreads(pid_t root) {
  std::map<pid_t, std::vector<pid_t>> threads;
  const auto add = [&threads](const ProcessStat& process) {
    // A zombie does not run.
    if (process.state == 'Z' || process.state == 'X') return;
    std::vector<pid_t> of_process = ThreadsOf(process.pid);
    if (!of_process.empty()) threads[process.pid] = std::move(of_process);
  };
  const std::vector<ProcessStat> all = AllProcesses();
  for (const ProcessStat& process : all) {
    if (process.pid == root) add(process);
  }
  for (const ProcessStat& process : DescendantsOf(root, all)) add(process);
  return threads;
}

}  // namespace assay::profiler
