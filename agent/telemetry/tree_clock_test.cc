#include "agent/telemetry/tree_clock.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "absl/status/status.h"
#include "agent/telemetry/process_cpu.h"
#include "common/monotonic_clock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
// Resolution of the time of ended processes: 10 ms each for user and system time.
constexpr int64_t kTicks = 20 * kMillisecond;

int64_t OwnCpuNanos() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// A process that uses CPU time and then waits for a signal.
class Burner {
 public:
  // `in_child`: a child of the process burns, and outlives it.
  explicit Burner(int64_t burn_ns, bool in_child = false) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    pid_ = fork();
    if (pid_ == 0) Burn(burn_ns, in_child, ends[1]);
    close(ends[1]);
    EXPECT_EQ(read(ends[0], &burning_, sizeof burning_), ssize_t{sizeof burning_});
    close(ends[0]);
  }
  ~Burner() { End(); }

  // The process that has burnt.
  pid_t burning() const { return burning_; }

  void End() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    EXPECT_EQ(waitpid(pid_, nullptr, 0), pid_);
    pid_ = -1;
  }

 private:
  [[noreturn]] static void Burn(int64_t burn_ns, bool in_child, int done) {
    if (in_child && fork() != 0) {
      while (true) pause();
    }
    prctl(PR_SET_PDEATHSIG, in_child ? 0 : SIGKILL);
    while (OwnCpuNanos() < burn_ns) {
    }
    const pid_t self = getpid();
    if (write(done, &self, sizeof self) != ssize_t{sizeof self}) _exit(1);
    while (true) pause();
  }

  pid_t pid_ = -1;
  pid_t burning_ = -1;
};

class TreeClockTest : public testing::TestWithParam<TreeClock::Listing> {
 protected:
  // The tree below this process, which inherits orphans as a guard does.
  TreeClockTest() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

  int64_t CpuNanos() {
    const absl::StatusOr<TreeClock::Reading> reading = clock_.Read();
    EXPECT_TRUE(reading.ok()) << reading.status();
    EXPECT_TRUE(reading->complete);
    return reading->cpu_ns;
  }

  TreeClock clock_{getpid(), GetParam()};
};

// Servers that start workers later would look idle.
TEST_P(TreeClockTest, NoticesAProcessThatBeganAfterTheLastReading) {
  const int64_t before_ns = CpuNanos();
  Burner burner(60 * kMillisecond);
  const int64_t after_ns = CpuNanos();
  EXPECT_GE(after_ns - before_ns, 60 * kMillisecond);
  EXPECT_GE(CpuNanos(), after_ns);
}

// Otherwise the time of a slot in which a process ends would be negative.
TEST_P(TreeClockTest, KeepsTheTimeOfAProcessThatHasEndedSinceTheLastReading) {
  const int64_t before_ns = CpuNanos();
  Burner burner(100 * kMillisecond);
  ASSERT_GE(CpuNanos() - before_ns, 100 * kMillisecond);
  burner.End();
  EXPECT_GE(CpuNanos() - before_ns, 100 * kMillisecond - kTicks);
}

TEST_P(TreeClockTest, CountsAProcessThatBeganAndEndedBetweenTwoReadings) {
  const int64_t before_ns = CpuNanos();
  Burner(100 * kMillisecond).End();
  EXPECT_GE(CpuNanos() - before_ns, 100 * kMillisecond - kTicks);
}

TEST_P(TreeClockTest, KeepsAnOrphan) {
  const int64_t before_ns = CpuNanos();
  Burner burner(60 * kMillisecond, /*in_child=*/true);
  ASSERT_GE(CpuNanos() - before_ns, 60 * kMillisecond);
  burner.End();
  EXPECT_GE(CpuNanos() - before_ns, 60 * kMillisecond);
  kill(burner.burning(), SIGKILL);
  EXPECT_EQ(waitpid(burner.burning(), nullptr, 0), burner.burning());
}

TEST_P(TreeClockTest, AgreesWithTheFullReading) {
  Burner(30 * kMillisecond).End();
  Burner alive(30 * kMillisecond);
  Burner deep(30 * kMillisecond, /*in_child=*/true);
  const int64_t before_ns = ReadTreeUsage(getpid())->cpu_ns;
  const int64_t read_ns = CpuNanos();
  EXPECT_GE(read_ns, before_ns);
  EXPECT_LE(read_ns, ReadTreeUsage(getpid())->cpu_ns);
  kill(deep.burning(), SIGKILL);
}

TEST_P(TreeClockTest, ReportsTheTimeOfTheReading) {
  const int64_t before_ns = MonotonicNanos();
  const int64_t at_ns = clock_.Read()->at_ns;
  EXPECT_GE(at_ns, before_ns);
  EXPECT_LE(at_ns, MonotonicNanos());
}

TEST_P(TreeClockTest, ARootThatHasEndedIsNotFound) {
  Burner burner(0);
  const pid_t root = burner.burning();
  burner.End();
  EXPECT_TRUE(absl::IsNotFound(TreeClock(root, GetParam()).Read().status()));
}

INSTANTIATE_TEST_SUITE_P(EachListing, TreeClockTest,
                         testing::Values(TreeClock::Listing::kChildrenFiles,
                                         TreeClock::Listing::kAllProcesses),
                         [](const auto& tested) {
                           return tested.param == TreeClock::Listing::kChildrenFiles
                                      ? "ChildrenFiles"
                                      : "AllProcesses";
                         });

}  // namespace
}  // namespace assay::agent
