#ifndef ASSAY_CONTROLLER_IMPORT_RESULT_IMPORT_H_
#define ASSAY_CONTROLLER_IMPORT_RESULT_IMPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "proto/results.pb.h"

namespace assay::controller {

struct ImportedFile {
  // As the user gave it; "-" for standard input.
  std::string name;
  std::string text;
};

// What the outputs do not tell.
struct ImportOptions {
  // Label of the target. Empty: the name of the file without folder and extension; for standard input, the tool's name.
  std::string target;
  // Name of the workload. Empty: the path of the URL if the output has one, else the cells have none.
  std::string workload;
  // Number of connections. 0: that of the output, else the cells have none.
  uint32_t connections = 0;
  // Label of the campaign.
  std::string label;
};

// A campaign of other tools' results, ready to be stored.
struct ImportedCampaign {
  CampaignRecord campaign;
  // One for each file, in order. Each has a cell of its own: if two files have the same target, workload and level, the
  // later target gets a number, because results of different runs must not be averaged.
  std::vector<ExecutionRecord> executions;
};

// Reads results of other tools (tool_result.h). `now_us`: the time of the import. REQUIRES: files is not empty.
// kInvalidArgument: "FILE: line 7: WHAT".
absl::StatusOr<ImportedCampaign> ImportResults(absl::Span<const ImportedFile> files,
                                               const ImportOptions& options, int64_t now_us);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_IMPORT_RESULT_IMPORT_H_
