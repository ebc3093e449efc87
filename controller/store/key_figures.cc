#include "controller/store/key_figures.h"

#include <algorithm>

#include "analysis/latency_histogram.h"
#include "analysis/order_statistics.h"
#include "common/status_macros.h"
#include "proto/convert/execution_figures.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

constexpr double kNanosInMicro = 1e3;

std::optional<double> QuantileMicros(const LatencyHistogram& latency, double q) {
  const std::optional<int64_t> nanos = SupportedQuantile(latency, q);
  if (!nanos.has_value()) return std::nullopt;
  return static_cast<double>(*nanos) / kNanosInMicro;
}

}  // namespace

absl::StatusOr<KeyFigures> KeyFiguresOf(const ExecutionRecord& execution) {
  ASSAY_ASSIGN_OR_RETURN(const LatencyHistogram latency, FromProto(execution.latency()));
  KeyFigures figures;
  int64_t window_ns = 0;
  for (const LoadRecord& load : execution.loads()) {
    const LoadFinished& finished = load.finished();
    figures.sent += static_cast<int64_t>(finished.sent());
    figures.ok += static_cast<int64_t>(finished.ok());
    figures.errors += static_cast<int64_t>(finished.errors());
    figures.timeouts += static_cast<int64_t>(finished.timeouts());
    figures.in_flight += static_cast<int64_t>(finished.in_flight());
    figures.retried += static_cast<int64_t>(finished.retried());
    figures.samples_recorded += static_cast<int64_t>(finished.samples_recorded());
    figures.samples_lost += static_cast<int64_t>(finished.samples_lost());
    window_ns = std::max(window_ns, finished.duration_ns());
  }
  figures.duration_s = static_cast<double>(window_ns) / 1e9;
  const Figures derived = FiguresOf(execution);
  figures.rps = derived.rps.value_or(0);
  figures.server_cpu_us_per_request = derived.server_cpu_us_per_request;
  figures.generator_cpu_us_per_request = derived.generator_cpu_us_per_request;
  if (!latency.empty()) {
    figures.mean_us = latency.MeanNanos() / kNanosInMicro;
    figures.max_us = static_cast<double>(latency.max_ns()) / kNanosInMicro;
    figures.p50_us = QuantileMicros(latency, 0.5);
    figures.p90_us = QuantileMicros(latency, 0.9);
    figures.p95_us = QuantileMicros(latency, 0.95);
    figures.p99_us = QuantileMicros(latency, 0.99);
    figures.p999_us = QuantileMicros(latency, 0.999);
    figures.p9999_us = QuantileMicros(latency, 0.9999);
  }
  if (execution.has_server()) figures.server_rss_bytes = execution.server().rss_bytes();
  return figures;
}

}  // namespace assay::controller
