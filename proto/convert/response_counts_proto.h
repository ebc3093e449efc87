#ifndef ASSAY_PROTO_CONVERT_RESPONSE_COUNTS_PROTO_H_
#define ASSAY_PROTO_CONVERT_RESPONSE_COUNTS_PROTO_H_

#include "analysis/response_counts.h"
#include "proto/samples.pb.h"

namespace assay {

// Overwrites `proto`.
void ToProto(const ResponseCounts& counts, ResponseTimeline* proto);

// The message may come from an untrusted peer; ResponsesBetween() ignores inconsistent counts.
ResponseCounts::Parts FromProto(const ResponseTimeline& proto);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_RESPONSE_COUNTS_PROTO_H_
