#include "controller/plan/utf8.h"

#include <string_view>

#include "gtest/gtest.h"

namespace assay {
namespace {

using namespace std::string_view_literals;

TEST(Utf8Test, TakesEveryLengthOfCharacter) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("a\0b"sv));
  EXPECT_TRUE(IsUtf8("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"));
  EXPECT_TRUE(IsUtf8("\xf4\x8f\xbf\xbf"));
}

TEST(Utf8Test, RefusesWhatRfc3629Does) {
  EXPECT_FALSE(IsUtf8("\x80")) << "a following byte alone";
  EXPECT_FALSE(IsUtf8("\xc3")) << "cut short";
  EXPECT_FALSE(IsUtf8("\xe2\x82")) << "cut short";
  EXPECT_FALSE(IsUtf8("\xc3x")) << "no following byte";
  EXPECT_FALSE(IsUtf8("\xc0\x80")) << "overlong";
  EXPECT_FALSE(IsUtf8("\xe0\x80\x80")) << "overlong";
  EXPECT_FALSE(IsUtf8("\xf0\x80\x80\x80")) << "overlong";
  EXPECT_FALSE(IsUtf8("\xed\xa0\x80")) << "a surrogate";
  EXPECT_FALSE(IsUtf8("\xf4\x90\x80\x80")) << "beyond U+10FFFF";
  EXPECT_FALSE(IsUtf8("\xff")) << "no byte of UTF-8";
}

}  // namespace
}  // namespace assay
