#ifndef ASSAY_AGENT_LOADGEN_LOAD_LOOP_H_
#define ASSAY_AGENT_LOADGEN_LOAD_LOOP_H_

#include "agent/loadgen/connection_pool.h"
#include "agent/loadgen/load_phases.h"

namespace assay::loadgen {

// Decides when requests are sent over the connections of a pool: in a closed or in an open loop.
class LoadLoop : public FlightSink {
 public:
  // Runs from the window's start, which has come, until the last response is there or was waited for long enough; then
  // phases.times() is complete. Once. The pool has this as its sink.
  virtual void Run(ConnectionPool& pool, LoadPhases& phases) = 0;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOADGEN_LOAD_LOOP_H_
