#include "controller/store/key_figures.h"

#include <algorithm>

#include "analysis/latency_histogram.h"
#include "analysis/order_statistics.h"
#include "common/status_macros.h"
#include "proto/convert/histogram_proto.h"

namespace assay {
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
  // Right answers that came in the window: a queue that is answered after it is not its throughput.
  int64_t in_window = 0;
  int64_t generator_ns = 0;
  int64_t window_ns = 0;
  for (const LoadRecord& load : execution.loads()) {
    const LoadFinished& finished = load.finished();
    figures.sent += static_cast<int64_t>(finished.sent());
    in_window +=
        static_cast<int64_t>(finished.ok_in_window() > 0 ? finished.ok_in_window() : finished.ok());
    figures.ok += static_cast<int64_t>(finished.ok());
    figures.errors += static_cast<int64_t>(finished.errors());
    figures.timeouts += static_cast<int64_t>(finished.timeouts());
    figures.in_flight += static_cast<int64_t>(finished.in_flight());
    figures.samples_recorded += static_cast<int64_t>(finished.samples_recorded());
    figures.samples_lost += static_cast<int64_t>(finished.samples_lost());
    generator_ns += finished.work_ns() > 0 ? finished.work_ns() : finished.cpu_ns();
    window_ns = std::max(window_ns, finished.duration_ns());
  }
  figures.duration_s = static_cast<double>(window_ns) / 1e9;
  if (window_ns > 0) figures.rps = static_cast<double>(in_window) / figures.duration_s;
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
  const int64_t requests = figures.ok + figures.errors + figures.timeouts;
  if (requests > 0) {
    const double per_request = 1 / kNanosInMicro / static_cast<double>(requests);
    figures.generator_cpu_us_per_request = static_cast<double>(generator_ns) * per_request;
    if (execution.has_server()) {
      figures.server_cpu_us_per_request =
          static_cast<double>(execution.server().cpu_ns()) * per_request;
    }
  }
  if (execution.has_server()) figures.server_rss_bytes = execution.server().rss_bytes();
  return figures;
}

}  // namespace assay
