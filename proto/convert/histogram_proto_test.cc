#include "proto/convert/histogram_proto.h"

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analysis/latency_histogram.h"
#include "analysis/random_stream.h"
#include "gtest/gtest.h"
#include "proto/samples.pb.h"

namespace assay {
namespace {

LatencyHistogram RandomHistogram(RandomStream* random, int samples) {
  LatencyHistogram histogram;
  for (int i = 0; i < samples; ++i) {
    histogram.Record(static_cast<int64_t>(random->Next() >> (26 + random->Below(38))));
  }
  return histogram;
}

TEST(HistogramProtoTest, SurvivesARoundTripOverTheWire) {
  RandomStream random(1);
  for (int samples = 0; samples < 300; samples += 10) {
    const LatencyHistogram histogram = RandomHistogram(&random, samples);
    Histogram proto;
    ToProto(histogram, &proto);
    Histogram received;
    ASSERT_TRUE(received.ParseFromString(proto.SerializeAsString()));
    const absl::StatusOr<LatencyHistogram> again = FromProto(received);
    ASSERT_TRUE(again.ok()) << again.status();
    ASSERT_EQ(*again, histogram);
  }
}

TEST(HistogramProtoTest, WritingOverwrites) {
  RandomStream random(2);
  Histogram proto;
  ToProto(RandomHistogram(&random, 100), &proto);
  const LatencyHistogram other = RandomHistogram(&random, 50);
  ToProto(other, &proto);
  EXPECT_EQ(FromProto(proto).value(), other);
}

// An unset field of an agent is an empty histogram, such as the send lag in a closed loop.
TEST(HistogramProtoTest, AMessageWithNothingSetIsEmpty) {
  EXPECT_TRUE(FromProto(Histogram()).value().empty());
}

TEST(HistogramProtoTest, RefusesInvalidHistograms) {
  LatencyHistogram histogram;
  histogram.Record(int64_t{100});
  histogram.Record(int64_t{5'000'000});
  Histogram good;
  ToProto(histogram, &good);
  const auto refused = [&](auto change) {
    Histogram proto = good;
    change(&proto);
    return FromProto(proto).status().code() == absl::StatusCode::kInvalidArgument;
  };
  EXPECT_FALSE(refused([](Histogram*) {}));
  EXPECT_TRUE(refused([](Histogram* p) { p->set_layout(2); }));
  EXPECT_TRUE(refused([](Histogram* p) { p->set_layout(0); }));
  EXPECT_TRUE(refused([](Histogram* p) { p->add_count(1); }));
  EXPECT_TRUE(refused([](Histogram* p) { p->set_index_delta(1, UINT32_MAX); }));
  EXPECT_TRUE(refused([](Histogram* p) { p->set_index_delta(1, 0); }));
  EXPECT_TRUE(refused([](Histogram* p) { p->set_count(0, 0); }));
  EXPECT_TRUE(refused([](Histogram* p) { p->set_overflow_count(1); }));
  EXPECT_TRUE(refused([](Histogram* p) { p->set_max_ns(-1); }));
  EXPECT_TRUE(refused([](Histogram* p) {
    for (int i = 0; i < 30'000; ++i) {
      p->add_index_delta(1);
      p->add_count(1);
    }
  }));
}

}  // namespace
}  // namespace assay
