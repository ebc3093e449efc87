#ifndef ASSAY_ANALYSIS_PROFILE_PROFILE_DIFFERENCE_H_
#define ASSAY_ANALYSIS_PROFILE_PROFILE_DIFFERENCE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/profile/function_tree.h"
#include "analysis/profile/run_bootstrap.h"

namespace assay {

// Compares two sets of profiles, A and B: where B spends more time, where less, and which differences are more than
// chance. The unit is the run. Every figure is given as a share of the time and in microseconds per request: with
// shares alone, less waiting looks like more of everything else.

// One profiled run.
struct ProfileRun {
  const FunctionTree* tree = nullptr;
  // Responses in the profiled window; 0 if they were not counted.
  uint64_t requests = 0;
  // The sampled event, "cpu-clock". Profiles of different events are not comparable.
  std::string event;
};

struct DifferenceRules {
  double confidence = 0.95;
  // The share of the findings of one table that may be false.
  double false_discovery_rate = 0.05;
  // Entries with a smaller share in both sets are shown but not tested: more tests find fewer differences.
  double least_share = 0.01;
  uint64_t seed = 1;
};

// One function, category or node.
struct ProfileChange {
  // Means over runs.
  MeanDifference share;
  // Not set if a run's requests were not counted.
  std::optional<MeanDifference> us_per_request;
  bool tested = false;
  // Significance by Benjamini and Hochberg over the table, in which rows that are equal in every run count once.
  // Tests us_per_request if it is set, otherwise share.
  bool significant = false;

  const MeanDifference& deciding() const { return us_per_request ? *us_per_request : share; }
};

struct FunctionChange {
  TreeFunction function;
  // The time in which the function was anywhere on the stack, and the time in which it was on top.
  ProfileChange total;
  ProfileChange self;
};

struct ProfileDifference {
  uint32_t runs_a = 0;
  uint32_t runs_b = 0;
  // False if there are too few runs. Then no entry is significant.
  bool enough_runs = false;
  bool has_requests = false;
  // Every node of either set; a node that one set lacks has figures of 0 there. The tree's weights are sums over all
  // runs. Functions are equal if name and kind are equal; a function without a name is compared by its file and
  // address.
  FunctionTree tree;
  // By node of `tree`: the node with its callees, and the node alone (means; never tested).
  std::vector<ProfileChange> totals;
  std::vector<ProfileChange> selves;
  // The functions with a share of at least `least_share` in either set, the largest difference first.
  std::vector<FunctionChange> functions;
};

// kInvalidArgument if a set is empty, a run has no samples, or events differ.
absl::StatusOr<ProfileDifference> CompareProfiles(absl::Span<const ProfileRun> a,
                                                  absl::Span<const ProfileRun> b,
                                                  const DifferenceRules& rules);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_PROFILE_DIFFERENCE_H_
