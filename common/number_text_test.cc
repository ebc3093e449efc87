#include "common/number_text.h"

#include <cstdlib>

#include "gtest/gtest.h"

namespace assay {
namespace {

TEST(NumberTextTest, IsTheShortestTextThatParsesBack) {
  EXPECT_EQ(NumberText(0), "0");
  EXPECT_EQ(NumberText(0.5), "0.5");
  EXPECT_EQ(NumberText(64), "64");
  EXPECT_EQ(NumberText(1234567), "1234567");
  EXPECT_EQ(NumberText(100000000), "100000000");
  EXPECT_EQ(NumberText(1234.5671), "1234.5671");
  EXPECT_EQ(NumberText(-0.001), "-0.001");
  EXPECT_EQ(NumberText(1e-10), "1e-10");
}

TEST(CountTextTest, OneIsSingularAndEveryOtherNumberPlural) {
  EXPECT_EQ(CountText(0, "block"), "0 blocks");
  EXPECT_EQ(CountText(1, "block"), "1 block");
  EXPECT_EQ(CountText(21, "block"), "21 blocks");
  EXPECT_EQ(CountText(1, "gate warns", "gates warn"), "1 gate warns");
  EXPECT_EQ(CountText(2, "gate warns", "gates warn"), "2 gates warn");
}

TEST(NumberTextTest, EveryNumberParsesBackToItself) {
  for (const double value : {1.0 / 3, 1e-6 / 3, 1e15 / 3, 1e300 / 3, 5e-324, 1234.5671 / 3}) {
    EXPECT_EQ(std::strtod(NumberText(value).c_str(), nullptr), value);
  }
}

}  // namespace
}  // namespace assay
