#include "controller/plan/verdict_family.h"

#include <string>

#include "controller/plan/plan_rules.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Plan PlanOf(const std::string& targets, const std::string& connections, int blocks,
            const std::string& more = "") {
  Plan plan;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "name: 'p' " + targets + " workloads { name: 'json' path: '/json' } " +
          "load { closed { connections: [" + connections + "] duration { seconds: 1 } } } " +
          "blocks: " + std::to_string(blocks) + " " + more,
      &plan));
  return WithDefaults(plan);
}

constexpr char kTwo[] = "targets { name: 'epoll' } targets { name: 'hyper' }";

TEST(VerdictFamilyTest, CountsLevelsTimesWorkloadsTimesRealCandidates) {
  EXPECT_EQ(VerdictFamilyOf(PlanOf(kTwo, "16", 6)), 1);
  EXPECT_EQ(VerdictFamilyOf(PlanOf(kTwo, "16, 64, 250", 6)), 3);
  EXPECT_EQ(VerdictFamilyOf(PlanOf(kTwo, "16, 64", 6, "workloads { name: 'b' path: '/' }")), 4);
}

TEST(VerdictFamilyTest, AControlIsNoCandidateButAnotherOptionMakesAnotherServer) {
  const std::string control = "targets { name: 'epoll' label: 'again' }";
  EXPECT_EQ(VerdictFamilyOf(PlanOf(kTwo + control, "16", 6)), 1);
  const std::string threads =
      "targets { name: 'epoll' label: 'two' options { key: 'threads' value: '2' } }";
  EXPECT_EQ(VerdictFamilyOf(PlanOf(kTwo + threads, "16", 6)), 2);
}

// Six blocks suffice for one comparison at 95 %, and seven for three: measurement.md.
TEST(VerdictFamilyTest, SixBlocksCannotDecideThreeLevels) {
  EXPECT_FALSE(DecidabilityOf(PlanOf(kTwo, "16", 6)).why_not.has_value());
  const Decidability three = DecidabilityOf(PlanOf(kTwo, "16, 64, 250", 6));
  EXPECT_EQ(three.comparisons, 3);
  EXPECT_EQ(three.blocks_needed, 7);
  EXPECT_THAT(three.why_not.value_or(""),
              HasSubstr("has 6 blocks, and a verdict on 3 comparisons needs at least 7; add --set "
                        "blocks=7, or compare fewer"));
  EXPECT_FALSE(DecidabilityOf(PlanOf(kTwo, "16, 64, 250", 7)).why_not.has_value());
}

TEST(VerdictFamilyTest, TooFewBlocksForAnyComparisonAreSaidWithoutOtherAdvice) {
  const Decidability one = DecidabilityOf(PlanOf(kTwo, "16", 3));
  EXPECT_EQ(one.blocks_needed, 6);
  EXPECT_THAT(one.why_not.value_or(""), HasSubstr("a verdict on 1 comparison needs at least 6"));
  EXPECT_THAT(one.why_not.value_or(""), Not(HasSubstr("fewer levels")));
}

TEST(VerdictFamilyTest, APlanThatAsksForNoVerdictHasNothingToDecide) {
  EXPECT_FALSE(DecidabilityOf(PlanOf(kTwo, "16", 1, "verdict: NONE")).why_not.has_value());
  EXPECT_FALSE(DecidabilityOf(PlanOf("targets { name: 'epoll' }", "16", 1)).why_not.has_value());
}

TEST(VerdictFamilyTest, WindowsOfRunningServersCannotDecide) {
  const std::string urls =
      "targets { url: 'http://127.0.0.1:1' label: 'a' } targets { url: 'http://127.0.0.1:2' label: "
      "'b' }";
  EXPECT_THAT(DecidabilityOf(PlanOf(urls, "16", 20, "design: SEQUENTIAL")).why_not.value_or(""),
              HasSubstr("by URL"));
  // Neighbouring slots are pairs.
  EXPECT_FALSE(DecidabilityOf(PlanOf(urls, "16", 20, "design: INTERLEAVED")).why_not.has_value());
}

}  // namespace
}  // namespace assay::controller
