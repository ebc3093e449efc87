#ifndef ASSAY_CONTROLLER_RESULTS_PROFILE_RESULTS_H_
#define ASSAY_CONTROLLER_RESULTS_PROFILE_RESULTS_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analysis/estimate.h"
#include "analysis/profile/categories.h"
#include "analysis/profile/function_tree.h"
#include "analysis/profile/profile_difference.h"
#include "analysis/profile/stack_profile.h"
#include "controller/store/store.h"
#include "proto/profile.pb.h"
#include "proto/results.pb.h"

namespace assay::controller {

// One profiled execution. The profile was taken by Assay or imported from another tool.
struct ProfiledRun {
  std::string execution_id;
  uint32_t block = 0;
  // Wall time at which the execution began, since the epoch.
  int64_t started_us = 0;
  // How the profile was taken. `refused` is set where there is none.
  ProfileInfo info;
  // The execution's server CPU time per request, as in the tables of results; not set if it is not known.
  std::optional<double> server_cpu_us_per_request;
  StackProfile stacks;
  // Samples on the CPU in `stacks`.
  FunctionTree tree;
};

// Which trees of two programs are compared.
enum class CompareBy {
  // Whole stacks. They show the most, but two programs in different languages share hardly any frames.
  kStacks,
  // CategoryTree(): by purpose.
  kCategories,
  // SystemCallTree(): bottom up from the system calls.
  kSystemCalls,
  // FunctionTree::WithoutKernel(): for a table of functions; each includes the kernel's time on its behalf.
  kOwnFunctions,
};

// Trees that a cell computed from its runs.
struct CellTrees {
  // By StackTime.
  std::array<std::optional<FunctionTree>, 2> sums;
  // By run.
  std::map<CompareBy, std::vector<FunctionTree>> runs;
  // The rules that `runs` follow.
  std::optional<CategoryRules> rules;
};

// The profiled executions of one cell. Usually the plan has such a cell for profiles alone.
//
// Trees are computed on first use and kept: `runs` must not change after that. Threads: one at a time, since const
// functions keep trees too.
struct CellProfiles {
  Cell cell;
  // Whether this target is the plan's baseline.
  std::string baseline;
  // In the order of their blocks, without executions whose profile was refused.
  std::vector<ProfiledRun> runs;
  // Why a run has no profile, and how to get one; empty if every run has one.
  std::string refused;
  std::string remedy;
  // For each run whose stored profile does not decode: its execution and the error. The other runs are in `runs`.
  std::vector<std::string> unreadable = {};
  // Some load ran on the server's host, so the server's CPU time includes loopback delivery.
  bool same_host = false;
  // Why system calls were not counted, and how to get the counts; empty if they were counted or the plan did not ask
  // for them.
  std::string calls_refused;
  // The campaign of the runs.
  std::string campaign_id = {};
  // Use Tree() and RunsBy().
  mutable CellTrees trees = {};

  // `refused` and `remedy` in one line.
  std::string Refusal() const;
  // Why a cell has no runs: Refusal(), or the first entry of `unreadable`; empty if neither is known.
  std::string Missing() const;
  // Whether every run sampled the kernel. If not, shares are of the CPU time in user space only.
  bool has_kernel() const;
  // Sums over the runs. The tree lives as long as this cell.
  const FunctionTree& Tree(StackTime time = StackTime::kOnCpu) const;
  // The runs with the trees that CompareProfiles() compares. The trees live as long as this cell, until a call with
  // other rules.
  std::vector<ProfileRun> RunsBy(CompareBy by, const CategoryRules& rules) const;
  uint64_t requests() const;
  uint64_t samples() const;
  // The share of the server's work that profiling took, from SamplingCost(); nothing if it was not measured.
  std::optional<Estimate> Cost() const;
  // System calls by the kernel's name, where they were counted.
  absl::flat_hash_map<std::string, uint64_t> SystemCalls() const;
  // "cpu-clock at 199 Hz, 8 runs of 10 s, 15920 samples, 0 lost, throttled 0 times, 99.6 % of the stacks whole".
  std::string HowTaken() const;
  // Other notes on the profile, of any run. Notes that differ only in a count are merged into one.
  std::vector<std::string> Notes() const;
};

// The profiles of a campaign in the plan's order; empty if it has none. A stored profile that does not decode is
// reported in CellProfiles::unreadable and does not affect the others. `damaged`: see Store::ForEachExecution().
absl::StatusOr<std::vector<CellProfiles>> ReadProfiles(
    Store& store, const CampaignRecord& campaign, std::vector<absl::Status>* damaged = nullptr);

// CPU time per request that delivers responses to a client on the server's host.
struct LoopbackDelivery {
  // Share of all the server's CPU time, by the profile.
  std::optional<double> cpu_us_per_request;
  TimeCost delivery;
};
// nullopt if server and load share no host, or if a run did not sample the kernel or could not name its functions.
std::optional<LoopbackDelivery> LoopbackDeliveryOf(const CellProfiles& cell,
                                                   const CategoryRules& rules);

// Explains the marks ">= ", "<= " and "~ " of figures, such as "share".
std::string BoundsNote(std::string_view figure);

// Compares B with A, by run. kInvalidArgument if either has no run, or if their sampled events differ.
absl::StatusOr<ProfileDifference> CompareCells(const CellProfiles& a, const CellProfiles& b,
                                               CompareBy by, const CategoryRules& rules);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_PROFILE_RESULTS_H_
