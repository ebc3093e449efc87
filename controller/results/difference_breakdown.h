#ifndef ASSAY_CONTROLLER_RESULTS_DIFFERENCE_BREAKDOWN_H_
#define ASSAY_CONTROLLER_RESULTS_DIFFERENCE_BREAKDOWN_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analysis/profile/breakdown.h"
#include "analysis/profile/categories.h"
#include "controller/results/profile_pairs.h"
#include "controller/results/profile_results.h"
#include "controller/results/text_table.h"
#include "nlohmann/json_fwd.hpp"

namespace assay::controller {

// What the difference between two targets is made of, as computed, as text and as JSON.

// Breaks down the difference in server CPU time per request between the profiled executions of two cells. Where the
// kernel was sampled, the whole is the executions' figure in the tables of results; otherwise it is the sampled time in
// user space. Executions of one block are paired if both cells are of one campaign.
//
// kInvalidArgument as in BreakDown() of analysis/profile/breakdown.h, and if the kernel was sampled on one side only;
// kFailedPrecondition if the CPU time per request is not known.
absl::StatusOr<DifferenceBreakdown> BreakDown(const CellProfiles& baseline,
                                              const CellProfiles& candidate,
                                              const CategoryRules& rules);

// A row of the table. Rows are in this order: the whole, then each category with its functions below it.
struct BreakdownRow {
  // 0: the whole; 1: a category; 2: a function.
  int depth = 0;
  std::string name;
  const CpuDifference* cpu = nullptr;
  Bound bound = Bound::kExact;

  // ">= +3.20" and "[+3.10, +3.30]", in microseconds; the latter is empty if there is no interval.
  std::string DifferenceText() const;
  std::string IntervalText() const;
};
// Pointers are into `breakdown`.
std::vector<BreakdownRow> RowsOf(const DifferenceBreakdown& breakdown);

// One line: "b against a: json, 64 connections: +5.70 us [5.10, 6.30] of server CPU per request: +3.20 b's own
// functions, +1.10 serialise, +1.40 in all else". It names the largest significant categories, or without intervals the
// largest ones. Code that no rule assigns to a category is called the own functions of the server that spends more
// time on it.
std::string BreakdownSentence(const ProfilePair& pair, const DifferenceBreakdown& breakdown);

// How the figures were computed, and what limits them, one sentence each.
std::vector<std::string> BreakdownNotes(const ProfilePair& pair,
                                        const DifferenceBreakdown& breakdown);

// The sentence, the table and the notes, for a terminal. Only the table is limited to `width` columns.
std::string BreakdownText(const ProfilePair& pair, const DifferenceBreakdown& breakdown,
                          size_t width = kTextColumns);

// The same for every pair of a campaign; a pair that cannot be broken down has a line with the reason. Empty if there
// is no pair.
std::string BreakdownTexts(const std::vector<CellProfiles>& cells, const CategoryRules& rules,
                           size_t width = kTextColumns);

// The rows of every pair of a campaign that can be broken down, for the key "breakdown". Each has
//   baseline, candidate, workload, level{connections|rate}
//   category, function                   both null: the whole; function null: a category; function "": the other
//                                        functions of the category
//   baseline_us, candidate_us            means over the starts
//   us_per_request{estimate, low, high}  candidate minus baseline; low and high null without an interval
//   significant
//   bound                                exact, at_least, at_most or about
nlohmann::ordered_json BreakdownJson(const std::vector<CellProfiles>& cells,
                                     const CategoryRules& rules);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_DIFFERENCE_BREAKDOWN_H_
