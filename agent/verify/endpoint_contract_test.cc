#include "agent/verify/endpoint_contract.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "agent/verify/endpoint_work.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

#define EXPECT_HAS(text, job) EXPECT_NE((text).find(job), std::string::npos) << (text)

RightResponse Right(const std::string& method, const std::string& target,
                    const std::string& body = "", const std::string& content_type = "") {
  const std::optional<RightResponse> response =
      ContractResponse({method, target, body, content_type});
  EXPECT_TRUE(response.has_value()) << method << " " << target;
  return response.value_or(RightResponse());
}

TEST(EndpointContractTest, TheExamplesOfTheContractHold) {
  EXPECT_EQ(Right("GET", "/plaintext").body, "Hello, World!");
  EXPECT_EQ(Right("GET", "/json").body, R"({"message":"Hello, World!"})");
  EXPECT_EQ(Right("GET", "/healthz").body, "ok");
  EXPECT_EQ(Right("GET", "/cpu?n=10000").body, R"({"n":10000,"start":6171,"steps":261})");
  const RightResponse echo = Right("POST", "/echo", "abc", "text/x-mine; a=b");
  EXPECT_EQ(echo.body, "abc");
  EXPECT_EQ(Difference(echo, {200, "text/x-mine", "", "abc"}), "");
  EXPECT_EQ(Right("POST", "/json", R"({"items":[{"id":1,"name":"a","price":250,"qty":2}]})").body,
            R"({"items":[{"id":1,"name":"a","total":500}],"count":1,"total":500})");
}

TEST(EndpointContractTest, ItemsAreComputedInSixtyFourBits) {
  EXPECT_EQ(ItemsResponse(R"({"items":[]})"), R"({"items":[],"count":0,"total":0})");
  EXPECT_EQ(ItemsResponse(R"({"items":[{"qty":1,"price":-9223372036854775808,"name":"é\n\u0001/\"",
                            "id":9223372036854775807,"more":[1.5,{}]}],"x":null})"),
            R"({"items":[{"id":9223372036854775807,"name":"é\n\u0001/\"",)"
            R"("total":-9223372036854775808}],"count":1,"total":-9223372036854775808})");
  // If a key occurs twice, the last one counts, whatever the first one is.
  EXPECT_EQ(ItemsResponse(R"({"items":7,"items":[{"id":"x","id":1,"name":1,"name":"n",
                            "price":2,"qty":3}]})"),
            R"({"items":[{"id":1,"name":"n","total":6}],"count":1,"total":6})");
}

TEST(EndpointContractTest, RejectsABodyThatCannotBeComputed) {
  for (const char* body : {
           "",
           "[]",
           "{}",
           "{",
           "{\"items\":{}}",
           "{\"items\":[1]}",
           "{\"items\":[]} x",
           R"({"items":[{"id":1,"name":"a","price":1}]})",
           R"({"items":[{"id":1,"name":2,"price":1,"qty":1}]})",
           R"({"items":[{"id":1,"name":"a","price":1.0,"qty":1}]})",
           R"({"items":[{"id":1,"name":"a","price":"1","qty":1}]})",
           R"({"items":[{"id":9223372036854775808,"name":"a","price":1,"qty":1}]})",
           R"({"items":[{"id":1,"name":"a","price":4611686018427387904,"qty":2}]})",
           R"({"items":[{"id":1,"name":"a","price":9223372036854775807,"qty":1},)"
           R"({"id":1,"name":"a","price":1,"qty":1}]})",
           "{\"items\":[{\"id\":1,\"name\":\"\xff\",\"price\":1,\"qty\":1}]}",
       }) {
    EXPECT_EQ(Right("POST", "/json", body).status, 400) << body;
  }
  EXPECT_EQ(
      Difference(Right("POST", "/json", "{"), {400, "application/json", "", R"({"error":"x"})"}),
      "");
  EXPECT_HAS(Difference(Right("POST", "/json", "{"), {400, "application/json", "", "no"}), "error");
}

TEST(EndpointContractTest, NumbersInTheQueryAreBounded) {
  for (const char* target : {"/cpu", "/cpu?n=", "/cpu?n=1", "/cpu?n=-5", "/cpu?n=10000001",
                             "/cpu?n=5x", "/cpu?n=99999999999999999999", "/cpu?m=5"}) {
    EXPECT_EQ(Right("GET", target).status, 400) << target;
  }
  EXPECT_EQ(Right("GET", "/cpu?n=2").body, R"({"n":2,"start":1,"steps":0})");
  EXPECT_EQ(Right("GET", "/cpu?a=1&n=10").body, R"({"n":10,"start":9,"steps":19})");
  for (const char* level : {"10", "-1", "x", ""}) {
    EXPECT_EQ(Right("POST", std::string("/zlib/compress?level=") + level, "a").status, 400);
  }
  EXPECT_EQ(Right("POST", "/zlib/compress?level=0", "a").status, 200);
}

TEST(EndpointContractTest, LongestChainsMatchPublishedRecords) {
  // From the published records of delay. The table and the plain loop must agree with them.
  EXPECT_EQ(LongestCollatzChain(1'000'000).start, 837799);
  EXPECT_EQ(LongestCollatzChain(1'000'000).steps, 524);
  EXPECT_EQ(LongestCollatzChain(10'000'000).start, 8400511);
  EXPECT_EQ(LongestCollatzChain(10'000'000).steps, 685);
}

TEST(EndpointContractTest, ZlibInputIsExactlyOneWholeStream) {
  const std::string packed = Deflate("hello hello hello", 6);
  EXPECT_EQ(*Inflate(packed, 17), "hello hello hello");
  EXPECT_EQ(Inflate(packed, 16).status().code(), absl::StatusCode::kResourceExhausted);
  for (const std::string& bad : {std::string(), packed.substr(0, packed.size() - 1), packed + "x",
                                 std::string("nothing"), "\x1f\x8b" + packed}) {
    EXPECT_EQ(Right("POST", "/zlib/decompress", bad).status, 400);
  }
  const std::string bomb = Deflate(std::string(kContractBodyLimit + 1, '0'), 9);
  EXPECT_EQ(Right("POST", "/zlib/decompress", bomb).status, 413);
}

TEST(EndpointContractTest, AnyStreamThatInflatesToTheBodyIsRight) {
  const RightResponse right = Right("POST", "/zlib/compress", "some some some body");
  for (int level = 0; level <= 9; ++level) {
    EXPECT_EQ(Difference(right, {200, "application/octet-stream", "",
                                 Deflate("some some some body", level)}),
              "");
  }
  EXPECT_HAS(Difference(right, {200, "application/octet-stream", "", Deflate("some other", 6)}),
             "inflated body: differs from byte 5");
  EXPECT_HAS(Difference(right, {200, "application/octet-stream", "", "raw"}), "does not inflate");
}

TEST(EndpointContractTest, OtherMethodsAreRejectedWithTheAllowedOnes) {
  const RightResponse right = Right("DELETE", "/json");
  EXPECT_EQ(right.status, 405);
  EXPECT_EQ(right.allow, (std::vector<std::string>{"GET", "HEAD", "POST"}));
  EXPECT_EQ(Difference(right, {405, "", "GET, HEAD,POST", ""}), "");
  EXPECT_HAS(Difference(right, {405, "", "GET, POST", ""}), "Allow: expected HEAD");
  EXPECT_EQ(Right("HEAD", "/echo").status, 405);
}

TEST(EndpointContractTest, HeadIsGetWithoutItsBody) {
  const RightResponse right = Right("HEAD", "/json");
  EXPECT_EQ(right.status, 200);
  EXPECT_EQ(right.media_type, "application/json");
  EXPECT_EQ(Difference(right, {200, "application/json", "", ""}), "");
}

TEST(EndpointContractTest, OtherPathsAreNotInTheContract) {
  EXPECT_EQ(ContractResponse({"GET", "/", "", ""}), std::nullopt);
  EXPECT_EQ(ContractResponse({"GET", "/jsonx", "", ""}), std::nullopt);
}

TEST(DifferenceTest, QuotesBothBodiesAroundTheFirstDifferentByte) {
  RightResponse right{
      200, "text/plain", RightResponse::Body::kEqual, std::string(100, 'a') + "b\n", {}};
  const std::string text =
      Difference(right, {404, "TEXT/HTML; charset=x", "", std::string(100, 'a') + "c"});
  EXPECT_HAS(text, "status: expected 200, got 404");
  EXPECT_HAS(text, "Content-Type: expected text/plain, got TEXT/HTML; charset=x");
  EXPECT_HAS(text, "body: differs from byte 100 on (expected 102 bytes, got 101)");
  EXPECT_HAS(text, "aaab\\n\"");
  EXPECT_HAS(text, "aaac\"");
}

// Both are the same JSON, and serialisers differ in this.
TEST(DifferenceTest, TheCaseOfEscapesInJsonDoesNotMatter) {
  RightResponse right{200, "", RightResponse::Body::kJson, R"({"a":"\u001f\\u00AB"})", {}};
  EXPECT_EQ(Difference(right, {200, "", "", R"({"a":"\u001F\\u00AB"})"}), "");
  EXPECT_HAS(Difference(right, {200, "", "", R"({"a":"\u001F\\u00ab"})"}), "body");
}

}  // namespace
}  // namespace assay::agent
