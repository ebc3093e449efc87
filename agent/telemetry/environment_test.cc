#include "agent/telemetry/environment.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A machine simulated by files.
class EnvironmentTest : public ::testing::Test {
 protected:
  EnvironmentTest() {
    root_ = ::testing::TempDir() + "environment_test_XXXXXX";
    EXPECT_NE(mkdtemp(root_.data()), nullptr);
  }
  void Put(const std::string& path, const std::string& contents) const {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << contents;
  }
  std::string Value(const std::string& key) const { return ReadEnvironment(root_).at(key); }

  std::string root_;
};

TEST_F(EnvironmentTest, HasEveryKeyOnEveryMachine) {
  const std::map<std::string, std::string> empty = ReadEnvironment(root_);
  const std::map<std::string, std::string> real = ReadEnvironment();
  ASSERT_EQ(empty.size(), real.size());
  for (const auto& [key, value] : real) {
    EXPECT_EQ(empty.count(key), 1u) << key;
    EXPECT_FALSE(value.empty()) << key;
    EXPECT_THAT(value, Not(HasSubstr("\n"))) << key;
  }
}

// A gate must not treat it as a pass.
TEST_F(EnvironmentTest, UnreadableValuesHaveAReason) {
  for (const char* key : {"cpu.governor", "cpu.turbo", "cpu.model", "net.somaxconn", "memory.thp",
                          "limit.open_files", "cgroup.cpu_quota", "cpu.numa", "cpu.mitigations"}) {
    EXPECT_THAT(Value(key), StartsWith("unreadable: ")) << key;
  }
  EXPECT_THAT(Value("net.somaxconn"), HasSubstr("/proc/sys/net/core/somaxconn: No such file"));
}

TEST_F(EnvironmentTest, ReadsAMachineOfFiles) {
  Put("/proc/sys/net/core/somaxconn", "4096\n");
  Put("/proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
  Put("/proc/cpuinfo", "processor : 0\nmodel name : Some CPU\nmicrocode : 0x2b\n");
  Put("/sys/devices/system/cpu/isolated", "\n");
  Put("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
  Put("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "powersave\n");
  Put("/sys/devices/system/cpu/cpufreq/boost", "1\n");
  Put("/sys/devices/system/cpu/smt/active", "0\n");
  Put("/sys/devices/system/node/node0/cpulist", "0\n");
  Put("/sys/devices/system/node/node1/cpulist", "1\n");
  EXPECT_EQ(Value("net.somaxconn"), "4096");
  EXPECT_EQ(Value("net.tcp_rmem"), "4096 131072 6291456");
  EXPECT_EQ(Value("cpu.model"), "Some CPU");
  EXPECT_EQ(Value("cpu.microcode"), "0x2b");
  EXPECT_EQ(Value("cpu.isolated"), "none");
  EXPECT_EQ(Value("cpu.governor"), "0: performance; 1: powersave");
  EXPECT_EQ(Value("cpu.turbo"), "on");
  EXPECT_EQ(Value("cpu.smt"), "off");
  EXPECT_EQ(Value("cpu.numa"), "0: 0; 1: 1");
}

// In ticks of 10 ms: user, nice, system, idle, iowait, irq, softirq, steal.
TEST_F(EnvironmentTest, ReadsWhatADoctorNeeds) {
  Put("/proc/stat",
      "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 100 0 50 800 50 1 2 3 0 0\ncpu1 0 0 0 7 0 0 0 0 0 0\n");
  Put("/proc/meminfo", "MemTotal: 100 kB\nMemAvailable: 60 kB\nSwapTotal: 8 kB\nSwapFree: 5 kB\n");
  Put("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list", "0,2\n");
  Put("/sys/devices/system/cpu/cpu1/topology/thread_siblings_list", "1\n");
  Put("/sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "0,2\n");
  EXPECT_EQ(Value("cpu.time_s"),
            "0: busy 1.53, idle 8.50, steal 0.03; 1: busy 0.00, idle 0.07, steal 0.00");
  EXPECT_EQ(Value("cpu.smt_siblings"), "0,2: 0,2; 1: 1");
  EXPECT_EQ(Value("memory.available"), "60 kB");
  EXPECT_EQ(Value("memory.swap_total"), "8 kB");
  EXPECT_EQ(Value("memory.swap_free"), "5 kB");
}

TEST_F(EnvironmentTest, ReadsIntelsTurboFromNoTurbo) {
  Put("/sys/devices/system/cpu/intel_pstate/no_turbo", "1\n");
  EXPECT_EQ(Value("cpu.turbo"), "off");
}

TEST_F(EnvironmentTest, UsesTheSmallestQuotaOfAllAncestorGroups) {
  Put("/proc/self/cgroup", "0::/outer/inner\n");
  Put("/sys/fs/cgroup/outer/inner/cpu.max", "400000 100000\n");
  EXPECT_EQ(Value("cgroup.cpu_quota"), "4 CPUs");
  Put("/sys/fs/cgroup/outer/cpu.max", "150000 100000\n");
  EXPECT_EQ(Value("cgroup.cpu_quota"), "1.5 CPUs");
  Put("/sys/fs/cgroup/outer/cpu.max", "max 100000\n");
  Put("/sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
  EXPECT_EQ(Value("cgroup.cpu_quota"), "none");
}

TEST_F(EnvironmentTest, ReadsQuotasOfCgroupV1) {
  Put("/proc/self/cgroup", "2:cpu,cpuacct:/docker/7\n0::/\n");
  Put("/sys/fs/cgroup/cpu/docker/7/cpu.cfs_quota_us", "50000\n");
  Put("/sys/fs/cgroup/cpu/docker/7/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(Value("cgroup.cpu_quota"), "0.5 CPUs");
}

TEST_F(EnvironmentTest, ValuesAreOneLineOfValidUtf8) {
  Put("/proc/cmdline", "a\nb\xff\n");
  EXPECT_EQ(Value("kernel.cmdline"), "a b\uFFFD");
}

}  // namespace
}  // namespace assay::agent
