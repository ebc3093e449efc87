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

// The plan after one override, as short text.
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

TEST(OverrideTest, SetsAFieldOfTheTop) { EXPECT_EQ(After("", "blocks=3"), "blocks: 3"); }

TEST(OverrideTest, MakesTheMessagesBetween) {
  EXPECT_EQ(After("", "load.closed.duration.seconds=0.4"),
            "load { closed { duration { seconds: 0.4 } } }");
}

TEST(OverrideTest, AListTakesThePlaceOfTheOldOne) {
  EXPECT_EQ(After("load { closed { connections: [1, 2, 3] } }", "load.closed.connections=64,250"),
            "load { closed { connections: 64 connections: 250 } }");
}

TEST(OverrideTest, OneElementOfAListIsReplacedOrAdded) {
  const std::string plan = "load { closed { connections: [1, 2] } }";
  EXPECT_EQ(After(plan, "load.closed.connections[0]=9"),
            "load { closed { connections: 9 connections: 2 } }");
  EXPECT_EQ(After(plan, "load.closed.connections[2]=9"),
            "load { closed { connections: 1 connections: 2 connections: 9 } }");
}

TEST(OverrideTest, AnElementIsEnteredOrAdded) {
  EXPECT_EQ(After("targets { name: \"a\" }", "targets[0].label=x"),
            "targets { name: \"a\" label: \"x\" }");
  EXPECT_EQ(After("targets { name: \"a\" }", "targets[1].name=b"),
            "targets { name: \"a\" } targets { name: \"b\" }");
}

TEST(OverrideTest, AMapTakesAKeyOnceEvenWithDotsInIt) {
  const std::string plan = "targets { name: \"a\" options { key: \"t\" value: \"1\" } }";
  EXPECT_EQ(After(plan, "targets[0].options.t=4"),
            "targets { name: \"a\" options { key: \"t\" value: \"4\" } }");
  EXPECT_THAT(After(plan, "targets[0].options.a.b=4"), HasSubstr("key: \"a.b\" value: \"4\""));
}

TEST(OverrideTest, AnEmptyValueClears) {
  EXPECT_EQ(After("blocks: 3 thresholds { metric: \"rps\" }", "thresholds="), "blocks: 3");
  EXPECT_EQ(After("profile { frequency_hz: 3 }", "profile="), "");
}

TEST(OverrideTest, ASetMemberOfAOneofUnsetsTheOther) {
  EXPECT_EQ(After("load { closed { requests: 10 } }", "load.closed.duration.seconds=2"),
            "load { closed { duration { seconds: 2 } } }");
}

TEST(OverrideTest, ValuesMayHoldEqualsSignsAndBlanks) {
  EXPECT_EQ(After("", "name=a = b"), "name: \"a = b\"");
}

TEST(OverrideTest, AnEnumIsSetByName) {
  EXPECT_EQ(After("", "verdict=NONE"), "verdict: NONE");
  EXPECT_EQ(Refusal("", "verdict=none"),
            "verdict cannot be \"none\": it takes one of COMPARE, NONE");
}

TEST(OverrideTest, SaysThePathThatWasSet) {
  Plan plan;
  plan.add_targets();
  EXPECT_EQ(*ApplyOverride("targets[0].label=x", &plan), "targets[0].label");
}

TEST(OverrideTest, AnUnknownKeyIsAnsweredWithWhatThereIs) {
  EXPECT_EQ(Refusal("", "blcoks=3"), "no field \"blcoks\" in Plan; did you mean \"blocks\"?");
  EXPECT_EQ(Refusal("", "pause.xxxxxxxxxxx=3"),
            "no field \"xxxxxxxxxxx\" in Pause; its fields are: seconds");
}

TEST(OverrideTest, AWrongValueIsAnsweredWithWhatTheFieldTakes) {
  EXPECT_EQ(Refusal("", "blocks=many"),
            "blocks cannot be \"many\": it takes a whole number from 0 to 4294967295");
  EXPECT_EQ(Refusal("", "blocks=-1"),
            "blocks cannot be \"-1\": it takes a whole number from 0 to 4294967295");
  EXPECT_EQ(Refusal("", "blocks=4294967296"),
            "blocks cannot be \"4294967296\": it takes a whole number from 0 to 4294967295");
  EXPECT_EQ(Refusal("", "pause.seconds=soon"), "seconds cannot be \"soon\": it takes a number");
}

// An override that stops half way would measure something that nobody asked for.
TEST(OverrideTest, AListWithOneWrongValueIsRefusedAsAWhole) {
  EXPECT_THAT(Refusal("load { closed { connections: 1 } }", "load.closed.connections=64,x"),
              HasSubstr("cannot be \"x\""));
}

TEST(OverrideTest, MistakesInTheKeyAreNamed) {
  EXPECT_THAT(Refusal("", "blocks"), HasSubstr("expected KEY=VALUE"));
  EXPECT_THAT(Refusal("", "=3"), HasSubstr("expected KEY=VALUE"));
  EXPECT_THAT(Refusal("", "targets.label=x"), HasSubstr("name an element, as targets[0]"));
  EXPECT_THAT(Refusal("", "targets[1].label=x"),
              HasSubstr("targets has 0 elements: the next to add is targets[0]"));
  EXPECT_THAT(Refusal("", "targets[x].label=x"), HasSubstr("is not an element"));
  EXPECT_THAT(Refusal("", "targets[-1].label=x"), HasSubstr("is not an element"));
  EXPECT_THAT(Refusal("", "targets[0=x"), HasSubstr("is not an element"));
  EXPECT_THAT(Refusal("", "blocks[0]=1"), HasSubstr("blocks is no list"));
  EXPECT_THAT(Refusal("", "blocks.x=1"), HasSubstr("blocks has no fields"));
  EXPECT_THAT(Refusal("", "load=1"), HasSubstr("load cannot be set as a whole"));
  EXPECT_THAT(Refusal("targets {}", "targets[0].options=x"), HasSubstr("options.KEY"));
}

}  // namespace
}  // namespace assay::controller
