#include "controller/results/cell_table.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/plan/cells.h"
#include "controller/results/text_table.h"

namespace assay::controller {
namespace {

constexpr size_t kP50 = 0;
constexpr size_t kP99 = 3;
constexpr double kBytesInMegabyte = 1e6;

CellTable::Entry Figure(const OverExecutions& figure, int decimals, double unit = 1) {
  if (!figure.has_value()) return {.text = "n/a"};
  const auto number = [decimals, unit](double value) {
    return decimals == 0 ? WithThousands(value / unit)
                         : absl::StrFormat("%.*f", decimals, value / unit);
  };
  CellTable::Entry entry{.text = number(figure->estimate)};
  if (!figure->low.has_value() || !figure->high.has_value()) return entry;
  entry.interval = absl::StrCat("[", number(*figure->low), ", ", number(*figure->high), "]");
  const double distance =
      std::max(*figure->high - figure->estimate, figure->estimate - *figure->low);
  const double percent = 100 * distance / std::abs(figure->estimate);
  if (std::isfinite(percent)) {
    entry.plus_minus = absl::StrFormat("±%.*f%%", percent < 9.95 ? 1 : 0, percent);
  }
  return entry;
}

// A column without a text in any row says nothing.
void RemoveEmptyColumns(CellTable& table) {
  for (size_t i = table.columns.size(); i-- > 0;) {
    const auto column = static_cast<std::ptrdiff_t>(i);
    if (std::any_of(
            table.rows.begin(), table.rows.end(),
            [&](const std::vector<CellTable::Entry>& row) { return !row[i].text.empty(); })) {
      continue;
    }
    table.columns.erase(table.columns.begin() + column);
    for (std::vector<CellTable::Entry>& row : table.rows) row.erase(row.begin() + column);
  }
}

std::string TargetText(const CellResult& cell) {
  if (!cell.imported.has_value()) return cell.cell.target();
  return absl::StrCat(cell.cell.target(), " (imported from ", cell.imported->tool(), ")");
}

}  // namespace

CellTable CellTableOf(const CampaignResults& results) {
  std::set<std::string> workloads;
  for (const CellResult& cell : results.cells) workloads.insert(cell.cell.workload());
  CellTable table;
  table.columns = {
      {.title = "target", .short_title = "target", .is_name = true},
      {.title = "workload", .short_title = "workload", .is_name = true},
      {.title = "level", .short_title = "level", .is_name = true},
      {.title = "requests/s", .short_title = "requests/s"},
      {.title = "p50 us", .short_title = "p50 us"},
      {.title = "p99 us", .short_title = "p99 us"},
      {.title = "think us", .short_title = "think us", .optional = true},
      {.title = "server CPU us/request", .short_title = "CPU us/req"},
      {.title = "load CPU us/request", .short_title = "load CPU", .optional = true},
      {.title = "mean of medians us", .short_title = "mean of medians us", .optional = true},
      {.title = "RSS MB", .short_title = "RSS MB", .optional = true},
      {.title = "executions", .short_title = "runs", .optional = true},
      {.title = "retried", .short_title = "retried", .optional = true},
  };
  for (const CellResult& cell : results.cells) {
    table.rows.push_back(
        {{.text = TargetText(cell)},
         {.text = workloads.size() > 1 ? cell.cell.workload() : ""},
         {.text = absl::StrCat(LevelText(cell.cell), cell.cell.profiled() ? ", profiled" : "")},
         Figure(cell.rps, 0),
         Figure(cell.quantile_us[kP50], 0),
         Figure(cell.quantile_us[kP99], 0),
         Figure(cell.think_time_us, 1),
         Figure(cell.server_cpu_us_per_request, 2),
         Figure(cell.generator_cpu_us_per_request, 2),
         {.text = cell.mean_of_medians_us.has_value()
                      ? absl::StrFormat("%.1f", *cell.mean_of_medians_us)
                      : ""},
         Figure(cell.server_rss_bytes, 1, kBytesInMegabyte),
         {.text = absl::StrCat(cell.executions.size(), cell.failed > 0 ? ", " : "",
                               cell.failed > 0 ? absl::StrCat(cell.failed, " failed") : "")},
         {.text = cell.imported.has_value() ? "n/a" : absl::StrCat(cell.retried)}});
  }
  if (!table.rows.empty()) RemoveEmptyColumns(table);
  return table;
}

}  // namespace assay::controller
