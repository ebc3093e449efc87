#include "controller/results/results_text.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "analysis/metrics.h"
#include "common/number_text.h"
#include "common/utf8.h"
#include "controller/plan/cells.h"
#include "controller/results/capacity_output.h"
#include "controller/results/cell_table.h"
#include "controller/results/csv_row.h"
#include "controller/results/gate_findings.h"
#include "controller/results/imported_results.h"
#include "controller/results/result_notes.h"
#include "controller/results/results_json.h"
#include "controller/results/scaling.h"
#include "controller/results/text_table.h"
#include "controller/results/threshold_text.h"

namespace assay::controller {
namespace {

using Align = TextTable::Align;

// One line, even if names and messages contain line breaks.
std::string Line(const std::string& text) { return TerminalText(text) + "\n"; }

std::string Head(const CampaignResults& results) {
  const CampaignRecord& campaign = results.campaign;
  std::string text = absl::StrCat("campaign ", campaign.id());
  if (!campaign.label().empty()) absl::StrAppend(&text, " (", campaign.label(), ")");
  absl::StrAppend(&text, ", ", TimeText(campaign.started_us()), ", ", ProgressText(results));
  if (!campaign.status_reason().empty()) absl::StrAppend(&text, ": ", campaign.status_reason());
  return Line(campaign.plan().name()) + Line(text);
}

size_t ColumnsOf(TextWidth width) { return width == TextWidth::kWide ? kAnyWidth : kTextColumns; }

std::string CellLines(const CampaignResults& results, TextWidth width) {
  const CellTable cells = CellTableOf(results);
  const bool wide = width == TextWidth::kWide;
  std::vector<TextTable::Column> columns;
  for (const CellTable::Column& one : cells.columns) {
    columns.push_back({wide ? one.title : one.short_title,
                       one.is_name ? Align::kLeft : Align::kRight, one.optional});
  }
  TextTable table(std::move(columns));
  for (const std::vector<CellTable::Entry>& row : cells.rows) {
    std::vector<std::string> texts;
    for (const CellTable::Entry& entry : row) {
      const std::string& interval = wide ? entry.interval : entry.plus_minus;
      texts.push_back(absl::StrCat(entry.text, interval.empty() ? "" : " ", interval));
    }
    table.AddRow(std::move(texts));
  }
  return table.ToString(ColumnsOf(width));
}

std::string GateLines(const CampaignResults& results) {
  if (IsImported(results.campaign)) return "";
  const GateFindings found = FindingsOf(results);
  std::string text = absl::StrCat("gates: ", found.passed, " passed\n");
  for (const GateFinding& finding : found.findings) {
    text += Line(absl::StrCat("  ", FindingText(finding)));
  }
  return text;
}

std::string SkewLine(const CampaignResults& results) {
  if (results.campaign.agents_size() < 3) return "";
  double worst_us = 0;
  for (const CellResult& cell : results.cells) {
    for (const ExecutionResult& one : cell.executions)
      worst_us = std::max(worst_us, one.start_skew_us);
  }
  return absl::StrFormat("largest difference between the starts of load agents: %.0f us\n",
                         worst_us);
}

std::string ThresholdLines(const CampaignResults& results) {
  std::string text;
  for (const ThresholdResult& one : JudgeThresholds(results)) {
    // Show that a regression is within its limit, because that depends on the campaign that it is compared with.
    if (one.threshold.has_regression_percent() || !one.met || !one.certain)
      text += Line(ThresholdText(one));
  }
  return text;
}

void AddFigure(CsvRow& row, const OverExecutions& figure) {
  if (!figure.has_value()) {
    row.Nothing().Nothing().Nothing();
    return;
  }
  row.Number(figure->estimate).Number(figure->low).Number(figure->high);
}

void AddTitles(CsvRow& row, const std::string& name) {
  for (const char* end : {"", "_low", "_high"}) row.Text(name + end);
}

CsvRow RowOfTexts(const std::vector<std::string>& texts) {
  CsvRow row;
  for (const std::string& text : texts) row.Text(text);
  return row;
}

}  // namespace

std::string Fitted(const std::string& text, TextWidth width) {
  return width == TextWidth::kWide ? text : Wrapped(text, kTextColumns);
}

std::string ToText(const CampaignResults& results, TextWidth width) {
  const std::string capacities =
      CapacityTables(results, ColumnsOf(width), /*executions=*/width == TextWidth::kWide);
  std::string text = absl::StrCat(Head(results), "\n", capacities, capacities.empty() ? "" : "\n",
                                  CellLines(results, width), "\n");
  for (const std::string& note : NotesOf(results)) text += Line(note);
  for (const std::string& line : MissingOf(results)) text += Line(line);
  absl::StrAppend(&text, ScalingText(results), SkewLine(results), GateLines(results),
                  ThresholdLines(results));
  return Fitted(text, width);
}

std::string ToCsv(const CampaignResults& results) {
  CsvRow titles = RowOfTexts({"campaign", "target", "workload", "mode", "connections", "rate",
                              "profiled", "executions", "failed"});
  AddTitles(titles, "rps");
  AddTitles(titles, "mean_us");
  for (const NamedQuantile& quantile : kQuantiles)
    AddTitles(titles, absl::StrCat(quantile.name, "_us"));
  AddTitles(titles, "server_cpu_us_per_request");
  AddTitles(titles, "generator_cpu_us_per_request");
  AddTitles(titles, "server_rss_bytes");
  titles.Text("retried").Text("imported_from");
  const bool searches = !results.capacity.empty();
  if (searches) {
    AddTitles(titles, std::string(kCapacityMetric));
    titles.Text("capacity_at_least");
  }
  std::string text = titles.Line();
  for (const CellResult& cell : results.cells) {
    const Cell& key = cell.cell;
    CsvRow row = RowOfTexts({results.campaign.id(), key.target(), key.workload(), key.mode()});
    if (key.rate_per_s() > 0) {
      row.Nothing().Number(key.rate_per_s());
    } else if (key.connections() > 0) {
      row.Count(key.connections()).Nothing();
    } else {
      row.Nothing().Nothing();
    }
    row.Count(key.profiled() ? 1 : 0).Count(cell.executions.size()).Count(cell.failed);
    AddFigure(row, cell.rps);
    AddFigure(row, cell.mean_us);
    for (const OverExecutions& quantile : cell.quantile_us) AddFigure(row, quantile);
    AddFigure(row, cell.server_cpu_us_per_request);
    AddFigure(row, cell.generator_cpu_us_per_request);
    AddFigure(row, cell.server_rss_bytes);
    if (cell.imported.has_value()) {
      row.Nothing().Text(cell.imported->tool());
    } else {
      row.Count(cell.retried).Nothing();
    }
    if (searches) {
      AddFigure(row, cell.capacity_rps);
      row.Count(cell.capacity_at_least ? 1 : 0);
    }
    text += row.Line();
  }
  return text;
}

std::string ToText(const std::vector<CampaignSummary>& campaigns, TextWidth width) {
  if (campaigns.empty()) return "no campaigns yet: run `controller -- demo` to create one\n";
  TextTable table({{"id", Align::kLeft},
                   {"started", Align::kLeft},
                   {"status", Align::kLeft},
                   {"executions", Align::kRight},
                   {"failed", Align::kRight},
                   {"label", Align::kLeft},
                   {"plan", Align::kLeft}});
  for (const CampaignSummary& one : campaigns) {
    table.AddRow({one.id, TimeText(one.started_us), SummaryStatusText(one),
                  absl::StrCat(one.executions),
                  one.failed_executions > 0 ? absl::StrCat(one.failed_executions) : "", one.label,
                  one.plan});
  }
  return table.ToString(ColumnsOf(width));
}

std::string ToCsv(const std::vector<CampaignSummary>& campaigns) {
  std::string text =
      RowOfTexts({"id", "label", "plan", "started", "ended", "status", "executions", "failed"})
          .Line();
  for (const CampaignSummary& one : campaigns) {
    text += RowOfTexts({one.id, one.label, one.plan, TimeText(one.started_us),
                        TimeText(one.ended_us), SummaryStatusText(one)})
                .Count(static_cast<uint64_t>(one.executions))
                .Count(static_cast<uint64_t>(one.failed_executions))
                .Line();
  }
  return text;
}

std::string ToText(const std::vector<AgentRecord>& agents, TextWidth width) {
  std::string text;
  for (const AgentRecord& agent : agents) {
    const AgentDescription& description = agent.description();
    text += Line(absl::StrCat("agent ", agent.address(), ": ", description.host(), ", version ",
                              description.version(), ", CPUs ", description.cpus()));
    absl::StrAppendFormat(&text, "  clock: %+.1f us from the controller's, accurate to %.1f us\n",
                          static_cast<double>(agent.clock_offset_ns()) / 1e3,
                          static_cast<double>(agent.clock_uncertainty_ns()) / 1e3);
    text += Line(absl::StrCat("  default CPUs: servers ", description.default_server_cpus(),
                              ", load ", description.default_load_cpus()));
    for (const TargetDescription& target : description.targets()) {
      std::string line =
          absl::StrCat("  target ", target.name(), ": ",
                       target.installed() ? target.description()
                                          : absl::StrCat("not installed: ", target.install()));
      if (!target.version().empty()) absl::StrAppend(&line, " (", target.version(), ")");
      text += Line(line);
    }
    const Abilities& abilities = description.abilities();
    std::vector<Ability> all(abilities.perf_events().begin(), abilities.perf_events().end());
    all.push_back(abilities.pinning());
    all.push_back(abilities.pid_namespace());
    // Abilities that profiles need besides those events.
    all.push_back(abilities.off_cpu());
    all.push_back(abilities.kernel_names());
    all.push_back(abilities.syscalls());
    for (const Ability& ability : all) {
      if (ability.name().empty()) continue;  // An older agent does not report it.
      std::string line =
          absl::StrCat("  ", ability.name(), ": ", ability.available() ? "yes" : "no");
      if (!ability.available())
        absl::StrAppend(&line, " (", ability.reason(), "). ", ability.remedy());
      text += Line(line);
    }
  }
  return Fitted(text, width);
}

}  // namespace assay::controller
