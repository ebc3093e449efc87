#include "controller/plan/plan_rules.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/cpu_set.h"
#include "common/message_text.h"
#include "common/utf8.h"
#include "controller/plan/load_levels.h"
#include "controller/plan/metric.h"
#include "controller/plan/plan_support.h"
#include "controller/plan/rule_faults.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/message_differencer.h"
#include "proto/text/field_hints.h"

namespace assay {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr double kMaxSeconds = 7 * 24 * 3600;
constexpr size_t kMaxName = 100;
constexpr uint32_t kMaxBlocks = 10'000;
constexpr uint64_t kMaxExecutions = 1'000'000;

constexpr uint32_t kDefaultBlocks = 10;
constexpr double kDefaultWarmupSeconds = 0.5;
constexpr double kDefaultTimeoutSeconds = 5;
constexpr uint32_t kDefaultFrequencyHz = 99;
// Three rests and the sampled time between them.
constexpr double kShortestWithCost = 4;
constexpr uint32_t kDefaultOpenConnections = 64;

// Text that a stored message cannot carry, and values that no enum has: what a reader of text or
// JSON lets through.
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
        faults->Add(name, reflection->GetEnumValue(message, field), " is none of ",
                    EnumNames(*field->enum_type()));
      }
    }
  }
}

std::string Choices(const std::string& word, const std::vector<std::string>& there) {
  const std::string nearest = NearestName(word, there);
  const std::string all = absl::StrCat("here are: ", absl::StrJoin(there, ", "));
  return nearest.empty() ? "t" + all : absl::StrCat("did you mean \"", nearest, "\"? T", all);
}

void CheckOneOf(const std::string& word, const std::vector<std::string>& there,
                const std::string& field, std::string_view kind, RuleFaults* faults) {
  if (std::find(there.begin(), there.end(), word) != there.end()) return;
  faults->Add(field, "there is no ", std::string(kind), " \"", word, "\"; ", Choices(word, there));
}

std::vector<std::string> Labels(const Plan& plan) {
  std::vector<std::string> labels;
  for (const PlanTarget& target : plan.targets()) labels.push_back(LabelOf(target));
  return labels;
}

bool LabelsDiffer(const Plan& plan) {
  const std::vector<std::string> labels = Labels(plan);
  return std::set<std::string>(labels.begin(), labels.end()).size() == labels.size();
}

bool AnyByUrl(const Plan& plan) {
  return std::any_of(plan.targets().begin(), plan.targets().end(),
                     [](const PlanTarget& target) { return !target.url().empty(); });
}

// Whether the plan is of a size that the other rules can go through.
bool CheckSize(const Plan& plan, RuleFaults* faults) {
  if (plan.blocks() > kMaxBlocks) {
    faults->Add("blocks", plan.blocks(), " is more than ", kMaxBlocks);
    return false;
  }
  const uint64_t cells = uint64_t{1} * plan.targets_size() * plan.workloads_size() *
                         std::max<uint64_t>(1, LevelsOf(plan.load()).size());
  const uint64_t executions = cells * (plan.blocks() == 0 ? kDefaultBlocks : plan.blocks());
  if (executions <= kMaxExecutions) return true;
  faults->Add("blocks", "blocks, targets, workloads and levels make ", executions,
              " executions; at most ", kMaxExecutions);
  return false;
}

// Results are kept by what CellText() says: it must tell all cells apart.
void CheckNamesTogether(const Plan& plan, RuleFaults* faults) {
  std::set<std::string> seen;
  for (const PlanTarget& target : plan.targets()) {
    std::set<std::string> own;
    for (const Workload& workload : plan.workloads()) {
      own.insert(absl::StrCat(LabelOf(target), " ", workload.name()));
    }
    for (const std::string& text : own) {
      if (seen.insert(text).second) continue;
      faults->Add("workloads", "\"", text, "\" could be two targets' cell; rename one of them");
    }
  }
}

void CheckCpus(const std::string& list, const std::string& field, RuleFaults* faults) {
  const absl::StatusOr<CpuSet> cpus = CpuSet::Parse(list);
  if (!cpus.ok()) faults->Add(field, std::string(cpus.status().message()));
}

void CheckThreshold(const Plan& plan, const Threshold& threshold, const std::string& field,
                    RuleFaults* faults) {
  CheckOneOf(threshold.metric(), MetricNames(), field + ".metric", "metric", faults);
  if (!threshold.target().empty()) {
    CheckOneOf(threshold.target(), Labels(plan), field + ".target", "target", faults);
  }
  if (!threshold.workload().empty()) {
    std::vector<std::string> names;
    for (const Workload& workload : plan.workloads()) names.push_back(workload.name());
    CheckOneOf(threshold.workload(), names, field + ".workload", "workload", faults);
  }
  if (!threshold.has_max() && !threshold.has_min()) {
    faults->Add(field, "has neither max nor min, so nothing could miss it");
  }
  const bool finite = std::isfinite(threshold.max()) && std::isfinite(threshold.min());
  if (!finite) faults->Add(field, "max and min are finite numbers");
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
  if (profile.frequency_hz() > kMaxProfileHz) {
    faults->Add("profile.frequency_hz", profile.frequency_hz(), " is more than ", kMaxProfileHz);
  }
  if (profile.has_separate_execution()) {
    CheckPause(profile.separate_execution(), "profile.separate_execution", true, faults);
  }
  if (profile.measure_cost() && !CanMeasureCost(profile)) {
    faults->Add("profile.measure_cost", "needs a separate_execution of ", kShortestWithCost,
                " s or more, a quarter of which is left unsampled");
  }
  const bool all_by_url =
      std::all_of(plan.targets().begin(), plan.targets().end(),
                  [](const PlanTarget& target) { return !target.url().empty(); });
  if (!plan.targets().empty() && all_by_url) {
    faults->Add("profile",
                "needs a target that an agent starts: a server given by URL cannot be profiled");
  }
}

void CheckVerdict(const Plan& plan, RuleFaults* faults) {
  if (plan.has_profile()) CheckProfile(plan, faults);
  CheckCpus(plan.placement().server_cpus(), "placement.server_cpus", faults);
  CheckCpus(plan.placement().load_cpus(), "placement.load_cpus", faults);
  for (int i = 0; i < plan.thresholds_size(); ++i) {
    CheckThreshold(plan, plan.thresholds(i), absl::StrCat("thresholds[", i, "]"), faults);
  }
  if (!plan.primary_metric().empty()) {
    CheckOneOf(plan.primary_metric(), MetricNames(), "primary_metric", "metric", faults);
    const Metric* metric = FindMetric(plan.primary_metric());
    if (metric != nullptr && metric->of_server_process && AnyByUrl(plan)) {
      faults->Add("primary_metric", plan.primary_metric(),
                  " is not known of a server given by URL, which no agent starts");
    }
  }
  if (!plan.baseline().empty()) {
    CheckOneOf(plan.baseline(), Labels(plan), "baseline", "target", faults);
  }
}

// "FILE:LINE:COLUMN" of a field, or of what holds it; the file when nothing of it is in the text.
std::string OriginOf(const LoadedPlan& loaded, std::string field) {
  while (!field.empty()) {
    const auto found = loaded.origins.find(field);
    if (found != loaded.origins.end()) return found->second;
    const size_t cut = field.find_last_of(".[");
    field = cut == std::string::npos ? "" : field.substr(0, cut);
  }
  return loaded.name;
}

}  // namespace

void CheckPause(const Pause& pause, const std::string& field, bool positive, RuleFaults* faults) {
  const double seconds = pause.seconds();
  if (std::isfinite(seconds) && seconds >= 0 && seconds <= kMaxSeconds &&
      (!positive || seconds > 0)) {
    return;
  }
  faults->Add(field + ".seconds", seconds,
              " is no length of time here: ", positive ? "more than 0" : "0 or more",
              ", and at most a week (", kMaxSeconds, ")");
}

void CheckName(const std::string& name, const std::string& field, RuleFaults* faults) {
  if (name.empty()) {
    faults->Add(field, "is empty; it is required");
  } else if (name.size() > kMaxName) {
    faults->Add(field, "is ", name.size(), " bytes long; at most ", kMaxName);
  } else if (std::any_of(name.begin(), name.end(),
                         [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; })) {
    faults->Add(field, "has a control character");
  }
}

std::vector<PlanFault> FaultsOf(const Plan& plan) {
  RuleFaults faults;
  CheckRepresentable(plan, "", &faults);
  CheckName(plan.name(), "name", &faults);
  CheckTargets(plan, &faults);
  CheckWorkloads(plan, &faults);
  CheckLoad(plan, &faults);
  if (CheckSize(plan, &faults) && LabelsDiffer(plan)) CheckNamesTogether(plan, &faults);
  if (plan.has_pause()) CheckPause(plan.pause(), "pause", false, &faults);
  CheckVerdict(plan, &faults);
  return faults.Take();
}

absl::Status Validate(const Plan& plan) {
  std::vector<std::string> lines;
  for (const PlanFault& fault : FaultsOf(plan)) {
    lines.push_back(absl::StrCat(fault.field, ": ", fault.what));
  }
  if (lines.empty()) return absl::OkStatus();
  return StatusOfLines(absl::StatusCode::kInvalidArgument, lines);
}

absl::Status Validate(const LoadedPlan& loaded) {
  std::vector<std::string> lines;
  for (const PlanFault& fault : FaultsOf(loaded.plan)) {
    lines.push_back(
        absl::StrCat(OriginOf(loaded, fault.field), ": ", fault.field, ": ", fault.what));
  }
  if (lines.empty()) return absl::OkStatus();
  return StatusOfLines(absl::StatusCode::kInvalidArgument, lines);
}

Plan WithDefaults(Plan plan) {
  for (PlanTarget& target : *plan.mutable_targets()) target.set_label(LabelOf(target));
  for (Workload& workload : *plan.mutable_workloads()) {
    if (workload.method().empty()) workload.set_method(workload.has_body() ? "POST" : "GET");
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
    plan.set_primary_metric(!load->has_closed() ? "p99_us"
                            : AnyByUrl(plan)    ? "p50_us"
                                                : "server_cpu_us_per_request");
  }
  if (plan.on_failure() == Plan::ON_FAILURE_UNSPECIFIED) plan.set_on_failure(Plan::CONTINUE);
  if (plan.baseline().empty() && !plan.targets().empty()) {
    plan.set_baseline(plan.targets(0).label());
  }
  return plan;
}

Plan WithoutWhatFollows(Plan plan) {
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
  drop([](Plan& without) { without.mutable_load()->clear_warmup(); });
  drop([](Plan& without) { without.mutable_profile()->clear_measure_cost(); });
  for (int i = 0; i < plan.targets_size(); ++i) {
    drop([i](Plan& without) { without.mutable_targets(i)->clear_label(); });
  }
  for (int i = 0; i < plan.workloads_size(); ++i) {
    drop([i](Plan& without) { without.mutable_workloads(i)->clear_method(); });
  }
  return plan;
}

}  // namespace assay
