#ifndef ASSAY_CONTROLLER_STORE_KEY_FIGURES_H_
#define ASSAY_CONTROLLER_STORE_KEY_FIGURES_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The figures of one execution that the store keeps in columns of their own, for `query`. Times are in microseconds.
// A figure that is not known is not set, such as a quantile of too few requests or the CPU time of a server given by
// URL.
struct KeyFigures {
  int64_t sent = 0;
  int64_t ok = 0;
  int64_t errors = 0;
  int64_t timeouts = 0;
  int64_t in_flight = 0;
  // Requests that ended and were sent more than once.
  int64_t retried = 0;
  // The longest window of a load agent.
  double duration_s = 0;
  // Correct responses of all load agents in the window, divided by duration_s.
  double rps = 0;
  std::optional<double> mean_us, p50_us, p90_us, p95_us, p99_us, p999_us, p9999_us, max_us;
  // CPU time divided by the responses between the two readings of that CPU clock.
  std::optional<double> server_cpu_us_per_request, generator_cpu_us_per_request;
  std::optional<int64_t> server_rss_bytes;
  int64_t samples_recorded = 0;
  int64_t samples_lost = 0;
};

// kInvalidArgument if the record's histogram is not valid.
absl::StatusOr<KeyFigures> KeyFiguresOf(const ExecutionRecord& execution);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_STORE_KEY_FIGURES_H_
