#ifndef ASSAY_PROTO_CONVERT_HISTOGRAM_PROTO_H_
#define ASSAY_PROTO_CONVERT_HISTOGRAM_PROTO_H_

#include "absl/status/statusor.h"
#include "analysis/latency_histogram.h"
#include "proto/samples.pb.h"

namespace assay {

// Overwrites `proto`.
void ToProto(const LatencyHistogram& histogram, Histogram* proto);
void ToProto(const LatencyHistogram::Parts& parts, Histogram* proto);

// kInvalidArgument, with the reason, if the message is not a histogram of this layout. The message may come from an
// untrusted peer. A message without fields is an empty histogram.
absl::StatusOr<LatencyHistogram> FromProto(const Histogram& proto);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_HISTOGRAM_PROTO_H_
