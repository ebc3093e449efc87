#include "common/utf8.h"

#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(ToValidUtf8Test, WellFormedTextStays) {
  for (const std::string_view text :
       {"", "plain\n", "\u00e9", "\u20ac", "\U0001F600", "a\u00e9b"}) {
    EXPECT_EQ(ToValidUtf8(text), text);
  }
}

TEST(ToValidUtf8Test, EveryByteThatBelongsToNoCharacterIsReplaced) {
  const std::string r = "\uFFFD";
  EXPECT_EQ(ToValidUtf8("a\xff"
                        "b"),
            "a" + r + "b");
  EXPECT_EQ(ToValidUtf8("\x80"), r);
  EXPECT_EQ(ToValidUtf8("\xc3"), r) << "cut short, as at the end of a bounded buffer";
  EXPECT_EQ(ToValidUtf8("\xe2\x82"), r + r);
  EXPECT_EQ(ToValidUtf8("\xc0\xaf"), r + r) << "a longer form than needed";
  EXPECT_EQ(ToValidUtf8("\xed\xa0\x80"), r + r + r) << "a surrogate";
  EXPECT_EQ(ToValidUtf8("\xf4\x90\x80\x80"), r + r + r + r) << "beyond U+10FFFF";
  EXPECT_EQ(ToValidUtf8(std::string_view("a\0b", 3)), "a" + r + "b");
}

}  // namespace
}  // namespace assay
