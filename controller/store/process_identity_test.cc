#include "controller/store/process_identity.h"

#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "gtest/gtest.h"

namespace assay::controller {
namespace {

TEST(ProcessIdentityTest, ThisProcessIsAlive) {
  const ProcessIdentity self = ProcessIdentity::OfThisProcess();
  EXPECT_EQ(self.pid, getpid());
  EXPECT_NE(self.start_ticks, 0);
  EXPECT_EQ(self.Lives(), true);
}

TEST(ProcessIdentityTest, TextRoundTrips) {
  const ProcessIdentity self = ProcessIdentity::OfThisProcess();
  EXPECT_EQ(ProcessIdentity::Parse(self.ToString()), self);
  for (const char* text : {"", "/", "a/b", "a/1/x", "a/x/1", "/1/1", "a/1/1/1"}) {
    EXPECT_EQ(ProcessIdentity::Parse(text), std::nullopt) << text;
  }
}

TEST(ProcessIdentityTest, EndedProcessIsNotAlive) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  ProcessIdentity ended = ProcessIdentity::OfThisProcess();
  ended.pid = child;
  EXPECT_EQ(ended.Lives(), false);
}

// The kernel reuses process numbers.
TEST(ProcessIdentityTest, ReusedPidIsAnotherProcess) {
  ProcessIdentity earlier = ProcessIdentity::OfThisProcess();
  --earlier.start_ticks;
  EXPECT_EQ(earlier.Lives(), false);
}

TEST(ProcessIdentityTest, ProcessOfAnotherMachineIsNotKnown) {
  ProcessIdentity other = ProcessIdentity::OfThisProcess();
  other.machine = "another-boot";
  EXPECT_EQ(other.Lives(), std::nullopt);
}

}  // namespace
}  // namespace assay::controller
