#include "agent/loadgen/arrival_schedule.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "agent/loadgen/load_window.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/sending_periods.h"
#include "gtest/gtest.h"
#include "proto/agent.pb.h"

namespace assay::loadgen {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr LoadWindow kWindow = {
    .start_ns = 5 * kSecond, .begin_ns = 7 * kSecond, .end_ns = 17 * kSecond};

std::vector<int64_t> Due(const ArrivalSchedule::Config& config, int64_t until_ns,
                         const SendingPeriods& periods = SendingPeriods(kWindow)) {
  ArrivalSchedule schedule(config, periods);
  std::vector<int64_t> due;
  for (int64_t at = schedule.NextNs(); at < until_ns; at = schedule.NextNs()) due.push_back(at);
  return due;
}

// Of all streams together, in order.
std::vector<int64_t> DueOfAll(ArrivalSchedule::Config config, int64_t until_ns) {
  std::vector<int64_t> all;
  for (config.stream = 0; config.stream < config.streams; ++config.stream) {
    const std::vector<int64_t> due = Due(config, until_ns);
    all.insert(all.end(), due.begin(), due.end());
  }
  std::sort(all.begin(), all.end());
  return all;
}

TEST(ArrivalScheduleTest, AConstantRateIsEvenlySpacedWithoutDrift) {
  const std::vector<int64_t> due =
      Due({.arrivals = Arrivals::kConstant, .total_rate_per_s = 30'000}, kWindow.end_ns);
  ASSERT_EQ(due.size(), 360'000u);
  EXPECT_EQ(due.front(), kWindow.start_ns);
  for (size_t i = 0; i < due.size(); ++i) {
    ASSERT_LE(std::abs(due[i] - kWindow.start_ns - static_cast<int64_t>(i) * 100'000 / 3), 1) << i;
  }
}

// Three threads of two hosts fire in turn, never at once: together they are the one even process.
TEST(ArrivalScheduleTest, ThreadsAndHostsDealOutAConstantRateInTurn) {
  const std::vector<int64_t> due = DueOfAll(
      {.arrivals = Arrivals::kConstant, .total_rate_per_s = 1000, .streams = 6}, kWindow.end_ns);
  ASSERT_EQ(due.size(), 12'000u);
  for (size_t i = 1; i < due.size(); ++i) ASSERT_EQ(due[i] - due[i - 1], 1'000'000) << i;
}

TEST(ArrivalScheduleTest, TheSeedFixesPoissonArrivals) {
  ArrivalSchedule::Config config{.arrivals = Arrivals::kPoisson,
                                 .total_rate_per_s = 5000,
                                 .stream = 1,
                                 .streams = 2,
                                 .seed = 9};
  const std::vector<int64_t> due = Due(config, kWindow.end_ns);
  EXPECT_EQ(due, Due(config, kWindow.end_ns));
  config.seed = 10;
  EXPECT_NE(due, Due(config, kWindow.end_ns));
  config.seed = 9;
  config.stream = 0;
  EXPECT_NE(due, Due(config, kWindow.end_ns));
}

// Gaps of a Poisson process are exponential: also those of the sum of several streams.
TEST(ArrivalScheduleTest, PoissonStreamsSumUpToOnePoissonProcess) {
  for (const int streams : {1, 4}) {
    const std::vector<int64_t> due = DueOfAll(
        {.arrivals = Arrivals::kPoisson, .total_rate_per_s = 20'000, .streams = streams, .seed = 3},
        kWindow.start_ns + 10 * kSecond);
    const double count = static_cast<double>(due.size());
    EXPECT_NEAR(count, 200'000, 4 * std::sqrt(200'000));
    std::vector<int64_t> gaps;
    for (size_t i = 1; i < due.size(); ++i) gaps.push_back(due[i] - due[i - 1]);
    std::sort(gaps.begin(), gaps.end());
    // Kolmogorov-Smirnov against 1 - exp(-t / 50 us), at the 1 % level.
    double distance = 0;
    for (size_t i = 0; i < gaps.size(); ++i) {
      const double expected = 1 - std::exp(-static_cast<double>(gaps[i]) / 50'000);
      const double found = (static_cast<double>(i) + 0.5) / static_cast<double>(gaps.size());
      distance = std::max(distance, std::abs(expected - found));
    }
    EXPECT_LT(distance, 1.63 / std::sqrt(static_cast<double>(gaps.size())));
  }
}

TEST(ArrivalScheduleTest, ARampRisesLinearlyFromNothingToItsRate) {
  const std::vector<int64_t> all =
      DueOfAll({.arrivals = Arrivals::kRamp, .total_rate_per_s = 2000, .streams = 3}, INT64_MAX);
  std::vector<int64_t> due;
  std::copy_if(all.begin(), all.end(), std::back_inserter(due),
               [](int64_t at) { return at >= kWindow.begin_ns; });
  // A tenth of the rate warms up.
  EXPECT_EQ(all.size() - due.size(), 400u);
  ASSERT_EQ(due.size(), 10'000u);
  EXPECT_LT(due.back(), kWindow.end_ns);
  for (int second = 0; second < 10; ++second) {
    const int64_t begin = kWindow.begin_ns + second * kSecond;
    const auto count = std::count_if(
        due.begin(), due.end(), [&](int64_t at) { return at >= begin && at < begin + kSecond; });
    EXPECT_NEAR(static_cast<double>(count), 200 * (second + 0.5), 1);
  }
}

// Every second of two slots of 100 ms each, of five.
SlotSchedule EverySecondSlot() {
  SlotSchedule slots;
  slots.set_lead_ns(kSecond);
  slots.set_period_ns(kSecond / 4);
  slots.set_slot_ns(kSecond / 10);
  slots.set_settle_ns(kSecond / 100);
  slots.set_count(5);
  slots.set_warmup_count(1);
  for (const uint32_t index : {0, 2, 4}) slots.add_own(index);
  return slots;
}

// The time between slots does not exist for the arrivals: no request is due in it, and none makes up for it.
TEST(ArrivalScheduleTest, TheRateHoldsWithinSlots) {
  const SendingPeriods periods(EverySecondSlot(), kWindow.start_ns);
  const std::vector<int64_t> due =
      Due({.arrivals = Arrivals::kConstant, .total_rate_per_s = 1000}, INT64_MAX, periods);
  ASSERT_EQ(due.size(), 300u);
  for (size_t i = 0; i < due.size(); ++i) {
    const int64_t slot_begin =
        kWindow.start_ns + kSecond + static_cast<int64_t>(i / 100) * kSecond / 2;
    EXPECT_EQ(due[i], slot_begin + static_cast<int64_t>(i % 100) * 1'000'000) << i;
  }
}

TEST(ArrivalScheduleTest, PoissonArrivalsOfASlotAreThoseOfItsLoadTime) {
  const SendingPeriods periods(EverySecondSlot(), kWindow.start_ns);
  const ArrivalSchedule::Config config{
      .arrivals = Arrivals::kPoisson, .total_rate_per_s = 20'000, .seed = 3};
  const std::vector<int64_t> due = Due(config, INT64_MAX, periods);
  const std::vector<int64_t> without_slots = Due(config, kWindow.start_ns + 3 * kSecond / 10);
  ASSERT_EQ(due.size(), without_slots.size());
  for (size_t i = 0; i < due.size(); ++i) {
    const int64_t load_time = without_slots[i] - kWindow.start_ns;
    EXPECT_EQ(due[i], periods.RealNs(load_time)) << i;
    EXPECT_LT((due[i] - kWindow.start_ns - kSecond) % (kSecond / 2), kSecond / 10) << i;
  }
}

}  // namespace
}  // namespace assay::loadgen
