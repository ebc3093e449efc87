#include "proto/convert/histogram_proto.h"

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay {

void ToProto(const LatencyHistogram& histogram, Histogram* proto) {
  ToProto(histogram.ToParts(), proto);
}

void ToProto(const LatencyHistogram::Parts& parts, Histogram* proto) {
  proto->Clear();
  proto->set_layout(LatencyHistogram::kLayout);
  uint32_t previous = 0;
  for (const LatencyHistogram::Bucket& bucket : parts.buckets) {
    proto->add_index_delta(bucket.index - previous);
    proto->add_count(bucket.count);
    previous = bucket.index;
  }
  proto->set_overflow_count(parts.overflow_count);
  proto->set_min_ns(parts.min_ns);
  proto->set_max_ns(parts.max_ns);
  proto->set_sum_ns(parts.sum_ns);
}

absl::StatusOr<LatencyHistogram> FromProto(const Histogram& proto) {
  const bool nothing_set = proto.layout() == 0 && proto.count().empty() &&
                           proto.index_delta().empty() && proto.overflow_count() == 0;
  if (nothing_set) return LatencyHistogram();
  if (proto.layout() != LatencyHistogram::kLayout) {
    return absl::InvalidArgumentError(absl::StrCat("a latency histogram of layout ", proto.layout(),
                                                   "; this version reads layout ",
                                                   LatencyHistogram::kLayout));
  }
  if (proto.index_delta_size() != proto.count_size()) {
    return absl::InvalidArgumentError(absl::StrCat("a latency histogram of ",
                                                   proto.index_delta_size(), " buckets and ",
                                                   proto.count_size(), " counts"));
  }
  if (proto.count_size() > static_cast<int>(LatencyHistogram::kBucketCount)) {
    return absl::InvalidArgumentError(absl::StrCat("a latency histogram of ", proto.count_size(),
                                                   " buckets; there are only ",
                                                   LatencyHistogram::kBucketCount));
  }
  LatencyHistogram::Parts parts;
  parts.buckets.reserve(proto.count_size());
  uint64_t index = 0;
  for (int i = 0; i < proto.count_size(); ++i) {
    index += proto.index_delta(i);
    if (index >= LatencyHistogram::kBucketCount) {
      return absl::InvalidArgumentError(absl::StrCat("a latency histogram with a bucket ", index,
                                                     "; there are only ",
                                                     LatencyHistogram::kBucketCount));
    }
    parts.buckets.push_back({static_cast<uint32_t>(index), proto.count(i)});
  }
  parts.overflow_count = proto.overflow_count();
  parts.min_ns = proto.min_ns();
  parts.max_ns = proto.max_ns();
  parts.sum_ns = proto.sum_ns();
  return LatencyHistogram::FromParts(parts);
}

}  // namespace assay
