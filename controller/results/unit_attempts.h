#ifndef ASSAY_CONTROLLER_RESULTS_UNIT_ATTEMPTS_H_
#define ASSAY_CONTROLLER_RESULTS_UNIT_ATTEMPTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "controller/plan/cells.h"
#include "controller/store/store.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The attempts of each unit (ScheduledExecution.unit) of a campaign. The executions of an interleaved unit are made
// together: one of them alone has no pair. `resume` therefore repeats a whole unit, with one number of the attempt for all
// its executions, and the figures include one attempt of each.
class UnitAttempts {
 public:
  // `plan`, with its defaults filled in, must outlive this object.
  explicit UnitAttempts(const Plan& plan) : plan_(plan) {}

  // Takes each stored execution of the campaign, in any order.
  void See(const ExecutionRecord& execution);

  // Whether one attempt measured all these executions. REQUIRES: they are one unit of ScheduleOf(plan), without skipped
  // cells.
  bool IsMeasured(absl::Span<const ScheduledExecution> unit) const;
  // The number of the unit's next attempt.
  uint32_t NextAttempt(absl::Span<const ScheduledExecution> unit) const;

  // The ids of the measured executions that no figure includes. Of each interleaved unit, the attempt that measured the
  // most targets counts, and of several such attempts the last.
  absl::flat_hash_set<std::string> LeftOut() const;

 private:
  struct Unit {
    uint32_t next_attempt = 0;
    // The measured executions of each attempt: their ids, by target. Versions before attempts of whole units numbered
    // executions alike that were not alive together; their groups tell them apart.
    std::map<std::pair<uint32_t, std::string>, std::map<std::string, std::string>> measured;
    bool interleaved = false;
  };

  std::string KeyOf(const Cell& cell, uint32_t block) const;
  const Unit* Find(absl::Span<const ScheduledExecution> unit) const;

  const Plan& plan_;
  absl::flat_hash_map<std::string, Unit> units_;
};

// UnitAttempts::LeftOut() of a campaign in the store. Damaged executions count as missing.
absl::StatusOr<absl::flat_hash_set<std::string>> LeftOutExecutions(Store& store,
                                                                   const CampaignRecord& campaign);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_UNIT_ATTEMPTS_H_
