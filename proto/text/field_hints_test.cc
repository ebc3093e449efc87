#include "proto/text/field_hints.h"

#include "gtest/gtest.h"
#include "proto/plan.pb.h"

namespace assay {
namespace {

const google::protobuf::FieldDescriptor& Field(const google::protobuf::Descriptor* type,
                                               const std::string& name) {
  return *type->FindFieldByName(name);
}

TEST(FieldHintsTest, ASwappedPairIsOneEdit) {
  EXPECT_EQ(NearestName("nmae", {"think", "name", "path"}), "name");
}

TEST(FieldHintsTest, SuggestsNothingForADissimilarName) {
  EXPECT_EQ(NearestName("zzzzzz", {"name", "path"}), "");
  EXPECT_EQ(NearestName("", {"name"}), "");
  EXPECT_EQ(NearestName(std::string(100'000, 'n'), {"name"}), "");
}

TEST(FieldHintsTest, ListsAllFieldsForADissimilarName) {
  EXPECT_EQ(UnknownFieldHint(*Pause::descriptor(), "zzzzzzzzzz"),
            "no field \"zzzzzzzzzz\" in Pause; its fields are: seconds");
}

TEST(FieldHintsTest, ListsNoUnsetEnumValue) {
  EXPECT_EQ(ExpectedValue(Field(Plan::descriptor(), "verdict")), "one of COMPARE, NONE");
}

TEST(FieldHintsTest, ListsTheValuesOfAnEnum) {
  EXPECT_EQ(ExplainComplaint(*Plan::descriptor(),
                             "Unknown enumeration value of \"MAYBE\" for field \"verdict\".",
                             "verdict: "),
            "verdict cannot be \"MAYBE\": it is one of COMPARE, NONE");
}

TEST(FieldHintsTest, NamesTheExpectedKindOfValue) {
  EXPECT_EQ(ExplainComplaint(*Plan::descriptor(), "Expected integer, got: many", "  blocks: "),
            "Expected integer, got: many; blocks takes a whole number from 0 to 4294967295");
}

// Protobuf may change its messages: an unchanged message is better than none.
TEST(FieldHintsTest, ReturnsAnUnknownErrorUnchanged) {
  EXPECT_EQ(ExplainComplaint(*Plan::descriptor(), "Something new.", "{"), "Something new.");
}

}  // namespace
}  // namespace assay
