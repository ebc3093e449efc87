#include "controller/import/tool_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "controller/import/tool_outputs.h"

namespace assay::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

ToolResult Read(std::string_view text) {
  absl::StatusOr<ToolResult> read = ParseToolResult(text);
  EXPECT_TRUE(read.ok()) << read.status();
  return read.ok() ? *std::move(read) : ToolResult();
}

std::vector<std::pair<double, double>> PercentilesOf(const ImportedResult& result) {
  std::vector<std::pair<double, double>> percentiles;
  for (const ImportedPercentile& one : result.percentiles())
    percentiles.emplace_back(one.percent(), one.us());
  return percentiles;
}

TEST(ToolResultTest, ReadsWrk) {
  const ToolResult read = Read(kWrkOutput);
  EXPECT_EQ(read.mode, "closed");
  EXPECT_EQ(read.connections, 2);
  const ImportedResult& result = read.result;
  EXPECT_EQ(result.tool(), "wrk");
  EXPECT_EQ(result.url(), "http://127.0.0.1:18999/json");
  EXPECT_EQ(result.requests(), 39);
  EXPECT_EQ(result.duration_s(), 1.04);
  EXPECT_EQ(result.rps(), 37.43);
  EXPECT_EQ(result.mean_us(), 50'460);
  EXPECT_EQ(result.max_us(), 67'780);
  EXPECT_FALSE(result.has_min_us());
  EXPECT_FALSE(result.has_ok());
  // wrk prints the lines of errors only if there are any.
  EXPECT_TRUE(result.has_errors());
  EXPECT_EQ(result.errors(), 0);
  EXPECT_EQ(result.timeouts(), 0);
  EXPECT_THAT(PercentilesOf(result),
              ElementsAre(Pair(50, 49'340), Pair(75, 55'940), Pair(90, 600.89), Pair(99, 67'780)));
}

TEST(ToolResultTest, ReadsTheErrorsOfWrk) {
  const ImportedResult result = Read(kWrkErrorsOutput).result;
  EXPECT_EQ(result.errors(), 1 + 2 + 3 + 40);
  EXPECT_EQ(result.timeouts(), 4);
  EXPECT_THAT(PercentilesOf(result), IsEmpty());
}

// Its third column is a percentile, and its second table leaves out the wait for late starts.
TEST(ToolResultTest, ReadsWrk2) {
  const ToolResult read = Read(kWrk2Output);
  EXPECT_EQ(read.mode, "");
  EXPECT_EQ(read.connections, 100);
  const ImportedResult& result = read.result;
  EXPECT_EQ(result.tool(), "wrk2");
  EXPECT_EQ(result.mean_us(), 6'460);
  EXPECT_EQ(result.max_us(), 12'500);
  EXPECT_EQ(result.rps(), 2000.15);
  EXPECT_THAT(PercentilesOf(result),
              ElementsAre(Pair(99, 11'180), Pair(50, 6'670), Pair(75, 7'780), Pair(90, 9'140),
                          Pair(99.9, 12'300), Pair(99.99, 12'450), Pair(99.999, 12'500)));
}

TEST(ToolResultTest, ReadsH2load) {
  const ToolResult read = Read(kH2loadOutput);
  EXPECT_EQ(read.connections, 2);
  const ImportedResult& result = read.result;
  EXPECT_EQ(result.tool(), "h2load");
  EXPECT_EQ(result.duration_s(), 0.96356);
  EXPECT_EQ(result.rps(), 41.51);
  EXPECT_EQ(result.requests(), 40);
  EXPECT_EQ(result.ok(), 38);
  EXPECT_EQ(result.errors(), 2);
  EXPECT_EQ(result.min_us(), 4'040);
  EXPECT_EQ(result.max_us(), 68'130);
  EXPECT_EQ(result.mean_us(), 47'320);
  EXPECT_THAT(PercentilesOf(result), IsEmpty());
}

TEST(ToolResultTest, ReadsTheColumnsOfH2loadByTheirNames) {
  const std::string text = absl::StrReplaceAll(
      kH2loadOutput, {{"min         max         mean ", "min  max  median  p95  p99  mean "},
                      {"time for request:     4.04ms     68.13ms     47.32ms",
                       "request     :     4.04ms     68.13ms  1us  2us  3us   47.32ms"}});
  const ImportedResult result = Read(text).result;
  EXPECT_EQ(result.mean_us(), 47'320);
  EXPECT_THAT(PercentilesOf(result), ElementsAre(Pair(50, 1), Pair(95, 2), Pair(99, 3)));
}

TEST(ToolResultTest, ReadsHey) {
  const ToolResult read = Read(kHeyOutput);
  EXPECT_EQ(read.connections, 0);
  const ImportedResult& result = read.result;
  EXPECT_EQ(result.tool(), "hey");
  EXPECT_EQ(result.duration_s(), 1.2083);
  EXPECT_EQ(result.rps(), 33.1044);
  EXPECT_EQ(result.min_us(), 25'800);
  EXPECT_EQ(result.requests(), 40);
  EXPECT_EQ(result.ok(), 40);
  EXPECT_EQ(result.errors(), 0);
  EXPECT_FALSE(result.has_timeouts());
  // "0% in 0.0000 secs" stands for a percentile without enough requests.
  EXPECT_THAT(PercentilesOf(result),
              ElementsAre(Pair(10, 43'400), Pair(25, 44'000), Pair(50, 48'100), Pair(75, 64'400),
                          Pair(90, 80'400), Pair(95, 86'500)));
  EXPECT_THAT(result.notes(), ElementsAre(HasSubstr("any status")));
}

// A zero in its place would be the best latency of all.
TEST(ToolResultTest, ATimeOfNoResponseIsNotKnown) {
  const ImportedResult result = Read(kHeyErrorsOutput).result;
  EXPECT_EQ(result.errors(), 20);
  EXPECT_EQ(result.ok(), 0);
  EXPECT_FALSE(result.has_mean_us());
  EXPECT_FALSE(result.has_min_us());
  EXPECT_FALSE(result.has_max_us());
}

TEST(ToolResultTest, ATimeThatIsRoundedToZeroIsNotKnown) {
  const std::string text =
      absl::StrReplaceAll(kHeyOutput, {{"Fastest:\t0.0258", "Fastest:\t0.0000"}});
  const ImportedResult result = Read(text).result;
  EXPECT_FALSE(result.has_min_us());
  EXPECT_EQ(result.max_us(), 91'100);
  EXPECT_THAT(result.notes(1), HasSubstr("rounded some times to zero"));
}

TEST(ToolResultTest, ReadsTheTextOfOha) {
  const ToolResult read = Read(kOhaTextOutput);
  EXPECT_EQ(read.mode, "");
  const ImportedResult& result = read.result;
  EXPECT_EQ(result.tool(), "oha");
  EXPECT_EQ(result.duration_s(), 0.3053);
  EXPECT_EQ(result.ok(), 198);
  EXPECT_EQ(result.errors(), 5);
  EXPECT_EQ(result.requests(), 203);
  EXPECT_THAT(PercentilesOf(result),
              ElementsAre(Pair(10, 3'000), Pair(50, 5'700), Pair(99, 286'400), Pair(99.9, 291'600),
                          Pair(99.99, 291'600)));
}

TEST(ToolResultTest, ReadsTheJsonOfOha) {
  const ImportedResult result = Read(kOhaJsonOutput).result;
  EXPECT_EQ(result.tool(), "oha");
  EXPECT_EQ(result.max_us(), 1234.5);
  EXPECT_EQ(result.min_us(), 21);
  EXPECT_EQ(result.rps(), 6550.246);
  EXPECT_EQ(result.ok(), 198);
  EXPECT_EQ(result.errors(), 5);
  // p99.99 is null.
  EXPECT_EQ(result.percentiles_size(), 8);
  EXPECT_EQ(result.percentiles(7).percent(), 99.9);
  EXPECT_EQ(result.percentiles(7).us(), 1234.5);
}

TEST(ToolResultTest, ReadsBothSummariesOfK6) {
  const ImportedResult exported = Read(kK6Output).result;
  EXPECT_EQ(exported.tool(), "k6");
  EXPECT_EQ(exported.requests(), 1000);
  EXPECT_EQ(exported.rps(), 99.75);
  // A request that failed is a pass of the metric "failed".
  EXPECT_EQ(exported.errors(), 3);
  EXPECT_EQ(exported.ok(), 997);
  EXPECT_EQ(exported.max_us(), 12'345.6);
  EXPECT_FALSE(exported.has_duration_s());
  EXPECT_THAT(PercentilesOf(exported),
              ElementsAre(Pair(50, 410), Pair(90, 1'500), Pair(95, 2'250)));
  const ImportedResult handled = Read(kK6HandleSummaryOutput).result;
  EXPECT_EQ(handled.duration_s(), 10.0255);
  EXPECT_EQ(handled.mean_us(), 570);
  EXPECT_FALSE(handled.has_errors());
  EXPECT_FALSE(handled.has_min_us());
  EXPECT_THAT(PercentilesOf(handled), ElementsAre(Pair(99, 3'500), Pair(99.9, 4'500)));
}

TEST(ToolResultTest, ReadsFortio) {
  const ToolResult read = Read(kFortioOutput);
  EXPECT_EQ(read.connections, 8);
  const ImportedResult& result = read.result;
  EXPECT_EQ(result.tool(), "fortio");
  EXPECT_EQ(result.tool_version(), "1.60.3");
  EXPECT_EQ(result.duration_s(), 10.0025);
  EXPECT_EQ(result.ok(), 9990);
  EXPECT_EQ(result.errors(), 10);
  EXPECT_EQ(result.max_us(), 12'345.6);
  EXPECT_THAT(PercentilesOf(result),
              ElementsAre(Pair(50, 300), Pair(99, 1'250), Pair(99.9, 7'500)));
  EXPECT_THAT(result.notes(0), HasSubstr("at most 1000 requests per second"));
}

TEST(ToolResultTest, LineEndsOfWindowsAreAccepted) {
  const std::string text = absl::StrReplaceAll(kWrkOutput, {{"\n", "\r\n"}});
  EXPECT_EQ(Read(text).result.SerializeAsString(), Read(kWrkOutput).result.SerializeAsString());
}

TEST(ToolResultTest, AFaultIsNamedWithItsLine) {
  struct Broken {
    const char* output;
    const char* from;
    const char* to;
    const char* message;
  };
  const Broken all[] = {
      {kWrkOutput, "50.46ms ", "fast ", "line 4: expected times such as 1.23ms, got 'fast'"},
      {kWrkOutput, "49.34ms", "49.34", "line 7: expected a percentile"},
      {kWrkOutput, "39 requests in 1.04s", "39 requests in never", "line 11: expected 'N requests"},
      {kWrkOutput, "Requests/sec: ", "", "line 13: the output ends before 'Requests/sec:'"},
      {kWrkErrorsOutput, "read 2", "read x", "line 7: expected a count, got 'x'"},
      {kH2loadOutput, "963.56ms,", "soon,", "line 7: expected 'finished in TIME"},
      {kH2loadOutput, "40 done", "-1 done", "line 8: expected a count, got '-1'"},
      {kH2loadOutput, "4.04ms", "4.04", "line 12: expected a time such as 1.23ms"},
      {kHeyOutput, "0.0911 secs\n", "late\n", "line 4: expected a time"},
      {kHeyOutput, "50% in", "50 in", "line 20: expected '50% in 0.0057 secs'"},
      {kOhaJsonOutput, "0.0012345,", "\"slow\",",
       "line 5: 'summary.slowest' must be a number, not"},
      {kOhaJsonOutput, "0.00057", "-0.00057", "line 7: 'summary.average' must be a number that is"},
      {kOhaJsonOutput, "198", "1.5",
       "line 20: 'statusCodeDistribution.200' must be a whole number"},
      {kOhaJsonOutput, "\"total\": 0.0305,", "\"total\": 0.0305", "line 5: "},
      {kK6Output, "\"count\": 1000", "\"count\": []", "line 13: 'metrics.http_reqs.count' must be"},
      {kFortioOutput, "\"HTTP\"", "\"GRPC\"", "line 1: the result of Fortio has RunType 'GRPC'"},
  };
  for (const Broken& one : all) {
    const std::string text = absl::StrReplaceAll(one.output, {{one.from, one.to}});
    ASSERT_NE(text, one.output) << one.from;
    const absl::Status status = ParseToolResult(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << one.message;
    EXPECT_THAT(std::string(status.message()), StartsWith(one.message));
  }
}

TEST(ToolResultTest, OtherTextIsRefused) {
  for (const char* text :
       {"", "\n \n", "hello\n", "{}", "{\"summary\": 1}", "[1, 2]", "{\"metrics\": []}"})
    EXPECT_EQ(ParseToolResult(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  const std::string two = absl::StrCat(kWrkOutput, kWrkOutput);
  EXPECT_THAT(std::string(ParseToolResult(two).status().message()),
              StartsWith("line 14: a second result begins"));
  EXPECT_THAT(std::string(ParseToolResult(std::string(100'000, '[')).status().message()),
              HasSubstr("more than 64 levels"));
}

}  // namespace
}  // namespace assay::controller
