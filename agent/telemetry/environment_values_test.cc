#include "agent/telemetry/environment_values.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::HasSubstr;

TEST(ColonValueTest, TakesTheFirstValueOfTheWholeKey) {
  constexpr char kText[] = "model\t\t: 2\nmodel name\t: AMD: EPYC \nmodel name\t: other\nempty:\n";
  EXPECT_EQ(*ColonValue(kText, "model"), "2");
  EXPECT_EQ(*ColonValue(kText, "model name"), "AMD: EPYC");
  EXPECT_EQ(*ColonValue(kText, "empty"), "");
  EXPECT_THAT(ColonValue(kText, "microcode").status().message(), HasSubstr("microcode"));
}

TEST(SelectedOptionTest, IsTheOneInBrackets) {
  EXPECT_EQ(*SelectedOption("always [madvise] never\n"), "madvise");
  EXPECT_FALSE(SelectedOption("always madvise never").ok());
  EXPECT_FALSE(SelectedOption("][").ok());
}

TEST(LimitTest, GivesSoftAndHard) {
  constexpr char kText[] =
      "Limit                     Soft Limit           Hard Limit           Units     \n"
      "Max open files            1024                 524288               files     \n"
      "Max stack size            8388608              unlimited            bytes     \n";
  EXPECT_EQ(*Limit(kText, "Max open files"), "soft 1024, hard 524288");
  EXPECT_EQ(*Limit(kText, "Max stack size"), "soft 8388608, hard unlimited");
  EXPECT_FALSE(Limit(kText, "Max pending signals").ok());
}

TEST(ByCpuTest, ListsCpusOnlyIfValuesDiffer) {
  EXPECT_EQ(ByCpu({{0, "performance"}, {1, "performance"}}), "performance");
  EXPECT_EQ(ByCpu({{0, "powersave"}, {1, "powersave"}, {2, "performance"}}),
            "0-1: powersave; 2: performance");
}

TEST(MitigationsTest, OmitsVulnerabilitiesThatDoNotAffectTheMachine) {
  EXPECT_EQ(Mitigations({{"l1tf", "Not affected"}, {"meltdown", "Mitigation: PTI"}}),
            "meltdown: Mitigation: PTI");
  EXPECT_EQ(Mitigations({{"l1tf", "Not affected"}}), "none needed");
}

TEST(CpuCgroupTest, PrefersTheCgroupV1HierarchyOfTheCpu) {
  EXPECT_EQ(CpuCgroup("0::/user.slice/a:b\n")->path, "/user.slice/a:b");
  EXPECT_TRUE(CpuCgroup("0::/x\n")->unified);
  const CgroupPath old = *CpuCgroup("0::/x\n4:cpuacct,cpu:/docker/7\n3:cpuset:/y\n");
  EXPECT_FALSE(old.unified);
  EXPECT_EQ(old.path, "/docker/7");
  EXPECT_FALSE(CpuCgroup("3:cpuset:/y\nnonsense\n").ok());
}

TEST(CpuQuotaTest, IsInCpus) {
  EXPECT_EQ(**CpuQuota("150000 100000\n"), 1.5);
  EXPECT_EQ(*CpuQuota("max 100000\n"), std::nullopt);
  EXPECT_EQ(*CpuQuota("-1 100000"), std::nullopt);
  for (const char* text : {"", "max", "x 100000", "1 0", "1 2 3"}) {
    EXPECT_FALSE(CpuQuota(text).ok()) << text;
  }
}

}  // namespace
}  // namespace assay::agent
