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

// Counts events of threads and of all threads and processes that they start, without sampling.
//
// Cost: one descriptor for each event and thread. Software and hardware counters have no noticeable cost for the
// counted threads; a tracepoint costs 0.1 to 0.2 us each time.
class TreeCounters {
 public:
  // Adds an event with a name. Returns errno if it cannot be opened for every thread; then it is not counted. Threads
  // that have ended are ignored.
  int Add(const std::string& name, const perf_event_attr& attributes,
          const std::set<pid_t>& threads);

  // Counts since each event was added, scaled if the hardware multiplexed its counters.
  std::map<std::string, uint64_t> Read() const;
  // The count of one event; 0 if it is not counted.
  uint64_t Read(const std::string& name) const;
  // Nothing is counted from Disable() to Enable().
  void Disable();
  void Enable();
  // The increments from `earlier` to now.
  std::map<std::string, uint64_t> Since(const std::map<std::string, uint64_t>& earlier) const;

 private:
  std::map<std::string, std::vector<UniqueFd>> events_;
};

// Adds "task-clock" in ns, "context-switches", "cpu-migrations", "page-faults", and "cycles", "instructions",
// "cache-misses", "branch-misses" if the machine counts them. If `user_only`, adds only those that are correct without
// kernel events.
void AddStandardCounters(const std::set<pid_t>& threads, bool user_only, TreeCounters* counters);

}  // namespace assay::profiler

#endif  // ASSAY_AGENT_PROFILER_TREE_COUNTERS_H_
