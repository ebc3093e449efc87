#include "common/utf8.h"

#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(ToValidUtf8Test, KeepsWellFormedText) {
  for (const std::string_view text :
       {"", "plain\n", "\u00e9", "\u20ac", "\U0001F600", "a\u00e9b"}) {
    EXPECT_EQ(ToValidUtf8(text), text);
  }
}

TEST(ToValidUtf8Test, ReplacesEveryByteOutsideACharacter) {
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

TEST(IsUtf8Test, AcceptsCharactersOfEveryLength) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8(std::string_view("a\0b", 3)));
  EXPECT_TRUE(IsUtf8("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"));
  EXPECT_TRUE(IsUtf8("\xf4\x8f\xbf\xbf"));
}

TEST(IsUtf8Test, RefusesTheFormsThatRfc3629Refuses) {
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

TEST(CutAtCharacterTest, NeverEndsWithinACharacter) {
  const std::string_view text = "a\u20ac\U0001F600";
  EXPECT_EQ(CutAtCharacter(text, 100), text);
  EXPECT_EQ(CutAtCharacter(text, 8), text);
  for (size_t bytes = 4; bytes < 8; ++bytes) EXPECT_EQ(CutAtCharacter(text, bytes), "a\u20ac");
  for (size_t bytes = 1; bytes < 4; ++bytes) EXPECT_EQ(CutAtCharacter(text, bytes), "a");
  EXPECT_EQ(CutAtCharacter(text, 0), "");
}

TEST(TerminalTextTest, EscapesControlCharacters) {
  EXPECT_EQ(TerminalText("caf\u00e9 \u20ac"), "caf\u00e9 \u20ac");
  EXPECT_EQ(TerminalText("\x1b[2J\a\t\r\n\x7f"), R"(\x1b[2J\x07\x09\x0d\x0a\x7f)");
  EXPECT_EQ(TerminalText("\xc2\x9b"), R"(\x9b)") << "CSI of the C1 controls";
  EXPECT_EQ(TerminalText("\xe2\x80\xaetxt.exe\xe2\x81\xa9"), R"(\u202etxt.exe\u2069)");
  EXPECT_EQ(TerminalText("a\xff"), "a\uFFFD");
  EXPECT_EQ(TerminalText(std::string_view("\0", 1)), R"(\x00)");
}

TEST(TerminalLinesTest, KeepsLineFeedsOnly) {
  EXPECT_EQ(TerminalLines("a\nb\rc\x1b"), "a\nb\\x0dc\\x1b");
}

}  // namespace
}  // namespace assay
