#ifndef ASSAY_AGENT_LOADGEN_ARRIVAL_SCHEDULE_H_
#define ASSAY_AGENT_LOADGEN_ARRIVAL_SCHEDULE_H_

#include <cstdint>

#include "agent/loadgen/load_phases.h"
#include "agent/loadgen/options.h"
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

  // From the window's start on; a ramp rises from its begin to its end.
  ArrivalSchedule(const Config& config, const LoadWindow& window);

  // The next due time, never before the last one; INT64_MAX after a ramp's end.
  int64_t NextNs();

 private:
  int64_t Constant(double rate_per_s, int64_t from_ns);
  int64_t Poisson();
  int64_t Ramp();

  const Config config_;
  const LoadWindow window_;
  RandomStream random_;
  uint64_t turn_ = 0;      // Arrivals of this thread so far, in this part of the run.
  double elapsed_ns_ = 0;  // Poisson: since the start.
  bool warm_ = false;      // Ramp: the warm-up's arrivals are over.
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_ARRIVAL_SCHEDULE_H_
