#include "controller/export/markdown_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "controller/results/campaign_results.h"
#include "controller/verdict/verdict_fixture.h"

namespace assay::controller {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class MarkdownTextTest : public VerdictFixture {
 protected:
  std::string TextOf(const CampaignRecord& campaign) {
    CampaignResults results = Read(campaign);
    const absl::StatusOr<std::optional<CampaignVerdict>> verdict =
        TakeVerdict(*store_, rules_, results);
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return MarkdownText(results, verdict->has_value() ? &**verdict : nullptr,
                        "controller rerun 0123456789ab");
  }
};

TEST_F(MarkdownTextTest, BeginsWithTheVerdictAndEndsWithTheCommand) {
  CampaignRecord campaign = Campaign(kTwoTargets, 6);
  AgentRecord& agent = *campaign.add_agents();
  agent.mutable_description()->set_host("host|1");
  (*agent.mutable_description()->mutable_environment())["cpu.model"] = "A CPU";
  AddBlocks(campaign, "epoll", kKnownA);
  AddBlocks(campaign, "hyper", kKnownB);
  const std::string text = TextOf(campaign);
  EXPECT_THAT(text, StartsWith("### p\n\n**hyper needs 10"));
  EXPECT_THAT(text, HasSubstr("more server CPU a request than epoll at 64 connections (slower)."
                              "**\n\nThere was no A/A control."));
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("| epoll | 64 connections | "),
                                    HasSubstr(" | 100.00 [98.00, 102.00] | "))));
  EXPECT_THAT(lines, Contains(StartsWith("| hyper against epoll | 64 connections | "
                                         "server_cpu_us_per_request \\* | +10")));
  EXPECT_THAT(text, HasSubstr("<details><summary>Host host|1, A CPU</summary>"));
  EXPECT_THAT(text, HasSubstr("| cpu.model | A CPU |"));
  EXPECT_THAT(text, HasSubstr("\n```\ncontroller rerun 0123456789ab\n```\n"));
}

TEST_F(MarkdownTextTest, NamesTheGatesThatDidNotPass) {
  const CampaignRecord campaign = Campaign("targets { name: 'epoll' } verdict: NONE", 1);
  Add(campaign, {.target = "epoll",
                 .more = "gates { name: 'errors' value: 0.5 limit: 0.001 verdict: INVALID "
                         "advice: 'see *the* log' rules_version: 1000000 }"});
  EXPECT_THAT(TextOf(campaign), HasSubstr("- invalid: errors 0.5 (limit 0.001) in epoll json "
                                          "64 connections: see \\*the\\* log\n"));
}

// A pull request is public, and a plan may hold an Authorization header.
TEST_F(MarkdownTextTest, DoesNotContainThePlan) {
  CampaignRecord campaign = Campaign("targets { name: 'epoll' } verdict: NONE", 1);
  campaign.set_plan_text("headers { name: 'Authorization' value: 'secret' }");
  Add(campaign, {.target = "epoll"});
  EXPECT_THAT(TextOf(campaign), Not(HasSubstr("secret")));
}

TEST(MarkdownEscapedTest, TextCannotBecomeMarkup) {
  EXPECT_EQ(MarkdownEscaped("<script>&amp;"), "&lt;script&gt;&amp;amp;");
  EXPECT_EQ(MarkdownEscaped("a|b\n`c`"), "a\\|b\\\\x0a\\`c\\`");
  EXPECT_EQ(MarkdownEscaped("[x](javascript:y)"), "[x\\](javascript:y)");
  EXPECT_EQ(MarkdownEscaped("# a"), "\\# a");
  EXPECT_EQ(MarkdownEscaped("12. a"), "12\\. a");
  EXPECT_EQ(MarkdownEscaped("**a** _b_"), "\\*\\*a\\*\\* \\_b\\_");
}

TEST(MarkdownEscapedTest, NamesAndIntervalsStayReadable) {
  EXPECT_EQ(MarkdownEscaped("p99_us +3.1 % [-1.0, 5.2]"), "p99_us +3.1 % [-1.0, 5.2]");
  EXPECT_EQ(MarkdownEscaped("1.5"), "1.5");
  EXPECT_EQ(MarkdownEscaped("-1.5"), "-1.5");
}

}  // namespace
}  // namespace assay::controller
