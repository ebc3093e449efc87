#include "analysis/profile/categories.h"

#include <map>
#include <string>

#include "absl/status/status.h"
#include "analysis/profile/folded_text.h"
#include "analysis/profile/test_profile.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

CategoryRules TestRules() {
  return CategoryRules::Create(
             {{.name = "epoll_wait", .functions = {"epoll_wait"}, .category = Category::kWait},
              {.name = "pselect6", .label = "select", .category = Category::kWait},
              {.name = "select", .functions = {"select"}, .category = Category::kWait},
              {.name = "recvfrom",
               .label = "recv",
               .functions = {"recv", "__recv"},
               .category = Category::kReceive},
              {.name = "futex", .functions = {}, .category = Category::kWait}},
             {{.category = Category::kAllocate, .functions = {"malloc", "operator new*"}},
              {.category = Category::kHandler, .functions = {"app::*"}},
              {.category = Category::kCompress, .functions = {"*"}, .libraries = {"libz.so*"}},
              {.category = Category::kScheduler, .functions = {"loop"}},
              {.category = Category::kScheduler, .functions = {"schedule"}, .kernel = true}})
      .value();
}

std::map<std::string, uint64_t> Samples(const FunctionTree& tree) {
  std::map<std::string, uint64_t> samples;
  for (const CategoryCost& cost : CategoryCosts(tree, TestRules(), 0)) {
    if (cost.cost.samples > 0) samples[std::string(ToString(cost.category))] = cost.cost.samples;
  }
  return samples;
}

TEST(CategoriesTest, PatternsMatchTheWholeText) {
  EXPECT_TRUE(Fits("malloc", "malloc"));
  EXPECT_FALSE(Fits("malloc", "mallocx"));
  EXPECT_TRUE(Fits("tokio::*", "tokio::runtime"));
  EXPECT_FALSE(Fits("tokio::*", "xtokio::runtime"));
  EXPECT_TRUE(Fits("*::poll*", "<a as b>::poll::{{closure}}"));
  EXPECT_TRUE(Fits("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(Fits("a*b*c", "aXbYbZ"));
  EXPECT_TRUE(Fits("*", ""));
  EXPECT_FALSE(Fits("", "x"));
  EXPECT_TRUE(Fits("**a**", "a"));
}

TEST(CategoriesTest, InnermostKnownFunctionDecides) {
  EXPECT_EQ(Samples(TreeOf({{"_start;loop;app::answer;render;malloc;unknown", 1}})),
            (std::map<std::string, uint64_t>{{"allocate", 1}}));
  EXPECT_EQ(Samples(TreeOf(
                {{"_start;loop;app::answer;render", 2}, {"_start;loop;x", 3}, {"_start;x", 4}})),
            (std::map<std::string, uint64_t>{{"handler", 2}, {"scheduler", 3}, {"other", 4}}));
}

TEST(CategoriesTest, CloneMatchesAsTheFunction) {
  EXPECT_EQ(Samples(TreeOf({{"loop;malloc.part.0", 1},
                            {"loop.constprop.0;x", 2},
                            {"malloc.isra.0.cold", 4},
                            {"malloc.x", 8}})),
            (std::map<std::string, uint64_t>{{"allocate", 5}, {"scheduler", 2}, {"other", 8}}));
}

TEST(CategoriesTest, RuleMayRequireALibrary) {
  EXPECT_EQ(Samples(TreeOf({{"app::answer;[l]anything", 1}, {"app::answer;anything", 2}})),
            (std::map<std::string, uint64_t>{{"compress", 1}, {"handler", 2}}));
}

// The innermost kernel function shows where interrupts were enabled again, not what the program asked for.
TEST(CategoriesTest, CLibraryFunctionNamesTheSystemCall) {
  const FunctionTree tree = TreeOf({
      {"loop;[c]epoll_wait;[k]do_syscall_64;[k]__x64_sys_epoll_wait;[k]ep_poll;[k]schedule", 5},
      {"loop;[c]epoll_wait", 1},
      {"loop;[c]__recv;[k]__x64_sys_recvfrom;[k]tcp_recvmsg", 3},
      {"loop;app::answer;[k]asm_sysvec_apic_timer_interrupt;[k]schedule", 1},
  });
  const std::vector<SystemCallCost> costs = SystemCallCosts(tree, TestRules(), 1000, {});
  ASSERT_EQ(costs.size(), 2);
  EXPECT_EQ(costs[0].label, "epoll_wait");
  EXPECT_EQ(costs[0].cost.samples, 6);
  EXPECT_DOUBLE_EQ(costs[0].cost.share, 0.6);
  // 6 samples of 1 ms over 1000 requests.
  EXPECT_DOUBLE_EQ(*costs[0].cost.us_per_request, 6);
  EXPECT_FALSE(costs[0].calls_per_request.has_value());
  EXPECT_EQ(costs[1].label, "recv");
  EXPECT_EQ(costs[1].cost.samples, 3);
  EXPECT_EQ(Samples(tree),
            (std::map<std::string, uint64_t>{{"wait", 6}, {"receive", 3}, {"scheduler", 1}}));
}

// A program's function with the name of a C library function is not a system call.
TEST(CategoriesTest, OnlyTheCLibrarysFunctionsMakeSystemCalls) {
  EXPECT_TRUE(SystemCallCosts(TreeOf({{"app::read;recv", 1}}), TestRules(), 1, {}).empty());
}

// Rust and Go programs may enter the kernel without the C library.
TEST(CategoriesTest, KernelEntryNamesACallWithoutACLibraryFunction) {
  const FunctionTree tree = TreeOf({{"loop;std::park;[k]__x64_sys_futex;[k]schedule", 2},
                                    {"loop;[k]__arm64_sys_new_call;[k]x", 1}});
  const std::vector<SystemCallCost> costs = SystemCallCosts(tree, TestRules(), 0, {});
  ASSERT_EQ(costs.size(), 2);
  EXPECT_EQ(costs[0].label, "futex");
  EXPECT_EQ(costs[1].label, "new_call");
  EXPECT_FALSE(costs[1].cost.us_per_request.has_value());
}

TEST(CategoriesTest, ReportsCountedCallsPerRequest) {
  const FunctionTree tree = TreeOf({{"loop;[c]epoll_wait", 1}});
  const std::vector<SystemCallCost> costs =
      SystemCallCosts(tree, TestRules(), 100, {{"epoll_wait", 150}, {"getpid", 200}, {"never", 0}});
  ASSERT_EQ(costs.size(), 2);
  EXPECT_DOUBLE_EQ(*costs[0].calls_per_request, 1.5);
  EXPECT_EQ(costs[1].label, "getpid");
  EXPECT_DOUBLE_EQ(*costs[1].calls_per_request, 2);
  EXPECT_EQ(costs[1].cost.samples, 0);
}

// glibc implements select() with the kernel's pselect6, and a program can call either.
TEST(CategoriesTest, CallsOfOneLabelAreOneRow) {
  const FunctionTree tree = TreeOf({{"loop;[c]select", 3},
                                    {"loop;[k]__x64_sys_pselect6", 2},
                                    {"loop;[k]__x64_sys_select;[k]x", 1}});
  const std::vector<SystemCallCost> costs =
      SystemCallCosts(tree, TestRules(), 100, {{"pselect6", 150}, {"select", 50}});
  ASSERT_EQ(costs.size(), 1);
  EXPECT_EQ(costs[0].label, "select");
  EXPECT_EQ(costs[0].cost.samples, 6);
  EXPECT_DOUBLE_EQ(costs[0].cost.share, 1);
  EXPECT_DOUBLE_EQ(*costs[0].calls_per_request, 2);
}

TEST(CategoriesTest, CategoryTreeBeginsAtTheDecidingFunction) {
  const FunctionTree tree = TreeOf({{"_start;loop;app::answer;malloc;sbrk", 1},
                                    {"_start;loop;[c]epoll_wait;[k]ep_poll", 2},
                                    {"_start;main", 4}});
  EXPECT_EQ(FoldedText(CategoryTree(tree, TestRules())),
            "allocate;malloc;sbrk 1\n"
            "other;_start;main 4\n"
            "wait;epoll_wait;ep_poll 2\n");
}

TEST(CategoriesTest, SystemCallTreeShowsCallers) {
  const FunctionTree tree = TreeOf({{"main;a;[c]recv;[k]tcp_recvmsg", 1},
                                    {"main;b;[c]__recv", 2},
                                    {"main;c;[k]__x64_sys_futex;[k]schedule", 3},
                                    {"main;c", 4}});
  EXPECT_EQ(FoldedText(SystemCallTree(tree, TestRules())),
            "[no system call] 4\n"
            "futex;c;main 3\n"
            "recv;a;main 1\n"
            "recv;b;main 2\n");
}

// A softirq runs in any thread. Its frames decide the category, within a system call and outside.
TEST(CategoriesTest, SoftirqIsIdentifiedByItsFrames) {
  const CategoryRules rules =
      CategoryRules::Create(
          {{.name = "sendto", .functions = {"send"}, .category = Category::kSend}},
          {{.category = Category::kLoopbackDelivery,
            .functions = {"softirq"},
            .kernel = true,
            .softirq = true,
            .under = {"transmit*"}},
           {.category = Category::kReceive,
            .functions = {"softirq", "card_poll"},
            .kernel = true,
            .softirq = true}})
          .value();
  const FunctionTree tree = TreeOf({{"main;[c]send;[k]transmit_skb;[k]softirq;[k]wake", 5},
                                    {"main;[c]send;[k]transmit_skb", 2},
                                    {"main;[c]send;[k]transmit_skb;[k]softirq;[k]card_poll", 4},
                                    {"main;[k]interrupt;[k]softirq;[k]tcp_rcv", 3},
                                    {"main;transmit;[k]interrupt;[k]softirq", 1}});
  std::map<std::string, uint64_t> samples;
  for (const CategoryCost& cost : CategoryCosts(tree, rules, 0)) {
    if (cost.cost.samples > 0) samples[std::string(ToString(cost.category))] = cost.cost.samples;
  }
  EXPECT_EQ(samples, (std::map<std::string, uint64_t>{
                         {"loopback delivery", 5}, {"send", 2}, {"receive", 8}}));
  // The system call was still made.
  EXPECT_EQ(SystemCallCosts(tree, rules, 0, {})[0].cost.samples, 11);
}

// A stack of a library without symbols, with the build id of its file.
void AddUnnamed(uint32_t caller, uint64_t address, uint64_t ns, StackProfile* profile) {
  const uint32_t mapping =
      1 + profile->InternMapping({.file = profile->InternString("/lib/libstripped.so"),
                                  .build_id = profile->InternString("abcdef")});
  const uint32_t frame = profile->InternFrame({.function = profile->InternString("[unknown]"),
                                               .mapping = mapping,
                                               .address = address,
                                               .kind = FrameKind::kLibrary});
  profile->AddSample({.node = profile->InternNode(caller, frame), .weight_ns = ns});
}

CategoryCost CostOf(Category category, const FunctionTree& tree) {
  return CategoryCosts(tree, TestRules(), 0)[static_cast<size_t>(category)];
}

// Beside 26 % of functions without names, "parse 0.37 %" is not a valid figure.
TEST(CategoriesTest, FunctionsWithoutNamesMakeSharesBounds) {
  StackProfile profile = ProfileOf({{"main;app::answer", 10}, {"main;app::answer;malloc", 64}});
  const uint32_t main = 1 + profile.InternNode(0, 0);
  AddUnnamed(main, 0x100, 25'000'000, &profile);
  const uint32_t handler = 1 + profile.InternNode(main, 1);
  AddUnnamed(handler, 0x200, 1'000'000, &profile);
  FunctionTree tree;
  tree.Add(profile, StackTime::kOnCpu);
  const CategoryCost allocate = CostOf(Category::kAllocate, tree);
  EXPECT_NEAR(allocate.cost.share, 0.64, 1e-9);
  EXPECT_NEAR(allocate.share_low, 0.64, 1e-9);
  EXPECT_NEAR(allocate.share_high, 0.90, 1e-9);
  EXPECT_EQ(allocate.bound, Bound::kAtLeast);
  const CategoryCost other = CostOf(Category::kOther, tree);
  EXPECT_NEAR(other.cost.share, 0.25, 1e-9);
  EXPECT_NEAR(other.share_low, 0, 1e-9);
  EXPECT_NEAR(other.share_high, 0.26, 1e-9);
  EXPECT_EQ(other.bound, Bound::kAtMost);
  // 1 % is in a function without a name that the handler called, which may belong to another category.
  const CategoryCost handled = CostOf(Category::kHandler, tree);
  EXPECT_NEAR(handled.cost.share, 0.11, 1e-9);
  EXPECT_NEAR(handled.share_low, 0.10, 1e-9);
  EXPECT_EQ(handled.bound, Bound::kAbout);
}

TEST(CategoriesTest, SharesOfNamedFunctionsAreExact) {
  // The C library's own functions often have no names, and count for their caller.
  const FunctionTree tree = TreeOf({{"main;app::answer;[c][unknown]", 50}, {"main;loop", 50}});
  const std::vector<CategoryCost> costs = CategoryCosts(tree, TestRules(), 0);
  ASSERT_FALSE(costs.empty());
  for (const CategoryCost& cost : costs) {
    EXPECT_EQ(cost.bound, Bound::kExact) << ToString(cost.category);
    EXPECT_EQ(cost.share_low, cost.cost.share);
    EXPECT_EQ(cost.share_high, cost.cost.share);
  }
}

TEST(CategoriesTest, SharesSumToOne) {
  RandomStream random(1);
  FunctionTree tree;
  tree.Add(RandomProfile(&random, 300, 20), StackTime::kOnCpu);
  double sum = 0;
  for (const CategoryCost& cost : CategoryCosts(tree, TestRules(), 10)) sum += cost.cost.share;
  EXPECT_NEAR(sum, 1, 1e-12);
  const StackWeight whole = tree.Totals()[FunctionTree::kRoot];
  EXPECT_EQ(CategoryTree(tree, TestRules()).Totals()[FunctionTree::kRoot], whole);
  EXPECT_EQ(SystemCallTree(tree, TestRules()).Totals()[FunctionTree::kRoot], whole);
}

TEST(CategoriesTest, RejectsInvalidRules) {
  const auto refusal = [](std::vector<SystemCallRule> calls, std::vector<CategoryRule> rules) {
    return CategoryRules::Create(std::move(calls), std::move(rules)).status().code();
  };
  constexpr absl::StatusCode kRefused = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(refusal({{.name = ""}}, {}), kRefused);
  EXPECT_EQ(refusal({{.name = "a"}, {.name = "a"}}, {}), kRefused);
  EXPECT_EQ(refusal({{.name = "a", .functions = {"f"}}, {.name = "b", .functions = {"f"}}}, {}),
            kRefused);
  EXPECT_EQ(refusal({}, {{.category = Category::kSend}}), kRefused);
  EXPECT_EQ(refusal({}, {{.functions = {"f"}, .softirq = true}}), kRefused);
  EXPECT_EQ(refusal({}, {{.functions = {"f"}, .under = {"g"}}}), kRefused);
  EXPECT_EQ(refusal({}, {}), absl::StatusCode::kOk);
}

}  // namespace
}  // namespace assay
