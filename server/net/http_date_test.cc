#include "server/net/http_date.h"

#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(HttpDateTest, HasTheFormatOfTheRfc) {
  HttpDate date;
  date.Refresh(784111777);
  EXPECT_EQ(date.line(), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
}

TEST(HttpDateTest, FollowsTheClock) {
  HttpDate date;
  date.Refresh(951827696);
  EXPECT_EQ(date.line(), "Date: Tue, 29 Feb 2000 12:34:56 GMT\r\n");
  date.Refresh(951827697);
  EXPECT_EQ(date.line(), "Date: Tue, 29 Feb 2000 12:34:57 GMT\r\n");
}

}  // namespace
}  // namespace assay::server
