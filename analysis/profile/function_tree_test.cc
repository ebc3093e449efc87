#include "analysis/profile/function_tree.h"

#include <map>
#include <string>

#include "analysis/profile/folded_text.h"
#include "analysis/profile/test_profile.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

std::map<std::string, uint64_t> SamplesByFunction(const FunctionTree& tree,
                                                  const std::vector<StackWeight>& weights) {
  std::map<std::string, uint64_t> samples;
  for (size_t i = 0; i < weights.size(); ++i)
    samples[tree.functions()[i].name] = weights[i].samples;
  return samples;
}

TEST(FunctionTreeTest, WritesFoldedLines) {
  const FunctionTree tree =
      TreeOf({{"main;work;parse", 5}, {"main;[c]recv;[k]tcp_recvmsg", 2}, {"main;work", 1}});
  EXPECT_EQ(FoldedText(tree),
            "main;recv;tcp_recvmsg 2\n"
            "main;work 1\n"
            "main;work;parse 5\n");
}

// Otherwise a semicolon in a name would split a stack, and a line break would split a line.
TEST(FunctionTreeTest, NamesDoNotBreakLines) {
  FunctionTree tree;
  const uint32_t odd = tree.InternFunction({.name = "a;b\nc d"});
  tree.AddSelf(tree.InternChild(FunctionTree::kRoot, odd), {.ns = 1, .samples = 3});
  EXPECT_EQ(FoldedText(tree), "a:b c d 3\n");
}

TEST(FunctionTreeTest, AddressesOfOneFunctionAreOneNode) {
  StackProfile profile;
  const uint32_t name = profile.InternString("work");
  for (const uint64_t address : {1, 2, 3}) {
    const uint32_t frame = profile.InternFrame({.function = name, .address = address});
    profile.AddSample({.node = profile.InternNode(0, frame), .weight_ns = 10});
  }
  FunctionTree tree;
  tree.Add(profile, StackTime::kOnCpu);
  EXPECT_EQ(FoldedText(tree), "work 3\n");
}

// A frame of a function without a name, with its file, build id and address.
uint32_t Nameless(const std::string& file, const std::string& build_id, uint64_t address,
                  StackProfile* profile) {
  const uint32_t mapping = profile->InternMapping(
      {.file = profile->InternString(file), .build_id = profile->InternString(build_id)});
  return profile->InternFrame({.function = profile->InternString("[unknown]"),
                               .mapping = mapping + 1,
                               .address = address,
                               .kind = FrameKind::kLibrary});
}

FunctionTree TreeOfFrames(const StackProfile& stacks, const std::vector<uint32_t>& frames) {
  StackProfile profile = stacks;
  for (const uint32_t frame : frames)
    profile.AddSample({.node = profile.InternNode(0, frame), .weight_ns = 10});
  FunctionTree tree;
  tree.Add(profile, StackTime::kOnCpu);
  return tree;
}

// Otherwise all functions of all stripped libraries would be one function.
TEST(FunctionTreeTest, FunctionsWithoutANameAreIdentifiedByFileAndAddress) {
  StackProfile profile;
  const uint32_t first = Nameless("/lib/libmicrohttpd.so.12.60.0", "ab", 0x1a2b0, &profile);
  const uint32_t second = Nameless("/lib/libmicrohttpd.so.12.60.0", "ab", 0x1a400, &profile);
  const uint32_t other = Nameless("/lib/libz.so.1", "cd", 0x1a2b0, &profile);
  EXPECT_EQ(FoldedText(TreeOfFrames(profile, {first, second, other, first})),
            "libmicrohttpd.so.12.60.0+0x1a2b0 2\n"
            "libmicrohttpd.so.12.60.0+0x1a400 1\n"
            "libz.so.1+0x1a2b0 1\n");
}

TEST(FunctionTreeTest, AddressInAnotherBuildIsAnotherFunction) {
  StackProfile profile;
  const uint32_t before = Nameless("/lib/libz.so.1", "ab", 0x1000, &profile);
  const uint32_t after = Nameless("/lib/libz.so.1", "cd", 0x1000, &profile);
  EXPECT_EQ(TreeOfFrames(profile, {before, after}).nodes().size(), 3);
}

// perf prints the address in memory, which differs between runs.
TEST(FunctionTreeTest, AddressWithoutABuildIdDoesNotIdentifyAFunction) {
  StackProfile profile;
  const uint32_t one = Nameless("/lib/libz.so.1", "", 0x7f0000001000, &profile);
  const uint32_t two = Nameless("/lib/libz.so.1", "", 0x7f0000002000, &profile);
  EXPECT_EQ(FoldedText(TreeOfFrames(profile, {one, two})), "[unknown] 2\n");
}

TEST(FunctionTreeTest, TimeOnAndOffTheCpuMakeTwoTrees) {
  StackProfile profile;
  AddFolded("main;work", 3, &profile);
  AddFolded("main;wait;[k]schedule", 4, &profile, StackTime::kOffCpu);
  FunctionTree on;
  on.Add(profile, StackTime::kOnCpu);
  FunctionTree off;
  off.Add(profile, StackTime::kOffCpu);
  EXPECT_EQ(FoldedText(on), "main;work 3\n");
  EXPECT_EQ(FoldedText(off), "main;wait;schedule 4\n");
  EXPECT_EQ(on.nodes().size(), 3);
}

TEST(FunctionTreeTest, BottomUpBeginsWithTheTopOfStacks) {
  const FunctionTree tree = TreeOf({{"a;c", 1}, {"b;c", 2}, {"b", 4}});
  EXPECT_EQ(FoldedText(tree.Reversed()), "b 4\nc;a 1\nc;b 2\n");
}

TEST(FunctionTreeTest, ReversingTwiceGivesTheTreeBack) {
  RandomStream random(3);
  FunctionTree tree;
  tree.Add(RandomProfile(&random, 300, 25), StackTime::kOnCpu);
  EXPECT_EQ(FoldedText(tree.Reversed().Reversed()), FoldedText(tree));
}

TEST(FunctionTreeTest, RecursionIsCountedOnce) {
  const FunctionTree tree = TreeOf({{"main;f;g;f", 3}, {"main;f", 2}, {"main;g", 1}});
  const auto totals = SamplesByFunction(tree, tree.FunctionTotals());
  EXPECT_EQ(totals.at("f"), 5);
  EXPECT_EQ(totals.at("g"), 4);
  EXPECT_EQ(totals.at("main"), 6);
  EXPECT_EQ(totals.at("all"), 6);
  const auto selves = SamplesByFunction(tree, tree.FunctionSelves());
  EXPECT_EQ(selves.at("f"), 5);
  EXPECT_EQ(selves.at("g"), 1);
  EXPECT_EQ(selves.at("main"), 0);
}

TEST(FunctionTreeTest, TrimmingKeepsTheTotal) {
  const FunctionTree tree =
      TreeOf({{"main;big", 97}, {"main;small;x", 1}, {"main;small;y", 1}, {"main;tiny", 1}});
  EXPECT_EQ(FoldedText(tree.Trimmed(0.05)), "main;[others] 3\nmain;big 97\n");
  EXPECT_EQ(FoldedText(tree.Trimmed(0.02)),
            "main;[others] 1\nmain;big 97\nmain;small;[others] 2\n");
  EXPECT_EQ(FoldedText(tree.Trimmed(0)), FoldedText(tree));
  RandomStream random(4);
  FunctionTree large;
  large.Add(RandomProfile(&random, 500, 40), StackTime::kOnCpu);
  const FunctionTree trimmed = large.Trimmed(0.01);
  EXPECT_LT(trimmed.nodes().size(), large.nodes().size());
  EXPECT_EQ(trimmed.Totals()[FunctionTree::kRoot], large.Totals()[FunctionTree::kRoot]);
}

TEST(FunctionTreeTest, AddingTreesEqualsMergingProfiles) {
  RandomStream random(5);
  const StackProfile a = RandomProfile(&random, 100, 20);
  const StackProfile b = RandomProfile(&random, 100, 20);
  FunctionTree sum;
  sum.Add(a, StackTime::kOnCpu);
  FunctionTree other;
  other.Add(b, StackTime::kOnCpu);
  sum.Add(other);
  StackProfile merged = a;
  merged.Merge(b);
  FunctionTree of_merged;
  of_merged.Add(merged, StackTime::kOnCpu);
  EXPECT_EQ(FoldedText(sum), FoldedText(of_merged));
}

TEST(FunctionTreeTest, EmptyProfileHasOnlyTheRoot) {
  const FunctionTree tree;
  EXPECT_EQ(FoldedText(tree), "");
  EXPECT_EQ(tree.Totals().size(), 1);
  EXPECT_EQ(FoldedText(tree.Reversed()), "");
  EXPECT_EQ(FoldedText(tree.Trimmed(0.5)), "");
  EXPECT_EQ(tree.PreOrder(), std::vector<uint32_t>{FunctionTree::kRoot});
}

// The tree's functions must not recurse, because a stack may be this deep.
TEST(FunctionTreeTest, HandlesTheDeepestStack) {
  FunctionTree tree;
  uint32_t node = FunctionTree::kRoot;
  const uint32_t function = tree.InternFunction({.name = "f"});
  for (uint32_t i = 0; i < StackProfile::kMaxDepth; ++i) node = tree.InternChild(node, function);
  tree.AddSelf(node, {.ns = 7, .samples = 1});
  EXPECT_EQ(tree.FunctionTotals()[function].ns, 7);
  EXPECT_EQ(tree.Reversed().nodes().size(), StackProfile::kMaxDepth + 1);
  EXPECT_EQ(tree.Trimmed(0.5).nodes().size(), StackProfile::kMaxDepth + 1);
}

TEST(FunctionTreeTest, KernelTimeCountsForItsCallers) {
  const FunctionTree tree = TreeOf(
      {{"main;[c]send;[k]entry;[k]tcp_sendmsg", 5}, {"main;[c]send;[k]entry", 2}, {"main", 3}});
  EXPECT_EQ(FoldedText(tree.WithoutKernel()), "main 3\nmain;send 7\n");
  // No caller is left.
  EXPECT_EQ(TreeOf({{"[k]idle", 4}}).WithoutKernel().nodes()[FunctionTree::kRoot].self.samples, 4);
}

}  // namespace
}  // namespace assay
