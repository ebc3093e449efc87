#ifndef ASSAY_PROTO_CONVERT_EXECUTION_FIGURES_H_
#define ASSAY_PROTO_CONVERT_EXECUTION_FIGURES_H_

#include "analysis/figures.h"
#include "proto/results.pb.h"

namespace assay {

// The figures of a measured execution, computed from its record. Shared by the tables, the JSON, the store's columns
// and the gates.
Figures FiguresOf(const ExecutionRecord& execution);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_EXECUTION_FIGURES_H_
