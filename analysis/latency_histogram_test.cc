#include "analysis/latency_histogram.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "analysis/quantile_rank.h"
#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

// Samples over all magnitudes, a few of them beyond the range.
std::vector<int64_t> RandomLatencies(RandomStream* random, int count) {
  std::vector<int64_t> latencies;
  for (int i = 0; i < count; ++i) {
    latencies.push_back(static_cast<int64_t>(random->Next() >> (26 + random->Below(38))));
  }
  return latencies;
}

LatencyHistogram HistogramOf(const std::vector<int64_t>& latencies) {
  LatencyHistogram histogram;
  for (const int64_t latency : latencies) histogram.Record(latency);
  return histogram;
}

LatencyHistogram Merged(LatencyHistogram a, const LatencyHistogram& b) {
  a.Merge(b);
  return a;
}

// Buckets that overlap or leave a gap would miscount samples.
TEST(LatencyHistogramTest, BucketsTileTheRange) {
  int64_t next = 0;
  for (uint32_t i = 0; i < LatencyHistogram::kBucketCount; ++i) {
    ASSERT_EQ(LatencyHistogram::BucketLow(i), next) << i;
    ASSERT_EQ(LatencyHistogram::BucketIndex(LatencyHistogram::BucketLow(i)), i);
    ASSERT_EQ(LatencyHistogram::BucketIndex(LatencyHistogram::BucketHigh(i)), i);
    next = LatencyHistogram::BucketHigh(i) + 1;
  }
  EXPECT_EQ(next, LatencyHistogram::kMaxNanos + 1);
  EXPECT_GT(LatencyHistogram::kMaxNanos, absl::ToInt64Nanoseconds(absl::Seconds(60)));
}

TEST(LatencyHistogramTest, BucketsAreNarrowerThanAThousandth) {
  for (uint32_t i = 0; i < LatencyHistogram::kBucketCount; ++i) {
    const int64_t low = LatencyHistogram::BucketLow(i);
    ASSERT_LE((LatencyHistogram::BucketHigh(i) - low) * 1000, low) << i;
  }
}

TEST(LatencyHistogramTest, QuantileIsAtOrJustAboveTheTrueSample) {
  RandomStream random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<int64_t> latencies = RandomLatencies(&random, 1 + random.Below(2000));
    const LatencyHistogram histogram = HistogramOf(latencies);
    std::sort(latencies.begin(), latencies.end());
    for (const double q : {0.0001, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const int64_t truth = latencies[QuantileRank(latencies.size(), q) - 1];
      const absl::StatusOr<int64_t> quantile = histogram.QuantileNanos(q);
      if (truth > LatencyHistogram::kMaxNanos) {
        ASSERT_EQ(quantile.status().code(), absl::StatusCode::kOutOfRange);
        continue;
      }
      ASSERT_TRUE(quantile.ok()) << quantile.status();
      ASSERT_GE(*quantile, truth);
      ASSERT_LE((*quantile - truth) * 1000, truth);
      ASSERT_LE(*quantile, histogram.max_ns());
    }
  }
}

// Otherwise a result would depend on how many hosts took part.
TEST(LatencyHistogramTest, MergeEqualsRecordingEverySampleInOne) {
  RandomStream random(2);
  for (int round = 0; round < 30; ++round) {
    LatencyHistogram all;
    LatencyHistogram merged;
    const int parts = 1 + static_cast<int>(random.Below(6));
    for (int part = 0; part < parts; ++part) {
      const std::vector<int64_t> latencies = RandomLatencies(&random, random.Below(300));
      for (const int64_t latency : latencies) all.Record(latency);
      merged.Merge(HistogramOf(latencies));
    }
    ASSERT_EQ(merged, all);
  }
}

// Agents report in any order.
TEST(LatencyHistogramTest, OrderOfMergesDoesNotMatter) {
  RandomStream random(3);
  for (int round = 0; round < 30; ++round) {
    const LatencyHistogram a = HistogramOf(RandomLatencies(&random, random.Below(200)));
    const LatencyHistogram b = HistogramOf(RandomLatencies(&random, random.Below(200)));
    const LatencyHistogram c = HistogramOf(RandomLatencies(&random, random.Below(200)));
    ASSERT_EQ(Merged(a, b), Merged(b, a));
    ASSERT_EQ(Merged(Merged(a, b), c), Merged(a, Merged(b, c)));
  }
}

TEST(LatencyHistogramTest, OrderOfMergesDoesNotMatterWhenTheSumOverflows) {
  const LatencyHistogram a = HistogramOf({INT64_MAX, INT64_MAX});
  const LatencyHistogram b = HistogramOf({INT64_MAX, 5});
  EXPECT_EQ(Merged(a, b), Merged(b, a));
  EXPECT_EQ(Merged(a, b).sum_ns(), UINT64_MAX);
}

TEST(LatencyHistogramTest, MergingWithAnEmptyHistogramChangesNothing) {
  const LatencyHistogram some = HistogramOf({7, 1'000'000});
  EXPECT_EQ(Merged(some, LatencyHistogram()), some);
  EXPECT_EQ(Merged(LatencyHistogram(), some), some);
}

// A clamped maximum would look like a measured one.
TEST(LatencyHistogramTest, LongerSampleIsCountedButNeverClamped) {
  LatencyHistogram histogram;
  for (int i = 0; i < 9; ++i) histogram.Record(absl::Milliseconds(1));
  histogram.Record(absl::Minutes(2));
  EXPECT_EQ(histogram.count(), 10);
  EXPECT_EQ(histogram.overflow_count(), 1);
  EXPECT_EQ(histogram.max_ns(), 120'000'000'000);
  EXPECT_EQ(histogram.sum_ns(), 120'009'000'000u);
  uint64_t in_buckets = 0;
  histogram.ForEachBucket([&](uint32_t, uint64_t count) { in_buckets += count; });
  EXPECT_EQ(in_buckets, 9);
  EXPECT_TRUE(histogram.QuantileNanos(0.9).ok());
  EXPECT_EQ(histogram.QuantileNanos(0.91).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(LatencyHistogramTest, OnlyOverflowedSamplesMergeToo) {
  const LatencyHistogram beyond = HistogramOf({LatencyHistogram::kMaxNanos + 1});
  const LatencyHistogram both = Merged(beyond, HistogramOf({LatencyHistogram::kMaxNanos}));
  EXPECT_EQ(both, HistogramOf({LatencyHistogram::kMaxNanos, LatencyHistogram::kMaxNanos + 1}));
  EXPECT_EQ(both.overflow_count(), 1);
}

TEST(LatencyHistogramTest, EmptyHistogramHasNoQuantile) {
  EXPECT_EQ(LatencyHistogram().QuantileNanos(0.5).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(LatencyHistogramTest, QuantileOfTheLargestSampleIsExact) {
  EXPECT_EQ(HistogramOf({3, 123'456'789}).QuantileNanos(1).value(), 123'456'789);
}

TEST(LatencyHistogramTest, ClearedEqualsNew) {
  LatencyHistogram histogram = HistogramOf({1, 2'000'000'000, INT64_MAX});
  histogram.Clear();
  EXPECT_EQ(histogram, LatencyHistogram());
}

TEST(LatencyHistogramTest, ContentsRebuildTheSameHistogram) {
  RandomStream random(4);
  for (int round = 0; round < 30; ++round) {
    const LatencyHistogram histogram = HistogramOf(RandomLatencies(&random, random.Below(500)));
    const absl::StatusOr<LatencyHistogram> again = LatencyHistogram::FromParts(histogram.ToParts());
    ASSERT_TRUE(again.ok()) << again.status();
    ASSERT_EQ(*again, histogram);
  }
}

// Contents come from other hosts. Contents that no recording can produce must not be merged.
TEST(LatencyHistogramTest, RejectsImpossibleContents) {
  const LatencyHistogram::Parts good = HistogramOf({5, 5, 3000, 80'000'000'000}).ToParts();
  ASSERT_TRUE(LatencyHistogram::FromParts(good).ok());
  const auto refused = [&](auto change) {
    LatencyHistogram::Parts parts = good;
    change(&parts);
    return LatencyHistogram::FromParts(parts).status().code() == absl::StatusCode::kInvalidArgument;
  };
  using Parts = LatencyHistogram::Parts;
  EXPECT_TRUE(refused([](Parts* p) { p->buckets[1].index = LatencyHistogram::kBucketCount; }));
  EXPECT_TRUE(refused([](Parts* p) { std::swap(p->buckets[0], p->buckets[1]); }));
  EXPECT_TRUE(refused([](Parts* p) { p->buckets[1].index = p->buckets[0].index; }));
  EXPECT_TRUE(refused([](Parts* p) { p->buckets[0].count = 0; }));
  EXPECT_TRUE(refused([](Parts* p) { p->buckets[0].count = UINT64_MAX; }));
  EXPECT_TRUE(refused([](Parts* p) { p->min_ns = 6; }));
  EXPECT_TRUE(refused([](Parts* p) { p->min_ns = -5; }));
  EXPECT_TRUE(refused([](Parts* p) { p->max_ns = 3000; }));
  EXPECT_TRUE(refused([](Parts* p) { p->overflow_count = 0; }));
  EXPECT_TRUE(refused([](Parts* p) { p->sum_ns -= 100; }));
  EXPECT_TRUE(refused([](Parts* p) { p->sum_ns += 100; }));
  EXPECT_TRUE(refused([](Parts* p) { *p = Parts{.sum_ns = 1}; }));
}

TEST(QuantileRankTest, RoundingDoesNotRaiseAnIntegerProduct) {
  for (uint64_t n = 1; n <= 10'000; ++n) {
    for (const uint64_t per_mille : {7, 70, 500, 900, 990, 999}) {
      const uint64_t exact = (n * per_mille + 999) / 1000;
      ASSERT_EQ(QuantileRank(n, static_cast<double>(per_mille) / 1000),
                std::max<uint64_t>(exact, 1))
          << n << " " << per_mille;
    }
  }
}

}  // namespace
}  // namespace assay
