#include "common/cpu_set.h"

#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(CpuSetTest, ParsesTheKernelsFormat) {
  EXPECT_THAT(CpuSet::Parse("0-1,3\n")->cpus(), ElementsAre(0, 1, 3));
  EXPECT_THAT(CpuSet::Parse("7")->cpus(), ElementsAre(7));
  EXPECT_THAT(CpuSet::Parse("8191")->cpus(), ElementsAre(8191));
  EXPECT_THAT(CpuSet::Parse("")->cpus(), IsEmpty());
  EXPECT_THAT(CpuSet::Parse("\n")->cpus(), IsEmpty());
}

TEST(CpuSetTest, WritesTheShortestListForAnyOrder) {
  EXPECT_EQ(CpuSet::Parse("3,0-1,1,2,5,8191")->ToString(), "0-3,5,8191");
  EXPECT_EQ(CpuSet::Parse("0,1")->ToString(), "0-1");
  EXPECT_EQ(CpuSet().ToString(), "");
}

TEST(CpuSetTest, RefusesAnInvalidListAndNamesTheRange) {
  for (const char* bad : {"a", "0,", ",0", "1-0", "0-", "-1", "0--1", "8192", "0-99999", "+1",
                          "0 1", "99999999999999999999"}) {
    const absl::StatusOr<CpuSet> set = CpuSet::Parse(bad);
    EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_THAT(CpuSet::Parse("0,x7").status().message(), HasSubstr("\"x7\""));
}

TEST(CpuSetTest, ReportsItsMembers) {
  const CpuSet set = *CpuSet::Parse("0,2");
  EXPECT_TRUE(set.Contains(2));
  EXPECT_FALSE(set.Contains(1));
  EXPECT_FALSE(set.Contains(-1));
  EXPECT_FALSE(set.Contains(CpuSet::kMaxCpus));
  EXPECT_EQ(set.Count(), 2);
  EXPECT_FALSE(set.empty());
  EXPECT_TRUE(set.Intersects(*CpuSet::Parse("2-3")));
  EXPECT_FALSE(set.Intersects(*CpuSet::Parse("1,3")));
  EXPECT_TRUE(set.Includes(*CpuSet::Parse("2")));
  EXPECT_TRUE(set.Includes(CpuSet()));
  EXPECT_FALSE(set.Includes(*CpuSet::Parse("0-2")));
}

TEST(CpuSetTest, TheUnionHasTheCpusOfBoth) {
  CpuSet set = *CpuSet::Parse("0");
  set |= *CpuSet::Parse("2");
  EXPECT_EQ(set, *CpuSet::Parse("0,2"));
}

// In a separate thread, so that the affinity of the test does not change.
void InAThread(const std::function<void()>& body) { std::thread(body).join(); }

TEST(CpuSetTest, APinnedThreadMayUseItsCpusOnly) {
  const CpuSet allowed = *CpuSet::AllowedForThisProcess();
  ASSERT_FALSE(allowed.empty());
  InAThread([&] {
    CpuSet one;
    one.Add(allowed.cpus().back());
    ASSERT_TRUE(one.PinThisThread().ok());
    EXPECT_EQ(*CpuSet::AllowedForThread(gettid()), one);
  });
  EXPECT_EQ(*CpuSet::AllowedForThisProcess(), allowed);
}

// Otherwise a server measured on fewer CPUs than requested would be compared with one that had all of them.
TEST(CpuSetTest, PinningFailsAndChangesNothingIfACpuIsMissing) {
  InAThread([] {
    const CpuSet before = *CpuSet::AllowedForThisProcess();
    CpuSet wanted = before;
    wanted.Add(CpuSet::kMaxCpus - 1);
    const absl::Status pinned = wanted.PinThisThread();
    EXPECT_EQ(pinned.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(pinned.message(), HasSubstr(before.ToString()));
    EXPECT_EQ(*CpuSet::AllowedForThisProcess(), before);
  });
}

TEST(CpuSetTest, PinningFailsIfNoCpuExists) {
  CpuSet wanted;
  EXPECT_EQ(wanted.PinThisThread().code(), absl::StatusCode::kInvalidArgument);
  wanted.Add(CpuSet::kMaxCpus - 1);
  EXPECT_EQ(wanted.PinThisThread().code(), absl::StatusCode::kInvalidArgument);
}

TEST(CpuSetTest, AnEndedThreadIsNotFound) {
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  ASSERT_EQ(waitpid(gone, nullptr, 0), gone);
  EXPECT_EQ(CpuSet::AllowedForThread(gone).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace assay
