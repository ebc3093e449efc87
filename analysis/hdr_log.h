#ifndef ASSAY_ANALYSIS_HDR_LOG_H_
#define ASSAY_ANALYSIS_HDR_LOG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "analysis/latency_histogram.h"

namespace assay {

// Latencies in the formats of HdrHistogram (github.com/HdrHistogram), for its own tools. Values are
// nanoseconds with unit 1 and 3 significant digits. The bucket layouts are the same, so that
// nothing is rounded.

// One histogram in the V2 compressed encoding, as base64: "HISTFAAA...". Overflowed samples have no
// place in it and are left out. kInternal when zlib fails, for want of memory.
absl::StatusOr<std::string> EncodeHdrHistogram(const LatencyHistogram& histogram);

// One line of a log.
struct HdrLogInterval {
  // Tells several series in one log apart; empty: none.
  std::string tag;
  // From the log's start.
  absl::Duration start;
  absl::Duration length;
  // Not owned; outlives the call.
  const LatencyHistogram* histogram = nullptr;
};

// A whole log, format version 1.3, that began at `start`: read by HistogramLogProcessor,
// HistogramLogAnalyzer and hdr-plot. Overflowed samples are told in a comment. kInvalidArgument
// when a tag has a comma or white space.
absl::StatusOr<std::string> HdrLog(absl::Time start, absl::Span<const HdrLogInterval> intervals);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_HDR_LOG_H_
