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

// Two sets of profiles, A and B, compared: where B spends more, where less, and what of that is more
// than chance. The unit is the run. Always the share of the time and microseconds a request: shares
// alone take "less waiting" for "more of all else".

// One profiled run.
struct ProfileRun {
  const FunctionTree* tree = nullptr;
  // Answered in the profiled window; 0 where they were not counted.
  uint64_t requests = 0;
  // What was sampled by, "cpu-clock"; different events see different things.
  std::string event;
};

struct DifferenceRules {
  double confidence = 0.95;
  // Of the findings of one table that may be false.
  double false_discovery_rate = 0.05;
  // What has less in both sets is shown, not tested: more tests find less.
  double least_share = 0.01;
  uint64_t seed = 1;
};

// One function, category or node.
struct ProfileChange {
  // Means over runs.
  MeanDifference share;
  // Not set where a run's requests were not counted.
  std::optional<MeanDifference> us_per_request;
  bool tested = false;
  // By Benjamini and Hochberg over the table, in which rows that are equal in every run count once: of us_per_request
  // where it is set, else of share.
  bool significant = false;

  const MeanDifference& deciding() const { return us_per_request ? *us_per_request : share; }
};

struct FunctionChange {
  TreeFunction function;
  // The time in which it was anywhere on the stack, and the time in which it was on top.
  ProfileChange total;
  ProfileChange self;
};

struct ProfileDifference {
  uint32_t runs_a = 0;
  uint32_t runs_b = 0;
  // With too few runs nothing is tested, and so nothing significant.
  bool enough_runs = false;
  bool has_requests = false;
  // Every node that either set has; what one of them lacks has figures of 0 there. Its own weights
  // are the sums over all runs. A function is the same in both when name and kind are; of one
  // without a name, what there is in its place.
  FunctionTree tree;
  // By node of `tree`: itself with all that it called, and it alone (means; never tested).
  std::vector<ProfileChange> totals;
  std::vector<ProfileChange> selves;
  // Those of at least `least_share` in either set, the largest difference first.
  std::vector<FunctionChange> functions;
};

// kInvalidArgument where a set is empty, a run has no samples, or events differ.
absl::StatusOr<ProfileDifference> CompareProfiles(absl::Span<const ProfileRun> a,
                                                  absl::Span<const ProfileRun> b,
                                                  const DifferenceRules& rules);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_PROFILE_DIFFERENCE_H_
