#include "controller/export/hdr_export.h"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "analysis/hdr_log.h"
#include "analysis/latency_histogram.h"
#include "common/status_macros.h"
#include "controller/plan/cells.h"
#include "controller/results/unit_attempts.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

// The intervals of one cell, and the histograms that they refer to.
struct CellLog {
  Cell cell;
  std::deque<LatencyHistogram> histograms;
  std::vector<HdrLogInterval> intervals;
};

// Adds one execution, which began at `start` of the campaign.
absl::Status AddSeconds(const std::vector<LoadInterval>& seconds, absl::Duration start,
                        absl::Duration window, CellLog& log) {
  std::map<uint32_t, LatencyHistogram> merged;
  for (const LoadInterval& one : seconds) {
    const absl::StatusOr<LatencyHistogram> latency = FromProto(one.second.latency());
    if (!latency.ok()) return absl::DataLossError(latency.status().message());
    merged[one.second.second()].Merge(*latency);
  }
  for (auto& [second, histogram] : merged) {
    const absl::Duration from = absl::Seconds(second);
    log.intervals.push_back(
        {.start = start + from,
         .length = std::min(absl::Seconds(1), std::max(window - from, absl::ZeroDuration())),
         .histogram = &log.histograms.emplace_back(std::move(histogram))});
  }
  return absl::OkStatus();
}

absl::Duration WindowOf(const ExecutionRecord& execution) {
  int64_t longest_ns = 0;
  for (const LoadRecord& load : execution.loads())
    longest_ns = std::max(longest_ns, load.finished().duration_ns());
  return absl::Nanoseconds(longest_ns);
}

}  // namespace

absl::StatusOr<std::vector<ExportedFile>> ExportHdr(Store& store, const CampaignRecord& campaign,
                                                    std::vector<absl::Status>* damaged) {
  ASSAY_ASSIGN_OR_RETURN(const absl::flat_hash_set<std::string> left_out,
                         LeftOutExecutions(store, campaign));
  // By CellText(), because several cells may have the same file name.
  std::map<std::string, CellLog> logs;
  ASSAY_RETURN_IF_ERROR(store.ForEachExecution(
      campaign.id(),
      [&](const ExecutionRecord& execution) -> absl::Status {
        if (execution.status() != ExecutionRecord::MEASURED || left_out.contains(execution.id())) {
          return absl::OkStatus();
        }
        const absl::StatusOr<std::vector<LoadInterval>> seconds = store.ReadSeconds(execution.id());
        if (absl::IsDataLoss(seconds.status()) && damaged != nullptr) {
          damaged->push_back(seconds.status());
          return absl::OkStatus();
        }
        ASSAY_RETURN_IF_ERROR(seconds.status());
        CellLog& log = logs[CellText(execution.cell())];
        log.cell = execution.cell();
        const absl::Status added =
            AddSeconds(*seconds, absl::Microseconds(execution.started_us() - campaign.started_us()),
                       WindowOf(execution), log);
        // A record of a version without hashes.
        if (!absl::IsDataLoss(added) || damaged == nullptr) return added;
        if (log.intervals.empty()) logs.erase(CellText(execution.cell()));
        damaged->push_back(absl::DataLossError(
            absl::StrCat("the store: execution ", execution.id(), " of campaign ", campaign.id(),
                         " is damaged: ", added.message(),
                         "; restore the file from a copy, or `rerun` the campaign")));
        return absl::OkStatus();
      },
      damaged));
  ExportedFiles files;
  for (const auto& [cell, log] : logs) {
    ASSAY_ASSIGN_OR_RETURN(std::string text,
                           HdrLog(absl::FromUnixMicros(campaign.started_us()), log.intervals));
    files.Add(FileNameOf(log.cell), ".hlog", cell, std::move(text));
  }
  if (files.empty()) {
    return absl::NotFoundError(
        absl::StrCat("campaign ", campaign.id(), " has no measured execution"));
  }
  return files.Take();
}

}  // namespace assay::controller
