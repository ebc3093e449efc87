#include "agent/profiler/record_order.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::profiler {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Taken(RecordOrder& order, int64_t time_ns) {
  std::vector<std::string> taken;
  order.TakeUpTo(time_ns, [&](std::string_view record) { taken.emplace_back(record); });
  return taken;
}

// A sample of one CPU lies in a library that another mapped before.
TEST(RecordOrderTest, RecordsOfSeveralCpusComeByTheirTime) {
  RecordOrder order;
  order.Add(30) = "sample of cpu 0";
  order.Add(50) = "later";
  order.Add(20) = "mapping of cpu 1";
  EXPECT_THAT(Taken(order, 40), ElementsAre("mapping of cpu 1", "sample of cpu 0"));
  order.Add(45) = "between";
  EXPECT_THAT(Taken(order, 100), ElementsAre("between", "later"));
  EXPECT_THAT(Taken(order, 100), ElementsAre());
}

TEST(RecordOrderTest, OfOneTimeTheOrderStays) {
  RecordOrder order;
  order.Add(1) = "a";
  order.Add(1) = "b";
  order.Add(1) = "c";
  EXPECT_THAT(Taken(order, 1), ElementsAre("a", "b", "c"));
}

TEST(RecordOrderTest, ALaterRecordHasNothingOfAnEarlierOne) {
  RecordOrder order;
  order.Add(1) = "a long record that is handed over";
  Taken(order, 1);
  EXPECT_EQ(order.Add(2), "");
}

}  // namespace
}  // namespace assay::profiler
