#ifndef ASSAY_CONTROLLER_RESULTS_CELL_GATES_H_
#define ASSAY_CONTROLLER_RESULTS_CELL_GATES_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "analysis/gates.h"
#include "proto/results.pb.h"

namespace assay::controller {

// A block that is left out of a cell's figures, because a gate that may leave blocks out is invalid in it.
struct LeftOutBlock {
  uint32_t block = 0;
  GateResult gate;
};

// The gates of a cell, from those of its executions: of each gate the worst judgement, or that of the median execution if
// the gate's rule says so. Invalid judgements of gates that may leave blocks out become warnings as long as they do.
class CellGates {
 public:
  // Takes one judgement of the execution of one block.
  void Add(const GateRules& rules, uint32_t block, const GateResult& gate);

  struct Conclusion {
    // One judgement per gate.
    std::vector<GateResult> gates;
    // By block, each once.
    std::vector<LeftOutBlock> left_out;
  };
  // Call it after the last Add(); it leaves this object empty. `blocks`: the number of blocks in which the cell was
  // measured.
  Conclusion Conclude(const GateRules& rules, size_t blocks);

 private:
  // The worst judgement of each gate, without those in disturbed_.
  std::vector<GateResult> worst_;
  // Invalid judgements of gates that may leave blocks out.
  std::vector<LeftOutBlock> disturbed_;
  // By name, all judgements of the gates of which the typical one counts.
  std::map<std::string, std::vector<GateResult>> typical_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_CELL_GATES_H_
