#include "server/endpoints/zlib_endpoint.h"

#include <zlib.h>

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace assay::server {
namespace {

constexpr size_t kMaxOutput = 1 << 20;

struct Answer {
  int status;
  std::string body;
};

class ZlibEndpointTest : public ::testing::Test {
 protected:
  Answer Compress(const std::string& body, const std::string& query = "") {
    HttpResponse response;
    endpoint_.Compress(Request(body, query), response);
    return {response.status, std::string(response.body)};
  }
  Answer Decompress(const std::string& body) {
    HttpResponse response;
    endpoint_.Decompress(Request(body, ""), response);
    return {response.status, std::string(response.body)};
  }
  static HttpRequest Request(const std::string& body, const std::string& query) {
    return {
        .method = HttpMethod::kPost, .path = "/zlib", .query = query, .body = body, .headers = {}};
  }

  ZlibEndpoint endpoint_{kMaxOutput};
};

std::string Text(size_t size) {
  std::string text;
  while (text.size() < size) absl::StrAppend(&text, "line ", text.size() * 7 % 1001, "\n");
  text.resize(size);
  return text;
}

std::string Noise(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

TEST_F(ZlibEndpointTest, EveryLevelInflatesToTheBody) {
  for (const size_t size : {0, 1, 1000, 300'000}) {
    for (const std::string& body : {Text(size), Noise(size)}) {
      // Up and down, so that the reused stream changes its level each time.
      for (const int level : {6, 0, 9, 1, 0, 5, 2, 8, 3, 7, 4, 0}) {
        const Answer packed = Compress(body, absl::StrCat("level=", level));
        ASSERT_EQ(packed.status, 200);
        const Answer unpacked = Decompress(packed.body);
        ASSERT_EQ(unpacked.status, 200) << level;
        ASSERT_TRUE(unpacked.body == body) << level;
      }
    }
  }
}

// A reused stream must compress as well as a new one.
TEST_F(ZlibEndpointTest, CompressesExactlyAsZlibDoes) {
  const std::string body = Text(100'000);
  for (const int level : {9, 1, 0, 6, 4, 0, 9}) {
    std::string expected(compressBound(body.size()), '\0');
    uLongf size = expected.size();
    ASSERT_EQ(compress2(reinterpret_cast<Bytef*>(expected.data()), &size,
                        reinterpret_cast<const Bytef*>(body.data()), body.size(), level),
              Z_OK);
    expected.resize(size);
    EXPECT_TRUE(Compress(body, absl::StrCat("level=", level)).body == expected) << level;
  }
}

TEST_F(ZlibEndpointTest, TheDefaultLevelIsSix) {
  const std::string body = Text(50'000);
  EXPECT_EQ(Compress(body).body, Compress(body, "level=6").body);
  EXPECT_NE(Compress(body).body, Compress(body, "level=1").body);
}

TEST_F(ZlibEndpointTest, RefusesInvalidLevels) {
  for (const char* query : {"level=10", "level=-1", "level=", "level=x", "level=6.0"}) {
    EXPECT_EQ(Compress("x", query).status, 400) << query;
  }
}

TEST_F(ZlibEndpointTest, RefusesInvalidZlibStreams) {
  const std::string packed = Compress(Text(1000)).body;
  std::string corrupt = packed;
  corrupt[corrupt.size() / 2] ^= 0x55;
  std::string checksum = packed;
  checksum.back() ^= 1;
  for (const std::string& body :
       {std::string(), std::string("x"), std::string("not zlib at all"), corrupt, checksum,
        packed.substr(0, packed.size() - 1), packed.substr(0, 2), packed + "x", packed + packed}) {
    EXPECT_EQ(Decompress(body).status, 400);
  }
  // After all these errors the stream still works.
  EXPECT_EQ(Decompress(packed).body, Text(1000));
}

TEST_F(ZlibEndpointTest, RefusesAStreamThatNeedsADictionary) {
  z_stream stream = {};
  ASSERT_EQ(deflateInit(&stream, 6), Z_OK);
  const Bytef dictionary[] = "dictionary";
  deflateSetDictionary(&stream, dictionary, sizeof(dictionary));
  Bytef packed[100];
  stream.next_out = packed;
  stream.avail_out = sizeof(packed);
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  const std::string body(reinterpret_cast<char*>(packed), stream.total_out);
  deflateEnd(&stream);
  EXPECT_EQ(Decompress(body).status, 400);
}

// 16 KiB inflate to 16 MiB of zeroes.
TEST_F(ZlibEndpointTest, LimitsTheOutputExactly) {
  ZlibEndpoint large(32 << 20);
  const auto pack = [&large](size_t size) {
    HttpResponse response;
    const std::string zeroes(size, '\0');
    large.Compress(Request(zeroes, ""), response);
    return std::string(response.body);
  };
  EXPECT_EQ(Decompress(pack(kMaxOutput)).body.size(), kMaxOutput);
  EXPECT_EQ(Decompress(pack(kMaxOutput + 1)).status, 413);
  EXPECT_EQ(Decompress(pack(16 * kMaxOutput)).status, 413);
}

}  // namespace
}  // namespace assay::server
