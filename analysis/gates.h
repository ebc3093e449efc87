#ifndef ASSAY_ANALYSIS_GATES_H_
#define ASSAY_ANALYSIS_GATES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/estimate.h"

namespace assay {

// Checks of a result's validity. The limits stand in analysis/gates.textproto (in the shape of
// proto/gates.proto); here are the figures that each gate judges and the judgement.

enum class GateDirection {
  // A figure above the bound is bad.
  kMax,
  // A figure below the bound is bad.
  kMin,
};

// One gate and its limits; a bound that is not set is not applied.
struct GateRule {
  std::string name;
  // Of the figure: "share", "s", "requests", ...
  std::string unit;
  GateDirection direction = GateDirection::kMax;
  std::optional<double> warn;
  std::optional<double> invalid;
  // What a bad figure means and what to do, one line.
  std::string advice;
  // Without a verdict to protect, a figure that would be invalid only warns.
  bool only_for_verdicts = false;
};

enum class GateVerdict {
  kPass,
  kWarn,
  kInvalid,
  // The figure could not be read: never a pass.
  kUnreadable,
};
// "pass", "warn", "invalid" or "unreadable".
std::string_view ToString(GateVerdict verdict);

struct GateJudgement {
  std::string name;
  std::string unit;
  // Not set when unreadable.
  std::optional<double> value;
  // The bound that was broken; where none was, the one that voids the result, or else the one that
  // warns.
  double limit = 0;
  GateVerdict verdict = GateVerdict::kUnreadable;
  std::string advice;
};

// What a plan wants of its results: `verdict: NONE` is kNotWanted.
enum class ComparisonVerdict { kWanted, kNotWanted };

// Judges a figure; one that is absent or not a number is unreadable.
GateJudgement JudgeFigure(const GateRule& rule, std::optional<double> value,
                          ComparisonVerdict comparison);
// Judges a figure with an interval, at the interval's better end: a bound is broken for certain only where the whole
// interval lies beyond it. Without an interval the estimate decides. The value shown is the estimate.
GateJudgement JudgeEstimate(const GateRule& rule, const std::optional<Estimate>& estimate,
                            ComparisonVerdict comparison);

// What only an open loop has.
struct OpenLoopFigures {
  // Requests that fell due (not the rate that was asked for: Poisson arrivals differ from it by chance), and right
  // answers that came, a second of the window.
  double offered_per_s = 0;
  double responses_per_s = 0;
  // Requests that found neither a free connection nor room to wait for one.
  uint64_t queue_overflows = 0;
  // From due to sent, 99th percentile of the merged histogram; not set where it could not be read, as of a run that sent
  // nothing.
  std::optional<int64_t> send_lag_p99_ns;
};

// What only an execution has whose server was started for it.
struct ServerReadings {
  // How late the readings of its CPU clock were, together, as a share of the window. Not set where they are not known, or
  // a part of the process tree could not be read.
  std::optional<double> late_share;
};

// The figures behind one execution's gates, summed over its load agents. What is not set could not
// be read, and its gates are unreadable; so are those of a figure that cannot be true, as a negative share.
struct ExecutionFigures {
  // Whether the counts below add up to something: what an agent told may overflow.
  bool counts_known = true;
  uint64_t sent = 0;
  uint64_t ok = 0;
  // Of these, answers that came but were not right: unexpected status, malformed, wrong body.
  uint64_t errors = 0;
  uint64_t wrong_answers = 0;
  uint64_t timeouts = 0;
  uint64_t in_flight = 0;
  uint64_t connections = 0;
  // In the histogram of latencies: of requests that ended well or timed out.
  uint64_t latencies = 0;
  // The measured part of the window; not positive where it is not known.
  int64_t window_ns = 0;
  // Samples that arrived, and those that did not.
  uint64_t samples_recorded = 0;
  uint64_t samples_lost = 0;
  // Whether the server and any of its load share a host.
  std::optional<bool> same_host;
  // CPUs that the server and load on its host were both allowed on.
  std::optional<int> shared_cpus;
  // The largest of any load agent: the share of the window in which the busiest load thread was on its CPU, or, where it
  // spins while it waits, had work; and in which one was ready to run and another had its CPU.
  std::optional<double> generator_share;
  std::optional<double> run_delay_share;
  std::optional<double> idle_lost_share;
  // Closed loop: the share of its cycle in which a connection rests between a response and its next request, without
  // what the plan asked for.
  std::optional<double> think_share;
  // How far apart the load agents began, at most; 0 where there is one.
  std::optional<int64_t> start_skew_ns;
  // Set in an open loop, and its gates are judged there alone; those of a closed loop, where it is not set.
  std::optional<OpenLoopFigures> open;
  // Set where the server was started for the execution.
  std::optional<ServerReadings> server;
};

// What the gates of profiles judge: all profiles of a cell together.
struct ProfileFigures {
  uint64_t samples = 0;
  // That the kernel dropped.
  uint64_t lost = 0;
  // Of the samples, those whose stack is whole.
  uint64_t whole = 0;
  // Whether what profiling costs was asked for, and what it came to: a share of the server's work.
  bool cost_wanted = false;
  std::optional<Estimate> cost;
};

// The rules by name.
class GateRules {
 public:
  // kInvalidArgument when a gate that is judged below has no rule, a name stands twice or is not a gate, or a rule's
  // bounds are in the wrong order or both missing.
  static absl::StatusOr<GateRules> Create(std::vector<GateRule> rules);

  // One judgement per gate of an execution, in the order of the rules; those that only an open loop, a closed loop or a
  // server of ours has, where it is one.
  std::vector<GateJudgement> JudgeExecution(const ExecutionFigures& figures,
                                            ComparisonVerdict comparison) const;
  // One judgement per gate of profiles, in the order of the rules; of their cost where that is wanted.
  std::vector<GateJudgement> JudgeProfile(const ProfileFigures& figures,
                                          ComparisonVerdict comparison) const;
  // The gate on the number of blocks that a campaign finished.
  GateJudgement JudgeBlocks(uint32_t blocks, ComparisonVerdict comparison) const;

  // Beyond which "idle_gaps" voids a result; endless where it only warns. What is lost is known before a window begins.
  double IdleShareThatVoids() const;

  const std::vector<GateRule>& rules() const { return rules_; }
  // nullptr when there is none of that name.
  const GateRule* Find(std::string_view name) const;

 private:
  explicit GateRules(std::vector<GateRule> rules) : rules_(std::move(rules)) {}
  std::vector<GateRule> rules_;
};

}  // namespace assay

#endif  // ASSAY_ANALYSIS_GATES_H_
