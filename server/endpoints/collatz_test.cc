#include "server/endpoints/collatz.h"

#include "gtest/gtest.h"

namespace assay::server {
namespace {

TEST(LongestCollatzChainTest, FindsKnownRecords) {
  // OEIS A006877 and A006878.
  EXPECT_EQ(LongestCollatzChain(10'000).start, 6171);
  EXPECT_EQ(LongestCollatzChain(10'000).steps, 261);
  EXPECT_EQ(LongestCollatzChain(100'000).start, 77'031);
  EXPECT_EQ(LongestCollatzChain(100'000).steps, 350);
  EXPECT_EQ(LongestCollatzChain(6172).start, 6171);
  EXPECT_EQ(LongestCollatzChain(6171).start, 3711);
}

TEST(LongestCollatzChainTest, ReturnsTheSmallestStartOfEquallyLongChains) {
  // 12 and 13 both take 9 steps; 9 takes 19.
  EXPECT_EQ(LongestCollatzChain(2).start, 1);
  EXPECT_EQ(LongestCollatzChain(2).steps, 0);
  EXPECT_EQ(LongestCollatzChain(8).start, 7);
  EXPECT_EQ(LongestCollatzChain(20).start, 18);
  EXPECT_EQ(LongestCollatzChain(20).steps, 20);
}

TEST(CollatzEndpointTest, RespondsAsTheContractSays) {
  CollatzEndpoint endpoint;
  HttpResponse response;
  endpoint.Respond({.path = "/cpu", .query = "n=10000", .body = {}, .headers = {}}, response);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, R"({"n":10000,"start":6171,"steps":261})");
}

TEST(CollatzEndpointTest, RefusesNOutOfRange) {
  CollatzEndpoint endpoint;
  for (const char* query : {"", "n=1", "n=10000001", "n=x"}) {
    HttpResponse response;
    endpoint.Respond({.path = "/cpu", .query = query, .body = {}, .headers = {}}, response);
    EXPECT_EQ(response.status, 400) << query;
  }
}

}  // namespace
}  // namespace assay::server
