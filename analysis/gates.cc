#include "analysis/gates.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay {
namespace {

constexpr std::string_view kIdleGaps = "idle_gaps";
constexpr std::string_view kGeneratorSaturated = "generator_saturated";
constexpr std::string_view kServerNotBottleneck = "server_not_bottleneck";
constexpr std::string_view kTooFewBlocks = "too_few_blocks";

constexpr std::array<std::string_view, 9> kCampaignGates = {
    kTooFewBlocks,         "clock_source",    "frequency_governor",
    "environment_differs", "not_interleaved", "aa_control",
    "order_bias",          "drift",           "dependence",
};

// Two readings of a counter that advances in ticks are together wrong by up to two ticks.
constexpr int64_t kTickErrorNs = 20'000'000;

using Figure = std::optional<double>;

Figure Share(double part, double whole) {
  if (!(whole > 0)) return std::nullopt;
  return part / whole;
}

// REQUIRES: counts_known.
uint64_t Requests(const ExecutionFigures& f) { return f.ok + f.errors + f.timeouts; }

Figure ErrorShare(const ExecutionFigures& f) {
  if (!f.counts_known) return std::nullopt;
  const uint64_t no_response = f.errors - std::min(f.errors, f.wrong_responses) + f.timeouts;
  return Share(static_cast<double>(no_response), static_cast<double>(Requests(f)));
}

Figure WrongResponseShare(const ExecutionFigures& f) {
  if (!f.counts_known) return std::nullopt;
  return Share(static_cast<double>(f.wrong_responses), static_cast<double>(Requests(f)));
}

Figure Unaccounted(const ExecutionFigures& f) {
  if (!f.counts_known) return std::nullopt;
  const uint64_t accounted = Requests(f) + f.in_flight;
  const uint64_t lost = std::max(f.sent, accounted) - std::min(f.sent, accounted);
  // More latencies than requests that can have one.
  const uint64_t timed = f.ok + f.timeouts;
  return static_cast<double>(std::max(lost, f.latencies - std::min(f.latencies, timed)));
}

Figure RequestsPerConnection(const ExecutionFigures& f) {
  if (!f.counts_known) return std::nullopt;
  return Share(static_cast<double>(Requests(f)), static_cast<double>(f.connections));
}

Figure WindowSeconds(const ExecutionFigures& f) {
  if (f.window_ns <= 0) return std::nullopt;
  return static_cast<double>(f.window_ns) * 1e-9;
}

Figure SameHost(const ExecutionFigures& f) {
  if (!f.same_host.has_value()) return std::nullopt;
  return *f.same_host ? 1 : 0;
}

Figure SharedCpus(const ExecutionFigures& f) {
  if (!f.shared_cpus.has_value()) return std::nullopt;
  return *f.shared_cpus;
}

Figure GeneratorShare(const ExecutionFigures& f) { return f.generator_share; }

Figure RunDelayShare(const ExecutionFigures& f) { return f.run_delay_share; }

Figure ThinkShare(const ExecutionFigures& f) { return f.think_share; }

Figure CpuReadingsLate(const ExecutionFigures& f) { return f.server->late_share; }

Figure ServerBusy(const ExecutionFigures& f) { return f.server->busy_share; }

// The part of a count of ticks that is not explained by their error, as a share of the CPUs' time.
Figure TickShare(const PinnedCpus& cpus, const std::optional<int64_t>& ns) {
  if (!ns.has_value() || *ns < 0 || cpus.count <= 0 || cpus.span_ns <= 0) return std::nullopt;
  const int64_t certain_ns = std::max<int64_t>(0, *ns - kTickErrorNs * cpus.count);
  return Share(static_cast<double>(certain_ns),
               static_cast<double>(cpus.span_ns) * static_cast<double>(cpus.count));
}

Figure ForeignShare(const PinnedCpus& cpus) {
  if (!cpus.foreign_ns.has_value() || *cpus.foreign_ns < 0 || cpus.group_ns < 0) {
    return std::nullopt;
  }
  return TickShare(cpus, std::max<int64_t>(0, *cpus.foreign_ns - cpus.group_ns));
}

Figure ForeignOnServer(const ExecutionFigures& f) { return ForeignShare(f.server->cpus); }

// The largest of all figures; not known if one of them is not.
template <typename Of>
Figure Worst(const std::vector<PinnedCpus>& all, const Of& of) {
  Figure worst;
  for (const PinnedCpus& cpus : all) {
    const Figure one = of(cpus);
    if (!one.has_value()) return std::nullopt;
    worst = std::max(worst.value_or(0), *one);
  }
  return worst;
}

Figure ForeignOnLoad(const ExecutionFigures& f) { return Worst(f.load_cpus, ForeignShare); }

Figure StealShare(const ExecutionFigures& f) {
  std::vector<PinnedCpus> all = f.load_cpus;
  if (f.server.has_value()) all.push_back(f.server->cpus);
  return Worst(all, [](const PinnedCpus& cpus) { return TickShare(cpus, cpus.steal_ns); });
}

Figure ServerRunDelay(const ExecutionFigures& f) { return f.server->run_delay_share; }

Figure Preemptions(const ExecutionFigures& f) { return f.server->preemptions_per_s; }

// The counter does not tell which target's segments were sent again.
Figure Retransmits(const ExecutionFigures& f) {
  if (!f.server->retransmits.has_value() || !f.counts_known) return std::nullopt;
  return Share(*f.server->retransmits, static_cast<double>(Requests(f)) + f.server->group_requests);
}

Figure ListenOverflows(const ExecutionFigures& f) { return f.server->listen_overflows; }

Figure Throttling(const ExecutionFigures& f) { return f.server->throttling_events; }

Figure IdleBusy(const ExecutionFigures& f) { return f.slots->idle_busy_share; }

Figure OverdueSlots(const ExecutionFigures& f) { return f.slots->overdue_share; }

Figure LittlesLawError(const ExecutionFigures& f) { return f.littles_law_error; }

Figure UnsteadyShare(const ExecutionFigures& f) { return f.unsteady_share; }

Figure SampleLoss(const ExecutionFigures& f) {
  // Each request has at most one sample.
  if (!f.counts_known || f.samples_recorded > Requests(f)) return std::nullopt;
  return Share(static_cast<double>(f.samples_lost),
               static_cast<double>(f.samples_recorded + f.samples_lost));
}

Figure IdleLostShare(const ExecutionFigures& f) { return f.idle_lost_share; }

Figure StartSkewShare(const ExecutionFigures& f) {
  if (!f.start_skew_ns.has_value()) return std::nullopt;
  return Share(static_cast<double>(*f.start_skew_ns), static_cast<double>(f.window_ns));
}

Figure RespondedShare(const ExecutionFigures& f) {
  if (!f.open->responses_per_s.has_value() || !f.open->offered_per_s.has_value()) {
    return std::nullopt;
  }
  return Share(*f.open->responses_per_s, *f.open->offered_per_s);
}

Figure QueueOverflows(const ExecutionFigures& f) {
  return static_cast<double>(f.open->queue_overflows);
}

Figure SendLag(const ExecutionFigures& f) {
  if (!f.open->send_lag_p99_ns.has_value()) return std::nullopt;
  return static_cast<double>(*f.open->send_lag_p99_ns) * 1e-3;
}

struct Gate {
  std::string_view name;
  Figure (*figure)(const ExecutionFigures&);
  enum class Of {
    kAll,
    kOpenLoop,
    kClosedLoop,
    kOurServer,
    kBusyServer,
    kSlots,
    kOurServerInSlots,
    kLittlesLaw,
    kManyIntervals,
  } of = Of::kAll;

  bool AppliesTo(const ExecutionFigures& figures) const {
    switch (of) {
      case Of::kAll:
        return true;
      case Of::kOpenLoop:
        return figures.open.has_value();
      case Of::kClosedLoop:
        return !figures.open.has_value();
      case Of::kOurServer:
        return figures.server.has_value();
      case Of::kBusyServer:
        return figures.server.has_value() && !figures.open.has_value() &&
               figures.compared != ComparedFigure::kOther;
      case Of::kSlots:
        return figures.slots.has_value();
      case Of::kOurServerInSlots:
        return figures.slots.has_value() && figures.server.has_value();
      case Of::kLittlesLaw:
        return figures.littles_law_applies;
      case Of::kManyIntervals:
        return figures.unsteady_share.has_value();
    }
    return true;
  }
};

constexpr std::array kExecutionGates = {
    Gate{"errors", ErrorShare},
    Gate{"wrong_responses", WrongResponseShare},
    Gate{"accounting", Unaccounted},
    Gate{"too_short_requests", RequestsPerConnection},
    Gate{"too_short_window", WindowSeconds},
    Gate{"same_host", SameHost},
    Gate{"pinning_overlap", SharedCpus},
    Gate{kGeneratorSaturated, GeneratorShare},
    Gate{kServerNotBottleneck, ServerBusy, Gate::Of::kBusyServer},
    Gate{"foreign_cpu", ForeignOnServer, Gate::Of::kOurServer},
    Gate{"foreign_cpu_load", ForeignOnLoad},
    Gate{"steal", StealShare},
    Gate{"throttling", Throttling, Gate::Of::kOurServer},
    Gate{"server_delayed", ServerRunDelay, Gate::Of::kOurServer},
    Gate{"server_preempted", Preemptions, Gate::Of::kOurServer},
    Gate{"retransmits", Retransmits, Gate::Of::kOurServer},
    Gate{"listen_overflows", ListenOverflows, Gate::Of::kOurServer},
    Gate{"littles_law", LittlesLawError, Gate::Of::kLittlesLaw},
    Gate{"not_steady", UnsteadyShare, Gate::Of::kManyIntervals},
    Gate{"idle_target_busy", IdleBusy, Gate::Of::kOurServerInSlots},
    Gate{"slot_overlap", OverdueSlots, Gate::Of::kSlots},
    Gate{"generator_delayed", RunDelayShare},
    Gate{"think_time", ThinkShare, Gate::Of::kClosedLoop},
    Gate{"cpu_readings", CpuReadingsLate, Gate::Of::kOurServer},
    Gate{"sample_loss", SampleLoss},
    Gate{kIdleGaps, IdleLostShare},
    Gate{"start_skew", StartSkewShare},
    Gate{"load_not_delivered", RespondedShare, Gate::Of::kOpenLoop},
    Gate{"queue_overflow", QueueOverflows, Gate::Of::kOpenLoop},
    Gate{"send_lag", SendLag, Gate::Of::kOpenLoop},
};

constexpr std::string_view kProfileCost = "profile_cost";

struct ProfileGate {
  std::string_view name;
  Figure (*figure)(const ProfileFigures&);
};

constexpr std::array kProfileGates = {
    ProfileGate{"profile_whole",
                [](const ProfileFigures& f) {
                  return Share(static_cast<double>(f.whole), static_cast<double>(f.samples));
                }},
    ProfileGate{"profile_loss",
                [](const ProfileFigures& f) {
                  return Share(static_cast<double>(f.lost),
                               static_cast<double>(f.samples + f.lost));
                }},
    ProfileGate{kProfileCost,
                [](const ProfileFigures& f) {
                  return f.cost.has_value() ? Figure(f.cost->estimate) : std::nullopt;
                }},
};

// nullptr if none of `gates` has the name.
template <typename Gates>
auto* FindGate(const Gates& gates, std::string_view name) {
  const auto* found = std::find_if(gates.begin(), gates.end(),
                                   [name](const auto& gate) { return gate.name == name; });
  return found == gates.end() ? nullptr : found;
}

const GateRule* FindRule(const std::vector<GateRule>& rules, std::string_view name) {
  const auto found = std::find_if(rules.begin(), rules.end(),
                                  [name](const GateRule& rule) { return rule.name == name; });
  return found == rules.end() ? nullptr : &*found;
}

bool Breaks(GateDirection direction, const std::optional<double>& bound, double value) {
  if (!bound.has_value()) return false;
  return direction == GateDirection::kMax ? value > *bound : value < *bound;
}

bool IsCampaignGate(std::string_view name) {
  return std::find(kCampaignGates.begin(), kCampaignGates.end(), name) != kCampaignGates.end();
}

absl::Status BadRule(const GateRule& rule, std::string_view reason) {
  return absl::InvalidArgumentError(
      absl::StrCat("the rule of gate \"", rule.name, "\" ", std::string(reason)));
}

absl::Status CheckRule(const GateRule& rule) {
  if (FindGate(kExecutionGates, rule.name) == nullptr &&
      FindGate(kProfileGates, rule.name) == nullptr && !IsCampaignGate(rule.name)) {
    return BadRule(rule, "names a gate that does not exist");
  }
  if (!rule.warn.has_value() && !rule.invalid.has_value()) {
    return BadRule(rule, "has neither a warn nor an invalid bound");
  }
  for (const std::optional<double>& bound : {rule.warn, rule.invalid}) {
    if (bound.has_value() && !std::isfinite(*bound))
      return BadRule(rule, "has a bound that is not finite");
  }
  if (rule.warn.has_value() && Breaks(rule.direction, rule.invalid, *rule.warn)) {
    return BadRule(rule, "has bounds in the wrong order: `invalid` is reached before `warn`");
  }
  return absl::OkStatus();
}

absl::Status CheckComplete(const std::vector<GateRule>& rules) {
  std::vector<std::string_view> gates(kCampaignGates.begin(), kCampaignGates.end());
  for (const Gate& gate : kExecutionGates) gates.push_back(gate.name);
  for (const ProfileGate& gate : kProfileGates) gates.push_back(gate.name);
  for (const std::string_view name : gates) {
    const auto count = std::count_if(rules.begin(), rules.end(),
                                     [name](const GateRule& rule) { return rule.name == name; });
    if (count == 1) continue;
    return absl::InvalidArgumentError(absl::StrCat("gate \"", std::string(name), "\" has ", count,
                                                   " rules; it must have exactly one"));
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view ToString(GateVerdict verdict) {
  switch (verdict) {
    case GateVerdict::kPass:
      return "pass";
    case GateVerdict::kWarn:
      return "warn";
    case GateVerdict::kInvalid:
      return "invalid";
    case GateVerdict::kUnreadable:
      return "unreadable";
  }
  return "unreadable";
}

GateJudgement JudgeFigure(const GateRule& rule, std::optional<double> value,
                          ComparisonVerdict comparison) {
  GateJudgement judgement{.name = rule.name,
                          .unit = rule.unit,
                          .limit = rule.invalid.value_or(rule.warn.value_or(0)),
                          .advice = rule.advice};
  if (!value.has_value() || std::isnan(*value)) return judgement;
  judgement.value = value;
  judgement.verdict = GateVerdict::kPass;
  if (Breaks(rule.direction, rule.warn, *value)) {
    judgement.verdict = GateVerdict::kWarn;
    judgement.limit = *rule.warn;
  }
  if (Breaks(rule.direction, rule.invalid, *value)) {
    const bool spared = rule.only_for_verdicts && comparison == ComparisonVerdict::kNotWanted;
    judgement.verdict = spared ? GateVerdict::kWarn : GateVerdict::kInvalid;
    judgement.limit = *rule.invalid;
  }
  return judgement;
}

GateJudgement JudgeEstimate(const GateRule& rule, const std::optional<Estimate>& estimate,
                            ComparisonVerdict comparison) {
  if (!estimate.has_value()) return JudgeFigure(rule, std::nullopt, comparison);
  const std::optional<double>& better =
      rule.direction == GateDirection::kMax ? estimate->low : estimate->high;
  GateJudgement judgement = JudgeFigure(rule, better.value_or(estimate->estimate), comparison);
  if (judgement.value.has_value()) judgement.value = estimate->estimate;
  return judgement;
}

absl::Span<const std::string_view> CampaignGates() { return kCampaignGates; }

absl::StatusOr<GateRules> GateRules::Create(std::vector<GateRule> rules, uint32_t version,
                                            double most_left_out) {
  for (const GateRule& rule : rules) {
    if (absl::Status status = CheckRule(rule); !status.ok()) return status;
  }
  if (absl::Status status = CheckComplete(rules); !status.ok()) return status;
  if (!(most_left_out >= 0) || most_left_out >= 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("most_left_out is ", most_left_out, "; it must be at least 0 and below 1"));
  }
  return GateRules(std::move(rules), version, most_left_out);
}

namespace {

// Whether a figure is known and does not break the rule's `warn` bound.
bool IsGood(const GateRule& rule, const Figure& figure) {
  return figure.has_value() && std::isfinite(*figure) && *figure >= 0 &&
         !Breaks(rule.direction, rule.warn, *figure);
}

void OnlyWarn(const GateRule& rule, GateJudgement* judgement) {
  if (judgement->verdict != GateVerdict::kInvalid || !rule.warn.has_value()) return;
  judgement->verdict = GateVerdict::kWarn;
  judgement->limit = *rule.warn;
}

}  // namespace

std::vector<GateJudgement> GateRules::JudgeExecution(const ExecutionFigures& figures,
                                                     ComparisonVerdict comparison) const {
  const GateRule& server = *FindRule(rules_, kServerNotBottleneck);
  const GateRule& generator = *FindRule(rules_, kGeneratorSaturated);
  std::vector<GateJudgement> judgements;
  for (const GateRule& rule : rules_) {
    const auto* gate = FindGate(kExecutionGates, rule.name);
    if (gate == nullptr || !gate->AppliesTo(figures)) continue;
    Figure figure = gate->figure(figures);
    // All figures are counts, times or shares. A negative or infinite one cannot be true.
    if (figure.has_value() && (!std::isfinite(*figure) || *figure < 0)) figure.reset();
    GateJudgement& judgement = judgements.emplace_back(JudgeFigure(rule, figure, comparison));
    if (gate->name == kGeneratorSaturated && figures.server.has_value() &&
        !figures.open.has_value() && IsGood(server, figures.server->busy_share)) {
      OnlyWarn(rule, &judgement);
    }
    if (gate->name == kServerNotBottleneck && figures.compared == ComparedFigure::kCost &&
        IsGood(generator, figures.generator_share)) {
      OnlyWarn(rule, &judgement);
    }
  }
  return judgements;
}

std::vector<GateJudgement> GateRules::JudgeProfile(const ProfileFigures& figures,
                                                   ComparisonVerdict comparison) const {
  std::vector<GateJudgement> judgements;
  for (const GateRule& rule : rules_) {
    const auto* gate = FindGate(kProfileGates, rule.name);
    if (gate == nullptr || (gate->name == kProfileCost && !figures.cost_wanted)) continue;
    judgements.push_back(gate->name == kProfileCost
                             ? JudgeEstimate(rule, figures.cost, comparison)
                             : JudgeFigure(rule, gate->figure(figures), comparison));
  }
  return judgements;
}

double GateRules::IdleShareThatVoids() const {
  return FindRule(rules_, kIdleGaps)->invalid.value_or(std::numeric_limits<double>::infinity());
}

bool GateRules::MayLeaveOut(size_t left_out, size_t all) const {
  if (left_out == 0) return true;
  if (left_out > all) return false;
  const auto remaining = static_cast<double>(all - left_out);
  return static_cast<double>(left_out) <= most_left_out_ * static_cast<double>(all) &&
         remaining >= FindRule(rules_, kTooFewBlocks)->invalid.value_or(1);
}

const GateRule* GateRules::Find(std::string_view name) const { return FindRule(rules_, name); }

GateJudgement GateRules::JudgeCampaign(std::string_view name, std::optional<double> value,
                                       ComparisonVerdict comparison) const {
  return JudgeFigure(*FindRule(rules_, name), value, comparison);
}

GateJudgement GateRules::JudgeControl(uint32_t differing) const {
  return JudgeCampaign("aa_control", differing, ComparisonVerdict::kWanted);
}

GateJudgement GateRules::JudgeCampaigns(uint32_t campaigns) const {
  return JudgeCampaign("not_interleaved", campaigns, ComparisonVerdict::kWanted);
}

}  // namespace assay
