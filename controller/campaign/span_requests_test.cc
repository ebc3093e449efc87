#include "controller/campaign/span_requests.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "analysis/crc32c.h"

namespace assay::controller {
namespace {

SampleChunk ChunkOf(const std::vector<Sample>& samples) {
  SampleChunk chunk;
  chunk.set_count(static_cast<uint32_t>(samples.size()));
  chunk.set_codec(SampleChunk::PLANES_ZLIB);
  chunk.set_payload(EncodePlanes(samples, 0).value());
  chunk.set_crc32c(Crc32c(chunk.payload()));
  return chunk;
}

// A profile of a sampled span from 100 to 850 ns after the common start, and an unsampled span until 1,100 ns.
ProfileInfo TwoSpans() {
  ProfileInfo info;
  // The common start is at 5,000 ns.
  info.set_start_ns(5'100);
  ProfileSpan& sampled = *info.add_spans();
  sampled.set_end_ns(750);
  sampled.set_sampled(true);
  ProfileSpan& unsampled = *info.add_spans();
  unsampled.set_start_ns(750);
  unsampled.set_end_ns(1'000);
  return info;
}

TEST(SpanRequestsTest, CountsResponsesInTheSpanInWhichTheyArrived) {
  ProfileInfo info = TwoSpans();
  SpanRequests counter(info, 5'000);
  // The clock of this load agent is at 90,000 ns at the common start.
  ASSERT_TRUE(counter
                  .Add(ChunkOf({{90'000, 99, SampleOutcome::kOk},
                                {90'000, 100, SampleOutcome::kOk},
                                {90'500, 349, SampleOutcome::kOk},
                                {90'500, 350, SampleOutcome::kOk},
                                {90'600, 100, SampleOutcome::kTimeout},
                                {90'900, 199, SampleOutcome::kOk},
                                {90'900, 200, SampleOutcome::kOk}}),
                       90'000)
                  .ok());
  // The clock of another load agent is at 7 ns.
  ASSERT_TRUE(counter.Add(ChunkOf({{207, 1, SampleOutcome::kOk}}), 7).ok());
  counter.Count(&info);
  EXPECT_EQ(info.spans(0).requests(), 3);
  EXPECT_EQ(info.spans(1).requests(), 2);
  EXPECT_EQ(info.requests(), 3);
}

TEST(SpanRequestsTest, DoesNotCountResponsesBetweenSpans) {
  ProfileInfo info = TwoSpans();
  info.mutable_spans(1)->set_start_ns(800);
  SpanRequests counter(info, 5'000);
  ASSERT_TRUE(counter
                  .Add(ChunkOf({{849, 0, SampleOutcome::kOk},
                                {850, 0, SampleOutcome::kOk},
                                {899, 0, SampleOutcome::kOk},
                                {900, 0, SampleOutcome::kOk}}),
                       0)
                  .ok());
  counter.Count(&info);
  EXPECT_EQ(info.spans(0).requests(), 1);
  EXPECT_EQ(info.spans(1).requests(), 1);
}

// Counting the whole window of the load would include responses before the first sample, and make the server look
// cheaper than it is.
TEST(SpanRequestsTest, AProfileWithoutSpansCountsItsWholeWindow) {
  ProfileInfo info;
  info.set_start_ns(5'100);
  info.set_end_ns(5'900);
  SpanRequests counter(info, 5'000);
  ASSERT_TRUE(counter
                  .Add(ChunkOf({{90'000, 99, SampleOutcome::kOk},
                                {90'000, 100, SampleOutcome::kOk},
                                {90'800, 99, SampleOutcome::kOk},
                                {90'800, 100, SampleOutcome::kOk}}),
                       90'000)
                  .ok());
  counter.Count(&info);
  EXPECT_EQ(info.requests(), 2);
  EXPECT_TRUE(info.spans().empty());
}

TEST(SpanRequestsTest, ReportsADamagedChunk) {
  SpanRequests counter(TwoSpans(), 0);
  SampleChunk chunk = ChunkOf({{1, 1, SampleOutcome::kOk}});
  chunk.set_crc32c(chunk.crc32c() + 1);
  EXPECT_EQ(counter.Add(chunk, 0).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace assay::controller
