#include "agent/jobs/cpu_placement.h"

#include <dirent.h>
#include <sched.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/file.h"

namespace assay::agent {
namespace {

// The first of `all` that shares a core with nothing in `taken`; else the first that is not in it; else the last.
int ChooseApart(const CpuSet& all, const std::map<int, CpuSet>& siblings, const CpuSet& taken) {
  int choice = -1;
  for (const int cpu : all.cpus()) {
    if (taken.Contains(cpu)) continue;
    const auto core = siblings.find(cpu);
    if (core == siblings.end() || !core->second.Intersects(taken)) return cpu;
    if (choice < 0) choice = cpu;
  }
  return choice >= 0 ? choice : all.cpus().back();
}

}  // namespace

CpuPlacement ChoosePlacement(const CpuSet& all, const std::map<int, CpuSet>& siblings) {
  CpuSet taken;
  if (all.Count() > 2) taken.Add(all.cpus().front());
  CpuPlacement placement;
  placement.server.Add(ChooseApart(all, siblings, taken));
  taken |= placement.server;
  placement.load.Add(ChooseApart(all, siblings, taken));
  return placement;
}

std::map<int, CpuSet> ReadSiblings(const CpuSet& cpus) {
  std::map<int, CpuSet> siblings;
  for (const int cpu : cpus.cpus()) {
    siblings[cpu].Add(cpu);
    const absl::StatusOr<std::string> list = ReadFile(
        absl::StrCat("/sys/devices/system/cpu/cpu", cpu, "/topology/thread_siblings_list"));
    if (!list.ok()) continue;
    const absl::string_view line = absl::StripSuffix(*list, "\n");
    const absl::StatusOr<CpuSet> core = CpuSet::Parse({line.data(), line.size()});
    if (core.ok()) siblings[cpu] |= *core;
  }
  return siblings;
}

void KeepOwnThreadsOff(const CpuSet& all, const CpuSet& claimed) {
  CpuSet own;
  for (const int cpu : all.cpus()) {
    if (!claimed.Contains(cpu)) own.Add(cpu);
  }
  if (own.empty()) own = all;
  const size_t size = CPU_ALLOC_SIZE(CpuSet::kMaxCpus);
  cpu_set_t* const mask = CPU_ALLOC(CpuSet::kMaxCpus);
  CPU_ZERO_S(size, mask);
  for (const int cpu : own.cpus()) CPU_SET_S(cpu, size, mask);
  if (DIR* const tasks = opendir("/proc/self/task"); tasks != nullptr) {
    while (const dirent* const entry = readdir(tasks)) {
      const int tid = atoi(entry->d_name);
      if (tid > 0) sched_setaffinity(tid, size, mask);
    }
    closedir(tasks);
  }
  CPU_FREE(mask);
}

}  // namespace assay::agent
