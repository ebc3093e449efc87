#include "server/endpoints/endpoints.h"

#include <string>

#include "gtest/gtest.h"

namespace assay::server {
namespace {

class EndpointsTest : public ::testing::Test {
 protected:
  HttpResponse Respond(HttpMethod method, std::string_view path, std::string_view body = {}) {
    HttpResponse response;
    endpoints_.Respond({.method = method,
                        .path = path,
                        .query = {},
                        .body = body,
                        .headers = {{.name = "content-TYPE", .value = "image/png"}}},
                       response);
    return response;
  }

  Endpoints endpoints_{1 << 20};
};

TEST_F(EndpointsTest, RespondsToTheSimpleEndpoints) {
  EXPECT_EQ(Respond(HttpMethod::kGet, "/plaintext").body, "Hello, World!");
  EXPECT_EQ(Respond(HttpMethod::kGet, "/plaintext").content_type, "text/plain");
  EXPECT_EQ(Respond(HttpMethod::kGet, "/healthz").body, "ok");
  EXPECT_EQ(Respond(HttpMethod::kGet, "/json").body, R"({"message":"Hello, World!"})");
}

TEST_F(EndpointsTest, EchoesTheBodyWithItsType) {
  const std::string body = "bytes";
  const HttpResponse response = Respond(HttpMethod::kPost, "/echo", body);
  EXPECT_EQ(response.body.data(), body.data());
  EXPECT_EQ(response.body, "bytes");
  EXPECT_EQ(response.content_type, "image/png");
}

TEST_F(EndpointsTest, RespondsToHeadAsToGet) {
  const std::string of_get(Respond(HttpMethod::kGet, "/json").body);
  EXPECT_EQ(Respond(HttpMethod::kHead, "/json").body, of_get);
}

TEST_F(EndpointsTest, NamesTheAllowedMethodsToAnother) {
  const auto expect_allow = [this](HttpMethod method, const char* path, const char* allow) {
    const HttpResponse response = Respond(method, path);
    EXPECT_EQ(response.status, 405) << path;
    EXPECT_EQ(response.more_headers, allow) << path;
  };
  for (const char* path : {"/plaintext", "/healthz", "/cpu"}) {
    expect_allow(HttpMethod::kPost, path, "Allow: GET, HEAD\r\n");
    expect_allow(HttpMethod::kOptions, path, "Allow: GET, HEAD\r\n");
  }
  for (const char* path : {"/echo", "/zlib/compress", "/zlib/decompress"}) {
    expect_allow(HttpMethod::kGet, path, "Allow: POST\r\n");
    expect_allow(HttpMethod::kHead, path, "Allow: POST\r\n");
  }
  expect_allow(HttpMethod::kOther, "/json", "Allow: GET, HEAD, POST\r\n");
}

TEST_F(EndpointsTest, UnknownPathsAreNotFound) {
  for (const char* path : {"/", "/jso", "/json/", "/JSON", "/zlib", "/zlib/compress/"}) {
    EXPECT_EQ(Respond(HttpMethod::kGet, path).status, 404) << path;
    EXPECT_EQ(Respond(HttpMethod::kPost, path).status, 404) << path;
  }
}

TEST_F(EndpointsTest, RespondsToOptionsOfTheWholeServer) {
  const HttpResponse response = Respond(HttpMethod::kOptions, "*");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.more_headers, "Allow: GET, HEAD, POST, OPTIONS\r\n");
}

}  // namespace
}  // namespace assay::server
