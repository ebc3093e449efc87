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

void Add(RecordOrder& order, int64_t time_ns, std::string_view record) {
  order.Add(time_ns, [&](std::string* bytes) { bytes->append(record); });
}

// A sample on one CPU is in a library that was mapped before on another CPU.
TEST(RecordOrderTest, SortsTheRecordsOfSeveralCpusByTime) {
  RecordOrder order;
  Add(order, 30, "sample of cpu 0");
  Add(order, 50, "later");
  Add(order, 20, "mapping of cpu 1");
  EXPECT_THAT(Taken(order, 40), ElementsAre("mapping of cpu 1", "sample of cpu 0"));
  Add(order, 45, "between");
  EXPECT_THAT(Taken(order, 100), ElementsAre("between", "later"));
  EXPECT_THAT(Taken(order, 100), ElementsAre());
}

TEST(RecordOrderTest, KeepsTheOrderOfEqualTimes) {
  RecordOrder order;
  Add(order, 1, "a");
  Add(order, 1, "b");
  Add(order, 1, "c");
  EXPECT_THAT(Taken(order, 1), ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace assay::profiler
