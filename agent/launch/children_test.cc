#include "agent/launch/children.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gtest/gtest.h"

namespace assay::agent {
namespace {

[[noreturn]] void WaitForEver() {
  while (true) pause();
}

// The test makes this process a subreaper, so there is only one test here.
TEST(KillChildrenUntilNoneTest, KillsAllDescendantsAndReturnsTrueWithoutChildren) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, nullptr);
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);

  int alive[2];
  ASSERT_EQ(pipe(alive), 0);
  if (fork() == 0) {
    if (fork() == 0) {
      setsid();
      if (fork() == 0) {
        (void)!write(alive[1], "x", 1);
        WaitForEver();
      }
      WaitForEver();
    }
    WaitForEver();
  }
  close(alive[1]);
  char byte;
  ASSERT_EQ(read(alive[0], &byte, 1), 1) << "all three generations run";

  EXPECT_TRUE(KillChildrenUntilNone(absl::Minutes(1)));
  // The other end of the pipe closes when the last process ends.
  EXPECT_EQ(read(alive[0], &byte, 1), 0);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
  EXPECT_TRUE(KillChildrenUntilNone(absl::ZeroDuration()));
  close(alive[0]);
}

}  // namespace
}  // namespace assay::agent
