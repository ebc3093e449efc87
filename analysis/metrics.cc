#include "analysis/metrics.h"

namespace assay {
namespace {

// The index is that of kQuantiles.
template <size_t index>
std::optional<double> QuantileOf(const Figures& figures) {
  return figures.quantile_us[index];
}

constexpr Metric kMetrics[] = {
    {.name = "p50_us",
     .unit = "us",
     .meaning = "half of all latencies are at most this",
     .words = {"has", "higher", "lower", "median latency", "the same median latency"},
     .of = QuantileOf<0>},
    {.name = "p90_us",
     .unit = "us",
     .meaning = "90 % of all latencies are at most this",
     .words = {"has", "higher", "lower", "p90 latency", "the same p90 latency"},
     .of = QuantileOf<1>},
    {.name = "p95_us",
     .unit = "us",
     .meaning = "95 % of all latencies are at most this",
     .words = {"has", "higher", "lower", "p95 latency", "the same p95 latency"},
     .of = QuantileOf<2>},
    {.name = "p99_us",
     .unit = "us",
     .meaning = "99 % of all latencies are at most this",
     .words = {"has", "higher", "lower", "p99 latency", "the same p99 latency"},
     .of = QuantileOf<3>},
    {.name = "p999_us",
     .unit = "us",
     .meaning = "99.9 % of all latencies are at most this",
     .words = {"has", "higher", "lower", "p99.9 latency", "the same p99.9 latency"},
     .of = QuantileOf<4>},
    {.name = "p9999_us",
     .unit = "us",
     .meaning = "99.99 % of all latencies are at most this",
     .words = {"has", "higher", "lower", "p99.99 latency", "the same p99.99 latency"},
     .of = QuantileOf<5>},
    {.name = "mean_us",
     .unit = "us",
     .meaning = "mean latency",
     .words = {"has", "higher", "lower", "mean latency", "the same mean latency"},
     .of = [](const Figures& figures) { return figures.mean_us; }},
    {.name = "mean_of_medians_us",
     .unit = "us",
     .meaning = "mean of the executions' medians, the original experiment's figure",
     .words = {"has", "higher", "lower", "mean of medians", "the same mean of medians"},
     .of = QuantileOf<0>,
     .mean_over_executions = true},
    {.name = "rps",
     .unit = "1/s",
     .meaning = "right responses a second",
     .words = {"serves", "more", "fewer", "requests a second", "as many requests a second"},
     .of = [](const Figures& figures) { return figures.rps; },
     .better = Better::kHigher,
     .depends_on_saturation = true},
    {.name = kCapacityMetric,
     .unit = "1/s",
     .meaning = "highest rate that met the objective, confirmed in a full-length execution",
     .words = {"serves", "more", "fewer", "requests a second within the objective",
               "as many requests a second within the objective"},
     .of = [](const Figures& figures) { return figures.capacity_rps; },
     .better = Better::kHigher},
    {.name = "server_cpu_us_per_request",
     .unit = "us",
     .meaning = "CPU time of the server's processes for each request",
     .words = {"needs", "more", "less", "server CPU a request", "the same server CPU a request"},
     .of = [](const Figures& figures) { return figures.server_cpu_us_per_request; },
     .of_server_process = true,
     .depends_on_saturation = true},
    {.name = "server_rss_bytes",
     .unit = "B",
     .meaning = "memory that the server's processes held",
     .words = {.verb = "holds",
               .more = "more",
               .less = "less",
               .noun = "memory",
               .same = "the same memory",
               .faster = "smaller",
               .slower = "larger"},
     .of = [](const Figures& figures) { return figures.server_rss_bytes; },
     .of_server_process = true},
    {.name = "generator_cpu_us_per_request",
     .unit = "us",
     .meaning = "CPU time of the load generator's threads for each request",
     .words = {.verb = "costs",
               .more = "more",
               .less = "less",
               .noun = "load generator CPU a request",
               .same = "the same load generator CPU a request",
               .faster = "cheaper",
               .slower = "dearer"},
     .of = [](const Figures& figures) { return figures.generator_cpu_us_per_request; }},
};

}  // namespace

std::string_view VerdictWord(Verdict verdict, const Metric& metric) {
  if (verdict == Verdict::kFaster) return metric.words.faster;
  if (verdict == Verdict::kSlower) return metric.words.slower;
  return ToString(verdict);
}

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

}  // namespace assay
