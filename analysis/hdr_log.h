#ifndef ASSAY_ANALYSIS_HDR_LOG_H_
#define ASSAY_ANALYSIS_HDR_LOG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "analysis/latency_histogram.h"

namespace assay {

// Latencies in the formats of HdrHistogram (github.com/HdrHistogram), for its tools. Values are nanoseconds with unit
// 1 and 3 significant digits. The bucket layouts are the same, so nothing is rounded.

// One histogram in the V2 compressed encoding, as base64: "HISTFAAA...". The encoding cannot represent overflowed
// samples; they are left out. kInternal if zlib fails for lack of memory.
absl::StatusOr<std::string> EncodeHdrHistogram(const LatencyHistogram& histogram);

// One interval of a log.
struct HdrLogInterval {
  // Distinguishes several series in one log; empty: no tag.
  std::string tag;
  // Offsets from the start of the log.
  absl::Duration start;
  absl::Duration length;
  // Not owned. Must outlive the call.
  const LatencyHistogram* histogram = nullptr;
};

// A whole log in format version 1.3 that began at `start`, for HistogramLogProcessor, HistogramLogAnalyzer and
// hdr-plot. A comment reports overflowed samples. kInvalidArgument if a tag contains a comma or white space.
absl::StatusOr<std::string> HdrLog(absl::Time start, absl::Span<const HdrLogInterval> intervals);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_HDR_LOG_H_
