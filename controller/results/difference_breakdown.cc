#include "controller/results/difference_breakdown.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/number_text.h"
#include "common/status_macros.h"
#include "common/utf8.h"
#include "controller/results/json_values.h"
#include "controller/results/profile_json.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using Json = nlohmann::ordered_json;

// Categories that the sentence names.
constexpr size_t kMostNamed = 4;
// Differences below half of the last digit that is printed.
constexpr double kNothing = 0.005;
constexpr size_t kTargetWidth = 14;
constexpr char kOtherFunctions[] = "other functions";

// "+3.20"; "0.00" without a sign.
std::string Signed(double us) {
  return std::abs(us) < kNothing ? "0.00" : absl::StrFormat("%+.2f", us);
}

bool HasIntervals(const DifferenceBreakdown& breakdown) {
  return breakdown.whole.us_per_request.low.has_value();
}

std::optional<double> CpuOf(const ProfiledRun& run) {
  if (run.info.kernel_frames()) return run.server_cpu_us_per_request;
  return std::nullopt;
}

// The sampled time per request.
std::optional<double> SampledCpuOf(const ProfiledRun& run) {
  const uint64_t ns = run.stacks.total(StackTime::kOnCpu).ns;
  if (run.info.requests() == 0) return std::nullopt;
  return static_cast<double>(ns) / 1e3 / static_cast<double>(run.info.requests());
}

using CpuFigure = std::optional<double> (*)(const ProfiledRun&);

bool AllHave(CpuFigure figure, const CellProfiles& a, const CellProfiles& b) {
  const auto has = [figure](const ProfiledRun& run) { return figure(run).has_value(); };
  return std::all_of(a.runs.begin(), a.runs.end(), has) &&
         std::all_of(b.runs.begin(), b.runs.end(), has);
}

std::vector<ProfiledStart> StartsOf(const CellProfiles& cell, CpuFigure figure) {
  std::vector<ProfiledStart> starts;
  for (const ProfiledRun& run : cell.runs) {
    starts.push_back({.tree = &run.tree,
                      .block = run.block,
                      .cpu_us_per_request = figure(run).value_or(0),
                      .event = run.info.event()});
  }
  return starts;
}

// As in the sentence.
std::string NameOf(const CategoryDifference& category, const ProfilePair& pair) {
  if (category.category != Category::kOther) return std::string(ToString(category.category));
  const CellProfiles& more =
      category.cpu.us_per_request.estimate > 0 ? *pair.other : *pair.baseline;
  return absl::StrCat(more.cell.target(), "'s own functions");
}

const char* SpaceOf(const ProfilePair& pair) {
  return pair.other->has_kernel() ? "server CPU" : "server CPU in user space";
}

Json RowJson(const ProfilePair& pair, const CategoryDifference* category,
             const std::string* function, const CpuDifference& cpu) {
  Json cell;
  SetCell(pair.other->cell, &cell);
  Json row;
  row["baseline"] = pair.baseline->cell.target();
  row["candidate"] = cell["target"];
  row["workload"] = cell["workload"];
  row["level"] = cell["level"];
  row["category"] = category == nullptr ? Json() : Json(ToString(category->category));
  row["function"] = function == nullptr ? Json() : Json(*function);
  row["baseline_us"] = cpu.baseline;
  row["candidate_us"] = cpu.candidate;
  row["us_per_request"] = OrNull(std::optional<Estimate>(cpu.us_per_request));
  row["significant"] = cpu.significant;
  const bool bounded = category != nullptr && function == nullptr;
  row["bound"] = BoundName(bounded ? category->bound : Bound::kExact);
  return row;
}

}  // namespace

absl::StatusOr<DifferenceBreakdown> BreakDown(const CellProfiles& baseline,
                                              const CellProfiles& candidate,
                                              const CategoryRules& rules) {
  const bool runs = !baseline.runs.empty() && !candidate.runs.empty();
  if (runs && baseline.has_kernel() != candidate.has_kernel()) {
    return absl::InvalidArgumentError(
        "profiles with and without the kernel cannot be compared: see perf_event_paranoid on the "
        "servers' hosts");
  }
  const CpuFigure figure = AllHave(CpuOf, baseline, candidate) ? CpuOf : SampledCpuOf;
  if (!AllHave(figure, baseline, candidate)) {
    return absl::FailedPreconditionError(
        "the CPU time per request of a profiled execution is not known, so its difference cannot "
        "be broken down");
  }
  return BreakDown(StartsOf(baseline, figure), StartsOf(candidate, figure), rules,
                   {.paired = baseline.campaign_id == candidate.campaign_id});
}

std::string BreakdownRow::DifferenceText() const {
  return absl::StrCat(std::string(ToString(bound)), Signed(cpu->us_per_request.estimate));
}

std::string BreakdownRow::IntervalText() const {
  const Estimate& us = cpu->us_per_request;
  if (!us.low.has_value() || !us.high.has_value()) return "";
  return absl::StrCat("[", Signed(*us.low), ", ", Signed(*us.high), "]");
}

std::vector<BreakdownRow> RowsOf(const DifferenceBreakdown& breakdown) {
  std::vector<BreakdownRow> rows = {{.name = "all", .cpu = &breakdown.whole}};
  for (const CategoryDifference& category : breakdown.categories) {
    const bool other = category.category == Category::kOther;
    rows.push_back({.depth = 1,
                    .name = other ? "own functions" : std::string(ToString(category.category)),
                    .cpu = &category.cpu,
                    .bound = category.bound});
    for (const FunctionDifference& function : category.functions) {
      rows.push_back({.depth = 2,
                      .name = function.name.empty() ? kOtherFunctions : function.name,
                      .cpu = &function.cpu});
    }
  }
  return rows;
}

std::string BreakdownSentence(const ProfilePair& pair, const DifferenceBreakdown& breakdown) {
  const Estimate& whole = breakdown.whole.us_per_request;
  std::string text = absl::StrCat(TitleOf(pair), ": ", Signed(whole.estimate), " us");
  if (whole.low.has_value() && whole.high.has_value())
    absl::StrAppendFormat(&text, " [%.2f, %.2f]", *whole.low, *whole.high);
  absl::StrAppend(&text, " of ", SpaceOf(pair), " per request: ");
  const bool tested = HasIntervals(breakdown);
  double rest = whole.estimate;
  size_t named = 0;
  for (const CategoryDifference& category : breakdown.categories) {
    const double us = category.cpu.us_per_request.estimate;
    if (named == kMostNamed || std::abs(us) < kNothing) break;
    if (tested && !category.cpu.significant) continue;
    absl::StrAppend(&text, named == 0 ? "" : ", ", std::string(ToString(category.bound)),
                    Signed(us), " ", NameOf(category, pair));
    rest -= us;
    ++named;
  }
  if (named == 0)
    return absl::StrCat(
        text, tested ? "no category's part can be told from chance" : "no category differs");
  if (std::abs(rest) >= kNothing) absl::StrAppend(&text, ", ", Signed(rest), " in all else");
  return text;
}

std::vector<std::string> BreakdownNotes(const ProfilePair& pair,
                                        const DifferenceBreakdown& breakdown) {
  const std::string& a = pair.baseline->cell.target();
  const std::string& b = pair.other->cell.target();
  std::vector<std::string> notes;
  if (!HasIntervals(breakdown)) {
    notes.push_back(absl::StrCat("profiled starts: ", breakdown.baseline_starts, " of ", a, ", ",
                                 breakdown.candidate_starts, " of ", b,
                                 ". Intervals need two of each; set more blocks in the plan"));
  } else if (breakdown.paired) {
    notes.push_back(absl::StrCat("means over ", CountText(breakdown.baseline_starts, "block"),
                                 "; intervals by Student's t over their differences"));
  } else {
    notes.push_back(absl::StrCat("means over ", CountText(breakdown.baseline_starts, "start"),
                                 " of ", a, " and ", breakdown.candidate_starts, " of ", b,
                                 ", not in pairs; intervals by Welch's t"));
  }
  if (HasIntervals(breakdown)) {
    notes.emplace_back(
        "of the rows marked as significant, at most 5 % are expected to differ by chance alone "
        "(Benjamini and Hochberg)");
  }
  const bool bounds = std::any_of(
      breakdown.categories.begin(), breakdown.categories.end(),
      [](const CategoryDifference& category) { return category.bound != Bound::kExact; });
  if (bounds) notes.push_back(BoundsNote("difference"));
  return notes;
}

std::string BreakdownText(const ProfilePair& pair, const DifferenceBreakdown& breakdown,
                          size_t width) {
  std::string text = absl::StrCat(TerminalText(BreakdownSentence(pair, breakdown)), "\n");
  TextTable table(
      {{absl::StrCat("us of ", SpaceOf(pair), " per request")},
       {Shortened(pair.baseline->cell.target(), kTargetWidth), TextTable::Align::kRight},
       {Shortened(pair.other->cell.target(), kTargetWidth), TextTable::Align::kRight},
       {"difference", TextTable::Align::kRight},
       {"95 % interval", TextTable::Align::kRight},
       {"significant"}});
  for (const BreakdownRow& row : RowsOf(breakdown)) {
    table.AddRow({absl::StrCat(std::string(static_cast<size_t>(2 * row.depth), ' '), row.name),
                  absl::StrFormat("%.2f", row.cpu->baseline),
                  absl::StrFormat("%.2f", row.cpu->candidate), row.DifferenceText(),
                  row.IntervalText(), row.cpu->significant ? "yes" : ""});
  }
  absl::StrAppend(&text, table.ToString(width));
  for (const std::string& note : BreakdownNotes(pair, breakdown))
    absl::StrAppend(&text, TerminalText(note), "\n");
  return text;
}

std::string BreakdownTexts(const std::vector<CellProfiles>& cells, const CategoryRules& rules,
                           size_t width) {
  std::string text;
  const ProfilePairs found = PairsOf(cells);
  for (const ProfilePair& pair : found.pairs) {
    const absl::StatusOr<DifferenceBreakdown> breakdown =
        BreakDown(*pair.baseline, *pair.other, rules);
    absl::StrAppend(
        &text, text.empty() ? "" : "\n",
        breakdown.ok()
            ? BreakdownText(pair, *breakdown, width)
            : TerminalText(absl::StrCat(TitleOf(pair), ": ", breakdown.status().message())) + "\n");
  }
  return text;
}

Json BreakdownJson(const std::vector<CellProfiles>& cells, const CategoryRules& rules) {
  Json rows = Json::array();
  const ProfilePairs found = PairsOf(cells);
  for (const ProfilePair& pair : found.pairs) {
    const absl::StatusOr<DifferenceBreakdown> breakdown =
        BreakDown(*pair.baseline, *pair.other, rules);
    if (!breakdown.ok()) continue;
    rows.push_back(RowJson(pair, nullptr, nullptr, breakdown->whole));
    for (const CategoryDifference& category : breakdown->categories) {
      rows.push_back(RowJson(pair, &category, nullptr, category.cpu));
      for (const FunctionDifference& function : category.functions)
        rows.push_back(RowJson(pair, &category, &function.name, function.cpu));
    }
  }
  return rows;
}

}  // namespace assay::controller
