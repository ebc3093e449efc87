#include "controller/report/verdict_section.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/number_text.h"
#include "controller/report/axis.h"
#include "controller/report/html_text.h"
#include "controller/results/gate_findings.h"
#include "controller/results/results_json.h"
#include "controller/verdict/forest.h"
#include "controller/verdict/verdict_words.h"

namespace assay::controller {
namespace {

constexpr double kWidth = 900;
constexpr double kNames = 260;
constexpr double kResults = 200;
constexpr double kRowHeight = 26;
constexpr double kTop = 8;
constexpr double kAxis = 34;
// At most so many distances between marks.
constexpr int kTicks = 6;

std::string Sentences(const CampaignVerdict& verdict) {
  std::string html;
  bool answer = true;
  for (const std::string& sentence : SentencesOf(verdict)) {
    absl::StrAppend(&html, answer ? "<p class=\"answer\">" : "<p>", HtmlText(sentence), "</p>");
    answer = false;
  }
  return html;
}

std::string Badges(const CampaignResults& results) {
  const GateFindings found = FindingsOf(results);
  std::string html =
      absl::StrCat("<p class=\"badges\"><span class=\"badge\">",
                   CountText(found.passed, "gate passed", "gates passed"), "</span>");
  for (const GateFinding& finding : found.findings) {
    const std::string verdict = VerdictText(finding.gate.verdict());
    absl::StrAppend(&html, " <span class=\"badge ", verdict, "\">", HtmlText(finding.gate.name()),
                    ": ", verdict, "</span>");
  }
  return html + "</p>";
}

double PlaceOf(const Forest& forest, double log_ratio) {
  return kNames + (kWidth - kNames - kResults) * forest.Share(log_ratio);
}

std::string Zones(const Forest& forest, double height) {
  const auto band = [&](const char* of_class, double half) {
    const double from = PlaceOf(forest, -half);
    return absl::StrFormat(
        "<rect class=\"%s\" x=\"%.1f\" y=\"%g\" width=\"%.1f\" height=\"%.1f\"/>", of_class, from,
        kTop, PlaceOf(forest, half) - from, height);
  };
  const double zero = PlaceOf(forest, 0);
  return absl::StrCat(band("zone", forest.zone), band("floor", forest.floor),
                      absl::StrFormat("<line class=\"none\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%g\" "
                                      "y2=\"%.1f\"/>",
                                      zero, zero, kTop, kTop + height));
}

// Marks at round percentages, of which no difference is one.
std::string Ticks(const Forest& forest, double height) {
  const double low = 100 * std::expm1(forest.low);
  const double high = 100 * std::expm1(forest.high);
  const double step = RoundStep((high - low) / kTicks);
  std::string svg;
  for (double mark = step * std::ceil(low / step); mark <= high; mark += step) {
    const double percent = std::abs(mark) < step / 2 ? 0 : mark;
    absl::StrAppendFormat(&svg,
                          "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s%.6g %%</text>",
                          PlaceOf(forest, std::log1p(percent / 100)), kTop + height + 18,
                          percent > 0 ? "+" : "", percent);
  }
  return svg;
}

std::string RowSvg(const ForestRow& row, const Forest& forest, size_t index) {
  const double y = kTop + kRowHeight * (static_cast<double>(index) + 0.5);
  std::string svg = absl::StrFormat(
      "<g class=\"row %s\"><title>%s: %s</title><text x=\"0\" y=\"%.1f\">%s</text>", row.verdict,
      HtmlText(row.name), HtmlText(row.result), y + 4, HtmlText(row.name));
  if (row.low.has_value()) {
    absl::StrAppendFormat(
        &svg, "<line class=\"interval\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
        PlaceOf(forest, *row.low), PlaceOf(forest, *row.high), y, y);
  }
  absl::StrAppendFormat(
      &svg,
      "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/><text x=\"%g\" y=\"%.1f\">%s</text>"
      "</g>",
      PlaceOf(forest, row.estimate), y, kWidth - kResults + 12, y + 4, HtmlText(row.result));
  return svg;
}

std::string Plot(const Forest& forest) {
  if (forest.rows.empty()) return "";
  const double height = kRowHeight * static_cast<double>(forest.rows.size());
  std::string svg = absl::StrFormat(
      "<figure class=\"forest\"><svg viewBox=\"0 0 %g %.1f\" role=\"img\" aria-label=\"Intervals "
      "of "
      "the comparisons; the table below has the same content\">%s%s",
      kWidth, kTop + height + kAxis, Zones(forest, height), Ticks(forest, height));
  for (size_t i = 0; i < forest.rows.size(); ++i) svg += RowSvg(forest.rows[i], forest, i);
  return absl::StrFormat(
      "%s</svg><figcaption>Candidate against baseline with the confidence interval. Dark band: the "
      "floor, within %.0f %%, where no difference is claimed. Light band: the zone, within %.0f "
      "%%, "
      "where an interval that lies wholly in it means equivalent.</figcaption></figure>",
      svg, 100 * std::expm1(forest.floor), 100 * std::expm1(forest.zone));
}

std::string Table(const CampaignVerdict& verdict) {
  std::string html =
      "<div class=\"wide\"><table class=\"texts\"><thead><tr><th>comparison</th><th>verdict</th>"
      "<th>change</th><th>level</th><th>metric</th><th>blocks</th></tr></thead><tbody>";
  const bool with_workload = HasWorkloads(verdict);
  for (const auto* const all : {&verdict.comparisons, &verdict.aa}) {
    for (const Comparison& one : *all) {
      if (!one.primary) continue;
      absl::StrAppend(&html, "<tr class=\"", one.verdict(), "\"><th scope=\"row\">",
                      all == &verdict.aa ? "A/A " : "", HtmlText(SidesText(one)), "</th><td>",
                      one.verdict_word(), "</td><td>",
                      one.ratio.has_value() ? HtmlText(ChangeText(one.ratio->ratio)) : "n/a",
                      "</td><td>", HtmlText(PlaceText(one, with_workload)), "</td><td>",
                      std::string(one.metric->name), "</td><td>",
                      one.ratio.has_value() ? one.ratio->blocks : 0, "</td></tr>");
    }
  }
  return html + "</tbody></table></div>";
}

}  // namespace

std::string VerdictHtml(const CampaignResults& results, const CampaignVerdict& verdict) {
  return absl::StrCat(Sentences(verdict), Badges(results), Plot(ForestOf(verdict)), Table(verdict));
}

}  // namespace assay::controller
