#ifndef ASSAY_CONTROLLER_VERDICT_SLOT_RESULTS_H_
#define ASSAY_CONTROLLER_VERDICT_SLOT_RESULTS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/figures.h"
#include "analysis/metrics.h"
#include "controller/store/store.h"
#include "proto/results.pb.h"

namespace assay::controller {

// One slot of an interleaved execution, all its load agents together.
struct SlotResult {
  // As in SlotSchedule.
  uint32_t index = 0;
  // A request had no response when the next slot began, so it took time from the next target.
  bool overdue = false;
  // Set are rps, mean_us, the median and server_cpu_us_per_request, each only if it is known. A slot is too short for
  // other figures.
  Figures figures;
};

// The slots of an execution that are not warm-up, by index.
struct SlotResults {
  // The number of slots in a round, in which each target of the group occurs once. 0 if the schedule has no rounds.
  uint32_t round = 0;
  // The first round without a warm-up slot.
  uint32_t first_round = 0;
  // Rounds of the schedule after that one, including it.
  uint32_t rounds = 0;
  std::vector<SlotResult> slots;
};

// REQUIRES: execution.slots is set. kInvalidArgument if a stored histogram is not valid.
absl::StatusOr<SlotResults> SlotResultsOf(const ExecutionRecord& execution,
                                          absl::Span<const LoadInterval> intervals);

// The rounds of one start, in which both targets have a slot.
struct RoundRatios {
  // ln(candidate / baseline) of each usable round.
  std::vector<double> log_ratios;
  // Rounds in which a slot is missing or overdue, or the metric is not known in one of them.
  uint64_t left_out = 0;
};

// Pairs the slots of two executions of one group, round by round. All rounds are left out if the schedules differ.
RoundRatios PairRounds(const SlotResults& baseline, const SlotResults& candidate,
                       const Metric& metric);

// How much the first slots of rounds differ from the others: the difference of the means of the metric's logarithms. Not
// set if the first or the other slots are not known, or with only one target.
std::optional<double> OrderEffect(const SlotResults& slots, const Metric& metric);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_VERDICT_SLOT_RESULTS_H_
