#ifndef ASSAY_CONTROLLER_EXPORT_SAMPLES_EXPORT_H_
#define ASSAY_CONTROLLER_EXPORT_SAMPLES_EXPORT_H_

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// A part of each window: from <= send time < to, in nanoseconds since the window began.
struct SampleRange {
  int64_t from_ns = std::numeric_limits<int64_t>::min();
  int64_t to_ns = std::numeric_limits<int64_t>::max();
  bool whole() const { return *this == SampleRange(); }

  friend bool operator==(const SampleRange&, const SampleRange&) = default;
};

struct SamplesWritten {
  uint64_t samples = 0;
  // What the file lacks, one sentence each: lost samples, and executions without samples.
  std::vector<std::string> left_out;
};

// Writes the raw samples of a campaign's measured executions as CSV (RFC 4180): a header line, then one line per sample:
//
//   execution,target,workload,mode,connections,rate,block,load,thread,at_ns,latency_ns,outcome
//
// `at_ns` is the send time (in an open loop, the intended one) since the window began on the clock of its load agent: after
// the warm-up, or with the first slot that is not warm-up. Empty in records that lack the start of their load. `outcome` is
// ok, wrong_1xx to wrong_5xx, connection_error or timeout. Lines are in the order of executions, load agents, and threads'
// chunks, and within a thread in the order in which requests completed.
//
// Holds one chunk of samples (65,536) and some 100 KiB of text in memory, whatever the campaign's size: `write` receives the
// text in pieces, and an error of `write` ends the export. `damaged`: see Store::ForEachExecution(); an execution whose
// samples are damaged is appended too, and the file lacks the rest of its samples.
// kNotFound if no execution has a sample; kInvalidArgument for a range of an execution without the start of its load.
absl::StatusOr<SamplesWritten> WriteSamples(Store& store, const CampaignRecord& campaign,
                                            const SampleRange& range,
                                            absl::FunctionRef<absl::Status(std::string_view)> write,
                                            std::vector<absl::Status>* damaged);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_SAMPLES_EXPORT_H_
