#include "controller/results/capacity.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "analysis/order_statistics.h"
#include "common/number_text.h"
#include "common/status_macros.h"
#include "controller/plan/cells.h"
#include "controller/results/text_table.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

using Kind = RateEvidence::Kind;
using Limit = SearchResult::Limit;

constexpr double kNanosInMicro = 1e3;
// As many of the requests that are due must get a response.
constexpr double kLeastDelivered = 0.99;

// Gates whose figures depend on the rate: beyond a server's capacity they are bad.
constexpr std::array<std::string_view, 4> kServerGates = {"errors", "wrong_responses",
                                                          "load_not_delivered", "queue_overflow"};
constexpr std::string_view kGeneratorGate = "generator_saturated";
// A load thread that waits for its CPU makes latencies longer.
constexpr std::string_view kDelayGate = "generator_delayed";

const GateResult* FindGate(const ExecutionRecord& execution, std::string_view name) {
  for (const GateResult& gate : execution.gates()) {
    if (gate.name() == name) return &gate;
  }
  return nullptr;
}

bool Has(const ExecutionRecord& execution, std::string_view name, GateResult::Verdict verdict) {
  const GateResult* const gate = FindGate(execution, name);
  return gate != nullptr && gate->verdict() == verdict;
}

std::string GateText(const GateResult& gate) {
  return absl::StrCat(gate.name(), " is ",
                      gate.has_value() ? FourDigits(gate.value()) : "not readable");
}

RateEvidence About(Kind kind, const ExecutionRecord& execution, std::string_view name) {
  const GateResult* const gate = FindGate(execution, name);
  return {kind,
          gate == nullptr ? absl::StrCat(std::string(name), " was not judged") : GateText(*gate)};
}

// Why an execution says nothing about its rate; nothing if it does.
std::optional<RateEvidence> WithoutEvidence(const ExecutionRecord& execution) {
  if (execution.status() != ExecutionRecord::MEASURED) {
    return RateEvidence{Kind::kNone,
                        absl::StrCat("it failed: ", execution.failure().failure().message())};
  }
  for (const GateResult& gate : execution.gates()) {
    const bool of_server =
        std::find(kServerGates.begin(), kServerGates.end(), gate.name()) != kServerGates.end();
    if (gate.verdict() == GateResult::INVALID && !of_server && gate.name() != kGeneratorGate)
      return RateEvidence{Kind::kNone, GateText(gate)};
  }
  // What could not be read is not taken for good.
  for (const std::string_view name : {kGeneratorGate, std::string_view("load_not_delivered")}) {
    const GateResult* const gate = FindGate(execution, name);
    if (gate == nullptr || gate->verdict() == GateResult::UNREADABLE)
      return About(Kind::kNone, execution, name);
  }
  return std::nullopt;
}

// Judges the metric. Of a quantile, the upper end of its interval must be within the objective.
RateEvidence JudgeMetric(const FindCapacity& objective, const LatencyHistogram& latency,
                         std::optional<Estimate>* value) {
  double upper = 0;
  if (const std::optional<double> quantile = QuantileOfMetric(objective.metric())) {
    if (static_cast<int64_t>(latency.count()) < SamplesNeeded(*quantile)) {
      return {Kind::kNone,
              absl::StrCat(latency.count(), " requests are too few for ", objective.metric())};
    }
    *value = PooledQuantile(latency, *quantile);
    if (!value->has_value() || !(*value)->high.has_value()) {
      value->reset();
      return {Kind::kMissed, absl::StrCat(objective.metric(), " is beyond what is recorded")};
    }
    for (double* const figure : {&(*value)->estimate, &*(*value)->low, &*(*value)->high})
      *figure /= kNanosInMicro;
    upper = *(*value)->high;
  } else {
    if (latency.count() == 0) return {Kind::kNone, "no request has a latency"};
    upper = latency.MeanNanos() / kNanosInMicro;
    *value = Estimate{.estimate = upper};
  }
  if (upper <= objective.max()) return {Kind::kMet, ""};
  std::string why = absl::StrCat(objective.metric(), " is ", FourDigits((*value)->estimate), " us");
  if (upper > (*value)->estimate)
    absl::StrAppend(&why, ", the upper end of its interval ", FourDigits(upper), " us");
  return {Kind::kMissed, std::move(why)};
}

// What the server's gates and the metric say.
RateEvidence JudgeServer(const FindCapacity& objective, const ExecutionRecord& execution,
                         const LatencyHistogram& latency, std::optional<Estimate>* value) {
  const RateEvidence of_metric = JudgeMetric(objective, latency, value);
  for (const std::string_view name : kServerGates) {
    if (Has(execution, name, GateResult::INVALID)) return About(Kind::kMissed, execution, name);
  }
  const GateResult* const delivered = FindGate(execution, "load_not_delivered");
  if (delivered != nullptr && delivered->value() < kLeastDelivered)
    return {Kind::kMissed, GateText(*delivered)};
  return of_metric;
}

RateEvidence Judge(const FindCapacity& objective, const ExecutionRecord& execution,
                   std::optional<Estimate>* value) {
  if (std::optional<RateEvidence> nothing = WithoutEvidence(execution)) return *nothing;
  const absl::StatusOr<LatencyHistogram> latency = FromProto(execution.latency());
  if (!latency.ok()) return {Kind::kNone, std::string(latency.status().message())};
  const RateEvidence evidence = JudgeServer(objective, execution, *latency, value);
  if (Has(execution, kGeneratorGate, GateResult::INVALID))
    return About(Kind::kGeneratorLimit, execution, kGeneratorGate);
  if (evidence.kind != Kind::kMissed) return evidence;
  // A load generator that is nearly full, or that other programs delay, makes latencies longer by itself.
  if (Has(execution, kGeneratorGate, GateResult::WARN))
    return About(Kind::kGeneratorLimit, execution, kGeneratorGate);
  if (Has(execution, kDelayGate, GateResult::WARN))
    return About(Kind::kNone, execution, kDelayGate);
  return evidence;
}

BlockCapacity BlockOf(const Plan& plan, uint32_t block, std::vector<SearchExecution> executions) {
  BlockCapacity one{.block = block, .executions = std::move(executions)};
  const absl::StatusOr<CapacitySearch> search = ReplaySearch(plan, one.executions);
  if (!search.ok()) {
    one.unreadable = std::string(search.status().message());
    return one;
  }
  one.ended = !search->Next().has_value();
  if (!one.ended) return one;
  one.result = search->result();
  for (const SearchExecution& execution : one.executions) {
    if (execution.full_length && execution.evidence.kind == Kind::kMet &&
        execution.rate_per_s == one.result.confirmed) {
      one.confirmed_by = execution.id;
    }
  }
  return one;
}

}  // namespace

SearchExecution SearchExecutionOf(const FindCapacity& objective, const ExecutionRecord& execution) {
  SearchExecution found{.id = execution.id(),
                        .block = execution.block(),
                        .position = execution.position(),
                        .attempt = execution.attempt(),
                        .rate_per_s = execution.cell().rate_per_s()};
  found.evidence = Judge(objective, execution, &found.value);
  return found;
}

absl::StatusOr<CapacitySearch> ReplaySearch(const Plan& plan,
                                            std::vector<SearchExecution>& executions) {
  std::sort(
      executions.begin(), executions.end(),
      [](const SearchExecution& a, const SearchExecution& b) { return a.position < b.position; });
  CapacitySearch search(SearchRulesOf(plan));
  for (SearchExecution& one : executions) {
    const std::optional<SearchStep> expected = search.Next();
    if (!expected.has_value() || expected->rate_per_s != one.rate_per_s) {
      return absl::FailedPreconditionError(absl::StrCat(
          "execution ", one.id, " of block ", one.block + 1, " at ", NumberText(one.rate_per_s),
          "/s is not what this version's search makes after the executions before it",
          expected.has_value() ? absl::StrCat(" (", NumberText(expected->rate_per_s), "/s)") : "",
          "; another version made it, or an execution is damaged: `rerun` the campaign"));
    }
    one.full_length = expected->full_length;
    search.Record(one.evidence);
  }
  return search;
}

absl::StatusOr<StoredSearches> StoredSearches::Read(Store& store, const CampaignRecord& campaign) {
  StoredSearches searches;
  ASSAY_RETURN_IF_ERROR(
      store.ForEachExecution(campaign.id(), [&](const ExecutionRecord& execution) {
        searches.Add(execution, SearchExecutionOf(campaign.plan().load().find(), execution));
        return absl::OkStatus();
      }));
  return searches;
}

void StoredSearches::Add(const ExecutionRecord& execution, SearchExecution found) {
  uint32_t& next = positions_[found.block];
  next = std::max(next, found.position + 1);
  Of(SearchOfCell(execution.cell()), found.block).push_back(std::move(found));
}

std::vector<SearchExecution>& StoredSearches::Of(const Cell& search, uint32_t block) {
  return searches_[{CellText(search), block}];
}

uint32_t StoredSearches::NextPosition(uint32_t block) const {
  const auto found = positions_.find(block);
  return found == positions_.end() ? 0 : found->second;
}

CapacityResult CapacityOf(const Plan& plan, const Cell& cell,
                          std::map<uint32_t, std::vector<SearchExecution>> searches,
                          bool fresh_starts) {
  CapacityResult capacity{.cell = cell};
  std::vector<double> rates;
  for (auto& [block, executions] : searches) {
    BlockCapacity one = BlockOf(plan, block, std::move(executions));
    const SearchResult& result = one.result;
    capacity.ended += one.ended ? 1 : 0;
    if (one.ended && result.confirmed.has_value()) {
      ++capacity.confirmed;
      capacity.at_least = capacity.at_least || result.at_least();
      rates.push_back(*result.confirmed);
    } else if (one.ended && result.none_meets()) {
      rates.push_back(0);
    }
    capacity.blocks.push_back(std::move(one));
  }
  if (rates.empty()) return capacity;
  capacity.capacity = MedianInterval(std::move(rates));
  // Windows of one running server are not independent, and an interval of lower bounds has no upper end.
  if (!fresh_starts || capacity.at_least)
    capacity.capacity->low = capacity.capacity->high = std::nullopt;
  return capacity;
}

std::string LimitName(Limit limit) {
  switch (limit) {
    case Limit::kObjective:
      return "objective";
    case Limit::kGenerator:
      return "load_generator";
    case Limit::kNoEvidence:
      return "no_evidence";
    case Limit::kHighestRate:
      return "highest_rate";
    case Limit::kExecutions:
      return "executions";
  }
  return "";
}

std::map<std::string, uint32_t> LimitsOf(const CapacityResult& capacity) {
  std::map<std::string, uint32_t> limits;
  for (const BlockCapacity& block : capacity.blocks) {
    if (block.ended) ++limits[LimitName(block.result.limit)];
  }
  return limits;
}

std::string ObjectiveText(const FindCapacity& find) {
  return absl::StrCat(find.metric(), " <= ", NumberText(find.max()));
}

}  // namespace assay::controller
