#include "controller/plan/capacity_search.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analysis/figures.h"
#include "analysis/order_statistics.h"
#include "common/load_limits.h"
#include "controller/plan/load_levels.h"

namespace assay::controller {
namespace {

using Kind = RateEvidence::Kind;
using Limit = SearchResult::Limit;

constexpr double kGrowth = 2;
// So many executions without evidence at one rate end the search.
constexpr int kMostWithoutEvidence = 3;
constexpr int kMissesThatDecide = 2;
constexpr double kFirstRate = 1'000;
constexpr absl::Duration kShortestProbe = absl::Milliseconds(500);
constexpr double kProbeShare = 0.25;
// A mean of fewer latencies says little.
constexpr double kRequestsOfMean = 100;
// Requests are due at random times, so a window has fewer than its mean by chance.
constexpr double kMoreRequests = 1.2;

// Three significant digits, so that rates read well. Through text, so that every machine gets the same number.
double Rounded(double rate) {
  double rounded = rate;
  if (!absl::SimpleAtod(absl::StrFormat("%.2e", rate), &rounded)) return rate;
  return rounded;
}

// The requests that a window needs for the metric of an objective.
double RequestsOf(const std::string& metric) {
  const std::optional<double> quantile = QuantileOfMetric(metric);
  return kMoreRequests *
         (quantile.has_value() ? static_cast<double>(SamplesNeeded(*quantile)) : kRequestsOfMean);
}

Limit LimitOf(Kind kind) {
  switch (kind) {
    case Kind::kGeneratorLimit:
      return Limit::kGenerator;
    case Kind::kNone:
      return Limit::kNoEvidence;
    default:
      return Limit::kObjective;
  }
}

}  // namespace

CapacitySearch::CapacitySearch(const SearchRules& rules)
    : rules_(rules), step_down_(rules.precision) {
  Go(Phase::kProbe, std::clamp(rules_.first_rate, rules_.lowest_rate, rules_.highest_rate));
}

void CapacitySearch::Record(const RateEvidence& evidence) {
  assert(next_.has_value());
  ++(next_->full_length ? confirmations_ : probes_);
  switch (evidence.kind) {
    case Kind::kMet:
      ++met_;
      break;
    case Kind::kMissed:
      ++missed_;
      break;
    case Kind::kGeneratorLimit:
      ++generator_limits_;
      break;
    case Kind::kNone:
      ++without_evidence_;
      break;
  }
  if (evidence.kind != Kind::kMet) why_ = evidence.why;
  if (const std::optional<Kind> decision = Decision(); decision.has_value()) {
    Decide(*decision);
  } else {
    Go(phase_, next_->rate_per_s);
  }
}

std::optional<Kind> CapacitySearch::Decision() const {
  const int against = missed_ + generator_limits_;
  // Probes have missed the rate above already.
  const int needed = phase_ == Phase::kCheckAbove ? 1 : kMissesThatDecide;
  if (met_ > against) return Kind::kMet;
  if (against >= needed && against > met_) {
    // A miss that the load generator may have caused says nothing about the server.
    return generator_limits_ > 0 ? Kind::kGeneratorLimit : Kind::kMissed;
  }
  if (without_evidence_ >= kMostWithoutEvidence) return Kind::kNone;
  return std::nullopt;
}

void CapacitySearch::Decide(Kind kind) {
  const double rate = next_->rate_per_s;
  met_ = missed_ = generator_limits_ = without_evidence_ = 0;
  if (kind == Kind::kMet) return Meets(rate);
  // Of a rate that probes missed, an execution without evidence changes nothing.
  if (phase_ == Phase::kCheckAbove && kind == Kind::kNone) return End(LimitOf(high_kind_));
  // Nor does one that misses it say that what the probes saw was not the load generator.
  if (phase_ == Phase::kCheckAbove && high_kind_ == Kind::kGeneratorLimit)
    return End(LimitOf(high_kind_));
  result_.limiting_rate = rate;
  result_.why = why_;
  high_kind_ = kind;
  switch (phase_) {
    case Phase::kProbe:
      // A disturbance leaves what lower rates showed.
      if (kind == Kind::kNone) return low_.has_value() ? Confirm() : End(Limit::kNoEvidence);
      return ContinueBracket();
    case Phase::kConfirm:
      return kind == Kind::kNone ? End(Limit::kNoEvidence) : StepDown(rate);
    case Phase::kCheckAbove:
      return End(LimitOf(kind));
  }
}

void CapacitySearch::Meets(double rate) {
  if (phase_ == Phase::kProbe) {
    low_ = rate;
    return ContinueBracket();
  }
  result_.confirmed = rate;
  if (phase_ == Phase::kConfirm) return CheckAbove(rate);
  // The probes were wrong about this rate. Start upwards from it.
  low_ = rate;
  result_.limiting_rate.reset();
  result_.why.clear();
  ContinueBracket();
}

void CapacitySearch::ContinueBracket() {
  const std::optional<double>& high = result_.limiting_rate;
  if (!high.has_value()) {
    if (*low_ >= rules_.highest_rate) return Confirm();
    return Go(Phase::kProbe, std::min(Rounded(*low_ * kGrowth), rules_.highest_rate));
  }
  if (!low_.has_value()) {
    if (*high <= rules_.lowest_rate) return End(LimitOf(high_kind_));
    return Go(Phase::kProbe, std::max(Rounded(*high / kGrowth), rules_.lowest_rate));
  }
  const double middle = Rounded(std::sqrt(*low_ * *high));
  if (*high <= *low_ * (1 + rules_.precision) || middle <= *low_ || middle >= *high) {
    return Confirm();
  }
  Go(Phase::kProbe, middle);
}

void CapacitySearch::Confirm() {
  if (result_.confirmed == low_) return CheckAbove(*low_);
  Go(Phase::kConfirm, *low_);
}

void CapacitySearch::CheckAbove(double confirmed) {
  if (used_up_) return End(Limit::kExecutions);
  if (!result_.limiting_rate.has_value()) return End(Limit::kHighestRate);
  // Only a probe that was too short to be sure can be wrong about a rate.
  if (high_kind_ == Kind::kNone || confirmed != low_) return End(LimitOf(high_kind_));
  Go(Phase::kCheckAbove, *result_.limiting_rate);
}

void CapacitySearch::StepDown(double rate) {
  const double lower = Rounded(rate * (1 - step_down_));
  step_down_ = std::min(kGrowth * step_down_, 1 - 1 / kGrowth);
  if (lower < rules_.lowest_rate || lower <= result_.confirmed.value_or(0)) {
    return End(LimitOf(high_kind_));
  }
  Go(Phase::kConfirm, lower);
}

void CapacitySearch::Go(Phase phase, double rate) {
  if (phase == Phase::kProbe && probes_ >= rules_.most_probes) {
    used_up_ = true;
    if (!low_.has_value() || result_.confirmed == low_) return End(Limit::kExecutions);
    met_ = missed_ = generator_limits_ = without_evidence_ = 0;
    phase = Phase::kConfirm;
    rate = *low_;
  }
  const bool full_length = phase != Phase::kProbe;
  if (full_length && confirmations_ >= rules_.most_confirmations) {
    return End(phase == Phase::kCheckAbove ? LimitOf(high_kind_) : Limit::kExecutions);
  }
  phase_ = phase;
  next_ = SearchStep{rate, full_length};
}

void CapacitySearch::End(Limit limit) {
  next_.reset();
  result_.limit = limit;
}

std::optional<double> QuantileOfMetric(const std::string& metric) {
  for (const NamedQuantile& quantile : kQuantiles) {
    if (metric == absl::StrCat(quantile.name, "_us")) return quantile.q;
  }
  return std::nullopt;
}

bool IsObjectiveMetric(const std::string& metric) {
  return metric == "mean_us" || QuantileOfMetric(metric).has_value();
}

absl::Duration ProbeLengthOf(const FindCapacity& find) {
  const absl::Duration full = absl::Seconds(find.duration().seconds());
  const absl::Duration needed = absl::Seconds(RequestsOf(find.metric()) / kFirstRate);
  return std::min(full, std::max({full * kProbeShare, needed, kShortestProbe}));
}

SearchRules SearchRulesOf(const Plan& plan) {
  const FindCapacity& find = plan.load().find();
  SearchRules rules;
  rules.highest_rate = kHighestRate;
  rules.lowest_rate =
      std::min(Rounded(RequestsOf(find.metric()) / absl::ToDoubleSeconds(ProbeLengthOf(find))),
               rules.highest_rate);
  rules.first_rate = std::max(kFirstRate, rules.lowest_rate);
  return rules;
}

Plan PlanOfStep(const Plan& plan, const SearchStep& step) {
  Plan of_step = plan;
  const FindCapacity& find = plan.load().find();
  OpenLoop& open = *of_step.mutable_load()->mutable_open();
  open.set_rate_per_s(step.rate_per_s);
  open.set_arrivals(ArrivalsOf(plan.load()));
  open.set_connections(find.connections());
  open.mutable_duration()->set_seconds(
      step.full_length ? find.duration().seconds() : absl::ToDoubleSeconds(ProbeLengthOf(find)));
  return of_step;
}

Cell CellOfStep(const Cell& search, double rate_per_s) {
  Cell cell = search;
  cell.set_mode("open");
  cell.clear_connections();
  cell.set_rate_per_s(rate_per_s);
  return cell;
}

Cell SearchOfCell(const Cell& execution) {
  Cell cell;
  cell.set_target(execution.target());
  cell.set_workload(execution.workload());
  cell.set_mode(kSearchMode);
  return cell;
}

bool IsSearch(const Cell& cell) { return cell.mode() == kSearchMode; }

}  // namespace assay::controller
