#include "agent/profiler/profile_abilities.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

TEST(ProfileAbilitiesTest, EachIsAvailableOrHasAReasonAndARemedy) {
  const ProfileAbilities abilities = TryProfileAbilities();
  EXPECT_THAT(abilities.events, ElementsAre(Field(&agent::PerfAbility::name, "cycles"),
                                            Field(&agent::PerfAbility::name, "cpu-clock"),
                                            Field(&agent::PerfAbility::name, "cycles:u"),
                                            Field(&agent::PerfAbility::name, "cpu-clock:u")));
  EXPECT_EQ(abilities.off_cpu.name, "off_cpu");
  EXPECT_EQ(abilities.kernel_names.name, "kernel_names");
  EXPECT_EQ(abilities.syscalls.name, "syscalls");
  std::vector<agent::PerfAbility> all = abilities.events;
  all.insert(all.end(), {abilities.off_cpu, abilities.kernel_names, abilities.syscalls});
  for (const agent::PerfAbility& ability : all) {
    EXPECT_EQ(ability.available, ability.reason.empty()) << ability.name;
    EXPECT_EQ(ability.available, ability.remedy.empty()) << ability.name;
  }
}

TEST(KernelNamesTest, ZeroAddressesAreNotNames) {
  EXPECT_TRUE(KernelNamesIn("0000000000000000 A cpu_start\nffffffff81000000 T _stext\n").available);
  const agent::PerfAbility hidden =
      KernelNamesIn("0000000000000000 A cpu_start\n0000000000000000 T _stext\n");
  EXPECT_FALSE(hidden.available);
  EXPECT_THAT(hidden.reason, HasSubstr("hides its addresses"));
  EXPECT_THAT(hidden.remedy, HasSubstr("kptr_restrict=0"));
  EXPECT_THAT(KernelNamesIn("").reason, HasSubstr("not readable"));
}

}  // namespace
}  // namespace assay::agent
