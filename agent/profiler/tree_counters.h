#ifndef ASSAY_AGENT_PROFILER_TREE_COUNTERS_H_
#define ASSAY_AGENT_PROFILER_TREE_COUNTERS_H_

#include <linux/perf_event.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/unique_fd.h"

namespace assay::profiler {

// Counts events of threads and of all that they start, without a sample.
//
// Cost: a descriptor for each event and thread. Software and hardware counters cost the counted nothing to speak of,
// a tracepoint 0.1 to 0.2 us each time it is passed.
class TreeCounters {
 public:
  // Adds an event under a name; returns errno where it cannot be opened for every thread (then it is not counted). A
  // thread that is gone counts nothing.
  int Add(const std::string& name, const perf_event_attr& attributes,
          const std::set<pid_t>& threads);

  // Counts since each was added, scaled where the hardware shared its counters among more events.
  std::map<std::string, uint64_t> Read() const;
  // Of one; 0 where it is not counted.
  uint64_t Read(const std::string& name) const;
  // Nothing is counted from Disable() to Enable().
  void Disable();
  void Enable();
  // What was counted from `earlier` to now.
  std::map<std::string, uint64_t> Since(const std::map<std::string, uint64_t>& earlier) const;

 private:
  std::map<std::string, std::vector<UniqueFd>> events_;
};

// "task-clock" in ns, "context-switches", "cpu-migrations", "page-faults", and "cycles", "instructions",
// "cache-misses", "branch-misses" where the machine counts them; only those that are true without the kernel's side
// when `user_only`.
void AddStandardCounters(const std::set<pid_t>& threads, bool user_only, TreeCounters* counters);

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_TREE_COUNTERS_H_
