#include "proto/text/text_proto.h"

#include <string>

#include "gtest/gtest.h"
#include "proto/catalogue.pb.h"
#include "proto/plan.pb.h"

namespace assay {
namespace {

TEST(TextProtoTest, SkipsAByteOrderMark) {
  CatalogueFile catalogue;
  EXPECT_TRUE(
      ParseTextProto("\xef\xbb\xbftargets { name: \"a\" }", "mine.textproto", &catalogue).ok());
  EXPECT_EQ(catalogue.targets(0).name(), "a");
}

// A user needs the location of a misspelt field.
TEST(TextProtoTest, SyntaxErrorsNameFileLineAndColumnCountedFromOne) {
  CatalogueFile catalogue;
  const absl::Status status = ParseTextProto("targets {\n  name: \"a\"\n  colour: \"red\"\n}\n",
                                             "mine.textproto", &catalogue);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("mine.textproto:3:"), std::string::npos) << status;
  EXPECT_NE(std::string(status.message()).find("colour"), std::string::npos) << status;
}

TEST(TextProtoTest, LocatesAFieldForErrorsOfMeaning) {
  CatalogueFile catalogue;
  TextLocations locations;
  ASSERT_TRUE(
      ParseTextProto(
          "targets { name: \"a\" }\ntargets {\n  name: \"b\"\n  argv: \"x\"\n  argv: \"y\" }\n",
          "mine.textproto", &catalogue, &locations)
          .ok());
  EXPECT_EQ(locations.Of(catalogue, {{"targets", 1}, {"argv", 1}}), "mine.textproto:5:3");
  // A missing field has the location of its message.
  EXPECT_EQ(locations.Of(catalogue, {{"targets", 1}, {"licence"}}), "mine.textproto:2:1");
  EXPECT_EQ(locations.Of(catalogue, {}), "mine.textproto");
}

// Otherwise the author of a plan would need one attempt per error.
TEST(TextProtoTest, FindsAllUnknownFieldsAndNamesTheNearest) {
  CatalogueFile catalogue;
  const absl::Status status =
      ParseTextProto("targets { nmae: \"a\" }\ntagrets { }\n", "mine.textproto", &catalogue);
  EXPECT_EQ(status.message(),
            "mine.textproto:1:11: no field \"nmae\" in CatalogueTarget; did you mean \"name\"?\n"
            "mine.textproto:2:1: no field \"tagrets\" in CatalogueFile; did you mean \"targets\"?");
}

// The parser detects the error only at the next token, which may be on another line.
TEST(TextProtoTest, LocatesAWrongEnumValue) {
  Plan plan;
  EXPECT_EQ(
      ParseTextProto("name: \"x\"\nverdict: MAYBE\n\nblocks: 3\n", "p.textproto", &plan).message(),
      "p.textproto:2:10: verdict cannot be \"MAYBE\": it is one of COMPARE, NONE");
}

// A stack overflow would give no error message.
TEST(TextProtoTest, RefusesTooDeepNesting) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "targets { ";
  CatalogueFile catalogue;
  EXPECT_FALSE(ParseTextProto(text, "mine.textproto", &catalogue).ok());
}

TEST(TextProtoTest, ClearsTheMessage) {
  CatalogueFile catalogue;
  catalogue.add_targets()->set_name("old");
  ASSERT_TRUE(ParseTextProto("", "mine.textproto", &catalogue).ok());
  EXPECT_EQ(catalogue.targets_size(), 0);
}

}  // namespace
}  // namespace assay
