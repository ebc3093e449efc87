#include "controller/campaign/agent_pool.h"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/message_text.h"
#include "common/status_macros.h"
#include "controller/gates/same_host.h"

namespace assay::controller {
namespace {

constexpr int kClockRounds = 16;

// Fills in a member, except its client.
absl::StatusOr<PoolMember> DescribeMember(AgentClient& client) {
  PoolMember member;
  ASSAY_ASSIGN_OR_RETURN(*member.record.mutable_description(), client.Describe(kDescribeTimeout));
  ASSAY_ASSIGN_OR_RETURN(const ClockEstimate clock, client.EstimateClock(kClockRounds));
  member.record.set_address(client.address());
  member.record.set_clock_offset_ns(clock.offset_ns);
  member.record.set_clock_uncertainty_ns(clock.uncertainty_ns);
  return member;
}

// The errors of all agents, each distinct line once: an error in a TLS file is the same for every agent.
absl::Status ErrorsOf(const std::vector<absl::StatusOr<PoolMember>>& results) {
  absl::StatusCode code = absl::StatusCode::kUnavailable;
  std::vector<std::string> lines;
  for (const absl::StatusOr<PoolMember>& one : results) {
    if (one.ok()) continue;
    if (absl::IsInvalidArgument(one.status())) code = absl::StatusCode::kInvalidArgument;
    // The last output of a local agent has several lines.
    for (const absl::string_view line : absl::StrSplit(MessageText(one.status()), '\n')) {
      if (std::find(lines.begin(), lines.end(), line) == lines.end()) {
        lines.emplace_back(line);
      }
    }
  }
  if (lines.empty()) return absl::OkStatus();
  return StatusOfLines(code, lines);
}

// Connects to all agents in parallel, since an agent that does not run costs a whole timeout.
absl::StatusOr<std::vector<PoolMember>> ConnectAll(const std::vector<std::string>& addresses,
                                                   const TlsFiles& tls, Interruption* interruption,
                                                   Clock& clock) {
  std::vector<std::unique_ptr<AgentClient>> clients(addresses.size());
  std::vector<absl::StatusOr<PoolMember>> results(addresses.size());
  std::vector<std::unique_ptr<Interruption::Guard>> guards;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < addresses.size(); ++i) {
    absl::StatusOr<std::unique_ptr<AgentClient>> created =
        AgentClient::Create(addresses[i], tls, clock);
    if (!created.ok()) {
      results[i] = created.status();
      continue;
    }
    clients[i] = *std::move(created);
    AgentClient* const client = clients[i].get();
    if (interruption != nullptr) {
      guards.push_back(
          interruption->WhenRequested([client](const absl::Status&) { client->Abandon(); }));
    }
    threads.emplace_back([client, &one = results[i]] { one = DescribeMember(*client); });
  }
  for (std::thread& thread : threads) thread.join();
  guards.clear();
  if (interruption != nullptr) ASSAY_RETURN_IF_ERROR(interruption->status());
  ASSAY_RETURN_IF_ERROR(ErrorsOf(results));
  std::vector<PoolMember> members;
  for (size_t i = 0; i < results.size(); ++i) {
    members.push_back(*std::move(results[i]));
    members.back().client = std::move(clients[i]);
  }
  return members;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AgentPool>> AgentPool::Connect(
    const std::vector<std::string>& addresses, const TlsFiles& tls, Interruption* interruption,
    Clock& clock) {
  const std::set<std::string> different(addresses.begin(), addresses.end());
  for (const std::string& address : different) {
    if (std::count(addresses.begin(), addresses.end(), address) == 1) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--agents lists ", address, " twice; list each agent once"));
  }
  std::unique_ptr<AgentPool> pool(new AgentPool(clock));
  if (addresses.empty()) {
    ASSAY_ASSIGN_OR_RETURN(pool->local_, LocalAgent::Start({.interruption = interruption}));
    ASSAY_ASSIGN_OR_RETURN(pool->members_,
                           ConnectAll({pool->local_->address()}, TlsFiles(), interruption, clock));
    pool->members_.front().record.set_address(kLocalAddress);
  } else {
    ASSAY_ASSIGN_OR_RETURN(pool->members_, ConnectAll(addresses, tls, interruption, clock));
  }
  pool->members_.front().record.add_roles(JobId::SERVER);
  for (PoolMember* load : pool->loads()) load->record.add_roles(JobId::LOAD);
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

}  // namespace assay::controller
