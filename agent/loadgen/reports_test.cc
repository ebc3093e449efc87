#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "agent/loadgen/load_result.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/report_compare.h"
#include "agent/loadgen/report_json.h"
#include "agent/loadgen/report_text.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::loadgen {
namespace {

using Json = nlohmann::json;

// 1,000 requests of 1 us to 1 ms in 2 s.
LoadResult Measured() {
  LoadResult result;
  for (int i = 1; i <= 1000; ++i) result.latency.Record(i * 1000);
  result.service = LatencyHistogram();
  result.service.Merge(result.latency);
  result.sent = 1003;
  result.ok = 1000;
  result.ok_in_window = 998;
  result.errors = 2;
  result.in_flight = 1;
  result.status[200] = 1000;
  result.error_kinds["reset by peer"] = 2;
  result.duration_ns = 2'000'000'000;
  result.bytes_read = 123'000;
  result.cpu_ns = 10'020'000;
  result.cpu_responses = 1002;
  result.cpu_share = 0.57;
  result.run_delay_share = 0.04;
  result.think_ns = 20'000'000;
  result.flight_ns = 80'000'000;
  result.cycles = 1'000;
  result.connections = 7;
  Interval row;
  row.second = 1;
  row.sent = 1003;
  row.ok = 1000;
  row.errors = 2;
  row.latency = result.latency.ToParts();
  result.seconds.push_back(row);
  return result;
}

TEST(ReportJsonTest, HasEveryKeyOfTheContract) {
  const Json json = Json::parse(FormatJson(Measured()));
  for (const char* key : {"sent",        "ok",
                          "errors",      "timeouts",
                          "in_flight",   "requests",
                          "status",      "duration_s",
                          "rps",         "bytes_read",
                          "connections", "mode",
                          "offered_rps", "latency_us",
                          "service_us",  "send_lag_us",
                          "idle_gap_us", "cpu_us_per_request",
                          "busy_share",  "samples_recorded",
                          "cpu_share",   "run_delay_share",
                          "think_share", "think_time_us",
                          "samples_lost"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  for (const char* key : {"min", "mean", "p50", "p90", "p95", "p99", "p999", "p9999", "max"}) {
    EXPECT_TRUE(json["latency_us"].contains(key)) << key;
    EXPECT_TRUE(json["send_lag_us"].contains(key)) << key;
  }
  EXPECT_EQ(json["requests"], 1002);
  EXPECT_DOUBLE_EQ(json["rps"].get<double>(), 499);
  EXPECT_DOUBLE_EQ(json["cpu_us_per_request"].get<double>(), 10);
  EXPECT_DOUBLE_EQ(json["think_time_us"].get<double>(), 20);
  EXPECT_DOUBLE_EQ(json["think_share"].get<double>(), 0.2);
  EXPECT_EQ(json["status"]["200"], 1000);
  EXPECT_EQ(json["mode"], "closed");
  EXPECT_NEAR(json["latency_us"]["p50"].get<double>(), 500, 1);
  EXPECT_NEAR(json["latency_us"]["p99"].get<double>(), 990, 1);
}

// 1,000 requests say nothing about one in a thousand: the response is null, not the maximum.
TEST(ReportJsonTest, WhatTheCountCannotSupportIsNull) {
  const Json json = Json::parse(FormatJson(Measured()));
  EXPECT_TRUE(json["latency_us"]["p999"].is_null());
  EXPECT_TRUE(json["latency_us"]["p9999"].is_null());
  EXPECT_TRUE(json["send_lag_us"]["p50"].is_null());
  EXPECT_TRUE(json["offered_rps"].is_null());
  EXPECT_TRUE(json["idle_gap_us"]["p99"].is_null());
  const Json nothing = Json::parse(FormatJson(LoadResult()));
  EXPECT_TRUE(nothing["latency_us"]["min"].is_null());
  EXPECT_TRUE(nothing["cpu_us_per_request"].is_null());
  EXPECT_EQ(nothing["rps"], 0);
}

TEST(ReportTextTest, ShowsTheAccountTheErrorsAndAPlot) {
  LoadOptions options;
  options.target.text = "127.0.0.1:9000";
  options.connections = 7;
  const std::string text = FormatTable(Measured(), options);
  for (const char* part :
       {"sent 1,003 = 1,000 ok + 2 errors + 0 timeouts + 1 in flight", "reset by peer: 2",
        "499 ok/s", "p99       990", "p99.9          n/a", "*******", "blind to stalls"}) {
    EXPECT_TRUE(absl::StrContains(text, part)) << part << "\n" << text;
  }
}

TEST(ReportTextTest, TheTimeSeriesHasALineASecond) {
  const std::string csv = FormatCsv(Measured());
  EXPECT_TRUE(absl::StrContains(
      csv, "second,sent,ok,errors,timeouts,p50_us,p90_us,p99_us,max_us,retried\n"));
  EXPECT_TRUE(absl::StrContains(csv, "\n1,1003,1000,2,0,500.")) << csv;
}

TEST(ReportCompareTest, ShowsEarlierBesideNow) {
  LoadResult now = Measured();
  now.ok_in_window = 499;
  const absl::StatusOr<std::string> text = FormatComparison(FormatJson(Measured()), now);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_TRUE(absl::StrContains(*text, " 499 ")) << *text;
  EXPECT_TRUE(absl::StrContains(*text, " 249.5 ")) << *text;
  EXPECT_TRUE(absl::StrContains(*text, "-50.0 %")) << *text;
  EXPECT_FALSE(FormatComparison("[]", now).ok());
  EXPECT_FALSE(FormatComparison("nonsense", now).ok());
}

// Whatever the other file holds where a figure should stand: a figure that is not there, and no exception.
TEST(ReportCompareTest, AnEarlierResultOfAnotherShapeHasNoFigures) {
  for (const char* shape : {"[]", "[1]", "7", "\"text\"", "null", "{\"p99\":[]}"}) {
    const std::string earlier =
        absl::StrCat(R"({"mode":"closed","latency_us":{"p50":)", shape, R"(},"service_us":)", shape,
                     R"(,"rps":"x","settings":)", shape, "}");
    const absl::StatusOr<std::string> text = FormatComparison(earlier, Measured());
    ASSERT_TRUE(text.ok()) << text.status();
    EXPECT_TRUE(absl::StrContains(*text, "n/a")) << *text;
  }
}

TEST(ReportCompareTest, ASettingThatIsNotUtf8IsShown) {
  const LoadResult now = Measured();
  LoadOptions options;
  options.target.text = "http://h/caf\xe9";
  const RunSettings settings{.options = &options};
  const std::string earlier =
      R"({"mode":"closed","latency_us":{},"settings":{"target":"http://h/"}})";
  const absl::StatusOr<std::string> text = FormatComparison(earlier, now, &settings);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_TRUE(absl::StrContains(*text, "http://h/caf\xef\xbf\xbd")) << *text;
}

// Figures that differ never print alike, and one below 1/s is not 0.
TEST(ReportCompareTest, ShowsAllDigitsOfANumber) {
  LoadResult now = Measured();
  now.duration_ns = 1'000'000'000'000;
  now.ok_in_window = 1;
  const absl::StatusOr<std::string> text = FormatComparison(FormatJson(Measured()), now);
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_TRUE(absl::StrContains(*text, " 0.001 ")) << *text;
}

}  // namespace
}  // namespace assay::loadgen
