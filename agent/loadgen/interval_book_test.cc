#include "agent/loadgen/interval_book.h"

#include <map>

#include "agent/loadgen/interval_totals.h"
#include "analysis/latency_histogram.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kBegin = 123'456'789'000;

void Record(IntervalBook& book, int64_t at_ns, int64_t latency_ns) {
  IntervalFigures& figures = book.At(at_ns);
  ++figures.sent;
  ++figures.ok;
  figures.latency.Record(latency_ns);
}

TEST(IntervalBookTest, FilesRequestsByTheirSecond) {
  IntervalBook book(10, 5);
  book.Begin(kBegin);
  Record(book, kBegin, 1);
  Record(book, kBegin + kSecond - 1, 2);
  Record(book, kBegin + kSecond, 3);
  Record(book, kBegin + 5, 4);  // Ended after those of the next second.
  Record(book, kBegin + 7 * kSecond, 5);
  IntervalTotals ledger;
  book.HarvestAll([&](const IntervalFigures& figures) { ledger.Add(figures); });
  const std::vector<Interval> rows = ledger.TakeIntervals();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].second, 0u);
  EXPECT_EQ(rows[0].sent, 3u);
  EXPECT_EQ(rows[0].latency.max_ns, 4);
  EXPECT_EQ(rows[1].sent, 1u);
  EXPECT_EQ(rows[2].second, 7u);
  EXPECT_EQ(ledger.total().count(), 5u);
}

// A window longer than the memory loses no request: seconds are harvested, or go to the rest.
TEST(IntervalBookTest, KeepsEveryRequestInBoundedMemory) {
  for (const bool harvested : {true, false}) {
    IntervalBook book(8, 2);
    book.Begin(kBegin);
    IntervalTotals ledger;
    const auto add = [&](const IntervalFigures& figures) { ledger.Add(figures); };
    for (int second = 0; second < 50; ++second) {
      for (int i = 0; i < 3; ++i) Record(book, kBegin + second * kSecond + i, second);
      if (harvested) book.Harvest(add);
    }
    Record(book, kBegin, 99);  // Far too late for its second.
    book.HarvestAll(add);
    ledger.AddOutside(book.rest());
    EXPECT_EQ(ledger.total().count(), 151u);
    const std::vector<Interval> rows = ledger.TakeIntervals();
    if (!harvested) continue;
    ASSERT_EQ(rows.size(), 50u);
    for (const Interval& row : rows) {
      EXPECT_EQ(row.sent, 3u);
      EXPECT_EQ(row.latency.max_ns, row.second);
    }
  }
}

// They would be counted again in each second that the slot is used for.
TEST(IntervalBookTest, ASlotIsFreedWithItsRetries) {
  IntervalBook book(/*slots=*/3, /*keep_seconds=*/1);
  book.Begin(0);
  book.At(0).retried = 5;
  book.At(2'000'000'000).sent = 1;  // Closes second 0.
  uint64_t retried = 0;
  book.Harvest([&](const IntervalFigures& figures) { retried += figures.retried; });
  EXPECT_EQ(retried, 5u);
  EXPECT_EQ(book.At(3'000'000'000).retried, 0u);
}

// A slot's requests are harvested when its drain is over. One that ends later is filed again under its slot.
TEST(IntervalBookTest, ALateRequestOfAHarvestedSlotJoinsItsRow) {
  constexpr int64_t kPeriod = 25'000'000;
  const IntervalPlan plan = IntervalPlan::ForSlots();
  IntervalBook book(plan.slots, plan.keep_seconds);
  book.Begin(kBegin, kPeriod);
  IntervalTotals totals;
  const auto add = [&](const IntervalFigures& figures) { totals.Add(figures); };
  constexpr int kSlots = 4'000;
  for (int slot = 0; slot < kSlots; slot += 2) {
    Record(book, kBegin + slot * kPeriod, slot + 1);
    // The request that was sent with the one before, 50 ms ago.
    if (slot > 0) Record(book, kBegin + (slot - 2) * kPeriod + 1, 50'000'000);
    book.HarvestAll(add);
  }
  EXPECT_EQ(book.rest().ok, 0u);
  totals.Expect(kSlots + 1);
  const std::vector<Interval> rows = totals.TakeIntervals();
  ASSERT_EQ(rows.size(), kSlots / 2 + 1u);
  for (size_t i = 0; i + 2 < rows.size(); ++i) {
    EXPECT_EQ(rows[i].second, 2 * i);
    EXPECT_EQ(rows[i].ok, 2u);
    EXPECT_EQ(rows[i].latency.max_ns, 50'000'000);
  }
  EXPECT_EQ(rows.back().second, kSlots + 1u);
  EXPECT_EQ(rows.back().sent, 0u);
}

TEST(IntervalTotalsTest, MergesTheThreadsOfASecond) {
  IntervalTotals ledger;
  IntervalFigures figures;
  figures.second = 4;
  figures.sent = 2;
  figures.latency.Record(100);
  figures.latency.Record(5'000'000);
  ledger.Add(figures);
  figures.latency.Record(7);
  figures.latency.Record(20'000'000);
  figures.latency.Record(LatencyHistogram::kMaxNanos + 1);
  figures.sent = 5;
  ledger.Add(figures);
  const std::vector<Interval> rows = ledger.TakeIntervals();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].sent, 7u);
  const absl::StatusOr<LatencyHistogram> latency = LatencyHistogram::FromParts(rows[0].latency);
  ASSERT_TRUE(latency.ok());
  EXPECT_EQ(*latency, ledger.total());
  EXPECT_EQ(latency->count(), 7u);
}

}  // namespace
}  // namespace assay::loadgen
