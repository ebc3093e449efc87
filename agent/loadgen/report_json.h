#ifndef ASSAY_AGENT_LOADGEN_REPORT_JSON_H_
#define ASSAY_AGENT_LOADGEN_REPORT_JSON_H_

#include <string>

#include "absl/time/time.h"
#include "agent/loadgen/load_result.h"
#include "agent/loadgen/options.h"

namespace assay::loadgen {

// What a run was told to do, and when it did.
struct RunSettings {
  const LoadOptions* options = nullptr;
  // The window's begin.
  absl::Time started;
};

// A result as one JSON object in one line. Times are microseconds; a quantile that the count cannot support, and a
// figure that was not observed, is null. Its keys are a contract:
//   sent, ok, errors, timeouts, in_flight   sent = ok + errors + timeouts + in_flight
//   not_sent                                of --requests, where it ended early
//   requests                                ok + errors + timeouts
//   status{}                                responses by status
//   error_kinds{}                           errors by name
//   duration_s, rps                         length of the window; right responses a second that came in it
//   bytes_read, connections, reconnects, warmup_requests
//   mode, offered_rps                       "closed" (null) or "open"
//   latency_us{min,mean,p50,p90,p95,p99,p999,p9999,max}, service_us{}, send_lag_us{}
//   idle_gap_us{p99,p999}, think_time_us, think_share, cpu_us_per_request,
//   cpu_share, run_delay_share, busy_share, samples_recorded, samples_lost
//   outside_seconds                         requests in the totals, but in no second of the time series
//   lateness_us, cpus, stopped              how late it began; where; whether it was ended early
//   stopped_by                              "signal", "until", "unreachable", or null
//   settings{}                              what was asked for, where `settings` is given; null what does not apply:
//     label, target, path, method, mix, connections, threads, pipeline, http2, arrivals, rate, pacing, duration_s,
//     requests, warmup_s, timeout_s, think_s, seed, version, started
std::string FormatJson(const LoadResult& result, const RunSettings* settings = nullptr);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_REPORT_JSON_H_
