#ifndef ASSAY_CONTROLLER_REPORT_FLAME_ROWS_H_
#define ASSAY_CONTROLLER_REPORT_FLAME_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/profile/function_tree.h"
#include "analysis/profile/profile_difference.h"

namespace assay::controller {

// A profile of one run, or the sum of several runs, as a flame graph.
struct FlameGraph {
  // The title and the load: "hyper" and "get_plaintext, 500 connections".
  std::string title;
  // One line on how the profile was taken: "cpu-clock at 199 Hz, 10 runs of 30 s".
  std::string subtitle;
  // Further notes, one per line.
  std::vector<std::string> notes;
  // The unit of widths: "CPU time", "time off the CPU".
  std::string quantity = "CPU time";
  const FunctionTree* tree = nullptr;
  // Responses sent during the profile; 0 if they were not counted.
  uint64_t requests = 0;
};

// Two sets of runs. Colours show which set takes longer.
struct DifferenceGraph {
  std::string title;
  std::string subtitle;
  // Names of the sets A and B: "libmicrohttpd", "hyper".
  std::string name_a;
  std::string name_b;
  const ProfileDifference* difference = nullptr;
};

// A tree in drawing order, shared by the SVG and the script.
struct FlameRows {
  const FunctionTree* tree = nullptr;
  // By index in that order.
  std::vector<uint32_t> nodes;
  std::vector<uint32_t> depths;
  // The weights that give widths: nanoseconds for one profile; the means of A and B for a difference.
  std::vector<std::vector<double>> selves;
  std::vector<std::vector<double>> totals;
};

FlameRows RowsOf(const FlameGraph& graph);
// In microseconds per request if requests were counted, otherwise as shares.
FlameRows RowsOf(const DifferenceGraph& graph);

// The JSON that flame_graph.js reads. It contains no '<', because it stands inside a script element.
std::string FlameData(const FlameGraph& graph, const FlameRows& rows);
std::string FlameData(const DifferenceGraph& graph, const FlameRows& rows);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_REPORT_FLAME_ROWS_H_
