#include "proto/convert/slot_schedule.h"

#include <functional>
#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace assay {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kDay = 86'400'000 * kMillisecond;

// Two executions in the order ABBA after a round of warm-up; this is A.
SlotSchedule Good() {
  SlotSchedule slots;
  slots.set_lead_ns(100 * kMillisecond);
  slots.set_period_ns(25 * kMillisecond);
  slots.set_slot_ns(20 * kMillisecond);
  slots.set_settle_ns(2 * kMillisecond);
  slots.set_count(6);
  slots.set_warmup_count(2);
  for (const uint32_t index : {0, 2, 5}) slots.add_own(index);
  return slots;
}

void ExpectWrong(const std::string& field, const std::function<void(SlotSchedule&)>& change) {
  SlotSchedule slots = Good();
  ASSERT_TRUE(CheckSlots(slots).ok()) << CheckSlots(slots);
  change(slots);
  const absl::Status wrong = CheckSlots(slots);
  EXPECT_TRUE(absl::IsInvalidArgument(wrong)) << field << ": " << wrong;
  EXPECT_EQ(std::string(wrong.message()).rfind(field, 0), 0u) << wrong;
}

bool Accepts(const std::function<void(SlotSchedule&)>& change) {
  SlotSchedule slots = Good();
  change(slots);
  return CheckSlots(slots).ok();
}

TEST(CheckSlotsTest, NamesTheFieldThatIsWrong) {
  ExpectWrong("count", [](SlotSchedule& s) { s.set_count(0); });
  ExpectWrong("count", [](SlotSchedule& s) { s.set_count(kMostSlots + 1); });
  ExpectWrong("slot_ns", [](SlotSchedule& s) { s.set_slot_ns(kMillisecond - 1); });
  ExpectWrong("period_ns", [](SlotSchedule& s) { s.set_period_ns(s.slot_ns()); });
  ExpectWrong("settle_ns", [](SlotSchedule& s) { s.set_settle_ns(s.slot_ns()); });
  ExpectWrong("own", [](SlotSchedule& s) { s.clear_own(); });
  ExpectWrong("own", [](SlotSchedule& s) { s.add_own(5); });
  ExpectWrong("own", [](SlotSchedule& s) { s.add_own(4); });
  ExpectWrong("own", [](SlotSchedule& s) { s.add_own(6); });
  ExpectWrong("own", [](SlotSchedule& s) { s.set_warmup_count(6); });
}

TEST(CheckSlotsTest, AcceptsTheLimitsThemselves) {
  EXPECT_TRUE(Accepts([](SlotSchedule& s) { s.set_count(kMostSlots); }));
  EXPECT_TRUE(Accepts([](SlotSchedule& s) { s.set_warmup_count(5); }));
  EXPECT_TRUE(Accepts([](SlotSchedule& s) { s.set_period_ns(s.slot_ns() + 1); }));
  EXPECT_TRUE(Accepts([](SlotSchedule& s) { s.set_settle_ns(s.slot_ns() - 1); }));
  EXPECT_TRUE(Accepts([](SlotSchedule& s) {
    s.set_slot_ns(kMillisecond);
    s.set_settle_ns(0);
    s.set_lead_ns(0);
  }));
}

// Times come from a request and must not overflow.
TEST(CheckSlotsTest, ASchedulesWholeLengthIsAtMostADay) {
  EXPECT_TRUE(Accepts([](SlotSchedule& s) { s.set_lead_ns(kDay - 6 * s.period_ns()); }));
  ExpectWrong("period_ns", [](SlotSchedule& s) { s.set_lead_ns(kDay - 6 * s.period_ns() + 1); });
  ExpectWrong("lead_ns", [](SlotSchedule& s) { s.set_lead_ns(kDay + 1); });
  const uint64_t most = std::numeric_limits<uint64_t>::max();
  ExpectWrong("lead_ns", [most](SlotSchedule& s) { s.set_lead_ns(most); });
  ExpectWrong("period_ns", [most](SlotSchedule& s) { s.set_period_ns(most / 6 + 1); });
}

TEST(SlotBeginNsTest, CountsPeriodsFromTheEndOfTheLead) {
  const SlotSchedule slots = Good();
  const int64_t start_ns = 1'000'000'000;
  EXPECT_EQ(SlotBeginNs(slots, start_ns, 0), 1'100'000'000);
  EXPECT_EQ(SlotBeginNs(slots, start_ns, 5), 1'225'000'000);
  EXPECT_EQ(SlotBeginNs(slots, start_ns, slots.count()), 1'250'000'000);
}

}  // namespace
}  // namespace assay
