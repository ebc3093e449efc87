#ifndef ASSAY_ANALYSIS_PROFILE_BREAKDOWN_H_
#define ASSAY_ANALYSIS_PROFILE_BREAKDOWN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/estimate.h"
#include "analysis/profile/categories.h"
#include "analysis/profile/function_tree.h"

namespace assay {

// What the difference in CPU time per request between two servers is made of: by category, and within each category
// by function. The rows of functions sum to their category, and the categories to the whole.
//
// In one start of a server, a row takes its share of the samples times the start's CPU time per request. The unit is
// the start. A row's estimate is the mean of the differences between the two starts of a block, and its interval is
// that of Student's t over the blocks. The mean is used because it is additive: medians of rows do not sum to the
// median of the whole. Starts that are not in pairs are compared by the difference of the means and Welch's interval
// (B. L. Welch, Biometrika 34, 1947), with the degrees of freedom rounded down.

// A profiled start of a server.
struct ProfiledStart {
  // Samples on the CPU. Must outlive the call.
  const FunctionTree* tree = nullptr;
  uint32_t block = 0;
  // The CPU time that the tree is a sample of.
  double cpu_us_per_request = 0;
  // The sampled event. Profiles of different events are not comparable.
  std::string event;
};

struct BreakdownRules {
  double confidence = 0.95;
  // The share of the significant rows that may be false.
  double false_discovery_rate = 0.05;
  // Functions with a smaller share of the CPU time in both servers have no row of their own.
  double least_share = 0.01;
  // The most functions per category that have a row of their own.
  size_t most_functions = 5;
  // Whether starts of equal block numbers ran side by side. False for two campaigns.
  bool paired = true;
};

// One row.
struct CpuDifference {
  // Means over the starts, in microseconds of CPU time per request.
  double baseline = 0;
  double candidate = 0;
  // Candidate minus baseline. No interval with fewer than two pairs or two starts per server.
  Estimate us_per_request;
  // The probability of a difference at least this large between servers that do not differ; 1 if there is no interval.
  double p = 1;
  bool significant = false;
};

struct FunctionDifference {
  // Empty for the other functions of the category together.
  std::string name;
  // The time in which the function was the innermost one outside the kernel: the kernel's time counts for the function
  // that called it.
  CpuDifference cpu;
};

struct CategoryDifference {
  Category category = Category::kOther;
  CpuDifference cpu;
  // The relation of the difference to the true one, where functions have no names: see CategoryCost.
  Bound bound = Bound::kExact;
  // The largest difference first; the other functions last.
  std::vector<FunctionDifference> functions;
};

struct DifferenceBreakdown {
  // The starts that count.
  uint32_t baseline_starts = 0;
  uint32_t candidate_starts = 0;
  // Whether a start of one server is compared with the start of the other in the same block.
  bool paired = false;
  // `significant` if the interval excludes 0; this row is not among those of the false discovery rate.
  CpuDifference whole;
  // Without those that neither server spends time on. The largest difference first.
  std::vector<CategoryDifference> categories;
};

// Significance is that of Benjamini and Hochberg over all categories, all functions of at least `least_share`, and the
// other functions of each category. Rows with the same figures in every start count as one.
//
// Starts are paired if the rules allow it and at least two blocks have both servers; starts without a partner are then
// left out. kInvalidArgument if a side has no start, a start has no samples or no CPU time, or events differ.
absl::StatusOr<DifferenceBreakdown> BreakDown(absl::Span<const ProfiledStart> baseline,
                                              absl::Span<const ProfiledStart> candidate,
                                              const CategoryRules& categories,
                                              const BreakdownRules& rules = {});

}  // namespace assay

#endif  // ASSAY_ANALYSIS_PROFILE_BREAKDOWN_H_
