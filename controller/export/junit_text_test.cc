#include "controller/export/junit_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "controller/export/read_back.h"
#include "controller/results/campaign_results.h"
#include "controller/verdict/verdict_fixture.h"

namespace assay::controller {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class JunitTextTest : public VerdictFixture {
 protected:
  // The cases of a campaign, as Python's XML parser reads them: "suite|name|outcome|message".
  std::vector<std::string> Cases(const CampaignRecord& campaign) {
    CampaignResults results = Read(campaign);
    const absl::StatusOr<std::optional<CampaignVerdict>> verdict =
        TakeVerdict(*store_, rules_, results);
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    const std::string xml = JunitText(results, verdict->has_value() ? &**verdict : nullptr);
    const ReadBack read = ReadBackOf("junit", xml);
    EXPECT_EQ(read.status, 0) << read.output << xml;
    return absl::StrSplit(read.output, '\n', absl::SkipEmpty());
  }
};

TEST_F(JunitTextTest, ASlowerCandidateFailsWithTheSentenceOfTheVerdict) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 6);
  AddBlocks(campaign, "epoll", kKnownA);
  AddBlocks(campaign, "hyper", kKnownB);
  const std::vector<std::string> cases = Cases(campaign);
  EXPECT_THAT(
      cases,
      Contains(AllOf(StartsWith("verdicts|hyper against epoll at json, 64 connections|failure|"),
                     HasSubstr("more server CPU a request than epoll"))));
  EXPECT_THAT(cases, Contains(StartsWith("measurement|executions of hyper json 64 connections|"
                                         "passed|")));
}

TEST_F(JunitTextTest, AFasterCandidatePasses) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 6);
  AddBlocks(campaign, "epoll", kKnownB);
  AddBlocks(campaign, "hyper", kKnownA);
  EXPECT_THAT(Cases(campaign),
              Contains(StartsWith("verdicts|hyper against epoll at json, 64 connections|passed|")));
}

TEST_F(JunitTextTest, AnInconclusiveVerdictIsSkippedWithTheReason) {
  const CampaignRecord campaign = Campaign(kTwoTargets, 2);
  AddBlocks(campaign, "epoll", {100, 102});
  AddBlocks(campaign, "hyper", {101, 103});
  EXPECT_THAT(Cases(campaign),
              Contains(AllOf(StartsWith("verdicts|hyper against epoll"), HasSubstr("|skipped|"),
                             HasSubstr("inconclusive: 2 blocks"))));
}

constexpr char kInvalidErrors[] =
    "gates { name: 'errors' value: 0.5 limit: 0.001 verdict: INVALID advice: 'see the log' "
    "rules_version: 1000000 }";

TEST_F(JunitTextTest, AnInvalidGateIsAnErrorAndVoidsVerdictsAndThresholds) {
  const CampaignRecord campaign = Campaign(
      std::string(kTwoTargets) + " thresholds { metric: 'p99_us' target: 'hyper' max: 1e9 }", 6);
  AddBlocks(campaign, "epoll", kKnownA);
  for (uint32_t block = 0; block < 6; ++block) {
    Add(campaign,
        {.target = "hyper", .block = block, .cpu_us = kKnownB[block], .more = kInvalidErrors});
  }
  const std::vector<std::string> cases = Cases(campaign);
  EXPECT_THAT(cases,
              Contains(AllOf(StartsWith("gates|errors in hyper json 64 connections|error|invalid"),
                             HasSubstr("see the log"))));
  EXPECT_THAT(cases, Contains(AllOf(StartsWith("verdicts|hyper"), HasSubstr("|error|"))));
  EXPECT_THAT(cases, Contains(AllOf(StartsWith("thresholds|p99_us of hyper"), HasSubstr("|error|"),
                                    HasSubstr("gate errors is invalid"))));
}

TEST_F(JunitTextTest, ThresholdsFailPassOrAreSkipped) {
  // The medians are 95 to 105 us in blocks of equal weight: 100 lies in the interval.
  const CampaignRecord campaign = Campaign(
      "targets { name: 'epoll' } verdict: NONE "
      "thresholds { metric: 'p50_us' max: 50 } thresholds { metric: 'p50_us' max: 1000 } "
      "thresholds { metric: 'p50_us' max: 100 }",
      10);
  for (uint32_t block = 0; block < 10; ++block)
    Add(campaign, {.target = "epoll", .block = block, .latency_us = 95 + block});
  const std::vector<std::string> cases = Cases(campaign);
  EXPECT_THAT(cases,
              Contains(AllOf(HasSubstr(", at most 50|failure|"), HasSubstr("threshold missed"))));
  EXPECT_THAT(cases,
              Contains("thresholds|p50_us of epoll json 64 connections, at most 1000|passed|"));
  EXPECT_THAT(cases, Contains(AllOf(HasSubstr(", at most 100|skipped|"),
                                    HasSubstr("the limit lies in its interval"))));
}

TEST_F(JunitTextTest, ACellThatWasNotMeasuredIsAnError) {
  CampaignRecord campaign = Campaign(kTwoTargets, 1);
  Add(campaign, {.target = "epoll"});
  ExecutionRecord failed = RecordOf(campaign, {.target = "hyper"});
  failed.set_status(ExecutionRecord::FAILED);
  failed.mutable_failure()->mutable_failure()->set_message("it did not become ready");
  ASSERT_TRUE(store_->CommitExecution(failed, {}, {}).ok());
  campaign.set_status(CampaignRecord::INTERRUPTED);
  campaign.set_status_reason("Ctrl-C");
  const std::vector<std::string> cases = Cases(campaign);
  EXPECT_THAT(cases, Contains(AllOf(StartsWith("measurement|executions of hyper"),
                                    HasSubstr("|error|1 execution failed: it did not become"))));
  EXPECT_THAT(cases, Contains("measurement|the campaign is complete|error|the campaign is "
                              "interrupted: Ctrl-C"));
}

// Names come from plans, and messages from servers.
TEST_F(JunitTextTest, NoTextBreaksTheDocument) {
  CampaignRecord campaign = Campaign(
      "targets { name: 'epoll' label: '<a href=\"x\">&amp;]]>\\001\\357\\277\\277' } "
      "verdict: NONE",
      1);
  Add(campaign, {.target = "<a href=\"x\">&amp;]]>\001\xEF\xBF\xBF"});
  SkippedTarget& skipped = *campaign.add_skipped();
  skipped.set_target("nginx");
  skipped.set_reason("not installed: <apt-get install nginx>\n'");
  const std::vector<std::string> cases = Cases(campaign);
  EXPECT_THAT(cases, Contains(HasSubstr("executions of <a href=\"x\">&amp;]]>\\x01\xEF\xBF\xBD")));
  EXPECT_THAT(cases, Contains(HasSubstr("not installed: <apt-get install nginx>")));
  EXPECT_THAT(cases, Not(Contains(StartsWith("verdicts"))));
}

}  // namespace
}  // namespace assay::controller
