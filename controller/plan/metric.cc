#include "controller/plan/metric.h"

namespace assay::controller {
namespace {

constexpr Metric kMetrics[] = {
    {"p50_us", "us", "half of all latencies are at most this"},
    {"p90_us", "us", "90 % of all latencies are at most this"},
    {"p95_us", "us", "95 % of all latencies are at most this"},
    {"p99_us", "us", "99 % of all latencies are at most this"},
    {"p999_us", "us", "99.9 % of all latencies are at most this"},
    {"p9999_us", "us", "99.99 % of all latencies are at most this"},
    {"mean_us", "us", "mean latency"},
    {"mean_of_medians_us", "us",
     "mean of the executions' medians, the original experiment's figure"},
    {"rps", "1/s", "right responses a second", true},
    {"server_cpu_us_per_request", "us", "CPU time of the server's processes for each request",
     false, true},
    {"server_rss_bytes", "B", "memory that the server's processes held", false, true},
    {"generator_cpu_us_per_request", "us",
     "CPU time of the load generator's threads for each request"},
};

}  // namespace

absl::Span<const Metric> AllMetrics() { return kMetrics; }

const Metric* FindMetric(std::string_view name) {
  for (const Metric& metric : kMetrics) {
    if (metric.name == name) return &metric;
  }
  return nullptr;
}

std::vector<std::string> MetricNames() {
  std::vector<std::string> names;
  for (const Metric& metric : kMetrics) names.emplace_back(metric.name);
  return names;
}

}  // namespace assay::controller
