#include "agent/jobs/slot_readings.h"

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kStart = 5'000 * kMs;

// Slots of 20 ms every 25 ms after a lead of 100 ms; two of ten are warm-up.
SlotSchedule Schedule(const std::vector<uint32_t>& own) {
  SlotSchedule slots;
  slots.set_lead_ns(100 * kMs);
  slots.set_period_ns(25 * kMs);
  slots.set_slot_ns(20 * kMs);
  slots.set_settle_ns(2 * kMs);
  slots.set_count(10);
  slots.set_warmup_count(2);
  for (const uint32_t index : own) slots.add_own(index);
  return slots;
}

int64_t BeginOf(uint32_t index) { return kStart + 100 * kMs + index * 25 * kMs; }

// A server whose CPU clock and whose agent's punctuality the test decides.
class SlotReadingsTest : public testing::Test {
 protected:
  // Makes the next reading `late_ns` after its planned moment, when the server has used `cpu_ns` in total.
  void ReadNext(int64_t cpu_ns, int64_t late_ns = 0, bool complete = true) {
    ASSERT_TRUE(readings_->NextNanos().has_value());
    now_ = {.cpu_ns = cpu_ns, .at_ns = *readings_->NextNanos() + late_ns, .complete = complete};
    planned_.push_back(*readings_->NextNanos());
    ASSERT_TRUE(readings_->Read().ok());
  }

  void Own(const std::vector<uint32_t>& own) {
    readings_.emplace(Schedule(own), kStart, [this] { return now_; });
  }

  ServerFinished Report() const {
    ServerFinished finished;
    readings_->Report(finished);
    return finished;
  }

  std::optional<SlotReadings> readings_;
  absl::StatusOr<TreeClock::Reading> now_;
  std::vector<int64_t> planned_;
};

TEST_F(SlotReadingsTest, ReadsShortlyBeforeASlotAndBeforeTheNextSlot) {
  Own({3, 6});
  for (int i = 0; i < 4; ++i) ReadNext(0);
  EXPECT_EQ(readings_->NextNanos(), std::nullopt);
  const std::vector<int64_t> expected = {BeginOf(3) - kMs, BeginOf(4) - kMs, BeginOf(6) - kMs,
                                         BeginOf(7) - kMs};
  EXPECT_EQ(planned_, expected);
  EXPECT_EQ(readings_->window_begin_ns(), BeginOf(2) - kMs);
  EXPECT_EQ(readings_->window_end_ns(), BeginOf(10) - kMs);
}

// With a short drain, a guard of a millisecond would cut off the end of the slot.
TEST_F(SlotReadingsTest, TheGuardIsAtMostAQuarterOfTheDrain) {
  SlotSchedule slots = Schedule({3});
  slots.set_slot_ns(slots.period_ns() - 2 * kMs);
  EXPECT_EQ(SlotReadings(slots, kStart, nullptr).NextNanos(), BeginOf(3) - kMs / 2);
}

TEST_F(SlotReadingsTest, SeparatesTheTimeOfTheSlotsFromTheTimeBetweenThem) {
  Own({3, 6});
  ReadNext(1'000 * kMs);
  ReadNext(1'012 * kMs);
  ReadNext(1'015 * kMs);
  ReadNext(1'030 * kMs);
  const ServerFinished finished = Report();
  ASSERT_EQ(finished.slots_size(), 2);
  EXPECT_EQ(finished.slots(0).index(), 3u);
  EXPECT_EQ(finished.slots(0).cpu_ns(), 12 * kMs);
  EXPECT_EQ(finished.slots(0).begin_ns(), -kMs);
  EXPECT_EQ(finished.slots(0).end_ns(), 24 * kMs);
  EXPECT_EQ(finished.slots(1).index(), 6u);
  EXPECT_EQ(finished.slots(1).cpu_ns(), 15 * kMs);
  EXPECT_EQ(finished.cpu_ns(), 27 * kMs);
  EXPECT_EQ(finished.window_ns(), 40 * kMs) << "two slots of 20 ms";
  EXPECT_EQ(finished.idle_cpu_ns(), 3 * kMs);
  EXPECT_EQ(finished.idle_ns(), 50 * kMs) << "the periods of slots 4 and 5";
  EXPECT_EQ(finished.cpu_begin_ns(), BeginOf(3) - kMs);
  EXPECT_EQ(finished.cpu_end_ns(), BeginOf(7) - kMs);
  EXPECT_EQ(finished.begin_late_ns(), 0);
  EXPECT_EQ(finished.end_late_ns(), 0);
  EXPECT_FALSE(finished.tree_incomplete());
}

TEST_F(SlotReadingsTest, WarmUpSlotsAreNotRead) {
  Own({0, 1, 5});
  ReadNext(7 * kMs);
  EXPECT_EQ(planned_, std::vector<int64_t>{BeginOf(5) - kMs});
  ReadNext(9 * kMs);
  EXPECT_EQ(readings_->NextNanos(), std::nullopt);
  EXPECT_EQ(Report().slots_size(), 1);
  EXPECT_EQ(Report().cpu_ns(), 2 * kMs);
}

// A second reading at the same moment would be late by the first.
TEST_F(SlotReadingsTest, OneReadingSeparatesTwoNeighbouringSlots) {
  Own({4, 5});
  ReadNext(0);
  ReadNext(10 * kMs, /*late_ns=*/300'000);
  ReadNext(25 * kMs);
  EXPECT_EQ(readings_->NextNanos(), std::nullopt);
  const ServerFinished finished = Report();
  ASSERT_EQ(finished.slots_size(), 2);
  EXPECT_EQ(finished.slots(0).cpu_ns(), 10 * kMs);
  EXPECT_EQ(finished.slots(0).end_ns(), 24 * kMs + 300'000);
  EXPECT_EQ(finished.slots(1).cpu_ns(), 15 * kMs);
  EXPECT_EQ(finished.slots(1).begin_ns(), -kMs + 300'000);
  EXPECT_EQ(finished.idle_ns(), 0);
  EXPECT_EQ(finished.idle_cpu_ns(), 0);
  EXPECT_EQ(finished.begin_late_ns(), 300'000);
  EXPECT_EQ(finished.end_late_ns(), 300'000);
}

TEST_F(SlotReadingsTest, LateReadingsAddUp) {
  Own({3, 6});
  ReadNext(0, 100);
  ReadNext(0, 20);
  ReadNext(0, 3);
  ReadNext(0, 4'000'000);
  EXPECT_EQ(Report().begin_late_ns(), 103);
  EXPECT_EQ(Report().end_late_ns(), 4'000'020);
}

// Half a slot has half the requests and must not be compared with a whole one.
TEST_F(SlotReadingsTest, ASlotWithoutItsSecondReadingIsNotReported) {
  Own({3, 6});
  EXPECT_EQ(Report().slots_size(), 0);
  ReadNext(0);
  EXPECT_EQ(Report().window_ns(), 0);
  EXPECT_FALSE(Report().has_idle_cpu_ns());
  EXPECT_FALSE(Report().has_cpu_begin_ns());
  ReadNext(10 * kMs);
  ReadNext(30 * kMs, /*late_ns=*/50);
  const ServerFinished finished = Report();
  ASSERT_EQ(finished.slots_size(), 1);
  EXPECT_EQ(finished.cpu_ns(), 10 * kMs);
  EXPECT_EQ(finished.cpu_end_ns(), BeginOf(4) - kMs);
  EXPECT_EQ(finished.idle_cpu_ns(), 0) << "the reading before slot 6 ends no slot";
  EXPECT_EQ(finished.begin_late_ns(), 0);
}

TEST_F(SlotReadingsTest, AnIncompleteReadingMakesTheReportIncomplete) {
  Own({3});
  ReadNext(0);
  ReadNext(0, 0, /*complete=*/false);
  EXPECT_TRUE(Report().tree_incomplete());
}

// The times of ended processes have a resolution of 10 ms, so a sum of clocks may decrease.
TEST_F(SlotReadingsTest, CpuTimeIsNeverNegative) {
  Own({3, 6});
  ReadNext(50 * kMs);
  ReadNext(45 * kMs);
  ReadNext(45 * kMs);
  ReadNext(46 * kMs);
  EXPECT_EQ(Report().slots(0).cpu_ns(), 0);
  EXPECT_EQ(Report().cpu_ns(), kMs);
  EXPECT_EQ(Report().idle_cpu_ns(), 0);
}

TEST_F(SlotReadingsTest, PassesOnWhyAReadingFailed) {
  Own({3});
  now_ = absl::NotFoundError("gone");
  EXPECT_TRUE(absl::IsNotFound(readings_->Read()));
}

}  // namespace
}  // namespace assay::agent
