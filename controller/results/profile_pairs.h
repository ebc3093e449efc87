#ifndef ASSAY_CONTROLLER_RESULTS_PROFILE_PAIRS_H_
#define ASSAY_CONTROLLER_RESULTS_PROFILE_PAIRS_H_

#include <string>
#include <vector>

#include "controller/results/profile_results.h"

namespace assay::controller {

// Two cells that differ in the target only, so that the difference of their profiles is one between targets.
struct ProfilePair {
  const CellProfiles* baseline = nullptr;
  const CellProfiles* other = nullptr;
};

struct ProfilePairs {
  // In the order of the other cells.
  std::vector<ProfilePair> pairs;
  // Pairs in which a cell lacks a profile, with the reason and the remedy: "b against a: json, 64 connections: no
  // profile of a: REASON; REMEDY".
  std::vector<std::string> left_out;
};

// For each workload, mode and level: the baseline's cell and that of each other target. A cell of separate executions
// is paired only with another such cell. Pointers are into `cells`.
ProfilePairs PairsOf(const std::vector<CellProfiles>& cells);

// For example "b against a: json, 64 connections".
std::string TitleOf(const ProfilePair& pair);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_PROFILE_PAIRS_H_
