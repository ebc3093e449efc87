#include "controller/results/text_table.h"

#include <gtest/gtest.h>

namespace assay {
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

TEST(TextTableTest, AColumnThatIsEmptyEverywhereIsLeftOut) {
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

TEST(WithThousandsTest, GroupsDigitsByThree) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999.4), "999");
  EXPECT_EQ(WithThousands(1000), "1,000");
  EXPECT_EQ(WithThousands(0.5), "0.5");
  EXPECT_EQ(WithThousands(-1234567), "-1,234,567");
}

}  // namespace
}  // namespace assay
