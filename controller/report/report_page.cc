#include "controller/report/report_page.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/number_text.h"
#include "controller/plan/cells.h"
#include "controller/report/ReportCss.h"
#include "controller/report/flame_graph.h"
#include "controller/report/html_text.h"
#include "controller/report/level_figure.h"
#include "controller/report/profile_section.h"
#include "controller/report/verdict_section.h"
#include "controller/results/cell_table.h"
#include "controller/results/gate_findings.h"
#include "controller/results/imported_results.h"
#include "controller/results/profile_pairs.h"
#include "controller/results/result_notes.h"
#include "controller/results/results_json.h"
#include "controller/results/text_table.h"

namespace assay::controller {
namespace {

struct ReportInput {
  const CampaignResults& results;
  const std::vector<CellProfiles>& profiles;
  const CategoryRules& rules;
  // nullptr if the plan wants no verdict.
  const CampaignVerdict* verdict;
};

std::string Section(const char* title, const std::string& content) {
  return content.empty()
             ? std::string()
             : absl::StrCat("<section><h2>", HtmlText(title), "</h2>", content, "</section>");
}

std::string VerdictSection(const ReportInput& input) {
  return input.verdict == nullptr ? "" : VerdictHtml(input.results, *input.verdict);
}

std::string Cells(const ReportInput& input) {
  const CellTable cells = CellTableOf(input.results);
  std::string html = "<div class=\"wide\"><table><thead><tr>";
  for (const CellTable::Column& column : cells.columns)
    absl::StrAppend(&html, "<th>", HtmlText(column.title), "</th>");
  absl::StrAppend(&html, "</tr></thead><tbody>");
  for (const std::vector<CellTable::Entry>& row : cells.rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const char* const open = i == 0 ? "<tr><th scope=\"row\">" : "<td>";
      absl::StrAppend(&html, open, HtmlText(row[i].text));
      if (!row[i].interval.empty())
        absl::StrAppend(&html, "<small>", HtmlText(row[i].interval), "</small>");
      absl::StrAppend(&html, i == 0 ? "</th>" : "</td>");
    }
    absl::StrAppend(&html, "</tr>");
  }
  absl::StrAppend(&html, "</tbody></table></div>");
  for (std::string note : NotesOf(input.results)) {
    note[0] = absl::ascii_toupper(static_cast<unsigned char>(note[0]));
    absl::StrAppend(&html, "<p>", HtmlText(note), ".</p>");
  }
  return html;
}

// One figure per workload. `get` returns the figure's values of a cell.
template <typename Get>
std::vector<LevelFigure> FiguresOver(const CampaignResults& results, const std::string& title,
                                     const std::string& unit, const Get& get) {
  std::vector<LevelFigure> figures;
  for (const CellResult& cell : results.cells) {
    if (IsSeparateExecution(results.campaign.plan(), cell.cell)) continue;
    // An imported cell may have no known level, and so no place in a chart over levels.
    if (cell.cell.connections() == 0 && cell.cell.rate_per_s() <= 0) continue;
    const std::string whole = absl::StrCat(title, ", ", cell.cell.workload());
    auto figure = std::find_if(figures.begin(), figures.end(),
                               [&](const LevelFigure& one) { return one.title == whole; });
    if (figure == figures.end()) {
      const bool open = cell.cell.rate_per_s() > 0;
      figures.push_back({whole, unit, open ? "requests per second offered" : "connections", {}});
      figure = figures.end() - 1;
    }
    auto series = std::find_if(figure->series.begin(), figure->series.end(),
                               [&](const auto& one) { return one.name == cell.cell.target(); });
    if (series == figure->series.end()) {
      figure->series.push_back({cell.cell.target(), {}});
      series = figure->series.end() - 1;
    }
    LevelFigure::Point point;
    point.level = cell.cell.rate_per_s() > 0 ? cell.cell.rate_per_s() : cell.cell.connections();
    const auto [values, over] = get(cell);
    point.values = values;
    if (over.has_value()) point.median = over->estimate;
    series->points.push_back(std::move(point));
  }
  for (LevelFigure& figure : figures) {
    for (LevelFigure::Series& series : figure.series) {
      std::sort(series.points.begin(), series.points.end(),
                [](const auto& a, const auto& b) { return a.level < b.level; });
    }
  }
  return figures;
}

std::string Figures(const ReportInput& input) {
  const auto latency =
      FiguresOver(input.results, "Median latency", "us", [](const CellResult& cell) {
        std::vector<double> values;
        for (const ExecutionResult& one : cell.executions) {
          if (one.quantile_us[0].has_value()) values.push_back(*one.quantile_us[0]);
        }
        return std::pair(values, cell.quantile_us[0]);
      });
  const auto throughput =
      FiguresOver(input.results, "Throughput", "requests/s", [](const CellResult& cell) {
        std::vector<double> values;
        for (const ExecutionResult& one : cell.executions) {
          if (one.rps.has_value()) values.push_back(*one.rps);
        }
        return std::pair(values, cell.rps);
      });
  const auto cpu =
      FiguresOver(input.results, "Server CPU", "us/request", [](const CellResult& cell) {
        std::vector<double> values;
        for (const ExecutionResult& one : cell.executions) {
          if (one.server_cpu_us_per_request.has_value())
            values.push_back(*one.server_cpu_us_per_request);
        }
        return std::pair(values, cell.server_cpu_us_per_request);
      });
  std::string html = "<div class=\"figures\">";
  for (const auto* figures : {&latency, &throughput, &cpu}) {
    for (const LevelFigure& figure : *figures) absl::StrAppend(&html, LevelFigureHtml(figure));
  }
  return html + "</div><p>Every execution is a dot; lines join the medians.</p>";
}

std::string Gates(const ReportInput& input) {
  if (IsImported(input.results.campaign)) return "";
  const GateFindings found = FindingsOf(input.results);
  std::string html = absl::StrCat(
      "<p>", found.passed, " passed",
      input.results.invalid() ? "; at least one makes this result invalid" : "", ".</p>");
  if (found.findings.empty()) return html;
  absl::StrAppend(&html,
                  "<div class=\"wide\"><table "
                  "class=\"texts\"><thead><tr><th>gate</th><th>verdict</th><th>value</th>"
                  "<th>limit</th><th>in</th><th>advice</th></tr></thead><tbody>");
  for (const GateFinding& finding : found.findings) {
    const GateResult& gate = finding.gate;
    const std::string verdict = VerdictText(gate.verdict());
    absl::StrAppend(&html, "<tr class=\"", verdict, "\"><th scope=\"row\">", HtmlText(gate.name()),
                    "</th><td>", verdict, "</td><td>",
                    gate.has_value() ? FourDigits(gate.value()) : "", "</td><td>",
                    NumberText(gate.limit()), " ", HtmlText(gate.unit()), "</td><td>",
                    HtmlText(finding.Where()), "</td><td>", HtmlText(gate.advice()), "</td></tr>");
  }
  return html + "</tbody></table></div>";
}

std::string Paragraph(absl::string_view text) {
  return absl::StrCat("<p>", HtmlText(text), "</p>");
}

std::string Profiles(const ReportInput& input) {
  std::string html;
  bool any = false;
  for (const CellProfiles& cell : input.profiles) {
    any = any || !cell.runs.empty();
    for (const std::string& why : cell.unreadable)
      html += Paragraph(absl::StrCat(CellText(cell.cell), ": ", why));
    if (cell.refused.empty()) continue;
    html += Paragraph(absl::StrCat("No profile of ", CellText(cell.cell), ": ", cell.Refusal()));
  }
  if (!any) return html;
  absl::StrAppend(&html, "<div class=\"wide\">", CostTables(input.profiles, input.rules), "</div>");
  const ProfilePairs found = PairsOf(input.profiles);
  for (const std::string& what : found.left_out) html += Paragraph(what);
  for (const CellProfiles& cell : input.profiles) {
    if (cell.runs.empty()) continue;
    html += ProfileFragments(cell);
    for (const ProfilePair& pair : found.pairs) {
      if (pair.other != &cell) continue;
      const absl::StatusOr<std::string> difference = DifferenceFragments(pair, input.rules);
      html += difference.ok()
                  ? *difference
                  : Paragraph(absl::StrCat(TitleOf(pair), ": ", difference.status().message()));
    }
  }
  return html;
}

std::string Hosts(const ReportInput& input) {
  std::string html;
  for (const AgentRecord& agent : input.results.campaign.agents()) {
    const std::map<std::string, std::string> facts(agent.description().environment().begin(),
                                                   agent.description().environment().end());
    absl::StrAppend(&html, "<details><summary>", HtmlText(agent.description().host()), " (",
                    HtmlText(agent.address()), ")</summary><div class=\"wide\"><table><tbody>");
    for (const auto& [key, value] : facts) {
      absl::StrAppend(&html, "<tr><th scope=\"row\">", HtmlText(key), "</th><td>", HtmlText(value),
                      "</td></tr>");
    }
    absl::StrAppend(&html, "</tbody></table></div></details>");
  }
  return html;
}

std::string Head(const CampaignResults& results) {
  const CampaignRecord& campaign = results.campaign;
  std::string html =
      absl::StrCat("<header><h1>", HtmlText(campaign.plan().name()), "</h1><p>campaign ",
                   HtmlText(campaign.id()), ", ", TimeText(campaign.started_us()), ", ",
                   HtmlText(ProgressText(results)), "</p>");
  for (const SkippedTarget& one : campaign.skipped()) {
    absl::StrAppend(&html, "<p>skipped: ", HtmlText(one.target()), " ", HtmlText(one.workload()),
                    ": ", HtmlText(one.reason()), "</p>");
  }
  for (const absl::Status& one : results.damaged) {
    absl::StrAppend(&html, "<p>damaged, not included in the figures: ", HtmlText(one.message()),
                    "</p>");
  }
  return html + "</header>";
}

}  // namespace

std::string ReportPage(const CampaignResults& results, const std::vector<CellProfiles>& profiles,
                       const CategoryRules& rules, const CampaignVerdict* verdict) {
  const ReportInput input{results, profiles, rules, verdict};
  const std::pair<const char*, std::string (*)(const ReportInput&)> sections[] = {
      {"Verdict", VerdictSection}, {"Results", Cells}, {"By load level", Figures}, {"Gates", Gates},
      {"Profiles", Profiles},      {"Hosts", Hosts}};
  std::string html = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"><title>",
      HtmlText(results.campaign.plan().name()), "</title><style>",
      absl::string_view(embedded::ReportCss().data(), embedded::ReportCss().size()),
      absl::string_view(FlameGraphStyle().data(), FlameGraphStyle().size()),
      "</style></head><body>", Head(results));
  for (const auto& [title, section] : sections)
    absl::StrAppend(&html, Section(title, section(input)));
  return absl::StrCat(html, "<script>", FlameGraphScript(), "</script></body></html>\n");
}

}  // namespace assay::controller
