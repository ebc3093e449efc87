#include "server/endpoints/json_endpoint.h"

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/endpoints/order_reader.h"
#include "server/endpoints/order_totals.h"

namespace assay::server {
namespace {

class JsonEndpointTest : public ::testing::Test {
 protected:
  HttpResponse Post(std::string_view body) {
    // As in a connection's buffer, more bytes follow the body.
    memory_.assign(body);
    memory_.append(64, '}');
    HttpResponse response;
    endpoint_.RespondTotals({.method = HttpMethod::kPost,
                             .path = "/json",
                             .query = {},
                             .body = std::string_view(memory_).substr(0, body.size()),
                             .headers = {}},
                            response);
    EXPECT_EQ(response.content_type, "application/json");
    return response;
  }

  void ExpectTotals(std::string_view body, std::string_view expected) {
    const HttpResponse response = Post(body);
    EXPECT_EQ(response.status, 200) << body;
    EXPECT_EQ(response.body, expected) << body;
  }

  // Expects 400, and {"error":"..."} that contains `words`.
  void ExpectError(std::string_view body, std::string_view words) {
    const HttpResponse response = Post(body);
    EXPECT_EQ(response.status, 400) << body;
    const auto error = nlohmann::json::parse(response.body, nullptr, false);
    ASSERT_TRUE(error.is_object() && error.contains("error")) << response.body;
    EXPECT_NE(error["error"].get<std::string>().find(words), std::string::npos) << body << "\n"
                                                                                << response.body;
  }

  JsonEndpoint endpoint_;
  std::string memory_;
};

TEST_F(JsonEndpointTest, GetsTheMessage) {
  HttpResponse response;
  endpoint_.ResponseMessage(HttpRequest(), response);
  EXPECT_EQ(response.body, R"({"message":"Hello, World!"})");
  EXPECT_EQ(response.content_type, "application/json");
}

TEST_F(JsonEndpointTest, RespondsWithTotalsInTheOrderOfTheContract) {
  ExpectTotals(R"({"items":[{"id":1,"name":"a","price":250,"qty":2}]})",
               R"({"items":[{"id":1,"name":"a","total":500}],"count":1,"total":500})");
  ExpectTotals(R"( { "items" : [ {"qty":-2 , "price":3,"name":"","id":-7 } , {"id":0,"name":"b",)"
               R"("price":10,"qty":10}] } )",
               R"({"items":[{"id":-7,"name":"","total":-6},{"id":0,"name":"b","total":100}],)"
               R"("count":2,"total":94})");
  ExpectTotals(R"({"items":[]})", R"({"items":[],"count":0,"total":0})");
}

TEST_F(JsonEndpointTest, WritesNamesInUtf8WithOnlyTheRequiredEscapes) {
  ExpectTotals(
      R"({"items":[{"id":1,"name":"\u00e4\ud83d\ude00\/\u0022\\\n\u0001ö","price":1,"qty":1}]})",
      "{\"items\":[{\"id\":1,\"name\":\"ä😀/\\\"\\\\\\n\\u0001ö\",\"total\":1}],"
      "\"count\":1,\"total\":1}");
}

TEST_F(JsonEndpointTest, IgnoresUnknownKeysAtEveryDepth) {
  ExpectTotals(
      R"({"x":{"items":[1]},"items":[{"id":1,"name":"a","price":1,"qty":1,"id2":1.5,)"
      R"("x":{"id":"no","name":[{"price":null}]}}],"y":[[{"items":0}]],"z":1e5,"big":1e308})",
      R"({"items":[{"id":1,"name":"a","total":1}],"count":1,"total":1})");
}

// The value of an unknown key does not matter, however large.
TEST_F(JsonEndpointTest, IgnoresNumbersBeyond64BitsUnderUnknownKeys) {
  ExpectTotals(R"({"x":99999999999999999999999,"items":[]})",
               R"({"items":[],"count":0,"total":0})");
}

TEST_F(JsonEndpointTest, UsesTheLastOfRepeatedKeys) {
  ExpectTotals(R"({"items":[{"id":"x","name":1,"id":2,"name":"b","price":1.5,"price":3,"qty":[],)"
               R"("qty":2}]})",
               R"({"items":[{"id":2,"name":"b","total":6}],"count":1,"total":6})");
  ExpectTotals(R"({"items":[{"bad":1}],"items":[]})", R"({"items":[],"count":0,"total":0})");
  ExpectTotals(R"({"items":7,"items":[]})", R"({"items":[],"count":0,"total":0})");
  ExpectError(R"({"items":[],"items":7})", "items must be an array");
  ExpectError(R"({"items":[],"items":[{}]})", "items[0] id is missing");
  ExpectError(R"({"items":[{"id":1,"id":"x","name":"a","price":1,"qty":1}]})", "id must be");
}

TEST_F(JsonEndpointTest, AcceptsTheWholeRangeOf64Bits) {
  ExpectTotals(
      R"({"items":[{"id":9223372036854775807,"name":"a","price":-9223372036854775808,"qty":1},)"
      R"({"id":-9223372036854775808,"name":"b","price":9223372036854775807,"qty":1}]})",
      R"({"items":[{"id":9223372036854775807,"name":"a","total":-9223372036854775808},)"
      R"({"id":-9223372036854775808,"name":"b","total":9223372036854775807}],"count":2,"total":-1})");
}

TEST_F(JsonEndpointTest, RefusesNumbersBeyond64Bits) {
  const auto item = [](std::string_view id, std::string_view price, std::string_view qty) {
    return absl::StrCat(R"({"id":)", std::string(id), R"(,"name":"a","price":)", std::string(price),
                        R"(,"qty":)", std::string(qty), "}");
  };
  const auto order = [](const std::string& items) { return R"({"items":[)" + items + "]}"; };
  ExpectError(order(item("9223372036854775808", "1", "1")), "items[0] id must be an integer");
  ExpectError(order(item("-9223372036854775809", "1", "1")), "items[0] id must be an integer");
  ExpectError(order(item("99999999999999999999999", "1", "1")), "items[0] id must be");
  ExpectError(order(item("1", "9223372036854775807", "2")), "items[0] price times qty");
  ExpectError(order(item("1", "-9223372036854775808", "-1")), "items[0] price times qty");
  ExpectError(order(item("1", "9223372036854775807", "1") + "," + item("2", "1", "1")),
              "items[1] the total");
}

TEST_F(JsonEndpointTest, RefusesWrongTypes) {
  for (const char* value : {"1.0", "1e2", "1.5", "\"1\"", "null", "true", "[1]", "{\"id\":1}"}) {
    for (const char* key : {"id", "price", "qty"}) {
      nlohmann::ordered_json item = {{"id", 1}, {"name", "a"}, {"price", 1}, {"qty", 1}};
      item[key] = "VALUE";
      std::string text = nlohmann::ordered_json{{"items", {item}}}.dump();
      text.replace(text.find("\"VALUE\""), 7, value);
      ExpectError(text, absl::StrCat("items[0] ", key, " must be an integer"));
    }
  }
  for (const char* value : {"1", "null", "true", "[]", "{}"}) {
    ExpectError(absl::StrCat(R"({"items":[{"id":1,"price":1,"qty":1,"name":)", value, "}]}"),
                "items[0] name must be a string");
  }
  for (const char* value : {"1", "null", "\"x\"", "{}"}) {
    ExpectError(absl::StrCat(R"({"items":)", value, "}"), "items must be an array");
  }
  for (const char* value : {"1", "null", "\"x\"", "[]"}) {
    ExpectError(absl::StrCat(R"({"items":[)", value, "]}"), "items[0] must be an object");
    ExpectError(value, "must be an object");
  }
  ExpectError("{}", "items is missing");
}

TEST_F(JsonEndpointTest, RefusesMissingKeys) {
  ExpectError(R"({"items":[{"name":"a","price":1,"qty":1}]})", "items[0] id is missing");
  ExpectError(R"({"items":[{"id":1,"price":1,"qty":1}]})", "items[0] name is missing");
  ExpectError(R"({"items":[{"id":1,"name":"a","qty":1}]})", "items[0] price is missing");
  ExpectError(R"({"items":[{"id":1,"name":"a","price":1}]})", "items[0] qty is missing");
}

TEST_F(JsonEndpointTest, RefusesInvalidJson) {
  for (const char* body : {"",
                           " ",
                           "{",
                           "}",
                           "{\"items\":[]",
                           "{\"items\":[]}}",
                           "{\"items\":[]} x",
                           "{'items':[]}",
                           "{\"items\":[],}",
                           "{\"items\":[1,]}",
                           "{\"items\":[01]}",
                           "{\"items\":[+1]}",
                           "nul",
                           "{\"items\":[],\"x\":\"\x01\"}",
                           "{\"items\":[],\"x\":\"\xff\"}",
                           "{\"items\":[],\"x\":\"\\ud800\"}",
                           "{\"items\":[],\"x\":\"\\q\"}",
                           "{\"items\":[],\"x\":nan}",
                           "{\"items\":[],\"x\":1.}",
                           "{\"items\":[] \"x\":1}",
                           "{items:[]}"}) {
    EXPECT_EQ(Post(body).status, 400) << body;
  }
  ExpectError("{\"items\":[}", "line 1, column 11");
}

TEST_F(JsonEndpointTest, AcceptsDeepNesting) {
  const std::string deep(1 << 20, '[');
  EXPECT_EQ(Post("{\"x\":" + deep).status, 400);
  EXPECT_EQ(Post("{\"items\":[],\"x\":" + deep + std::string(1 << 20, ']') + "}").status, 200);
}

// Otherwise one order of 16 MiB per thread would hold ten times that for ever.
TEST(OrderMemoryTest, ReleasesTheMemoryOfALargeOrder) {
  std::string order = "{\"items\":[";
  while (order.size() < (4 << 20)) {
    order.append(R"({"id":1,"name":"a","price":1,"qty":1},)");
  }
  order.back() = ']';
  const std::string large = order + "}";
  OrderReader reader;
  OrderTotals totals;
  for (const std::string& body : {large, std::string("{\"items\":[]}")}) {
    std::string padded = body;
    padded.append(HttpRequest::kReadableBehindBody, ' ');
    EXPECT_EQ(reader.Read(std::string_view(padded).substr(0, body.size()), totals), "");
    totals.End();
  }
  EXPECT_LE(reader.capacity(), 1u << 20);
  EXPECT_LE(totals.capacity(), 1u << 20);
}

TEST_F(JsonEndpointTest, KeepsNoStateBetweenRequests) {
  ExpectTotals(R"({"items":[{"id":1,"name":"secret","price":1,"qty":1}]})",
               R"({"items":[{"id":1,"name":"secret","total":1}],"count":1,"total":1})");
  ExpectError(R"({"items":[{"id":1,"price":1,"qty":1}]})", "name is missing");
  ExpectTotals(R"({"items":[]})", R"({"items":[],"count":0,"total":0})");
}

}  // namespace
}  // namespace assay::server
