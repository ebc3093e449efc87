#include "agent/jobs/load_command.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "common/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::StartsWith;

constexpr size_t kMiB = size_t{1} << 20;

class LoadgenArgvTest : public ::testing::Test {
 protected:
  LoadgenArgvTest() { EXPECT_NE(mkdtemp(folder_.data()), nullptr); }

  std::vector<std::string> Argv(const LoadSpec& spec) {
    const auto argv =
        LoadgenArgv("/loadgen", spec, {"127.0.0.1", 9000}, *CpuSet::Parse("1-2"), folder_);
    EXPECT_TRUE(argv.ok()) << argv.status();
    return *argv;
  }

  std::string folder_ = testing::TempDir() + "/load-XXXXXX";
};

TEST_F(LoadgenArgvTest, SaysAllThatAClosedLoopIs) {
  LoadSpec spec;
  spec.mutable_closed()->set_connections(250);
  spec.mutable_window()->set_requests(10'000);
  spec.set_timeout_ns(5'000'000'000);
  spec.set_threads(2);
  spec.set_seed(7);
  spec.set_share_index(1);
  spec.set_share_count(3);
  spec.set_raw_samples(true);
  spec.mutable_workload()->set_path("/json");
  spec.mutable_workload()->set_pipeline(4);
  EXPECT_THAT(
      Argv(spec),
      ElementsAre("/loadgen", "--target=127.0.0.1:9000", "--path=/json", "--expect-status=200",
                  "--connections=250", "--pipeline=4", "--requests=10000", "--warmup=0ns",
                  "--timeout=5000000000ns", "--drain=5000000000ns", "--threads=2", "--cpu=1-2",
                  "--seed=7", "--share=1/3", "--quiet", "--control-fd=3", "--ring-fd=4"));
}

TEST_F(LoadgenArgvTest, SaysAllThatAnOpenLoopIs) {
  LoadSpec spec;
  spec.mutable_open()->set_connections(64);
  spec.mutable_open()->set_rate_per_s(1'234'567.25);
  spec.mutable_open()->set_arrivals(OpenLoop::POISSON);
  spec.mutable_window()->set_duration_ns(1'500'000'000);
  const std::vector<std::string> argv = Argv(spec);
  EXPECT_THAT(argv, Contains("--rate=1234567.25"));
  EXPECT_THAT(argv, Contains("--arrivals=poisson"));
  // The share of one of three agents: all of its digits.
  spec.mutable_open()->set_rate_per_s(1.0 / 3);
  EXPECT_THAT(Argv(spec), Contains("--rate=0.3333333333333333"));
  EXPECT_THAT(argv, Contains("--duration=1500000000ns"));
  EXPECT_THAT(argv, Not(Contains(StartsWith("--ring-fd"))));
}

// As seconds it would read 1e-07s, which is no time to loadgen.
TEST_F(LoadgenArgvTest, AShortThinkTimeIsSaidInNanoseconds) {
  LoadSpec spec;
  spec.mutable_closed()->set_connections(1);
  spec.mutable_workload()->mutable_think()->set_seconds(1e-7);
  EXPECT_THAT(Argv(spec), Contains("--think=100ns"));
}

// On a command line they would be cut at the first zero byte, and stand in every list of processes.
TEST_F(LoadgenArgvTest, BodiesGoByFilesByteForByte) {
  LoadSpec spec;
  spec.mutable_closed()->set_connections(1);
  const std::string body("a\0b\n\xff", 5);
  spec.mutable_workload()->set_body(body);
  spec.mutable_workload()->mutable_expect()->set_body("right" + body);
  spec.mutable_workload()->mutable_expect()->set_status(201);
  const std::vector<std::string> argv = Argv(spec);
  EXPECT_THAT(argv, Contains("--body-file=" + folder_ + "/body"));
  EXPECT_THAT(argv, Contains("--expect-status=201"));
  EXPECT_EQ(*ReadFile(folder_ + "/body"), body);
  EXPECT_EQ(*ReadFile(folder_ + "/expected"), "right" + body);
}

TEST_F(LoadgenArgvTest, OnAServerOfTheContractTheResponseIsTheContracts) {
  LoadSpec spec;
  spec.mutable_closed()->set_connections(1);
  spec.mutable_workload()->set_path("/plaintext");
  EXPECT_THAT(Argv(spec), Not(Contains(StartsWith("--expect-body-file"))));
  spec.set_contract(true);
  EXPECT_THAT(Argv(spec), Contains(StartsWith("--expect-body-file")));
  EXPECT_EQ(*ReadFile(folder_ + "/expected"), "Hello, World!");
}

TEST(PlanRingTest, HoldsTheWholeWindowWhereItIsNotDrained) {
  Window window;
  window.set_requests(1'000'000);
  EXPECT_TRUE(PlanRing(window, 1, false).holds_window);
  EXPECT_GE(PlanRing(window, 1, false).bytes_per_thread, 5'000'000u);
  window.Clear();
  window.set_duration_ns(10'000'000'000);
  EXPECT_TRUE(PlanRing(window, 1, false).holds_window);
}

TEST(PlanRingTest, IsBoundedAndSaysWhenThatMayNotDo) {
  Window window;
  window.set_duration_ns(3'600'000'000'000);
  EXPECT_FALSE(PlanRing(window, 1, false).holds_window);
  EXPECT_EQ(PlanRing(window, 1, false).bytes_per_thread, 64 * kMiB);
  EXPECT_EQ(PlanRing(window, 4, false).bytes_per_thread, 16 * kMiB);
  EXPECT_FALSE(PlanRing(window, 1, true).holds_window);
}

}  // namespace
}  // namespace assay::agent
