#include "server/endpoints/json_text.h"

#include <cstdint>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::server {
namespace {

std::string AsJson(std::string_view text) {
  std::string json;
  AppendJsonString(text, json);
  return json;
}

TEST(JsonTextTest, EscapesOnlyWhatJsonDemands) {
  EXPECT_EQ(AsJson("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(AsJson("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(AsJson(std::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(AsJson("h\xc3\xa4\xf0\x9f\x98\x80"), "\"h\xc3\xa4\xf0\x9f\x98\x80\"");
  EXPECT_EQ(AsJson(""), "\"\"");
}

// The other targets of the contract use libraries: the bytes must be equal to theirs.
TEST(JsonTextTest, WritesEveryByteAsNlohmannDoes) {
  for (int c = 0; c < 0x80; ++c) {
    for (const size_t at : {0, 7, 15, 16, 31, 40}) {
      std::string text(41, 'x');
      text[at] = static_cast<char>(c);
      ASSERT_EQ(AsJson(text), nlohmann::json(text).dump()) << c << " at " << at;
    }
  }
}

TEST(JsonTextTest, WritesTheSmallestAndLargestNumbers) {
  std::string json;
  AppendJsonNumber(INT64_MIN, json);
  json.push_back(' ');
  AppendJsonNumber(INT64_MAX, json);
  EXPECT_EQ(json, "-9223372036854775808 9223372036854775807");
}

}  // namespace
}  // namespace assay::server
