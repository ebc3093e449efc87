// ParseToolResult() on broken outputs of every tool.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/fuzz_driver.h"
#include "controller/import/tool_outputs.h"
#include "controller/import/tool_result.h"
#include "proto/results.pb.h"

namespace assay {

std::vector<std::string> FuzzSeeds() {
  using namespace controller;  // NOLINT(google-build-using-namespace): every output of the header.
  return {kWrkOutput, kWrkErrorsOutput,       kWrk2Output,    kH2loadOutput,
          kHeyOutput, kHeyErrorsOutput,       kOhaTextOutput, kOhaJsonOutput,
          kK6Output,  kK6HandleSummaryOutput, kFortioOutput};
}

namespace {

void CheckNotNegative(bool has, double value) {
  if (has && (!std::isfinite(value) || value < 0)) std::abort();
}

}  // namespace
}  // namespace assay

// An accepted result has a tool, and only finite figures that are not negative; an error names a line.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::StatusOr<assay::controller::ToolResult> read = assay::controller::ParseToolResult(
      std::string_view(reinterpret_cast<const char*>(data), size));
  if (!read.ok()) {
    if (read.status().message().substr(0, 5) != "line ") std::abort();
    return 0;
  }
  const assay::ImportedResult& result = read->result;
  if (result.tool().empty()) std::abort();
  assay::CheckNotNegative(result.has_rps(), result.rps());
  assay::CheckNotNegative(result.has_duration_s(), result.duration_s());
  assay::CheckNotNegative(result.has_mean_us(), result.mean_us());
  assay::CheckNotNegative(result.has_min_us(), result.min_us());
  assay::CheckNotNegative(result.has_max_us(), result.max_us());
  for (const assay::ImportedPercentile& one : result.percentiles()) {
    if (!(one.percent() > 0 && one.percent() <= 100)) std::abort();
    assay::CheckNotNegative(true, one.us());
  }
  return 0;
}
