#include "controller/history/history_output.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "analysis/change_points.h"
#include "common/number_text.h"
#include "controller/plan/cells.h"
#include "controller/results/csv_row.h"
#include "controller/results/json_values.h"
#include "controller/results/results_json.h"
#include "controller/results/text_table.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using Json = nlohmann::ordered_json;

// "2026-11-24 03:15".
std::string MinuteText(int64_t unix_us) {
  std::string text = TimeText(unix_us);
  if (text.size() < 16) return text;
  text[10] = ' ';
  return text.substr(0, 16);
}

std::string PercentText(double ratio) { return absl::StrFormat("%+.1f %%", 100 * (ratio - 1)); }

std::string EstimateText(const Estimate& estimate) {
  std::string text = FourDigits(estimate.estimate);
  if (estimate.low.has_value() && estimate.high.has_value()) {
    absl::StrAppend(&text, " [", FourDigits(*estimate.low), ", ", FourDigits(*estimate.high), "]");
  }
  return text;
}

// Only where an interval decides it.
std::string VerdictText(const RatioComparison& change) {
  return change.ratio.low.has_value() ? std::string(assay::ToString(change.verdict)) : "";
}
// The same in the words of the metric.
std::string VerdictText(const RatioComparison& change, const Metric& metric) {
  return change.ratio.low.has_value() ? std::string(VerdictWord(change.verdict, metric)) : "";
}

std::string ChangeText(const std::optional<RatioComparison>& change) {
  if (!change.has_value()) return "";
  std::string text = PercentText(change->ratio.estimate);
  if (change->ratio.low.has_value()) {
    absl::StrAppendFormat(&text, " [%+.1f, %+.1f]", 100 * (*change->ratio.low - 1),
                          100 * (*change->ratio.high - 1));
  }
  return text;
}

// Changes of the server, and the others. A changed server is what a history looks for; other changes may explain a step
// that is not the server's.
std::vector<ConditionChange> ServerChanges(const HistoryPoint& point) {
  return ChangesOfKind(point.condition_changes, ConditionChange::Of::kServer);
}
std::vector<ConditionChange> OtherChanges(const HistoryPoint& point) {
  // The server's come first.
  return {
      point.condition_changes.begin() + static_cast<std::ptrdiff_t>(ServerChanges(point).size()),
      point.condition_changes.end()};
}

std::string ChangeLines(const HistoryPoint& point) {
  std::string text;
  const std::vector<ConditionChange> server = ServerChanges(point);
  const std::vector<ConditionChange> others = OtherChanges(point);
  if (!server.empty()) {
    absl::StrAppend(&text, "server changed before ", point.cell.campaign, ": ", ToText(server),
                    "\n");
  }
  if (!others.empty()) {
    absl::StrAppend(&text, "conditions changed before ", point.cell.campaign, ": ", ToText(others),
                    "\n");
  }
  return text;
}

std::string Notes(const CellHistory& history) {
  std::string text;
  if (history.points.size() < kChangePointMinValues) {
    absl::StrAppend(&text, "a step needs ", CountText(kChangePointMinValues, "campaign"),
                    "; the store has ", history.points.size(), "\n");
  } else if (std::none_of(history.points.begin(), history.points.end(),
                          [](const HistoryPoint& point) { return point.step.has_value(); })) {
    absl::StrAppendFormat(&text, "no step of %.0f %% or more\n", 100 * kSmallestStep);
  }
  if (history.truncated) {
    absl::StrAppend(&text, "older campaigns are left out: only the newest ", kMostHistoryPoints,
                    " are shown\n");
  }
  if (history.without_figure > 0) {
    absl::StrAppend(&text, "campaigns without this figure, not shown: ", history.without_figure,
                    "\n");
  }
  if (history.points.size() > 1) {
    absl::StrAppend(&text,
                    "campaigns are not interleaved: a change may be one of the machine's state; "
                    "compare two versions as two targets of one plan\n");
  }
  return text;
}

}  // namespace

std::string ToText(const CellHistory& history, TextWidth width) {
  std::string text = absl::StrCat(
      std::string(history.metric->name), " of ", CellText(history.points.back().cell.cell), ", ",
      std::string(history.metric->meaning), " (",
      history.metric->better == Better::kHigher ? "more" : "less", " is better)\n\n");
  TextTable table({{"campaign", TextTable::Align::kLeft},
                   {"started", TextTable::Align::kLeft},
                   {"label", TextTable::Align::kLeft},
                   {"runs", TextTable::Align::kRight, true},
                   {history.metric->unit == "" ? "estimate" : std::string(history.metric->unit),
                    TextTable::Align::kRight},
                   {"change", TextTable::Align::kRight},
                   {"verdict", TextTable::Align::kRight},
                   {"step", TextTable::Align::kRight},
                   {"notes", TextTable::Align::kLeft}});
  for (const HistoryPoint& point : history.points) {
    std::vector<std::string> notes;
    if (point.cell.invalid) notes.emplace_back("invalid");
    if (point.cell.left_out > 0) {
      notes.push_back(absl::StrCat(CountText(point.cell.left_out, "block"), " left out"));
    }
    if (!ServerChanges(point).empty()) notes.emplace_back("new server");
    const size_t others = OtherChanges(point).size();
    if (others > 0) notes.push_back(absl::StrCat(others, " changed"));
    table.AddRow(
        {point.cell.campaign, MinuteText(point.cell.started_us), point.cell.label,
         absl::StrCat(point.executions), EstimateText(point.estimate), ChangeText(point.change),
         point.change.has_value() ? VerdictText(*point.change, *history.metric) : "",
         point.step.has_value() ? PercentText(*point.step) : "", absl::StrJoin(notes, ", ")});
  }
  absl::StrAppend(&text, table.ToString(width == TextWidth::kWide ? kAnyWidth : kTextColumns),
                  "\n");
  for (const HistoryPoint& point : history.points) absl::StrAppend(&text, ChangeLines(point));
  absl::StrAppend(&text, Notes(history));
  return Fitted(text, width);
}

std::string ToCsv(const CellHistory& history) {
  CsvRow titles;
  for (const char* const title :
       {"campaign",    "label",   "started",          "target",     "workload",    "mode",
        "connections", "rate",    "metric",           "unit",       "executions",  "estimate",
        "low",         "high",    "change",           "change_low", "change_high", "verdict",
        "step",        "invalid", "condition_changes"}) {
    titles.Text(title);
  }
  std::string text = titles.Line();
  for (const HistoryPoint& point : history.points) {
    const Cell& cell = point.cell.cell;
    CsvRow row;
    row.Text(point.cell.campaign).Text(point.cell.label).Text(TimeText(point.cell.started_us));
    row.Text(cell.target()).Text(cell.workload()).Text(cell.mode());
    if (cell.rate_per_s() > 0) {
      row.Nothing().Number(cell.rate_per_s());
    } else {
      row.Count(cell.connections()).Nothing();
    }
    row.Text(history.metric->name).Text(history.metric->unit).Count(point.executions);
    row.Number(point.estimate.estimate).Number(point.estimate.low).Number(point.estimate.high);
    const Estimate none;
    const Estimate& change = point.change.has_value() ? point.change->ratio : none;
    row.Number(point.change.has_value() ? std::optional(change.estimate) : std::nullopt)
        .Number(change.low)
        .Number(change.high)
        .Text(point.change.has_value() ? VerdictText(*point.change) : "");
    text += row.Number(point.step)
                .Count(point.cell.invalid ? 1 : 0)
                .Text(ToText(point.condition_changes))
                .Line();
  }
  return text;
}

Json ToJson(const CellHistory& history) {
  Json json;
  SetCell(history.points.back().cell.cell, &json);
  json["metric"] = history.metric->name;
  json["unit"] = history.metric->unit;
  json["without_figure"] = history.without_figure;
  json["truncated"] = history.truncated;
  json["campaigns"] = Json::array();
  for (const HistoryPoint& point : history.points) {
    Json one;
    one["campaign"] = point.cell.campaign;
    one["label"] = point.cell.label;
    one["started"] = TimeText(point.cell.started_us);
    one["executions"] = point.executions;
    one["estimate"] = OrNull(std::optional(point.estimate));
    one["change"] = Json();
    if (point.change.has_value()) {
      one["change"] = OrNull(std::optional(point.change->ratio));
      one["change"]["confidence"] = point.change->confidence;
      one["change"]["verdict"] = assay::ToString(point.change->verdict);
    }
    one["step"] = OrNull(point.step);
    one["invalid"] = point.cell.invalid;
    one["condition_changes"] = ConditionChangesJson(point.condition_changes);
    json["campaigns"].push_back(std::move(one));
  }
  json["damaged"] = Json::array();
  for (const absl::Status& one : history.damaged) {
    json["damaged"].push_back(std::string(one.message()));
  }
  return json;
}

}  // namespace assay::controller
