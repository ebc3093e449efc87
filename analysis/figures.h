#ifndef ASSAY_ANALYSIS_FIGURES_H_
#define ASSAY_ANALYSIS_FIGURES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/latency_histogram.h"

namespace assay {

// A quantile that results include, and its name in JSON and in tables.
struct NamedQuantile {
  const char* name;
  double q;
};
inline constexpr std::array<NamedQuantile, 6> kQuantiles = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}, {"p9999", 0.9999}}};

// The counts of one load agent in an execution, as the agent reported them. A broken agent can report any values.
// Figures that the agent did not report are not set.
struct LoadCounts {
  uint64_t sent = 0;
  uint64_t ok = 0;
  uint64_t errors = 0;
  uint64_t timeouts = 0;
  uint64_t in_flight = 0;
  // Correct responses that arrived in the window.
  std::optional<uint64_t> ok_in_window;
  int64_t window_ns = 0;
  // CPU time of the load generator, and the responses between the two readings of its CPU clock.
  int64_t work_ns = 0;
  std::optional<uint64_t> work_responses;
  // Time during which the connections' slots were empty and occupied, and the requests that ended during it.
  std::optional<int64_t> think_ns;
  int64_t flight_ns = 0;
  uint64_t cycles = 0;
};

// The resources that the server used.
struct ServerUse {
  int64_t cpu_ns = 0;
  // Whether the times of the two clock readings are known. Old records lack them: their CPU time is divided by all
  // requests.
  bool dated = false;
  // Whether every process of the process tree was read.
  bool complete = true;
  // Responses between the two readings.
  std::optional<uint64_t> responses;
  int64_t rss_bytes = 0;
  // The time to which cpu_ns belongs, and the number of CPUs that the server was allowed to use; 0 if not known.
  int64_t cpu_window_ns = 0;
  int cpus = 0;
};

// The figures of one execution, derived from its agents' reports. Tables, JSON, the store and the gates share this
// derivation. A figure that is not known, or cannot be true (a negative time, a count that overflows), is not set.
struct Figures {
  std::optional<uint64_t> sent;
  // Requests that completed or failed.
  std::optional<uint64_t> requests;
  std::optional<double> rps;
  // Requests sent in the window per second; in an open loop, those that fell due.
  std::optional<double> offered_per_s;
  std::optional<double> server_cpu_us_per_request;
  std::optional<double> generator_cpu_us_per_request;
  // Closed loop: how long a connection is idle between a response and its next request, by Little's law, and that
  // time as a share of the connection's cycle.
  std::optional<double> think_time_us;
  std::optional<double> think_share;
  std::optional<double> server_rss_bytes;
  // CPU time of the server divided by what its CPUs had in the same time: 1 if they were always busy.
  std::optional<double> server_busy_share;
  // The rate of an execution that confirmed a server's capacity, in requests per second. Whoever makes searches sets it.
  std::optional<double> capacity_rps;
  // Set by AddLatency(). Not set where no request has a latency, or too few have one for the quantile (in the order of
  // kQuantiles).
  std::optional<double> mean_us;
  std::optional<double> max_us;
  std::array<std::optional<double>, kQuantiles.size()> quantile_us;
};

// `server`: not set for a server given by URL.
Figures DeriveFigures(const std::vector<LoadCounts>& loads, const std::optional<ServerUse>& server);

// Sets the figures of the latency of all requests of the execution.
void AddLatency(const LatencyHistogram& latency, Figures* figures);

// Little's law. With N requests that may be in flight, a throughput of X requests per second and R seconds in flight
// per request, each slot is idle for N / X - R seconds per request. REQUIRES: throughput > 0.
double ThinkTime(double in_flight_most, double throughput, double residence);

// The sum of reported counts, or nothing if it overflows.
std::optional<uint64_t> SumOf(const std::vector<uint64_t>& counts);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_FIGURES_H_
