#ifndef ASSAY_AGENT_LOAD_PROTOCOL_RING_PLAN_H_
#define ASSAY_AGENT_LOAD_PROTOCOL_RING_PLAN_H_

#include <cstddef>

namespace assay {
class Window;
}

namespace assay::loadgen {

// How large each load thread's sample ring should be. `pipeline`: requests in flight on a connection, with which a
// thread is faster.
struct RingPlan {
  size_t bytes_per_thread = 0;
  // Whether all samples of the window fit, whatever the load: then nobody need look at the ring before its end.
  bool holds_window = false;
};

// For what comes between two drainings, or, where the window is not to be disturbed by them, for the whole of it: as
// far as 64 MiB over all threads go.
RingPlan PlanRing(const Window& window, int threads, bool drained_in_window, int pipeline = 1);

// For a ring that is emptied, whenever it is half full, by one who looks at it at least twice a second.
size_t WatchedRingBytes(int pipeline);

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOAD_PROTOCOL_RING_PLAN_H_
