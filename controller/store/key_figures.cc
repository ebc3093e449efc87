#include "controller/store/key_figures.h"

#include <algorithm>
#include <string_view>

#include "analysis/latency_histogram.h"
#include "analysis/metrics.h"
#include "common/status_macros.h"
#include "proto/convert/execution_figures.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

// A metric of the table by its name.
std::optional<double> Value(const Figures& figures, std::string_view metric) {
  return FindMetric(metric)->of(figures);
}

// What an execution's load agents counted.
void AddCounts(const ExecutionRecord& execution, KeyFigures* figures) {
  int64_t sent = 0, ok = 0, errors = 0, timeouts = 0, in_flight = 0, retried = 0;
  int64_t recorded = 0, lost = 0, window_ns = 0;
  for (const LoadRecord& load : execution.loads()) {
    const LoadFinished& finished = load.finished();
    sent += static_cast<int64_t>(finished.sent());
    ok += static_cast<int64_t>(finished.ok());
    errors += static_cast<int64_t>(finished.errors());
    timeouts += static_cast<int64_t>(finished.timeouts());
    in_flight += static_cast<int64_t>(finished.in_flight());
    retried += static_cast<int64_t>(finished.retried());
    recorded += static_cast<int64_t>(finished.samples_recorded());
    lost += static_cast<int64_t>(finished.samples_lost());
    window_ns = std::max(window_ns, finished.duration_ns());
  }
  figures->sent = sent;
  figures->ok = ok;
  figures->errors = errors;
  figures->timeouts = timeouts;
  figures->in_flight = in_flight;
  figures->retried = retried;
  figures->samples_recorded = recorded;
  figures->samples_lost = lost;
  figures->duration_s = static_cast<double>(window_ns) / 1e9;
}

// What another tool reported.
void AddCounts(const ImportedResult& imported, KeyFigures* figures) {
  if (imported.has_ok()) figures->ok = static_cast<int64_t>(imported.ok());
  if (imported.has_errors()) figures->errors = static_cast<int64_t>(imported.errors());
  if (imported.has_timeouts()) figures->timeouts = static_cast<int64_t>(imported.timeouts());
  if (imported.has_duration_s()) figures->duration_s = imported.duration_s();
}

}  // namespace

absl::StatusOr<KeyFigures> KeyFiguresOf(const ExecutionRecord& execution) {
  ASSAY_ASSIGN_OR_RETURN(const LatencyHistogram latency, FromProto(execution.latency()));
  KeyFigures figures;
  if (execution.has_imported()) {
    AddCounts(execution.imported(), &figures);
  } else {
    AddCounts(execution, &figures);
  }
  const Figures derived = FiguresOf(execution, latency);
  figures.rps = derived.rps;
  if (!execution.has_imported()) figures.rps = derived.rps.value_or(0);
  figures.server_cpu_us_per_request = derived.server_cpu_us_per_request;
  figures.generator_cpu_us_per_request = derived.generator_cpu_us_per_request;
  figures.mean_us = derived.mean_us;
  figures.max_us = derived.max_us;
  figures.p50_us = Value(derived, "p50_us");
  figures.p90_us = Value(derived, "p90_us");
  figures.p95_us = Value(derived, "p95_us");
  figures.p99_us = Value(derived, "p99_us");
  figures.p999_us = Value(derived, "p999_us");
  figures.p9999_us = Value(derived, "p9999_us");
  if (derived.server_rss_bytes.has_value())
    figures.server_rss_bytes = static_cast<int64_t>(*derived.server_rss_bytes);
  return figures;
}

}  // namespace assay::controller
