#include "proto/convert/execution_figures.h"

#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/cpu_set.h"

namespace assay {
namespace {

LoadCounts CountsOf(const LoadFinished& finished) {
  LoadCounts counts;
  counts.sent = finished.sent();
  counts.ok = finished.ok();
  counts.errors = finished.errors();
  counts.timeouts = finished.timeouts();
  counts.in_flight = finished.in_flight();
  if (finished.has_ok_in_window()) counts.ok_in_window = finished.ok_in_window();
  counts.window_ns = finished.duration_ns();
  counts.work_ns = finished.work_ns() != 0 ? finished.work_ns() : finished.cpu_ns();
  if (finished.has_cpu_responses()) counts.work_responses = finished.cpu_responses();
  if (finished.has_think_ns()) counts.think_ns = finished.think_ns();
  counts.flight_ns = finished.flight_ns();
  counts.cycles = finished.cycles();
  return counts;
}

ServerUse UseOf(const ExecutionRecord& execution) {
  const ServerFinished& finished = execution.server();
  ServerUse use;
  use.cpu_ns = finished.cpu_ns();
  use.dated = finished.has_cpu_begin_ns();
  use.complete = !finished.tree_incomplete();
  if (execution.has_server_cpu_responses()) use.responses = execution.server_cpu_responses();
  use.rss_bytes = finished.rss_bytes();
  // In slots, the readings are those of the first and the last slot, and window_ns is the sum of all.
  const bool between_readings =
      finished.has_cpu_begin_ns() && finished.has_cpu_end_ns() && !execution.has_slots();
  use.cpu_window_ns =
      between_readings ? finished.cpu_end_ns() - finished.cpu_begin_ns() : finished.window_ns();
  const absl::StatusOr<CpuSet> cpus = CpuSet::Parse(finished.actual_cpus());
  if (cpus.ok()) use.cpus = cpus->Count();
  return use;
}

// The largest distance between a given percentile and one of kQuantiles that is the same: decimals are not exact.
constexpr double kSamePercent = 1e-9;

Figures FiguresOf(const ImportedResult& imported) {
  Figures figures;
  if (imported.has_requests()) figures.requests = imported.requests();
  if (imported.has_rps()) figures.rps = imported.rps();
  if (imported.has_mean_us()) figures.mean_us = imported.mean_us();
  if (imported.has_max_us()) figures.max_us = imported.max_us();
  for (const ImportedPercentile& one : imported.percentiles()) {
    for (size_t i = 0; i < kQuantiles.size(); ++i) {
      if (std::abs(one.percent() - 100 * kQuantiles[i].q) < kSamePercent)
        figures.quantile_us[i] = one.us();
    }
  }
  return figures;
}

}  // namespace

Figures FiguresOf(const ExecutionRecord& execution) {
  if (execution.has_imported()) return FiguresOf(execution.imported());
  std::vector<LoadCounts> loads;
  for (const LoadRecord& load : execution.loads()) loads.push_back(CountsOf(load.finished()));
  std::optional<ServerUse> server;
  if (execution.has_server()) server = UseOf(execution);
  return DeriveFigures(loads, server);
}

Figures FiguresOf(const ExecutionRecord& execution, const LatencyHistogram& latency) {
  Figures figures = FiguresOf(execution);
  if (execution.has_imported()) return figures;
  AddLatency(latency, &figures);
  return figures;
}

}  // namespace assay
