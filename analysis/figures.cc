#include "analysis/figures.h"

#include <algorithm>

#include "analysis/order_statistics.h"

namespace assay {
namespace {

constexpr double kNanosInMicro = 1e3;
constexpr double kNanosInSecond = 1e9;

// A sum over load agents. Not known if an agent did not report its value.
class Sum {
 public:
  void Add(std::optional<uint64_t> count) {
    known_ = known_ && count.has_value() && !__builtin_add_overflow(sum_, *count, &sum_);
  }
  // A negative time is not valid.
  void AddNanos(std::optional<int64_t> ns) {
    known_ = known_ && ns.has_value() && *ns >= 0;
    if (known_) Add(static_cast<uint64_t>(*ns));
  }
  std::optional<uint64_t> value() const { return known_ ? std::optional(sum_) : std::nullopt; }

 private:
  uint64_t sum_ = 0;
  bool known_ = true;
};

std::optional<double> MicrosEach(std::optional<uint64_t> ns, std::optional<uint64_t> count) {
  if (!ns.has_value() || !count.has_value() || *count == 0) return std::nullopt;
  return static_cast<double>(*ns) / kNanosInMicro / static_cast<double>(*count);
}

std::optional<uint64_t> RequestsOf(const LoadCounts& load) {
  return SumOf({load.ok, load.errors, load.timeouts});
}

void DeriveThinkTime(const std::vector<LoadCounts>& loads, Figures* figures) {
  Sum idle;
  Sum flight;
  Sum cycles;
  for (const LoadCounts& load : loads) {
    idle.AddNanos(load.think_ns);
    flight.AddNanos(load.flight_ns);
    cycles.Add(load.cycles);
  }
  if (!idle.value().has_value() || !flight.value().has_value()) return;
  if (!cycles.value().has_value() || *cycles.value() == 0) return;
  // With window length T: N = (idle + flight) / T, X = cycles / T, R = flight / cycles; T cancels out.
  const auto ended = static_cast<double>(*cycles.value());
  const auto in_flight = static_cast<double>(*flight.value());
  const double all = static_cast<double>(*idle.value()) + in_flight;
  if (all <= 0) return;
  const double think_ns = ThinkTime(all, ended, in_flight / ended);
  figures->think_time_us = std::max(0.0, think_ns) / kNanosInMicro;
  figures->think_share = std::max(0.0, think_ns) * ended / all;
}

std::optional<double> ServerCpu(const ServerUse& server, std::optional<uint64_t> requests) {
  if (server.cpu_ns < 0 || !server.complete) return std::nullopt;
  const auto cpu_ns = static_cast<uint64_t>(server.cpu_ns);
  return MicrosEach(cpu_ns, server.dated ? server.responses : requests);
}

std::optional<double> BusyShare(const ServerUse& server) {
  if (server.cpu_ns < 0 || !server.complete || server.cpu_window_ns <= 0 || server.cpus <= 0)
    return std::nullopt;
  return static_cast<double>(server.cpu_ns) / static_cast<double>(server.cpu_window_ns) /
         server.cpus;
}

}  // namespace

std::optional<uint64_t> SumOf(const std::vector<uint64_t>& counts) {
  Sum sum;
  for (const uint64_t count : counts) sum.Add(count);
  return sum.value();
}

double ThinkTime(double in_flight_most, double throughput, double residence) {
  return in_flight_most / throughput - residence;
}

Figures DeriveFigures(const std::vector<LoadCounts>& loads,
                      const std::optional<ServerUse>& server) {
  Figures figures;
  if (loads.empty()) return figures;
  Sum sent;
  Sum requests;
  Sum ok_in_window;
  Sum work_ns;
  Sum work_responses;
  int64_t window_ns = 0;
  bool backwards = false;
  for (const LoadCounts& load : loads) {
    sent.Add(load.sent);
    requests.Add(RequestsOf(load));
    // An old record without this count uses the count that it has; 0 is a valid count.
    ok_in_window.Add(load.ok_in_window.value_or(load.ok));
    work_ns.AddNanos(load.work_ns);
    work_responses.Add(load.work_responses.has_value() ? load.work_responses : RequestsOf(load));
    window_ns = std::max(window_ns, load.window_ns);
    backwards = backwards || load.window_ns < 0;
  }
  figures.sent = sent.value();
  figures.requests = requests.value();
  const auto per_second = [&](const std::optional<uint64_t>& count) -> std::optional<double> {
    if (backwards || window_ns <= 0 || !count.has_value()) return std::nullopt;
    return static_cast<double>(*count) * kNanosInSecond / static_cast<double>(window_ns);
  };
  figures.rps = per_second(ok_in_window.value());
  figures.offered_per_s = per_second(figures.sent);
  figures.generator_cpu_us_per_request = MicrosEach(work_ns.value(), work_responses.value());
  if (server.has_value()) {
    figures.server_cpu_us_per_request = ServerCpu(*server, requests.value());
    figures.server_busy_share = BusyShare(*server);
    if (server->rss_bytes >= 0) figures.server_rss_bytes = static_cast<double>(server->rss_bytes);
  }
  DeriveThinkTime(loads, &figures);
  return figures;
}

void AddLatency(const LatencyHistogram& latency, Figures* figures) {
  if (latency.empty()) return;
  figures->mean_us = latency.MeanNanos() / kNanosInMicro;
  figures->max_us = static_cast<double>(latency.max_ns()) / kNanosInMicro;
  for (size_t i = 0; i < kQuantiles.size(); ++i) {
    const std::optional<int64_t> nanos = SupportedQuantile(latency, kQuantiles[i].q);
    if (nanos.has_value()) figures->quantile_us[i] = static_cast<double>(*nanos) / kNanosInMicro;
  }
}

}  // namespace assay
