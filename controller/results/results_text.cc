#include "controller/results/results_text.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "common/number_text.h"
#include "controller/plan/cells.h"
#include "controller/results/gate_findings.h"
#include "controller/results/result_notes.h"
#include "controller/results/results_json.h"
#include "controller/results/text_table.h"

namespace assay {
namespace {

using Align = TextTable::Align;

constexpr size_t kP50 = 0;
constexpr size_t kP99 = 3;
constexpr double kBytesInMegabyte = 1e6;

// "12.3 [11.9, 12.8]", or only the estimate where there is no interval, or "n/a".
std::string WithInterval(const OverExecutions& figure, int decimals, double unit = 1) {
  if (!figure.has_value()) return "n/a";
  const auto number = [decimals, unit](double value) {
    return decimals == 0 ? WithThousands(value / unit)
                         : absl::StrFormat("%.*f", decimals, value / unit);
  };
  std::string text = number(figure->estimate);
  if (figure->low.has_value() && figure->high.has_value()) {
    absl::StrAppend(&text, " [", number(*figure->low), ", ", number(*figure->high), "]");
  }
  return text;
}

// 6 places of interval are noise in a table: only the estimate.
std::string Plain(const OverExecutions& figure, int decimals, double unit = 1) {
  if (!figure.has_value()) return "n/a";
  return absl::StrFormat("%.*f", decimals, figure->estimate / unit);
}

std::string Head(const CampaignResults& results) {
  const CampaignRecord& campaign = results.campaign;
  std::string text = absl::StrCat(campaign.plan().name(), "\ncampaign ", campaign.id());
  if (!campaign.label().empty()) absl::StrAppend(&text, " (", campaign.label(), ")");
  absl::StrAppend(&text, ", ", TimeText(campaign.started_us()), ", ", StatusText(campaign.status()),
                  ", ", results.finished_blocks, " of ", campaign.plan().blocks(), " blocks");
  if (!campaign.status_reason().empty()) absl::StrAppend(&text, ": ", campaign.status_reason());
  return text + "\n";
}

std::string CellTable(const CampaignResults& results) {
  std::set<std::string> workloads;
  for (const CellResult& cell : results.cells) workloads.insert(cell.cell.workload());
  TextTable table({{"target", Align::kLeft},
                   {"workload", Align::kLeft},
                   {"level", Align::kLeft},
                   {"requests/s", Align::kRight},
                   {"p50 us", Align::kRight},
                   {"p99 us", Align::kRight},
                   {"think us", Align::kRight},
                   {"mean of medians us", Align::kRight},
                   {"server CPU us/request", Align::kRight},
                   {"load CPU us/request", Align::kRight},
                   {"RSS MB", Align::kRight},
                   {"failed", Align::kRight}});
  for (const CellResult& cell : results.cells) {
    table.AddRow({cell.cell.target(), workloads.size() > 1 ? cell.cell.workload() : "",
                  absl::StrCat(LevelText(cell.cell), cell.cell.profiled() ? ", profiled" : ""),
                  WithInterval(cell.rps, 0), WithInterval(cell.quantile_us[kP50], 0),
                  WithInterval(cell.quantile_us[kP99], 0), Plain(cell.think_time_us, 1),
                  cell.mean_of_medians_us.has_value()
                      ? absl::StrFormat("%.1f", *cell.mean_of_medians_us)
                      : "",
                  WithInterval(cell.server_cpu_us_per_request, 2),
                  Plain(cell.generator_cpu_us_per_request, 2),
                  Plain(cell.server_rss_bytes, 1, kBytesInMegabyte),
                  cell.failed > 0 ? absl::StrCat(cell.failed) : ""});
  }
  return table.ToString();
}

// How many digits a gate's figure deserves.
std::string Number(double value) { return absl::StrFormat("%.4g", value); }

std::string GateLines(const CampaignResults& results) {
  const GateFindings found = FindingsOf(results);
  std::string text = absl::StrCat("gates: ", found.passed, " passed");
  for (const GateFinding& finding : found.findings) {
    const GateResult& gate = finding.gate;
    absl::StrAppend(&text, "\n  ", VerdictText(gate.verdict()), ": ", gate.name(), " ",
                    gate.has_value() ? Number(gate.value()) : "not readable", " (limit ",
                    Number(gate.limit()), gate.unit().empty() ? "" : " ", gate.unit(), ") in ",
                    finding.Where(), ": ", gate.advice());
  }
  return text + "\n";
}

std::string SkewLine(const CampaignResults& results) {
  if (results.campaign.agents_size() < 3) return "";
  double worst_us = 0;
  for (const CellResult& cell : results.cells) {
    for (const ExecutionResult& one : cell.executions)
      worst_us = std::max(worst_us, one.start_skew_us);
  }
  return absl::StrFormat("load agents began within %.0f us of each other at worst\n", worst_us);
}

std::string ThresholdLines(const CampaignResults& results) {
  std::string text;
  for (const ThresholdResult& one : JudgeThresholds(results)) {
    if (one.met && one.certain) continue;
    absl::StrAppend(&text, one.met ? "threshold not decided: " : "threshold missed: ",
                    one.threshold.metric(), " of ", CellText(one.cell), " is ",
                    one.value.has_value() ? Number(*one.value) : "not known");
    if (one.threshold.has_max()) absl::StrAppend(&text, ", at most ", Number(one.threshold.max()));
    if (one.threshold.has_min()) absl::StrAppend(&text, ", at least ", Number(one.threshold.min()));
    if (one.met) {
      absl::StrAppend(&text, ", and the limit lies in its interval: measure more blocks");
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

std::string Quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  return absl::StrCat("\"", absl::StrReplaceAll(field, {{"\"", "\"\""}}), "\"");
}

std::string CsvLine(const std::vector<std::string>& fields) {
  return absl::StrJoin(fields, ",",
                       [](std::string* out, const std::string& field) { *out += Quoted(field); }) +
         "\r\n";
}

void AddFigure(std::vector<std::string>& fields, const OverExecutions& figure) {
  const auto number = [](const std::optional<double>& value) {
    return value.has_value() ? NumberText(*value) : std::string();
  };
  fields.push_back(figure.has_value() ? number(figure->estimate) : "");
  fields.push_back(figure.has_value() ? number(figure->low) : "");
  fields.push_back(figure.has_value() ? number(figure->high) : "");
}

void AddTitles(std::vector<std::string>& fields, const std::string& name) {
  for (const char* end : {"", "_low", "_high"}) fields.push_back(name + end);
}

}  // namespace

std::string ToText(const CampaignResults& results) {
  std::string text = absl::StrCat(Head(results), "\n", CellTable(results), "\n");
  for (const std::string& note : NotesOf(results)) absl::StrAppend(&text, note, "\n");
  for (const SkippedTarget& one : results.campaign.skipped()) {
    absl::StrAppend(&text, "skipped: ", one.target(), one.workload().empty() ? "" : " ",
                    one.workload(), ": ", one.reason(), "\n");
  }
  for (const CellResult& cell : results.cells) {
    if (cell.failed == 0) continue;
    absl::StrAppend(&text, "failed: ", CellText(cell.cell), ", ", cell.failed,
                    cell.failed == 1 ? " execution: " : " executions, the last: ", cell.failure,
                    "\n");
  }
  absl::StrAppend(&text, SkewLine(results), GateLines(results), ThresholdLines(results));
  return text;
}

std::string ToCsv(const CampaignResults& results) {
  std::vector<std::string> titles = {"campaign", "target",   "workload",   "mode",  "connections",
                                     "rate",     "profiled", "executions", "failed"};
  AddTitles(titles, "rps");
  AddTitles(titles, "mean_us");
  for (const NamedQuantile& quantile : kQuantiles)
    AddTitles(titles, absl::StrCat(quantile.name, "_us"));
  AddTitles(titles, "server_cpu_us_per_request");
  AddTitles(titles, "generator_cpu_us_per_request");
  AddTitles(titles, "server_rss_bytes");
  std::string text = CsvLine(titles);
  for (const CellResult& cell : results.cells) {
    const Cell& key = cell.cell;
    std::vector<std::string> fields = {results.campaign.id(),
                                       key.target(),
                                       key.workload(),
                                       key.mode(),
                                       key.connections() > 0 ? absl::StrCat(key.connections()) : "",
                                       key.rate_per_s() > 0 ? NumberText(key.rate_per_s()) : "",
                                       key.profiled() ? "1" : "0",
                                       absl::StrCat(cell.executions.size()),
                                       absl::StrCat(cell.failed)};
    AddFigure(fields, cell.rps);
    AddFigure(fields, cell.mean_us);
    for (const OverExecutions& quantile : cell.quantile_us) AddFigure(fields, quantile);
    AddFigure(fields, cell.server_cpu_us_per_request);
    AddFigure(fields, cell.generator_cpu_us_per_request);
    AddFigure(fields, cell.server_rss_bytes);
    text += CsvLine(fields);
  }
  return text;
}

std::string ToText(const std::vector<CampaignSummary>& campaigns) {
  if (campaigns.empty()) return "no campaigns yet: `controller -- demo` makes the first one\n";
  TextTable table({{"id", Align::kLeft},
                   {"started", Align::kLeft},
                   {"status", Align::kLeft},
                   {"executions", Align::kRight},
                   {"failed", Align::kRight},
                   {"label", Align::kLeft},
                   {"plan", Align::kLeft}});
  for (const CampaignSummary& one : campaigns) {
    table.AddRow({one.id, TimeText(one.started_us), StatusText(one.status),
                  absl::StrCat(one.executions),
                  one.failed_executions > 0 ? absl::StrCat(one.failed_executions) : "", one.label,
                  one.plan});
  }
  return table.ToString();
}

std::string ToCsv(const std::vector<CampaignSummary>& campaigns) {
  std::string text =
      CsvLine({"id", "label", "plan", "started", "ended", "status", "executions", "failed"});
  for (const CampaignSummary& one : campaigns) {
    text += CsvLine({one.id, one.label, one.plan, TimeText(one.started_us), TimeText(one.ended_us),
                     StatusText(one.status), absl::StrCat(one.executions),
                     absl::StrCat(one.failed_executions)});
  }
  return text;
}

std::string ToText(const std::vector<AgentRecord>& agents) {
  std::string text;
  for (const AgentRecord& agent : agents) {
    const AgentDescription& description = agent.description();
    absl::StrAppend(&text, "agent ", agent.address(), ": ", description.host(), ", version ",
                    description.version(), ", CPUs ", description.cpus(), "\n");
    absl::StrAppendFormat(&text, "  clock: %+.1f us of ours, within %.1f us\n",
                          static_cast<double>(agent.clock_offset_ns()) / 1e3,
                          static_cast<double>(agent.clock_uncertainty_ns()) / 1e3);
    absl::StrAppend(&text, "  places servers on CPUs ", description.default_server_cpus(),
                    ", load on ", description.default_load_cpus(), "\n");
    for (const TargetDescription& target : description.targets()) {
      absl::StrAppend(&text, "  target ", target.name(), ": ",
                      target.installed() ? target.description()
                                         : absl::StrCat("not installed: ", target.install()));
      if (!target.version().empty()) absl::StrAppend(&text, " (", target.version(), ")");
      absl::StrAppend(&text, "\n");
    }
    const Abilities& abilities = description.abilities();
    std::vector<Ability> all(abilities.perf_events().begin(), abilities.perf_events().end());
    all.push_back(abilities.pinning());
    all.push_back(abilities.pid_namespace());
    // Beside those events, what a profile can hold.
    all.push_back(abilities.off_cpu());
    all.push_back(abilities.kernel_names());
    all.push_back(abilities.syscalls());
    for (const Ability& ability : all) {
      if (ability.name().empty()) continue;  // Of an agent that does not tell.
      absl::StrAppend(&text, "  ", ability.name(), ": ", ability.available() ? "yes" : "no");
      if (!ability.available())
        absl::StrAppend(&text, " (", ability.reason(), "). ", ability.remedy());
      absl::StrAppend(&text, "\n");
    }
  }
  return text;
}

}  // namespace assay
