#include "agent/jobs/port_ledger.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/jobs/address.h"
#include "common/status_macros.h"

namespace assay::agent {

PortLedger::PortLedger() : PortLedger(FreePort) {}

PortLedger::PortLedger(Find find) : find_(std::move(find)) {}

absl::StatusOr<uint16_t> PortLedger::TakeFree(const std::string& host) {
  // An agent has far fewer servers than ports, so the second attempt nearly always succeeds.
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    ASSAY_ASSIGN_OR_RETURN(const uint16_t port, find_(host));
    absl::MutexLock lock(&mutex_);
    if (taken_.insert(port).second) return port;
  }
  return absl::ResourceExhaustedError(
      absl::StrCat("no free port on ", host, ": other servers of this agent have those found"));
}

absl::Status PortLedger::Take(const std::string& host, uint16_t port) {
  {
    absl::MutexLock lock(&mutex_);
    if (!taken_.insert(port).second) {
      return absl::AlreadyExistsError(
          absl::StrCat("port ", port, " belongs to another server of this agent"));
    }
  }
  const absl::Status free = CanListen(host, port);
  if (!free.ok()) Return(port);
  return free;
}

void PortLedger::Return(uint16_t port) {
  absl::MutexLock lock(&mutex_);
  taken_.erase(port);
}

}  // namespace assay::agent
