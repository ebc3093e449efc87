#include "controller/plan/plan_rules.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "analysis/metrics.h"
#include "common/cpu_set.h"
#include "common/load_limits.h"
#include "common/message_text.h"
#include "common/utf8.h"
#include "controller/plan/capacity_search.h"
#include "controller/plan/cells.h"
#include "controller/plan/interleaving.h"
#include "controller/plan/load_levels.h"
#include "controller/plan/rule_faults.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/message_differencer.h"
#include "proto/text/field_hints.h"

namespace assay::controller {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kMaxName = 100;
constexpr uint32_t kMaxBlocks = 10'000;
constexpr uint64_t kMaxExecutions = 1'000'000;
constexpr uint64_t kMaxThresholdChecks = 1'000'000;
// Longer lists do not help the user.
constexpr size_t kMostNamesListed = 20;
constexpr size_t kMostFaultsListed = 100;

constexpr uint32_t kDefaultBlocks = 10;
constexpr double kDefaultWarmupSeconds = 0.5;
constexpr double kDefaultTimeoutSeconds = 5;
// Shorter slots are mostly settling and draining; longer ones no longer follow the machine's state.
constexpr double kShortestSlotSeconds = 0.02;
constexpr double kLongestSlotSeconds = 10;
constexpr uint32_t kDefaultFrequencyHz = 99;
// Three unsampled spans and the sampled spans between them.
constexpr double kShortestWithCost = 4;
constexpr uint32_t kDefaultOpenConnections = 64;

// Rejects text that a stored message cannot hold, and unknown enum values. The readers of text and JSON accept both.
void CheckRepresentable(const Message& message, const std::string& path, RuleFaults* faults) {
  const Reflection* reflection = message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const int size = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      std::string name = path.empty() ? field->name() : absl::StrCat(path, ".", field->name());
      if (field->is_repeated()) absl::StrAppend(&name, "[", i, "]");
      if (field->message_type() != nullptr) {
        CheckRepresentable(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                                : reflection->GetMessage(message, field),
                           name, faults);
      } else if (field->type() == FieldDescriptor::TYPE_STRING) {
        const std::string text = field->is_repeated()
                                     ? reflection->GetRepeatedString(message, field, i)
                                     : reflection->GetString(message, field);
        if (!IsUtf8(text)) faults->Add(name, "is not UTF-8 text");
      } else if (field->enum_type() != nullptr && !field->is_repeated() &&
                 field->enum_type()->FindValueByNumber(reflection->GetEnumValue(message, field)) ==
                     nullptr) {
        faults->Add(name, reflection->GetEnumValue(message, field), " is not one of ",
                    EnumNames(*field->enum_type()));
      }
    }
  }
}

// The known names of one kind, such as all targets of the plan.
class KnownNames {
 public:
  KnownNames(std::string kind, std::vector<std::string> names)
      : kind_(std::move(kind)), names_(std::move(names)), set_(names_.begin(), names_.end()) {}

  // Adds a fault unless `name` is one of the names.
  void Check(const std::string& name, const std::string& field, RuleFaults* faults) const {
    if (set_.contains(name)) return;
    // The search for the nearest name reads all names, so skip it for faults that are not listed.
    const std::string choices = faults->size() < kMostFaultsListed ? Choices(name) : "";
    faults->Add(field, "there is no ", kind_, " \"", name, "\"", choices);
  }
  bool are_unique() const { return set_.size() == names_.size(); }

 private:
  std::string Choices(const std::string& name) const {
    const std::string nearest = NearestName(name, names_);
    const auto listed =
        absl::MakeConstSpan(names_).first(std::min(names_.size(), kMostNamesListed));
    const std::string more = listed.size() < names_.size()
                                 ? absl::StrCat(" and ", names_.size() - listed.size(), " more")
                                 : "";
    const std::string all = absl::StrCat("here are: ", absl::StrJoin(listed, ", "), more);
    return nearest.empty() ? absl::StrCat("; t", all)
                           : absl::StrCat("; did you mean \"", nearest, "\"? T", all);
  }

  const std::string kind_;
  const std::vector<std::string> names_;
  const absl::flat_hash_set<std::string> set_;
};

KnownNames LabelsOf(const Plan& plan) {
  std::vector<std::string> labels;
  for (const PlanTarget& target : plan.targets()) labels.push_back(LabelOf(target));
  return {"target", std::move(labels)};
}

KnownNames WorkloadNamesOf(const Plan& plan) {
  std::vector<std::string> names;
  for (const Workload& workload : plan.workloads()) names.push_back(workload.name());
  return {"workload", std::move(names)};
}

bool AnyByUrl(const Plan& plan) {
  return std::any_of(plan.targets().begin(), plan.targets().end(),
                     [](const PlanTarget& target) { return !target.url().empty(); });
}

// Whether the plan is small enough for the other rules to check.
bool CheckSize(const Plan& plan, RuleFaults* faults) {
  if (plan.blocks() > kMaxBlocks) {
    faults->Add("blocks", plan.blocks(), " is more than ", kMaxBlocks);
    return false;
  }
  const uint64_t cells = uint64_t{1} * plan.targets_size() * plan.workloads_size() *
                         std::max<uint64_t>(1, LevelsOf(plan.load()).size());
  uint64_t executions = cells * (plan.blocks() == 0 ? kDefaultBlocks : plan.blocks());
  if (plan.load().has_find()) {
    const SearchRules rules;
    executions *= static_cast<uint64_t>(rules.most_probes + rules.most_confirmations);
  }
  if (executions <= kMaxExecutions) return true;
  faults->Add("blocks", "blocks, targets, workloads and levels make ", executions,
              " executions; at most ", kMaxExecutions);
  return false;
}

// Limits the number of cells on which all thresholds together are checked.
void CheckThresholdCount(const Plan& plan, RuleFaults* faults) {
  const uint64_t levels = std::max<uint64_t>(1, LevelsOf(plan.load()).size());
  uint64_t checks = 0;
  for (const Threshold& one : plan.thresholds()) {
    checks += levels * (one.target().empty() ? plan.targets_size() : 1) *
              (one.workload().empty() ? plan.workloads_size() : 1);
    if (checks <= kMaxThresholdChecks) continue;
    faults->Add("thresholds", "thresholds, targets, workloads and levels make more than ",
                kMaxThresholdChecks, " comparisons; name a target or a workload in each threshold");
    return;
  }
}

// CellText() is the key of results, so it must differ between all cells.
void CheckNamesTogether(const Plan& plan, RuleFaults* faults) {
  absl::flat_hash_set<std::string> seen;
  for (const PlanTarget& target : plan.targets()) {
    absl::flat_hash_set<std::string> own;
    for (const Workload& workload : plan.workloads()) {
      own.insert(absl::StrCat(LabelOf(target), " ", workload.name()));
    }
    for (const std::string& text : own) {
      if (seen.insert(text).second) continue;
      faults->Add("workloads", "\"", text,
                  "\" could be a cell of two targets; rename one target or workload");
    }
  }
}

void CheckCpus(const std::string& list, const std::string& field, RuleFaults* faults) {
  const absl::StatusOr<CpuSet> cpus = CpuSet::Parse(list);
  if (!cpus.ok()) faults->Add(field, std::string(cpus.status().message()));
}

// The names that thresholds, the baseline and the primary metric may use.
struct PlanNames {
  KnownNames labels;
  KnownNames workloads;
  KnownNames metrics;
};

void CheckRegression(const Threshold& threshold, const std::string& field, RuleFaults* faults) {
  if (threshold.has_max() || threshold.has_min()) {
    faults->Add(field, "has both regression_percent and a max or min; give them in two thresholds");
  }
  const double percent = threshold.regression_percent();
  if (!std::isfinite(percent) || percent < 0) {
    faults->Add(field + ".regression_percent", percent, " is not a number of at least 0");
  }
  const Metric* const metric = FindMetric(threshold.metric());
  if (metric != nullptr && metric->mean_over_executions) {
    faults->Add(field + ".metric", threshold.metric(),
                " is one figure of all executions and cannot be compared between campaigns; use "
                "another metric, such as p50_us");
  }
}

void CheckThreshold(const PlanNames& names, const Threshold& threshold, const std::string& field,
                    RuleFaults* faults) {
  names.metrics.Check(threshold.metric(), field + ".metric", faults);
  if (!threshold.target().empty()) {
    names.labels.Check(threshold.target(), field + ".target", faults);
  }
  if (!threshold.workload().empty()) {
    names.workloads.Check(threshold.workload(), field + ".workload", faults);
  }
  if (threshold.has_regression_percent()) {
    CheckRegression(threshold, field, faults);
  } else if (!threshold.has_max() && !threshold.has_min()) {
    faults->Add(field, "has neither max nor min; set at least one of them, or regression_percent");
  }
  const bool finite = std::isfinite(threshold.max()) && std::isfinite(threshold.min());
  if (!finite) faults->Add(field, "max and min must be finite numbers");
  if (finite && threshold.has_max() && threshold.has_min() && threshold.max() < threshold.min()) {
    faults->Add(field, "max ", threshold.max(), " is below min ", threshold.min());
  }
}

bool CanMeasureCost(const Profile& profile) {
  return profile.has_separate_execution() &&
         profile.separate_execution().seconds() >= kShortestWithCost;
}

void CheckProfile(const Plan& plan, RuleFaults* faults) {
  const Profile& profile = plan.profile();
  if (profile.frequency_hz() > kMostProfileHz) {
    faults->Add("profile.frequency_hz", profile.frequency_hz(), " is more than ", kMostProfileHz);
  }
  if (profile.has_separate_execution()) {
    CheckPause(profile.separate_execution(), "profile.separate_execution", kShortestSeconds,
               faults);
  }
  if (profile.measure_cost() && !CanMeasureCost(profile)) {
    faults->Add("profile.measure_cost", "needs a separate_execution of ", kShortestWithCost,
                " s or more, because it leaves a quarter of that time unsampled");
  }
  const bool all_by_url =
      std::all_of(plan.targets().begin(), plan.targets().end(),
                  [](const PlanTarget& target) { return !target.url().empty(); });
  if (!plan.targets().empty() && all_by_url) {
    faults->Add("profile",
                "needs a target that an agent starts: agents cannot profile a server given by URL; "
                "give a target by name, or remove the profile");
  }
}

void CheckDesign(const Plan& plan, RuleFaults* faults) {
  const std::optional<std::string> why_not = WhyNotInterleaved(plan);
  if (plan.design() == Plan::INTERLEAVED && why_not.has_value()) {
    faults->Add("design", "the targets cannot be interleaved: ", *why_not,
                ". Remove the design, or set it to SEQUENTIAL");
  }
  if (!plan.has_interleave()) return;
  const Interleave& interleave = plan.interleave();
  if (plan.design() == Plan::SEQUENTIAL) {
    faults->Add("interleave", "has no effect with design: SEQUENTIAL; remove one of the two");
  } else if (plan.design() == Plan::DESIGN_UNSPECIFIED && why_not.has_value()) {
    faults->Add("interleave", "has no effect: ", *why_not);
  } else if (plan.design() == Plan::DESIGN_UNSPECIFIED && plan.verdict() == Plan::NONE) {
    faults->Add("interleave",
                "has no effect with verdict: NONE; add design: INTERLEAVED, or remove it");
  }
  const double slot = interleave.slot().seconds();
  if (interleave.has_slot() && !(slot >= kShortestSlotSeconds && slot <= kLongestSlotSeconds)) {
    faults->Add("interleave.slot.seconds", slot, " is out of range: at least ",
                kShortestSlotSeconds, ", and at most ", kLongestSlotSeconds);
  }
  const double seconds = interleave.seconds();
  if (seconds != 0 && !(seconds >= kShortestSlotSeconds && seconds <= kLongestSeconds)) {
    faults->Add("interleave.seconds", seconds, " is out of range: at least ", kShortestSlotSeconds,
                ", and at most a day (", kLongestSeconds, ")");
  }
}

// Checks the slots of each workload and level by the rules of the agents. REQUIRES: the plan has no other fault.
void CheckSlotCounts(const Plan& given, RuleFaults* faults) {
  const Plan plan = WithDefaults(given);
  if (plan.design() != Plan::INTERLEAVED) return;
  for (const Cell& cell : CellsOf(plan)) {
    if (cell.target() != plan.targets(0).label() || !IsInterleaved(plan, cell)) continue;
    // A target that an agent does not have is skipped, and the others take turns without it.
    for (int targets = 2; targets <= plan.targets_size(); ++targets) {
      const auto count = static_cast<uint32_t>(targets);
      const absl::Status status =
          CheckSlotLengths(SlotLengthsOf(plan, cell, count, /*stretch=*/1), count);
      if (status.ok()) continue;
      faults->Add(plan.has_interleave() ? "interleave" : "load", "the slots of one start of ",
                  cell.workload(), " at ", LevelText(cell), " with ", targets,
                  " targets: ", std::string(status.message()),
                  "; set a longer interleave.slot, a shorter duration, or a shorter warmup");
      return;
    }
  }
}

void CheckVerdict(const Plan& plan, const PlanNames& names, RuleFaults* faults) {
  if (plan.has_profile()) CheckProfile(plan, faults);
  CheckCpus(plan.placement().server_cpus(), "placement.server_cpus", faults);
  CheckCpus(plan.placement().load_cpus(), "placement.load_cpus", faults);
  const absl::StatusOr<CpuSet> load_cpus = CpuSet::Parse(plan.placement().load_cpus());
  if (load_cpus.ok() && load_cpus->Count() > static_cast<int>(kMostThreads)) {
    faults->Add("placement.load_cpus", "has ", load_cpus->Count(),
                " CPUs; a load agent has one thread on each CPU, and at most ", kMostThreads,
                " threads");
  }
  CheckThresholdCount(plan, faults);
  for (int i = 0; i < plan.thresholds_size(); ++i) {
    CheckThreshold(names, plan.thresholds(i), absl::StrCat("thresholds[", i, "]"), faults);
  }
  if (!plan.primary_metric().empty()) {
    names.metrics.Check(plan.primary_metric(), "primary_metric", faults);
    const Metric* metric = FindMetric(plan.primary_metric());
    if (metric != nullptr && metric->of_server_process && AnyByUrl(plan)) {
      faults->Add("primary_metric", plan.primary_metric(),
                  " cannot be measured for a server given by URL, because no agent starts it; use "
                  "another metric, such as p50_us");
    }
  }
  if (!plan.baseline().empty()) {
    names.labels.Check(plan.baseline(), "baseline", faults);
  }
}

const char* DefaultMethodOf(const Workload& workload) {
  return workload.has_body() ? "POST" : "GET";
}

// The "FILE:LINE:COLUMN" of a field, else that of the nearest enclosing field in the text, else the file.
std::string OriginOf(const LoadedPlan& loaded, std::string field) {
  while (!field.empty()) {
    const auto found = loaded.origins.find(field);
    if (found != loaded.origins.end()) return found->second;
    const size_t cut = field.find_last_of(".[");
    field = cut == std::string::npos ? "" : field.substr(0, cut);
  }
  return loaded.name;
}

// OK if there is no fault, else kInvalidArgument with one line for each fault. `where` returns the prefix of a line.
template <typename Where>
absl::Status StatusOf(const std::vector<PlanFault>& faults, const Where& where) {
  if (faults.empty()) return absl::OkStatus();
  std::vector<std::string> lines;
  const size_t listed = std::min(faults.size(), kMostFaultsListed);
  for (size_t i = 0; i < listed; ++i) {
    lines.push_back(absl::StrCat(where(faults[i]), faults[i].field, ": ", faults[i].what));
  }
  if (listed < faults.size()) {
    lines.push_back(absl::StrCat("and ", faults.size() - listed, " more faults"));
  }
  return StatusOfLines(absl::StatusCode::kInvalidArgument, lines);
}

}  // namespace

void CheckPause(const Pause& pause, const std::string& field, double shortest, RuleFaults* faults) {
  const double seconds = pause.seconds();
  if (seconds >= shortest && seconds <= kLongestSeconds) return;
  faults->Add(field + ".seconds", seconds, " is out of range: at least ", shortest,
              ", and at most a day (", kLongestSeconds, ")");
}

void CheckName(const std::string& name, const std::string& field, RuleFaults* faults) {
  if (name.empty()) {
    faults->Add(field, "is empty; it is required");
  } else if (name.size() > kMaxName) {
    faults->Add(field, "is ", name.size(), " bytes long; at most ", kMaxName);
  } else if (std::any_of(name.begin(), name.end(),
                         [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; })) {
    faults->Add(field, "has a control character; remove it");
  }
}

std::vector<PlanFault> FaultsOf(const Plan& plan) {
  RuleFaults faults;
  CheckRepresentable(plan, "", &faults);
  CheckName(plan.name(), "name", &faults);
  CheckTargets(plan, &faults);
  CheckWorkloads(plan, &faults);
  CheckLoad(plan, &faults);
  const PlanNames names = {LabelsOf(plan), WorkloadNamesOf(plan), {"metric", MetricNames()}};
  if (CheckSize(plan, &faults) && names.labels.are_unique()) CheckNamesTogether(plan, &faults);
  if (plan.has_pause()) CheckPause(plan.pause(), "pause", 0, &faults);
  CheckVerdict(plan, names, &faults);
  CheckDesign(plan, &faults);
  if (faults.size() == 0) CheckSlotCounts(plan, &faults);
  return faults.Take();
}

absl::Status Validate(const Plan& plan) {
  return StatusOf(FaultsOf(plan), [](const PlanFault&) { return std::string(); });
}

absl::Status Validate(const LoadedPlan& loaded) {
  return StatusOf(FaultsOf(loaded.plan), [&](const PlanFault& fault) {
    return absl::StrCat(OriginOf(loaded, fault.field), ": ");
  });
}

Plan WithDefaults(Plan plan) {
  for (PlanTarget& target : *plan.mutable_targets()) target.set_label(LabelOf(target));
  for (Workload& workload : *plan.mutable_workloads()) {
    if (workload.method().empty()) workload.set_method(DefaultMethodOf(workload));
    if (workload.path().empty()) workload.set_path("/");
    if (!workload.has_think()) workload.mutable_think()->set_seconds(0);
    if (workload.pipeline() == 0) workload.set_pipeline(1);
    if (workload.has_expect() && workload.expect().status() == 0) {
      workload.mutable_expect()->set_status(200);
    }
  }
  Load* load = plan.mutable_load();
  if (!load->has_warmup()) {
    const bool counted = BoundOf(*load).requests > 0;
    load->mutable_warmup()->set_seconds(counted ? 0 : kDefaultWarmupSeconds);
  }
  if (load->has_open()) {
    OpenLoop& open = *load->mutable_open();
    if (open.connections() == 0) open.set_connections(kDefaultOpenConnections);
    if (open.arrivals() == OpenLoop::ARRIVALS_UNSPECIFIED) open.set_arrivals(OpenLoop::CONSTANT);
  } else if (load->has_curve()) {
    LoadCurve& curve = *load->mutable_curve();
    if (curve.connections() == 0) curve.set_connections(kDefaultOpenConnections);
    if (curve.arrivals() == OpenLoop::ARRIVALS_UNSPECIFIED) curve.set_arrivals(OpenLoop::CONSTANT);
  } else if (load->has_find() && load->find().connections() == 0) {
    load->mutable_find()->set_connections(kDefaultOpenConnections);
  }
  if (!load->has_timeout()) load->mutable_timeout()->set_seconds(kDefaultTimeoutSeconds);
  if (plan.blocks() == 0) plan.set_blocks(kDefaultBlocks);
  if (!plan.has_pause()) plan.mutable_pause()->set_seconds(0);
  if (plan.seed() == 0) plan.set_seed(1);
  if (plan.verdict() == Plan::VERDICT_UNSPECIFIED) plan.set_verdict(Plan::COMPARE);
  if (plan.has_profile() && plan.profile().frequency_hz() == 0) {
    plan.mutable_profile()->set_frequency_hz(kDefaultFrequencyHz);
  }
  if (plan.has_profile() && !plan.profile().has_measure_cost()) {
    plan.mutable_profile()->set_measure_cost(CanMeasureCost(plan.profile()));
  }
  if (plan.primary_metric().empty()) {
    plan.set_primary_metric(load->has_find()      ? std::string(kCapacityMetric)
                            : !load->has_closed() ? "p99_us"
                            : AnyByUrl(plan)      ? "p50_us"
                                                  : "server_cpu_us_per_request");
  }
  if (plan.design() == Plan::DESIGN_UNSPECIFIED) {
    const bool wanted = plan.verdict() == Plan::COMPARE && !WhyNotInterleaved(plan).has_value();
    plan.set_design(wanted ? Plan::INTERLEAVED : Plan::SEQUENTIAL);
  }
  if (plan.on_failure() == Plan::ON_FAILURE_UNSPECIFIED) plan.set_on_failure(Plan::CONTINUE);
  if (plan.baseline().empty() && !plan.targets().empty()) {
    plan.set_baseline(plan.targets(0).label());
  }
  return plan;
}

Plan WithoutDerivedDefaults(Plan plan) {
  const Plan full = WithDefaults(plan);
  const auto drop = [&](const auto& clear) {
    Plan without = plan;
    clear(without);
    if (google::protobuf::util::MessageDifferencer::Equals(WithDefaults(without), full)) {
      plan = std::move(without);
    }
  };
  drop([](Plan& without) { without.clear_baseline(); });
  drop([](Plan& without) { without.clear_primary_metric(); });
  drop([](Plan& without) { without.clear_design(); });
  drop([](Plan& without) { without.mutable_load()->clear_warmup(); });
  drop([](Plan& without) { without.mutable_profile()->clear_measure_cost(); });
  // There may be many targets and workloads. These defaults depend on their own entry only, so no comparison of whole
  // plans is needed.
  for (PlanTarget& target : *plan.mutable_targets()) {
    if (target.label() == DefaultLabelOf(target)) target.clear_label();
  }
  for (Workload& workload : *plan.mutable_workloads()) {
    if (workload.method() == DefaultMethodOf(workload)) workload.clear_method();
  }
  return plan;
}

}  // namespace assay::controller
