#include "controller/results/text_table.h"

#include <gtest/gtest.h>

namespace assay::controller {
namespace {

using Align = TextTable::Align;

TEST(TextTableTest, ColumnsAreAsWideAsTheirWidestCell) {
  TextTable table({{"name", Align::kLeft}, {"n", Align::kRight}});
  table.AddRow({"epoll", "1"});
  table.AddRow({"x", "1,000"});
  EXPECT_EQ(table.ToString(),
            "name       n\n"
            "-----  -----\n"
            "epoll      1\n"
            "x      1,000\n");
}

TEST(TextTableTest, LeavesOutAnEmptyColumn) {
  TextTable table({{"name", Align::kLeft}, {"failed", Align::kRight}});
  table.AddRow({"epoll", ""});
  EXPECT_EQ(table.ToString(), "name\n-----\nepoll\n");
}

// "µ" is two bytes and one column.
TEST(TextTableTest, WidthsCountCharactersNotBytes) {
  TextTable table({{"a", Align::kRight}, {"b", Align::kLeft}});
  table.AddRow({"µs", "x"});
  table.AddRow({"ms", "y"});
  EXPECT_EQ(table.ToString(), " a  b\n--  -\nµs  x\nms  y\n");
}

// A label, the name of a target, or a text from an agent.
TEST(TextTableTest, EscapesLineBreaksAndControlCharactersInCells) {
  TextTable table({{"a", Align::kLeft}, {"b", Align::kLeft}});
  table.AddRow({"\x1b[2J\n\xe9", "x"});
  EXPECT_EQ(table.ToString(),
            "a             b\n"
            "------------  -\n"
            "\\x1b[2J\\x0a\xef\xbf\xbd  x\n");
}

TEST(TextTableTest, TooWideTableShortensNamesThenLeavesOutOptionalColumns) {
  TextTable table({{"name", Align::kLeft},
                   {"a", Align::kRight},
                   {"b", Align::kRight, true},
                   {"c", Align::kRight, true}});
  table.AddRow({"a-name-that-goes-on-and-on-to-its-end", "1", "22222222", "333333"});
  for (const size_t width : {200, 60, 44, 40, 30, 25, 20, 14}) {
    std::string text = table.ToString(width);
    for (size_t end = 0; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
      EXPECT_LE(end, width);
    }
  }
  EXPECT_EQ(table.ToString(20),
            "name              a\n"
            "----------------  -\n"
            "a-name-...ts-end  1\n");
  EXPECT_EQ(table.ToString(11),
            "name      a\n"
            "--------  -\n"
            "a-n...nd  1\n");
  EXPECT_NE(table.ToString().find("a-name-that-goes-on-and-on-to-its-end"), std::string::npos);
  EXPECT_NE(table.ToString().find("333333"), std::string::npos);
}

TEST(WrappedTest, LongLinesBreakAtBlanksAndKeepTheirIndentation) {
  EXPECT_EQ(Wrapped("one two three\n  warn: four five six\n", 12),
            "one two\n    three\n  warn: four\n      five\n      six\n");
  EXPECT_EQ(Wrapped("short\n\nlines\n", 12), "short\n\nlines\n");
  EXPECT_EQ(Wrapped("/a/path/that/is/longer next", 12), "/a/path/that/is/longer\n    next");
}

// Names of targets and functions are used as titles and cells.
TEST(TextTableTest, EscapesTerminalSequences) {
  TextTable table({TextTable::Column{"a\n\x1b[2J"}, TextTable::Column{"b"}});
  table.AddRow({"1", "2\n\x1b"});
  const std::string text = table.ToString();
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.substr(0, text.find('\n')), "a\\x0a\\x1b[2J  b");
  EXPECT_NE(text.find("2\\x0a\\x1b\n"), std::string::npos);
}

TEST(ShortenedTest, KeepsBothEndsOfANameAndWholeCharacters) {
  EXPECT_EQ(Shortened("abcdefghij", 10), "abcdefghij");
  EXPECT_EQ(Shortened("abcdefghij", 8), "abc...ij");
  EXPECT_EQ(Shortened("äöüäöüäöü", 7), "äö...öü");
  EXPECT_EQ(Shortened("abcdefghij", 2), "ab");
}

TEST(WithThousandsTest, GroupsDigitsByThree) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999.4), "999");
  EXPECT_EQ(WithThousands(1000), "1,000");
  EXPECT_EQ(WithThousands(0.5), "0.5");
  EXPECT_EQ(WithThousands(-1234567), "-1,234,567");
}

TEST(FourDigitsTest, LargeNumbersKeepAllDigitsBeforeThePoint) {
  EXPECT_EQ(FourDigits(1234567), "1234567");
  EXPECT_EQ(FourDigits(12345.4), "12345");
  EXPECT_EQ(FourDigits(12.3456), "12.35");
  EXPECT_EQ(FourDigits(0.0123456), "0.01235");
  EXPECT_EQ(FourDigits(-20000), "-20000");
  EXPECT_EQ(FourDigits(0), "0");
}

}  // namespace
}  // namespace assay::controller
