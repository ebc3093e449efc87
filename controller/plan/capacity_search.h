#ifndef ASSAY_CONTROLLER_PLAN_CAPACITY_SEARCH_H_
#define ASSAY_CONTROLLER_PLAN_CAPACITY_SEARCH_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The search for the highest rate at which a server meets an objective (`load.find` of a plan). It is asked for the next
// execution and is told what that execution showed. It knows no clock, store or agent, so its state follows from what it
// was told: a search whose executions are stored goes on where it was interrupted.
//
// Probes are short executions. They double the rate until it is too high, or halve it until it is low enough, and then
// bisect on a logarithmic scale until the two rates differ by `precision` at most. A full-length execution then confirms
// the highest rate that met the objective; while it does not, the search steps down, each time twice as far. If it does,
// another full-length execution checks the lowest rate that the probes missed. If it meets the objective, the probes
// were disturbed, and the search goes on upwards from there.
//
// One execution that meets the objective decides for its rate. One that misses it does not, because a disturbance of the
// machine looks the same: a rate is too high only after two, and if they are more than those that met it.
//
// The method is that of other searches for throughput, with two differences: a load generator at its limit is not taken
// for the server's limit, and disturbances are no evidence against the server but end the search with their name.
// Bisection: RFC 2544, section 26.1. Short trials before long ones, and several trials for one rate:
// draft-ietf-bmwg-mlrsearch.

// What one execution says about its rate.
struct RateEvidence {
  enum class Kind {
    // The server met the objective.
    kMet,
    // The server did not meet it.
    kMissed,
    // The load generator could not send so much, so nothing is known about the server.
    kGeneratorLimit,
    // The execution failed or was disturbed, so nothing is known about the rate.
    kNone,
  };
  Kind kind = Kind::kNone;
  // For people, such as "p99_us is 6120" or "foreign_cpu is 0.4"; empty if met.
  std::string why;
};

struct SearchRules {
  // Requests per second.
  double first_rate = 1'000;
  // Below this, a probe has too few requests for the objective's metric.
  double lowest_rate = 1;
  double highest_rate = 1e8;
  // The probes end when the lowest rate that is too high is at most this share above the highest that is not.
  double precision = 0.02;
  // At most so many executions of each kind.
  int most_probes = 40;
  int most_confirmations = 12;
};

// One execution of a search.
struct SearchStep {
  double rate_per_s = 0;
  // Otherwise a probe.
  bool full_length = false;
};

// How a search ended.
struct SearchResult {
  // What kept the search from a higher rate.
  enum class Limit {
    // The server did not meet the objective at a higher rate.
    kObjective,
    // The load generator could not send a higher rate.
    kGenerator,
    // Executions failed or were disturbed.
    kNoEvidence,
    // The highest rate that a search tries met the objective.
    kHighestRate,
    // The search made as many executions as it may.
    kExecutions,
  };
  // The highest rate that a full-length execution confirmed; not set if there is none.
  std::optional<double> confirmed;
  Limit limit = Limit::kObjective;
  // The lowest rate that was not met, and what its last execution said. Not set if none was too high.
  std::optional<double> limiting_rate;
  std::string why;

  // Whether the server's capacity may be higher than the confirmed rate.
  bool at_least() const { return limit != Limit::kObjective; }
  // Whether the server missed the objective even at the lowest rate.
  bool none_meets() const { return !confirmed.has_value() && limit == Limit::kObjective; }
};

class CapacitySearch {
 public:
  explicit CapacitySearch(const SearchRules& rules);

  // The execution to make next; nothing once the search has ended.
  const std::optional<SearchStep>& Next() const { return next_; }
  // Takes what the execution that Next() asked for showed. REQUIRES: Next() is set.
  void Record(const RateEvidence& evidence);
  // REQUIRES: Next() is not set.
  const SearchResult& result() const { return result_; }

  int probes() const { return probes_; }
  int confirmations() const { return confirmations_; }

 private:
  enum class Phase { kProbe, kConfirm, kCheckAbove };

  // The decision on the rate of the current step; nothing if more executions are needed.
  std::optional<RateEvidence::Kind> Decision() const;
  void Decide(RateEvidence::Kind kind);
  void Meets(double rate);
  // Each goes to the next rate, or ends the search.
  void ContinueBracket();
  void Confirm();
  void CheckAbove(double confirmed);
  void StepDown(double rate);
  // Goes to a rate, or ends if the executions are used up.
  void Go(Phase phase, double rate);
  void End(SearchResult::Limit limit);

  SearchRules rules_;
  Phase phase_ = Phase::kProbe;
  std::optional<SearchStep> next_;
  SearchResult result_;
  // The highest rate that met the objective in a probe, or where the probes began again.
  std::optional<double> low_;
  // The kind of evidence at result_.limiting_rate.
  RateEvidence::Kind high_kind_ = RateEvidence::Kind::kMissed;
  // Of the executions at the current rate.
  int met_ = 0;
  int missed_ = 0;
  int generator_limits_ = 0;
  int without_evidence_ = 0;
  std::string why_;
  double step_down_;
  // The probes were used up before the bracket was narrow.
  bool used_up_ = false;
  int probes_ = 0;
  int confirmations_ = 0;
};

// The rules of a plan's search. REQUIRES: the plan has a valid load.find, and WithDefaults was applied.
SearchRules SearchRulesOf(const Plan& plan);

// The quantile of a metric such as "p99_us"; nothing for other metrics.
std::optional<double> QuantileOfMetric(const std::string& metric);
// Whether an objective may use the metric: quantiles of latency and the mean, which rise with the load.
bool IsObjectiveMetric(const std::string& metric);

// The window of a probe: a quarter of the full length, but long enough for the metric at 1,000 requests per second.
absl::Duration ProbeLengthOf(const FindCapacity& find);

// The plan that makes one execution of a search: the same, with the step's open loop as its load.
Plan PlanOfStep(const Plan& plan, const SearchStep& step);
// The cell of an execution of a search, and the search (the cell of the plan) to which such an execution belongs.
Cell CellOfStep(const Cell& search, double rate_per_s);
Cell SearchOfCell(const Cell& execution);
// Whether a cell of a plan stands for a search.
bool IsSearch(const Cell& cell);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_PLAN_CAPACITY_SEARCH_H_
