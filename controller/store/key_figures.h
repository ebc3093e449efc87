#ifndef ASSAY_CONTROLLER_STORE_KEY_FIGURES_H_
#define ASSAY_CONTROLLER_STORE_KEY_FIGURES_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The figures of one execution that the store keeps in columns of their own, for `query`. Times are in microseconds.
// A figure that is not known is not set, such as a quantile of too few requests, the CPU time of a server given by URL, or
// what another tool did not report.
struct KeyFigures {
  // Set in every execution that Assay measured.
  std::optional<int64_t> sent, ok, errors, timeouts, in_flight;
  // Requests that ended and were sent more than once.
  std::optional<int64_t> retried;
  // The longest window of a load agent.
  std::optional<double> duration_s;
  // Correct responses of all load agents in the window, divided by duration_s.
  std::optional<double> rps;
  std::optional<double> mean_us, p50_us, p90_us, p95_us, p99_us, p999_us, p9999_us, max_us;
  // CPU time divided by the responses between the two readings of that CPU clock.
  std::optional<double> server_cpu_us_per_request, generator_cpu_us_per_request;
  std::optional<int64_t> server_rss_bytes;
  std::optional<int64_t> samples_recorded, samples_lost;
};

// kInvalidArgument if the record's histogram is not valid.
absl::StatusOr<KeyFigures> KeyFiguresOf(const ExecutionRecord& execution);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_KEY_FIGURES_H_
