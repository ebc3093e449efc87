#include "proto/convert/execution_figures.h"

#include <optional>
#include <vector>

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
  return use;
}

}  // namespace

Figures FiguresOf(const ExecutionRecord& execution) {
  std::vector<LoadCounts> loads;
  for (const LoadRecord& load : execution.loads()) loads.push_back(CountsOf(load.finished()));
  std::optional<ServerUse> server;
  if (execution.has_server()) server = UseOf(execution);
  return DeriveFigures(loads, server);
}

}  // namespace assay
