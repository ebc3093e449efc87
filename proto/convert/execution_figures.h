#ifndef ASSAY_PROTO_CONVERT_EXECUTION_FIGURES_H_
#define ASSAY_PROTO_CONVERT_EXECUTION_FIGURES_H_

#include "analysis/figures.h"
#include "analysis/latency_histogram.h"
#include "proto/results.pb.h"

namespace assay {

// The figures of a measured execution, computed from its record. Shared by the tables, the JSON, the store's columns
// and the gates. The first form leaves out those of latency, which need the record's histogram. Of a result of another tool
// (ExecutionRecord.imported), both forms return what that tool reported.
Figures FiguresOf(const ExecutionRecord& execution);
// `latency`: the histogram of the record.
Figures FiguresOf(const ExecutionRecord& execution, const LatencyHistogram& latency);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_EXECUTION_FIGURES_H_
