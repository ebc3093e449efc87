#include "controller/plan/interleaving.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "analysis/random_stream.h"
#include "analysis/slot_order.h"
#include "controller/plan/cells.h"
#include "controller/plan/load_levels.h"
#include "proto/convert/slot_schedule.h"

namespace assay::controller {
namespace {

constexpr absl::Duration kDefaultSlot = absl::Milliseconds(50);
// Short windows get shorter slots, so that they have some rounds all the same.
constexpr absl::Duration kShortestDefaultSlot = absl::Milliseconds(20);
// A slot is at least this many times its drain, so that most of the time is measured.
constexpr int kSlotOverDrain = 4;
// The time from the end of a slot's load until the next slot. A closed loop has a request of every connection in flight,
// and the slowest servers of the box need some 25 us for each.
constexpr absl::Duration kShortestDrain = absl::Milliseconds(3);
constexpr absl::Duration kDrainOfRequest = absl::Microseconds(30);
constexpr absl::Duration kOpenLoopDrain = absl::Milliseconds(6);
// The server's agent reads CPU clocks before the first slot.
constexpr absl::Duration kLead = absl::Milliseconds(3);
// Long windows get longer slots rather than ever more of them.
constexpr int kMostDefaultRounds = 500;
constexpr absl::Duration kLongestDefaultSlot = absl::Seconds(10);
// Fewer rounds would leave an order of slots unbalanced.
constexpr int kFewestRounds = 4;

// Number of the cell's workload and level in the plan.
uint64_t UnitOf(const Plan& plan, const Cell& cell) {
  uint64_t unit = 0;
  for (const Workload& workload : plan.workloads()) {
    for (const LoadLevel& level : LevelsOf(plan.load())) {
      const bool same_level = level.rate_per_s > 0 ? level.rate_per_s == cell.rate_per_s()
                                                   : level.connections == cell.connections();
      if (workload.name() == cell.workload() && same_level) return unit;
      ++unit;
    }
  }
  return unit;
}

absl::Duration DrainOf(const Plan& plan, const Cell& cell) {
  if (cell.rate_per_s() > 0) return kOpenLoopDrain;
  const double in_flight = static_cast<double>(cell.connections()) *
                           std::max<uint32_t>(1, WorkloadOfCell(plan, cell).pipeline());
  return kShortestDrain + in_flight * kDrainOfRequest;
}

uint64_t NanosOf(absl::Duration time) {
  return static_cast<uint64_t>(absl::ToInt64Nanoseconds(time));
}

// What the schedules of all targets have in common.
SlotSchedule WithoutOwn(const SlotLengths& lengths, uint32_t targets) {
  SlotSchedule schedule;
  schedule.set_lead_ns(NanosOf(lengths.lead));
  schedule.set_period_ns(NanosOf(lengths.period));
  schedule.set_slot_ns(NanosOf(lengths.slot));
  schedule.set_settle_ns(NanosOf(lengths.settle));
  schedule.set_count((lengths.warmup_rounds + lengths.rounds) * targets);
  schedule.set_warmup_count(lengths.warmup_rounds * targets);
  return schedule;
}

}  // namespace

std::optional<std::string> WhyNotInterleaved(const Plan& plan) {
  if (plan.load().has_find()) {
    return "a search (load.find) makes one execution after the other, each at a rate of its own";
  }
  if (plan.targets_size() < 2) return "there is only one target";
  if (plan.targets_size() > kMostInterleavedTargets) {
    return absl::StrCat("there are more than ", kMostInterleavedTargets, " targets");
  }
  if (BoundOf(plan.load()).requests > 0) {
    return "a number of requests bounds the windows; set a duration";
  }
  if (plan.has_profile() && !plan.profile().has_separate_execution()) {
    return "every execution is profiled; set profile.separate_execution";
  }
  if (ArrivalsOf(plan.load()) == OpenLoop::RAMP) return "the rate of a ramp grows over its window";
  if (std::any_of(plan.workloads().begin(), plan.workloads().end(),
                  [](const Workload& workload) { return workload.think().seconds() > 0; })) {
    return "a workload has a think time, which can be longer than a slot";
  }
  return std::nullopt;
}

bool IsInterleaved(const Plan& plan, const Cell& cell) {
  return plan.design() == Plan::INTERLEAVED && !cell.profiled();
}

std::string UnitKeyOf(const Cell& cell) {
  return absl::StrCat(cell.workload(), "\n", LevelText(cell));
}

SlotLengths SlotLengthsOf(const Plan& plan, const Cell& cell, uint32_t targets, uint32_t stretch) {
  SlotLengths lengths;
  // A skipped target shortens the campaign, not the others' windows.
  const absl::Duration window =
      plan.interleave().seconds() > 0
          ? absl::Seconds(plan.interleave().seconds()) / std::max<uint32_t>(1, targets)
          : BoundOf(plan.load()).duration;
  const absl::Duration drain = DrainOf(plan, cell) * stretch;
  if (plan.interleave().slot().seconds() > 0) {
    lengths.slot = absl::Seconds(plan.interleave().slot().seconds()) * stretch;
  } else {
    const absl::Duration usual =
        std::clamp(window / kFewestRounds, kShortestDefaultSlot, kDefaultSlot);
    lengths.slot = std::max({usual * stretch, drain * kSlotOverDrain,
                             std::min(window / kMostDefaultRounds, kLongestDefaultSlot)});
  }
  lengths.settle = std::min(std::max(lengths.slot / 10, drain / 2), lengths.slot / 4);
  lengths.period = lengths.slot + drain;
  lengths.lead = kLead;
  const auto rounds_in = [&](absl::Duration time) {
    return static_cast<uint32_t>(std::ceil(absl::FDivDuration(time, lengths.slot) - 1e-9));
  };
  lengths.warmup_rounds = rounds_in(absl::Seconds(plan.load().warmup().seconds()));
  lengths.rounds = std::max<uint32_t>(kFewestRounds, rounds_in(window));
  // Two rounds make an order and its reverse.
  lengths.rounds += lengths.rounds % 2;
  return lengths;
}

absl::Status CheckSlotLengths(const SlotLengths& lengths, uint32_t targets) {
  SlotSchedule all = WithoutOwn(lengths, targets);
  all.add_own(all.count() - 1);
  return CheckSlots(all);
}

uint32_t LongestStretchOf(const Plan& plan, const Cell& cell, uint32_t targets) {
  uint32_t longest = 1;
  for (uint32_t stretch = kStretchStep; stretch <= kLongestStretch; stretch *= kStretchStep) {
    if (!CheckSlotLengths(SlotLengthsOf(plan, cell, targets, stretch), targets).ok()) break;
    longest = stretch;
  }
  return longest;
}

absl::Duration LengthOfSlots(const SlotLengths& lengths, uint32_t targets) {
  return lengths.lead + lengths.period * (lengths.warmup_rounds + lengths.rounds) * targets;
}

std::vector<SlotSchedule> SlotSchedulesOf(const Plan& plan, const Cell& cell, uint32_t block,
                                          uint32_t targets, uint32_t stretch) {
  const SlotLengths lengths = SlotLengthsOf(plan, cell, targets, stretch);
  std::vector<SlotSchedule> schedules(targets, WithoutOwn(lengths, targets));
  const uint64_t seed =
      RandomStream(RandomStream(plan.seed(), block).Next(), UnitOf(plan, cell)).Next();
  uint32_t index = 0;
  // The warm-up has an order of its own, so that the counted rounds begin with a whole design.
  for (const uint32_t rounds : {lengths.warmup_rounds, lengths.rounds}) {
    for (const uint32_t target : SlotOrder(targets, rounds, seed)) {
      schedules[target].add_own(index++);
    }
  }
  return schedules;
}

uint32_t StretchOf(const Plan& plan, const Cell& cell, const SlotSchedule& slots) {
  const bool known =
      std::any_of(plan.workloads().begin(), plan.workloads().end(),
                  [&](const Workload& workload) { return workload.name() == cell.workload(); });
  if (!known || slots.own().empty()) return 1;
  // Each round has one slot of each target.
  const uint32_t targets = slots.count() / static_cast<uint32_t>(slots.own_size());
  for (uint32_t stretch = 1; stretch <= kLongestStretch; stretch *= kStretchStep) {
    const SlotLengths lengths = SlotLengthsOf(plan, cell, targets, stretch);
    if (NanosOf(lengths.slot) == slots.slot_ns() && NanosOf(lengths.period) == slots.period_ns()) {
      return stretch;
    }
  }
  return 1;
}

}  // namespace assay::controller
