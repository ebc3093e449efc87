#include "agent/loadgen/report_text.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "analysis/order_statistics.h"
#include "common/number_text.h"

namespace assay::loadgen {
namespace {

constexpr int kPlotWidth = 40;

std::string Time(double ns) {
  if (ns < 1e3) return absl::StrFormat("%.0f ns", ns);
  if (ns < 1e6) return absl::StrFormat("%.1f us", ns / 1e3);
  if (ns < 1e9) return absl::StrFormat("%.2f ms", ns / 1e6);
  return absl::StrFormat("%.3f s", ns / 1e9);
}

std::string Count(uint64_t count) {
  std::string digits = absl::StrCat(count);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), 1, ',');
  return digits;
}

// A rate below 1/s is not 0.
std::string PerSecond(double rate) {
  return rate < 10 ? absl::StrFormat("%.3g", rate)
                   : Count(static_cast<uint64_t>(std::llround(rate)));
}

// A line a quantile, with a bar on a logarithmic scale from the smallest latency to the largest.
std::string QuantilePlot(const LatencyHistogram& latency) {
  const double low = std::log(std::max<double>(1, static_cast<double>(latency.min_ns())));
  const double high = std::log(std::max<double>(2, static_cast<double>(latency.max_ns())));
  const auto line = [&](const char* name, double ns) {
    const double share = high > low ? (std::log(std::max(ns, 1.0)) - low) / (high - low) : 1;
    const int width = 1 + static_cast<int>(std::lround(share * (kPlotWidth - 1)));
    return absl::StrFormat("  %-7s %10s  %s\n", name, Time(ns),
                           std::string(std::clamp(width, 1, kPlotWidth), '*'));
  };
  std::string plot = line("min", static_cast<double>(latency.min_ns()));
  for (const auto& [name, q] :
       {std::pair("p50", 0.5), std::pair("p75", 0.75), std::pair("p90", 0.9),
        std::pair("p95", 0.95), std::pair("p99", 0.99), std::pair("p99.9", 0.999),
        std::pair("p99.99", 0.9999)}) {
    const std::optional<int64_t> ns = SupportedQuantile(latency, q);
    if (ns.has_value()) {
      absl::StrAppend(&plot, line(name, static_cast<double>(*ns)));
    } else {
      absl::StrAppend(&plot, absl::StrFormat("  %-7s %10s\n", name, "n/a"));
    }
  }
  absl::StrAppend(&plot, line("max", static_cast<double>(latency.max_ns())));
  return plot;
}

std::string Offered(const LoadResult& result, const LoadOptions& options) {
  std::string text =
      absl::StrCat(options.target.text, ", ",
                   CountText(static_cast<uint64_t>(options.connections), "connection"), " over ",
                   CountText(static_cast<uint64_t>(options.threads), "thread"));
  if (!options.cpus.empty()) absl::StrAppend(&text, " on CPU ", result.actual_cpus);
  if (result.open_loop) {
    absl::StrAppend(&text, ", open loop at ", NumberText(result.offered_per_s), "/s");
  } else {
    absl::StrAppend(&text, ", closed loop");
    if (options.pipeline > 1) absl::StrAppend(&text, ", pipeline ", options.pipeline);
  }
  return text;
}

std::string Short(const LatencyHistogram& histogram) {
  const auto figure = [&](double q) {
    const std::optional<int64_t> ns = SupportedQuantile(histogram, q);
    return ns.has_value() ? Time(static_cast<double>(*ns)) : std::string("n/a");
  };
  return absl::StrCat("p50 ", figure(0.5), ", p99 ", figure(0.99), ", p99.9 ", figure(0.999));
}

}  // namespace

std::string FormatTable(const LoadResult& result, const LoadOptions& options) {
  const Figures figures = result.figures();
  std::string text = absl::StrCat(Offered(result, options), "\n");
  absl::StrAppendFormat(&text, "%s requests in %.2f s: %s ok/s, %.2f MB/s%s\n",
                        Count(result.requests()), result.duration_s(), PerSecond(result.ok_per_s()),
                        result.duration_ns == 0
                            ? 0
                            : static_cast<double>(result.bytes_read) / 1e6 / result.duration_s(),
                        result.stopped ? " (stopped early)" : "");
  absl::StrAppend(&text, "sent ", Count(result.sent), " = ", Count(result.ok), " ok + ",
                  Count(result.errors), " errors + ", Count(result.timeouts), " timeouts + ",
                  Count(result.in_flight), " in flight\n");
  if (result.retried > 0) {
    absl::StrAppend(&text, "  retried on a new connection: ", Count(result.retried), "\n");
  }
  for (const auto& [kind, count] : result.error_kinds) {
    absl::StrAppend(&text, "  ", kind, ": ", Count(count), "\n");
  }
  if (result.status.size() > 1 || (!result.status.empty() && result.ok == 0)) {
    for (const auto& [status, count] : result.status) {
      absl::StrAppend(&text, "  status ", status, ": ", Count(count), "\n");
    }
  }
  if (result.reconnects > 0) {
    absl::StrAppend(
        &text, "connections the server closed, and opened again: ", Count(result.reconnects), "\n");
  }
  if (!result.latency.empty()) {
    absl::StrAppend(&text, "latency (",
                    result.open_loop ? "from intended send" : "from actual send", "), mean ",
                    Time(result.latency.MeanNanos()), "\n", QuantilePlot(result.latency));
  }
  if (result.open_loop) {
    absl::StrAppend(&text, "service (from actual send): ", Short(result.service), "\n",
                    "send lag (intended to actual):  ", Short(result.send_lag), "\n");
  } else {
    absl::StrAppend(&text,
                    "closed loop: it waits while the server stalls, so that its tail is "
                    "blind to stalls; --rate shows them\n");
  }
  if (figures.think_time_us.has_value()) {
    absl::StrAppendFormat(&text,
                          "think time (between a response and the next request): %.1f us, %.1f %% "
                          "of a connection's cycle\n",
                          *figures.think_time_us, *figures.think_share * 100);
  }
  absl::StrAppendFormat(&text, "generator: %s us CPU a request, %.0f %% of a CPU",
                        figures.generator_cpu_us_per_request.has_value()
                            ? absl::StrFormat("%.2f", *figures.generator_cpu_us_per_request)
                            : "n/a",
                        result.cpu_share * 100);
  // A loop that spins uses its CPU all the time.
  if (result.spins) absl::StrAppendFormat(&text, ", busy %.0f %%", result.busy_share * 100);
  if (result.run_delay_share.has_value()) {
    absl::StrAppendFormat(&text, ", waited for it %.1f %%", *result.run_delay_share * 100);
  }
  if (result.idle_gaps.observed_ns > 0) {
    absl::StrAppendFormat(&text, "; its idle core had gaps of p99 %s, p99.9 %s",
                          Time(static_cast<double>(result.idle_gaps.p99_ns)),
                          Time(static_cast<double>(result.idle_gaps.p999_ns)));
  }
  absl::StrAppend(&text, "\n");
  if (result.samples_lost > 0) {
    absl::StrAppend(&text, "samples lost: ", Count(result.samples_lost), " of ",
                    Count(result.samples_lost + result.samples_recorded), "\n");
  }
  return text;
}

std::string FormatCsv(const LoadResult& result) {
  std::string text = "second,sent,ok,errors,timeouts,p50_us,p90_us,p99_us,max_us,retried\n";
  for (const Interval& row : result.seconds) {
    absl::StrAppend(&text, row.second, ",", row.sent, ",", row.ok, ",", row.errors, ",",
                    row.timeouts);
    const absl::StatusOr<LatencyHistogram> latency = LatencyHistogram::FromParts(row.latency);
    for (const double q : {0.5, 0.9, 0.99}) {
      std::optional<int64_t> ns;
      if (latency.ok()) ns = SupportedQuantile(*latency, q);
      absl::StrAppend(&text, ",");
      if (ns.has_value()) absl::StrAppendFormat(&text, "%.3f", static_cast<double>(*ns) / 1e3);
    }
    absl::StrAppend(&text, ",");
    if (latency.ok() && !latency->empty()) {
      absl::StrAppendFormat(&text, "%.3f", static_cast<double>(latency->max_ns()) / 1e3);
    }
    absl::StrAppend(&text, ",", row.retried, "\n");
  }
  return text;
}

}  // namespace assay::loadgen
