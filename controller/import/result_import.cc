#include "controller/import/result_import.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analysis/latency_histogram.h"
#include "common/utf8.h"
#include "common/version.h"
#include "controller/import/tool_result.h"
#include "controller/plan/cells.h"
#include "controller/store/record_id.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

std::string ShownName(const std::string& name) {
  return name == "-" ? "standard input" : TerminalText(name);
}

// The path of "http://host:80/path?query"; "/" if the URL has none, empty if there is no URL.
std::string PathOf(std::string_view url) {
  constexpr std::string_view kScheme = "://";
  const size_t scheme = url.find(kScheme);
  if (scheme == std::string_view::npos) return "";
  const std::string_view rest = url.substr(scheme + kScheme.size());
  const size_t path = rest.find('/');
  return path == std::string_view::npos ? "/" : std::string(rest.substr(path));
}

Cell CellOf(const ToolResult& read, const ImportedFile& file, const ImportOptions& options) {
  Cell cell;
  const std::string stem =
      file.name == "-" ? read.result.tool() : std::filesystem::path(file.name).stem().string();
  cell.set_target(ToValidUtf8(options.target.empty() ? stem : options.target));
  cell.set_workload(
      ToValidUtf8(options.workload.empty() ? PathOf(read.result.url()) : options.workload));
  cell.set_mode(read.mode);
  cell.set_connections(options.connections > 0 ? options.connections : read.connections);
  return cell;
}

// Makes the cell different from those before.
void MakeUnique(std::set<std::string>& known, Cell& cell) {
  const std::string target = cell.target();
  for (int number = 2; !known.insert(CellText(cell)).second; ++number)
    cell.set_target(absl::StrCat(target, " (", number, ")"));
}

// The plan only names what was measured; `rerun` refuses it.
void FillPlan(const std::vector<ExecutionRecord>& executions, const std::string& tools,
              Plan* plan) {
  plan->set_name(absl::StrCat("imported from ", tools));
  plan->set_blocks(1);
  plan->set_verdict(Plan::NONE);
  std::set<std::string> workloads;
  for (const ExecutionRecord& execution : executions) {
    PlanTarget& target = *plan->add_targets();
    target.set_name(execution.cell().target());
    target.set_label(execution.cell().target());
    const std::string& workload = execution.cell().workload();
    if (!workload.empty() && workloads.insert(workload).second)
      plan->add_workloads()->set_name(workload);
  }
}

}  // namespace

absl::StatusOr<ImportedCampaign> ImportResults(absl::Span<const ImportedFile> files,
                                               const ImportOptions& options, int64_t now_us) {
  ImportedCampaign imported;
  CampaignRecord& campaign = imported.campaign;
  campaign.set_id(DrawCampaignId());
  campaign.set_label(options.label);
  campaign.set_started_us(now_us);
  campaign.set_ended_us(now_us);
  campaign.set_status(CampaignRecord::COMPLETE);
  campaign.set_controller_version(kAssayVersion);
  std::set<std::string> known;
  std::vector<std::string> tools;
  for (const ImportedFile& file : files) {
    absl::StatusOr<ToolResult> read = ParseToolResult(file.text);
    if (!read.ok()) {
      return absl::Status(read.status().code(),
                          absl::StrCat(ShownName(file.name), ": ", read.status().message()));
    }
    ExecutionRecord& execution = imported.executions.emplace_back();
    execution.set_id(DrawExecutionId());
    execution.set_campaign_id(campaign.id());
    execution.set_position(static_cast<uint32_t>(imported.executions.size() - 1));
    execution.set_status(ExecutionRecord::MEASURED);
    execution.set_started_us(now_us);
    *execution.mutable_cell() = CellOf(*read, file, options);
    MakeUnique(known, *execution.mutable_cell());
    ToProto(LatencyHistogram(), execution.mutable_latency());
    *execution.mutable_imported() = std::move(read->result);
    if (file.name != "-") {
      execution.mutable_imported()->set_file(
          ToValidUtf8(std::filesystem::path(file.name).filename().string()));
    }
    const std::string& tool = execution.imported().tool();
    if (std::find(tools.begin(), tools.end(), tool) == tools.end()) tools.push_back(tool);
  }
  campaign.set_imported_from(absl::StrJoin(tools, ", "));
  FillPlan(imported.executions, campaign.imported_from(), campaign.mutable_plan());
  return imported;
}

}  // namespace assay::controller
