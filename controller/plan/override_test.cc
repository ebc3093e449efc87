#include "controller/plan/override.h"

#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "proto/plan.pb.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;

Plan ParsedPlan(const std::string& text) {
  Plan plan;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &plan));
  return plan;
}

// The plan after one override, as one line of text protobuf.
std::string After(const std::string& plan_text, const std::string& assignment) {
  Plan plan = ParsedPlan(plan_text);
  const absl::StatusOr<std::string> path = ApplyOverride(assignment, &plan);
  EXPECT_TRUE(path.ok()) << path.status();
  return plan.ShortDebugString();
}

std::string Refusal(const std::string& plan_text, const std::string& assignment) {
  Plan plan = ParsedPlan(plan_text);
  const std::string before = plan.SerializeAsString();
  const absl::StatusOr<std::string> path = ApplyOverride(assignment, &plan);
  EXPECT_EQ(path.status().code(), absl::StatusCode::kInvalidArgument) << assignment;
  EXPECT_EQ(plan.SerializeAsString(), before) << "a refused override changed the plan";
  return std::string(path.status().message());
}

TEST(OverrideTest, SetsATopLevelField) { EXPECT_EQ(After("", "blocks=3"), "blocks: 3"); }

TEST(OverrideTest, CreatesMissingMessages) {
  EXPECT_EQ(After("", "load.closed.duration.seconds=0.4"),
            "load { closed { duration { seconds: 0.4 } } }");
}

TEST(OverrideTest, ReplacesAWholeList) {
  EXPECT_EQ(After("load { closed { connections: [1, 2, 3] } }", "load.closed.connections=64,250"),
            "load { closed { connections: 64 connections: 250 } }");
}

TEST(OverrideTest, ReplacesOrAddsOneValueOfAList) {
  const std::string plan = "load { closed { connections: [1, 2] } }";
  EXPECT_EQ(After(plan, "load.closed.connections[0]=9"),
            "load { closed { connections: 9 connections: 2 } }");
  EXPECT_EQ(After(plan, "load.closed.connections[2]=9"),
            "load { closed { connections: 1 connections: 2 connections: 9 } }");
}

TEST(OverrideTest, SetsAFieldOfAnExistingOrNewElement) {
  EXPECT_EQ(After("targets { name: \"a\" }", "targets[0].label=x"),
            "targets { name: \"a\" label: \"x\" }");
  EXPECT_EQ(After("targets { name: \"a\" }", "targets[1].name=b"),
            "targets { name: \"a\" } targets { name: \"b\" }");
}

TEST(OverrideTest, SetsAMapKeyOnceEvenIfItContainsDots) {
  const std::string plan = "targets { name: \"a\" options { key: \"t\" value: \"1\" } }";
  EXPECT_EQ(After(plan, "targets[0].options.t=4"),
            "targets { name: \"a\" options { key: \"t\" value: \"4\" } }");
  EXPECT_THAT(After(plan, "targets[0].options.a.b=4"), HasSubstr("key: \"a.b\" value: \"4\""));
}

TEST(OverrideTest, AnEmptyValueClearsTheField) {
  EXPECT_EQ(After("blocks: 3 thresholds { metric: \"rps\" }", "thresholds="), "blocks: 3");
  EXPECT_EQ(After("profile { frequency_hz: 3 }", "profile="), "");
}

TEST(OverrideTest, SettingAMemberOfAOneofClearsTheOther) {
  EXPECT_EQ(After("load { closed { requests: 10 } }", "load.closed.duration.seconds=2"),
            "load { closed { duration { seconds: 2 } } }");
}

TEST(OverrideTest, ValuesMayContainEqualsSignsAndSpaces) {
  EXPECT_EQ(After("", "name=a = b"), "name: \"a = b\"");
}

TEST(OverrideTest, SetsAnEnumByName) {
  EXPECT_EQ(After("", "verdict=NONE"), "verdict: NONE");
  EXPECT_EQ(Refusal("", "verdict=none"),
            "verdict cannot be \"none\": it takes one of COMPARE, NONE");
}

TEST(OverrideTest, ReturnsThePathThatWasSet) {
  Plan plan;
  plan.add_targets();
  EXPECT_EQ(*ApplyOverride("targets[0].label=x", &plan), "targets[0].label");
}

TEST(OverrideTest, AnUnknownKeyIsReportedWithTheKnownOnes) {
  EXPECT_EQ(Refusal("", "blcoks=3"), "no field \"blcoks\" in Plan; did you mean \"blocks\"?");
  EXPECT_EQ(Refusal("", "pause.xxxxxxxxxxx=3"),
            "no field \"xxxxxxxxxxx\" in Pause; its fields are: seconds");
}

TEST(OverrideTest, AWrongValueIsReportedWithTheExpectedType) {
  EXPECT_EQ(Refusal("", "blocks=many"),
            "blocks cannot be \"many\": it takes a whole number from 0 to 4294967295");
  EXPECT_EQ(Refusal("", "blocks=-1"),
            "blocks cannot be \"-1\": it takes a whole number from 0 to 4294967295");
  EXPECT_EQ(Refusal("", "blocks=4294967296"),
            "blocks cannot be \"4294967296\": it takes a whole number from 0 to 4294967295");
  EXPECT_EQ(Refusal("", "pause.seconds=soon"), "seconds cannot be \"soon\": it takes a number");
}

// A partially applied override would measure something that the user did not ask for.
TEST(OverrideTest, RejectsAWholeListForOneWrongValue) {
  EXPECT_THAT(Refusal("load { closed { connections: 1 } }", "load.closed.connections=64,x"),
              HasSubstr("cannot be \"x\""));
}

TEST(OverrideTest, ReportsErrorsInTheKey) {
  EXPECT_THAT(Refusal("", "blocks"), HasSubstr("expected KEY=VALUE"));
  EXPECT_THAT(Refusal("", "=3"), HasSubstr("expected KEY=VALUE"));
  EXPECT_THAT(Refusal("", "targets.label=x"), HasSubstr("name an element, such as targets[0]"));
  EXPECT_THAT(Refusal("", "targets[1].label=x"),
              HasSubstr("targets has 0 elements; the next new element is targets[0]"));
  EXPECT_THAT(Refusal("", "targets[x].label=x"), HasSubstr("is not an element"));
  EXPECT_THAT(Refusal("", "targets[-1].label=x"), HasSubstr("is not an element"));
  EXPECT_THAT(Refusal("", "targets[0=x"), HasSubstr("is not an element"));
  EXPECT_THAT(Refusal("", "blocks[0]=1"), HasSubstr("blocks is not a list"));
  EXPECT_THAT(Refusal("", "blocks.x=1"), HasSubstr("blocks has no fields"));
  EXPECT_THAT(Refusal("", "load=1"), HasSubstr("load cannot be set as a whole"));
  EXPECT_THAT(Refusal("targets {}", "targets[0].options=x"), HasSubstr("options.KEY"));
}

}  // namespace
}  // namespace assay::controller
