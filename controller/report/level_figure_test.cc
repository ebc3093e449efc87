#include "controller/report/level_figure.h"

#include <cstdio>
#include <string>

#include "gtest/gtest.h"

namespace assay::controller {
namespace {

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(LevelFigureTest, DrawsADotPerExecutionAndALinePerTarget) {
  const LevelFigure figure{.title = "Median latency",
                           .unit = "us",
                           .level_title = "connections",
                           .series = {{"a<b", {{64, {100, 120}, 110}, {250, {400, 380}, 390}}},
                                      {"c", {{64, {90}, 90}}}}};
  const std::string html = LevelFigureHtml(figure);
  EXPECT_EQ(Count(html, "<circle"), 5);
  EXPECT_EQ(Count(html, "<polyline"), 2);
  EXPECT_NE(html.find("a&lt;b, 64: 120"), std::string::npos);
  EXPECT_EQ(html.find("a<b"), std::string::npos);
  // The axis starts at zero and has round steps.
  EXPECT_NE(html.find(">0</text>"), std::string::npos);
  EXPECT_NE(html.find(">400</text>"), std::string::npos);
}

TEST(LevelFigureTest, DrawsAnEmptyFigureWithoutMeasurements) {
  const std::string html =
      LevelFigureHtml({.title = "Throughput", .unit = "1/s", .level_title = "connections"});
  EXPECT_EQ(Count(html, "<circle"), 0);
  EXPECT_EQ(html.find("nan"), std::string::npos);
}

// Different levels never have the same label.
TEST(LevelFigureTest, PrintsNumbersWithAllTheirDigits) {
  const LevelFigure figure{
      .title = "t",
      .unit = "u",
      .level_title = "l",
      .series = {
          {"s", {{0.5, {1}, 1}, {1234.5671, {1234567.25}, 1}, {1234.5672, {12'000'000}, 1}}}}};
  const std::string html = LevelFigureHtml(figure);
  for (const char* part :
       {">0.5</text>", ">1234.5671</text>", ">1234.5672</text>", "s, 1234.5671: 1234567.25<",
        "s, 1234.5672: 12000000<", ">12500000</text>"}) {
    EXPECT_NE(html.find(part), std::string::npos) << part << "\n" << html;
  }
}

// Higher values are drawn higher, and higher levels further right.
TEST(LevelFigureTest, HigherValuesAreHigherAndHigherLevelsFurtherRight) {
  const LevelFigure figure{.title = "t",
                           .unit = "u",
                           .level_title = "l",
                           .series = {{"s", {{1, {10}, 10}, {2, {20}, 20}}}}};
  const std::string html = LevelFigureHtml(figure);
  double x[2], y[2];
  size_t at = 0;
  for (int i = 0; i < 2; ++i) {
    at = html.find("<circle cx=\"", at + 1);
    ASSERT_EQ(sscanf(html.c_str() + at, "<circle cx=\"%lf\" cy=\"%lf\"", &x[i], &y[i]), 2);
  }
  EXPECT_LT(x[0], x[1]);
  EXPECT_GT(y[0], y[1]);
}

}  // namespace
}  // namespace assay::controller
