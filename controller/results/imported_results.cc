#include "controller/results/imported_results.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "proto/convert/execution_figures.h"

namespace assay::controller {
namespace {

using Json = nlohmann::ordered_json;

OverExecutions Given(const std::optional<double>& value) {
  if (!value.has_value()) return std::nullopt;
  return Estimate{.estimate = *value};
}

CellResult CellOf(const ExecutionRecord& record) {
  CellResult cell;
  cell.cell = record.cell();
  cell.fresh_starts = false;
  cell.imported = record.imported();
  ExecutionResult execution{FiguresOf(record)};
  execution.id = record.id();
  execution.block = record.block();
  execution.attempt = record.attempt();
  cell.rps = Given(execution.rps);
  cell.mean_us = Given(execution.mean_us);
  for (size_t i = 0; i < kQuantiles.size(); ++i)
    cell.quantile_us[i] = Given(execution.quantile_us[i]);
  cell.executions.push_back(std::move(execution));
  return cell;
}

std::string ToolText(const ImportedResult& imported) {
  return absl::StrCat(imported.tool(), imported.tool_version().empty() ? "" : " ",
                      imported.tool_version());
}

Json ValueIf(bool has, uint64_t value) { return has ? Json(value) : Json(); }
Json ValueIf(bool has, double value) { return has ? Json(value) : Json(); }

Json TextOrNull(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

bool IsImported(const CampaignRecord& campaign) { return !campaign.imported_from().empty(); }

absl::Status CheckNotImported(const CampaignRecord& campaign, const std::string& why) {
  if (!IsImported(campaign)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "campaign ", campaign.id(), " was imported from ", campaign.imported_from(), ": ", why));
}

absl::StatusOr<CampaignResults> ReadImportedResults(Store& store, const CampaignRecord& campaign) {
  CampaignResults results;
  results.campaign = campaign;
  ASSAY_RETURN_IF_ERROR(store.ForEachExecution(
      campaign.id(),
      [&](const ExecutionRecord& record) {
        results.cells.push_back(CellOf(record));
        return absl::OkStatus();
      },
      &results.damaged));
  return results;
}

std::vector<std::string> ImportNotesOf(const CampaignResults& results) {
  std::vector<std::string> notes;
  const auto add = [&notes](std::string note) {
    if (std::find(notes.begin(), notes.end(), note) == notes.end())
      notes.push_back(std::move(note));
  };
  for (const CellResult& cell : results.cells) {
    if (!cell.imported.has_value()) continue;
    add(absl::StrCat("imported from ", ToolText(*cell.imported),
                     ": the figures are those that it reported, by its own definitions; its "
                     "percentiles have no interval, n/a is what it did not report, and no gate "
                     "judged the measurement"));
  }
  for (const CellResult& cell : results.cells) {
    if (!cell.imported.has_value()) continue;
    for (const std::string& note : cell.imported->notes()) add(note);
  }
  return notes;
}

Json ImportedJson(const ImportedResult& imported) {
  Json json;
  json["tool"] = imported.tool();
  json["version"] = TextOrNull(imported.tool_version());
  json["file"] = TextOrNull(imported.file());
  json["url"] = TextOrNull(imported.url());
  json["duration_s"] = ValueIf(imported.has_duration_s(), imported.duration_s());
  json["requests"] = ValueIf(imported.has_requests(), imported.requests());
  json["ok"] = ValueIf(imported.has_ok(), imported.ok());
  json["errors"] = ValueIf(imported.has_errors(), imported.errors());
  json["timeouts"] = ValueIf(imported.has_timeouts(), imported.timeouts());
  json["rps"] = ValueIf(imported.has_rps(), imported.rps());
  json["mean_us"] = ValueIf(imported.has_mean_us(), imported.mean_us());
  json["min_us"] = ValueIf(imported.has_min_us(), imported.min_us());
  json["max_us"] = ValueIf(imported.has_max_us(), imported.max_us());
  json["percentiles"] = Json::array();
  for (const ImportedPercentile& one : imported.percentiles())
    json["percentiles"].push_back({{"percent", one.percent()}, {"us", one.us()}});
  return json;
}

}  // namespace assay::controller
