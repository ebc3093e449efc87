#include "agent/loadgen/request_list.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "agent/loadgen/request.h"
#include "agent/loadgen/request_mix.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace assay::loadgen {
namespace {

TEST(RequestListTest, ReadsWeightsHeadersBodiesAndExpectations) {
  const absl::StatusOr<std::vector<RequestSpec>> specs = ParseRequestList(
      R"([{"path": "/a"},
          {"weight": 2.5, "method": "PUT", "path": "/b", "headers": {"X": "y"}, "body": "in",
           "expect": {"status": 201, "length": 3, "body": "out"}}])",
      "/");
  ASSERT_TRUE(specs.ok()) << specs.status();
  ASSERT_EQ(specs->size(), 2u);
  EXPECT_EQ((*specs)[0].path, "/a");
  EXPECT_EQ((*specs)[0].weight, 1);
  const RequestSpec& second = (*specs)[1];
  EXPECT_EQ(second.method, "PUT");
  EXPECT_EQ(second.weight, 2.5);
  EXPECT_EQ(second.body, "in");
  EXPECT_EQ(second.expect_status, 201);
  EXPECT_EQ(second.expect_length, 3u);
  EXPECT_EQ(second.expect_body, "out");
  EXPECT_EQ(second.headers, (std::vector<std::pair<std::string, std::string>>{{"X", "y"}}));
}

TEST(RequestListTest, NamesTheEntryAndWhatIsWrongWithIt) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"nonsense", "not a JSON array"},
      {"[]", "at least one request"},
      {R"([{"path": "/"}, 5])", "request 2: it is not an object"},
      {R"([{"method": "GET"}])", "request 1: \"path\" is missing"},
      {R"([{"path": 5}])", "\"path\" is not a string"},
      {R"([{"path": "/", "wieght": 1}])", "unknown key \"wieght\""},
      {R"([{"path": "/", "weight": 0}])", "not a positive number"},
      {R"([{"path": "/", "headers": []}])", "\"headers\" is not an object"},
      {R"([{"path": "/", "body": "a", "body_file": "b"}])", "exclude each other"},
      {R"([{"path": "/", "body_file": "missing"}])", "/nowhere/missing"},
      {R"([{"path": "/", "expect": {"status": 100}}])", "between 200 and 999"},
  };
  for (const auto& [json, expected] : cases) {
    const absl::StatusOr<std::vector<RequestSpec>> specs = ParseRequestList(json, "/nowhere");
    ASSERT_FALSE(specs.ok()) << json;
    EXPECT_TRUE(absl::StrContains(specs.status().message(), expected)) << specs.status();
  }
}

TEST(RequestListTest, RandomItemsAreDrawnFromTheSeedWithTheirResponses) {
  RequestSpec like;
  like.path = "/json";
  const std::vector<RequestSpec> specs = RandomItemRequests(like, 3, 4, 7);
  ASSERT_EQ(specs.size(), 4u);
  EXPECT_NE(specs[0].body, specs[1].body);
  EXPECT_EQ(specs[2].body, RandomItemRequests(like, 3, 4, 7)[2].body);
  for (const RequestSpec& spec : specs) {
    const auto body = nlohmann::json::parse(*spec.body);
    const auto response = nlohmann::json::parse(*spec.expect_body);
    int64_t total = 0;
    for (const auto& item : body["items"]) {
      total += item["price"].get<int64_t>() * item["qty"].get<int64_t>();
    }
    EXPECT_EQ(response["count"], 3);
    EXPECT_EQ(response["total"], total);
  }
}

TEST(RequestMixTest, DrawsByWeightAndTheSameForTheSameSeed) {
  std::vector<Request> requests(3);
  requests[0].weight = 1;
  requests[1].weight = 2;
  requests[2].weight = 7;
  RequestMix mix(requests, 5, 0);
  RequestMix again(requests, 5, 0);
  RequestMix other(requests, 5, 1);
  std::map<uint32_t, int> counts;
  bool differs = false;
  for (int i = 0; i < 10'000; ++i) {
    const uint32_t drawn = mix.Next();
    ASSERT_EQ(drawn, again.Next());
    differs |= drawn != other.Next();
    ++counts[drawn];
  }
  EXPECT_TRUE(differs);
  EXPECT_NEAR(counts[0], 1'000, 120);
  EXPECT_NEAR(counts[1], 2'000, 160);
  EXPECT_NEAR(counts[2], 7'000, 190);
}

}  // namespace
}  // namespace assay::loadgen
