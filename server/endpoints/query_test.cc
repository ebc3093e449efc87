#include "server/endpoints/query.h"

#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(QueryParameterTest, FindsAParameterAmongOthers) {
  EXPECT_EQ(QueryParameter("a=1&level=6&b", "level"), "6");
  EXPECT_EQ(QueryParameter("level=6", "level"), "6");
  EXPECT_EQ(QueryParameter("level=", "level"), "");
  EXPECT_EQ(QueryParameter("level", "level"), "");
  EXPECT_EQ(QueryParameter("level=a=b", "level"), "a=b");
}

TEST(QueryParameterTest, ReturnsTheLastOfRepeatedParameters) {
  EXPECT_EQ(QueryParameter("n=1&n=2", "n"), "2");
}

TEST(QueryParameterTest, ReturnsNothingForAMissingParameter) {
  for (const char* query : {"", "&", "=6", "levels=6", "xlevel=6", "LEVEL=6"}) {
    EXPECT_FALSE(QueryParameter(query, "level").has_value()) << query;
  }
}

TEST(NumberParameterTest, AcceptsNumbersInRange) {
  EXPECT_EQ(NumberParameter("n=2", "n", std::nullopt, 2, 9), 2);
  EXPECT_EQ(NumberParameter("n=009", "n", std::nullopt, 2, 9), 9);
  EXPECT_EQ(NumberParameter("", "n", 6, 2, 9), 6);
  EXPECT_EQ(NumberParameter("", "n", std::nullopt, 2, 9), std::nullopt);
}

TEST(NumberParameterTest, RefusesAnythingElse) {
  for (const char* query : {"n=1", "n=10", "n=", "n", "n=x", "n=3x", "n=+3", "n=-3", "n= 3",
                            "n=3.0", "n=%33", "n=99999999999999999999"}) {
    EXPECT_EQ(NumberParameter(query, "n", 6, 2, 9), std::nullopt) << query;
  }
}

}  // namespace
}  // namespace assay::server
