#include "server/net/response_writer.h"

#include <string>

#include "gtest/gtest.h"

namespace assay::server {
namespace {

constexpr std::string_view kDate = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

std::string Written(const HttpResponse& response, const ResponseFrame& frame) {
  ResponseBatch batch;
  WriteResponse(response, frame, batch);
  return std::string(batch.bytes.view()) + std::string(batch.borrowed);
}

TEST(ResponseWriterTest, WritesDateTypeAndLength) {
  EXPECT_EQ(Written({.content_type = "text/plain", .more_headers = {}, .body = "hi"},
                    {.date_line = kDate}),
            "HTTP/1.1 200 OK\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/plain\r\n"
            "Content-Length: 2\r\n"
            "\r\n"
            "hi");
}

TEST(ResponseWriterTest, LeavesOutTheBodyForHeadButNotItsLength) {
  const std::string response = Written({.content_type = {}, .more_headers = {}, .body = "hello"},
                                       {.date_line = kDate, .without_body = true});
  EXPECT_TRUE(response.ends_with("Content-Length: 5\r\n\r\n")) << response;
}

TEST(ResponseWriterTest, WritesTheConnectionHeader) {
  const HttpResponse response;
  EXPECT_NE(Written(response, {.date_line = kDate, .close = true}).find("Connection: close\r\n"),
            std::string::npos);
  EXPECT_NE(Written(response, {.date_line = kDate, .say_keep_alive = true})
                .find("Connection: keep-alive\r\n"),
            std::string::npos);
  EXPECT_EQ(Written(response, {.date_line = kDate}).find("Connection"), std::string::npos);
}

// Copying megabytes after a head would cost more than sending them.
TEST(ResponseWriterTest, BorrowsALargeBody) {
  const std::string body(kBorrowedBody, 'x');
  ResponseBatch batch;
  WriteResponse({.content_type = {}, .more_headers = {}, .body = body}, {.date_line = kDate},
                batch);
  EXPECT_EQ(batch.borrowed.data(), body.data());
  EXPECT_EQ(batch.borrowed.size(), body.size());
  EXPECT_TRUE(batch.full());
}

TEST(ResponseWriterTest, NamesEveryStatusThatTheServerSends) {
  for (const int status : {200, 400, 404, 405, 408, 411, 413, 414, 417, 431, 500, 501, 503, 505}) {
    EXPECT_NE(ReasonPhrase(status), "Unknown") << status;
  }
}

}  // namespace
}  // namespace assay::server
