#include "controller/export/open_metrics_text.h"

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
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class OpenMetricsTextTest : public VerdictFixture {
 protected:
  std::string TextOf(const CampaignRecord& campaign, SampleTimes times = SampleTimes::kNone) {
    CampaignResults results = Read(campaign);
    const absl::StatusOr<std::optional<CampaignVerdict>> verdict =
        TakeVerdict(*store_, rules_, results);
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return OpenMetricsText(results, verdict->has_value() ? &**verdict : nullptr, times);
  }

  CampaignRecord Known() {
    const CampaignRecord campaign =
        Campaign(std::string(kTwoTargets) + " thresholds { metric: 'p99_us' max: 1 }", 6);
    AddBlocks(campaign, "epoll", kKnownA);
    AddBlocks(campaign, "hyper", kKnownB);
    return campaign;
  }
};

TEST_F(OpenMetricsTextTest, HasEachFigureWithItsInterval) {
  const std::vector<std::string> lines = absl::StrSplit(TextOf(Known()), '\n');
  const std::string cell =
      "{campaign=\"0123456789ab\",target=\"epoll\",workload=\"json\",mode=\"closed\","
      "level=\"64 connections\",profiled=\"no\"} ";
  EXPECT_THAT(lines, Contains("assay_server_cpu_us_per_request" + cell + "100"));
  EXPECT_THAT(lines, Contains("assay_server_cpu_us_per_request_low" + cell + "98"));
  EXPECT_THAT(lines, Contains("assay_server_cpu_us_per_request_high" + cell + "102"));
  EXPECT_THAT(lines, Contains("assay_executions" + cell + "6"));
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("assay_threshold{"), HasSubstr("\"missed\"} 1"))));
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("assay_comparison_verdict{"),
                                    HasSubstr("metric=\"server_cpu_us_per_request\""),
                                    HasSubstr("assay_comparison_verdict=\"slower\"} 1"))));
  EXPECT_EQ(lines[lines.size() - 2], "# EOF");
}

// 1,000 requests do not support p99.99. A zero would be a lie, and so would NaN.
TEST_F(OpenMetricsTextTest, AFigureThatIsNotKnownHasNoSample) {
  const std::string text = TextOf(Known());
  EXPECT_THAT(text, HasSubstr("assay_p99_us{"));
  EXPECT_THAT(text, Not(HasSubstr("assay_p9999_us")));
  EXPECT_THAT(text, Not(HasSubstr("NaN")));
}

TEST_F(OpenMetricsTextTest, ThePrometheusClientReadsIt) {
  CampaignRecord campaign = Known();
  campaign.set_label("a \\ \"label\"\nof two lines");
  campaign.set_started_us(1'800'000'000'000'000);
  campaign.set_ended_us(1'800'000'100'500'000);
  const std::string text = TextOf(campaign, SampleTimes::kOfCampaign);
  const ReadBack read = ReadBackOf("openmetrics", text);
  if (read.status == kReaderMissing) GTEST_SKIP() << read.output;
  ASSERT_EQ(read.status, 0) << read.output << text;
  const std::vector<std::string> lines = absl::StrSplit(read.output, '\n', absl::SkipEmpty());
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("gauge assay_server_cpu_us_per_request{"),
                                    HasSubstr("target=epoll"), EndsWith("} 100.0 1800000100.5"))));
  EXPECT_THAT(lines, Contains(AllOf(StartsWith("stateset assay_comparison_verdict{"),
                                    HasSubstr("assay_comparison_verdict=slower"))));
  EXPECT_THAT(read.output, HasSubstr("label=a \\ \"label\"\nof two lines"));
}

}  // namespace
}  // namespace assay::controller
