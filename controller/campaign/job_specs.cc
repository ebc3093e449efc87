#include "controller/campaign/job_specs.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "analysis/crc32c.h"
#include "common/cpu_set.h"
#include "common/even_share.h"
#include "common/load_limits.h"
#include "controller/plan/cells.h"
#include "controller/plan/load_levels.h"
#include "controller/plan/target_url.h"

namespace assay::controller {
namespace {

constexpr absl::Duration kSlack = absl::Seconds(30);
// Bytes of ServerSpec.environment_padding: a page, over which the alignment of the stack repeats.
constexpr uint32_t kMostPadding = 4'096;

// 2^64 divided by the golden ratio. It is odd, so that every block has a different seed.
constexpr uint64_t kSeedStep = 0x9E3779B97F4A7C15;

uint64_t SeedOfBlock(const Plan& plan, uint32_t block) { return plan.seed() + kSeedStep * block; }

uint64_t Nanos(const Pause& pause) { return static_cast<uint64_t>(pause.seconds() * 1e9); }

// The window of one of `count` load agents, with its share of the requests.
Window WindowOf(const Plan& plan, const Cell& cell, uint32_t index, uint32_t count) {
  Window window;
  window.set_warmup_ns(Nanos(plan.load().warmup()));
  const WindowBound bound = BoundOfCell(plan, cell);
  window.set_duration_ns(static_cast<uint64_t>(absl::ToInt64Nanoseconds(bound.duration)));
  window.set_requests(EvenShare(bound.requests, index, count));
  return window;
}

// The counted slots of one job.
Window WindowOfSlots(const SlotSchedule& slots) {
  const auto counted = std::count_if(slots.own().begin(), slots.own().end(),
                                     [&](uint32_t index) { return index >= slots.warmup_count(); });
  Window window;
  window.set_duration_ns(slots.slot_ns() * static_cast<uint64_t>(counted));
  return window;
}

}  // namespace

ServerSpec ServerSpecOf(const Plan& plan, const Cell& cell, uint32_t block, const AgentPool& pool) {
  const PlanTarget& target = TargetOfCell(plan, cell);
  ServerSpec spec;
  spec.set_target(target.name());
  *spec.mutable_options() = target.options();
  spec.set_cpus(plan.placement().server_cpus());
  // If other agents send the load, the server listens at the host address that they use.
  if (pool.members().size() > 1) spec.set_listen_host(pool.server().client->host());
  *spec.mutable_verify() = WorkloadOfCell(plan, cell);
  *spec.mutable_window() = WindowOf(plan, cell, 0, 1);
  // An A/A control gets another padding than its twin, because any two starts do.
  spec.set_environment_padding(Crc32c(absl::StrCat(SeedOfBlock(plan, block), " ", CellText(cell))) %
                               kMostPadding);
  if (cell.profiled()) {
    spec.mutable_profile()->set_frequency_hz(plan.profile().frequency_hz());
    spec.mutable_profile()->set_off_cpu(true);
    spec.mutable_profile()->set_count_syscalls(plan.profile().count_syscalls());
    spec.mutable_profile()->set_pauses(plan.profile().measure_cost());
  }
  return spec;
}

LoadSpec LoadSpecOf(const Plan& plan, const Cell& cell, uint32_t block, const AgentPool& pool,
                    uint32_t index, const std::string& destination) {
  const uint32_t count = static_cast<uint32_t>(pool.loads().size());
  const PlanTarget& target = TargetOfCell(plan, cell);
  LoadSpec spec;
  spec.set_destination(destination);
  if (target.url().empty() && pool.members().size() > 1) {
    spec.set_destination_agent(pool.server().client->address());
  }
  spec.set_verify_first(!target.url().empty());
  const absl::StatusOr<TargetUrl> url = ParseTargetUrl(target.url());
  spec.set_tls(url.ok() && url->tls);
  spec.set_http2(target.http2());
  spec.set_tls_server_name(target.tls_server_name());
  for (const TargetDescription& known : pool.server().description().targets()) {
    if (target.url().empty() && known.name() == target.name()) spec.set_contract(known.contract());
  }
  *spec.mutable_workload() = WorkloadOfCell(plan, cell);
  if (cell.rate_per_s() > 0) {
    LoadSpec::OpenSpec& open = *spec.mutable_open();
    open.set_connections(
        static_cast<uint32_t>(EvenShare(LevelsOf(plan.load()).front().connections, index, count)));
    open.set_rate_per_s(cell.rate_per_s() / count);
    open.set_arrivals(ArrivalsOf(plan.load()));
  } else {
    spec.mutable_closed()->set_connections(
        static_cast<uint32_t>(EvenShare(cell.connections(), index, count)));
  }
  *spec.mutable_window() = WindowOf(plan, cell, index, count);
  spec.set_cpus(plan.placement().load_cpus());
  const absl::StatusOr<CpuSet> cpus = CpuSet::Parse(spec.cpus());
  const uint32_t connections =
      spec.has_open() ? spec.open().connections() : spec.closed().connections();
  const uint32_t threads = cpus.ok() ? static_cast<uint32_t>(std::max(1, cpus->Count())) : 1;
  // A thread without a connection or a request would do nothing.
  const uint64_t requests = spec.window().requests();
  const uint32_t useful =
      static_cast<uint32_t>(requests > 0 ? std::min<uint64_t>(requests, connections) : connections);
  spec.set_threads(std::min(threads, std::max(1u, useful)));
  spec.set_timeout_ns(Nanos(plan.load().timeout()));
  spec.set_seed(SeedOfBlock(plan, block));
  spec.set_share_index(index);
  spec.set_share_count(count);
  spec.set_raw_samples(true);
  return spec;
}

void UseSlots(const SlotSchedule& slots, ServerSpec& spec) {
  *spec.mutable_slots() = slots;
  *spec.mutable_window() = WindowOfSlots(slots);
}

void UseSlots(const SlotSchedule& slots, LoadSpec& spec) {
  *spec.mutable_slots() = slots;
  *spec.mutable_window() = WindowOfSlots(slots);
}

absl::Duration LongestRun(const Plan& plan, const Cell& cell, const SlotSchedule* slots) {
  const absl::Duration warmup = absl::Seconds(plan.load().warmup().seconds());
  const absl::Duration timeout = absl::Seconds(plan.load().timeout().seconds());
  if (slots != nullptr) {
    return absl::Nanoseconds(slots->lead_ns() + slots->period_ns() * slots->count()) + timeout +
           kSlack;
  }
  const WindowBound bound = BoundOfCell(plan, cell);
  if (bound.requests == 0) return warmup + bound.duration + timeout + kSlack;
  // In the worst case, every request of a connection times out after its think time.
  uint32_t fewest = 0;
  for (const LoadLevel& level : LevelsOf(plan.load())) {
    fewest = fewest == 0 ? level.connections : std::min(fewest, level.connections);
  }
  const double turns = static_cast<double>(bound.requests) / std::max<uint32_t>(1, fewest);
  const absl::Duration turn = timeout + absl::Seconds(WorkloadOfCell(plan, cell).think().seconds());
  return warmup + kSlack +
         std::min(turn * (turns + 1), absl::Seconds(kLongestCountedSeconds) + timeout);
}

}  // namespace assay::controller
