#include "agent/loadgen/sending_periods.h"

#include <cstdint>

#include "gtest/gtest.h"
#include "proto/agent.pb.h"

namespace assay::loadgen {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kStart = 7'000 * kMillisecond;

// Slots 1, 2 and 5 of six; the first two of all are warm-up.
SlotSchedule Slots() {
  SlotSchedule slots;
  slots.set_lead_ns(100 * kMillisecond);
  slots.set_period_ns(25 * kMillisecond);
  slots.set_slot_ns(20 * kMillisecond);
  slots.set_settle_ns(2 * kMillisecond);
  slots.set_count(6);
  slots.set_warmup_count(2);
  for (const uint32_t index : {1, 2, 5}) slots.add_own(index);
  return slots;
}

TEST(SendingPeriodsTest, AnOwnSlotIsAPeriodThatCountsAfterItsSettlingTime) {
  const SendingPeriods periods(Slots(), kStart);
  ASSERT_EQ(periods.count(), 3u);
  EXPECT_TRUE(periods.in_slots());
  EXPECT_EQ(periods.window(1).start_ns, kStart + 150 * kMillisecond);
  EXPECT_EQ(periods.window(1).begin_ns, kStart + 152 * kMillisecond);
  EXPECT_EQ(periods.window(1).end_ns, kStart + 170 * kMillisecond);
  EXPECT_FALSE(periods.IsWarmup(1));
  EXPECT_EQ(periods.Slot(2), 5u);
  EXPECT_EQ(periods.NextSlotNs(1), kStart + 175 * kMillisecond);
  EXPECT_EQ(periods.NextPeriodNs(1), kStart + 225 * kMillisecond);
  EXPECT_EQ(periods.NextPeriodNs(2), INT64_MAX);
  EXPECT_EQ(periods.schedule_end_ns(), kStart + 250 * kMillisecond);
}

TEST(SendingPeriodsTest, NothingOfAWarmUpSlotCounts) {
  const SendingPeriods periods(Slots(), kStart);
  EXPECT_TRUE(periods.IsWarmup(0));
  EXPECT_EQ(periods.window(0).start_ns, kStart + 125 * kMillisecond);
  EXPECT_EQ(periods.window(0).begin_ns, periods.window(0).end_ns);
  EXPECT_EQ(periods.window(0).end_ns, kStart + 145 * kMillisecond);
}

TEST(SendingPeriodsTest, LoadTimeStandsStillBetweenSlots) {
  const SendingPeriods periods(Slots(), kStart);
  EXPECT_EQ(periods.load_time().begin_ns, 20 * kMillisecond);
  EXPECT_EQ(periods.load_time().end_ns, 60 * kMillisecond);
  EXPECT_EQ(periods.RealNs(0), periods.window(0).start_ns);
  EXPECT_EQ(periods.RealNs(20 * kMillisecond - 1), periods.window(0).end_ns - 1);
  EXPECT_EQ(periods.RealNs(20 * kMillisecond), periods.window(1).start_ns);
  EXPECT_EQ(periods.RealNs(60 * kMillisecond - 1), periods.window(2).end_ns - 1);
  EXPECT_EQ(periods.RealNs(60 * kMillisecond), INT64_MAX);
  EXPECT_EQ(periods.RealNs(INT64_MAX), INT64_MAX);
}

TEST(SendingPeriodsTest, TheMainThreadMayWorkWhenTheLoadOfAnOwnSlotHasEnded) {
  const SendingPeriods periods(Slots(), kStart);
  EXPECT_EQ(periods.NextLoadEndNs(kStart), periods.window(0).end_ns);
  EXPECT_EQ(periods.NextLoadEndNs(periods.window(0).end_ns - 1), periods.window(0).end_ns);
  EXPECT_EQ(periods.NextLoadEndNs(periods.window(0).end_ns), periods.window(1).end_ns);
  EXPECT_EQ(periods.NextLoadEndNs(periods.window(2).end_ns), periods.schedule_end_ns());
}

TEST(SendingPeriodsTest, AnOrdinaryRunHasOnePeriodInRealTime) {
  const SendingPeriods periods({.start_ns = 10, .begin_ns = 20, .end_ns = 30});
  EXPECT_EQ(periods.count(), 1u);
  EXPECT_FALSE(periods.in_slots());
  EXPECT_FALSE(periods.IsWarmup(0));
  EXPECT_EQ(periods.RealNs(25), 25);
  EXPECT_EQ(periods.NextSlotNs(0), INT64_MAX);
  EXPECT_EQ(periods.NextPeriodNs(0), INT64_MAX);
  EXPECT_EQ(periods.intervals_begin_ns(), 20);
  EXPECT_EQ(periods.interval_ns(), 1'000'000'000);
}

}  // namespace
}  // namespace assay::loadgen
