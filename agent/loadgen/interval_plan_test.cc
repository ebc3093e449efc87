#include <algorithm>
#include <cstdint>

#include "agent/loadgen/interval_book.h"
#include "agent/loadgen/interval_totals.h"
#include "analysis/latency_histogram.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

// A window of so many seconds in which a request a second is answered in its second, and one
// `latest_s` after it was sent, harvested as the plan says. Returns requests that lost their second.
uint64_t LostOver(const IntervalPlan& plan, int seconds, int latest_s) {
  IntervalBook book(plan.slots, plan.keep_seconds);
  book.Begin(0);
  IntervalTotals ledger;
  const auto add = [&](const IntervalFigures& figures) { ledger.Add(figures); };
  for (int64_t now = 0; now < seconds; ++now) {
    ++book.At(now * kSecond).ok;
    if (now >= latest_s) ++book.At((now - latest_s) * kSecond).timeouts;
    if (plan.harvest_every_s > 0 && now % plan.harvest_every_s == 0) book.Harvest(add);
  }
  book.HarvestAll(add);
  const IntervalFigures& rest = book.rest();
  EXPECT_EQ(ledger.TakeIntervals().size(), static_cast<size_t>(seconds));
  return rest.ok + rest.errors + rest.timeouts;
}

// --requests with a timeout and a drain of 30 s each once stopped filing at second 64.
TEST(IntervalPlanTest, ALongTimeoutLosesNoSecondOfACountedWindow) {
  const IntervalPlan plan = IntervalPlan::For(/*window_s=*/0, /*latest_s=*/60, /*threads=*/1);
  EXPECT_EQ(LostOver(plan, 100, 60), 0u);
}

TEST(IntervalPlanTest, NoWindowLosesSecondsWhereTheMemoryReaches) {
  for (const int threads : {1, 2, 7, 64, 256}) {
    for (const int latest_s : {0, 2, 10, 60, 120}) {
      for (const int window_s : {0, 10, 100, 300, 1000}) {
        const IntervalPlan plan = IntervalPlan::For(window_s, latest_s, threads);
        const int seconds = window_s == 0 ? 400 : window_s;
        EXPECT_EQ(LostOver(plan, seconds, latest_s), 0u)
            << threads << " threads, " << latest_s << " s late, window " << window_s;
        EXPECT_LE(plan.slots,
                  std::max(IntervalPlan::kMostSlots / threads, IntervalPlan::kMostOfThread));
      }
    }
  }
}

// What ends later than memory reaches is in the rest: counted, and its second goes on without it.
TEST(IntervalPlanTest, ATimeoutOfAnHourIsBoundedInMemory) {
  const IntervalPlan plan = IntervalPlan::For(0, 3600, 1);
  EXPECT_LE(plan.slots, IntervalPlan::kMostSlots);
  EXPECT_EQ(LostOver(plan, 1000, 900), 100u);
}

// The harvester may be late; what comes after is filed again.
TEST(IntervalPlanTest, FilingGoesOnAfterAHarvestThatCameTooLate) {
  IntervalBook book(8, 2);
  book.Begin(0);
  IntervalTotals ledger;
  const auto add = [&](const IntervalFigures& figures) { ledger.Add(figures); };
  for (int64_t now = 0; now < 20; ++now) ++book.At(now * kSecond).ok;
  EXPECT_EQ(book.rest().ok, 12u);
  book.Harvest(add);
  for (int64_t now = 20; now < 24; ++now) ++book.At(now * kSecond).ok;
  EXPECT_EQ(book.rest().ok, 12u);
  book.HarvestAll(add);
  EXPECT_EQ(ledger.TakeIntervals().size(), 12u);
}

// What is waited for when a second closes may be as slow as it likes: no bound on a quantile is to be read without it.
TEST(IntervalTotalsTest, WhatIsLateStandsAboveAllThatIsKnown) {
  IntervalBook book(8, 2);
  book.Begin(0);
  IntervalTotals ledger;
  for (int i = 0; i < 100; ++i) {
    IntervalFigures& figures = book.At(0);
    ++figures.sent;
    if (i >= 98) continue;
    ++figures.ok;
    figures.latency.Record(1000 + i);
  }
  book.At(5 * kSecond);
  book.Harvest([&](const IntervalFigures& figures) { ledger.Add(figures); });
  EXPECT_EQ(ledger.total().count(), 98u);
  const LatencyHistogram whole = ledger.TotalWithLate();
  EXPECT_EQ(whole.count(), 100u);
  EXPECT_EQ(*whole.NanosAtRank(98), 1097);
  EXPECT_FALSE(whole.NanosAtRank(99).ok());
}

}  // namespace
}  // namespace assay::loadgen
