#ifndef ASSAY_ANALYSIS_GATES_H_
#define ASSAY_ANALYSIS_GATES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/estimate.h"

namespace assay {

// Gates: checks of a result's validity. analysis/gates.textproto (in the format of proto/gates.proto) has the limits.
// This header has the figures that each gate checks, and the checks.

enum class GateDirection {
  // A figure above the bound is bad.
  kMax,
  // A figure below the bound is bad.
  kMin,
};

// One gate and its limits; a bound that is not set is not applied.
struct GateRule {
  std::string name;
  // The figure's unit: "share", "s", "requests", ...
  std::string unit;
  GateDirection direction = GateDirection::kMax;
  std::optional<double> warn;
  std::optional<double> invalid;
  // What a bad figure means and what to do, in one line.
  std::string advice;
  // If the plan wants no verdict, an invalid figure only warns.
  bool only_for_verdicts = false;
  // Over the executions of a cell, the typical (median) judgement counts. Otherwise the worst does.
  bool typical_execution = false;
  // An invalid execution is left out with its block, as long as GateRules::MayLeaveOut().
  bool leaves_block_out = false;
};

enum class GateVerdict {
  kPass,
  kWarn,
  kInvalid,
  // The figure could not be read. This never counts as a pass.
  kUnreadable,
};
// "pass", "warn", "invalid" or "unreadable".
std::string_view ToString(GateVerdict verdict);

struct GateJudgement {
  std::string name;
  std::string unit;
  // Not set when unreadable.
  std::optional<double> value;
  // The bound that the figure breaks. If it breaks none, the `invalid` bound, or the `warn` bound if there is no
  // other.
  double limit = 0;
  GateVerdict verdict = GateVerdict::kUnreadable;
  std::string advice;
};

// Whether the plan wants a verdict: `verdict: NONE` is kNotWanted.
enum class ComparisonVerdict { kWanted, kNotWanted };

// Judges a figure. A figure that is not set or not a number is unreadable.
GateJudgement JudgeFigure(const GateRule& rule, std::optional<double> value,
                          ComparisonVerdict comparison);
// Judges a figure that has an interval by the interval's better end: a bound is certainly broken only if the whole
// interval lies beyond it. Without an interval, the estimate decides. The shown value is the estimate.
GateJudgement JudgeEstimate(const GateRule& rule, const std::optional<Estimate>& estimate,
                            ComparisonVerdict comparison);

// Figures of an open loop.
struct OpenLoopFigures {
  // Requests that fell due, and correct responses that arrived, per second of the window (analysis/figures.h). The former
  // differs from the plan's rate by chance, because arrivals are Poisson. Not set if not known.
  std::optional<double> offered_per_s;
  std::optional<double> responses_per_s;
  // Requests that found no free connection and a full queue.
  uint64_t queue_overflows = 0;
  // 99th percentile, from the merged histogram, of the time from due to sent. Not set if it could not be read, as in
  // a run that sent nothing.
  std::optional<int64_t> send_lag_p99_ns;
};

// What the kernel counted on the CPUs of one job, in ticks of 10 ms. A figure that is not set could not be read.
struct PinnedCpus {
  int count = 0;
  // Time between the two readings.
  int64_t span_ns = 0;
  // CPU time of other programs.
  std::optional<int64_t> foreign_ns;
  // The part of foreign_ns that jobs of the same group used: executions that take turns on the same CPUs.
  int64_t group_ns = 0;
  // Time in which the hypervisor ran another virtual machine.
  std::optional<int64_t> steal_ns;
};

// Figures of an execution whose server was started for it.
struct ServerReadings {
  // The total delay of the readings of the server's CPU clock, as a share of the window. Not set if the delays are
  // not known, or if a process of the tree could not be read.
  std::optional<double> late_share;
  // CPU time of the server divided by the time of its CPUs in the window.
  std::optional<double> busy_share;
  // Time in which the server's threads were runnable while other threads used the CPUs, divided by the time of the CPUs.
  std::optional<double> run_delay_share;
  // Involuntary context switches per second and CPU.
  std::optional<double> preemptions_per_s;
  PinnedCpus cpus;
  // Host-wide counts over the window; with slots, over the time from the first to the last slot of any target. They
  // contain what the other executions of the group caused. group_requests: the requests of those executions in the same
  // time.
  std::optional<double> retransmits;
  double group_requests = 0;
  std::optional<double> listen_overflows;
  std::optional<double> throttling_events;
};

// Figures of an execution that took turns with others in slots.
struct SlotReadings {
  // CPU time of the server outside its slots, as a share of that time. Not set if it was not reported.
  std::optional<double> idle_busy_share;
  // Share of the slots in which a request was still without a response when the next slot began. The largest of any
  // load agent.
  std::optional<double> overdue_share;
};

// What the plan's verdict compares, as far as the server must be busy for it.
enum class ComparedFigure {
  // Neither of the two below, or no verdict is wanted.
  kOther,
  // CPU time per request in a closed loop. It depends on how busy the server is.
  kCost,
  // Throughput in a closed loop. It is the server's maximum only if the server is the limit.
  kThroughput,
};

// The figures behind one execution's gates, summed over its load agents. A figure that is not set could not be read,
// and its gates are unreadable. So are the gates of a figure that cannot be true, such as a negative share.
struct ExecutionFigures {
  // Whether the sums below are valid: counts that an agent reported can overflow.
  bool counts_known = true;
  uint64_t sent = 0;
  uint64_t ok = 0;
  uint64_t errors = 0;
  // Of the errors: responses with an unexpected status, a wrong body, or a malformed message.
  uint64_t wrong_responses = 0;
  uint64_t timeouts = 0;
  uint64_t in_flight = 0;
  uint64_t connections = 0;
  // Requests in the latency histogram: those that succeeded or timed out.
  uint64_t latencies = 0;
  // Length of the measured window in seconds; not positive if not known.
  int64_t window_ns = 0;
  // Samples that arrived, and samples that were lost.
  uint64_t samples_recorded = 0;
  uint64_t samples_lost = 0;
  // Whether the server and any of its load share a host.
  std::optional<bool> same_host;
  // CPUs on which both the server and the load on its host were allowed to run.
  std::optional<int> shared_cpus;
  // The largest values of any load agent, as shares of the window. First: the time in which the busiest load thread
  // used its CPU or, if the thread spins while it waits, had work. Second: the time in which a load thread was ready
  // to run while another thread used its CPU.
  std::optional<double> generator_share;
  std::optional<double> run_delay_share;
  std::optional<double> idle_lost_share;
  // Closed loop: the share of its cycle in which a connection is idle between a response and its next request,
  // without the plan's think time.
  std::optional<double> think_share;
  // The largest difference between the starts of two load agents; 0 with one agent.
  std::optional<int64_t> start_skew_ns;
  // Set for an open loop. The gates of an open loop are judged if it is set, and those of a closed loop if it is not.
  std::optional<OpenLoopFigures> open;
  // Set if the server was started for the execution.
  std::optional<ServerReadings> server;
  // The CPUs of each load agent.
  std::vector<PinnedCpus> load_cpus;
  // Set if the execution took turns with others.
  std::optional<SlotReadings> slots;
  ComparedFigure compared = ComparedFigure::kOther;
  // Closed loop without errors: how far N = X (R + Z) misses, as a share of N. Only then is the gate judged.
  bool littles_law_applies = false;
  std::optional<double> littles_law_error;
  // The share of the window that is warm-up by MSER-5, or 1 if the window is not steady. Not set if there are too few
  // intervals to judge; the gate is then left out.
  std::optional<double> unsteady_share;
};

// The figures behind the gates of profiles: all profiles of a cell together.
struct ProfileFigures {
  uint64_t samples = 0;
  // Samples that the kernel dropped.
  uint64_t lost = 0;
  // Samples whose stack is whole.
  uint64_t whole = 0;
  // Whether the plan asked for the cost of profiling, and that cost as a share of the server's work.
  bool cost_wanted = false;
  std::optional<Estimate> cost;
};

// The names of the gates of whole campaigns. analysis/gates.textproto says which figure each of them judges.
absl::Span<const std::string_view> CampaignGates();

// The rules by name.
class GateRules {
 public:
  // `version` and `most_left_out`, a share of blocks, are those of the data file. kInvalidArgument if a gate has no rule, if a name occurs twice or is not a gate,
  // or if a rule's bounds are in the wrong order or both missing.
  static absl::StatusOr<GateRules> Create(std::vector<GateRule> rules, uint32_t version = 0,
                                          double most_left_out = 0);

  // One judgement per gate of an execution, in the order of the rules. Gates of an open loop, of a closed loop, of slots
  // and of a server that Assay started are judged only where they apply.
  //
  // Two gates depend on each other (docs/decisions/0007-load-below-saturation.md). In a closed loop, a full load
  // generator only warns if the server's CPUs were busy too. A server that was not busy only warns, unless throughput is
  // compared or the load generator was, or may have been, the limit.
  std::vector<GateJudgement> JudgeExecution(const ExecutionFigures& figures,
                                            ComparisonVerdict comparison) const;
  // One judgement per gate of profiles, in the order of the rules. The cost is judged only if it was wanted.
  std::vector<GateJudgement> JudgeProfile(const ProfileFigures& figures,
                                          ComparisonVerdict comparison) const;
  // Judges a figure of a whole campaign by the rule of that name, such as "too_few_blocks" or "aa_control". REQUIRES: the
  // name is in CampaignGates().
  GateJudgement JudgeCampaign(std::string_view name, std::optional<double> value,
                              ComparisonVerdict comparison) const;

  // Judges the A/A control: the number of its comparisons, of the primary metric, that came out faster or slower.
  GateJudgement JudgeControl(uint32_t differing) const;
  // Judges a comparison of executions of this many campaigns.
  GateJudgement JudgeCampaigns(uint32_t campaigns) const;

  // The limit beyond which "idle_gaps" invalidates a result; infinite if the gate can only warn. The figure is known
  // before a window begins.
  double IdleShareThatVoids() const;

  // Whether `left_out` of all measured blocks are few enough to be left out: at most the share of the data file, and the
  // others are enough for a verdict.
  bool MayLeaveOut(size_t left_out, size_t all) const;

  const std::vector<GateRule>& rules() const { return rules_; }
  // Results of an older version are judged again from the stored inputs.
  uint32_t version() const { return version_; }
  // nullptr if there is no rule of that name.
  const GateRule* Find(std::string_view name) const;

 private:
  GateRules(std::vector<GateRule> rules, uint32_t version, double most_left_out)
      : rules_(std::move(rules)), version_(version), most_left_out_(most_left_out) {}
  std::vector<GateRule> rules_;
  uint32_t version_ = 0;
  double most_left_out_ = 0;
};

}  // namespace assay

#endif  // ASSAY_ANALYSIS_GATES_H_
