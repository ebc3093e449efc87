// Compares every statistic on random data with an independent implementation: SciPy and NumPy.
#include <sys/wait.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analysis/change_points.h"
#include "analysis/chi_square_distribution.h"
#include "analysis/estimate.h"
#include "analysis/false_discovery.h"
#include "analysis/latency_histogram.h"
#include "analysis/normal_distribution.h"
#include "analysis/order_statistics.h"
#include "analysis/random_stream.h"
#include "analysis/rank_sum.h"
#include "analysis/scalability.h"
#include "analysis/signed_rank.h"
#include "analysis/slot_pairs.h"
#include "analysis/student_distribution.h"
#include "common/runfiles.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay {
namespace {

using Json = nlohmann::json;

class ScipyCrossCheck {
 public:
  explicit ScipyCrossCheck(std::ofstream file) : file_(std::move(file)) {}

  void WriteAll() {
    for (int round = 0; round < 60; ++round) {
      QuantileRanks();
      Summaries();
      Normal();
      MannWhitney();
      Centres();
      Starts();
      ManyTests();
      Curves();
    }
  }

 private:
  void Write(std::string_view kind, Json ours, Json inputs) {
    inputs["kind"] = kind;
    inputs["ours"] = std::move(ours);
    file_ << inputs.dump() << "\n";
  }

  // Skewed values, with ties if `steps` is not zero.
  std::vector<double> Values(size_t count, uint64_t steps = 0) {
    std::vector<double> values(count);
    for (double& value : values) {
      value = steps > 0 ? static_cast<double>(random_.Below(steps))
                        : 100 / (0.1 + random_.NextDouble());
    }
    return values;
  }

  double Confidence() {
    constexpr double kConfidences[] = {0.9, 0.95, 0.98333, 0.99};
    return kConfidences[random_.Below(4)];
  }

  static Json ToJson(const Estimate& estimate) {
    Json json = {estimate.estimate};
    if (estimate.low.has_value()) json.insert(json.end(), {*estimate.low, *estimate.high});
    return json;
  }

  void QuantileRanks() {
    const double q = 0.01 + 0.98 * random_.NextDouble();
    const double confidence = Confidence();
    for (const uint64_t limit : {600, 100'000}) {
      const auto n = static_cast<int64_t>(1 + random_.Below(limit));
      const auto ranks = QuantileRankInterval(n, q, confidence);
      if (!ranks.has_value()) continue;
      const bool exact = n < 600 || static_cast<double>(n) * std::min(q, 1 - q) < 50;
      Write("quantile_ranks", {ranks->low, ranks->high},
            {{"n", n}, {"q", q}, {"confidence", confidence}, {"exact", exact}});
      Write("rank_interval_coverage", RankIntervalCoverage(n, q, *ranks),
            {{"n", n}, {"q", q}, {"ranks", {ranks->low, ranks->high}}, {"tolerance", 1e-7}});
    }
  }

  void Summaries() {
    const std::vector<double> values = Values(1 + random_.Below(50));
    Write("median", MedianInterval(values).estimate, {{"values", values}});
    Write("mean", MeanOfMedians(values), {{"values", values}});
    LatencyHistogram histogram;
    std::vector<int64_t> latencies(1 + random_.Below(300));
    for (int64_t& latency : latencies) {
      latency = static_cast<int64_t>(random_.Next() >> (30 + random_.Below(30)));
      histogram.Record(latency);
    }
    const double q = 0.001 + 0.999 * random_.NextDouble();
    Write("histogram_quantile", histogram.QuantileNanos(q).value(),
          {{"values", latencies}, {"q", q}, {"tolerance", 1e-3}});
  }

  void Normal() {
    const double p = 1e-6 + (1 - 2e-6) * random_.NextDouble();
    Write("normal_quantile", NormalQuantile(p), {{"p", p}});
    const double z = 12 * random_.NextDouble() - 6;
    Write("normal_cdf", NormalCdf(z), {{"z", z}});
    const auto degrees = static_cast<int>(1 + random_.Below(30));
    Write("student_quantile", StudentQuantile(p, degrees),
          {{"p", p},
           {"degrees", degrees},
           {"tolerance", 1e-7}});  // SciPy's own inversion is good to about 1e-8.
    const double confidence = Confidence();
    const std::vector<double> values = Values(2 + random_.Below(20));
    Write("student_interval", ToJson(StudentInterval(values, confidence)),
          {{"values", values}, {"confidence", confidence}, {"tolerance", 1e-7}});
    const double t = 12 * random_.NextDouble() - 6;
    Write("student_cdf", StudentCdf(t, degrees), {{"t", t}, {"degrees", degrees}});
    const double share = 0.001 + 0.998 * random_.NextDouble();
    const auto many_degrees = static_cast<int>(1 + random_.Below(random_.Below(2) == 0 ? 30 : 300));
    const double quantile = ChiSquareQuantile(share, many_degrees);
    Write("chi_square_quantile", quantile,
          {{"p", share}, {"degrees", many_degrees}, {"tolerance", 1e-7}});
    Write("chi_square_cdf", ChiSquareCdf(quantile, many_degrees),
          {{"x", quantile}, {"degrees", many_degrees}});
  }

  void MannWhitney() {
    const std::vector<double> a = Values(1 + random_.Below(20));
    const std::vector<double> b = Values(1 + random_.Below(20));
    Write("mann_whitney_exact", MannWhitneyPValue(a, b), {{"a", a}, {"b", b}});
    const uint64_t steps = random_.Below(2) * (5 + random_.Below(40));
    const std::vector<double> more = Values(31 + random_.Below(40), steps);
    const std::vector<double> others = Values(31 + random_.Below(40), steps);
    Write("mann_whitney_normal", MannWhitneyPValue(more, others), {{"a", more}, {"b", others}});
  }

  void Centres() {
    const double confidence = Confidence();
    const std::vector<double> values = Values(1 + random_.Below(11));
    Write("walsh_interval", ToJson(HodgesLehmann(values, confidence)),
          {{"values", values}, {"confidence", confidence}});
    const std::vector<double> a = Values(1 + random_.Below(7));
    const std::vector<double> b = Values(1 + random_.Below(7));
    Write("shift", ToJson(HodgesLehmannShift(a, b, confidence)),
          {{"a", a}, {"b", b}, {"confidence", confidence}});
  }

  void Starts() {
    std::vector<StartDifference> starts;
    Json pairs = Json::array();
    for (uint64_t start = 2 + random_.Below(6); start > 0; --start) {
      // Sometimes more than 100, so that the median of the Walsh averages is selected without a list of them.
      const std::vector<double> ratios = Values(1 + random_.Below(130));
      starts.push_back(CentreOfPairs(ratios));
      Write("centre_of_pairs",
            {starts.back().log_ratio, starts.back().within_sd, starts.back().standard_error},
            {{"values", ratios}, {"tolerance", 1e-7}});
      pairs.push_back({starts.back().log_ratio, starts.back().within_sd,
                       starts.back().standard_error, ratios.size()});
    }
    const VarianceComponents components = EstimateComponents(starts);
    Write("variance_components",
          {components.between_start_sd.value_or(-1), components.within_start_sd.value_or(-1)},
          {{"starts", pairs}});
  }

  void ManyTests() {
    std::vector<double> p_values(1 + random_.Below(60));
    for (double& p : p_values) p = random_.NextDouble() * random_.NextDouble();
    Write("adjusted_p_values", AdjustedPValues(p_values), {{"values", p_values}});
    std::vector<double> series = Values(6 + random_.Below(20), random_.Below(2) * 8);
    for (size_t i = random_.Below(series.size()); i < series.size(); ++i) series[i] += 40;
    const size_t min_segment = 2 + random_.Below(2);
    const EnergySplit split = LargestEnergySplit(series, min_segment);
    Write("energy_split", split.statistic, {{"values", series}, {"min_segment", min_segment}});
    Write("energy_distance", split.statistic,
          {{"values", series}, {"index", split.index}, {"end", split.end}});
  }

  void Curves() {
    std::vector<CurvePoint> points;
    Json levels = Json::array();
    Json values = Json::array();
    double level = 0;
    // Values without a law reach the bounds sigma = 0 and kappa = 0.
    const double noise = random_.Below(2) == 0 ? 0.05 : 1;
    const UniversalScalability law = {
        .lambda = 1000, .sigma = 0.1 * random_.NextDouble(), .kappa = 0.002 * random_.NextDouble()};
    for (uint64_t count = 6 + random_.Below(6); count > 0; --count) {
      level += static_cast<double>(1 + random_.Below(40));
      points.push_back(
          {level, law.ThroughputAt(level) * (1 + noise * (random_.NextDouble() - 0.5))});
      levels.push_back(level);
      values.push_back(points.back().value);
    }
    const auto fit = FitUniversalScalability(points);
    Write("scalability",
          fit.ok() ? Json{1 / fit->lambda, fit->sigma / fit->lambda, fit->kappa / fit->lambda}
                   : Json{0},
          {{"levels", levels}, {"values", values}, {"tolerance", 1e-6}});
    const std::optional<size_t> knee = KneeOf(points);
    Write("knee", knee.has_value() ? static_cast<int>(*knee) : -1,
          {{"levels", levels}, {"values", values}});
  }

  std::ofstream file_;
  RandomStream random_{20'240'101};
};

TEST(ScipyCrossCheckTest, EveryStatisticAgreesWithScipyOnRandomData) {
  const std::string cases = absl::StrCat(testing::TempDir(), "/cases.jsonl");
  ScipyCrossCheck(std::ofstream(cases)).WriteAll();
  const std::string script = AssayFile("analysis/scipy_cross_check.py").value();
  const int status = std::system(absl::StrCat("/usr/bin/python3 ", script, " ", cases).c_str());
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127) {
    GTEST_SKIP() << "needs SciPy for /usr/bin/python3: apt-get install python3-scipy";
  }
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace assay
