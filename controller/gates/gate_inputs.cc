#include "controller/gates/gate_inputs.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "analysis/figures.h"
#include "analysis/latency_histogram.h"
#include "analysis/steady_state.h"
#include "common/cpu_set.h"
#include "controller/gates/failure_counts.h"
#include "controller/gates/same_host.h"
#include "controller/plan/cells.h"
#include "proto/convert/execution_figures.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

constexpr double kSecondsInNano = 1e-9;
// Key of ServerFinished.host_counters.
constexpr char kThrottled[] = "cpu.throttled";

const AgentRecord* RecordOf(const std::vector<const AgentRecord*>& agents, JobId::Role role,
                            std::string_view address) {
  for (const AgentRecord* agent : agents) {
    if (!address.empty() && agent->address() != address) continue;
    if (std::count(agent->roles().begin(), agent->roles().end(), role) > 0) return agent;
  }
  return nullptr;
}

// The CPUs of one job on its host.
struct Pinning {
  const AgentRecord* agent = nullptr;
  std::string cpus;
};

// The number of CPUs that two jobs on one host share, summed over all pairs of jobs. nullopt if a CPU list could not be
// read.
std::optional<int> SharedCpus(const std::vector<Pinning>& pinnings) {
  int shared = 0;
  for (size_t i = 0; i < pinnings.size(); ++i) {
    for (size_t j = i + 1; j < pinnings.size(); ++j) {
      const Pinning& a = pinnings[i];
      const Pinning& b = pinnings[j];
      if (a.agent == nullptr || b.agent == nullptr) return std::nullopt;
      if (!OnSameHost(a.agent->description(), b.agent->description())) continue;
      const absl::StatusOr<CpuSet> first = CpuSet::Parse(a.cpus);
      const absl::StatusOr<CpuSet> second = CpuSet::Parse(b.cpus);
      if (!first.ok() || !second.ok() || first->empty() || second->empty()) return std::nullopt;
      for (const int cpu : first->cpus()) shared += second->Contains(cpu) ? 1 : 0;
    }
  }
  return shared;
}

// 0 if the list cannot be read.
int CountOf(const std::string& cpus) {
  const absl::StatusOr<CpuSet> set = CpuSet::Parse(cpus);
  return set.ok() ? set->Count() : 0;
}

// Agents report -1 for what they could not read.
std::optional<int64_t> Reported(int64_t ns) { return ns >= 0 ? std::optional(ns) : std::nullopt; }

// The largest share that any load agent reported. Unknown if one agent did not report it, or reported an impossible
// value.
class WorstShare {
 public:
  void Add(std::optional<double> share) {
    known_ = known_ && share.has_value() && std::isfinite(*share) && *share >= 0;
    if (known_) worst_ = std::max(worst_.value_or(0), *share);
  }
  std::optional<double> value() const { return known_ ? worst_ : std::nullopt; }

 private:
  bool known_ = true;
  std::optional<double> worst_;
};

// The share of the window in which the busiest load thread worked. A spinning loop uses its CPU all the time; for it,
// only turns of the loop that do work count.
std::optional<double> GeneratorShareOf(const LoadFinished& finished) {
  if (finished.has_cpu_share() && !finished.spins()) return finished.cpu_share();
  // Older agents report only busy_share. 0 means that the agent reported nothing.
  if (finished.busy_share() == 0 && !finished.spins()) return std::nullopt;
  return finished.busy_share();
}

// The counts that gates judge, summed over the load agents.
void AddCounts(const ExecutionRecord& execution, ExecutionFigures* figures) {
  std::vector<uint64_t> all;
  bool samples_known = true;
  for (const LoadRecord& load : execution.loads()) {
    const LoadFinished& finished = load.finished();
    figures->sent += finished.sent();
    figures->ok += finished.ok();
    figures->errors += finished.errors();
    figures->timeouts += finished.timeouts();
    figures->in_flight += finished.in_flight();
    figures->connections += finished.connections();
    const FailureCounts failures = FailureCountsOf(finished);
    figures->wrong_responses += failures.wrong_responses;
    all.insert(all.end(), failures.reported.begin(), failures.reported.end());
    // Samples that were recorded but did not arrive are lost too. More than recorded cannot arrive.
    const uint64_t recorded = finished.samples_recorded();
    const uint64_t received = load.samples_received();
    samples_known = samples_known && received <= recorded;
    figures->samples_recorded += received;
    figures->samples_lost += finished.samples_lost() + (recorded - std::min(recorded, received));
    all.insert(all.end(), {finished.sent(), finished.ok(), finished.errors(), finished.timeouts(),
                           finished.in_flight(), finished.samples_lost(), recorded, received});
  }
  const absl::StatusOr<LatencyHistogram> latency = FromProto(execution.latency());
  // If the sum of all counts does not overflow, no sum of some of them does.
  figures->counts_known = SumOf(all).has_value() && latency.ok();
  if (latency.ok()) figures->latencies = latency->count();
  if (!samples_known) figures->samples_recorded = figures->samples_lost = UINT64_MAX;
}

// nullopt for closed loops.
std::optional<OpenLoopFigures> OpenFiguresOf(const ExecutionRecord& execution) {
  if (execution.cell().rate_per_s() <= 0) return std::nullopt;
  OpenLoopFigures open;
  const Figures figures = FiguresOf(execution);
  open.offered_per_s = figures.offered_per_s;
  open.responses_per_s = figures.rps;
  LatencyHistogram send_lag;
  bool readable = true;
  for (const LoadRecord& load : execution.loads()) {
    const LoadFinished& finished = load.finished();
    open.queue_overflows += FailureCountsOf(finished).queue_overflows;
    const absl::StatusOr<LatencyHistogram> job = FromProto(finished.send_lag());
    readable = readable && job.ok();
    if (job.ok()) send_lag.Merge(*job);
  }
  const absl::StatusOr<int64_t> p99 = send_lag.QuantileNanos(0.99);
  if (readable && p99.ok()) open.send_lag_p99_ns = *p99;
  return open;
}

// How late the CPU clocks were read, as a share of the window.
std::optional<double> LateShare(const ExecutionRecord& execution, int64_t window_ns) {
  const ServerFinished& server = execution.server();
  const bool dated = server.has_cpu_begin_ns() || server.slots_size() > 0;
  if (!dated || server.cpu_ns() < 0 || server.tree_incomplete() ||
      !execution.has_server_cpu_responses()) {
    return std::nullopt;
  }
  double late_ns = 0;
  for (const ServerSlot& slot : server.slots()) {
    // The first reading of a slot is due before it begins, the second one before the next slot begins.
    const auto period_ns = static_cast<int64_t>(execution.slots().period_ns());
    late_ns += static_cast<double>(std::max<int64_t>(0, slot.begin_ns())) +
               static_cast<double>(std::max<int64_t>(0, slot.end_ns() - period_ns));
  }
  if (server.slots_size() > 0) {
    if (server.window_ns() <= 0) return std::nullopt;
    return late_ns / static_cast<double>(server.window_ns());
  }
  if (server.begin_late_ns() < 0 || server.end_late_ns() < 0 || window_ns <= 0) {
    return std::nullopt;
  }
  late_ns = static_cast<double>(server.begin_late_ns()) + static_cast<double>(server.end_late_ns());
  return late_ns / static_cast<double>(window_ns);
}

std::optional<double> CounterOf(const google::protobuf::Map<std::string, int64_t>& counters,
                                const char* name) {
  const auto found = counters.find(name);
  if (found == counters.end() || found->second < 0) return std::nullopt;
  return static_cast<double>(found->second);
}

// Time between the readings at the ends of the whole run, for what is counted over all of it.
int64_t ServerSpanNanos(const ExecutionRecord& execution) {
  const ServerFinished& server = execution.server();
  if (server.slots_size() == 0) return server.window_ns();
  return server.idle_ns() +
         server.slots_size() * static_cast<int64_t>(execution.slots().period_ns());
}

std::optional<ServerReadings> ServerReadingsOf(const ExecutionRecord& execution,
                                               int64_t window_ns) {
  if (!execution.has_server()) return std::nullopt;
  const ServerFinished& server = execution.server();
  ServerReadings readings;
  readings.late_share = LateShare(execution, window_ns);
  readings.cpus = {.count = CountOf(server.actual_cpus()),
                   .span_ns = ServerSpanNanos(execution),
                   .foreign_ns = Reported(server.foreign_ns()),
                   .steal_ns = Reported(server.steal_ns())};
  // The same share that verdicts show.
  readings.busy_share = FiguresOf(execution).server_busy_share;
  const double cpu_time_ns = static_cast<double>(server.window_ns()) * readings.cpus.count;
  if (cpu_time_ns > 0) {
    if (server.has_run_delay_ns()) {
      readings.run_delay_share = static_cast<double>(server.run_delay_ns()) / cpu_time_ns;
    }
    readings.preemptions_per_s =
        static_cast<double>(server.involuntary_switches()) / (cpu_time_ns * kSecondsInNano);
  }
  readings.retransmits = CounterOf(server.network_counters(), "Tcp.RetransSegs");
  const std::optional<double> overflows =
      CounterOf(server.network_counters(), "TcpExt.ListenOverflows");
  const std::optional<double> drops = CounterOf(server.network_counters(), "TcpExt.ListenDrops");
  if (overflows.has_value() && drops.has_value()) {
    readings.listen_overflows = std::max(*overflows, *drops);
  }
  readings.throttling_events = CounterOf(server.host_counters(), kThrottled);
  return readings;
}

PinnedCpus LoadCpusOf(const ExecutionRecord& execution, const LoadFinished& finished) {
  const SlotSchedule& slots = execution.slots();
  const int64_t counted = int64_t{slots.count()} - std::min(slots.count(), slots.warmup_count());
  return {.count = CountOf(finished.actual_cpus()),
          .span_ns = execution.has_slots() ? counted * static_cast<int64_t>(slots.period_ns())
                                           : finished.duration_ns(),
          .foreign_ns = Reported(finished.foreign_ns()),
          .steal_ns = Reported(finished.steal_ns())};
}

std::optional<SlotReadings> SlotReadingsOf(const ExecutionRecord& execution) {
  if (!execution.has_slots()) return std::nullopt;
  SlotReadings readings;
  const ServerFinished& server = execution.server();
  if (server.has_idle_cpu_ns() && server.idle_ns() > 0) {
    readings.idle_busy_share =
        static_cast<double>(server.idle_cpu_ns()) / static_cast<double>(server.idle_ns());
  }
  WorstShare overdue;
  for (const LoadRecord& load : execution.loads()) {
    overdue.Add(execution.slots().own_size() > 0
                    ? std::optional(static_cast<double>(load.finished().overdue_slots()) /
                                    execution.slots().own_size())
                    : std::nullopt);
  }
  readings.overdue_share = overdue.value();
  return readings;
}

// nullptr if the plan has no such workload.
const Workload* FindWorkload(const Plan& plan, const Cell& cell) {
  for (const Workload& workload : plan.workloads()) {
    if (workload.name() == cell.workload()) return &workload;
  }
  return nullptr;
}

double ThinkSeconds(const Plan& plan, const Cell& cell) {
  const Workload* workload = FindWorkload(plan, cell);
  return workload == nullptr ? 0 : workload->think().seconds();
}

// The share of the request cycle in which connections are idle beyond the think time that the plan asks for.
std::optional<double> HiddenThinkShare(const Plan& plan, const ExecutionRecord& execution) {
  const Figures figures = FiguresOf(execution);
  if (!figures.think_share.has_value() || *figures.think_share <= 0) return figures.think_share;
  const double asked_us = ThinkSeconds(plan, execution.cell()) * 1e6;
  const double hidden = std::max(0.0, *figures.think_time_us - asked_us) / *figures.think_time_us;
  return hidden * *figures.think_share;
}

// Also a threshold on a regression compares, with an earlier campaign.
ComparedFigure ComparedBy(const Plan& plan, const Cell& cell) {
  if (IsSeparateExecution(plan, cell) || cell.rate_per_s() > 0 || ThinkSeconds(plan, cell) > 0) {
    return ComparedFigure::kOther;
  }
  const auto compares = [&](std::string_view metric) {
    const bool verdict =
        plan.verdict() != Plan::NONE && plan.targets_size() > 1 && plan.primary_metric() == metric;
    return verdict || std::any_of(plan.thresholds().begin(), plan.thresholds().end(),
                                  [&](const Threshold& one) {
                                    return one.has_regression_percent() && one.metric() == metric;
                                  });
  };
  if (compares("rps")) return ComparedFigure::kThroughput;
  return compares("server_cpu_us_per_request") ? ComparedFigure::kCost : ComparedFigure::kOther;
}

// Little's law over one window: the sum of the latencies plus the idle time of as many requests must be the integral of
// the number of requests that may be in flight.
void AddLittlesLaw(const ExecutionRecord& execution, ExecutionFigures* figures) {
  double think_ns = 0;
  double flight_ns = 0;
  double cycles = 0;
  for (const LoadRecord& load : execution.loads()) {
    if (!load.finished().has_think_ns()) return;
    think_ns += static_cast<double>(load.finished().think_ns());
    flight_ns += static_cast<double>(load.finished().flight_ns());
    cycles += static_cast<double>(load.finished().cycles());
  }
  const absl::StatusOr<LatencyHistogram> latency = FromProto(execution.latency());
  if (!latency.ok() || latency->count() == 0 || latency->overflow_count() > 0 ||
      figures->errors > 0 || execution.has_slots() || cycles <= 0) {
    return;
  }
  figures->littles_law_applies = true;
  const double in_flight_ns = think_ns + flight_ns;
  if (think_ns < 0 || flight_ns < 0 || in_flight_ns <= 0) return;
  const auto count = static_cast<double>(latency->count());
  const double found_ns = latency->MeanNanos() * count + think_ns * count / cycles;
  figures->littles_law_error = std::abs(found_ns - in_flight_ns) / in_flight_ns;
}

}  // namespace

SharedUse& SharedUse::operator+=(const SharedUse& other) {
  server_ns += other.server_ns;
  requests += other.requests;
  load_ns.resize(std::max(load_ns.size(), other.load_ns.size()));
  for (size_t i = 0; i < other.load_ns.size(); ++i) load_ns[i] += other.load_ns[i];
  return *this;
}

SharedUse& SharedUse::operator-=(const SharedUse& other) {
  server_ns -= other.server_ns;
  requests -= other.requests;
  load_ns.resize(std::max(load_ns.size(), other.load_ns.size()));
  for (size_t i = 0; i < other.load_ns.size(); ++i) load_ns[i] -= other.load_ns[i];
  return *this;
}

SharedUse SharedUseOf(const ExecutionRecord& execution) {
  SharedUse use;
  use.server_ns = execution.server().cpu_ns() + execution.server().idle_cpu_ns();
  for (const LoadRecord& load : execution.loads()) {
    const LoadFinished& finished = load.finished();
    use.load_ns.push_back(finished.cpu_ns());
    use.requests += static_cast<double>(finished.ok()) + static_cast<double>(finished.errors()) +
                    static_cast<double>(finished.timeouts());
  }
  return use;
}

int GroupSizeOf(const ExecutionRecord& execution) {
  const SlotSchedule& slots = execution.slots();
  if (slots.own().empty()) return 1;
  // Each round has one slot of each of them.
  return static_cast<int>(slots.count()) / slots.own_size();
}

std::vector<double> IntervalMedians(absl::Span<const WindowSecond* const> intervals) {
  std::map<uint32_t, std::vector<const Histogram*>> by_time;
  for (const WindowSecond* interval : intervals) {
    by_time[interval->second()].push_back(&interval->latency());
  }
  std::vector<double> medians;
  LatencyHistogram merged;
  for (const auto& [second, histograms] : by_time) {
    merged.Clear();
    for (const Histogram* histogram : histograms) {
      const absl::StatusOr<LatencyHistogram> one = FromProto(*histogram);
      if (!one.ok()) return {};
      merged.Merge(*one);
    }
    const absl::StatusOr<int64_t> median = merged.QuantileNanos(0.5);
    if (median.ok()) medians.push_back(static_cast<double>(*median));
  }
  if (medians.size() < kSteadyStateMinValues) medians.clear();
  return medians;
}

bool HasManyIntervals(const ExecutionRecord& execution) {
  if (execution.has_slots()) {
    return execution.slots().own_size() >= static_cast<int>(kSteadyStateMinValues);
  }
  return std::any_of(execution.loads().begin(), execution.loads().end(),
                     [](const LoadRecord& load) {
                       return static_cast<double>(load.finished().duration_ns()) * kSecondsInNano >=
                              static_cast<double>(kSteadyStateMinValues);
                     });
}

ExecutionFigures FiguresToJudge(const Plan& plan, const ExecutionRecord& execution,
                                const std::vector<const AgentRecord*>& agents) {
  ExecutionFigures figures;
  AddCounts(execution, &figures);
  std::vector<Pinning> pinnings;
  const AgentRecord* server = RecordOf(agents, JobId::SERVER, "");
  const bool started_by_us = execution.has_server();
  if (started_by_us) pinnings.push_back({server, execution.server().actual_cpus()});
  bool same_host = false;
  WorstShare generator;
  WorstShare run_delay;
  WorstShare idle_lost;
  bool backwards = false;
  for (const LoadRecord& load : execution.loads()) {
    const LoadFinished& finished = load.finished();
    figures.window_ns = std::max(figures.window_ns, finished.duration_ns());
    backwards = backwards || finished.duration_ns() < 0;
    generator.Add(GeneratorShareOf(finished));
    run_delay.Add(finished.has_run_delay_share() ? std::optional(finished.run_delay_share())
                                                 : std::nullopt);
    idle_lost.Add(load.ready().has_idle_gaps()
                      ? std::optional(load.ready().idle_gaps().lost_share())
                      : std::nullopt);
    figures.load_cpus.push_back(LoadCpusOf(execution, finished));
    const AgentRecord* agent = RecordOf(agents, JobId::LOAD, load.agent());
    pinnings.push_back({agent, finished.actual_cpus()});
    if (server != nullptr && agent != nullptr) {
      same_host = same_host || OnSameHost(server->description(), agent->description());
    }
  }
  if (backwards) figures.window_ns = 0;
  figures.generator_share = generator.value();
  figures.run_delay_share = run_delay.value();
  figures.idle_lost_share = idle_lost.value();
  if (started_by_us) figures.same_host = same_host;
  figures.shared_cpus = SharedCpus(pinnings);
  // The CPUs of a server given by URL are unknown. Report shared CPUs only if loads share them with each other.
  if (!started_by_us && figures.shared_cpus == 0) figures.shared_cpus.reset();
  if (execution.has_skew()) figures.start_skew_ns = execution.skew().bound_ns();
  figures.open = OpenFiguresOf(execution);
  figures.think_share = HiddenThinkShare(plan, execution);
  figures.compared = ComparedBy(plan, execution.cell());
  figures.slots = SlotReadingsOf(execution);
  figures.server = ServerReadingsOf(execution, figures.window_ns);
  if (figures.counts_known && !figures.open.has_value()) AddLittlesLaw(execution, &figures);
  return figures;
}

void AddContext(const ExecutionContext& context, ExecutionFigures* figures) {
  if (figures->server.has_value()) {
    figures->server->cpus.group_ns = context.siblings.server_ns;
    figures->server->group_requests = context.siblings.requests;
  }
  const std::vector<int64_t>& load_ns = context.siblings.load_ns;
  for (size_t i = 0; i < std::min(load_ns.size(), figures->load_cpus.size()); ++i) {
    figures->load_cpus[i].group_ns = load_ns[i];
  }
  if (!context.siblings_known) {
    if (figures->server.has_value()) {
      figures->server->cpus.foreign_ns.reset();
      figures->server->retransmits.reset();
    }
    for (PinnedCpus& cpus : figures->load_cpus) cpus.foreign_ns.reset();
  }
  const absl::StatusOr<SteadyState> steady = FindSteadyState(context.interval_medians);
  if (!steady.ok()) return;
  figures->unsteady_share = steady->steady
                                ? static_cast<double>(steady->warmup) /
                                      static_cast<double>(context.interval_medians.size())
                                : 1.0;
}

}  // namespace assay::controller
