#ifndef ASSAY_AGENT_LOADGEN_IDLE_GAPS_H_
#define ASSAY_AGENT_LOADGEN_IDLE_GAPS_H_

#include <cstdint>
#include <vector>

namespace assay::loadgen {

// What a core does to a loop that only reads the clock: interrupts, other threads, and a hypervisor
// that takes the core away unseen. No figure of latency taken on that core is better than this.
//
// Quantiles are weighted by time: the p99 is the length of gap that 99 % of all instants do not
// exceed, as a request that falls due at a random instant meets it.
struct IdleGapFigures {
  int64_t observed_ns = 0;
  int64_t p99_ns = 0;
  int64_t p999_ns = 0;
  // Time in gaps over 20 us, over observed_ns.
  double lost_share = 0;
};

// Spins for that long on the calling thread's core. 0: returns zeros.
IdleGapFigures ObserveIdleGaps(int64_t duration_ns);

// The figures for gaps of these lengths, and `short_ns` of time in gaps too short to list.
IdleGapFigures FiguresOfGaps(std::vector<int64_t> gaps_ns, int64_t short_ns);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_IDLE_GAPS_H_
