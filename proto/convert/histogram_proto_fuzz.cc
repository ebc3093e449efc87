// FromProto() on all bytes that parse as a Histogram.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/fuzz_driver.h"
#include "analysis/latency_histogram.h"
#include "analysis/random_stream.h"
#include "proto/convert/histogram_proto.h"
#include "proto/samples.pb.h"

namespace assay {

std::vector<std::string> FuzzSeeds() {
  RandomStream random(1);
  std::vector<std::string> seeds;
  for (const int samples : {0, 1, 2, 20, 100}) {
    LatencyHistogram histogram;
    for (int i = 0; i < samples; ++i) {
      histogram.Record(static_cast<int64_t>(random.Next() >> (26 + random.Below(38))));
    }
    Histogram proto;
    ToProto(histogram, &proto);
    seeds.push_back(proto.SerializeAsString());
  }
  return seeds;
}

}  // namespace assay

// An accepted histogram must behave as one, and survive a round trip unchanged.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  assay::Histogram proto;
  if (!proto.ParseFromArray(data, static_cast<int>(size))) return 0;
  const absl::StatusOr<assay::LatencyHistogram> histogram = assay::FromProto(proto);
  if (!histogram.ok()) return 0;
  if (!histogram->empty()) {
    const absl::StatusOr<int64_t> median = histogram->QuantileNanos(0.5);
    if (median.ok() && (*median < histogram->min_ns() || *median > histogram->max_ns())) {
      std::abort();
    }
  }
  assay::ToProto(*histogram, &proto);
  const absl::StatusOr<assay::LatencyHistogram> again = assay::FromProto(proto);
  if (!again.ok() || !(*again == *histogram)) std::abort();
  assay::LatencyHistogram twice = *histogram;
  twice.Merge(*again);
  if (twice.count() != 2 * histogram->count()) std::abort();
  return 0;
}
