#ifndef ASSAY_CONTROLLER_REPORT_FLAME_ROWS_H_
#define ASSAY_CONTROLLER_REPORT_FLAME_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/profile/function_tree.h"
#include "analysis/profile/profile_difference.h"

namespace assay::controller {

// One profile, or the sum of several runs', as a flame graph.
struct FlameGraph {
  // "hyper", and what it did: "get_plaintext, 500 connections".
  std::string title;
  // One line on how it was taken: "cpu-clock at 199 Hz, 10 runs of 30 s".
  std::string subtitle;
  // What else is to be known of it, a line each.
  std::vector<std::string> notes;
  // What widths are: "CPU time", "time off the CPU".
  std::string quantity = "CPU time";
  const FunctionTree* tree = nullptr;
  // Answered while it was taken; 0 where they were not counted.
  uint64_t requests = 0;
};

// Two sets of runs, coloured by who takes longer.
struct DifferenceGraph {
  std::string title;
  std::string subtitle;
  // Of sets A and B: "libmicrohttpd", "hyper".
  std::string name_a;
  std::string name_b;
  const ProfileDifference* difference = nullptr;
};

// A tree in the order in which it is drawn, as both drawings read it.
struct FlameRows {
  const FunctionTree* tree = nullptr;
  // By place in the order.
  std::vector<uint32_t> nodes;
  std::vector<uint32_t> depths;
  // What widths come from: of one profile its nanoseconds; of a difference the means of A and B.
  std::vector<std::vector<double>> selves;
  std::vector<std::vector<double>> totals;
};

FlameRows RowsOf(const FlameGraph& graph);
// In microseconds a request where requests were counted, else shares.
FlameRows RowsOf(const DifferenceGraph& graph);

// What flame_graph.js reads, as JSON without '<': it stands inside a script element.
std::string FlameData(const FlameGraph& graph, const FlameRows& rows);
std::string FlameData(const DifferenceGraph& graph, const FlameRows& rows);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_FLAME_ROWS_H_
