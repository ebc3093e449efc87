#include "analysis/response_counts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "analysis/random_stream.h"

namespace assay {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kSecond = 1'000 * kMs;
constexpr int64_t kBegin = 77 * kSecond + 123;

// One response every `every_ns`, from the begin until `until_ns` after it.
std::unique_ptr<ResponseCounts> Steady(int64_t every_ns, int64_t until_ns) {
  auto counts = std::make_unique<ResponseCounts>();
  counts->Begin(kBegin, INT64_MAX);
  for (int64_t at = every_ns; at <= until_ns; at += every_ns) counts->Add(kBegin + at);
  return counts;
}

double Between(const ResponseCounts& counts, int64_t from, int64_t to) {
  return ResponsesBetween(counts.ToParts(), kBegin + from, kBegin + to).value_or(-1);
}

// A clock is read some milliseconds late at both ends of a window, so each reading needs its own count.
TEST(ResponseCountsTest, CountsResponsesBetweenAnyTwoTimesForAnyLengthOfRun) {
  for (const int64_t length : {35 * kMs, 400 * kMs, 10 * kSecond, 100 * kSecond}) {
    const int64_t every = 137'400;
    const std::unique_ptr<ResponseCounts> counts = Steady(every, length);
    const int64_t from = length / 30;
    const int64_t to = length * 29 / 30;
    EXPECT_NEAR(Between(*counts, from, to),
                static_cast<double>(to - from) / static_cast<double>(every), 1.5)
        << length;
  }
}

TEST(ResponseCountsTest, CountsEveryResponseOnce) {
  ResponseCounts counts;
  counts.Begin(kBegin, INT64_MAX);
  RandomStream random(1);
  std::vector<int64_t> at;
  for (int i = 0; i < 20'000; ++i)
    at.push_back(static_cast<int64_t>(random.Next() % static_cast<uint64_t>(3 * kSecond)));
  for (const int64_t one : at) counts.Add(kBegin + one);
  EXPECT_DOUBLE_EQ(Between(counts, 0, 4 * kSecond), 20'000);
  const int64_t moment = kSecond + 1'234'567;
  const auto before = std::count_if(at.begin(), at.end(), [&](int64_t x) { return x < moment; });
  // A bin is at most 1/2048 of 3 s, which is 10 responses at 6,667 per second.
  EXPECT_NEAR(Between(counts, 0, moment), static_cast<double>(before), 10);
}

TEST(ResponseCountsTest, DoesNotCountResponsesBeforeTheWindow) {
  ResponseCounts counts;
  counts.Begin(kBegin, INT64_MAX);
  counts.Add(kBegin - 1);
  counts.Add(kBegin);
  EXPECT_DOUBLE_EQ(Between(counts, -kSecond, kSecond), 1);
}

// Otherwise the count would depend on the number of load threads.
TEST(ResponseCountsTest, MergesThreadsOfDifferentLengths) {
  const std::unique_ptr<ResponseCounts> slow = Steady(10 * kMs, 2 * kSecond);
  const std::unique_ptr<ResponseCounts> quick = Steady(kMs / 10, 20 * kMs);
  ResponseCounts ab = *slow;
  ab.Merge(*quick);
  ResponseCounts ba = *quick;
  ba.Merge(*slow);
  EXPECT_DOUBLE_EQ(Between(ab, 0, 3 * kSecond), 200 + 200);
  EXPECT_EQ(ab.ToParts().count, ba.ToParts().count);
  EXPECT_EQ(ab.ToParts().width_ns, ba.ToParts().width_ns);
}

TEST(ResponseCountsTest, TimeBeyondTheLimitIsNotSet) {
  ResponseCounts counts;
  counts.Begin(kBegin, kBegin + kSecond);
  counts.Add(kBegin + 1);
  EXPECT_DOUBLE_EQ(Between(counts, 0, 2 * kSecond), 1) << "no response arrived later";
  counts.Add(kBegin + kSecond);
  EXPECT_DOUBLE_EQ(Between(counts, 0, kSecond), 1);
  EXPECT_EQ(ResponsesBetween(counts.ToParts(), kBegin, kBegin + 2 * kSecond), std::nullopt);
}

TEST(ResponseCountsTest, InvalidContentsCountNothing) {
  ResponseCounts::Parts parts{.begin_ns = 0, .width_ns = 8, .count = {1, 2}};
  EXPECT_EQ(ResponsesBetween(parts, 0, 16), 3);
  EXPECT_EQ(ResponsesBetween(parts, 16, 0), std::nullopt);
  EXPECT_EQ(ResponsesBetween(parts, 0, INT64_MAX), 3);
  parts.width_ns = 0;
  EXPECT_EQ(ResponsesBetween(parts, 0, 16), std::nullopt);
  parts.width_ns = 8;
  parts.begin_ns = INT64_MIN;
  EXPECT_EQ(ResponsesBetween(parts, 0, 16), std::nullopt);
}

}  // namespace
}  // namespace assay
