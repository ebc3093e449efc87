#include "agent/loadgen/body_digest.h"

#include <string>

#include "agent/loadgen/request.h"
#include "agent/loadgen/test_load.h"
#include "agent/loadgen/test_server.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

// FIPS 180-2, B.1: of "abc".
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(BodyDigestTest, IsTheSameHoweverTheBodyIsCut) {
  const std::string abc = *BodyDigest::FromHex(kAbc);
  BodyDigest digest;
  for (int round = 0; round < 2; ++round) {
    digest.Begin();
    digest.Add("abc", 3);
    EXPECT_TRUE(digest.Matches(abc));
    digest.Begin();
    for (const char* c = "abc"; *c != 0; ++c) digest.Add(c, 1);
    EXPECT_TRUE(digest.Matches(abc));
    digest.Begin();
    digest.Add("abd", 3);
    EXPECT_FALSE(digest.Matches(abc));
  }
}

TEST(BodyDigestTest, ReadsOnlyHexadecimalDigits) {
  EXPECT_EQ(BodyDigest::FromHex(kAbc)->size(), 32u);
  EXPECT_FALSE(BodyDigest::FromHex("ba7816").ok());
  EXPECT_FALSE(BodyDigest::FromHex(std::string(64, 'g')).ok());
}

// Every second body is another one of the same length.
TEST(BodyDigestTest, TellsRightResponsesFromWrongOnes) {
  TestServer server([](const TestServer::Seen& seen) {
    return TestServer::Reply{TestServer::Ok(seen.request % 2 == 0 ? "abc" : "abd")};
  });
  RequestSpec request;
  request.expect_sha256 = *BodyDigest::FromHex(kAbc);
  LoadOptions options = OptionsFor(server.target(), 2, request);
  options.duration_ns = 0;
  options.request_count = 100;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.ok, 50u);
  EXPECT_EQ(result.error_kinds.at("wrong body"), 50u);
}

}  // namespace
}  // namespace assay::loadgen
