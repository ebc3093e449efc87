#include "proto/text/field_hints.h"

#include "gtest/gtest.h"
#include "proto/plan.pb.h"

namespace assay {
namespace {

const google::protobuf::FieldDescriptor& Field(const google::protobuf::Descriptor* type,
                                               const std::string& name) {
  return *type->FindFieldByName(name);
}

TEST(FieldHintsTest, ASwappedPairIsOneSlip) {
  EXPECT_EQ(NearestName("nmae", {"think", "name", "path"}), "name");
}

TEST(FieldHintsTest, AFarWordHasNoNearest) {
  EXPECT_EQ(NearestName("zzzzzz", {"name", "path"}), "");
  EXPECT_EQ(NearestName("", {"name"}), "");
  EXPECT_EQ(NearestName(std::string(100'000, 'n'), {"name"}), "");
}

TEST(FieldHintsTest, AFarNameIsAnsweredWithAllThereAre) {
  EXPECT_EQ(UnknownFieldHint(*Pause::descriptor(), "zzzzzzzzzz"),
            "no field \"zzzzzzzzzz\" in Pause; there are: seconds");
}

TEST(FieldHintsTest, AnEnumOffersOnlyWhatMeansSomething) {
  EXPECT_EQ(ExpectedValue(Field(Plan::descriptor(), "verdict")), "one of COMPARE, NONE");
}

TEST(FieldHintsTest, AWrongWordForAnEnumIsAnsweredWithItsValues) {
  EXPECT_EQ(ExplainComplaint(*Plan::descriptor(),
                             "Unknown enumeration value of \"MAYBE\" for field \"verdict\".",
                             "verdict: "),
            "verdict cannot be \"MAYBE\": it is one of COMPARE, NONE");
}

TEST(FieldHintsTest, AWrongKindOfValueIsAnsweredWithTheRightOne) {
  EXPECT_EQ(ExplainComplaint(*Plan::descriptor(), "Expected integer, got: many", "  blocks: "),
            "Expected integer, got: many; blocks takes a whole number from 0 to 4294967295");
}

// Protobuf may word its complaints anew: better its own words than none.
TEST(FieldHintsTest, AComplaintThatIsNotUnderstoodStaysAsItIs) {
  EXPECT_EQ(ExplainComplaint(*Plan::descriptor(), "Something new.", "{"), "Something new.");
}

}  // namespace
}  // namespace assay
