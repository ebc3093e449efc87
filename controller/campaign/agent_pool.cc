#include "controller/campaign/agent_pool.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace assay {
namespace {

// An agent runs the version commands of its targets to answer, which a busy host may take seconds for.
constexpr absl::Duration kDescribePatience = absl::Seconds(20);
constexpr int kClockRounds = 16;

absl::StatusOr<PoolMember> Reach(const std::string& address, const TlsFiles& tls) {
  PoolMember member;
  ASSAY_ASSIGN_OR_RETURN(member.link, AgentLink::Create(address, tls));
  ASSAY_ASSIGN_OR_RETURN(*member.record.mutable_description(),
                         member.link->Describe(kDescribePatience));
  ASSAY_ASSIGN_OR_RETURN(const ClockEstimate clock, member.link->EstimateClock(kClockRounds));
  member.record.set_address(address);
  member.record.set_clock_offset_ns(clock.offset_ns);
  member.record.set_clock_uncertainty_ns(clock.uncertainty_ns);
  return member;
}

}  // namespace

bool OnSameHost(const AgentDescription& a, const AgentDescription& b) {
  const auto boot = [](const AgentDescription& description) {
    const auto found = description.environment().find("kernel.boot_id");
    return found == description.environment().end() ? std::string() : found->second;
  };
  if (!boot(a).empty() || !boot(b).empty()) return boot(a) == boot(b);
  return a.host() == b.host();
}

absl::StatusOr<std::unique_ptr<AgentPool>> AgentPool::Connect(
    const std::vector<std::string>& addresses, const TlsFiles& tls) {
  std::unique_ptr<AgentPool> pool(new AgentPool);
  if (addresses.empty()) {
    ASSAY_ASSIGN_OR_RETURN(pool->local_, LocalAgent::Start());
    ASSAY_ASSIGN_OR_RETURN(PoolMember member, Reach(pool->local_->address(), TlsFiles()));
    member.record.set_address(kLocalAddress);
    pool->members_.push_back(std::move(member));
  }
  std::set<std::string> seen;
  std::string unreachable;
  for (const std::string& address : addresses) {
    if (!seen.insert(address).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("--agents names ", address, " twice: each agent plays one part"));
    }
    absl::StatusOr<PoolMember> member = Reach(address, tls);
    if (!member.ok() && member.status().code() == absl::StatusCode::kInvalidArgument) {
      return member.status();
    }
    if (!member.ok()) {
      absl::StrAppend(&unreachable, unreachable.empty() ? "" : "\n", member.status().message());
      continue;
    }
    pool->members_.push_back(*std::move(member));
  }
  if (!unreachable.empty()) return absl::UnavailableError(unreachable);
  pool->members_.front().record.add_roles(PartId::SERVER);
  for (PoolMember* load : pool->loads()) load->record.add_roles(PartId::LOAD);
  return pool;
}

std::vector<PoolMember*> AgentPool::loads() {
  std::vector<PoolMember*> loads;
  for (size_t i = members_.size() == 1 ? 0 : 1; i < members_.size(); ++i) {
    loads.push_back(&members_[i]);
  }
  return loads;
}

std::vector<const PoolMember*> AgentPool::loads() const {
  std::vector<const PoolMember*> loads;
  for (size_t i = members_.size() == 1 ? 0 : 1; i < members_.size(); ++i) {
    loads.push_back(&members_[i]);
  }
  return loads;
}

bool AgentPool::SharesHost() const {
  for (const PoolMember* load : loads()) {
    if (OnSameHost(server().description(), load->description())) return true;
  }
  return false;
}

}  // namespace assay
