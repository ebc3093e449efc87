#include "controller/campaign/gate_keeper.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analysis/estimate.h"
#include "analysis/latency_histogram.h"
#include "common/cpu_set.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "controller/campaign/same_host.h"
#include "controller/plan/cells.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "proto/convert/histogram_proto.h"
#include "proto/convert/profile_spans.h"
#include "proto/gates.pb.h"

namespace assay {
namespace {

// Its name among LoadFinished.error_kinds.
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

GateResult ToProto(const GateJudgement& judgement, const std::string& subject) {
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

const AgentRecord* RecordOf(const std::vector<const AgentRecord*>& agents, PartId::Role role,
                            std::string_view address) {
  for (const AgentRecord* agent : agents) {
    if (!address.empty() && agent->address() != address) continue;
    if (std::count(agent->roles().begin(), agent->roles().end(), role) > 0) return agent;
  }
  return nullptr;
}

// One part's CPUs on its host.
struct Pinning {
  const AgentRecord* agent = nullptr;
  std::string cpus;
};

// CPUs that any two parts on one host were both allowed on. Nothing when a list could not be read.
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

bool IsWrongAnswer(std::string_view kind) {
  return kind.find("answer") != std::string_view::npos ||
         kind.find("status") != std::string_view::npos ||
         kind.find("body") != std::string_view::npos;
}

}  // namespace

absl::StatusOr<GateRules> ParseGateRules(std::string_view text, std::string_view name) {
  GateFile file;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
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

// Nothing where the loads were closed loops.
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
      open.answered_per_s += static_cast<double>(finished.ok_in_window()) / seconds;
    }
    const auto overflows = finished.error_kinds().find(kQueueOverflowKind);
    if (overflows != finished.error_kinds().end()) open.queue_overflows += overflows->second;
    const absl::StatusOr<LatencyHistogram> part = FromProto(finished.send_lag());
    readable = readable && part.ok();
    if (part.ok()) send_lag.Merge(*part);
  }
  const absl::StatusOr<int64_t> p99 = send_lag.QuantileNanos(0.99);
  if (readable && p99.ok()) open.send_lag_p99_ns = *p99;
  return open;
}

ExecutionFigures FiguresOf(const ExecutionRecord& execution,
                           const std::vector<const AgentRecord*>& agents) {
  ExecutionFigures figures;
  std::vector<Pinning> pinnings;
  const AgentRecord* server = RecordOf(agents, PartId::SERVER, "");
  const bool started_by_us = execution.has_server();
  if (started_by_us) pinnings.push_back({server, execution.server().actual_cpus()});
  bool same_host = false;
  for (const LoadRecord& load : execution.loads()) {
    const LoadFinished& finished = load.finished();
    figures.sent += finished.sent();
    figures.ok += finished.ok();
    figures.errors += finished.errors();
    figures.timeouts += finished.timeouts();
    figures.in_flight += finished.in_flight();
    figures.connections += finished.connections();
    figures.window_ns = std::max(figures.window_ns, finished.duration_ns());
    for (const auto& [kind, count] : finished.error_kinds()) {
      if (IsWrongAnswer(kind)) figures.wrong_answers += count;
    }
    // What was recorded but did not arrive is lost as well.
    const uint64_t recorded = finished.samples_recorded();
    const uint64_t received = std::min(recorded, load.samples_received());
    figures.samples_recorded += received;
    figures.samples_lost += finished.samples_lost() + (recorded - received);
    figures.busy_share = std::max(figures.busy_share.value_or(0), finished.busy_share());
    figures.idle_lost_share =
        std::max(figures.idle_lost_share.value_or(0), load.ready().idle_gaps().lost_share());
    const AgentRecord* agent = RecordOf(agents, PartId::LOAD, load.agent());
    pinnings.push_back({agent, finished.actual_cpus()});
    if (server != nullptr && agent != nullptr) {
      same_host = same_host || OnSameHost(server->description(), agent->description());
    }
  }
  if (started_by_us) figures.same_host = same_host;
  figures.shared_cpus = SharedCpus(pinnings);
  figures.start_skew_ns = execution.skew().bound_ns();
  figures.open = OpenFiguresOf(execution);
  return figures;
}

std::vector<GateResult> JudgeExecution(const GateRules& rules, const Plan& plan,
                                       const ExecutionRecord& execution,
                                       const std::vector<const AgentRecord*>& agents) {
  std::vector<GateResult> results;
  for (const GateJudgement& judgement :
       rules.JudgeExecution(FiguresOf(execution, agents), WantedBy(plan))) {
    results.push_back(ToProto(judgement, CellText(execution.cell())));
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
  const std::optional<Estimate> cost = SamplingCostOver(profiles);
  if (cost.has_value()) figures.cost = cost->estimate;
  std::vector<GateResult> results;
  for (const GateJudgement& judgement : rules.JudgeProfile(figures, WantedBy(plan))) {
    results.push_back(ToProto(judgement, subject));
  }
  return results;
}

std::vector<GateResult> JudgeCampaign(const GateRules& rules, const Plan& plan,
                                      uint32_t finished_blocks) {
  return {ToProto(rules.JudgeBlocks(finished_blocks, WantedBy(plan)), "campaign")};
}

}  // namespace assay
