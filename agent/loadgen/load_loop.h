#ifndef ASSAY_AGENT_LOADGEN_LOAD_LOOP_H_
#define ASSAY_AGENT_LOADGEN_LOAD_LOOP_H_

#include <cstdint>

#include "agent/loadgen/connection_pool.h"
#include "agent/loadgen/load_phases.h"

namespace assay::loadgen {

// Decides when requests are sent over the connections of a pool: in a closed or in an open loop.
class LoadLoop : public FlightSink {
 public:
  // Runs one period (sending_periods.h): from its start, which has come, until the last response has arrived or the
  // drain is over. phases.times() is then complete. Called once for each period, in order, with the same pool, whose sink
  // this is.
  virtual void Run(ConnectionPool& pool, LoadPhases& phases) = 0;
  // Requests that count and have not ended. After the last Run(), once.
  virtual uint64_t TakeUnfinished(const ConnectionPool& pool) = 0;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_LOAD_LOOP_H_
