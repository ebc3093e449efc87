#include "controller/results/profile_results.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/number_text.h"
#include "common/status_macros.h"
#include "controller/plan/cells.h"
#include "proto/convert/execution_figures.h"
#include "proto/convert/profile_spans.h"
#include "proto/convert/stack_profile_proto.h"

namespace assay::controller {
namespace {

const ProfileInfo& InfoOf(const ExecutionRecord& execution) {
  return execution.has_imported_profile() ? execution.imported_profile()
                                          : execution.server().profile();
}

// A note without its numbers: "and 12 of its addresses have no name". Numbers in paths are kept.
std::string WithoutCounts(const std::string& note) {
  std::string text;
  for (const absl::string_view word : absl::StrSplit(note, ' ')) {
    const bool count = !word.empty() && std::all_of(word.begin(), word.end(), absl::ascii_isdigit);
    absl::StrAppend(&text, count ? "#" : word, " ");
  }
  return text;
}

// As judged by the gate same_host of the execution.
bool SharesHost(const ExecutionRecord& execution) {
  return std::any_of(execution.gates().begin(), execution.gates().end(),
                     [](const GateResult& gate) {
                       return gate.name() == "same_host" && gate.has_value() && gate.value() > 0;
                     });
}

absl::StatusOr<ProfiledRun> RunOf(const ExecutionRecord& execution,
                                  const std::vector<ProfileChunk>& chunks) {
  ProfiledRun run;
  run.execution_id = execution.id();
  run.block = execution.block();
  run.started_us = execution.started_us();
  run.info = InfoOf(execution);
  run.server_cpu_us_per_request = FiguresOf(execution).server_cpu_us_per_request;
  absl::StatusOr<StackProfile> stacks = FromProto(chunks);
  if (!stacks.ok()) {
    return absl::DataLossError(absl::StrCat("the profile of execution ", execution.id(),
                                            " cannot be read: ", stacks.status().message()));
  }
  run.stacks = *std::move(stacks);
  run.tree.Add(run.stacks, StackTime::kOnCpu);
  return run;
}

FunctionTree TreeBy(const FunctionTree& tree, CompareBy by, const CategoryRules& rules) {
  switch (by) {
    case CompareBy::kCategories:
      return CategoryTree(tree, rules);
    case CompareBy::kSystemCalls:
      return SystemCallTree(tree, rules);
    case CompareBy::kOwnFunctions:
      return tree.WithoutKernel();
    case CompareBy::kStacks:
      break;
  }
  return tree;
}

// Also handles plans that were stored without default values.
std::string BaselineOf(const Plan& plan) {
  if (!plan.baseline().empty() || plan.targets().empty()) return plan.baseline();
  return plan.targets(0).label();
}

}  // namespace

std::string CellProfiles::Refusal() const {
  return absl::StrCat(refused, remedy.empty() ? "" : "; ", remedy);
}

std::string CellProfiles::Missing() const {
  if (!refused.empty()) return Refusal();
  return unreadable.empty() ? std::string() : unreadable.front();
}

bool CellProfiles::has_kernel() const {
  return std::all_of(runs.begin(), runs.end(),
                     [](const ProfiledRun& run) { return run.info.kernel_frames(); });
}

const FunctionTree& CellProfiles::Tree(StackTime time) const {
  std::optional<FunctionTree>& sum = trees.sums[static_cast<size_t>(time)];
  if (sum.has_value()) return *sum;
  sum.emplace();
  for (const ProfiledRun& run : runs) {
    if (time == StackTime::kOnCpu) {
      sum->Add(run.tree);
    } else {
      sum->Add(run.stacks, time);
    }
  }
  return *sum;
}

std::vector<ProfileRun> CellProfiles::RunsBy(CompareBy by, const CategoryRules& rules) const {
  if (trees.rules != rules) {
    trees.runs.clear();
    trees.rules = rules;
  }
  std::vector<FunctionTree>& kept = trees.runs[by];
  if (by != CompareBy::kStacks && kept.empty()) {
    for (const ProfiledRun& run : runs) kept.push_back(TreeBy(run.tree, by, rules));
  }
  std::vector<ProfileRun> compared;
  for (size_t i = 0; i < runs.size(); ++i) {
    compared.push_back({.tree = by == CompareBy::kStacks ? &runs[i].tree : &kept[i],
                        .requests = runs[i].info.requests(),
                        .event = runs[i].info.event()});
  }
  return compared;
}

uint64_t CellProfiles::requests() const {
  uint64_t sum = 0;
  for (const ProfiledRun& run : runs) sum += run.info.requests();
  return sum;
}

uint64_t CellProfiles::samples() const {
  uint64_t sum = 0;
  for (const ProfiledRun& run : runs) sum += run.info.samples();
  return sum;
}

absl::flat_hash_map<std::string, uint64_t> CellProfiles::SystemCalls() const {
  absl::flat_hash_map<std::string, uint64_t> calls;
  for (const ProfiledRun& run : runs) {
    for (const auto& [name, count] : run.info.syscalls()) calls[name] += count;
  }
  return calls;
}

std::optional<Estimate> CellProfiles::Cost() const {
  std::vector<const ProfileInfo*> infos;
  for (const ProfiledRun& run : runs) infos.push_back(&run.info);
  return SamplingCostOver(infos);
}

std::string CellProfiles::HowTaken() const {
  if (runs.empty()) return refused;
  const ProfileInfo& first = runs.front().info;
  uint64_t whole = 0;
  uint64_t lost = 0;
  uint64_t throttled = 0;
  for (const ProfiledRun& run : runs) {
    whole += run.info.whole();
    lost += run.info.lost();
    throttled += run.info.throttled();
  }
  std::string text = absl::StrFormat(
      "%s at %d Hz, %s of %.3g s, %s, %d lost, throttled %s", first.event(), first.frequency_hz(),
      CountText(runs.size(), "run"), static_cast<double>(first.end_ns() - first.start_ns()) / 1e9,
      CountText(samples(), "sample"), lost, CountText(throttled, "time"));
  if (samples() > 0) {
    absl::StrAppendFormat(&text, ", %.1f %% of the stacks whole",
                          100 * static_cast<double>(whole) / static_cast<double>(samples()));
  }
  if (const std::optional<Estimate> cost = Cost(); cost.has_value()) {
    absl::StrAppendFormat(&text, ", cost %.2f %% of the server's work", 100 * cost->estimate);
    if (cost->low.has_value() && cost->high.has_value())
      absl::StrAppendFormat(&text, " [%.2f, %.2f]", 100 * *cost->low, 100 * *cost->high);
  }
  if (!has_kernel()) {
    absl::StrAppend(&text,
                    ", without the kernel: shares and microseconds are of CPU time in user space, "
                    "not of all CPU time");
  }
  return text;
}

std::vector<std::string> CellProfiles::Notes() const {
  std::vector<std::string> notes;
  absl::flat_hash_set<std::string> known;
  for (const ProfiledRun& run : runs) {
    for (const std::string& note : run.info.notes()) {
      if (known.insert(WithoutCounts(note)).second) notes.push_back(note);
    }
  }
  return notes;
}

absl::StatusOr<std::vector<CellProfiles>> ReadProfiles(Store& store, const CampaignRecord& campaign,
                                                       std::vector<absl::Status>* damaged) {
  std::vector<CellProfiles> cells;
  std::map<std::string, size_t> place;
  for (Cell& cell : CellsOf(campaign.plan())) {
    place[CellText(cell)] = cells.size();
    cells.push_back({.cell = std::move(cell),
                     .baseline = BaselineOf(campaign.plan()),
                     .campaign_id = campaign.id()});
  }
  ASSAY_RETURN_IF_ERROR(store.ForEachExecution(
      campaign.id(),
      [&](const ExecutionRecord& execution) -> absl::Status {
        const auto found = place.find(CellText(execution.cell()));
        const bool has_profile =
            execution.has_imported_profile() || execution.server().has_profile();
        if (found == place.end() || !has_profile ||
            execution.status() != ExecutionRecord::MEASURED) {
          return absl::OkStatus();
        }
        CellProfiles& cell = cells[found->second];
        const ProfileInfo& info = InfoOf(execution);
        if (!info.refused().empty()) {
          cell.refused = info.refused();
          cell.remedy = info.remedy();
          return absl::OkStatus();
        }
        if (campaign.plan().profile().count_syscalls() && !info.syscalls_refused().empty())
          cell.calls_refused = info.syscalls_refused();
        const absl::StatusOr<std::vector<ProfileChunk>> chunks = store.ReadProfile(execution.id());
        if (absl::IsDataLoss(chunks.status())) {
          cell.unreadable.emplace_back(chunks.status().message());
          if (damaged != nullptr) damaged->push_back(chunks.status());
          return absl::OkStatus();
        }
        ASSAY_RETURN_IF_ERROR(chunks.status());
        absl::StatusOr<ProfiledRun> run = RunOf(execution, *chunks);
        // The store returns the stored bytes, but they are not a profile.
        if (absl::IsDataLoss(run.status())) {
          cell.unreadable.emplace_back(run.status().message());
          return absl::OkStatus();
        }
        ASSAY_RETURN_IF_ERROR(run.status());
        cell.same_host = cell.same_host || SharesHost(execution);
        cell.runs.push_back(*std::move(run));
        return absl::OkStatus();
      },
      damaged));
  std::erase_if(cells, [](const CellProfiles& cell) {
    return cell.runs.empty() && cell.Missing().empty() && !cell.cell.profiled();
  });
  return cells;
}

std::optional<LoopbackDelivery> LoopbackDeliveryOf(const CellProfiles& cell,
                                                   const CategoryRules& rules) {
  const bool named = std::all_of(cell.runs.begin(), cell.runs.end(), [](const ProfiledRun& run) {
    return run.info.kernel_frames() && run.info.kernel_names();
  });
  if (!cell.same_host || cell.runs.empty() || !named) return std::nullopt;
  LoopbackDelivery found;
  double sum_us = 0;
  for (const CategoryCost& one : CategoryCosts(cell.Tree(), rules, cell.requests())) {
    sum_us += one.cost.us_per_request.value_or(0);
    if (one.category == Category::kLoopbackDelivery) found.delivery = one.cost;
  }
  if (cell.requests() > 0) found.cpu_us_per_request = sum_us;
  return found;
}

std::string BoundsNote(std::string_view figure) {
  return absl::StrCat(
      "functions without names (stripped) count for the category of their callees: >= and <= mark "
      "bounds of the true ",
      std::string(figure), ", ~ marks ", std::string(figure), "s that may be too high or too low");
}

absl::StatusOr<ProfileDifference> CompareCells(const CellProfiles& a, const CellProfiles& b,
                                               CompareBy by, const CategoryRules& rules) {
  return CompareProfiles(a.RunsBy(by, rules), b.RunsBy(by, rules), DifferenceRules());
}

}  // namespace assay::controller
