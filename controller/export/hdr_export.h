#ifndef ASSAY_CONTROLLER_EXPORT_HDR_EXPORT_H_
#define ASSAY_CONTROLLER_EXPORT_HDR_EXPORT_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/export/exported_file.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The latencies of a campaign as HdrHistogram logs (analysis/hdr_log.h), one file per cell. Each second of each
// execution is an interval of the log, merged over the load agents, at its time since the campaign began. kNotFound
// if nothing was measured. `damaged`: see Store::ForEachExecution().
absl::StatusOr<std::vector<ExportedFile>> ExportHdr(Store& store, const CampaignRecord& campaign,
                                                    std::vector<absl::Status>* damaged = nullptr);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_HDR_EXPORT_H_
