#include "controller/plan/json_reader.h"

#include <map>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "proto/plan.pb.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;

std::string Read(const std::string& json) {
  Plan plan;
  std::map<std::string, std::string> origins;
  const absl::Status status = ReadJson(json, "p.json", &plan, &origins);
  EXPECT_TRUE(status.ok()) << status;
  return plan.ShortDebugString();
}

std::string Refusal(const std::string& json) {
  Plan plan;
  std::map<std::string, std::string> origins;
  const absl::Status status = ReadJson(json, "p.json", &plan, &origins);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << json;
  return std::string(status.message());
}

TEST(JsonReaderTest, ReadsEveryKindOfField) {
  EXPECT_EQ(Read(R"({
    "name": "x", "blocks": 3, "seed": "18446744073709551615", "verdict": "NONE",
    "pause": {"seconds": 0.5},
    "targets": [{"name": "a", "options": {"threads": "4"}}, {"url": "http://h:1"}],
    "workloads": [{"name": "w", "body": "aGk="}],
    "load": {"closed": {"connections": [1, 2], "requests": 10}}
  })"),
            "name: \"x\" targets { name: \"a\" options { key: \"threads\" value: \"4\" } } "
            "targets { url: \"http://h:1\" } workloads { name: \"w\" body: \"hi\" } "
            "load { closed { connections: 1 connections: 2 requests: 10 } } blocks: 3 "
            "pause { seconds: 0.5 } seed: 18446744073709551615 verdict: NONE");
}

// The JSON mapping of protobuf allows both spellings, and users mix them.
TEST(JsonReaderTest, AcceptsNamesAsInTheProtoAndInCamelCase) {
  EXPECT_EQ(Read(R"({"primaryMetric": "p99_us"})"), Read(R"({"primary_metric": "p99_us"})"));
}

TEST(JsonReaderTest, LeavesNullUnsetAndAcceptsWholeNumbersWithAFraction) {
  EXPECT_EQ(Read(R"({"name": null, "blocks": 3.0, "seed": 1e3})"), "blocks: 3 seed: 1000");
}

TEST(JsonReaderTest, RecordsThePositionOfEachField) {
  Plan plan;
  std::map<std::string, std::string> origins;
  ASSERT_TRUE(ReadJson("{\n  \"blocks\": 3,\n  \"targets\": [\n    {\"label\": \"x\"}],\n"
                       "  \"load\": {\"closed\": {\"connections\": [1,\n 22 ]}}}",
                       "p.json", &plan, &origins)
                  .ok());
  EXPECT_EQ(origins["blocks"], "p.json:2:3");
  EXPECT_EQ(origins["targets"], "p.json:3:3");
  EXPECT_EQ(origins["targets[0]"], "p.json:4:5");
  EXPECT_EQ(origins["targets[0].label"], "p.json:4:6");
  EXPECT_EQ(origins["load.closed.connections[1]"], "p.json:6:2");
}

TEST(JsonReaderTest, ReportsThePositionOfASyntaxErrorAndWhatWasExpected) {
  const std::string refusal = Refusal("{\n  \"name\": \"x\"\n  \"blocks\": 3\n}");
  EXPECT_THAT(refusal, HasSubstr("p.json:3:"));
  EXPECT_THAT(refusal, HasSubstr("expected"));
  EXPECT_THAT(Refusal(""), HasSubstr("p.json:1:1: "));
  EXPECT_THAT(Refusal("{\"a"), HasSubstr("p.json:1:"));
  EXPECT_THAT(Refusal("{\"pause\": {\"seconds\": 1e999}}"), HasSubstr("1e999"));
  EXPECT_THAT(Refusal("{} {}"), HasSubstr("p.json:1:4"));
}

TEST(JsonReaderTest, ReportsAllErrors) {
  EXPECT_EQ(Refusal("{\"nmae\": {\"a\": [1, {}]},\n \"blocks\": \"x\",\n \"verdict\": \"MAYBE\"}"),
            "p.json:1:2: no field \"nmae\" in Plan; did you mean \"name\"?\n"
            "p.json:2:12: blocks cannot be \"x\": it takes a whole number from 0 to 4294967295\n"
            "p.json:3:13: verdict cannot be \"MAYBE\": it takes one of COMPARE, NONE");
}

TEST(JsonReaderTest, EscapedQuotesDoNotShiftPositions) {
  EXPECT_EQ(Refusal("{\"blocks\": \"\\\\\\\"x\"}"),
            "p.json:1:12: blocks cannot be \"\\\"x\": it takes a whole number from 0 to "
            "4294967295");
}

TEST(JsonReaderTest, RejectsValuesOfAnotherType) {
  EXPECT_THAT(Refusal("{\"name\": 3}"), HasSubstr("name cannot be 3: it takes text in quotes"));
  EXPECT_THAT(Refusal("{\"targets\": {}}"), HasSubstr("targets cannot be an object"));
  EXPECT_THAT(Refusal("{\"targets\": \"a\"}"), HasSubstr("targets takes a list"));
  EXPECT_THAT(Refusal("{\"targets\": [\"a\"]}"), HasSubstr("targets cannot be a"));
  EXPECT_THAT(Refusal("{\"name\": [\"a\"]}"), HasSubstr("name is not a list"));
  EXPECT_THAT(Refusal("{\"name\": {}}"), HasSubstr("name cannot be an object"));
  EXPECT_THAT(Refusal("{\"blocks\": true}"), HasSubstr("blocks cannot be true"));
  EXPECT_THAT(Refusal("{\"blocks\": 1.5}"), HasSubstr("blocks cannot be \"1.5\""));
  EXPECT_THAT(Refusal("{\"load\": {\"closed\": {\"connections\": [null]}}}"),
              HasSubstr("connections cannot be null"));
  EXPECT_THAT(Refusal("{\"load\": {\"closed\": {\"connections\": [[1]]}}}"),
              HasSubstr("is not a list"));
  EXPECT_THAT(Refusal("{\"workloads\": [{\"body\": \"*\"}]}"), HasSubstr("base64"));
  EXPECT_THAT(Refusal("[]"), HasSubstr("expected an object"));
  EXPECT_THAT(Refusal("3"), HasSubstr("expected an object"));
}

TEST(JsonReaderTest, RejectsADuplicateKey) {
  EXPECT_THAT(Refusal("{\"blocks\": 1, \"blocks\": 2}"),
              HasSubstr("p.json:1:15: \"blocks\" appears twice"));
}

TEST(JsonReaderTest, RejectsTwoMembersOfAOneof) {
  EXPECT_THAT(Refusal("{\"load\": {\"closed\": {}, \"open\": {}}}"),
              HasSubstr("\"open\" and \"closed\" exclude each other"));
}

// Otherwise the stack overflows, and the user sees no message.
TEST(JsonReaderTest, RejectsExtremelyDeepNesting) {
  EXPECT_THAT(Refusal("{\"x\": " + std::string(1'000'000, '[')), HasSubstr("no field \"x\""));
}

}  // namespace
}  // namespace assay::controller
