#include "server/net/chunked_decoder.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace assay::server {
namespace {

using State = ChunkedDecoder::State;

constexpr size_t kMaxBody = 100;
constexpr size_t kMaxOverhead = 50;

struct Decoded {
  State state;
  std::string body;
  size_t read;
};

// Decodes in place, `step` bytes at a time, as the parser does.
Decoded Decode(std::string_view text, size_t step) {
  ChunkedDecoder decoder;
  decoder.Reset(kMaxBody, kMaxOverhead);
  std::string memory(text);
  Decoded decoded{.state = State::kMore, .body = "", .read = 0};
  size_t written = 0;
  while (decoded.read < memory.size() && decoded.state == State::kMore) {
    const size_t size = std::min(step, memory.size() - decoded.read);
    const auto result = decoder.Decode(memory.data() + decoded.read, size, memory.data() + written);
    written += result.written;
    decoded.read += result.read;
    decoded.state = result.state;
  }
  decoded.body = memory.substr(0, written);
  return decoded;
}

void ExpectState(std::string_view text, State state) {
  for (size_t step = 1; step <= text.size(); ++step) {
    EXPECT_EQ(Decode(text, step).state, state) << text << " in steps of " << step;
  }
}

TEST(ChunkedDecoderTest, DecodesTheBodyFromPiecesOfAnySize) {
  const std::string text = "5\r\nhello\r\n00A\r\n, 23456789\r\n1;a=\"b\"\r\n!\r\n0\r\nX: y\r\n\r\n";
  for (size_t step = 1; step <= text.size(); ++step) {
    const Decoded decoded = Decode(text, step);
    EXPECT_EQ(decoded.state, State::kDone);
    EXPECT_EQ(decoded.body, "hello, 23456789!");
    EXPECT_EQ(decoded.read, text.size());
  }
}

// The bytes that follow are the next request.
TEST(ChunkedDecoderTest, StopsAfterTheLastLine) {
  const Decoded decoded = Decode("1\r\nx\r\n0\r\n\r\nGET /", 100);
  EXPECT_EQ(decoded.state, State::kDone);
  EXPECT_EQ(decoded.read, 11u);
}

TEST(ChunkedDecoderTest, RefusesBrokenFraming) {
  for (const char* text : {"\r\n",
                           "x\r\n",
                           "-1\r\n",
                           "+1\r\n",
                           "0x1\r\n",
                           "1\n",
                           "1\rx",
                           "1\r\nab",
                           "1\r\na\rb",
                           "1\r\na\nb",
                           "1\r\na\r\n\r\n",
                           "fffffffffffffffff\r\n",
                           "0000000000000000010000000000000000\r\n",
                           "1;a\x01\r\n",
                           "1;a\nb",
                           "0\r\n: x\r\n",
                           "0\r\nX\r\n",
                           "0\r\nX y\r\n",
                           "0\r\n x: y\r\n",
                           "0\r\nX: a\x7f",
                           "0\r\nX: y\rz",
                           "0\r\nX: y\n\r\n",
                           "0\r\nX: y\r\n z\r\n",
                           "0\n",
                           "0\r\n\n",
                           "1\r\r\n",
                           "1;a=\"b\rc\"\r\n",
                           "1;a=\"b\nc\"\r\n",
                           "1;a=\"b\\\r\n",
                           "1;a=\"b\"c\r\n",
                           "1;a=b\"c\"\r\n",
                           "1;a==b\r\n",
                           "1;=b\r\n",
                           "1;a=\r\n",
                           "1;;a\r\n",
                           "1,a\r\n",
                           "1\t\r\n",
                           "1;a\t\r\n",
                           "G\r\n",
                           "0\r\n\rx",
                           " 1\r\n",
                           "1,\r\n"}) {
    ExpectState(text, State::kMalformed);
  }
}

TEST(ChunkedDecoderTest, RefusesATooLargeBodyBeforeItArrives) {
  ExpectState("65\r\n", State::kBodyTooLarge);
  ExpectState("ffffffffffffffff\r\n", State::kBodyTooLarge);
  ExpectState("64\r\n", State::kMore);
  ExpectState("60\r\n" + std::string(0x60, 'x') + "\r\n5\r\n", State::kBodyTooLarge);
}

// Otherwise a client could send extensions and trailers for ever.
TEST(ChunkedDecoderTest, LimitsExtensionsAndTrailers) {
  ExpectState("1;" + std::string(kMaxOverhead - 1, 'e'), State::kMore);
  ExpectState("1;" + std::string(kMaxOverhead, 'e'), State::kOverheadTooLarge);
  ExpectState("1;a=\"" + std::string(kMaxOverhead, 'e'), State::kOverheadTooLarge);
  ExpectState("1" + std::string(kMaxOverhead + 1, ' '), State::kOverheadTooLarge);
  ExpectState(std::string(kMaxOverhead, '0') + "1\r\n", State::kMore);
  ExpectState(std::string(kMaxOverhead + 1, '0'), State::kOverheadTooLarge);
  ExpectState("0\r\n" + std::string(kMaxOverhead + 1, 'n'), State::kOverheadTooLarge);
  ExpectState("0\r\nn:" + std::string(kMaxOverhead, 'v'), State::kOverheadTooLarge);
}

}  // namespace
}  // namespace assay::server
