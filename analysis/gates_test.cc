#include "analysis/gates.h"

#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/dependence.h"
#include "common/runfiles.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "proto/gates.pb.h"

namespace assay {
namespace {

constexpr auto kWanted = ComparisonVerdict::kWanted;
constexpr auto kNotWanted = ComparisonVerdict::kNotWanted;

std::vector<GateRule> ShippedRuleList() {
  const absl::StatusOr<std::string> path = AssayFile("analysis/gates.textproto");
  EXPECT_TRUE(path.ok()) << path.status();
  std::ifstream file(*path);
  std::ostringstream text;
  text << file.rdbuf();
  GateFile gates;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text.str(), &gates));
  std::vector<GateRule> rules;
  for (const Gate& gate : gates.rules()) {
    EXPECT_NE(gate.direction(), Gate::DIRECTION_UNSPECIFIED) << gate.name();
    EXPECT_NE(gate.unit(), "") << gate.name();
    EXPECT_NE(gate.advice(), "") << gate.name();
    GateRule rule{
        .name = gate.name(),
        .unit = gate.unit(),
        .direction = gate.direction() == Gate::MIN ? GateDirection::kMin : GateDirection::kMax,
        .advice = gate.advice(),
        .only_for_verdicts = gate.only_for_verdicts(),
        .leaves_block_out = gate.leaves_block_out()};
    if (gate.has_warn()) rule.warn = gate.warn();
    if (gate.has_invalid()) rule.invalid = gate.invalid();
    rules.push_back(rule);
  }
  return rules;
}

GateRules ShippedRules() { return GateRules::Create(ShippedRuleList()).value(); }

// Other programs and the hypervisor took two ticks, which may be the error of the readings.
PinnedCpus QuietCpu() {
  return {.count = 1, .span_ns = 400'000'000, .foreign_ns = 20'000'000, .steal_ns = 20'000'000};
}

// A demo execution on a sound machine: 0.4 s, 250 connections, about 30,000 requests per second.
ExecutionFigures Demo() {
  return {.sent = 12'000,
          .ok = 11'750,
          .in_flight = 250,
          .connections = 250,
          .window_ns = 400'000'000,
          .samples_recorded = 11'750,
          .same_host = true,
          .shared_cpus = 0,
          .generator_share = 0.8,
          .run_delay_share = 0.01,
          .idle_lost_share = 0.06,
          .think_share = 0.03,
          .start_skew_ns = 0,
          .server = ServerReadings{.late_share = 0.005,
                                   .busy_share = 0.99,
                                   .run_delay_share = 0.01,
                                   .preemptions_per_s = 40,
                                   .cpus = QuietCpu(),
                                   .retransmits = 0,
                                   .listen_overflows = 0,
                                   .throttling_events = 0},
          .load_cpus = {QuietCpu()},
          .slots = SlotReadings{.idle_busy_share = 0.001, .overdue_share = 0},
          .compared = ComparedFigure::kCost,
          .littles_law_applies = true,
          .littles_law_error = 0.004,
          .unsteady_share = 0};
}

std::map<std::string, GateVerdict> Verdicts(const ExecutionFigures& figures,
                                            ComparisonVerdict comparison = kWanted) {
  std::map<std::string, GateVerdict> verdicts;
  for (const GateJudgement& j : ShippedRules().JudgeExecution(figures, comparison)) {
    verdicts[j.name] = j.verdict;
  }
  return verdicts;
}

// The one gate whose judgement differs from the demo's, and that judgement.
std::string Changed(const ExecutionFigures& figures) {
  const auto usual = Verdicts(Demo());
  std::string changed;
  for (const auto& [name, verdict] : Verdicts(figures)) {
    if (verdict != usual.at(name)) changed += name + " " + std::string(ToString(verdict)) + ";";
  }
  return changed;
}

TEST(ShippedGatesTest, DemoOnASoundMachineWarnsOnlyOfTheSharedHost) {
  const auto verdicts = Verdicts(Demo());
  EXPECT_GT(verdicts.size(), 20);
  for (const auto& [name, verdict] : verdicts) {
    EXPECT_EQ(verdict, name == "same_host" ? GateVerdict::kWarn : GateVerdict::kPass) << name;
  }
  EXPECT_EQ(ShippedRules().JudgeCampaign("too_few_blocks", 8, kWanted).verdict, GateVerdict::kPass);
}

// Leaving blocks out by a figure of the server would choose the result.
TEST(ShippedGatesTest, OnlyWhatTheHostDidLeavesBlocksOut) {
  std::set<std::string> names;
  for (const GateRule& rule : ShippedRuleList()) {
    if (rule.leaves_block_out) names.insert(rule.name);
  }
  EXPECT_EQ(names, (std::set<std::string>{"foreign_cpu", "foreign_cpu_load", "idle_gaps",
                                          "start_skew", "steal"}));
}

TEST(GateRulesTest, FewBlocksMayBeLeftOutIfEnoughRemain) {
  const GateRules rules = GateRules::Create(ShippedRuleList(), 1, 0.2).value();
  EXPECT_TRUE(rules.MayLeaveOut(0, 1));
  EXPECT_TRUE(rules.MayLeaveOut(2, 10));
  EXPECT_FALSE(rules.MayLeaveOut(3, 10)) << "more than a fifth";
  EXPECT_TRUE(rules.MayLeaveOut(1, 7));
  EXPECT_FALSE(rules.MayLeaveOut(1, 6)) << "five are too few for a verdict";
  EXPECT_FALSE(rules.MayLeaveOut(2, 1));
  EXPECT_FALSE(ShippedRules().MayLeaveOut(1, 100)) << "none without a share";
  EXPECT_FALSE(GateRules::Create(ShippedRuleList(), 1, 1).ok());
  EXPECT_FALSE(GateRules::Create(ShippedRuleList(), 1, std::nan("")).ok());
}

// The original experiment's protocol could not give a verdict, and must not seem to.
TEST(ShippedGatesTest, TenThousandRequestsOver750ConnectionsAreTooShort) {
  ExecutionFigures original = Demo();
  original.sent = 10'000;
  original.ok = 10'000;
  original.in_flight = 0;
  original.connections = 750;
  EXPECT_EQ(Verdicts(original)["too_short_requests"], GateVerdict::kInvalid);
  EXPECT_EQ(Verdicts(original, kNotWanted)["too_short_requests"], GateVerdict::kWarn);
  EXPECT_EQ(ShippedRules().JudgeCampaign("too_few_blocks", 3, kWanted).verdict,
            GateVerdict::kInvalid);
  EXPECT_EQ(ShippedRules().JudgeCampaign("too_few_blocks", 3, kNotWanted).verdict,
            GateVerdict::kWarn);
}

TEST(ShippedGatesTest, EachDefectIsDetectedByItsGateOnly) {
  const auto changed = [](auto change) {
    ExecutionFigures figures = Demo();
    change(&figures);
    return Changed(figures);
  };
  using F = ExecutionFigures;
  EXPECT_EQ(changed([](F* f) { f->ok -= 5, f->errors = 5; }), "errors warn;");
  EXPECT_EQ(changed([](F* f) { f->ok -= 50, f->errors = 50; }), "errors invalid;");
  EXPECT_EQ(changed([](F* f) { f->ok -= 50, f->timeouts = 50; }), "errors invalid;");
  EXPECT_EQ(changed([](F* f) { f->ok -= 1, f->errors = 1, f->wrong_responses = 1; }),
            "wrong_responses invalid;");
  EXPECT_EQ(changed([](F* f) { f->sent += 1; }), "accounting invalid;");
  EXPECT_EQ(changed([](F* f) { f->sent -= 1; }), "accounting invalid;");
  EXPECT_EQ(changed([](F* f) { f->window_ns = 50'000'000; }), "too_short_window invalid;");
  EXPECT_EQ(changed([](F* f) { f->same_host = false; }), "same_host pass;");
  EXPECT_EQ(changed([](F* f) { f->shared_cpus = 1; }), "pinning_overlap invalid;");
  EXPECT_EQ(changed([](F* f) { f->generator_share = 0.95; }), "generator_saturated warn;");
  EXPECT_EQ(changed([](F* f) { f->server->run_delay_share = 0.06; }), "server_delayed warn;");
  EXPECT_EQ(changed([](F* f) { f->server->preemptions_per_s = 1'100; }), "server_preempted warn;");
  EXPECT_EQ(changed([](F* f) { f->server->retransmits = 15; }), "retransmits warn;");
  EXPECT_EQ(changed([](F* f) { f->server->retransmits = 15, f->server->group_requests = 12'000; }),
            "")
      << "of the requests of two targets";
  EXPECT_EQ(changed([](F* f) { f->server->listen_overflows = 1; }), "listen_overflows warn;");
  EXPECT_EQ(changed([](F* f) { f->server->throttling_events = 1; }), "throttling warn;");
  EXPECT_EQ(changed([](F* f) { f->littles_law_error = 0.06; }), "littles_law warn;");
  EXPECT_EQ(changed([](F* f) { f->unsteady_share = 1; }), "not_steady warn;");
  EXPECT_EQ(changed([](F* f) { f->slots->idle_busy_share = 0.02; }), "idle_target_busy warn;");
  EXPECT_EQ(changed([](F* f) { f->slots->idle_busy_share = 0.06; }), "idle_target_busy invalid;");
  EXPECT_EQ(changed([](F* f) { f->slots->overdue_share = 0.2; }), "slot_overlap warn;");
  EXPECT_EQ(changed([](F* f) { f->slots->overdue_share = 0.4; }), "slot_overlap invalid;");
  EXPECT_EQ(changed([](F* f) { f->run_delay_share = 0.06; }), "generator_delayed warn;");
  EXPECT_EQ(changed([](F* f) { f->think_share = 0.06; }), "think_time warn;");
  EXPECT_EQ(changed([](F* f) { f->server->late_share = 0.2; }), "cpu_readings warn;");
  EXPECT_EQ(changed([](F* f) { f->samples_lost = 1; }), "sample_loss warn;");
  EXPECT_EQ(changed([](F* f) { f->samples_lost = 128; }), "sample_loss invalid;");
  EXPECT_EQ(changed([](F* f) { f->idle_lost_share = 0.3; }), "idle_gaps invalid;");
  EXPECT_EQ(changed([](F* f) { f->start_skew_ns = 6'000'000; }), "start_skew warn;");
}

// The readings of /proc/stat are wrong by up to two ticks of 10 ms per CPU.
TEST(ShippedGatesTest, ForeignAndStolenTimeCountBeyondTheErrorOfTicks) {
  const auto changed = [](int64_t server_ms, int64_t load_ms, int64_t steal_ms) {
    ExecutionFigures figures = Demo();
    figures.server->cpus.foreign_ns = server_ms * 1'000'000;
    figures.load_cpus[0].foreign_ns = load_ms * 1'000'000;
    figures.load_cpus[0].steal_ns = steal_ms * 1'000'000;
    return Changed(figures);
  };
  EXPECT_EQ(changed(40, 40, 28), "") << "5 % and 2 % of 400 ms, and the error";
  EXPECT_EQ(changed(50, 0, 0), "foreign_cpu warn;");
  EXPECT_EQ(changed(120, 0, 0), "foreign_cpu invalid;");
  EXPECT_EQ(changed(0, 50, 0), "foreign_cpu_load warn;");
  EXPECT_EQ(changed(0, 120, 0), "foreign_cpu_load invalid;");
  EXPECT_EQ(changed(0, 0, 40), "steal warn;");
  EXPECT_EQ(changed(0, 0, 80), "steal invalid;");
  EXPECT_EQ(changed(-10, 0, 0), "foreign_cpu unreadable;");
}

// The targets of an interleaved block use the same CPUs in turn.
TEST(ShippedGatesTest, CpuTimeOfTheSameGroupIsNotForeign) {
  ExecutionFigures figures = Demo();
  figures.server->cpus.foreign_ns = 200'000'000;
  EXPECT_EQ(Changed(figures), "foreign_cpu invalid;");
  figures.server->cpus.group_ns = 190'000'000;
  EXPECT_EQ(Changed(figures), "");
}

// docs/decisions/0007-load-below-saturation.md
TEST(ShippedGatesTest, AFullGeneratorVoidsTheResultOnlyIfTheServerWasNotBusy) {
  const auto changed = [](double generator, double server) {
    ExecutionFigures figures = Demo();
    figures.generator_share = generator;
    figures.server->busy_share = server;
    return Changed(figures);
  };
  EXPECT_EQ(changed(0.984, 0.99), "generator_saturated warn;") << "two full CPUs";
  EXPECT_EQ(changed(0.984, 0.95), "generator_saturated invalid;server_not_bottleneck warn;")
      << "the generator is the limit";
  EXPECT_EQ(changed(0.984, 0.8), "generator_saturated invalid;server_not_bottleneck invalid;");
  EXPECT_EQ(changed(0.95, 0.8), "generator_saturated warn;server_not_bottleneck invalid;");
  EXPECT_EQ(changed(0.4, 0.8), "server_not_bottleneck warn;") << "few connections: at that load";
}

TEST(ShippedGatesTest, AServerThatIsNotBusyVoidsAComparisonOfThroughput) {
  ExecutionFigures figures = Demo();
  figures.compared = ComparedFigure::kThroughput;
  figures.generator_share = 0.4;
  figures.server->busy_share = 0.95;
  EXPECT_EQ(Changed(figures), "server_not_bottleneck warn;");
  figures.server->busy_share = 0.9;
  EXPECT_EQ(Changed(figures), "server_not_bottleneck invalid;");
  // Not known to be free.
  figures.compared = ComparedFigure::kCost;
  figures.generator_share.reset();
  EXPECT_EQ(Verdicts(figures).at("server_not_bottleneck"), GateVerdict::kInvalid);
}

TEST(ShippedGatesTest, TheServerNeedNotBeBusyWhereNeitherCostNorThroughputIsCompared) {
  ExecutionFigures figures = Demo();
  figures.compared = ComparedFigure::kOther;
  figures.server->busy_share = 0.1;
  EXPECT_EQ(Verdicts(figures).count("server_not_bottleneck"), 0);
  figures.compared = ComparedFigure::kCost;
  figures.open = OpenLoopFigures();
  EXPECT_EQ(Verdicts(figures).count("server_not_bottleneck"), 0) << "a stated rate";
  // An open loop's latencies are the generator's if it is full, whatever the server does.
  figures.server->busy_share = 0.99;
  figures.generator_share = 0.99;
  EXPECT_EQ(Verdicts(figures).at("generator_saturated"), GateVerdict::kInvalid);
}

TEST(ShippedGatesTest, GatesOfSlotsAndOfLongWindowsAreLeftOutWhereTheyDoNotApply) {
  ExecutionFigures figures = Demo();
  figures.slots.reset();
  figures.unsteady_share.reset();
  figures.littles_law_applies = false;
  for (const char* gate : {"idle_target_busy", "slot_overlap", "not_steady", "littles_law"}) {
    EXPECT_EQ(Verdicts(figures).count(gate), 0) << gate;
  }
}

struct CampaignCase {
  const char* gate;
  double good;
  double bad;
  GateVerdict verdict;
};

TEST(ShippedGatesTest, EachGateOfACampaignHasItsLimit) {
  const std::vector<CampaignCase> cases = {
      {"too_few_blocks", 8, 7, GateVerdict::kWarn},
      {"clock_source", 0, 1, GateVerdict::kWarn},
      {"frequency_governor", 0, 2, GateVerdict::kWarn},
      {"environment_differs", 0, 1, GateVerdict::kWarn},
      {"not_interleaved", 1, 2, GateVerdict::kWarn},
      {"aa_control", 0, 1, GateVerdict::kInvalid},
      {"order_bias", 0.01, 0.02, GateVerdict::kWarn},
      {"drift", 0.1, 0.11, GateVerdict::kWarn},
      {"dependence", 2.4, 2.5, GateVerdict::kWarn},
  };
  ASSERT_EQ(cases.size(), CampaignGates().size());
  for (const CampaignCase& one : cases) {
    const GateRules rules = ShippedRules();
    EXPECT_EQ(rules.JudgeCampaign(one.gate, one.good, kWanted).verdict, GateVerdict::kPass)
        << one.gate;
    EXPECT_EQ(rules.JudgeCampaign(one.gate, one.bad, kWanted).verdict, one.verdict) << one.gate;
    EXPECT_EQ(rules.JudgeCampaign(one.gate, std::nullopt, kWanted).verdict,
              GateVerdict::kUnreadable)
        << one.gate;
  }
  EXPECT_EQ(ShippedRules().Find("dependence")->warn, kDependenceLimit);
  EXPECT_EQ(ShippedRules().JudgeControl(1).verdict, GateVerdict::kInvalid);
  EXPECT_EQ(ShippedRules().JudgeCampaigns(2).verdict, GateVerdict::kWarn);
}

// An agent can report any values. Impossible ones never pass.
TEST(ShippedGatesTest, ImpossibleFigureNeverPasses) {
  const auto changed = [](auto change) {
    ExecutionFigures figures = Demo();
    change(&figures);
    return Changed(figures);
  };
  using F = ExecutionFigures;
  for (const double impossible : {std::nan(""), -0.5, HUGE_VAL, -HUGE_VAL}) {
    EXPECT_EQ(changed([=](F* f) { f->generator_share = impossible; }),
              "generator_saturated unreadable;");
    EXPECT_EQ(changed([=](F* f) { f->run_delay_share = impossible; }),
              "generator_delayed unreadable;");
    EXPECT_EQ(changed([=](F* f) { f->idle_lost_share = impossible; }), "idle_gaps unreadable;");
    EXPECT_EQ(changed([=](F* f) { f->think_share = impossible; }), "think_time unreadable;");
    EXPECT_EQ(changed([=](F* f) { f->server->late_share = impossible; }),
              "cpu_readings unreadable;");
  }
  for (const double impossible : {std::nan(""), -0.5, HUGE_VAL}) {
    EXPECT_EQ(changed([=](F* f) { f->server->busy_share = impossible; }),
              "server_not_bottleneck unreadable;");
    EXPECT_EQ(changed([=](F* f) { f->server->run_delay_share = impossible; }),
              "server_delayed unreadable;");
    EXPECT_EQ(changed([=](F* f) { f->slots->overdue_share = impossible; }),
              "slot_overlap unreadable;");
  }
  EXPECT_EQ(changed([](F* f) { f->server->cpus.count = 0; }),
            "foreign_cpu unreadable;steal unreadable;");
  EXPECT_EQ(changed([](F* f) { f->server->cpus.span_ns = 0; }),
            "foreign_cpu unreadable;steal unreadable;");
  EXPECT_EQ(changed([](F* f) { f->load_cpus[0].steal_ns = -1; }), "steal unreadable;");
  EXPECT_EQ(changed([](F* f) { f->start_skew_ns = -1; }), "start_skew unreadable;");
  EXPECT_EQ(changed([](F* f) { f->window_ns = -1; }),
            "start_skew unreadable;too_short_window unreadable;");
  EXPECT_EQ(changed([](F* f) { f->samples_recorded = 11'751; }), "sample_loss unreadable;");
  EXPECT_EQ(changed([](F* f) { f->latencies = 11'751; }), "accounting invalid;");
  EXPECT_EQ(changed([](F* f) { f->counts_known = false; }),
            "accounting unreadable;errors unreadable;retransmits unreadable;sample_loss unreadable;"
            "too_short_requests unreadable;wrong_responses unreadable;");
}

TEST(ShippedGatesTest, ServerGivenByUrlHasNoGatesOfServerReadings) {
  ExecutionFigures figures = Demo();
  figures.server.reset();
  EXPECT_EQ(Verdicts(figures).count("cpu_readings"), 0);
  figures.open = OpenLoopFigures();
  EXPECT_EQ(Verdicts(figures).count("think_time"), 0);
}

TEST(ShippedGatesTest, OpenLoopHasSeparateGates) {
  const std::map<std::string, GateVerdict> closed = Verdicts(Demo());
  EXPECT_EQ(closed.count("load_not_delivered"), 0);
  ExecutionFigures figures = Demo();
  figures.open =
      OpenLoopFigures{.offered_per_s = 1000, .responses_per_s = 999, .send_lag_p99_ns = 30'000};
  const auto open = [&](auto change) {
    ExecutionFigures changed = figures;
    change(&*changed.open);
    return Verdicts(changed);
  };
  for (const char* gate : {"load_not_delivered", "queue_overflow", "send_lag"}) {
    EXPECT_EQ(Verdicts(figures).at(gate), GateVerdict::kPass) << gate;
  }
  EXPECT_EQ(open([](auto* f) { f->responses_per_s = 980; }).at("load_not_delivered"),
            GateVerdict::kWarn);
  EXPECT_EQ(open([](auto* f) { f->responses_per_s = 900; }).at("load_not_delivered"),
            GateVerdict::kInvalid);
  EXPECT_EQ(open([](auto* f) { f->queue_overflows = 1; }).at("queue_overflow"),
            GateVerdict::kInvalid);
  EXPECT_EQ(open([](auto* f) { f->send_lag_p99_ns = 300'000; }).at("send_lag"), GateVerdict::kWarn);
  EXPECT_EQ(open([](auto* f) { f->send_lag_p99_ns.reset(); }).at("send_lag"),
            GateVerdict::kUnreadable);
}

// "Never pass when it could not be read."
std::string ProfileVerdicts(const ProfileFigures& figures) {
  std::string verdicts;
  for (const GateJudgement& j : ShippedRules().JudgeProfile(figures, kWanted))
    verdicts += j.name + " " + std::string(ToString(j.verdict)) + ";";
  return verdicts;
}

TEST(ShippedGatesTest, ProfilesHaveSeparateGates) {
  EXPECT_EQ(ProfileVerdicts({.samples = 1000, .whole = 990}),
            "profile_whole pass;profile_loss pass;");
  EXPECT_EQ(ProfileVerdicts({.samples = 1000, .whole = 989}),
            "profile_whole warn;profile_loss pass;");
  EXPECT_EQ(ProfileVerdicts({.samples = 980, .lost = 20, .whole = 980}),
            "profile_whole pass;profile_loss warn;");
  const auto with_cost = [](const Estimate& cost) {
    return ProfileVerdicts({.samples = 9, .whole = 9, .cost_wanted = true, .cost = cost});
  };
  const std::string others = "profile_whole pass;profile_loss pass;";
  EXPECT_EQ(with_cost({.estimate = 0.02}), others + "profile_cost warn;");
  // A limit is certainly missed if the whole interval lies beyond it.
  EXPECT_EQ(with_cost({.estimate = 0.02, .low = -0.01, .high = 0.05}),
            others + "profile_cost pass;");
  EXPECT_EQ(with_cost({.estimate = 0.02, .low = 0.011, .high = 0.05}),
            others + "profile_cost warn;");
  EXPECT_EQ(with_cost({.estimate = 0.2, .low = 0.05, .high = 0.3}), others + "profile_cost warn;");
  EXPECT_EQ(with_cost({.estimate = 0.2, .low = 0.11, .high = 0.3}),
            others + "profile_cost invalid;");
  EXPECT_EQ(ProfileVerdicts({.cost_wanted = true}),
            "profile_whole unreadable;profile_loss unreadable;profile_cost unreadable;");
}

TEST(ShippedGatesTest, FigureThatIsNotSetIsUnreadable) {
  ExecutionFigures figures = Demo();
  figures.same_host.reset();
  figures.shared_cpus.reset();
  figures.generator_share.reset();
  figures.run_delay_share.reset();
  figures.think_share.reset();
  figures.server = ServerReadings();
  figures.load_cpus = {PinnedCpus()};
  figures.slots = SlotReadings();
  figures.littles_law_error.reset();
  figures.idle_lost_share.reset();
  figures.start_skew_ns.reset();
  EXPECT_EQ(Changed(figures),
            "cpu_readings unreadable;foreign_cpu unreadable;foreign_cpu_load unreadable;"
            "generator_delayed unreadable;generator_saturated unreadable;idle_gaps unreadable;"
            "idle_target_busy unreadable;listen_overflows unreadable;littles_law unreadable;"
            "pinning_overlap unreadable;retransmits unreadable;same_host unreadable;"
            "server_delayed unreadable;server_not_bottleneck unreadable;"
            "server_preempted unreadable;slot_overlap unreadable;start_skew unreadable;"
            "steal unreadable;think_time unreadable;throttling unreadable;");
  const auto of_nothing = Verdicts(ExecutionFigures());
  EXPECT_GT(of_nothing.size(), 10);
  for (const auto& [name, verdict] : of_nothing) {
    if (name == "accounting") continue;
    EXPECT_EQ(verdict, GateVerdict::kUnreadable) << name;
  }
}

GateRule Rule(GateDirection direction, std::optional<double> warn, std::optional<double> invalid) {
  return {.name = "errors",
          .unit = "share",
          .direction = direction,
          .warn = warn,
          .invalid = invalid,
          .advice = "mend it"};
}

TEST(JudgeFigureTest, FigureAtTheBoundPasses) {
  const GateRule max = Rule(GateDirection::kMax, 1, 2);
  EXPECT_EQ(JudgeFigure(max, 1, kWanted).verdict, GateVerdict::kPass);
  EXPECT_EQ(JudgeFigure(max, 1.5, kWanted).verdict, GateVerdict::kWarn);
  EXPECT_EQ(JudgeFigure(max, 2, kWanted).verdict, GateVerdict::kWarn);
  EXPECT_EQ(JudgeFigure(max, 2.5, kWanted).verdict, GateVerdict::kInvalid);
  const GateRule min = Rule(GateDirection::kMin, 2, 1);
  EXPECT_EQ(JudgeFigure(min, 2, kWanted).verdict, GateVerdict::kPass);
  EXPECT_EQ(JudgeFigure(min, 1, kWanted).verdict, GateVerdict::kWarn);
  EXPECT_EQ(JudgeFigure(min, 0.5, kWanted).verdict, GateVerdict::kInvalid);
}

TEST(JudgeFigureTest, ReportsTheBrokenBoundOrElseTheStrictest) {
  const GateRule rule = Rule(GateDirection::kMax, 1, 2);
  EXPECT_EQ(JudgeFigure(rule, 0, kWanted).limit, 2);
  EXPECT_EQ(JudgeFigure(rule, 1.5, kWanted).limit, 1);
  EXPECT_EQ(JudgeFigure(rule, 3, kWanted).limit, 2);
  EXPECT_EQ(JudgeFigure(Rule(GateDirection::kMax, 1, std::nullopt), 0, kWanted).limit, 1);
}

TEST(JudgeFigureTest, NotANumberIsUnreadableButInfinityIsJudged) {
  const GateRule rule = Rule(GateDirection::kMax, 1, 2);
  EXPECT_EQ(JudgeFigure(rule, std::nan(""), kWanted).verdict, GateVerdict::kUnreadable);
  EXPECT_EQ(JudgeFigure(rule, INFINITY, kWanted).verdict, GateVerdict::kInvalid);
}

// A typing error in the data file must not disable a gate.
TEST(GateRulesTest, RejectsIncompleteOrContradictoryRules) {
  const std::vector<GateRule> good = ShippedRuleList();
  ASSERT_TRUE(GateRules::Create(good).ok());
  const auto refusal = [&](auto change) {
    std::vector<GateRule> rules = good;
    change(&rules);
    return std::string(GateRules::Create(rules).status().message());
  };
  EXPECT_EQ(GateRules::Create(good, 7)->version(), 7);
  using Rules = std::vector<GateRule>;
  EXPECT_NE(refusal([](Rules* r) { r->pop_back(); }).find("has 0 rules"), std::string::npos);
  EXPECT_NE(refusal([](Rules* r) { r->push_back(r->front()); }).find("has 2 rules"),
            std::string::npos);
  EXPECT_NE(refusal([](Rules* r) { (*r)[0].name = "erors"; }).find("\"erors\" names a gate"),
            std::string::npos);
  EXPECT_NE(refusal([](Rules* r) { (*r)[0].warn = 0.5; }).find("in the wrong order"),
            std::string::npos);
  EXPECT_NE(
      refusal([](Rules* r) { (*r)[0].warn.reset(), (*r)[0].invalid.reset(); }).find("neither"),
      std::string::npos);
  EXPECT_NE(refusal([](Rules* r) { (*r)[0].invalid = INFINITY; }).find("not finite"),
            std::string::npos);
}

}  // namespace
}  // namespace assay
