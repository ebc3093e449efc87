#include "controller/gates/gate_keeper.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "common/status_macros.h"
#include "controller/plan/cells.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "proto/convert/profile_spans.h"
#include "proto/gates.pb.h"

namespace assay::controller {
namespace {

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

}  // namespace

GateResult ToResult(const GateRules& rules, const GateJudgement& judgement,
                    const std::string& subject) {
  GateResult result;
  result.set_rules_version(rules.version());
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
    rule.typical_execution = gate.typical_execution();
    rule.leaves_block_out = gate.leaves_block_out();
    rules.push_back(std::move(rule));
  }
  return GateRules::Create(std::move(rules), file.version(), file.most_left_out());
}

absl::StatusOr<GateRules> LoadGateRules() {
  ASSAY_ASSIGN_OR_RETURN(const std::string path, AssayFile("analysis/gates.textproto"));
  ASSAY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  return ParseGateRules(text, path);
}

std::vector<GateResult> JudgeFigures(const GateRules& rules, const Plan& plan, const Cell& cell,
                                     const ExecutionFigures& figures) {
  std::vector<GateResult> results;
  for (const GateJudgement& judgement : rules.JudgeExecution(figures, WantedBy(plan))) {
    results.push_back(ToResult(rules, judgement, CellText(cell)));
  }
  return results;
}

std::vector<GateResult> JudgeExecution(const GateRules& rules, const Plan& plan,
                                       const ExecutionRecord& execution,
                                       const std::vector<const AgentRecord*>& agents,
                                       const ExecutionContext& context) {
  ExecutionFigures figures = FiguresToJudge(plan, execution, agents);
  AddContext(context, &figures);
  return JudgeFigures(rules, plan, execution.cell(), figures);
}

void JudgeTogether(const GateRules& rules, const Plan& plan,
                   const std::vector<const AgentRecord*>& agents,
                   absl::Span<const MeasuredExecution> executions) {
  for (const MeasuredExecution& one : executions) {
    ExecutionContext context;
    for (const MeasuredExecution& other : executions) {
      if (other.record != one.record) context.siblings += SharedUseOf(*other.record);
    }
    context.siblings_known = static_cast<int>(executions.size()) >= GroupSizeOf(*one.record);
    if (HasManyIntervals(*one.record)) context.interval_medians = IntervalMedians(one.intervals);
    one.record->clear_gates();
    for (GateResult& gate : JudgeExecution(rules, plan, *one.record, agents, context)) {
      *one.record->add_gates() = std::move(gate);
    }
  }
}

bool IsOutdated(const GateRules& rules, const ExecutionRecord& execution) {
  return std::any_of(
      execution.gates().begin(), execution.gates().end(),
      [&](const GateResult& gate) { return gate.rules_version() < rules.version(); });
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
    results.push_back(ToResult(rules, judgement, subject));
  }
  return results;
}

GateResult JudgeCampaignFigure(const GateRules& rules, const Plan& plan, const std::string& gate,
                               std::optional<double> value, const std::string& subject) {
  return ToResult(rules, rules.JudgeCampaign(gate, value, WantedBy(plan)), subject);
}

std::vector<GateResult> JudgeCampaign(const GateRules& rules, const Plan& plan,
                                      uint32_t finished_blocks) {
  GateResult blocks =
      JudgeCampaignFigure(rules, plan, "too_few_blocks", finished_blocks, "campaign");
  const bool any_is_started =
      std::any_of(plan.targets().begin(), plan.targets().end(),
                  [](const PlanTarget& target) { return target.url().empty(); });
  if (!any_is_started && plan.design() != Plan::INTERLEAVED) {
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
