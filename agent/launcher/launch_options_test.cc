#include "agent/launcher/launch_options.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::ElementsAre;

TEST(LaunchArgvTest, ContainsEveryOption) {
  LaunchOptions options;
  options.argv = {"server", "--help"};
  EXPECT_THAT(LaunchArgv(options, "/launch", 3, 4),
              ElementsAre("/launch", "--control-fd=3", "--", "server", "--help"));
  options.environment = {{"A", "b=c"}, {"D", ""}};
  options.cpus = *CpuSet::Parse("0,2");
  options.working_directory = "/usr";
  options.pass_fds = {{20, 7}, {9, 3}};
  options.inherit_environment = false;
  options.hold = true;
  options.pid_namespace = false;
  EXPECT_THAT(LaunchArgv(options, "/launch", 3, 4),
              ElementsAre("/launch", "--control-fd=3", "--cpus=0,2", "--directory=/usr",
                          "--bare-environment", "--env=A=b=c", "--env=D=", "--pass=4:7",
                          "--pass=5:3", "--hold", "--no-pid-namespace", "--", "server", "--help"));
}

}  // namespace
}  // namespace assay::agent
