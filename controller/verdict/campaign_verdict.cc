#include "controller/verdict/campaign_verdict.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "analysis/dependence.h"
#include "analysis/planned_precision.h"
#include "analysis/rank_sum.h"
#include "analysis/signed_rank.h"
#include "common/number_text.h"
#include "common/status_macros.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/cells.h"
#include "controller/plan/verdict_family.h"
#include "controller/verdict/judged_cells.h"
#include "controller/verdict/slot_results.h"

namespace assay::controller {
namespace {

// A comparison whose blocks are known, but not yet whether they are dependent.
struct Draft {
  Comparison comparison;
  std::vector<BlockPair> blocks;
  // The slot pairs of each block.
  std::vector<StartDifference> starts;
  // Both servers were started for each block, or their slots are pairs. Otherwise blocks are not independent.
  bool independent = true;
};

// Two measured executions of one block.
struct ExecutionPair {
  const ExecutionResult* baseline = nullptr;
  const ExecutionResult* candidate = nullptr;
};

// By block. If an execution was repeated, the last two that belong together count.
std::vector<ExecutionPair> PairsOf(const CellResult& baseline, const CellResult& candidate) {
  std::map<uint32_t, ExecutionPair> pairs;
  for (const ExecutionResult& to : candidate.executions) {
    for (const ExecutionResult& from : baseline.executions) {
      if (from.block == to.block && from.group == to.group) pairs[to.block] = {&from, &to};
    }
  }
  std::vector<ExecutionPair> ordered;
  for (const auto& [block, pair] : pairs) ordered.push_back(pair);
  return ordered;
}

// Whether SlotResult has the metric.
bool IsSlotMetric(const Metric& metric) {
  Figures of_slot;
  of_slot.rps = of_slot.mean_us = of_slot.server_cpu_us_per_request = of_slot.quantile_us[0] = 1;
  return metric.of(of_slot).has_value();
}

// The slots of the executions of one level, read when they are first needed.
class SlotReader {
 public:
  SlotReader(Store& store, std::vector<std::string>& limits) : store_(store), limits_(limits) {}

  // Without slots if the store's data is damaged; a limit then says so.
  const SlotResults& Of(const std::string& execution_id) {
    const auto [entry, added] = read_.try_emplace(execution_id);
    if (!added) return entry->second;
    absl::StatusOr<SlotResults> slots = Read(execution_id);
    if (slots.ok()) {
      entry->second = *std::move(slots);
    } else {
      limits_.push_back(absl::StrCat("the slots of execution ", execution_id,
                                     " are not compared: ", slots.status().message()));
    }
    return entry->second;
  }
  void Forget() { read_.clear(); }

 private:
  absl::StatusOr<SlotResults> Read(const std::string& execution_id) {
    ASSAY_ASSIGN_OR_RETURN(const ExecutionRecord execution, store_.ReadExecution(execution_id));
    ASSAY_ASSIGN_OR_RETURN(const std::vector<LoadInterval> intervals,
                           store_.ReadSeconds(execution_id));
    return SlotResultsOf(execution, intervals);
  }

  Store& store_;
  std::vector<std::string>& limits_;
  std::map<std::string, SlotResults> read_;
};

// Compares the executions of one campaign.
class Comparer {
 public:
  Comparer(Store& store, const GateRules& rules, const CampaignResults& results,
           CampaignVerdict& verdict, const Metric* primary)
      : rules_(rules),
        results_(results),
        verdict_(verdict),
        primary_(primary),
        slots_(store, verdict.limits) {}

  // Adds a draft for each metric that both cells have, the primary metric in any case.
  void Add(const CellResult& baseline, const CellResult& candidate, std::vector<Draft>& drafts) {
    const std::vector<ExecutionPair> pairs = PairsOf(baseline, candidate);
    for (const Metric* const metric : ComparedMetrics(primary_)) {
      Draft draft = DraftOf(pairs, baseline, candidate, metric);
      if (metric == primary_ || !draft.blocks.empty()) drafts.push_back(std::move(draft));
    }
  }
  void Forget() { slots_.Forget(); }

  // For each interleaved execution: how much the first slots of its rounds differ from the others, as a log ratio of the
  // primary metric.
  std::vector<double> OrderEffects() const {
    std::vector<double> effects;
    for (const auto& [id, effect] : order_effects_) effects.push_back(effect);
    return effects;
  }

 private:
  Draft DraftOf(const std::vector<ExecutionPair>& pairs, const CellResult& baseline,
                const CellResult& candidate, const Metric* metric) {
    Draft draft;
    Comparison& comparison = draft.comparison;
    comparison.baseline = baseline.cell.target();
    comparison.candidate = candidate.cell.target();
    comparison.cell = candidate.cell;
    comparison.metric = metric;
    comparison.primary = metric == primary_;
    comparison.baseline_busy = BusyShareOf(baseline);
    comparison.candidate_busy = BusyShareOf(candidate);
    draft.independent = baseline.fresh_starts && candidate.fresh_starts;
    for (const ExecutionPair& pair : pairs) {
      draft.independent = draft.independent || pair.baseline->in_slots;
      if (pair.baseline->in_slots && pair.candidate->in_slots && IsSlotMetric(*metric)) {
        verdict_.design = CampaignVerdict::Design::kInterleaved;
        AddRounds(pair, draft);
        continue;
      }
      const std::optional<double> from = metric->of(*pair.baseline);
      const std::optional<double> to = metric->of(*pair.candidate);
      if (from.has_value() && to.has_value()) draft.blocks.push_back({*from, *to});
    }
    const auto planned = static_cast<size_t>(results_.campaign.plan().blocks());
    comparison.blocks_left_out =
        static_cast<uint32_t>(planned - std::min(planned, draft.blocks.size()));
    for (const CellResult* const cell : {&baseline, &candidate})
      AppendVoid(cell->gates, &comparison.voided_by);
    LeaveOut(baseline, candidate, pairs.size(), comparison);
    if (draft.blocks.empty()) comparison.missing = WhyNothing(baseline, candidate, *metric);
    return draft;
  }

  // Each cell has few disturbed blocks, or its gates are invalid. Both cells together may have too many.
  void LeaveOut(const CellResult& baseline, const CellResult& candidate, size_t pairs,
                Comparison& comparison) const {
    std::set<uint32_t> blocks;
    std::vector<GateResult> gates;
    for (const CellResult* const cell : {&baseline, &candidate}) {
      for (const LeftOutBlock& one : cell->left_out) {
        blocks.insert(one.block);
        gates.push_back(one.gate);
      }
    }
    if (!rules_.MayLeaveOut(blocks.size(), pairs + blocks.size())) {
      AppendVoid(gates, &comparison.voided_by);
      return;
    }
    comparison.blocks_disturbed = static_cast<uint32_t>(blocks.size());
    for (const GateResult& gate : gates) comparison.disturbed_by.insert(gate.name());
  }

  void AddRounds(const ExecutionPair& pair, Draft& draft) {
    const RoundRatios rounds = PairRounds(slots_.Of(pair.baseline->id),
                                          slots_.Of(pair.candidate->id), *draft.comparison.metric);
    if (draft.comparison.primary) {
      for (const ExecutionResult* const one : {pair.baseline, pair.candidate}) {
        const std::optional<double> effect = OrderEffect(slots_.Of(one->id), *primary_);
        if (effect.has_value()) order_effects_.emplace(one->id, *effect);
      }
    }
    draft.comparison.slot_pairs += rounds.log_ratios.size();
    draft.comparison.slot_pairs_left_out += rounds.left_out;
    if (rounds.log_ratios.empty()) return;
    ++draft.comparison.blocks_by_slot[pair.baseline->slot_ns];
    draft.starts.push_back(CentreOfPairs(rounds.log_ratios));
    draft.blocks.push_back({1, std::exp(draft.starts.back().log_ratio)});
  }

  static std::string WhyNothing(const CellResult& baseline, const CellResult& candidate,
                                const Metric& metric) {
    for (const CellResult* const cell : {&baseline, &candidate}) {
      if (!cell->executions.empty()) continue;
      return absl::StrCat(CellText(cell->cell), " was not measured",
                          cell->failure.empty() ? "" : ": ", cell->failure);
    }
    return absl::StrCat("no block has ", std::string(metric.name), " of both");
  }

  const GateRules& rules_;
  const CampaignResults& results_;
  CampaignVerdict& verdict_;
  const Metric* const primary_;
  SlotReader slots_;
  std::map<std::string, double> order_effects_;
};

// Windows of one running server, one after the other, are not independent: no interval, and so no verdict.
void DropInterval(Comparison& one) {
  one.ratio->ratio.low = one.ratio->ratio.high = std::nullopt;
  one.ratio->verdict = Verdict::kInconclusive;
  one.ratio->within_zone = false;
  one.ratio->blocks_needed.reset();
}

// Sets the ratio of every draft. Blocks count as dependent for one candidate and metric at all levels.
std::vector<Comparison> Concluded(std::vector<Draft> drafts, uint32_t family) {
  std::map<std::pair<std::string, const Metric*>, std::vector<std::vector<double>>> series;
  for (const Draft& draft : drafts) {
    const absl::StatusOr<std::vector<double>> differences = LogRatios(draft.blocks);
    if (differences.ok())
      series[{draft.comparison.candidate, draft.comparison.metric}].push_back(*differences);
  }
  std::vector<Comparison> concluded;
  for (Draft& draft : drafts) {
    Comparison& one = draft.comparison;
    one.dependence = DependenceStatistic(series[{one.candidate, one.metric}]);
    const bool dependent = one.dependence > kDependenceLimit;
    const ComparisonRules rules = {.family = one.primary ? std::max(family, 1U) : 1,
                                   .better = one.metric->better};
    one.blocks_at_least = BlocksForAnyVerdict(rules);
    if (dependent) one.blocks_at_least = std::max(one.blocks_at_least, kDifferenceSegments);
    one.spread = EstimateComponents(draft.starts);
    const absl::StatusOr<std::vector<double>> own = LogRatios(draft.blocks);
    if (own.ok() && draft.independent)
      one.block_spread = SpreadOfBlocks(*own, draft.starts, dependent);
    if (!draft.blocks.empty()) {
      absl::StatusOr<RatioComparison> ratio = ComparePaired(draft.blocks, rules, dependent);
      if (ratio.ok()) {
        one.ratio = *std::move(ratio);
        if (!draft.independent) DropInterval(one);
      } else {
        one.missing = std::string(ratio.status().message());
      }
    }
    concluded.push_back(std::move(one));
  }
  return concluded;
}

// The label that each A/A control repeats. A baseline is never a control.
absl::flat_hash_map<std::string, std::string> ControlsOf(const Plan& plan,
                                                         const std::string& baseline) {
  std::vector<const PlanTarget*> servers;
  for (const PlanTarget& target : plan.targets()) {
    if (target.label() == baseline) servers.push_back(&target);
  }
  absl::flat_hash_map<std::string, std::string> controls;
  for (const PlanTarget& target : plan.targets()) {
    if (target.label() == baseline) continue;
    const auto same = std::find_if(servers.begin(), servers.end(), [&](const PlanTarget* server) {
      return IsSameServer(*server, target);
    });
    if (same == servers.end()) {
      servers.push_back(&target);
    } else {
      controls[target.label()] = (*same)->label();
    }
  }
  return controls;
}

// The cells of a campaign that are compared, by workload and level, in the order of the plan.
std::vector<std::vector<const CellResult*>> LevelsOf(const CampaignResults& results) {
  std::vector<std::vector<const CellResult*>> levels;
  absl::flat_hash_map<std::string, size_t> index;
  for (const CellResult& cell : results.cells) {
    if (IsSeparateExecution(results.campaign.plan(), cell.cell)) continue;
    Cell key = cell.cell;
    key.clear_target();
    const auto [entry, added] = index.try_emplace(CellText(key), levels.size());
    if (added) levels.emplace_back();
    levels[entry->second].push_back(&cell);
  }
  return levels;
}

absl::Status CheckBaseline(const CampaignRecord& campaign, const std::string& baseline) {
  std::vector<std::string> labels;
  for (const PlanTarget& target : campaign.plan().targets()) labels.push_back(target.label());
  if (labels.size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat(
        "campaign ", campaign.id(), " has one target, ", absl::StrJoin(labels, ", "),
        ": nothing can be compared within it; give a second campaign: `compare ID1 ID2`"));
  }
  if (std::count(labels.begin(), labels.end(), baseline) > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("--baseline=", baseline, ": campaign ", campaign.id(),
                   " has no such target; it has: ", absl::StrJoin(labels, ", ")));
}

// Judges the controls. If they differ, the gate voids every comparison.
void JudgeControls(const GateRules& rules, CampaignVerdict& verdict) {
  uint32_t differing = 0;
  bool any = false;
  // A control that was not compared has not passed.
  bool known = true;
  for (const Comparison& one : verdict.aa) {
    if (!one.primary) continue;
    any = true;
    known = known && one.ratio.has_value() && one.voided_by.empty();
    if (!one.voided_by.empty()) continue;
    const bool differs = one.ratio.has_value() && (one.ratio->verdict == Verdict::kFaster ||
                                                   one.ratio->verdict == Verdict::kSlower);
    differing += differs ? 1 : 0;
  }
  if (!any) return;
  const std::optional<double> value =
      known || differing > 0 ? std::optional<double>(differing) : std::nullopt;
  verdict.gates.push_back(ToResult(
      rules, rules.JudgeCampaign("aa_control", value, ComparisonVerdict::kWanted), "A/A control"));
  for (Comparison& one : verdict.comparisons) AppendVoid(verdict.gates, &one.voided_by);
}

// The end of an interval of a log ratio that is nearer to none, as a share; 0 if the interval contains none.
double CertainShare(const Estimate& log_ratio) {
  if (*log_ratio.low <= 0 && *log_ratio.high >= 0) return 0;
  return std::abs(std::expm1(*log_ratio.low > 0 ? *log_ratio.low : *log_ratio.high));
}

// How far the baseline's own figure certainly moved from the first to the last third of the blocks, at the level where it
// moved most.
std::optional<double> DriftOf(const CampaignResults& results, const std::string& baseline,
                              const Metric& metric) {
  constexpr size_t kThirds = 3;
  constexpr double kDriftConfidence = 0.95;
  std::optional<double> worst;
  for (const CellResult& cell : results.cells) {
    if (cell.cell.target() != baseline || IsSeparateExecution(results.campaign.plan(), cell.cell))
      continue;
    std::map<uint32_t, double> by_block;
    for (const ExecutionResult& one : cell.executions) {
      const std::optional<double> value = metric.of(one);
      if (value.has_value() && *value > 0) by_block[one.block] = std::log(*value);
    }
    std::vector<double> logs;
    for (const auto& [block, log] : by_block) logs.push_back(log);
    const size_t third = logs.size() / kThirds;
    if (third == 0) continue;
    const absl::Span<const double> all = logs;
    const Estimate shift = HodgesLehmannShift(all.first(third), all.last(third), kDriftConfidence);
    if (!shift.low.has_value()) continue;
    worst = std::max(worst.value_or(0), CertainShare(shift));
  }
  return worst;
}

// The end of the interval of the mean order effect that is nearer to none; 0 if the interval contains none.
std::optional<double> OrderBiasOf(const std::vector<double>& effects) {
  if (effects.empty()) return std::nullopt;
  const Estimate centre = HodgesLehmann(effects);
  if (!centre.low.has_value()) return std::nullopt;
  return CertainShare(centre);
}

// Judges how the campaign went over time. A figure that the campaign is too short for, or that its design does not have,
// is not judged.
void JudgeCourse(const GateRules& rules, const CampaignResults& results, const Metric& primary,
                 const std::vector<double>& order_effects, CampaignVerdict& verdict) {
  std::optional<double> dependence;
  for (const Comparison* const one : verdict.Primary()) {
    if (!one->ratio.has_value() || one->ratio->blocks < kSerialCorrelationMinValues) continue;
    dependence = std::max(dependence.value_or(one->dependence), one->dependence);
  }
  const std::pair<const char*, std::optional<double>> figures[] = {
      {"dependence", dependence},
      {"drift", DriftOf(results, verdict.baseline, primary)},
      {"order_bias", OrderBiasOf(order_effects)},
  };
  for (const auto& [gate, value] : figures) {
    if (!value.has_value()) continue;
    verdict.gates.push_back(
        JudgeCampaignFigure(rules, results.campaign.plan(), gate, value, "the comparison"));
  }
}

void AppendTargetLimits(const CampaignResults& results, const Metric& primary,
                        std::vector<std::string>* limits) {
  std::set<std::string> running;
  for (const CellResult& cell : results.cells) {
    if (!cell.fresh_starts) running.insert(cell.cell.target());
  }
  if (running.empty()) return;
  limits->push_back(absl::StrCat(
      absl::StrJoin(running, " and "), running.size() == 1 ? " was" : " were",
      " given by URL and not restarted between blocks, so the interval is about the running "
      "processes and not about other starts of them; the CPU time of such a server is not known, "
      "so the verdict rests on ",
      std::string(primary.name)));
}

// "1 of 7 blocks is left out".
std::string LeftOutText(uint64_t left_out, uint64_t all, std::string_view noun) {
  return absl::StrCat(left_out, " of ", CountText(all, noun),
                      left_out == 1 ? " is left out" : " are left out");
}

// Capacities that are lower bounds, and are therefore not compared.
void AppendCapacityLimits(const CampaignResults& results, std::vector<std::string>* limits) {
  for (const CapacityResult& capacity : results.capacity) {
    const auto count = std::count_if(
        capacity.blocks.begin(), capacity.blocks.end(), [](const BlockCapacity& block) {
          return block.ended && block.result.confirmed.has_value() && block.result.at_least();
        });
    if (count == 0) continue;
    limits->push_back(absl::StrCat(
        "the capacity of ", capacity.cell.target(), " for ", capacity.cell.workload(),
        " is not known in ", CountText(static_cast<uint64_t>(count), "block"),
        ", because the server was not the limit there, so these blocks are not compared"));
  }
  if (!results.capacity.empty()) {
    limits->emplace_back(
        "the other metrics of a search are those of each target at its own capacity, and so at "
        "different rates");
  }
}

void AppendComparisonLimits(const CampaignVerdict& verdict, std::vector<std::string>* limits) {
  std::set<std::string> dependent;
  for (const Comparison* const one : verdict.Primary()) {
    const std::string pair = absl::StrCat(one->candidate, " against ", one->baseline);
    if (one->dependence > kDependenceLimit && dependent.insert(pair).second) {
      limits->push_back(absl::StrFormat(
          "neighbouring blocks of %s are alike (z = %.1f, limit %.1f), so its intervals come from "
          "%d segments of time instead of single blocks",
          pair, one->dependence, kDependenceLimit, kDifferenceSegments));
    }
    const std::string where = absl::StrCat("at ", LevelText(one->cell), ", ", pair);
    const uint32_t compared = one->ratio.has_value() ? one->ratio->blocks : 0;
    const uint32_t all = compared + one->blocks_left_out;
    if (one->blocks_disturbed > 0 && compared > 0) {
      limits->push_back(absl::StrCat(where, ": ", LeftOutText(one->blocks_disturbed, all, "block"),
                                     ", because the host was disturbed there (",
                                     absl::StrJoin(one->disturbed_by, ", "), ")"));
    }
    const uint32_t missing =
        one->blocks_left_out - std::min(one->blocks_left_out, one->blocks_disturbed);
    if (missing > 0 && compared > 0) {
      limits->push_back(absl::StrCat(where, ": ", LeftOutText(missing, all, "block"),
                                     ", because one of the two was not measured there"));
    }
    if (one->blocks_by_slot.size() > 1) {
      limits->push_back(absl::StrCat(
          where, ": the slots do not have one length in all blocks (",
          absl::StrJoin(one->blocks_by_slot, ", ",
                        [](std::string* out, const auto& entry) {
                          absl::StrAppend(out, absl::FormatDuration(absl::Nanoseconds(entry.first)),
                                          " in ", entry.second);
                        }),
          "), so the blocks differ in how cold the caches are at the begin of a slot"));
    }
    if (one->slot_pairs_left_out > 0) {
      limits->push_back(
          absl::StrCat(where, ": ",
                       LeftOutText(one->slot_pairs_left_out,
                                   one->slot_pairs + one->slot_pairs_left_out, "slot pair"),
                       ", because a slot is missing or a request of it was still "
                       "without a response when the next slot began"));
    }
  }
}

// Root mean square over the primary comparisons that have the component.
std::optional<double> Pooled(const CampaignVerdict& verdict,
                             std::optional<double> VarianceComponents::*component) {
  double sum = 0;
  int count = 0;
  for (const Comparison* const one : verdict.Primary()) {
    const std::optional<double>& sd = one->spread.*component;
    if (!sd.has_value()) continue;
    sum += *sd * *sd;
    ++count;
  }
  return count == 0 ? std::nullopt : std::optional(std::sqrt(sum / count));
}

}  // namespace

bool Comparison::below_saturation() const {
  if (!metric->depends_on_saturation) return false;
  return baseline_busy.value_or(1) < kBusyShare || candidate_busy.value_or(1) < kBusyShare;
}

std::string Comparison::verdict() const {
  if (!voided_by.empty()) return "invalid";
  return std::string(ToString(ratio.has_value() ? ratio->verdict : Verdict::kInconclusive));
}

std::string Comparison::verdict_word() const {
  if (!voided_by.empty()) return "invalid";
  return std::string(
      VerdictWord(ratio.has_value() ? ratio->verdict : Verdict::kInconclusive, *metric));
}

bool CampaignVerdict::invalid() const {
  const auto void_gate = [](const GateResult& gate) {
    return gate.verdict() == GateResult::INVALID;
  };
  const auto is_void = [](const Comparison& one) { return !one.voided_by.empty(); };
  return std::any_of(gates.begin(), gates.end(), void_gate) ||
         std::any_of(comparisons.begin(), comparisons.end(), is_void) ||
         std::any_of(aa.begin(), aa.end(), is_void);
}

std::vector<const Comparison*> CampaignVerdict::Primary() const {
  std::vector<const Comparison*> primary;
  for (const Comparison& one : comparisons) {
    if (one.primary) primary.push_back(&one);
  }
  return primary;
}

bool WantsVerdict(const Plan& plan) {
  return plan.verdict() != Plan::NONE && plan.targets_size() >= 2;
}

absl::StatusOr<std::optional<CampaignVerdict>> TakeVerdict(Store& store, const GateRules& rules,
                                                           CampaignResults& results) {
  if (!WantsVerdict(results.campaign.plan())) return std::nullopt;
  absl::StatusOr<CampaignVerdict> verdict = CompareCampaign(store, rules, results);
  if (absl::IsInvalidArgument(verdict.status())) return std::nullopt;
  if (!verdict.ok()) return verdict.status();
  results.gates.insert(results.gates.end(), verdict->gates.begin(), verdict->gates.end());
  return *std::move(verdict);
}

absl::StatusOr<CampaignVerdict> CompareCampaign(Store& store, const GateRules& rules,
                                                const CampaignResults& results,
                                                const std::string& baseline) {
  ASSAY_RETURN_IF_ERROR(CheckComparable(results.campaign));
  const Plan& plan = results.campaign.plan();
  CampaignVerdict verdict;
  verdict.campaigns = {results.campaign.id()};
  verdict.baseline = baseline.empty() ? plan.baseline() : baseline;
  ASSAY_RETURN_IF_ERROR(CheckBaseline(results.campaign, verdict.baseline));
  ASSAY_ASSIGN_OR_RETURN(const Metric* const primary, PrimaryMetricOf(results.campaign));
  verdict.primary_metric = std::string(primary->name);
  const auto controls = ControlsOf(plan, verdict.baseline);
  Warnings warnings;
  warnings.Add(results.gates);
  AppendInvalidNames(results.gates, &verdict.invalid_campaign_gates);
  Comparer comparer(store, rules, results, verdict, primary);
  std::vector<Draft> drafts;
  std::vector<Draft> aa;
  for (const std::vector<const CellResult*>& level : LevelsOf(results)) {
    const auto cell_of = [&](const std::string& label) -> const CellResult* {
      const auto found = std::find_if(level.begin(), level.end(), [&](const CellResult* cell) {
        return cell->cell.target() == label;
      });
      return found == level.end() ? nullptr : *found;
    };
    for (const CellResult* const candidate : level) {
      warnings.Add(candidate->gates);
      const std::string& label = candidate->cell.target();
      const auto control = controls.find(label);
      const bool is_control = control != controls.end();
      const CellResult* const from = cell_of(is_control ? control->second : verdict.baseline);
      if (label == verdict.baseline || from == nullptr) continue;
      verdict.family += is_control ? 0 : 1;
      comparer.Add(*from, *candidate, is_control ? aa : drafts);
    }
    comparer.Forget();
  }
  for (const CellResult& cell : results.cells) {
    if (IsSeparateExecution(plan, cell.cell))
      AppendInvalidNames(cell.gates, &verdict.invalid_elsewhere);
  }
  verdict.comparisons = Concluded(std::move(drafts), verdict.family);
  verdict.aa = Concluded(std::move(aa), 1);
  for (std::vector<Comparison>* const all : {&verdict.comparisons, &verdict.aa}) {
    for (Comparison& one : *all) AppendVoid(results.gates, &one.voided_by);
  }
  JudgeControls(rules, verdict);
  JudgeCourse(rules, results, *primary, comparer.OrderEffects(), verdict);
  warnings.Add(verdict.gates);
  verdict.warnings = warnings.names();
  AppendTargetLimits(results, *primary, &verdict.limits);
  AppendLoadLimits(verdict, &verdict.limits);
  AppendCapacityLimits(results, &verdict.limits);
  AppendComparisonLimits(verdict, &verdict.limits);
  AppendLimitsOf(results, &verdict.limits);
  verdict.between_start_sd = Pooled(verdict, &VarianceComponents::between_start_sd);
  verdict.within_start_sd = Pooled(verdict, &VarianceComponents::within_start_sd);
  return verdict;
}

}  // namespace assay::controller
