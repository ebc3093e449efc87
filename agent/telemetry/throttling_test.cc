#include "agent/telemetry/throttling.h"

#include <filesystem>
#include <fstream>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

// A copy of the counters of a machine.
class ThrottlingTest : public testing::Test {
 protected:
  ThrottlingTest() { std::filesystem::remove_all(root_); }

  void Write(int cpu, const std::string& kind, const std::string& text) {
    const std::string folder =
        root_ + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/thermal_throttle";
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/" + kind + "_throttle_count") << text;
  }

  const std::string root_ = testing::TempDir() + "/throttling";
};

TEST_F(ThrottlingTest, SumsTheCountersOfTheGivenCpus) {
  for (const int cpu : {0, 1, 2}) {
    Write(cpu, "core", std::to_string(1 << cpu) + "\n");
    Write(cpu, "package", "100\n");
  }
  EXPECT_EQ(*ReadThrottleCount(*CpuSet::Parse("0,2"), root_), 205);
}

// 0 would say that the CPU was not throttled.
TEST_F(ThrottlingTest, ACounterThatCannotBeReadIsAnError) {
  EXPECT_TRUE(absl::IsNotFound(ReadThrottleCount(*CpuSet::Parse("0"), root_).status()));
  Write(0, "core", "1\n");
  EXPECT_TRUE(absl::IsNotFound(ReadThrottleCount(*CpuSet::Parse("0"), root_).status()));
  Write(0, "package", "many\n");
  EXPECT_TRUE(absl::IsInvalidArgument(ReadThrottleCount(*CpuSet::Parse("0"), root_).status()));
}

}  // namespace
}  // namespace assay::agent
