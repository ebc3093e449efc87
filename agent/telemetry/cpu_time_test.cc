#include "agent/telemetry/cpu_time.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kTickNs = 10'000'000;

// user nice system idle iowait irq softirq steal guest guest_nice
constexpr char kStat[] =
    "cpu  300 30 60 1000 10 0 12 8 0 0\n"
    "cpu0 100 10 20 400 4 0 5 3 50 0\n"
    "cpu3 200 20 40 600 6 0 7 5 0 0\n"
    "intr 12345 0 1\n"
    "ctxt 99\n";

TEST(ParseCpuTimesTest, ReadsEachCpuInNanoseconds) {
  const std::map<int, CpuTime> times = *ParseCpuTimes(kStat);
  ASSERT_EQ(times.size(), 2u);
  const CpuTime zero = times.at(0);
  EXPECT_EQ(zero.processes_ns, 130 * kTickNs) << "user time already includes guest time";
  EXPECT_EQ(zero.interrupts_ns, 5 * kTickNs);
  EXPECT_EQ(zero.idle_ns, 404 * kTickNs);
  EXPECT_EQ(zero.steal_ns, 3 * kTickNs);
  EXPECT_FALSE(zero.interrupts_apart);
  EXPECT_EQ(times.at(3).processes_ns, 260 * kTickNs);
}

TEST(ParseCpuTimesTest, RejectsTextThatIsNotProcStat) {
  for (const char* text : {"", "hello", "cpu  1 2 3 4 5 6 7 8\n", "cpu0 1 2 3\n",
                           "cpu0 1 2 3 x 5 6 7 8\n", "cpux 1 2 3 4 5 6 7 8\n"}) {
    EXPECT_EQ(ParseCpuTimes(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(CpuTimeTest, DifferencesAreNeverNegative) {
  const CpuTime early = {.processes_ns = 10, .interrupts_ns = 20, .idle_ns = 30, .steal_ns = 40};
  const CpuTime late = {.processes_ns = 15, .interrupts_ns = 26, .idle_ns = 29, .steal_ns = 40};
  EXPECT_EQ(late - early, (CpuTime{.processes_ns = 5, .interrupts_ns = 6}));
}

TEST(CpuTimeTest, TheSumOfCpusKeepsInterruptsApart) {
  CpuTime sum = {.processes_ns = 1};
  sum += {.processes_ns = 2, .steal_ns = 3, .interrupts_apart = true};
  EXPECT_EQ(sum, (CpuTime{.processes_ns = 3, .steal_ns = 3, .interrupts_apart = true}));
  EXPECT_TRUE((sum - CpuTime{}).interrupts_apart);
}

// If time is sampled by ticks, the clock of the interrupted process includes the time of interrupts.
TEST(ForeignNanosTest, InterruptsAreForeignIfTheProcessClockIncludesThem) {
  const CpuTime passed = {.processes_ns = 700, .interrupts_ns = 300, .idle_ns = 50};
  EXPECT_EQ(ForeignNanos(passed, 900), 100);
  EXPECT_EQ(ForeignNanos(passed, 1000), 0);
  EXPECT_EQ(ForeignNanos(passed, 1200), 0) << "ticks may fall short of clocks";
}

// Otherwise the server's own network processing would void its result.
TEST(ForeignNanosTest, InterruptsAreNotForeignIfTheProcessClockExcludesThem) {
  const CpuTime passed = {.processes_ns = 700, .interrupts_ns = 300, .interrupts_apart = true};
  EXPECT_EQ(ForeignNanos(passed, 650), 50);
}

TEST(ReadCpuTimeTest, ReadsTheCpusOfThisMachine) {
  const CpuSet allowed = *CpuSet::AllowedForThisProcess();
  const CpuTime time = *ReadCpuTime(allowed);
  EXPECT_GT(time.processes_ns + time.idle_ns, 0);
  EXPECT_EQ(*ReadCpuTime(CpuSet()), CpuTime{});
}

TEST(ReadCpuTimeTest, NamesACpuThatDoesNotExist) {
  const absl::Status status = ReadCpuTime(*CpuSet::Parse("8191")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("8191"));
}

}  // namespace
}  // namespace assay::agent
