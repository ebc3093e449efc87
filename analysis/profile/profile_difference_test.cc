#include "analysis/profile/profile_difference.h"

#include <cmath>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "analysis/profile/categories.h"
#include "analysis/profile/test_profile.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

// Runs of one program that differ by chance.
class Program {
 public:
  Program(const std::vector<FoldedStack>& stacks, int runs, uint64_t seed, uint64_t requests) {
    RandomStream random(seed);
    for (int run = 0; run < runs; ++run) {
      std::vector<FoldedStack> varied = stacks;
      for (FoldedStack& one : varied) one.samples += random.Below(1 + one.samples / 10);
      trees_.push_back(TreeOf(varied));
    }
    for (const FunctionTree& tree : trees_) {
      runs_.push_back({.tree = &tree, .requests = requests, .event = "cpu-clock"});
    }
  }
  Program(const Program&) = delete;

  absl::Span<const ProfileRun> runs() const { return runs_; }
  std::vector<ProfileRun>* mutable_runs() { return &runs_; }
  const std::vector<FunctionTree>& trees() const { return trees_; }

 private:
  std::vector<FunctionTree> trees_;
  std::vector<ProfileRun> runs_;
};

const std::vector<FoldedStack>& C() {
  static const auto* const stacks =
      new std::vector<FoldedStack>{{"_start;main;MHD_epoll;[c]epoll_wait;[k]ep_poll", 120},
                                   {"_start;main;MHD_epoll;[c]recv;[k]tcp_recvmsg", 300},
                                   {"_start;main;handle", 500},
                                   {"_start;main;rare", 2}};
  return *stacks;
}
const std::vector<FoldedStack>& Rust() {
  static const auto* const stacks =
      new std::vector<FoldedStack>{{"_start;main;tokio::park;[c]epoll_wait;[k]ep_poll", 25},
                                   {"_start;main;hyper::poll;[c]recv;[k]tcp_recvmsg", 300},
                                   {"_start;main;app::answer", 500}};
  return *stacks;
}

std::map<std::string, FunctionChange> ByName(const ProfileDifference& difference) {
  std::map<std::string, FunctionChange> by_name;
  for (const FunctionChange& change : difference.functions) {
    by_name[change.function.name] = change;
  }
  return by_name;
}

TEST(ProfileDifferenceTest, FindsOnlySignificantDifferences) {
  const Program a(C(), 8, 1, 1000);
  const Program b(Rust(), 8, 2, 1000);
  const absl::StatusOr<ProfileDifference> difference = CompareProfiles(a.runs(), b.runs(), {});
  ASSERT_TRUE(difference.ok()) << difference.status();
  EXPECT_TRUE(difference->enough_runs);
  const auto functions = ByName(*difference);
  const ProfileChange& epoll = functions.at("epoll_wait").total;
  EXPECT_TRUE(epoll.significant);
  EXPECT_NEAR(epoll.us_per_request->a, 126, 6);
  EXPECT_NEAR(epoll.us_per_request->b, 26, 2);
  EXPECT_LT(epoll.us_per_request->delta, -90);
  EXPECT_NEAR(epoll.share.a, 0.13, 0.01);
  EXPECT_NEAR(epoll.share.b, 0.03, 0.005);
  EXPECT_LT(*epoll.us_per_request->high, 0);
  const ProfileChange& recv = functions.at("recv").total;
  EXPECT_TRUE(recv.tested);
  EXPECT_FALSE(recv.significant);
  // The kernel's time counts for the system call, not for the C library itself.
  EXPECT_EQ(functions.at("epoll_wait").self.share.a, 0);
}

TEST(ProfileDifferenceTest, ShowsVanishedFrames) {
  const Program a(C(), 6, 1, 1000);
  const Program b(Rust(), 6, 2, 1000);
  const ProfileDifference difference = CompareProfiles(a.runs(), b.runs(), {}).value();
  const auto functions = ByName(difference);
  EXPECT_EQ(functions.at("handle").total.share.b, 0);
  EXPECT_TRUE(functions.at("handle").total.significant);
  EXPECT_EQ(functions.at("app::answer").total.share.a, 0);
  EXPECT_TRUE(functions.at("app::answer").total.significant);
}

// The widths of a drawing must add up.
TEST(ProfileDifferenceTest, NodesAddUpToTheTotalOnBothSides) {
  const Program a(C(), 6, 1, 500);
  const Program b(Rust(), 6, 2, 700);
  const ProfileDifference difference = CompareProfiles(a.runs(), b.runs(), {}).value();
  double share_a = 0;
  double us_b = 0;
  for (const ProfileChange& self : difference.selves) {
    share_a += self.share.a;
    us_b += self.us_per_request->b;
  }
  EXPECT_NEAR(share_a, 1, 1e-12);
  EXPECT_NEAR(us_b, difference.totals[FunctionTree::kRoot].us_per_request->b, 1e-9);
  EXPECT_EQ(difference.totals.size(), difference.tree.nodes().size());
}

TEST(ProfileDifferenceTest, ShowsRareFunctionsWithoutATest) {
  const Program a(C(), 6, 1, 1000);
  const Program b(Rust(), 6, 2, 1000);
  const ProfileDifference difference = CompareProfiles(a.runs(), b.runs(), {}).value();
  EXPECT_EQ(ByName(difference).count("rare"), 0);
  bool seen = false;
  for (size_t i = 0; i < difference.totals.size(); ++i) {
    if (difference.tree.FunctionOf(i).name != "rare") continue;
    seen = true;
    EXPECT_FALSE(difference.totals[i].tested);
    EXPECT_FALSE(difference.totals[i].significant);
  }
  EXPECT_TRUE(seen);
}

TEST(ProfileDifferenceTest, ProgramComparedWithItselfHasNoFindings) {
  const Program a(C(), 8, 1, 1000);
  const Program b(C(), 8, 5, 1000);
  const ProfileDifference difference = CompareProfiles(a.runs(), b.runs(), {}).value();
  ASSERT_FALSE(difference.functions.empty());
  for (const FunctionChange& change : difference.functions) {
    EXPECT_FALSE(change.total.significant) << change.function.name;
  }
}

// With less waiting, everything else has a larger share. The cost per request shows the difference.
TEST(ProfileDifferenceTest, LargerShareIsNotAHigherCost) {
  std::vector<FoldedStack> busy = {{"main;work", 500}, {"main;[c]epoll_wait", 500}};
  std::vector<FoldedStack> idle = {{"main;work", 500}, {"main;[c]epoll_wait", 100}};
  const Program a(busy, 8, 1, 1000);
  const Program b(idle, 8, 2, 1000);
  const ProfileDifference difference = CompareProfiles(a.runs(), b.runs(), {}).value();
  const ProfileChange work = ByName(difference).at("work").total;
  EXPECT_GT(work.share.delta, 0.2);
  EXPECT_LT(work.share.p, 0.01);
  EXPECT_FALSE(work.significant);
}

TEST(ProfileDifferenceTest, WithoutRequestCountsTestsShares) {
  const Program a(C(), 6, 1, 0);
  const Program b(Rust(), 6, 2, 1000);
  const ProfileDifference difference = CompareProfiles(a.runs(), b.runs(), {}).value();
  EXPECT_FALSE(difference.has_requests);
  const ProfileChange epoll = ByName(difference).at("epoll_wait").total;
  EXPECT_FALSE(epoll.us_per_request.has_value());
  EXPECT_TRUE(epoll.significant);
}

// Otherwise each of a hundred callers of one function would count as a separate hypothesis.
TEST(ProfileDifferenceTest, LongChainOfCallersHidesNoFinding) {
  std::string chain = "_start";
  for (int i = 0; i < 100; ++i) absl::StrAppend(&chain, ";caller", i);
  const std::string steady = chain + ";steady";
  const std::string erratic = chain + ";erratic";
  RandomStream random(1);
  std::vector<FunctionTree> trees;
  for (uint64_t run = 0; run < 12; ++run) {
    const uint64_t own = run < 6 ? 60 : 120;
    trees.push_back(TreeOf({{steady, own + run % 3}, {erratic, 1000 + random.Below(1000)}}));
  }
  std::vector<ProfileRun> runs;
  for (const FunctionTree& tree : trees) runs.push_back({.tree = &tree, .requests = 1000});
  const absl::Span<const ProfileRun> all(runs);
  const ProfileDifference difference =
      CompareProfiles(all.subspan(0, 6), all.subspan(6), {}).value();
  const auto functions = ByName(difference);
  EXPECT_TRUE(functions.at("steady").total.significant);
  EXPECT_FALSE(functions.at("erratic").total.significant);
  EXPECT_FALSE(functions.at("_start").total.significant);
  for (size_t i = 0; i < difference.totals.size(); ++i)
    EXPECT_EQ(difference.totals[i].significant, difference.tree.FunctionOf(i).name == "steady");
}

TEST(ProfileDifferenceTest, WithFewRunsNothingIsSignificant) {
  const Program a(C(), 4, 1, 1000);
  const Program b(Rust(), 9, 2, 1000);
  const ProfileDifference difference = CompareProfiles(a.runs(), b.runs(), {}).value();
  EXPECT_FALSE(difference.enough_runs);
  ASSERT_FALSE(difference.functions.empty());
  for (const FunctionChange& change : difference.functions) {
    EXPECT_FALSE(change.total.tested);
    EXPECT_FALSE(change.total.significant);
  }
}

// Categories are compared as the nodes below the root of a category tree.
TEST(ProfileDifferenceTest, TreesOfCategoriesCompareProgramsThatShareNoFunction) {
  const CategoryRules rules =
      CategoryRules::Create(
          {{.name = "epoll_wait", .functions = {"epoll_wait"}, .category = Category::kWait},
           {.name = "recvfrom", .functions = {"recv"}, .category = Category::kReceive}},
          {{.category = Category::kHandler, .functions = {"handle", "app::*"}}})
          .value();
  const Program a(C(), 6, 1, 1000);
  const Program b(Rust(), 6, 2, 1000);
  std::vector<FunctionTree> trees;
  for (const Program* program : {&a, &b}) {
    for (const FunctionTree& tree : program->trees()) trees.push_back(CategoryTree(tree, rules));
  }
  std::vector<ProfileRun> runs;
  for (const FunctionTree& tree : trees) runs.push_back({.tree = &tree, .requests = 1000});
  const ProfileDifference difference =
      CompareProfiles(absl::MakeSpan(runs).subspan(0, 6), absl::MakeSpan(runs).subspan(6), {})
          .value();
  std::map<std::string, const ProfileChange*> categories;
  for (size_t i = 0; i < difference.tree.nodes().size(); ++i) {
    if (difference.tree.nodes()[i].depth == 1) {
      categories[difference.tree.FunctionOf(i).name] = &difference.totals[i];
    }
  }
  EXPECT_TRUE(categories.at("wait")->significant);
  EXPECT_FALSE(categories.at("receive")->significant);
  EXPECT_FALSE(categories.at("handler")->significant);
}

// A tree of one function.
FunctionTree Only(const TreeFunction& function) {
  FunctionTree tree;
  tree.AddSelf(tree.InternChild(FunctionTree::kRoot, tree.InternFunction(function)),
               {.ns = 1000, .samples = 1});
  return tree;
}

size_t FunctionsOfBoth(const TreeFunction& a, const TreeFunction& b) {
  const FunctionTree tree_a = Only(a);
  const FunctionTree tree_b = Only(b);
  const std::vector<ProfileRun> runs_a = {{.tree = &tree_a}};
  const std::vector<ProfileRun> runs_b = {{.tree = &tree_b}};
  return CompareProfiles(runs_a, runs_b, {}).value().functions.size();
}

// Two functions without names are not therefore equal.
TEST(ProfileDifferenceTest, FunctionsWithoutANameAreEqualOnlyWithinOneLibrary) {
  EXPECT_EQ(FunctionsOfBoth({.name = "[unknown]", .library = "libz.so.1"},
                            {.name = "[unknown]", .library = "libmicrohttpd.so.12"}),
            2);
  EXPECT_EQ(FunctionsOfBoth({.name = "[unknown]", .library = "libz.so.1"},
                            {.name = "[unknown]", .library = "libz.so.1"}),
            1);
  EXPECT_EQ(FunctionsOfBoth({.name = "z+0x10", .library = "z", .build_id = "ab"},
                            {.name = "z+0x10", .library = "z", .build_id = "cd"}),
            2);
  EXPECT_EQ(FunctionsOfBoth({.name = "deflate", .library = "libz.so.1"},
                            {.name = "deflate", .library = "program"}),
            1);
}

TEST(ProfileDifferenceTest, RejectsProfilesThatCannotBeCompared) {
  Program a(C(), 5, 1, 1000);
  const Program b(Rust(), 5, 2, 1000);
  EXPECT_EQ(CompareProfiles({}, b.runs(), {}).status().code(), absl::StatusCode::kInvalidArgument);
  const FunctionTree empty;
  const std::vector<ProfileRun> nothing = {{.tree = &empty, .event = "cpu-clock"}};
  EXPECT_EQ(CompareProfiles(a.runs(), nothing, {}).status().code(),
            absl::StatusCode::kInvalidArgument);
  (*a.mutable_runs())[2].event = "cycles";
  EXPECT_EQ(CompareProfiles(a.runs(), b.runs(), {}).status().message(),
            "profiles of different events cannot be compared: cpu-clock and cycles");
}

}  // namespace
}  // namespace assay
