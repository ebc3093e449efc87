#include "agent/loadgen/report_json.h"

#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "analysis/order_statistics.h"
#include "common/json_text.h"
#include "common/version.h"
#include "nlohmann/json.hpp"

namespace assay::loadgen {
namespace {

using Json = nlohmann::ordered_json;

Json Micros(std::optional<int64_t> ns) {
  if (!ns.has_value()) return nullptr;
  return static_cast<double>(*ns) / 1e3;
}

Json OrNull(std::optional<double> value) {
  return value.has_value() ? Json(*value) : Json(nullptr);
}

Json Latencies(const LatencyHistogram& histogram) {
  Json json;
  const bool any = !histogram.empty();
  json["min"] = any ? Micros(histogram.min_ns()) : nullptr;
  json["mean"] = any ? Json(histogram.MeanNanos() / 1e3) : nullptr;
  for (const auto& [key, q] :
       {std::pair("p50", 0.5), std::pair("p90", 0.9), std::pair("p95", 0.95),
        std::pair("p99", 0.99), std::pair("p999", 0.999), std::pair("p9999", 0.9999)}) {
    json[key] = Micros(SupportedQuantile(histogram, q));
  }
  json["max"] = any ? Micros(histogram.max_ns()) : nullptr;
  return json;
}

Json StoppedByName(StoppedBy by) {
  switch (by) {
    case StoppedBy::kSignal:
      return "signal";
    case StoppedBy::kUntil:
      return "until";
    case StoppedBy::kUnreachable:
      return "unreachable";
    case StoppedBy::kAgent:
      return "agent";
    default:
      return nullptr;
  }
}

const char* ArrivalsName(Arrivals arrivals) {
  switch (arrivals) {
    case Arrivals::kPoisson:
      return "poisson";
    case Arrivals::kRamp:
      return "ramp";
    default:
      return "constant";
  }
}

Json Seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

template <typename T>
Json Where(bool applies, const T& value) {
  return applies ? Json(value) : Json(nullptr);
}

Json Settings(const RunSettings& settings) {
  const LoadOptions& options = *settings.options;
  const bool open = options.open_loop();
  const bool mix = options.requests.size() > 1;
  const bool named = !mix && !options.requests.empty();
  Json json;
  json["label"] = Where(!options.label.empty(), options.label);
  json["target"] = options.target.text;
  json["path"] = named ? Json(options.requests[0].path) : nullptr;
  json["method"] = named ? Json(options.requests[0].method) : nullptr;
  json["mix"] = Where(mix, options.requests.size());
  json["connections"] = options.connections;
  json["threads"] = options.threads;
  json["pipeline"] = options.pipeline;
  json["http2"] = options.http2;
  json["arrivals"] = Where(open, ArrivalsName(options.arrivals));
  json["rate"] = Where(open, options.rate_per_s);
  json["pacing"] = Where(open, options.pacing == Pacing::kSpin ? "spin" : "gentle");
  json["duration_s"] = options.duration_ns > 0 ? Seconds(options.duration_ns) : nullptr;
  json["requests"] = Where(options.request_count > 0, options.request_count);
  json["warmup_s"] = Seconds(options.warmup_ns);
  json["timeout_s"] = Seconds(options.timeout_ns);
  json["think_s"] = Seconds(options.think_ns);
  json["seed"] = options.seed;
  json["version"] = kAssayVersion;
  json["started"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", settings.started, absl::UTCTimeZone());
  return json;
}

}  // namespace

std::string FormatJson(const LoadResult& result, const RunSettings* settings) {
  Json json;
  json["sent"] = result.sent;
  json["ok"] = result.ok;
  json["errors"] = result.errors;
  json["timeouts"] = result.timeouts;
  json["in_flight"] = result.in_flight;
  json["retried"] = result.retried;
  json["not_sent"] = result.not_sent;
  json["requests"] = result.requests();
  json["status"] = Json::object();
  for (const auto& [status, count] : result.status) json["status"][absl::StrCat(status)] = count;
  json["error_kinds"] = Json::object();
  for (const auto& [kind, count] : result.error_kinds) json["error_kinds"][kind] = count;
  json["duration_s"] = result.duration_s();
  json["rps"] = result.ok_per_s();
  json["bytes_read"] = result.bytes_read;
  json["connections"] = result.connections;
  json["reconnects"] = result.reconnects;
  json["warmup_requests"] = result.warmup_requests;
  json["mode"] = result.open_loop ? "open" : "closed";
  json["offered_rps"] = result.open_loop ? Json(result.offered_per_s) : nullptr;
  json["latency_us"] = Latencies(result.latency);
  json["service_us"] = Latencies(result.service);
  json["send_lag_us"] = Latencies(result.send_lag);
  const bool gaps = result.idle_gaps.observed_ns > 0;
  json["idle_gap_us"]["p99"] = gaps ? Micros(result.idle_gaps.p99_ns) : nullptr;
  json["idle_gap_us"]["p999"] = gaps ? Micros(result.idle_gaps.p999_ns) : nullptr;
  const Figures figures = result.figures();
  json["think_time_us"] = OrNull(figures.think_time_us);
  json["think_share"] = OrNull(figures.think_share);
  json["cpu_us_per_request"] = OrNull(figures.generator_cpu_us_per_request);
  json["cpu_share"] = result.cpu_share;
  json["run_delay_share"] = OrNull(result.run_delay_share);
  json["busy_share"] = result.busy_share;
  json["samples_recorded"] = result.samples_recorded;
  json["samples_lost"] = result.samples_lost;
  json["outside_seconds"] = result.outside_seconds;
  json["lateness_us"] = Micros(result.lateness_ns);
  json["cpus"] = result.actual_cpus;
  json["stopped"] = result.stopped;
  json["stopped_by"] = StoppedByName(result.stopped_by);
  if (settings != nullptr) json["settings"] = Settings(*settings);
  // A label, or a name from a command line, may be no UTF-8.
  return JsonText(json) + "\n";
}

}  // namespace assay::loadgen
