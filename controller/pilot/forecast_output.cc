#include "controller/pilot/forecast_output.h"

#include <cmath>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "analysis/planned_precision.h"
#include "common/number_text.h"
#include "controller/pilot/spread_history.h"
#include "controller/plan/cells.h"
#include "controller/results/json_values.h"

namespace assay::controller {
namespace {

using Json = nlohmann::ordered_json;

// A log ratio, or its deviation, in percent.
std::string PercentText(double log_ratio) {
  const double percent = 100 * std::expm1(std::abs(log_ratio));
  return absl::StrFormat(percent < 1 ? "%.2f %%" : percent < 10 ? "%.1f %%" : "%.0f %%", percent);
}

std::string SignedText(double log_ratio) {
  // The percentage of a decrease is that of the ratio, not of its inverse.
  const double percent = 100 * std::expm1(log_ratio);
  return absl::StrFormat(std::abs(percent) < 10 ? "%+.1f %%" : "%+.0f %%", percent);
}

std::string BracketText(const Estimate& figure) {
  return absl::StrCat(PercentText(figure.estimate), " [", PercentText(*figure.low), ", ",
                      PercentText(*figure.high), "]");
}

std::string BlocksText(const std::optional<uint32_t>& blocks) {
  return blocks.has_value() ? absl::StrCat(*blocks)
                            : absl::StrCat("more than ", kMostPlannedBlocks);
}

std::string LengthText(const PlanForecast& forecast, uint32_t blocks) {
  return absl::FormatDuration(absl::Ceil(forecast.length_of_block * blocks, absl::Seconds(1)));
}

// "16 blocks [9, 48], 2m40s".
std::string NeedText(const PlanForecast& forecast, const BlocksToDecide& blocks) {
  std::string text = absl::StrCat(BlocksText(blocks.estimate), " blocks [", BlocksText(blocks.low),
                                  ", ", BlocksText(blocks.high), "]");
  if (blocks.estimate.has_value())
    absl::StrAppend(&text, ", ", LengthText(forecast, *blocks.estimate));
  return text;
}

std::string SourceText(const MeasuredSpread& measured) {
  const std::string blocks = CountText(measured.spread->blocks, "block");
  return measured.campaign.empty()
             ? absl::StrCat("a pilot of ", blocks)
             : absl::StrCat(CampaignText(measured.campaign, measured.started_us), " with ", blocks);
}

std::string PlaceText(const PlannedComparison& comparison) {
  return absl::StrCat(comparison.candidate, " against ", comparison.baseline, ", ",
                      comparison.cell.workload(), ", ", LevelText(comparison.cell));
}

bool IsBeyondFloor(const PlanForecast& forecast, const ComparisonForecast& one) {
  return std::abs(one.measured.spread->log_ratio) > std::log1p(forecast.rules.floor);
}

void AppendComparison(const PlanForecast& forecast, const ComparisonForecast& one,
                      std::vector<std::string>* lines) {
  const MeasuredSpread& measured = one.measured;
  const std::string place = PlaceText(measured.comparison);
  if (!measured.spread.has_value()) {
    lines->push_back(absl::StrCat("  ", place, ": not known, because ", measured.missing));
    return;
  }
  const BlockSpread& spread = *measured.spread;
  lines->push_back(
      absl::StrCat("  ", place, ": ", SignedText(spread.log_ratio), " in ", SourceText(measured)));
  lines->push_back(
      absl::StrCat("    standard deviation of a block of this plan: ", BracketText(one.deviation)));
  const std::string claim = absl::StrCat("within ", 100 * forecast.rules.zone, " %");
  lines->push_back(one.half_width.has_value()
                       ? absl::StrCat("    interval expected of ",
                                      CountText(forecast.blocks, "block"), ": +-",
                                      BracketText(*one.half_width))
                       : absl::StrCat("    no interval of ", CountText(forecast.blocks, "block")));
  if (IsBeyondFloor(forecast, one)) {
    lines->push_back(absl::StrCat("    to show a difference as large as that: ",
                                  NeedText(forecast, one.as_measured)));
  }
  lines->push_back(absl::StrCat("    to show a difference of ", 100 * forecast.rules.zone,
                                " %: ", NeedText(forecast, one.of_zone)));
  lines->push_back(absl::StrCat("    to show that equal servers are equivalent (", claim,
                                "): ", NeedText(forecast, one.equivalence)));
  if (!spread.within_variance.has_value() && measured.length != 1) {
    lines->push_back(absl::StrFormat(
        "    a block of this plan is measured %.2g times as long, and it is not known how much "
        "that changes the deviation: the bounds allow for nothing and for all of it",
        measured.length));
  }
  if (!measured.invalid_gates.empty()) {
    lines->push_back(
        absl::StrCat("    the pilot is not sound: ", absl::StrJoin(measured.invalid_gates, ", "),
                     measured.invalid_gates.size() == 1 ? " is" : " are",
                     " invalid; the plan's verdict would be invalid too"));
  }
}

// How far off a standard deviation of the fewest blocks can be.
std::string UncertaintyText(const PlanForecast& forecast) {
  const BlockSpread* fewest = nullptr;
  for (const ComparisonForecast& one : forecast.comparisons) {
    const std::optional<BlockSpread>& spread = one.measured.spread;
    if (spread.has_value() && (fewest == nullptr || spread->degrees < fewest->degrees))
      fewest = &*spread;
  }
  if (fewest == nullptr) return "";
  const Estimate unit = PlannedDeviation({.deviation = 1, .degrees = fewest->degrees}, 1);
  return absl::StrFormat(
      "In brackets: with the bounds of the standard deviation that %d blocks allow, %.2g to %.2g "
      "times the measured one, each with 90 %% confidence. Numbers of blocks decide in 80 %% of "
      "campaigns.",
      fewest->blocks, *unit.low, *unit.high);
}

std::string CannotText(const PlanForecast& forecast, const ComparisonForecast& one) {
  const std::string zone = absl::StrCat(100 * forecast.rules.zone, " %");
  std::string text = absl::StrCat(PlaceText(one.measured.comparison), ": ");
  if (!one.half_width.has_value()) {
    absl::StrAppend(&text, CountText(forecast.blocks, "block"),
                    " have no interval that is valid for ",
                    CountText(forecast.rules.family, "comparison"));
    return text;
  }
  absl::StrAppend(&text, "the interval of ", CountText(forecast.blocks, "block"), " is about +-",
                  PercentText(one.half_width->estimate), " (at best +-",
                  PercentText(*one.half_width->low), "), which can hardly show ");
  if (IsBeyondFloor(forecast, one)) {
    absl::StrAppend(&text, "a difference of ", SignedText(one.measured.spread->log_ratio),
                    ", as measured, or ");
  }
  absl::StrAppend(&text, "an equivalence within ", zone);
  return text;
}

std::string RemedyText(const PlanForecast& forecast) {
  std::vector<std::string> remedies;
  if (forecast.blocks_to_set.has_value()) {
    remedies.push_back(absl::StrCat("--set blocks=", *forecast.blocks_to_set, " (about ",
                                    LengthText(forecast, *forecast.blocks_to_set), ")"));
  }
  if (forecast.seconds_to_set.has_value()) {
    remedies.push_back(
        absl::StrCat("--set interleave.seconds=", NumberText(*forecast.seconds_to_set)));
  }
  if (!remedies.empty()) return absl::StrCat("add ", absl::StrJoin(remedies, ", or "));
  return absl::StrCat("even ", kMostPlannedBlocks,
                      " blocks would not decide; measure on a quieter machine (`doctor` says what "
                      "disturbs), with longer windows, or compare fewer levels");
}

Json ToJson(const BlocksToDecide& blocks) {
  const auto or_null = [](const std::optional<uint32_t>& one) {
    return one.has_value() ? Json(*one) : Json();
  };
  return {{"estimate", or_null(blocks.estimate)},
          {"low", or_null(blocks.low)},
          {"high", or_null(blocks.high)}};
}

}  // namespace

std::string ToText(const PlanForecast& forecast) {
  if (forecast.comparisons.empty()) return "";
  std::vector<std::string> lines = {
      absl::StrCat("what ", CountText(forecast.blocks, "block"), " can show:")};
  for (const ComparisonForecast& one : forecast.comparisons)
    AppendComparison(forecast, one, &lines);
  if (const std::string uncertainty = UncertaintyText(forecast); !uncertainty.empty())
    lines.push_back(uncertainty);
  return absl::StrCat(absl::StrJoin(lines, "\n"), "\n");
}

std::vector<std::string> RefusalOf(const PlanForecast& forecast) {
  if (forecast.decidable()) return {};
  std::vector<std::string> lines = {"this plan cannot give the verdict that it asks for:"};
  for (const ComparisonForecast& one : forecast.comparisons) {
    if (!one.decidable) lines.push_back(absl::StrCat("  ", CannotText(forecast, one)));
  }
  lines.push_back(RemedyText(forecast));
  return lines;
}

Json ToJson(const PlanForecast& forecast) {
  Json json = Json::array();
  for (const ComparisonForecast& one : forecast.comparisons) {
    const MeasuredSpread& measured = one.measured;
    Json entry;
    entry["baseline"] = measured.comparison.baseline;
    entry["candidate"] = measured.comparison.candidate;
    SetCell(measured.comparison.cell, &entry);
    entry["campaign"] = measured.campaign.empty() ? Json() : Json(measured.campaign);
    entry["missing"] = measured.missing;
    entry["decidable"] = one.decidable;
    if (measured.spread.has_value()) {
      entry["measured_blocks"] = measured.spread->blocks;
      entry["measured_ratio"] = std::exp(measured.spread->log_ratio);
      entry["block_sd"] = OrNull(std::optional(one.deviation));
      entry["half_width"] = OrNull(one.half_width);
      entry["blocks_as_measured"] = ToJson(one.as_measured);
      entry["blocks_for_zone"] = ToJson(one.of_zone);
      entry["blocks_for_equivalence"] = ToJson(one.equivalence);
      entry["invalid_gates"] = measured.invalid_gates;
    }
    json.push_back(std::move(entry));
  }
  return json;
}

}  // namespace assay::controller
