#include "analysis/slot_pairs.h"

#include <cmath>
#include <vector>

#include "analysis/random_stream.h"
#include "analysis/signed_rank.h"
#include "analysis/student_distribution.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

double Gaussian(RandomStream* random) {
  return std::sqrt(-2 * std::log1p(-random->NextDouble())) *
         std::cos(2 * M_PI * random->NextDouble());
}

std::vector<double> Gaussians(RandomStream* random, size_t count, double centre, double deviation) {
  std::vector<double> values(count);
  for (double& value : values) value = centre + deviation * Gaussian(random);
  return values;
}

TEST(CentreOfPairsTest, GivesCentreDeviationAndCount) {
  const StartDifference start = CentreOfPairs({0.04, 0.01, 0.02});
  EXPECT_DOUBLE_EQ(start.log_ratio, 0.0225);
  EXPECT_NEAR(start.within_sd, 0.0152753, 1e-7);
  EXPECT_NEAR(start.standard_error, 0.0152753 / std::sqrt(3), 1e-7);
  EXPECT_EQ(start.pairs, 3);
}

TEST(CentreOfPairsTest, OnePairHasNoVariation) {
  const StartDifference start = CentreOfPairs({0.04});
  EXPECT_EQ(start.log_ratio, 0.04);
  EXPECT_EQ(start.within_sd, 0);
  EXPECT_EQ(start.standard_error, 0);
  EXPECT_EQ(start.pairs, 1);
}

// The selection that many pairs need must give the same as the sorted list.
TEST(CentreOfPairsTest, ManyPairsGiveTheMedianOfAllWalshAverages) {
  RandomStream random(1);
  for (const size_t count : {99U, 100U, 101U, 102U, 103U, 400U, 1001U}) {
    const std::vector<double> pairs = Gaussians(&random, count, 0.01, 0.05);
    const std::vector<double> averages = WalshAverages(pairs);
    const size_t half = averages.size() / 2;
    const double median =
        averages.size() % 2 == 1 ? averages[half] : (averages[half - 1] + averages[half]) / 2;
    EXPECT_DOUBLE_EQ(CentreOfPairs(pairs).log_ratio, median) << count;
  }
}

// A stall of the machine falls into one slot and must not decide its start.
TEST(CentreOfPairsTest, OutliersChangeNeitherCentreNorStandardErrorMuch) {
  RandomStream random(2);
  std::vector<double> pairs = Gaussians(&random, 200, 0, 0.03);
  const StartDifference calm = CentreOfPairs(pairs);
  for (size_t i = 0; i < pairs.size(); i += 50) pairs[i] = 3;
  const StartDifference wild = CentreOfPairs(pairs);
  EXPECT_NEAR(wild.log_ratio, calm.log_ratio, 0.003);
  EXPECT_LT(wild.standard_error, 1.2 * calm.standard_error);
  EXPECT_GT(wild.within_sd, 5 * calm.within_sd);
}

// The standard error must be that of the centre, at few pairs and at many.
TEST(CentreOfPairsTest, StandardErrorIsTheDeviationOfTheCentre) {
  for (const size_t count : {4U, 6U, 8U, 20U, 150U}) {
    RandomStream random(count);
    constexpr int kTrials = 2'000;
    std::vector<double> centres;
    double squared_errors = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      const StartDifference start = CentreOfPairs(Gaussians(&random, count, 0, 0.04));
      centres.push_back(start.log_ratio);
      squared_errors += start.standard_error * start.standard_error / kTrials;
    }
    EXPECT_NEAR(std::sqrt(squared_errors) / SampleDeviation(centres), 1, 0.1) << count;
  }
}

TEST(EstimateComponentsTest, GivesTheKnownAnswer) {
  const VarianceComponents components = EstimateComponents(
      {{.log_ratio = 0.01, .within_sd = 0.02, .standard_error = 0.005, .pairs = 16},
       {.log_ratio = 0.03, .within_sd = 0.04, .standard_error = 0.010, .pairs = 16},
       {.log_ratio = 0.05, .within_sd = 0.04, .standard_error = 0.010, .pairs = 16}});
  EXPECT_NEAR(components.within_start_sd.value(), std::sqrt(0.0012), 1e-12);
  EXPECT_NEAR(components.between_start_sd.value(), std::sqrt(0.0004 - 0.000075), 1e-12);
}

TEST(EstimateComponentsTest, VariationWithinStartsAloneGivesNoneBetween) {
  const VarianceComponents components = EstimateComponents(
      {{.log_ratio = 0.010, .within_sd = 0.1, .standard_error = 0.02, .pairs = 25},
       {.log_ratio = 0.011, .within_sd = 0.1, .standard_error = 0.02, .pairs = 25}});
  EXPECT_EQ(components.between_start_sd, 0);
}

TEST(EstimateComponentsTest, TooFewStartsOrPairsGiveNothing) {
  const StartDifference start = {
      .log_ratio = 0.01, .within_sd = 0.1, .standard_error = 0.02, .pairs = 25};
  const StartDifference one_pair = {.log_ratio = 0.5, .pairs = 1};
  EXPECT_EQ(EstimateComponents({}).within_start_sd, std::nullopt);
  EXPECT_EQ(EstimateComponents({one_pair, one_pair}).within_start_sd, std::nullopt);
  EXPECT_EQ(EstimateComponents({start, one_pair}).within_start_sd, 0.1);
  EXPECT_EQ(EstimateComponents({start, one_pair}).between_start_sd, std::nullopt);
}

TEST(EstimateComponentsTest, FindsTheComponentsOfASimulatedCampaign) {
  RandomStream random(7);
  std::vector<StartDifference> starts;
  for (int start = 0; start < 400; ++start) {
    const double centre = 0.02 + 0.01 * Gaussian(&random);
    starts.push_back(CentreOfPairs(Gaussians(&random, 30, centre, 0.05)));
  }
  const VarianceComponents components = EstimateComponents(starts);
  EXPECT_NEAR(components.within_start_sd.value(), 0.05, 0.002);
  EXPECT_NEAR(components.between_start_sd.value(), 0.01, 0.0015);
}

}  // namespace
}  // namespace assay
