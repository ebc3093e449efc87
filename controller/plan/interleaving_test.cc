#include "controller/plan/interleaving.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "controller/plan/cells.h"
#include "controller/plan/plan_rules.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "proto/convert/slot_schedule.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

Plan PlanOf(const std::string& more) {
  Plan plan;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(name: "p" targets { name: "a" } targets { name: "b" } targets { name: "a" label: "a2" }
         workloads { name: "w" } seed: 5 )" +
          more,
      &plan));
  EXPECT_TRUE(Validate(plan).ok()) << Validate(plan);
  return WithDefaults(plan);
}

constexpr char kClosed[] =
    "load { closed { connections: [16, 500] duration { seconds: 2 } } warmup { seconds: 0.2 } }";

TEST(InterleavingTest, IsTheDefaultWhereAVerdictIsWantedAndTheTargetsCanTakeTurns) {
  EXPECT_EQ(PlanOf(kClosed).design(), Plan::INTERLEAVED);
  EXPECT_EQ(PlanOf(std::string(kClosed) + " verdict: NONE").design(), Plan::SEQUENTIAL);
  EXPECT_EQ(PlanOf(std::string(kClosed) + " design: SEQUENTIAL").design(), Plan::SEQUENTIAL);
  EXPECT_EQ(PlanOf(std::string(kClosed) + " profile {}").design(), Plan::SEQUENTIAL);
  EXPECT_EQ(PlanOf("load { closed { connections: 16 requests: 100 } }").design(), Plan::SEQUENTIAL);
}

TEST(InterleavingTest, SaysWhyTargetsCannotTakeTurns) {
  Plan plan = PlanOf(kClosed);
  EXPECT_EQ(WhyNotInterleaved(plan), std::nullopt);
  plan.mutable_workloads(0)->mutable_think()->set_seconds(1);
  EXPECT_THAT(WhyNotInterleaved(plan), Optional(HasSubstr("think time")));
  plan.mutable_targets()->DeleteSubrange(1, 2);
  EXPECT_THAT(WhyNotInterleaved(plan), Optional(HasSubstr("only one target")));
}

TEST(InterleavingTest, ABlockHasOneUnitForEachLevelAndOneForEachProfile) {
  const Plan plan = PlanOf(std::string(kClosed) + "profile { separate_execution { seconds: 1 } }");
  std::map<uint32_t, std::vector<Cell>> units;
  for (const ScheduledExecution& one : ScheduleOf(plan)) {
    if (one.block == 3) units[one.unit].push_back(one.cell);
  }
  // Two levels of three targets, and three profiles.
  ASSERT_EQ(units.size(), 5);
  int together = 0;
  for (const auto& [unit, cells] : units) {
    if (cells.size() == 1) {
      EXPECT_TRUE(cells[0].profiled());
      continue;
    }
    ++together;
    ASSERT_EQ(cells.size(), 3);
    for (const Cell& cell : cells) EXPECT_EQ(LevelText(cell), LevelText(cells[0]));
  }
  EXPECT_EQ(together, 2);
}

TEST(InterleavingTest, EverySlotBelongsToOneTargetAndEveryRoundHasOneOfEach) {
  const Plan plan = PlanOf(kClosed);
  const Cell cell = CellsOf(plan)[0];
  const std::vector<SlotSchedule> schedules = SlotSchedulesOf(plan, cell, 0, 3, 1);
  ASSERT_EQ(schedules.size(), 3);
  std::map<uint32_t, int> owners;
  for (int target = 0; target < 3; ++target) {
    const SlotSchedule& one = schedules[target];
    EXPECT_EQ(one.count(), 3 * (4 + 40));
    EXPECT_EQ(one.warmup_count(), 3 * 4);
    EXPECT_EQ(one.own_size(), 44);
    for (int i = 0; i < one.own_size(); ++i) {
      EXPECT_TRUE(owners.emplace(one.own(i), target).second) << one.own(i);
      // One slot in each round, ascending.
      EXPECT_EQ(one.own(i) / 3, i);
    }
  }
  EXPECT_EQ(owners.size(), schedules[0].count());
}

// Otherwise a drift of the machine could favour one target.
TEST(InterleavingTest, EveryBlockAndLevelHasItsOwnOrder) {
  const Plan plan = PlanOf(kClosed);
  std::set<std::string> orders;
  for (const Cell& cell : {CellsOf(plan)[0], CellsOf(plan)[1]}) {
    for (uint32_t block = 0; block < 4; ++block) {
      const SlotSchedule first = SlotSchedulesOf(plan, cell, block, 3, 1)[0];
      EXPECT_EQ(first.ShortDebugString(),
                SlotSchedulesOf(plan, cell, block, 3, 1)[0].ShortDebugString());
      std::string order;
      for (const uint32_t own : first.own()) order += static_cast<char>('0' + own % 3);
      orders.insert(order);
    }
  }
  EXPECT_GE(orders.size(), 7);
}

TEST(InterleavingTest, SlotsGrowWithTheNumberOfConnectionsAndWithTheStretch) {
  const Plan plan = PlanOf(kClosed);
  const SlotLengths few = SlotLengthsOf(plan, CellsOf(plan)[0], 3, 1);
  EXPECT_EQ(few.slot, absl::Milliseconds(50));
  EXPECT_LT(few.period - few.slot, absl::Milliseconds(5));
  EXPECT_EQ(few.rounds, 40);
  const SlotLengths many = SlotLengthsOf(plan, CellsOf(plan)[1], 3, 1);
  EXPECT_GT(many.period - many.slot, absl::Milliseconds(15));
  EXPECT_GT(many.slot, few.slot);
  const SlotLengths stretched = SlotLengthsOf(plan, CellsOf(plan)[0], 3, 8);
  EXPECT_EQ(stretched.slot, 8 * few.slot);
  EXPECT_EQ(stretched.period, 8 * few.period);
  EXPECT_EQ(stretched.rounds, 6);
}

// A resumed campaign derives it, so that all its blocks have slots of one length.
TEST(InterleavingTest, TheStretchFollowsFromAStoredSchedule) {
  for (const std::string& more :
       {std::string(), std::string("interleave { slot { seconds: 0.1 } }"),
        std::string("interleave { seconds: 3000 }")}) {
    const Plan plan = PlanOf(kClosed + more);
    for (const Cell& cell : {CellsOf(plan)[0], CellsOf(plan)[1]}) {
      for (const uint32_t stretch : {1, 4, 16, 64}) {
        for (const uint32_t targets : {2, 3}) {
          for (const SlotSchedule& slots : SlotSchedulesOf(plan, cell, 2, targets, stretch)) {
            EXPECT_EQ(StretchOf(plan, cell, slots), stretch) << slots.slot_ns();
          }
        }
      }
    }
  }
  const Plan plan = PlanOf(kClosed);
  SlotSchedule other = SlotSchedulesOf(plan, CellsOf(plan)[0], 0, 3, 4)[0];
  other.set_slot_ns(other.slot_ns() + 1);
  EXPECT_EQ(StretchOf(plan, CellsOf(plan)[0], other), 1);
  EXPECT_EQ(StretchOf(plan, CellsOf(plan)[0], SlotSchedule()), 1);
}

TEST(InterleavingTest, APlanSetsTheSlotAndTheTotalLength) {
  const Plan plan =
      PlanOf(std::string(kClosed) + "interleave { slot { seconds: 0.1 } seconds: 6 }");
  const SlotLengths lengths = SlotLengthsOf(plan, CellsOf(plan)[0], 3, 1);
  EXPECT_EQ(lengths.slot, absl::Milliseconds(100));
  EXPECT_EQ(lengths.rounds, 20);
}

TEST(InterleavingTest, ShortWindowsGetShorterSlots) {
  const Plan plan = PlanOf("load { closed { connections: 1 duration { seconds: 0.1 } } }");
  const SlotLengths lengths = SlotLengthsOf(plan, CellsOf(plan)[0], 3, 1);
  EXPECT_EQ(lengths.slot, absl::Milliseconds(25));
  EXPECT_EQ(lengths.rounds, 4);
}

TEST(InterleavingTest, LongWindowsGetLongerSlots) {
  const Plan plan = PlanOf("load { closed { connections: 16 duration { seconds: 600 } } }");
  const SlotLengths lengths = SlotLengthsOf(plan, CellsOf(plan)[0], 3, 1);
  EXPECT_EQ(lengths.rounds, 500);
  EXPECT_EQ(lengths.slot, absl::Seconds(1.2));
}

TEST(InterleavingTest, RefusesSlotsThatHaveNoEffectOrAreOutOfRange) {
  const auto fault = [](const std::string& more) {
    Plan plan;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        R"(name: "p" targets { name: "a" } targets { name: "b" } workloads { name: "w" } )" + more,
        &plan));
    return std::string(Validate(plan).message());
  };
  const std::string closed = kClosed;
  EXPECT_EQ(fault(closed + "interleave { slot { seconds: 0.02 } }"), "");
  EXPECT_THAT(fault(closed + "interleave { slot { seconds: 0.001 } }"), HasSubstr("out of range"));
  EXPECT_THAT(fault(closed + "interleave { seconds: -1 }"), HasSubstr("out of range"));
  EXPECT_THAT(fault(closed + "design: SEQUENTIAL interleave { seconds: 1 }"),
              HasSubstr("no effect"));
  EXPECT_THAT(fault(closed + "verdict: NONE interleave { seconds: 1 }"), HasSubstr("no effect"));
  EXPECT_THAT(fault("load { closed { connections: 16 requests: 100 } } design: INTERLEAVED"),
              HasSubstr("number of requests"));
  EXPECT_THAT(fault("load { closed { connections: 16 duration { seconds: 80000 } } } "
                    "interleave { slot { seconds: 0.02 } }"),
              HasSubstr("slots of one start"));
}

// Otherwise `check` accepts a plan of which every execution fails.
TEST(InterleavingTest, RefusesWhatAgentsRefuse) {
  const auto fault = [](const std::string& more) {
    Plan plan;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
        R"(name: "p" targets { name: "a" } targets { name: "b" } workloads { name: "w" } )" + more,
        &plan));
    const std::string message(Validate(plan).message());
    if (!message.empty()) return message;
    // What is accepted must fit the agents.
    const Plan full = WithDefaults(plan);
    for (const Cell& cell : CellsOf(full)) {
      if (!IsInterleaved(full, cell)) continue;
      for (const SlotSchedule& slots : SlotSchedulesOf(full, cell, 0, 2, 1)) {
        EXPECT_TRUE(CheckSlots(slots).ok()) << more << CheckSlots(slots);
      }
    }
    return message;
  };
  // 2 targets, slots of 20 ms: 1,000 s have 100,000 slots.
  const std::string fast = " interleave { slot { seconds: 0.02 } }";
  const auto closed = [](double seconds, double warmup) {
    return absl::StrCat("load { closed { connections: 16 duration { seconds: ", seconds,
                        " } } warmup { seconds: ", warmup, " } }");
  };
  EXPECT_EQ(fault(closed(999, 1) + fast), "");
  EXPECT_THAT(fault(closed(999, 1.1) + fast), HasSubstr("is not from 1 to 100000"));
  EXPECT_THAT(fault(closed(999, 1.1) + fast), HasSubstr("shorter warmup"));
  EXPECT_EQ(fault(closed(999, 1.1) + fast + " design: SEQUENTIAL verdict: NONE").find("one start"),
            std::string::npos);
  // Without `interleave`: a warm-up of three hours has 432,000 slots of 50 ms.
  EXPECT_EQ(fault(closed(10, 60)), "");
  EXPECT_THAT(fault(closed(10, 3 * 3600)), HasSubstr("load: the slots of one start"));
  // Two targets with windows of 13 hours each.
  EXPECT_EQ(fault(closed(11 * 3600, 0)), "");
  EXPECT_THAT(fault(closed(13 * 3600, 0)), HasSubstr("longer than a day"));
  EXPECT_EQ(fault(closed(13 * 3600, 0) + " design: SEQUENTIAL"), "");
}

TEST(InterleavingTest, SlotsAreNotStretchedBeyondWhatAgentsAccept) {
  const Plan usual = PlanOf(kClosed);
  EXPECT_EQ(LongestStretchOf(usual, CellsOf(usual)[0], 3), kLongestStretch);
  // A million connections have a drain of 30 s.
  const Plan slow = PlanOf("load { closed { connections: 1000000 duration { seconds: 3600 } } }");
  const uint32_t longest = LongestStretchOf(slow, CellsOf(slow)[0], 3);
  EXPECT_LT(longest, kLongestStretch);
  const auto check = [&](uint32_t stretch) {
    return CheckSlotLengths(SlotLengthsOf(slow, CellsOf(slow)[0], 3, stretch), 3);
  };
  EXPECT_TRUE(check(longest).ok());
  EXPECT_FALSE(check(longest * kStretchStep).ok());
}

}  // namespace
}  // namespace assay::controller
