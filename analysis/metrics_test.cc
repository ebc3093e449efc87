#include "analysis/metrics.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace assay {
namespace {

TEST(MetricsTest, EveryMetricReadsItsOwnFigureAndHasWords) {
  Figures figures;
  figures.rps = 1000;
  figures.capacity_rps = 900;
  figures.mean_us = 2;
  figures.server_cpu_us_per_request = 3;
  figures.server_rss_bytes = 4;
  figures.generator_cpu_us_per_request = 5;
  figures.quantile_us = {10, 20, 30, 40, 50, 60};
  std::set<std::string> names;
  std::set<double> values;
  for (const Metric& metric : AllMetrics()) {
    names.emplace(metric.name);
    ASSERT_TRUE(metric.of(figures).has_value()) << metric.name;
    if (!metric.mean_over_executions) values.insert(*metric.of(figures));
    for (const std::string_view word : {metric.words.verb, metric.words.more, metric.words.less,
                                        metric.words.noun, metric.words.same, metric.words.faster,
                                        metric.words.slower, metric.unit, metric.meaning}) {
      EXPECT_FALSE(word.empty()) << metric.name;
    }
    EXPECT_EQ(FindMetric(metric.name), &metric);
  }
  EXPECT_EQ(names.size(), AllMetrics().size());
  EXPECT_EQ(values.size(), AllMetrics().size() - 1) << "two metrics read the same figure";
  EXPECT_EQ(FindMetric("rps")->better, Better::kHigher);
  EXPECT_EQ(FindMetric("speed"), nullptr);
}

// Memory has no speed.
TEST(MetricsTest, OnlyMetricsOfSpeedAreFasterOrSlower) {
  EXPECT_EQ(VerdictWord(Verdict::kSlower, *FindMetric("p99_us")), "slower");
  EXPECT_EQ(VerdictWord(Verdict::kSlower, *FindMetric("server_rss_bytes")), "larger");
  EXPECT_EQ(VerdictWord(Verdict::kFaster, *FindMetric("server_rss_bytes")), "smaller");
  EXPECT_EQ(VerdictWord(Verdict::kSlower, *FindMetric("generator_cpu_us_per_request")), "dearer");
  EXPECT_EQ(VerdictWord(Verdict::kEquivalent, *FindMetric("server_rss_bytes")), "equivalent");
}

TEST(MetricsTest, AFigureThatIsNotKnownIsNotSet) {
  for (const Metric& metric : AllMetrics()) {
    EXPECT_EQ(metric.of(Figures()), std::nullopt) << metric.name;
  }
}

// A share of a window in which the server had two CPUs.
TEST(MetricsTest, BusyShareCountsAllCpusOfTheServer) {
  const ServerUse use = {.cpu_ns = 1'500'000'000, .cpu_window_ns = 1'000'000'000, .cpus = 2};
  EXPECT_DOUBLE_EQ(*DeriveFigures({LoadCounts{}}, use).server_busy_share, 0.75);
  EXPECT_EQ(DeriveFigures({LoadCounts{}}, ServerUse{.cpu_ns = 1}).server_busy_share, std::nullopt);
}

TEST(MetricsTest, LatencyFiguresOfTooFewRequestsAreNotSet) {
  LatencyHistogram latency;
  for (int i = 0; i < 1000; ++i) latency.Record(int64_t{2'000});
  Figures figures;
  AddLatency(latency, &figures);
  EXPECT_DOUBLE_EQ(*figures.mean_us, 2);
  EXPECT_DOUBLE_EQ(*FindMetric("p99_us")->of(figures), 2);
  EXPECT_EQ(FindMetric("p999_us")->of(figures), std::nullopt);
}

}  // namespace
}  // namespace assay
