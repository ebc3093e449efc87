#include "controller/gates/gate_keeper.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analysis/figures.h"
#include "analysis/latency_histogram.h"
#include "common/cpu_set.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "controller/gates/same_host.h"
#include "controller/plan/cells.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "proto/convert/execution_figures.h"
#include "proto/convert/histogram_proto.h"
#include "proto/convert/profile_spans.h"
#include "proto/gates.pb.h"

namespace assay::controller {
namespace {

// The key in LoadFinished.error_kinds.
constexpr char kQueueOverflowKind[] = "waiting queue overflow";

class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (text_.empty()) text_ = absl::StrCat(line + 1, ":", column + 1, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

ComparisonVerdict WantedBy(const Plan& plan) {
  return plan.verdict() == Plan::NONE ? ComparisonVerdict::kNotWanted : ComparisonVerdict::kWanted;
}

GateResult::Verdict ToProto(GateVerdict verdict) {
  switch (verdict) {
    case GateVerdict::kPass:
      return GateResult::PASS;
    case GateVerdict::kWarn:
      return GateResult::WARN;
    case GateVerdict::kInvalid:
      return GateResult::INVALID;
    case GateVerdict::kUnreadable:
      return GateResult::UNREADABLE;
  }
  return GateResult::UNREADABLE;
}

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

bool IsWrongResponse(std::string_view kind) {
  // "malformed answer" in records of versions before 2026-12.
  return kind.find("malformed") != std::string_view::npos ||
         kind.find("status") != std::string_view::npos ||
         kind.find("body") != std::string_view::npos;
}

}  // namespace

GateResult ToResult(const GateJudgement& judgement, const std::string& subject) {
  GateResult result;
  result.set_name(judgement.name);
  if (judgement.value.has_value()) result.set_value(*judgement.value);
  result.set_limit(judgement.limit);
  result.set_verdict(ToProto(judgement.verdict));
  result.set_advice(judgement.advice);
  result.set_unit(judgement.unit);
  result.set_subject(subject);
  return result;
}

absl::StatusOr<GateRules> ParseGateRules(std::string_view text, std::string_view name) {
  GateFile file;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (!parser.ParseFromString(std::string(text), &file)) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(name), ":", error.text()));
  }
  std::vector<GateRule> rules;
  for (const Gate& gate : file.rules()) {
    GateRule rule;
    rule.name = gate.name();
    rule.unit = gate.unit();
    rule.direction = gate.direction() == Gate::MIN ? GateDirection::kMin : GateDirection::kMax;
    if (gate.has_warn()) rule.warn = gate.warn();
    if (gate.has_invalid()) rule.invalid = gate.invalid();
    rule.advice = gate.advice();
    rule.only_for_verdicts = gate.only_for_verdicts();
    rules.push_back(std::move(rule));
  }
  return GateRules::Create(std::move(rules));
}

absl::StatusOr<GateRules> LoadGateRules() {
  ASSAY_ASSIGN_OR_RETURN(const std::string path, AssayFile("analysis/gates.textproto"));
  ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ParseGateRules(text, path);
}

// nullopt for closed loops.
std::optional<OpenLoopFigures> OpenFiguresOf(const ExecutionRecord& execution) {
  if (execution.cell().rate_per_s() <= 0) return std::nullopt;
  OpenLoopFigures open;
  LatencyHistogram send_lag;
  bool readable = true;
  for (const LoadRecord& load : execution.loads()) {
    const LoadFinished& finished = load.finished();
    if (finished.duration_ns() > 0) {
      const double seconds = static_cast<double>(finished.duration_ns()) * 1e-9;
      open.offered_per_s += static_cast<double>(finished.sent()) / seconds;
      const uint64_t responses =
          finished.has_ok_in_window() ? finished.ok_in_window() : finished.ok();
      open.responses_per_s += static_cast<double>(responses) / seconds;
    }
    const auto overflows = finished.error_kinds().find(kQueueOverflowKind);
    if (overflows != finished.error_kinds().end()) open.queue_overflows += overflows->second;
    const absl::StatusOr<LatencyHistogram> job = FromProto(finished.send_lag());
    readable = readable && job.ok();
    if (job.ok()) send_lag.Merge(*job);
  }
  const absl::StatusOr<int64_t> p99 = send_lag.QuantileNanos(0.99);
  if (readable && p99.ok()) open.send_lag_p99_ns = *p99;
  return open;
}

namespace {

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

std::optional<ServerReadings> ReadingsOf(const ExecutionRecord& execution, int64_t window_ns) {
  if (!execution.has_server()) return std::nullopt;
  const ServerFinished& server = execution.server();
  ServerReadings readings;
  if (!server.has_cpu_begin_ns() || server.cpu_ns() < 0 || server.tree_incomplete() ||
      !execution.has_server_cpu_responses() || server.begin_late_ns() < 0 ||
      server.end_late_ns() < 0 || window_ns <= 0) {
    return readings;
  }
  const double late_ns =
      static_cast<double>(server.begin_late_ns()) + static_cast<double>(server.end_late_ns());
  readings.late_share = late_ns / static_cast<double>(window_ns);
  return readings;
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
    for (const auto& [kind, count] : finished.error_kinds()) {
      if (IsWrongResponse(kind)) figures->wrong_answers += count;
      all.push_back(count);
    }
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

}  // namespace

ExecutionFigures FiguresOf(const ExecutionRecord& execution,
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
  figures.server = ReadingsOf(execution, figures.window_ns);
  return figures;
}

namespace {

// The share of the request cycle in which connections are idle beyond the think time that the plan asks for.
std::optional<double> HiddenThinkShare(const Plan& plan, const ExecutionRecord& execution) {
  const Figures figures = FiguresOf(execution);
  if (!figures.think_share.has_value() || *figures.think_share <= 0) return figures.think_share;
  double asked_us = 0;
  for (const Workload& workload : plan.workloads()) {
    if (workload.name() == execution.cell().workload()) asked_us = workload.think().seconds() * 1e6;
  }
  const double hidden = std::max(0.0, *figures.think_time_us - asked_us) / *figures.think_time_us;
  return hidden * *figures.think_share;
}

}  // namespace

std::vector<GateResult> JudgeExecution(const GateRules& rules, const Plan& plan,
                                       const ExecutionRecord& execution,
                                       const std::vector<const AgentRecord*>& agents) {
  ExecutionFigures figures = FiguresOf(execution, agents);
  figures.think_share = HiddenThinkShare(plan, execution);
  std::vector<GateResult> results;
  for (const GateJudgement& judgement : rules.JudgeExecution(figures, WantedBy(plan))) {
    results.push_back(ToResult(judgement, CellText(execution.cell())));
  }
  return results;
}

std::vector<GateResult> JudgeProfiles(const GateRules& rules, const Plan& plan,
                                      const std::vector<const ProfileInfo*>& profiles,
                                      const std::string& subject) {
  ProfileFigures figures;
  for (const ProfileInfo* profile : profiles) {
    figures.samples += profile->samples();
    figures.lost += profile->lost();
    figures.whole += profile->whole();
    figures.cost_wanted = figures.cost_wanted || profile->spans_size() > 0;
  }
  figures.cost = SamplingCostOver(profiles);
  std::vector<GateResult> results;
  for (const GateJudgement& judgement : rules.JudgeProfile(figures, WantedBy(plan))) {
    results.push_back(ToResult(judgement, subject));
  }
  return results;
}

std::vector<GateResult> JudgeCampaign(const GateRules& rules, const Plan& plan,
                                      uint32_t finished_blocks) {
  GateResult blocks = ToResult(rules.JudgeBlocks(finished_blocks, WantedBy(plan)), "campaign");
  const bool any_is_started =
      std::any_of(plan.targets().begin(), plan.targets().end(),
                  [](const PlanTarget& target) { return target.url().empty(); });
  if (!any_is_started) {
    blocks.clear_value();
    blocks.set_verdict(GateResult::UNREADABLE);
    blocks.set_advice(
        "each block is a window of a running server, and windows of one process are not "
        "independent, so they cannot distinguish a difference from chance. For a verdict, give the "
        "servers by name, so that an agent starts them for each block");
  }
  return {blocks};
}

}  // namespace assay::controller
