#include "controller/verdict/campaign_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analysis/dependence.h"
#include "controller/results/search_fixture.h"
#include "controller/verdict/verdict_fixture.h"
#include "controller/verdict/verdict_words.h"

namespace assay::controller {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using CampaignVerdictTest = VerdictFixture;

TEST_F(CampaignVerdictTest, BusyMeansWhatTheGateMeans) {
  EXPECT_EQ(rules_.Find("server_not_bottleneck")->warn, kBusyShare);
  EXPECT_EQ(rules_.Find("dependence")->warn, kDependenceLimit);
}

// An empty result if the gate was not judged.
GateResult GateOf(const CampaignVerdict& verdict, const std::string& name) {
  for (const GateResult& gate : verdict.gates) {
    if (gate.name() == name) return gate;
  }
  return GateResult();
}

TEST_F(CampaignVerdictTest, KnownAnswerComesOutOfAStoredCampaign) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 6);
  AddBlocks(campaign, "epoll", kKnownA);
  AddBlocks(campaign, "hyper", kKnownB);
  const CampaignVerdict verdict = Compared(campaign);
  EXPECT_EQ(verdict.family, 1u);
  EXPECT_EQ(verdict.design, CampaignVerdict::Design::kSequential);
  EXPECT_FALSE(verdict.invalid());
  ASSERT_THAT(verdict.Primary(), SizeIs(1));
  const Comparison& one = *verdict.Primary()[0];
  EXPECT_EQ(one.metric->name, "server_cpu_us_per_request");
  EXPECT_EQ(one.baseline, "epoll");
  EXPECT_EQ(one.candidate, "hyper");
  EXPECT_EQ(one.verdict(), "slower");
  EXPECT_NEAR(one.ratio->ratio.estimate, 1.1, 5e-5);
  EXPECT_NEAR(*one.ratio->ratio.low, 1.090909, 5e-7);
  EXPECT_NEAR(*one.ratio->ratio.high, 1.108911, 5e-7);
  EXPECT_EQ(one.ratio->blocks, 6u);
  EXPECT_EQ(one.blocks_left_out, 0u);
}

TEST_F(CampaignVerdictTest, OtherMetricsAreDescriptiveAndKeepTheirOwnDirection) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 6);
  for (uint32_t block = 0; block < 6; ++block) {
    Add(campaign, {.target = "epoll", .block = block, .rps = 1000, .latency_us = 100});
    Add(campaign, {.target = "hyper", .block = block, .rps = 900, .latency_us = 80});
  }
  const CampaignVerdict verdict = Compared(campaign);
  const Comparison rps = In(verdict.comparisons, "rps");
  EXPECT_FALSE(rps.primary);
  EXPECT_EQ(rps.verdict(), "slower");
  EXPECT_NEAR(rps.ratio->ratio.estimate, 0.9, 1e-9);
  EXPECT_EQ(In(verdict.comparisons, "p99_us").verdict(), "faster");
  EXPECT_EQ(In(verdict.comparisons, "server_cpu_us_per_request").verdict(), "equivalent");
  // 1,000 requests do not support a p99.9, so nothing is said about it.
  for (const Comparison& one : verdict.comparisons) EXPECT_NE(one.metric->name, "p999_us");
}

// Three levels and two candidates: six intervals that hold together. The control is not one of them.
TEST_F(CampaignVerdictTest, FamilyIsLevelsTimesRealCandidates) {
  const CampaignRecord campaign = Campaign(absl::StrCat(kWithControl, " targets { name: 'nginx' }"),
                                           8, kFirstId, "16, 64, 250");
  for (const uint32_t level : {16U, 64U, 250U}) {
    for (const char* target : {"epoll", "hyper", "again", "nginx"})
      AddBlocks(campaign, target, {10, 11, 10, 11, 10, 11, 10, 11}, level);
  }
  const CampaignVerdict verdict = Compared(campaign);
  EXPECT_EQ(verdict.family, 6u);
  ASSERT_THAT(verdict.Primary(), SizeIs(6));
  EXPECT_NEAR(verdict.Primary()[0]->ratio->confidence, 1 - 0.05 / 6, 1e-12);
  EXPECT_NEAR(In(verdict.comparisons, "rps").ratio->confidence, 0.95, 1e-12);
  EXPECT_NEAR(In(verdict.aa, "server_cpu_us_per_request").ratio->confidence, 0.95, 1e-12);
  EXPECT_EQ(verdict.Primary()[0]->blocks_at_least, 8u);
}

TEST_F(CampaignVerdictTest, ControlThatDiffersInvalidatesEveryVerdict) {
  const CampaignRecord campaign = Campaign(kWithControl, 6);
  AddBlocks(campaign, "epoll", kKnownA);
  AddBlocks(campaign, "hyper", kKnownB);
  AddBlocks(campaign, "again", {105, 107, 103, 106, 104, 105});
  const CampaignVerdict verdict = Compared(campaign);
  EXPECT_EQ(GateOf(verdict, "aa_control").value(), 1);
  EXPECT_EQ(verdict.gates[0].verdict(), GateResult::INVALID);
  EXPECT_TRUE(verdict.invalid());
  EXPECT_EQ(verdict.Primary()[0]->verdict(), "invalid");
  EXPECT_EQ(In(verdict.aa, "server_cpu_us_per_request").verdict(), "slower");
}

TEST_F(CampaignVerdictTest, EquivalentControlPassesAndIsNoCandidate) {
  const CampaignRecord campaign = Campaign(kWithControl, 6);
  AddBlocks(campaign, "epoll", kKnownA);
  AddBlocks(campaign, "hyper", kKnownB);
  AddBlocks(campaign, "again", {100.1, 101.9, 98.1, 100.9, 99.1, 100});
  const CampaignVerdict verdict = Compared(campaign);
  EXPECT_EQ(GateOf(verdict, "aa_control").verdict(), GateResult::PASS);
  EXPECT_EQ(verdict.family, 1u);
  EXPECT_EQ(In(verdict.aa, "server_cpu_us_per_request").verdict(), "equivalent");
  EXPECT_EQ(verdict.Primary()[0]->verdict(), "slower");
}

// With another baseline, the two labels of epoll are still each other's control.
TEST_F(CampaignVerdictTest, ControlOfACandidateIsNoCandidate) {
  const CampaignRecord campaign = Campaign(kWithControl, 6);
  for (const char* target : {"epoll", "hyper", "again"}) AddBlocks(campaign, target, kKnownA);
  const CampaignVerdict verdict = Compared(campaign, "hyper");
  EXPECT_EQ(verdict.family, 1u);
  EXPECT_EQ(verdict.Primary()[0]->candidate, "epoll");
  EXPECT_EQ(In(verdict.aa, "server_cpu_us_per_request").baseline, "epoll");
  EXPECT_EQ(In(verdict.aa, "server_cpu_us_per_request").candidate, "again");
}

// The same program with other options is another server.
TEST_F(CampaignVerdictTest, SameTargetWithOtherOptionsIsACandidate) {
  const CampaignRecord campaign = Campaign(
      "targets { name: 'epoll' } targets { name: 'epoll' label: 'burns' options { key: 'burn_ns' "
      "value: '500' } }",
      6);
  AddBlocks(campaign, "epoll", kKnownA);
  AddBlocks(campaign, "burns", kKnownB);
  const CampaignVerdict verdict = Compared(campaign);
  EXPECT_THAT(verdict.aa, IsEmpty());
  EXPECT_EQ(GateOf(verdict, "aa_control").name(), "");
  EXPECT_EQ(verdict.family, 1u);
}

TEST_F(CampaignVerdictTest, BlockWithoutOneOfTheTwoIsLeftOutAndCounted) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 7);
  AddBlocks(campaign, "epoll", {100, 102, 98, 101, 99, 100, 100});
  AddBlocks(campaign, "hyper", kKnownB);
  const CampaignVerdict verdict = Compared(campaign);
  const Comparison& one = *verdict.Primary()[0];
  EXPECT_EQ(one.ratio->blocks, 6u);
  EXPECT_EQ(one.blocks_left_out, 1u);
  EXPECT_NEAR(one.ratio->ratio.estimate, 1.1, 5e-5);
  EXPECT_THAT(verdict.limits, Contains(HasSubstr("1 of 7 blocks is left out")));
}

TEST_F(CampaignVerdictTest, ABaselineThatMovesWarnsOfDrift) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 12);
  AddBlocks(campaign, "epoll", {100, 100, 100, 100, 110, 110, 110, 110, 130, 130, 130, 130});
  AddBlocks(campaign, "hyper", {100, 101, 99, 100, 112, 111, 110, 109, 129, 131, 130, 130});
  const GateResult drift = GateOf(Compared(campaign), "drift");
  EXPECT_EQ(drift.verdict(), GateResult::WARN);
  EXPECT_NEAR(drift.value(), 0.3, 1e-9);
  // As large a difference of the thirds that chance explains.
  const CampaignRecord steady = Campaign(kTwoTargets, 12, kSecondId);
  AddBlocks(steady, "epoll", {100, 140, 90, 120, 100, 100, 100, 100, 150, 90, 160, 130});
  AddBlocks(steady, "hyper", {100, 140, 90, 120, 100, 100, 100, 100, 150, 90, 160, 130});
  EXPECT_EQ(GateOf(Compared(steady), "drift").verdict(), GateResult::PASS);
  // Its blocks have no slots.
  EXPECT_EQ(GateOf(Compared(steady), "order_bias").name(), "");
}

TEST_F(CampaignVerdictTest, FewerBlocksThanAVerdictNeedsAreInconclusive) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 5);
  AddBlocks(campaign, "epoll", {100, 102, 98, 101, 99});
  AddBlocks(campaign, "hyper", {110, 113, 107, 112, 108});
  const CampaignVerdict verdict = Compared(campaign);
  const Comparison& one = *verdict.Primary()[0];
  EXPECT_EQ(one.verdict(), "inconclusive");
  EXPECT_FALSE(one.ratio->ratio.low.has_value());
  EXPECT_EQ(one.blocks_at_least, 6u);
  // The command exits with status 3.
  EXPECT_THAT(verdict.invalid_campaign_gates, ElementsAre("too_few_blocks"));
}

// A state of the machine that favours one program for several blocks at a time.
TEST_F(CampaignVerdictTest, DependentBlocksAreComparedInSegmentsOfTime) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 24);
  std::vector<double> baseline(24, 100);
  std::vector<double> candidate;
  for (int block = 0; block < 24; ++block)
    candidate.push_back(block < 12 ? 103 + 0.01 * block : 99);
  AddBlocks(campaign, "epoll", baseline);
  AddBlocks(campaign, "hyper", candidate);
  const CampaignVerdict verdict = Compared(campaign);
  const Comparison& one = *verdict.Primary()[0];
  EXPECT_GT(one.dependence, kDependenceLimit);
  EXPECT_EQ(GateOf(verdict, "dependence").verdict(), GateResult::WARN);
  EXPECT_EQ(GateOf(verdict, "dependence").value(), one.dependence);
  EXPECT_EQ(one.ratio->method, Method::kSegments);
  EXPECT_THAT(one.ratio->segment_ratios, SizeIs(8));
  EXPECT_EQ(one.verdict(), "inconclusive");
  EXPECT_THAT(verdict.limits, Contains(HasSubstr("segments of time")));
}

TEST_F(CampaignVerdictTest, InvalidGateOfAComparedCellTakesTheVerdictAway) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 6);
  AddBlocks(campaign, "epoll", kKnownA);
  for (uint32_t block = 0; block < 6; ++block) {
    Add(campaign,
        {.target = "hyper",
         .block = block,
         .cpu_us = kKnownB[block],
         .more =
             "gates { name: 'wrong_responses' value: 0.5 verdict: INVALID rules_version: 1000 } "
             "gates { name: 'idle_gaps' value: 0.2 verdict: WARN rules_version: 1000 }"});
  }
  const CampaignVerdict verdict = Compared(campaign);
  EXPECT_TRUE(verdict.invalid());
  EXPECT_EQ(verdict.Primary()[0]->verdict(), "invalid");
  ASSERT_THAT(verdict.Primary()[0]->voided_by, SizeIs(1));
  EXPECT_EQ(verdict.Primary()[0]->voided_by[0].name(), "wrong_responses");
  EXPECT_THAT(verdict.warnings, Contains("idle_gaps"));
}

// A record's gate, judged by rules as new as today's.
std::string InvalidGate(const std::string& name) {
  return absl::StrCat("gates { name: '", name, "' value: 0.5 limit: 0.2 verdict: INVALID ",
                      "rules_version: 1000 }");
}

// Another program used the server's CPU in one block. The others decide.
TEST_F(CampaignVerdictTest, ABlockThatTheHostDisturbedIsLeftOut) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 8);
  for (uint32_t block = 0; block < 8; ++block) {
    Made epoll{.target = "epoll", .block = block, .cpu_us = kKnownA[block % 6]};
    if (block == 3) {
      epoll.cpu_us = 500;
      epoll.more = InvalidGate("foreign_cpu");
    }
    Add(campaign, epoll);
    Add(campaign, {.target = "hyper", .block = block, .cpu_us = kKnownB[block % 6]});
  }
  const CampaignResults results = Read(campaign);
  ASSERT_THAT(results.cells[0].left_out, SizeIs(1));
  EXPECT_EQ(results.cells[0].left_out[0].block, 3u);
  EXPECT_THAT(results.cells[0].executions, SizeIs(7));
  EXPECT_FALSE(results.invalid());
  EXPECT_LT(results.cells[0].server_cpu_us_per_request->high.value(), 200);
  const CampaignVerdict verdict = Compared(campaign);
  const Comparison& one = *verdict.Primary()[0];
  EXPECT_EQ(one.verdict(), "slower");
  EXPECT_EQ(one.ratio->blocks, 7u);
  EXPECT_EQ(one.blocks_left_out, 1u);
  EXPECT_EQ(one.blocks_disturbed, 1u);
  EXPECT_THAT(verdict.limits,
              Contains("at 64 connections, hyper against epoll: 1 of 8 blocks is left out, because "
                       "the host was disturbed there (foreign_cpu)"));
  EXPECT_THAT(verdict.limits, Not(Contains(HasSubstr("not measured there"))));
  EXPECT_THAT(verdict.warnings, Contains("foreign_cpu"));
}

// Each of the targets has one disturbed block of 8, so that 2 pairs of 8 are missing.
TEST_F(CampaignVerdictTest, TooManyDisturbedBlocksVoidTheComparison) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 8);
  for (uint32_t block = 0; block < 8; ++block) {
    Add(campaign, {.target = "epoll",
                   .block = block,
                   .cpu_us = kKnownA[block % 6],
                   .more = block == 3 ? InvalidGate("steal") : ""});
    Add(campaign, {.target = "hyper",
                   .block = block,
                   .cpu_us = kKnownB[block % 6],
                   .more = block == 4 ? InvalidGate("idle_gaps") : ""});
  }
  const CampaignVerdict verdict = Compared(campaign);
  const Comparison& one = *verdict.Primary()[0];
  EXPECT_EQ(one.verdict(), "invalid");
  EXPECT_THAT(one.voided_by, SizeIs(2));
  EXPECT_EQ(one.blocks_disturbed, 0u);
}

// Otherwise a server could lose its worst blocks.
TEST_F(CampaignVerdictTest, ABlockIsNotLeftOutByAFigureOfTheServer) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 10);
  for (uint32_t block = 0; block < 10; ++block) {
    Add(campaign, {.target = "epoll", .block = block, .cpu_us = kKnownA[block % 6]});
    Add(campaign, {.target = "hyper",
                   .block = block,
                   .cpu_us = kKnownB[block % 6],
                   .more = block == 3 ? InvalidGate("errors") : ""});
  }
  const CampaignResults results = Read(campaign);
  EXPECT_TRUE(results.cells[1].left_out.empty());
  EXPECT_TRUE(results.invalid());
  EXPECT_EQ(Compared(campaign).Primary()[0]->verdict(), "invalid");
}

TEST_F(CampaignVerdictTest, BelowSaturationAClaimAboutCostHoldsAtThisLoadOnly) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 6);
  for (uint32_t block = 0; block < 6; ++block) {
    Add(campaign, {.target = "epoll", .block = block, .cpu_us = kKnownA[block], .busy = 0.85});
    Add(campaign, {.target = "hyper", .block = block, .cpu_us = kKnownB[block], .busy = 0.99});
  }
  const CampaignVerdict verdict = Compared(campaign);
  EXPECT_TRUE(verdict.Primary()[0]->below_saturation());
  EXPECT_NEAR(*verdict.Primary()[0]->baseline_busy, 0.85, 1e-6);
  EXPECT_THAT(verdict.limits, Contains(HasSubstr("(epoll 85 %, hyper 99 %)")));
  EXPECT_FALSE(In(verdict.comparisons, "p99_us").below_saturation());
}

TEST_F(CampaignVerdictTest, FigureOfZeroCannotBeComparedAndSaysSo) {
  const CampaignRecord campaign = Campaign(absl::StrCat(kTwoTargets, " primary_metric: 'rps'"), 6);
  for (uint32_t block = 0; block < 6; ++block) {
    Add(campaign, {.target = "epoll", .block = block});
    Add(campaign, {.target = "hyper", .block = block, .rps = 0});
  }
  const CampaignVerdict verdict = Compared(campaign);
  EXPECT_FALSE(verdict.Primary()[0]->ratio.has_value());
  EXPECT_THAT(verdict.Primary()[0]->missing, HasSubstr("positive"));
  EXPECT_EQ(verdict.Primary()[0]->verdict(), "inconclusive");
}

TEST_F(CampaignVerdictTest, RunningServersAreComparedByLatencyWithALimit) {
  const CampaignRecord campaign = Campaign(
      "targets { url: 'http://127.0.0.1:1' label: 'a' } targets { url: 'http://127.0.0.1:2' label: "
      "'b' }",
      6);
  for (uint32_t block = 0; block < 6; ++block) {
    Add(campaign, {.target = "a", .block = block, .latency_us = 100});
    Add(campaign, {.target = "b", .block = block, .latency_us = 150});
  }
  const CampaignVerdict verdict = Compared(campaign);
  EXPECT_EQ(verdict.primary_metric, "p50_us");
  // Its windows follow each other and are not independent.
  EXPECT_EQ(verdict.Primary()[0]->verdict(), "inconclusive");
  EXPECT_NEAR(verdict.Primary()[0]->ratio->ratio.estimate, 1.5, 0.01);
  EXPECT_FALSE(verdict.Primary()[0]->ratio->ratio.low.has_value());
  EXPECT_FALSE(verdict.Primary()[0]->block_spread.has_value());
  EXPECT_THAT(verdict.limits, Contains(HasSubstr("not about other starts")));
}

TEST_F(CampaignVerdictTest, UnknownBaselineAndSingleTargetAreRefused) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 6);
  const absl::Status unknown = CompareCampaign(*store_, rules_, Read(campaign), "nginx").status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unknown.message()), HasSubstr("it has: epoll, hyper"));
  const CampaignRecord alone = Campaign("targets { name: 'epoll' }", 6, kSecondId);
  EXPECT_THAT(std::string(CompareCampaign(*store_, rules_, Read(alone)).status().message()),
              HasSubstr("has one target, epoll"));
}

TEST_F(CampaignVerdictTest, CampaignThatEndedEarlyIsALimit) {
  CampaignRecord campaign = Campaign(kTwoTargets, 8);
  AddBlocks(campaign, "epoll", kKnownA);
  AddBlocks(campaign, "hyper", kKnownB);
  campaign.set_status(CampaignRecord::INTERRUPTED);
  EXPECT_THAT(Compared(campaign).limits, Contains(HasSubstr("interrupted after 6 of 8 blocks")));
}

TEST_F(CampaignVerdictTest, VerdictIsTakenOnlyIfThePlanWantsOne) {
  const CampaignRecord wanted = Campaign(kWithControl, 6);
  for (const char* target : {"epoll", "hyper", "again"}) AddBlocks(wanted, target, kKnownA);
  CampaignResults results = Read(wanted);
  EXPECT_TRUE(TakeVerdict(*store_, rules_, results)->has_value());
  EXPECT_EQ(std::count_if(results.gates.begin(), results.gates.end(),
                          [](const GateResult& gate) { return gate.name() == "aa_control"; }),
            1);
  CampaignResults other = Read(Campaign(absl::StrCat(kTwoTargets, " verdict: NONE"), 6, kSecondId));
  EXPECT_FALSE(TakeVerdict(*store_, rules_, other)->has_value());
}

// --- Interleaved ---

class InterleavedVerdictTest : public VerdictFixture {
 protected:
  static constexpr uint32_t kRounds = 12;

  // One start of two targets. Per round, the candidate costs 5 % more than the baseline, serves 10 % fewer requests and
  // has a median of 110 instead of 100 us, while the machine drifts by 30 %. The figures of whole executions say
  // something else, so a test that passes has used the slots. Round 0 is warm-up.
  void AddStart(const CampaignRecord& campaign, uint32_t block, uint32_t overdue_round = 0,
                uint64_t slot_ns = 42'000'000) {
    for (const bool candidate : {false, true}) {
      std::string more =
          absl::StrCat("group: 'start-", block, "' slots { period_ns: ", slot_ns + 8'000'000,
                       " slot_ns: ", slot_ns, " settle_ns: 2000000 count: ", 2 * (kRounds + 1),
                       " warmup_count: 2 ");
      std::vector<LoadInterval> intervals;
      std::string server;
      for (uint32_t round = 0; round <= kRounds; ++round) {
        // ABBA.
        const bool first = (round % 2 == 0) != candidate;
        const uint32_t index = 2 * round + (first ? 0 : 1);
        absl::StrAppend(&more, "own: ", index, " ");
        if (round == 0) continue;
        const double drift = 10 * (1 + 0.3 * round / kRounds);
        const uint64_t responses = candidate ? 900 : 1000;
        const auto cpu_ns = static_cast<int64_t>(
            std::llround(drift * (candidate ? 1.05 : 1) * 1000 * static_cast<double>(responses)));
        absl::StrAppend(&server, "slots { index: ", index, " cpu_ns: ", cpu_ns, " } ");
        LoadInterval& interval = intervals.emplace_back();
        interval.second.set_second(index);
        interval.second.mutable_slot()->set_ok_in_slot(responses);
        interval.second.mutable_slot()->set_responses(responses);
        if (candidate && round == overdue_round) interval.second.mutable_slot()->set_overdue(1);
        LatencyHistogram latency;
        for (uint64_t i = 0; i < responses; ++i) latency.Record(candidate ? 110'000 : 100'000);
        ToProto(latency, interval.second.mutable_latency());
      }
      absl::StrAppend(&more, "} server { ", server, "} ");
      Add(campaign,
          {.target = candidate ? "hyper" : "epoll",
           .block = block,
           .cpu_us = candidate ? 30.0 : 10.0,
           .latency_us = candidate ? 200 : 100,
           .more = more},
          intervals);
    }
  }
};

TEST_F(InterleavedVerdictTest, SlotsOfOneRoundArePairedWhateverTheMachineDoes) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 6);
  for (uint32_t block = 0; block < 6; ++block) AddStart(campaign, block);
  const CampaignVerdict verdict = Compared(campaign);
  EXPECT_EQ(verdict.design, CampaignVerdict::Design::kInterleaved);
  const Comparison cpu = In(verdict.comparisons, "server_cpu_us_per_request");
  EXPECT_NEAR(cpu.ratio->ratio.estimate, 1.05, 1e-6);
  EXPECT_EQ(cpu.ratio->blocks, 6u);
  EXPECT_EQ(cpu.slot_pairs, 6u * kRounds);
  EXPECT_EQ(cpu.slot_pairs_left_out, 0u);
  EXPECT_EQ(cpu.verdict(), "slower");
  EXPECT_NEAR(In(verdict.comparisons, "rps").ratio->ratio.estimate, 0.9, 1e-9);
  EXPECT_NEAR(In(verdict.comparisons, "p50_us").ratio->ratio.estimate, 1.1, 1e-3);
  EXPECT_NEAR(In(verdict.comparisons, "mean_us").ratio->ratio.estimate, 1.1, 1e-9);
  // A slot is too short for a tail.
  EXPECT_NEAR(In(verdict.comparisons, "p99_us").ratio->ratio.estimate, 2, 1e-2);
  // Neither target is first more often than the other, and being first changes nothing but by the drift within a round.
  EXPECT_EQ(GateOf(verdict, "order_bias").verdict(), GateResult::PASS);
  ASSERT_TRUE(verdict.between_start_sd.has_value());
  EXPECT_NEAR(*verdict.between_start_sd, 0, 1e-6);
  EXPECT_NEAR(*verdict.within_start_sd, 0, 1e-6);
  // What a plan of another size is judged by.
  ASSERT_TRUE(cpu.block_spread.has_value());
  EXPECT_EQ(cpu.block_spread->blocks, 6u);
  EXPECT_NEAR(cpu.block_spread->log_ratio, std::log(1.05), 1e-6);
  EXPECT_TRUE(cpu.block_spread->within_variance.has_value());
  EXPECT_FALSE(In(verdict.comparisons, "p99_us").block_spread->within_variance.has_value());
}

TEST_F(InterleavedVerdictTest, OverdueSlotsAreLeftOutAndCounted) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 6);
  for (uint32_t block = 0; block < 6; ++block) AddStart(campaign, block, 3);
  const CampaignVerdict verdict = Compared(campaign);
  const Comparison cpu = In(verdict.comparisons, "server_cpu_us_per_request");
  EXPECT_EQ(cpu.slot_pairs, 6u * (kRounds - 1));
  EXPECT_EQ(cpu.slot_pairs_left_out, 6u);
  EXPECT_NEAR(cpu.ratio->ratio.estimate, 1.05, 1e-6);
  EXPECT_THAT(verdict.limits, Contains(HasSubstr("6 of 72 slot pairs are left out")));
}

// A campaign of an older version could lengthen the slots in any block.
TEST_F(InterleavedVerdictTest, SaysIfTheSlotsDoNotHaveOneLengthInAllBlocks) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 6);
  for (uint32_t block = 0; block < 6; ++block) {
    AddStart(campaign, block, 0, block < 4 ? 42'000'000 : 168'000'000);
  }
  const CampaignVerdict verdict = Compared(campaign);
  EXPECT_EQ(In(verdict.comparisons, "server_cpu_us_per_request").ratio->blocks, 6u);
  EXPECT_THAT(verdict.limits, Contains(HasSubstr("(42ms in 4, 168ms in 2)")));
}

TEST_F(InterleavedVerdictTest, SaysNothingOfSlotsOfOneLength) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 6);
  for (uint32_t block = 0; block < 6; ++block) AddStart(campaign, block);
  EXPECT_THAT(Compared(campaign).limits, Not(Contains(HasSubstr("one length"))));
}

// Executions that were not alive together are no pair.
TEST_F(InterleavedVerdictTest, ExecutionsOfDifferentGroupsAreNotPaired) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 7);
  for (uint32_t block = 0; block < 6; ++block) AddStart(campaign, block);
  Add(campaign, {.target = "epoll", .block = 6, .more = "group: 'x'"});
  Add(campaign, {.target = "hyper", .block = 6, .more = "group: 'y'"});
  const Comparison cpu = In(Compared(campaign).comparisons, "server_cpu_us_per_request");
  EXPECT_EQ(cpu.ratio->blocks, 6u);
  EXPECT_EQ(cpu.blocks_left_out, 1u);
}

// --- Two campaigns ---

class TwoCampaignsTest : public VerdictFixture {
 protected:
  absl::StatusOr<CampaignVerdict> Compare(const CampaignRecord& first,
                                          const CampaignRecord& second) {
    return CompareTwoCampaigns(rules_, Read(first), Read(second));
  }
};

CampaignRecord WithAgent(CampaignRecord campaign, const std::string& kernel) {
  AgentRecord& agent = *campaign.add_agents();
  agent.set_address("local");
  agent.add_roles(JobId::SERVER);
  agent.add_roles(JobId::LOAD);
  agent.mutable_description()->set_host("host");
  auto& facts = *agent.mutable_description()->mutable_environment();
  facts["kernel.release"] = kernel;
  facts["cpu.model"] = "same";
  return campaign;
}

TEST_F(TwoCampaignsTest, ComparesSharedCellsAndSaysWhatDiffers) {
  const CampaignRecord first =
      WithAgent(Campaign("targets { name: 'epoll' }", 6, kFirstId, "16, 64"), "6.1");
  const CampaignRecord second =
      WithAgent(Campaign("targets { name: 'epoll' }", 6, kSecondId), "6.2");
  AddBlocks(first, "epoll", kKnownA);
  AddBlocks(second, "epoll", kKnownB);
  const absl::StatusOr<CampaignVerdict> verdict = Compare(first, second);
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->design, CampaignVerdict::Design::kTwoCampaigns);
  ASSERT_THAT(verdict->Primary(), SizeIs(1));
  const Comparison& one = *verdict->Primary()[0];
  EXPECT_EQ(one.baseline, kFirstId);
  EXPECT_EQ(one.candidate, kSecondId);
  EXPECT_EQ(one.target, "epoll");
  EXPECT_EQ(one.ratio->method, Method::kUnpaired);
  EXPECT_EQ(verdict->primary_metric, "server_cpu_us_per_request");
  EXPECT_THAT(verdict->limits, Not(Contains(HasSubstr("different primary metrics"))));
  EXPECT_EQ(one.verdict(), "slower");
  EXPECT_NEAR(one.ratio->ratio.estimate, 1.1, 0.005);
  EXPECT_EQ(GateOf(*verdict, "not_interleaved").verdict(), GateResult::WARN);
  EXPECT_EQ(GateOf(*verdict, "environment_differs").value(), 1);
  EXPECT_THAT(verdict->limits, Contains(HasSubstr("epoll json 16 connections")));
  ASSERT_THAT(verdict->environment, SizeIs(1));
  EXPECT_EQ(verdict->environment[0].role, "server");
  EXPECT_EQ(verdict->environment[0].key, "kernel.release");
  EXPECT_EQ(verdict->environment[0].first, "6.1");
  EXPECT_EQ(verdict->environment[0].second, "6.2");
}

// A new version of the server is what the comparison is about, and no fault of it.
TEST_F(TwoCampaignsTest, SaysWhichServerChangedAndCountsItInNoGate) {
  const auto with_threads = [](int threads) {
    return absl::StrCat("targets { name: 'epoll' options { key: 'threads' value: '", threads,
                        "' } }");
  };
  const CampaignRecord first = WithAgent(Campaign(with_threads(1), 6, kFirstId, "16, 64"), "6.1");
  const CampaignRecord second = WithAgent(Campaign(with_threads(2), 6, kSecondId, "16, 64"), "6.1");
  for (const uint32_t connections : {16, 64}) {
    for (uint32_t block = 0; block < 6; ++block) {
      Made made{.target = "epoll", .block = block, .connections = connections};
      made.more = "server_ready { version: 'epoll 1.0' build_id: 'aa' }";
      Add(first, made);
      made.more = "server_ready { version: 'epoll 1.0' build_id: 'bb' }";
      Add(second, made);
    }
  }
  const absl::StatusOr<CampaignVerdict> verdict = Compare(first, second);
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  ASSERT_THAT(verdict->servers, SizeIs(2));
  EXPECT_EQ(verdict->servers[0].label, "epoll");
  EXPECT_EQ(ToText(verdict->servers[0].change), "server build id: aa -> bb");
  EXPECT_EQ(ToText(verdict->servers[1].change), "target: epoll threads=1 -> epoll threads=2");
  EXPECT_EQ(GateOf(*verdict, "environment_differs").value(), 0);
  EXPECT_EQ(verdict->invalid(), false);
}

TEST_F(TwoCampaignsTest, CampaignsThatShareNoCellAreRefusedWithWhatEachHas) {
  const CampaignRecord first = Campaign("targets { name: 'epoll' }", 6);
  const CampaignRecord second = Campaign("targets { name: 'hyper' }", 6, kSecondId);
  const absl::Status refused = Compare(first, second).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  for (const char* what :
       {"share no cell", "epoll json 64 connections", "hyper json 64 connections"})
    EXPECT_THAT(std::string(refused.message()), HasSubstr(what));
  EXPECT_THAT(std::string(Compare(first, first).status().message()),
              HasSubstr("both names stand for campaign"));
}

TEST_F(TwoCampaignsTest, CellsWithOtherRequestsAreNotCompared) {
  const CampaignRecord first = Campaign("targets { name: 'epoll' }", 6);
  CampaignRecord second = Campaign("targets { name: 'epoll' }", 6, kSecondId);
  second.mutable_plan()->mutable_workloads(0)->set_path("/plaintext");
  EXPECT_THAT(std::string(Compare(first, second).status().message()),
              HasSubstr("workload json sends other requests"));
}

// The smallest two-sided p of 3 against 3 is 0.1: no interval at 95 %.
TEST_F(TwoCampaignsTest, ThreeExecutionsAgainstThreeDecideNothing) {
  const CampaignRecord first = Campaign("targets { name: 'epoll' }", 3);
  const CampaignRecord second = Campaign("targets { name: 'epoll' }", 3, kSecondId);
  AddBlocks(first, "epoll", {100, 101, 102});
  AddBlocks(second, "epoll", {200, 201, 202});
  const absl::StatusOr<CampaignVerdict> verdict = Compare(first, second);
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->Primary()[0]->verdict(), "inconclusive");
  EXPECT_EQ(verdict->Primary()[0]->blocks_at_least, 4u);
}

// Two servers whose capacity differs by a fifth: each block of each target has one capacity.
class CapacityVerdictTest : public SearchFixture {};

TEST_F(CapacityVerdictTest, CapacitiesAreComparedBlockByBlock) {
  const CampaignRecord campaign = Campaign(8, "targets { name: 'hyper' }");
  for (uint32_t block = 0; block < 8; ++block) {
    StoreSearch(campaign, "epoll", block, WithKnee(50'000 + 1'000 * block));
    StoreSearch(campaign, "hyper", block, WithKnee(40'000 + 800 * block));
  }
  const CampaignResults results = Read(campaign);
  const auto verdict = CompareCampaign(*store_, rules_, results);
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->primary_metric, "capacity_rps");
  ASSERT_EQ(verdict->Primary().size(), 1);
  const Comparison& one = *verdict->Primary()[0];
  ASSERT_TRUE(one.ratio.has_value()) << one.missing;
  EXPECT_EQ(one.ratio->blocks, 8);
  EXPECT_NEAR(one.ratio->ratio.estimate, 0.8, 0.015);
  EXPECT_EQ(one.verdict(), "slower");
  EXPECT_NE(SentencesOf(*verdict)[0].find("fewer requests a second within the objective than epoll "
                                          "at capacity (slower)"),
            std::string::npos)
      << SentencesOf(*verdict)[0];
}

// What the load generator can send is not what a server can take.
TEST_F(CapacityVerdictTest, LowerBoundsAreNotCompared) {
  const CampaignRecord campaign = Campaign(8, "targets { name: 'hyper' }");
  for (uint32_t block = 0; block < 8; ++block) {
    StoreSearch(campaign, "epoll", block, [](const SearchStep& step) {
      return Shown{.generator_share = step.rate_per_s <= 60'000 ? 0.7 : 0.99};
    });
    StoreSearch(campaign, "hyper", block, WithKnee(40'000));
  }
  const auto verdict = CompareCampaign(*store_, rules_, Read(campaign));
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  const Comparison& one = *verdict->Primary()[0];
  EXPECT_FALSE(one.ratio.has_value());
  EXPECT_EQ(one.verdict(), "inconclusive");
  EXPECT_NE(absl::StrJoin(verdict->limits, "; ").find("the server was not the limit there"),
            std::string::npos);
}

// Another objective is another question.
TEST_F(CapacityVerdictTest, SearchesWithDifferentObjectivesAreNotComparedBetweenCampaigns) {
  const CampaignRecord first = Campaign(1);
  StoreSearch(first, "epoll", 0, WithKnee(50'000));
  CampaignRecord second = Campaign(1, "", "ba9876543210");
  StoreSearch(second, "epoll", 0, WithKnee(50'000));
  EXPECT_TRUE(CompareTwoCampaigns(rules_, Read(first), Read(second)).ok());
  second.mutable_plan()->mutable_load()->mutable_find()->set_max(4'000);
  const absl::Status status = CompareTwoCampaigns(rules_, Read(first), Read(second)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("load.find differs"), std::string::npos) << status;
}

}  // namespace
}  // namespace assay::controller
