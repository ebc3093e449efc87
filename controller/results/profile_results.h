#ifndef ASSAY_CONTROLLER_RESULTS_PROFILE_RESULTS_H_
#define ASSAY_CONTROLLER_RESULTS_PROFILE_RESULTS_H_

#include <cstdint>
#include <optional>
#include <string>
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

// One execution that was profiled, by Assay or by a tool whose profile was imported.
struct ProfiledRun {
  std::string execution_id;
  uint32_t block = 0;
  // Wall time at which the execution began, since the epoch.
  int64_t started_us = 0;
  // How it was taken; `refused` is set where there is no profile.
  ProfileInfo info;
  StackProfile stacks;
  // Of `stacks`, time on the CPU.
  FunctionTree tree;
};

// The profiled executions of one cell, mostly one that the plan has for profiles alone.
struct CellProfiles {
  Cell cell;
  // The target that the plan compares others with.
  std::string baseline;
  // In the order of their blocks; those that were refused are not among them.
  std::vector<ProfiledRun> runs;
  // Why a run has none, and what would allow one; empty where each has one.
  std::string refused;
  std::string remedy;
  // Of each run whose stored profile does not decode: its execution and why. The others are in `runs`.
  std::vector<std::string> unreadable = {};
  // Some load was on the server's host: loopback delivery is in the server's CPU time.
  bool same_host = false;
  // Why calls were not counted, and what would allow it; empty where they were, or the plan did not ask.
  std::string calls_refused;

  // `refused` and `remedy` in one line.
  std::string Refusal() const;
  // Why a cell without runs has none: Refusal(), or the first of `unreadable`; empty where nothing says.
  std::string Missing() const;
  // Whether every run sampled the kernel: else shares are of the CPU time in user space, not of all.
  bool has_kernel() const;
  // Sums over the runs.
  FunctionTree Tree(StackTime time = StackTime::kOnCpu) const;
  uint64_t requests() const;
  uint64_t samples() const;
  // What of the server's work being profiled took, as SamplingCost() tells it; nothing where that was not measured.
  std::optional<Estimate> Cost() const;
  // Calls by the kernel's name, where they were counted.
  absl::flat_hash_map<std::string, uint64_t> SystemCalls() const;
  // "cpu-clock at 199 Hz, 8 runs of 10 s, 15920 samples, 0 lost, throttled 0 times, 99.6 % of the stacks whole".
  std::string HowTaken() const;
  // What else is to be known, of whichever run said it. Those that differ in nothing but a count are one.
  std::vector<std::string> Notes() const;
};

// Those of a campaign in the plan's order; empty where it has none. A stored profile that does not decode is told in
// CellProfiles::unreadable and takes nothing else away. `damaged`: as of Store::ForEachExecution().
absl::StatusOr<std::vector<CellProfiles>> ReadProfiles(
    Store& store, const CampaignRecord& campaign, std::vector<absl::Status>* damaged = nullptr);

// The part of a cell's CPU a request that delivers responses to a client on the server's host.
struct LoopbackDelivery {
  // Of all the server's CPU time, by the profile.
  std::optional<double> cpu_us_per_request;
  TimeCost delivery;
};
// nullopt where server and load share no host, or a run did not sample the kernel or could not name its functions.
std::optional<LoopbackDelivery> LoopbackDeliveryOf(const CellProfiles& cell,
                                                   const CategoryRules& rules);

// As what two programs are compared.
enum class CompareBy {
  // Whole stacks: all there is to see, but two programs in other languages share hardly a frame.
  kStacks,
  // CategoryTree(): what the time is for.
  kCategories,
  // SystemCallTree(): bottom up from the system calls.
  kSystemCalls,
  // FunctionTree::WithoutKernel(): for a table of functions, each with what the kernel did for it.
  kOwnFunctions,
};

// B against A, by run. kInvalidArgument where one has no run, or other events were sampled.
absl::StatusOr<ProfileDifference> CompareCells(const CellProfiles& a, const CellProfiles& b,
                                               CompareBy by, const CategoryRules& rules);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_RESULTS_PROFILE_RESULTS_H_
