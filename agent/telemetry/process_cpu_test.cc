#include "agent/telemetry/process_cpu.h"

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/launcher/launched_process.h"
#include "common/monotonic_clock.h"
#include "common/runfiles.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

constexpr char kStatus[] =
    "Name:\tserver\n"
    "VmHWM:\t    2048 kB\n"
    "VmRSS:\t    1024 kB\n"
    "Cpus_allowed_list:\t0-1,3\n"
    "voluntary_ctxt_switches:\t150\n"
    "nonvoluntary_ctxt_switches:\t7\n";

TEST(ParseProcessStatusTest, ReadsItsLines) {
  const ProcessStatus status = *ParseProcessStatus(kStatus);
  EXPECT_EQ(status.rss_bytes, 1 << 20);
  EXPECT_EQ(status.peak_rss_bytes, 2 << 20);
  EXPECT_EQ(status.voluntary_switches, 150);
  EXPECT_EQ(status.involuntary_switches, 7);
  EXPECT_EQ(status.allowed_cpus.ToString(), "0-1,3");
}

TEST(ParseProcessStatusTest, AKernelThreadHasNoMemory) {
  EXPECT_EQ(ParseProcessStatus("Name:\tkthreadd\n")->rss_bytes, 0);
}

TEST(ParseProcessStatusTest, RejectsInvalidValues) {
  for (const char* text : {"VmRSS:\t1024\n", "VmRSS:\tx kB\n", "voluntary_ctxt_switches:\t\n",
                           "Cpus_allowed_list:\tf\n"}) {
    EXPECT_FALSE(ParseProcessStatus(text).ok()) << text;
  }
}

TEST(ParseRunDelayTest, ReadsTheSecondNumber) {
  EXPECT_EQ(ParseRunDelay("8873632 30831863 4\n"), 30'831'863);
  EXPECT_EQ(ParseRunDelay("0 0 0\n"), std::nullopt) << "a kernel without the statistics";
  EXPECT_EQ(ParseRunDelay(""), std::nullopt);
}

// The delay of a thread before its window, or after its end, is not one of the window.
TEST(RunDelayBetweenTest, SumsTheThreadsOfBothReadings) {
  const TreeUsage start = {.run_delay_ns = {{1, 100}, {2, 50}, {3, 70}}};
  const TreeUsage end = {.run_delay_ns = {{1, 130}, {3, 75}, {4, 1'000}}};
  EXPECT_EQ(RunDelayBetween(start, end), 35);
  EXPECT_EQ(RunDelayBetween(start, TreeUsage()), std::nullopt);
}

TEST(UsageBetweenTest, SubtractsCountersAndTakesOtherFieldsFromTheEnd) {
  TreeUsage start = {.cpu_ns = 10, .voluntary_switches = 5, .minor_faults = 9, .rss_bytes = 700};
  TreeUsage end = {.cpu_ns = 25,
                   .voluntary_switches = 3,
                   .minor_faults = 12,
                   .rss_bytes = 600,
                   .peak_rss_bytes = 800,
                   .processes = 2};
  const TreeUsage between = UsageBetween(start, end);
  EXPECT_EQ(between.cpu_ns, 15);
  EXPECT_EQ(between.voluntary_switches, 0) << "the count of an ended thread is lost";
  EXPECT_EQ(between.minor_faults, 3);
  EXPECT_EQ(between.rss_bytes, 700) << "the larger of the two";
  EXPECT_EQ(between.peak_rss_bytes, 800);
  EXPECT_EQ(between.processes, 2);
}

TEST(ProcessCpuNanosTest, IsTheProcessesOwnClock) {
  timespec own;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
  const int64_t before = own.tv_sec * 1'000'000'000 + own.tv_nsec;
  const int64_t read = *ProcessCpuNanos(getpid());
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
  EXPECT_GE(read, before);
  EXPECT_LE(read, own.tv_sec * 1'000'000'000 + own.tv_nsec);
}

TEST(ProcessCpuNanosTest, AnEndedProcessIsNotFound) {
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  ASSERT_EQ(waitpid(gone, nullptr, 0), gone);
  EXPECT_EQ(ProcessCpuNanos(gone).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadTreeUsage(gone).status().code(), absl::StatusCode::kNotFound);
}

std::unique_ptr<LaunchedProcess> Burnt(int64_t milliseconds, const char* where,
                                       bool pid_namespace = true) {
  LaunchOptions options;
  options.argv = {AssayFile("agent/telemetry/burn_program").value(), std::to_string(milliseconds),
                  where};
  options.cpus.Add(CpuSet::AllowedForThisProcess()->cpus().front());
  options.pid_namespace = pid_namespace;
  auto process = LaunchedProcess::Start(std::move(options)).value();
  EXPECT_TRUE(process->WaitForOutput("ready", absl::Now() + absl::Minutes(2)));
  return process;
}

// No CPU time of a server may be lost, or it would look faster than it is.
TEST(ReadTreeUsageTest, CountsTheCpuTimeOfTheWholeTree) {
  constexpr int64_t kBurn = 200;
  for (const char* where : {"self", "thread", "child", "living", "orphan"}) {
    for (const bool pid_namespace : {true, false}) {
      const auto process = Burnt(kBurn, where, pid_namespace);
      const absl::StatusOr<TreeUsage> usage = ReadTreeUsage(process->guard_pid());
      ASSERT_TRUE(usage.ok()) << usage.status();
      // The time of ended processes has a resolution of 10 ms, each for user and system time.
      EXPECT_GE(usage->cpu_ns, (kBurn - 20) * kMillisecond) << where;
      EXPECT_LE(usage->cpu_ns, (2 * kBurn - 20) * kMillisecond) << where << " counted twice";
    }
  }
}

TEST(ReadTreeUsageTest, ReadsRunningProcessesToTheNanosecond) {
  const auto process = Burnt(50, "self");
  const int64_t before = *ProcessCpuNanos(process->pid());
  const TreeUsage usage = *ReadTreeUsage(process->guard_pid());
  EXPECT_GE(usage.cpu_ns, before);
  EXPECT_LE(usage.cpu_ns, *ProcessCpuNanos(process->pid()));
  EXPECT_GE(usage.cpu_ns, 50 * kMillisecond);
}

// The responses counted until this time are compared with this CPU time.
TEST(ReadTreeUsageTest, ReadsTheClocksAtTheReportedTime) {
  const auto process = Burnt(10, "living");
  const int64_t before_ns = MonotonicNanos();
  const TreeUsage usage = *ReadTreeUsage(process->guard_pid());
  EXPECT_TRUE(usage.complete);
  EXPECT_GT(usage.cpu_at_ns, before_ns);
  EXPECT_LT(usage.cpu_at_ns, MonotonicNanos());
}

TEST(UsageBetweenTest, IsCompleteIfBothReadingsAre) {
  const TreeUsage whole;
  TreeUsage job;
  job.complete = false;
  EXPECT_TRUE(UsageBetween(whole, whole).complete);
  EXPECT_FALSE(UsageBetween(job, whole).complete);
  EXPECT_FALSE(UsageBetween(whole, job).complete);
}

TEST(ReadTreeUsageTest, DescribesTheTree) {
  const auto alone = Burnt(0, "self");
  const TreeUsage one = *ReadTreeUsage(alone->guard_pid());
  EXPECT_EQ(one.processes, 1);
  EXPECT_EQ(one.threads, 1);
  EXPECT_GT(one.rss_bytes, 0);
  EXPECT_GE(one.peak_rss_bytes, one.rss_bytes);
  EXPECT_GT(one.minor_faults, 0);
  EXPECT_EQ(one.run_delay_ns.count(alone->pid()), 1u);
  EXPECT_EQ(one.allowed_cpus.Count(), 1);
  EXPECT_EQ(one.allowed_cpus.cpus().front(), CpuSet::AllowedForThisProcess()->cpus().front());
  const TreeUsage two = *ReadTreeUsage(Burnt(0, "living")->guard_pid());
  EXPECT_EQ(two.processes, 2);
  EXPECT_EQ(two.peak_rss_bytes, 0) << "peaks of several processes do not add up";
}

}  // namespace
}  // namespace assay::agent
