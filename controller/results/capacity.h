#ifndef ASSAY_CONTROLLER_RESULTS_CAPACITY_H_
#define ASSAY_CONTROLLER_RESULTS_CAPACITY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analysis/estimate.h"
#include "analysis/latency_histogram.h"
#include "controller/plan/capacity_search.h"
#include "controller/store/store.h"
#include "proto/plan.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The searches of a campaign whose plan has load.find. Everything follows from the stored executions: the state of a
// search is that of a CapacitySearch to which they are told again, in their order.

// One stored execution of a search.
struct SearchExecution {
  std::string id;
  uint32_t block = 0;
  // As in ExecutionRecord. They order the executions of a block.
  uint32_t position = 0;
  uint32_t attempt = 0;
  double rate_per_s = 0;
  // As in SearchStep. Set by ReplaySearch().
  bool full_length = false;
  RateEvidence evidence;
  // The objective's metric, with the interval over the requests of the execution, in microseconds. Not set if not known.
  std::optional<Estimate> value;
};

// What a committed execution says about its rate, from its record and the gates as they were judged when it was made.
//
// No evidence: it failed, a gate that does not depend on the rate is invalid, or too few requests were sent for the
// metric. The load generator's limit: generator_saturated is invalid; or the objective was missed while that gate warns.
// Missed otherwise: the upper end of the metric's interval is above the objective; fewer than 99 % of the requests due
// got a response; more than 0.1 % had errors; a response was wrong; or the queue for connections was full.
SearchExecution SearchExecutionOf(const FindCapacity& objective, const ExecutionRecord& execution);

// Sorts the executions of one search, tells them to a new search, and marks those of full length. kFailedPrecondition if
// they are not what a search of this version makes.
absl::StatusOr<CapacitySearch> ReplaySearch(const Plan& plan,
                                            std::vector<SearchExecution>& executions);

// The stored executions of all searches of a campaign.
class StoredSearches {
 public:
  // REQUIRES: the campaign's plan has load.find.
  static absl::StatusOr<StoredSearches> Read(Store& store, const CampaignRecord& campaign);

  // Takes one more execution.
  void Add(const ExecutionRecord& execution, SearchExecution found);
  // Those of one search: a cell of the plan in one block.
  std::vector<SearchExecution>& Of(const Cell& search, uint32_t block);
  // The position for the next execution of a block.
  uint32_t NextPosition(uint32_t block) const;

 private:
  // By CellText() of the search.
  std::map<std::pair<std::string, uint32_t>, std::vector<SearchExecution>> searches_;
  std::map<uint32_t, uint32_t> positions_;
};

// One search.
struct BlockCapacity {
  uint32_t block = 0;
  // In the order in which they ran.
  std::vector<SearchExecution> executions;
  // False while executions are missing, or if `unreadable` is set.
  bool ended = false;
  // How it ended.
  SearchResult result;
  // The id of the execution that confirmed the rate.
  std::string confirmed_by;
  // Why the stored executions cannot be read as a search.
  std::string unreadable;
};

// The capacity of one target for one workload.
struct CapacityResult {
  Cell cell;
  // Of blocks that have executions.
  std::vector<BlockCapacity> blocks;
  // Median over blocks with its order-statistic interval, in requests per second. A block in which the server met the
  // objective at no rate counts as 0; blocks without a confirmed rate for another reason are left out. Not set if no
  // block is left.
  std::optional<Estimate> capacity;
  // In some block the server was not the limit. `capacity` is then a lower bound and has no interval.
  bool at_least = false;
  // Searches that ended, and those of them with a confirmed rate.
  uint32_t ended = 0;
  uint32_t confirmed = 0;
};

// `searches`: of one cell, by block. `fresh_starts`: as in CellResult.
CapacityResult CapacityOf(const Plan& plan, const Cell& cell,
                          std::map<uint32_t, std::vector<SearchExecution>> searches,
                          bool fresh_starts);

// What limited the searches that ended: "objective", "load_generator", "no_evidence", "highest_rate" or "executions", and
// the number of searches of each. Empty if none ended.
std::map<std::string, uint32_t> LimitsOf(const CapacityResult& capacity);
std::string LimitName(SearchResult::Limit limit);

// The objective for people: "p99_us <= 5000".
std::string ObjectiveText(const FindCapacity& find);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_CAPACITY_H_
