#include "analysis/profile/stack_profile.h"

#include "analysis/profile/test_profile.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(StackProfileTest, EqualStacksAreKeptOnceAndTheirWeightsAdded) {
  StackProfile profile;
  AddFolded("main;work", 2, &profile);
  AddFolded("main;wait", 1, &profile);
  AddFolded("main;work", 3, &profile);
  ASSERT_EQ(profile.nodes().size(), 3);
  EXPECT_EQ(profile.nodes()[1].on_cpu, (StackWeight{.ns = 5'000'000, .samples = 5}));
  EXPECT_EQ(profile.nodes()[1].depth, 2);
  EXPECT_EQ(profile.total(StackTime::kOnCpu), (StackWeight{.ns = 6'000'000, .samples = 6}));
  EXPECT_EQ(profile.samples().size(), 6);
}

TEST(StackProfileTest, CountsTimeOffTheCpuSeparately) {
  StackProfile profile;
  AddFolded("main;wait", 1, &profile);
  AddFolded("main;wait", 2, &profile, StackTime::kOffCpu);
  EXPECT_EQ(profile.nodes()[1].on_cpu.samples, 1);
  EXPECT_EQ(profile.nodes()[1].off_cpu.samples, 2);
  EXPECT_EQ(profile.total(StackTime::kOffCpu).ns, 2'000'000);
}

// A function of the same name in another library is a different one.
TEST(StackProfileTest, FramesDifferByEveryField) {
  StackProfile profile;
  const uint32_t name = profile.InternString("f");
  const uint32_t a = profile.InternMapping({.file = profile.InternString("/lib/a.so")});
  const uint32_t plain = profile.InternFrame({.function = name});
  EXPECT_EQ(profile.InternFrame({.function = name}), plain);
  EXPECT_NE(profile.InternFrame({.function = name, .mapping = a + 1}), plain);
  EXPECT_NE(profile.InternFrame({.function = name, .line = 1}), plain);
  EXPECT_NE(profile.InternFrame({.function = name, .address = 1}), plain);
  EXPECT_NE(profile.InternFrame({.function = name, .kind = FrameKind::kKernel}), plain);
  EXPECT_NE(profile.InternFrame({.function = name, .inlined = true}), plain);
}

TEST(StackProfileTest, MergingRunsAddsTheirWeights) {
  StackProfile a = ProfileOf({{"main;work", 2}, {"main;[c]send;[k]tcp_sendmsg", 1}});
  const StackProfile b = ProfileOf({{"main;[c]recv", 4}, {"main;work", 5}});
  a.Merge(b);
  FunctionTree tree;
  tree.Add(a, StackTime::kOnCpu);
  const std::vector<StackWeight> totals = tree.Totals();
  EXPECT_EQ(totals[FunctionTree::kRoot].samples, 12);
  EXPECT_EQ(a.nodes().size(), 5);
  EXPECT_EQ(a.nodes()[1].on_cpu.samples, 7);
  // Times of two runs have different origins.
  EXPECT_EQ(a.samples().size(), 3);
}

TEST(StackProfileTest, MergingIntoAnEmptyProfileGivesTheSame) {
  RandomStream random(1);
  const StackProfile profile = RandomProfile(&random, 200, 30);
  StackProfile merged;
  merged.Merge(profile);
  ASSERT_EQ(merged.nodes().size(), profile.nodes().size());
  for (size_t i = 0; i < merged.nodes().size(); ++i) {
    EXPECT_EQ(merged.nodes()[i].on_cpu, profile.nodes()[i].on_cpu);
    EXPECT_EQ(merged.nodes()[i].off_cpu, profile.nodes()[i].off_cpu);
    EXPECT_EQ(merged.nodes()[i].depth, profile.nodes()[i].depth);
  }
  EXPECT_EQ(merged.strings(), profile.strings());
  EXPECT_EQ(merged.frames(), profile.frames());
}

TEST(StackProfileTest, HasRoomForDetectsOverflow) {
  StackProfile profile;
  AddFolded("main", 0, &profile);
  profile.AddSample({.node = 0, .weight_ns = StackProfile::kMaxTotalNs - 1});
  EXPECT_TRUE(profile.HasRoomFor(1));
  EXPECT_FALSE(profile.HasRoomFor(2));
}

}  // namespace
}  // namespace assay
