#ifndef ASSAY_ANALYSIS_FIGURES_H_
#define ASSAY_ANALYSIS_FIGURES_H_

#include <cstdint>
#include <optional>
#include <vector>

namespace assay {

// What one load agent counted in an execution, as it told it: a broken agent may tell anything. Not set: it did not
// tell.
struct LoadCounts {
  uint64_t sent = 0;
  uint64_t ok = 0;
  uint64_t errors = 0;
  uint64_t timeouts = 0;
  uint64_t in_flight = 0;
  // Right responses that came in the window.
  std::optional<uint64_t> ok_in_window;
  int64_t window_ns = 0;
  // What the requests cost the generator, and the responses between the two readings of that clock.
  int64_t work_ns = 0;
  std::optional<uint64_t> work_responses;
  // Time in which the connections' places were empty and taken, and requests that ended in it.
  std::optional<int64_t> think_ns;
  int64_t flight_ns = 0;
  uint64_t cycles = 0;
};

// What the server used.
struct ServerUse {
  int64_t cpu_ns = 0;
  // The moments of the two readings are known. Where not, it is an old record: its CPU time was divided by all requests.
  bool dated = false;
  // Every process of the tree was read.
  bool complete = true;
  // Responses between those moments.
  std::optional<uint64_t> responses;
};

// The figures of one execution, made from what its agents told: one derivation for tables, JSON, the store and the gates.
// What cannot be known, or cannot be true (a negative time, a count that overflows), is not set.
struct Figures {
  std::optional<uint64_t> sent;
  // That ended, well or not.
  std::optional<uint64_t> requests;
  std::optional<double> rps;
  std::optional<double> server_cpu_us_per_request;
  std::optional<double> generator_cpu_us_per_request;
  // Closed loop: how long a connection rests between a response and its next request, by Little's law, and the share of
  // its cycle that this is.
  std::optional<double> think_time_us;
  std::optional<double> think_share;
};

// `server`: not set for one given by URL.
Figures DeriveFigures(const std::vector<LoadCounts>& loads, const std::optional<ServerUse>& server);

// Little's law: N requests that may be in flight, of which X a second end after R seconds in flight, leave
// N / X - R seconds in which each place rests. REQUIRES: throughput > 0.
double ThinkTime(double in_flight_most, double throughput, double residence);

// The sum of counts that a stranger told, or nothing where it overflows.
std::optional<uint64_t> SumOf(const std::vector<uint64_t>& counts);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_FIGURES_H_
