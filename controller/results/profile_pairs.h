#ifndef ASSAY_CONTROLLER_RESULTS_PROFILE_PAIRS_H_
#define ASSAY_CONTROLLER_RESULTS_PROFILE_PAIRS_H_

#include <string>
#include <vector>

#include "controller/results/profile_results.h"

namespace assay::controller {

// Two cells whose profiles say what differs between two targets, and not between two loads.
struct ProfilePair {
  const CellProfiles* baseline = nullptr;
  const CellProfiles* other = nullptr;
};

struct ProfilePairs {
  // In the order of the others.
  std::vector<ProfilePair> pairs;
  // What would be one if both had a profile: "b against a: json, 64 connections: no profile of a: why; what would allow
  // one".
  std::vector<std::string> left_out;
};

// Of each workload, mode and level the baseline's cell against that of each other target. Cells of separate executions
// are held against such only. Pointers are into `cells`.
ProfilePairs PairsOf(const std::vector<CellProfiles>& cells);

// "b against a: json, 64 connections".
std::string TitleOf(const ProfilePair& pair);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_PROFILE_PAIRS_H_
