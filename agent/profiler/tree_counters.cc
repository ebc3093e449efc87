#include "agent/profiler/tree_counters.h"

#include <errno.h>
#include <unistd.h>

#include <utility>

#include "agent/profiler/perf_event.h"

namespace assay::profiler {
namespace {

// The layout of the `read_format` below.
struct Reading {
  uint64_t value;
  uint64_t enabled_ns;
  uint64_t running_ns;
};

struct StandardCounter {
  const char* name;
  uint32_t type;
  uint64_t config;
  // The event also or only happens in the kernel.
  bool needs_kernel;
};

constexpr StandardCounter kStandard[] = {
    {"task-clock", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK, false},
    {"context-switches", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES, true},
    {"cpu-migrations", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS, true},
    {"page-faults", PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, true},
    {"cycles", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, true},
    {"instructions", PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, true},
    {"cache-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, true},
    {"branch-misses", PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES, true},
};

uint64_t Sum(const std::vector<UniqueFd>& events) {
  uint64_t sum = 0;
  for (const UniqueFd& event : events) {
    Reading reading = {};
    if (read(event.get(), &reading, sizeof(reading)) != sizeof(reading)) continue;
    const double share = reading.running_ns == 0 ? 1
                                                 : static_cast<double>(reading.enabled_ns) /
                                                       static_cast<double>(reading.running_ns);
    sum += share == 1 ? reading.value
                      : static_cast<uint64_t>(static_cast<double>(reading.value) * share);
  }
  return sum;
}

}  // namespace

int TreeCounters::Add(const std::string& name, const perf_event_attr& attributes,
                      const std::set<pid_t>& threads) {
  perf_event_attr counted = attributes;
  counted.size = sizeof(counted);
  counted.inherit = 1;
  counted.exclude_hv = 1;
  counted.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  std::vector<UniqueFd> events;
  for (const pid_t tid : threads) {
    EventOrError event = OpenPerfEvent(counted, tid, /*cpu=*/-1);
    if (event.error == ESRCH) continue;
    if (event.error != 0) return event.error;
    events.push_back(std::move(event.fd));
  }
  events_[name] = std::move(events);
  return 0;
}

std::map<std::string, uint64_t> TreeCounters::Read() const {
  std::map<std::string, uint64_t> counts;
  for (const auto& [name, events] : events_) counts[name] = Sum(events);
  return counts;
}

uint64_t TreeCounters::Read(const std::string& name) const {
  const auto counted = events_.find(name);
  return counted == events_.end() ? 0 : Sum(counted->second);
}

void TreeCounters::Disable() {
  for (const auto& [name, events] : events_) DisablePerfEvents(events);
}

void TreeCounters::Enable() {
  for (const auto& [name, events] : events_) EnablePerfEvents(events);
}

std::map<std::string, uint64_t> TreeCounters::Since(
    const std::map<std::string, uint64_t>& earlier) const {
  std::map<std::string, uint64_t> counts = Read();
  for (auto& [name, count] : counts) {
    const auto before = earlier.find(name);
    if (before != earlier.end()) count = count > before->second ? count - before->second : 0;
  }
  return counts;
}

void AddStandardCounters(const std::set<pid_t>& threads, bool user_only, TreeCounters* counters) {
  for (const StandardCounter& counter : kStandard) {
    if (user_only && counter.needs_kernel) continue;
    perf_event_attr attributes = {};
    attributes.type = counter.type;
    attributes.config = counter.config;
    attributes.exclude_kernel = user_only ? 1 : 0;
    // A counter that cannot be opened is missing from the result.
    counters->Add(counter.name, attributes, threads);
  }
}

}  // namespace assay::profiler
