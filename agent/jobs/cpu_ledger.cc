#include "agent/jobs/cpu_ledger.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status_macros.h"

namespace assay::agent {
namespace {

// What others may read of a holder: enough of its id to find it, too little to speak for it.
std::string NameForOthers(const CpuLedger::Claimant& holder) {
  constexpr size_t kMostShown = 8;
  const std::string& id = holder.execution_id;
  return absl::StrCat(absl::StripSuffix(holder.name, id),
                      id.substr(0, std::min(kMostShown, id.size() / 2)), "...");
}

}  // namespace

CpuLedger::Claimant CpuLedger::Claimant::Of(const OpenRequest& request, std::string name) {
  return {.execution_id = request.job().execution_id(),
          .role = request.job().role(),
          .group = request.group(),
          .name = std::move(name)};
}

CpuLedger::CpuLedger(CpuSet all, std::function<void(const CpuSet& claimed)> own_changed)
    : all_(all), own_changed_(std::move(own_changed)) {}

bool CpuLedger::MayShare(const Claimant& holder, const Claimant& claimant, bool named) const {
  const bool one_group = !claimant.group.empty() && holder.group == claimant.group;
  if (one_group && holder.role == claimant.role) return true;
  return (one_group || holder.execution_id == claimant.execution_id) &&
         (named || all_.Count() == 1);
}

absl::Status CpuLedger::CheckGroup(const Claimant& claimant) const {
  if (claimant.group.empty()) return absl::OkStatus();
  const auto members = std::count_if(claims_.begin(), claims_.end(), [&](const Claim& claim) {
    return claim.holder.group == claimant.group && claim.holder.role == claimant.role;
  });
  if (static_cast<size_t>(members) < kMostGroupJobs) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the group has ", kMostGroupJobs,
                   " jobs of this role, which is the maximum; interleave fewer targets"));
}

absl::StatusOr<CpuSet> CpuLedger::Take(std::string_view wanted, const CpuSet& fallback,
                                       Claimant claimant) {
  CpuSet cpus = fallback;
  const bool named = !wanted.empty();
  if (named) {
    ASSAY_ASSIGN_OR_RETURN(cpus, CpuSet::Parse(wanted));
    for (const int cpu : cpus.cpus()) {
      if (all_.Contains(cpu)) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("CPU ", cpu, " does not exist here: this agent has ", all_.ToString()));
    }
  }
  if (cpus.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no CPU is named: this agent has ", all_.ToString()));
  }
  absl::MutexLock lock(&mutex_);
  ASSAY_RETURN_IF_ERROR(CheckGroup(claimant));
  for (const Claim& claim : claims_) {
    if (!claim.cpus.Intersects(cpus) || MayShare(claim.holder, claimant, named)) continue;
    return absl::ResourceExhaustedError(
        absl::StrCat("CPUs ", cpus.ToString(), " are not free: the ", NameForOthers(claim.holder),
                     " is pinned to ", claim.cpus.ToString(),
                     "; wait until it is done, or place the jobs apart"));
  }
  claims_.push_back({std::move(claimant), cpus});
  own_changed_(ClaimedLocked());
  return cpus;
}

void CpuLedger::Return(std::string_view name) {
  absl::MutexLock lock(&mutex_);
  const size_t gone =
      std::erase_if(claims_, [name](const Claim& claim) { return claim.holder.name == name; });
  if (gone > 0) own_changed_(ClaimedLocked());
}

CpuSet CpuLedger::Claimed() const {
  absl::MutexLock lock(&mutex_);
  return ClaimedLocked();
}

CpuSet CpuLedger::ClaimedLocked() const {
  CpuSet claimed;
  for (const Claim& claim : claims_) claimed |= claim.cpus;
  return claimed;
}

}  // namespace assay::agent
