#include "controller/verdict/verdict_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "controller/results/text_table.h"
#include "controller/verdict/verdict_json.h"
#include "controller/verdict/verdict_words.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Comparison Made(const std::string& metric, Estimate ratio, Verdict verdict) {
  Comparison one;
  one.baseline = "epoll";
  one.candidate = "hyper";
  one.cell.set_target("hyper");
  one.cell.set_workload("json");
  one.cell.set_mode("closed");
  one.cell.set_connections(64);
  one.metric = FindMetric(metric);
  one.primary = true;
  one.blocks_at_least = 6;
  one.ratio = RatioComparison{.ratio = ratio, .confidence = 0.95, .verdict = verdict, .blocks = 10};
  return one;
}

constexpr char kCpu[] = "server_cpu_us_per_request";

Comparison Slower() { return Made(kCpu, {1.31, 1.29, 1.33}, Verdict::kSlower); }

Comparison Control() {
  Comparison one = Made(kCpu, {1.001, 0.997, 1.005}, Verdict::kEquivalent);
  one.candidate = "epoll (again)";
  return one;
}

CampaignVerdict VerdictOf(std::vector<Comparison> comparisons, std::vector<Comparison> aa) {
  CampaignVerdict verdict;
  verdict.campaigns = {"0123456789ab"};
  verdict.baseline = "epoll";
  verdict.primary_metric = kCpu;
  verdict.family = static_cast<uint32_t>(comparisons.size());
  verdict.comparisons = std::move(comparisons);
  verdict.aa = std::move(aa);
  return verdict;
}

GateResult Gate(const std::string& name, const std::string& advice) {
  GateResult gate;
  gate.set_name(name);
  gate.set_value(0.5);
  gate.set_unit("share");
  gate.set_limit(0.1);
  gate.set_verdict(GateResult::INVALID);
  gate.set_subject("hyper json 64 connections");
  gate.set_advice(advice);
  return gate;
}

TEST(VerdictTextTest, FirstSentencesAreTheAnswerTheControlAndWhetherTheRunIsSound) {
  EXPECT_THAT(
      SentencesOf(VerdictOf({Slower()}, {Control()})),
      ElementsAre("hyper needs 31 % [29, 33] more server CPU a request than epoll at 64 "
                  "connections (slower).",
                  "A/A control: +0.1 % [-0.3, 0.5], equivalent.", "Nothing invalidated the run."));
}

TEST(VerdictTextTest, EachMetricHasItsOwnWords) {
  const auto sentence = [](const std::string& metric, Estimate ratio, Verdict verdict) {
    return SentenceOf(Made(metric, ratio, verdict), false);
  };
  EXPECT_EQ(sentence("rps", {0.88, 0.86, 0.9}, Verdict::kSlower),
            "hyper serves 12 % [10, 14] fewer requests a second than epoll at 64 connections "
            "(slower).");
  EXPECT_EQ(
      sentence("p99_us", {1.08, 1.05, 1.11}, Verdict::kSlower),
      "hyper has 8.0 % [5.0, 11.0] higher p99 latency than epoll at 64 connections (slower).");
  EXPECT_EQ(sentence("server_rss_bytes", {0.5, 0.4, 0.6}, Verdict::kFaster),
            "hyper holds 50 % [40, 60] less memory than epoll at 64 connections (smaller).");
  EXPECT_EQ(sentence(kCpu, {1.003, 0.996, 1.01}, Verdict::kEquivalent),
            "hyper needs the same server CPU a request as epoll at 64 connections, within 2 % "
            "(+0.3 % [-0.4, 1.0]): equivalent.");
  EXPECT_EQ(sentence("rps", {1, 0.99996, 1.01}, Verdict::kEquivalent),
            "hyper serves as many requests a second as epoll at 64 connections, within 2 % (+0.0 % "
            "[0.0, 1.0]): equivalent.");
}

// Both claims hold: the servers differ, but by less than the zone.
TEST(VerdictTextTest, ADifferenceWithinTheZoneSaysSo) {
  Comparison one = Made(kCpu, {1.015, 1.012, 1.018}, Verdict::kSlower);
  one.ratio->within_zone = true;
  EXPECT_THAT(SentenceOf(one, false), HasSubstr("(slower, by less than 2 %)."));
}

// JSON has the same five verdicts for all metrics.
TEST(VerdictTextTest, MoreMemoryIsLargerInEveryTextAndSlowerInJson) {
  const CampaignVerdict verdict =
      VerdictOf({Made("server_rss_bytes", {1.31, 1.29, 1.33}, Verdict::kSlower)}, {});
  EXPECT_THAT(ToText(verdict), AllOf(HasSubstr("(larger)"), Not(HasSubstr("slower"))));
  EXPECT_EQ(ToJson(verdict)["comparisons"][0]["verdict"], "slower");
}

TEST(VerdictTextTest, OneBlockIsSingular) {
  Comparison one = Made(kCpu, {.estimate = 1.2}, Verdict::kInconclusive);
  one.ratio->blocks = 1;
  EXPECT_THAT(SentenceOf(one, false), HasSubstr("inconclusive: 1 block; at least 6 needed"));
  one.target = "hyper";
  EXPECT_THAT(SentenceOf(one, false), HasSubstr("inconclusive: 1 execution on each side; "));
}

TEST(VerdictTextTest, AnInconclusiveComparisonSaysWhatWouldDecide) {
  Comparison one = Made(kCpu, {1.012, 0.995, 1.031}, Verdict::kInconclusive);
  one.ratio->blocks_needed = 24;
  EXPECT_EQ(
      SentenceOf(one, false),
      "Whether hyper needs more or less server CPU a request than epoll at 64 connections is "
      "not decided: +1.2 % [-0.5, 3.1], inconclusive after 10 blocks; about 24 would decide.");
  one.ratio->blocks_needed.reset();
  EXPECT_THAT(SentenceOf(one, false), HasSubstr("more would hardly decide"));
  one.ratio->blocks = 4;
  EXPECT_THAT(SentenceOf(one, false), HasSubstr("inconclusive: 4 blocks; at least 6 needed."));
  one.ratio.reset();
  one.missing = "hyper json 64 connections was not measured";
  EXPECT_THAT(SentenceOf(one, false),
              HasSubstr("inconclusive, because hyper json 64 connections was not measured."));
}

TEST(VerdictTextTest, AnInvalidGateIsNamedWithItsAdvice) {
  Comparison one = Slower();
  one.voided_by = {Gate("wrong_responses", "send the request by hand"), Gate("errors", "x")};
  const CampaignVerdict verdict = VerdictOf({one}, {});
  EXPECT_THAT(
      SentencesOf(verdict),
      ElementsAre("There is no verdict on hyper against epoll at 64 connections (invalid): "
                  "gate wrong_responses is 0.5 share (limit 0.1) in hyper json 64 connections, "
                  "and errors is invalid too: send the request by hand.",
                  "There was no A/A control.",
                  "The measurement is not sound: errors, wrong_responses are invalid."));
  EXPECT_THAT(ToText(verdict), Not(HasSubstr("slower")));
}

TEST(VerdictTextTest, BelowSaturationTheSentenceSaysAtThisLoad) {
  Comparison one = Slower();
  one.candidate_busy = 0.8;
  EXPECT_THAT(SentenceOf(one, false),
              HasSubstr("than epoll at this load, 64 connections (slower)."));
}

TEST(VerdictTextTest, WorkloadIsNamedOnlyIfThereAreSeveral) {
  Comparison other = Slower();
  other.cell.set_workload("echo");
  const CampaignVerdict verdict = VerdictOf({Slower(), other}, {Control(), Control()});
  const std::vector<std::string> sentences = SentencesOf(verdict);
  EXPECT_THAT(sentences[0], HasSubstr("at json, 64 connections"));
  EXPECT_THAT(sentences[1], HasSubstr("at echo, 64 connections"));
  EXPECT_EQ(sentences[2],
            "A/A control at json, 64 connections: +0.1 % [-0.3, 0.5], equivalent; at json, 64 "
            "connections: +0.1 % [-0.3, 0.5], equivalent.");
}

TEST(VerdictTextTest, TwoCampaignsAreNamedAndSaidToBeNotInterleaved) {
  Comparison one = Slower();
  one.target = "hyper";
  one.baseline = "0123456789ab";
  one.candidate = "ba9876543210";
  CampaignVerdict verdict = VerdictOf({one}, {});
  verdict.campaigns = {one.baseline, one.candidate};
  verdict.environment = {{"server", "kernel.release", "6.1", ""}};
  verdict.servers = {
      {"hyper", {ConditionChange::Of::kServer, "server version", "hyper 1.0", "hyper 1.1"}}};
  verdict.warnings = {"not_interleaved"};
  const std::vector<std::string> sentences = SentencesOf(verdict);
  EXPECT_EQ(sentences[0],
            "hyper in ba9876543210 needs 31 % [29, 33] more server CPU a request than in "
            "0123456789ab at 64 connections (slower).");
  EXPECT_THAT(sentences[1], HasSubstr("not interleaved"));
  EXPECT_EQ(sentences[2],
            "Nothing invalidated the two campaigns; 1 gate warns or could not be read: "
            "not_interleaved.");
  EXPECT_THAT(ToText(verdict), HasSubstr("server kernel.release: 6.1 -> (none)"));
  EXPECT_THAT(ToText(verdict), HasSubstr("what differs between the servers of 0123456789ab and "
                                         "ba9876543210:\n  hyper, server version: hyper 1.0 -> "
                                         "hyper 1.1\n"));
  EXPECT_EQ(ToJson(verdict)["servers"][0]["second"], "hyper 1.1");
}

TEST(VerdictTextTest, ForestPlotMarksLimitsAndIntervals) {
  const std::string plot = ForestPlot(VerdictOf({Slower()}, {Control()}), 100);
  const std::vector<std::string> lines = absl::StrSplit(plot, '\n');
  EXPECT_THAT(lines[0], AllOf(StartsWith("hyper, 64 connections"), HasSubstr("[o=]"),
                              HasSubstr("+31 % [29, 33] slower")));
  EXPECT_THAT(lines[1], AllOf(StartsWith("A/A epoll (again), 64 con"), HasSubstr("equivalent")));
  // No difference, in both rows at the same place; the interval of the candidate lies to the right of the zone.
  const size_t zero = lines[0].find('|');
  ASSERT_NE(zero, std::string::npos);
  EXPECT_LT(zero, lines[0].find(':', zero));
  EXPECT_LT(lines[0].find(':', zero), lines[0].find("[o=]"));
  EXPECT_THAT(plot, HasSubstr("floor, 1 %"));
  EXPECT_THAT(plot, HasSubstr("zone, 2 %"));
  EXPECT_EQ(ForestPlot(VerdictOf({}, {}), 100), "");
}

TEST(VerdictTextTest, TextIsAtMost100ColumnsWide) {
  Comparison one = Slower();
  one.candidate = "a-server-with-a-name-that-goes-on-and-on-until-its-very-end";
  one.baseline = "another-server-with-a-name-that-goes-on-and-on-until-its-very-end";
  one.cell.set_mode("open");
  one.cell.set_rate_per_s(1234567);
  Comparison other = one;
  other.cell.set_workload("a-workload-with-a-long-name-of-its-own");
  other.metric = FindMetric("generator_cpu_us_per_request");
  other.ratio->blocks_needed = 1000;
  CampaignVerdict verdict = VerdictOf({one, other}, {Control()});
  verdict.limits = {std::string(60, 'x') + " and " + std::string(60, 'y')};
  const std::string text = ToText(verdict);
  EXPECT_LE(WidestLine(text), kTextColumns) << text;
  for (const size_t columns : {60u, 80u, 120u})
    EXPECT_LE(WidestLine(ForestPlot(verdict, columns)), columns);
}

// A label comes from a plan and must not control the terminal.
TEST(VerdictTextTest, ControlCharactersOfNamesAreEscaped) {
  Comparison one = Slower();
  one.candidate = "a\x1b[31m\nb";
  const std::string text = ToText(VerdictOf({one}, {}));
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
  EXPECT_THAT(text, HasSubstr("a\\x1b[31m\\x0ab needs"));
}

TEST(VerdictJsonTest, HasTheKeysOfTheContract) {
  CampaignVerdict verdict = VerdictOf({Slower()}, {Control()});
  verdict.comparisons[0].ratio->blocks_needed = 12;
  verdict.between_start_sd = 0.005;
  const auto json = ToJson(verdict);
  EXPECT_EQ(json["design"], "sequential");
  EXPECT_EQ(json["between_start_sd"], 0.005);
  EXPECT_TRUE(json["within_start_sd"].is_null());
  ASSERT_EQ(json["comparisons"].size(), 1u);
  const auto& one = json["comparisons"][0];
  EXPECT_EQ(one["baseline"], "epoll");
  EXPECT_EQ(one["candidate"], "hyper");
  EXPECT_EQ(one["workload"], "json");
  EXPECT_EQ(one["level"]["connections"], 64);
  EXPECT_EQ(one["metric"], kCpu);
  EXPECT_EQ(one["primary"], true);
  EXPECT_EQ(one["ratio"]["estimate"], 1.31);
  EXPECT_EQ(one["ratio"]["low"], 1.29);
  EXPECT_EQ(one["ratio"]["high"], 1.33);
  EXPECT_EQ(one["ratio"]["confidence"], 0.95);
  EXPECT_EQ(one["verdict"], "slower");
  EXPECT_EQ(one["blocks"], 10);
  EXPECT_EQ(one["blocks_needed"], 12);
  EXPECT_EQ(json["aa"][0]["candidate"], "epoll (again)");
  EXPECT_EQ(json["sentences"], SentencesOf(verdict));
}

TEST(VerdictJsonTest, CsvHasOneRowPerComparison) {
  const std::vector<std::string> lines =
      absl::StrSplit(ToCsv(VerdictOf({Slower()}, {Control()})), "\r\n");
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[0], StartsWith("baseline,candidate,target,workload,mode,connections"));
  EXPECT_EQ(lines[1],
            "epoll,hyper,hyper,json,closed,64,,server_cpu_us_per_request,1,0,1.31,1.29,1.33,0.95,"
            "slower,10,");
  EXPECT_THAT(lines[2], HasSubstr("epoll (again)"));
}

}  // namespace
}  // namespace assay::controller
