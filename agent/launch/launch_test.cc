// Tests launch on the command line.

#include <stdlib.h>
#include <sys/wait.h>

#include <string>

#include "common/file.h"
#include "common/runfiles.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::HasSubstr;

struct Outcome {
  int status = -1;
  std::string output;
  std::string errors;
};

// Runs launch with `arguments`, as a shell reads them.
Outcome Launch(const std::string& arguments) {
  std::string folder = ::testing::TempDir() + "launch_test_XXXXXX";
  EXPECT_NE(mkdtemp(folder.data()), nullptr);
  const std::string command = AssayFile("agent/launch/launch").value() + " " + arguments + " >" +
                              folder + "/out 2>" + folder + "/err";
  const int status = system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, ReadFile(folder + "/out").value(),
          ReadFile(folder + "/err").value()};
}

TEST(LaunchTest, ExitsWithTheProgramsStatus) {
  EXPECT_EQ(Launch("-- true").status, 0);
  EXPECT_EQ(Launch("-- sh -c 'exit 3'").status, 3);
  EXPECT_EQ(Launch("-- sh -c 'kill -9 $$'").status, 128 + 9);
}

TEST(LaunchTest, PassesOutputThrough) {
  const Outcome outcome = Launch("--env=X=there -- sh -c 'echo hi $X; echo oh >&2'");
  EXPECT_EQ(outcome.output, "hi there\n");
  EXPECT_EQ(outcome.errors, "oh\n");
}

// The program's PATH counts, not launch's own.
TEST(LaunchTest, LooksUpTheProgramInItsOwnPath) {
  EXPECT_EQ(Launch("--env=PATH=/none -- true").status, 127);
}

TEST(LaunchTest, ExitsWith127AndTheReasonIfTheProgramCannotStart) {
  const Outcome outcome = Launch("-- /none/such");
  EXPECT_EQ(outcome.status, 127);
  EXPECT_EQ(outcome.errors, "launch: cannot start /none/such: No such file or directory\n");
  EXPECT_EQ(Launch("--directory=/none -- true").status, 127);
}

TEST(LaunchTest, VersionAndHelpExitZeroAndBadUsageTwo) {
  EXPECT_THAT(Launch("--version").output, HasSubstr("launch "));
  EXPECT_EQ(Launch("--help").status, 0);
  EXPECT_EQ(Launch("--nonsense").status, 2);
}

}  // namespace
}  // namespace assay::agent
