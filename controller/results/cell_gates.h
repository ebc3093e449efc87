#ifndef ASSAY_CONTROLLER_RESULTS_CELL_GATES_H_
#define ASSAY_CONTROLLER_RESULTS_CELL_GATES_H_

#include <map>
#include <string>
#include <vector>

#include "analysis/gates.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The gates of a cell, from those of its executions: of each gate the worst judgement, or that of the median execution if
// the gate's rule says so.
class CellGates {
 public:
  // Takes one judgement of one execution.
  void Add(const GateRules& rules, const GateResult& gate);
  // The judgements of the cell, one per gate. Call it after the last Add(); it leaves this object empty.
  std::vector<GateResult> Conclude(const GateRules& rules);

 private:
  // The worst judgement of each gate.
  std::vector<GateResult> worst_;
  // By name, all judgements of the gates of which the typical one counts.
  std::map<std::string, std::vector<GateResult>> typical_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_CELL_GATES_H_
