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
std::string NameForOthers(const CpuLedger::Claim& claim) {
  constexpr size_t kMostShown = 8;
  const std::string& id = claim.execution_id;
  return absl::StrCat(absl::StripSuffix(claim.holder, id),
                      id.substr(0, std::min(kMostShown, id.size() / 2)), "...");
}

}  // namespace

CpuLedger::CpuLedger(CpuSet all, std::function<void(const CpuSet& claimed)> own_changed)
    : all_(all), own_changed_(std::move(own_changed)) {}

absl::StatusOr<CpuSet> CpuLedger::Take(std::string_view wanted, const CpuSet& fallback,
                                       std::string_view execution_id, std::string_view holder) {
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
  for (const Claim& claim : claims_) {
    if (!claim.cpus.Intersects(cpus)) continue;
    if (claim.execution_id == execution_id && (named || all_.Count() == 1)) continue;
    return absl::ResourceExhaustedError(absl::StrCat(
        "CPUs ", cpus.ToString(), " are not free: the ", NameForOthers(claim), " is pinned to ",
        claim.cpus.ToString(), "; wait until it is done, or place the jobs apart"));
  }
  claims_.push_back({std::string(execution_id), std::string(holder), cpus});
  own_changed_(ClaimedLocked());
  return cpus;
}

void CpuLedger::Return(std::string_view holder) {
  absl::MutexLock lock(&mutex_);
  const size_t gone =
      std::erase_if(claims_, [holder](const Claim& claim) { return claim.holder == holder; });
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
