#ifndef ASSAY_AGENT_LOADGEN_ARRIVAL_SCHEDULE_H_
#define ASSAY_AGENT_LOADGEN_ARRIVAL_SCHEDULE_H_

#include <cstdint>

#include "agent/loadgen/options.h"
#include "agent/loadgen/sending_periods.h"
#include "analysis/random_stream.h"

namespace assay::loadgen {

// When the requests of one load thread fall due. The times are fixed by the seed and the start alone, whatever becomes
// of the requests: what falls due while the server stalls is due all the same.
//
// All load threads of all hosts together offer one process of arrivals. A constant rate deals its evenly spaced times
// out to them in turn, so that no two fall due at once; Poisson arrivals are split into independent Poisson streams,
// whose sum is one again; a ramp deals out times whose density rises linearly from zero to the rate.
class ArrivalSchedule {
 public:
  struct Config {
    Arrivals arrivals = Arrivals::kConstant;
    // Of all threads of all hosts.
    double total_rate_per_s = 1;
    // Which of how many threads this is.
    int stream = 0;
    int streams = 1;
    uint64_t seed = 1;
  };

  // From the start of the first period on; a ramp rises from the begin of what counts to the end. Arrivals are drawn in
  // load time, so that the rate holds within slots and the time between slots does not exist for them. `periods` must
  // outlive it.
  ArrivalSchedule(const Config& config, const SendingPeriods& periods);

  // The next due time, never before the last one; INT64_MAX after a ramp's end and after the last slot.
  int64_t NextNs() { return periods_.RealNs(NextLoadNs()); }

 private:
  int64_t NextLoadNs();
  int64_t Constant(double rate_per_s, int64_t from_ns);
  int64_t Poisson();
  int64_t Ramp();

  const Config config_;
  const SendingPeriods& periods_;
  const LoadWindow window_;  // In load time.
  RandomStream random_;
  uint64_t turn_ = 0;      // Arrivals of this thread so far, in this part of the run.
  double elapsed_ns_ = 0;  // Poisson: since the start.
  bool warm_ = false;      // Ramp: the warm-up's arrivals are over.
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_ARRIVAL_SCHEDULE_H_
