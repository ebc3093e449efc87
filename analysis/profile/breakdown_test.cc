#include "analysis/profile/breakdown.h"

#include <cmath>
#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "analysis/profile/test_profile.h"
#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay {
namespace {

CategoryRules Rules() {
  return CategoryRules::Create(
             {{.name = "sendto", .functions = {"send"}, .category = Category::kSend}},
             {{.category = Category::kParse, .functions = {"parse*"}},
              {.category = Category::kAllocate, .functions = {"malloc"}}})
      .value();
}

// Starts of one server, in the order of their blocks.
class Server {
 public:
  // Each sample is a millisecond, and the start served 1,000 requests, so that a sample is a microsecond per request.
  void Start(const std::vector<FoldedStack>& stacks) {
    uint64_t samples = 0;
    for (const FoldedStack& one : stacks) samples += one.samples;
    Start(TreeOf(stacks), static_cast<double>(samples));
  }
  void Start(FunctionTree tree, double cpu_us_per_request) {
    trees_.push_back(std::move(tree));
    starts_.push_back({.tree = &trees_.back(),
                       .block = static_cast<uint32_t>(starts_.size()),
                       .cpu_us_per_request = cpu_us_per_request,
                       .event = "cpu-clock"});
  }
  std::vector<ProfiledStart>& starts() { return starts_; }

 private:
  std::deque<FunctionTree> trees_;
  std::vector<ProfiledStart> starts_;
};

DifferenceBreakdown Broken(Server& baseline, Server& candidate, const BreakdownRules& rules = {}) {
  absl::StatusOr<DifferenceBreakdown> breakdown =
      BreakDown(baseline.starts(), candidate.starts(), Rules(), rules);
  EXPECT_TRUE(breakdown.ok()) << breakdown.status();
  return *std::move(breakdown);
}

CategoryDifference Of(Category category, const DifferenceBreakdown& breakdown) {
  for (const CategoryDifference& one : breakdown.categories)
    if (one.category == category) return one;
  ADD_FAILURE() << "no row of " << ToString(category);
  return breakdown.categories.front();
}

CpuDifference Of(const std::string& function, const CategoryDifference& category) {
  for (const FunctionDifference& one : category.functions)
    if (one.name == function) return one.cpu;
  ADD_FAILURE() << "no row of " << function;
  return category.cpu;
}

void ExpectSum(const std::vector<const CpuDifference*>& rows, const CpuDifference& whole) {
  CpuDifference sum;
  for (const CpuDifference* row : rows) {
    sum.baseline += row->baseline;
    sum.candidate += row->candidate;
    sum.us_per_request.estimate += row->us_per_request.estimate;
  }
  EXPECT_NEAR(sum.baseline, whole.baseline, 1e-9);
  EXPECT_NEAR(sum.candidate, whole.candidate, 1e-9);
  EXPECT_NEAR(sum.us_per_request.estimate, whole.us_per_request.estimate, 1e-9);
}

// Functions sum to their category, and categories to the whole.
void ExpectSums(const DifferenceBreakdown& breakdown) {
  std::vector<const CpuDifference*> categories;
  for (const CategoryDifference& category : breakdown.categories) {
    categories.push_back(&category.cpu);
    std::vector<const CpuDifference*> functions;
    for (const FunctionDifference& one : category.functions) functions.push_back(&one.cpu);
    ExpectSum(functions, category.cpu);
  }
  ExpectSum(categories, breakdown.whole);
}

TEST(BreakdownTest, SplitsAKnownDifference) {
  Server baseline;
  Server candidate;
  for (int block = 0; block < 6; ++block) {
    baseline.Start(
        {{"main;parse_head", 20}, {"main;[c]send;[k]tcp_sendmsg", 30}, {"main;run", 50}});
    candidate.Start({{"main;parse_head", 20},
                     {"main;[c]send;[k]tcp_sendmsg", 50},
                     {"main;malloc", 10},
                     {"main;poll", 70}});
  }
  const DifferenceBreakdown breakdown = Broken(baseline, candidate);
  ExpectSums(breakdown);
  EXPECT_TRUE(breakdown.paired);
  EXPECT_EQ(breakdown.baseline_starts, 6u);
  EXPECT_NEAR(breakdown.whole.us_per_request.estimate, 50, 1e-9);
  EXPECT_NEAR(breakdown.whole.baseline, 100, 1e-9);
  EXPECT_TRUE(breakdown.whole.significant);
  ASSERT_EQ(breakdown.categories.size(), 4u);
  const CategoryDifference send = Of(Category::kSend, breakdown);
  EXPECT_NEAR(send.cpu.us_per_request.estimate, 20, 1e-9);
  EXPECT_TRUE(send.cpu.significant);
  // The kernel's time counts for the function that called it.
  EXPECT_NEAR(Of("send", send).us_per_request.estimate, 20, 1e-9);
  EXPECT_NEAR(Of(Category::kAllocate, breakdown).cpu.us_per_request.estimate, 10, 1e-9);
  const CategoryDifference other = Of(Category::kOther, breakdown);
  EXPECT_NEAR(other.cpu.us_per_request.estimate, 20, 1e-9);
  EXPECT_NEAR(Of("run", other).us_per_request.estimate, -50, 1e-9);
  EXPECT_NEAR(Of("poll", other).us_per_request.estimate, 70, 1e-9);
  // Equal in both.
  const CategoryDifference parse = Of(Category::kParse, breakdown);
  EXPECT_NEAR(parse.cpu.us_per_request.estimate, 0, 1e-9);
  EXPECT_FALSE(parse.cpu.significant);
  EXPECT_EQ(parse.cpu.p, 1);
}

// Also where a category has more functions than it may show, and where starts lack a partner.
TEST(BreakdownTest, RowsSumToTheWholeForAnyProfiles) {
  RandomStream random(3);
  for (const bool paired : {true, false}) {
    Server baseline;
    Server candidate;
    for (int start = 0; start < 7; ++start) {
      FunctionTree tree;
      tree.Add(RandomProfile(&random, 60, 12), StackTime::kOnCpu);
      (start % 2 == 0 ? baseline : candidate).Start(std::move(tree), 5 + random.NextDouble());
    }
    const DifferenceBreakdown breakdown =
        Broken(baseline, candidate, {.least_share = 0.02, .most_functions = 2, .paired = paired});
    ExpectSums(breakdown);
    EXPECT_EQ(breakdown.paired, paired);
    EXPECT_EQ(breakdown.baseline_starts, paired ? 3u : 4u);
    for (const CategoryDifference& one : breakdown.categories) EXPECT_LE(one.functions.size(), 3u);
  }
}

// By hand, with the 0.975 quantiles of Student's t for 3 and 2 degrees of freedom: 3.182446 and 4.302653.
TEST(BreakdownTest, IntervalsAreThoseOfStudentAndWelch) {
  Server baseline;
  Server candidate;
  for (const uint64_t us : {11, 15, 12, 18}) baseline.Start({{"main;run", us}});
  for (const uint64_t us : {15, 20, 19, 22}) candidate.Start({{"main;run", us}});
  const CpuDifference paired = Broken(baseline, candidate).whole;
  EXPECT_NEAR(paired.us_per_request.estimate, 5, 1e-9);
  EXPECT_NEAR(*paired.us_per_request.low, 5 - 2.250329, 1e-6);
  EXPECT_NEAR(*paired.us_per_request.high, 5 + 2.250329, 1e-6);
  EXPECT_NEAR(paired.p, 0.0058156, 1e-6);

  Server one;
  Server two;
  for (const uint64_t us : {1, 2, 3}) one.Start({{"main;run", us}});
  for (const uint64_t us : {2, 4, 9}) two.Start({{"main;run", us}});
  const CpuDifference welch = Broken(one, two, {.paired = false}).whole;
  // 2.3 degrees of freedom, rounded down.
  EXPECT_NEAR(welch.us_per_request.estimate, 3, 1e-9);
  EXPECT_NEAR(*welch.us_per_request.high, 3 + 9.294795, 1e-5);
  EXPECT_NEAR(welch.p, 0.29935, 1e-5);
  EXPECT_FALSE(welch.significant);
}

// A state of the machine that slows down both servers of a block cancels.
TEST(BreakdownTest, PairsStartsOfOneBlock) {
  Server baseline;
  Server candidate;
  for (const uint64_t slow : {0, 40, 10, 80, 20, 60}) {
    baseline.Start({{"main;run", 50 + slow}});
    candidate.Start({{"main;run", 55 + slow + slow % 3}});
  }
  EXPECT_TRUE(Broken(baseline, candidate).whole.significant);
  EXPECT_FALSE(Broken(baseline, candidate, {.paired = false}).whole.significant);
  // Blocks of other numbers have no partner.
  for (ProfiledStart& start : candidate.starts()) start.block += 100;
  EXPECT_FALSE(Broken(baseline, candidate).paired);
  EXPECT_EQ(Broken(baseline, candidate).candidate_starts, 6u);
}

TEST(BreakdownTest, OneStartHasNoIntervals) {
  Server baseline;
  Server candidate;
  baseline.Start({{"main;run", 50}});
  candidate.Start({{"main;run", 60}, {"main;malloc", 5}});
  const DifferenceBreakdown breakdown = Broken(baseline, candidate);
  ExpectSums(breakdown);
  EXPECT_NEAR(breakdown.whole.us_per_request.estimate, 15, 1e-9);
  EXPECT_FALSE(breakdown.whole.us_per_request.low.has_value());
  EXPECT_FALSE(breakdown.whole.significant);
  ASSERT_FALSE(breakdown.categories.empty());
  for (const CategoryDifference& one : breakdown.categories) {
    EXPECT_FALSE(one.cpu.us_per_request.high.has_value());
    EXPECT_FALSE(one.cpu.significant);
  }
}

// Runs of a program whose samples vary by chance from start to start.
void AddVarying(const std::vector<FoldedStack>& stacks, RandomStream* random, Server* server) {
  std::vector<FoldedStack> varied = stacks;
  double cpu = 0;
  for (FoldedStack& one : varied) {
    // A sum of uniform values is nearly normal: a standard deviation of a tenth.
    double sum = 0;
    for (int i = 0; i < 12; ++i) sum += random->NextDouble();
    one.samples =
        static_cast<uint64_t>(std::round(static_cast<double>(one.samples) * (1 + (sum - 6) / 10)));
    cpu += static_cast<double>(one.samples) / 10;
  }
  server->Start(TreeOf(varied), cpu);
}

// Otherwise a reader looks for the cause of a difference that is none.
TEST(BreakdownTest, FalseFindingsAndCoverageAreAsSpecified) {
  RandomStream random(11);
  const std::vector<FoldedStack> same = {
      {"main;parse_head", 200}, {"main;[c]send", 300}, {"main;malloc", 100}, {"main;run", 400}};
  std::vector<FoldedStack> more = same;
  more[1].samples += 150;
  constexpr int kTrials = 200;
  int with_false_finding = 0;
  int covered = 0;
  int found = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    Server baseline;
    Server equal;
    Server slower;
    for (int block = 0; block < 8; ++block) {
      AddVarying(same, &random, &baseline);
      AddVarying(same, &random, &equal);
      AddVarying(more, &random, &slower);
    }
    bool any = false;
    for (const CategoryDifference& one : Broken(baseline, equal).categories)
      any = any || one.cpu.significant;
    with_false_finding += any ? 1 : 0;
    const CpuDifference send = Of(Category::kSend, Broken(baseline, slower)).cpu;
    covered += *send.us_per_request.low <= 15 && 15 <= *send.us_per_request.high ? 1 : 0;
    found += send.significant ? 1 : 0;
  }
  // 5 % of 200 plus three standard errors is 19.
  EXPECT_LE(with_false_finding, 19);
  EXPECT_GE(with_false_finding, 1);
  EXPECT_GE(covered, kTrials - 19);
  EXPECT_GE(found, kTrials * 9 / 10);
}

TEST(BreakdownTest, ShowsTheLargestFunctionsAndTheRestTogether) {
  Server baseline;
  Server candidate;
  for (int block = 0; block < 3; ++block) {
    std::vector<FoldedStack> stacks = {{"main;run", 900}};
    std::vector<std::string> names;
    for (int i = 0; i < 8; ++i) names.push_back(absl::StrCat("main;step_", i));
    for (int i = 0; i < 8; ++i) stacks.push_back({names[i], static_cast<uint64_t>(30 + 10 * i)});
    // Below the least share.
    stacks.push_back({"main;rare", 3});
    baseline.Start({{"main;run", 900}});
    candidate.Start(stacks);
  }
  const CategoryDifference other = Of(Category::kOther, Broken(baseline, candidate));
  ASSERT_EQ(other.functions.size(), 6u);
  EXPECT_EQ(other.functions[0].name, "step_7");
  EXPECT_EQ(other.functions[4].name, "step_3");
  EXPECT_EQ(other.functions[5].name, "");
  // step_0 to step_2, and rare; run does not differ.
  EXPECT_NEAR(other.functions[5].cpu.us_per_request.estimate, 30 + 40 + 50 + 3, 1e-9);
}

// A difference can be the work of functions that the rules would put elsewhere if they had names.
TEST(BreakdownTest, MarksCategoriesThatFunctionsWithoutNamesCouldChange) {
  Server baseline;
  Server candidate;
  for (int block = 0; block < 2; ++block) {
    baseline.Start({{"main;parse_head", 10}, {"main;run", 90}});
    candidate.Start({{"main;parse_head", 10}, {"main;[l][unknown]", 90}});
  }
  const DifferenceBreakdown breakdown = Broken(baseline, candidate);
  EXPECT_EQ(Of(Category::kParse, breakdown).bound, Bound::kAtLeast);
  EXPECT_EQ(Of(Category::kOther, breakdown).bound, Bound::kAtMost);
  EXPECT_EQ(Of(Category::kOther, Broken(baseline, baseline)).bound, Bound::kExact);
}

// A library has another name in another program, and a compiler inlines what another does not.
TEST(BreakdownTest, FunctionsOfOneNameShareARow) {
  Server baseline;
  Server candidate;
  for (int block = 0; block < 2; ++block) {
    baseline.Start({{"main;copy", 60}});
    candidate.Start({{"main;[i]copy", 50}, {"main;loop;copy", 20}});
  }
  const CategoryDifference other = Of(Category::kOther, Broken(baseline, candidate));
  ASSERT_EQ(other.functions.size(), 1u);
  EXPECT_NEAR(other.functions[0].cpu.us_per_request.estimate, 10, 1e-9);
}

TEST(BreakdownTest, RefusesWhatCannotBeCompared) {
  Server baseline;
  Server candidate;
  baseline.Start({{"main;run", 50}});
  EXPECT_TRUE(
      absl::IsInvalidArgument(BreakDown(baseline.starts(), candidate.starts(), Rules()).status()));
  candidate.Start({{"main;run", 60}});
  EXPECT_TRUE(BreakDown(baseline.starts(), candidate.starts(), Rules()).ok());
  candidate.starts()[0].event = "cycles";
  EXPECT_EQ(BreakDown(baseline.starts(), candidate.starts(), Rules()).status().message(),
            "profiles of different events cannot be compared: cpu-clock and cycles");
  candidate.starts()[0].event = "cpu-clock";
  candidate.starts()[0].cpu_us_per_request = 0;
  EXPECT_TRUE(
      absl::IsInvalidArgument(BreakDown(baseline.starts(), candidate.starts(), Rules()).status()));
  const FunctionTree empty;
  candidate.starts()[0] = {.tree = &empty, .cpu_us_per_request = 1, .event = "cpu-clock"};
  EXPECT_TRUE(
      absl::IsInvalidArgument(BreakDown(baseline.starts(), candidate.starts(), Rules()).status()));
}

}  // namespace
}  // namespace assay
