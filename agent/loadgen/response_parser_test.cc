#include "agent/loadgen/response_parser.h"

#include <string>
#include <vector>

#include "analysis/random_stream.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

using Result = ResponseParser::Result;

struct Outcome {
  Result result = Result::kNeedMore;
  size_t consumed = 0;
  int status = 0;
  uint64_t body_bytes = 0;
  bool keep_alive = false;
  bool matches = true;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Feeds `text` in pieces that end at `cuts`, then the end of the connection where that is still open.
Outcome Parse(const std::string& text, const std::vector<size_t>& cuts = {}, bool head = false,
              const std::string* expected = nullptr, KnownHead* known = nullptr) {
  ResponseParser parser;
  parser.set_known_head(known);
  parser.Begin(head, expected);
  Outcome outcome;
  size_t at = 0;
  for (size_t i = 0; i <= cuts.size() && outcome.result == Result::kNeedMore; ++i) {
    const size_t end = i < cuts.size() ? cuts[i] : text.size();
    if (end == at) continue;
    const ResponseParser::Progress progress = parser.Feed(text.data() + at, end - at);
    outcome.result = progress.result;
    outcome.consumed += progress.consumed;
    at = end;
  }
  if (outcome.result == Result::kNeedMore) outcome.result = parser.FeedEnd();
  outcome.status = parser.status();
  outcome.body_bytes = parser.body_bytes();
  outcome.keep_alive = parser.keep_alive();
  outcome.matches = parser.body_matches();
  if (outcome.result == Result::kComplete) {
    EXPECT_EQ(parser.response_bytes(), outcome.consumed);
  }
  return outcome;
}

constexpr char kPlain[] =
    "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\nDate: Tue, 01 Jan 2030 00:00:00 "
    "GMT\r\n\r\nhello";

TEST(ResponseParserTest, EndsABodyByItsContentLength) {
  const Outcome outcome = Parse(std::string(kPlain) + "HTTP/1.1 200 next");
  EXPECT_EQ(outcome.result, Result::kComplete);
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(outcome.body_bytes, 5u);
  EXPECT_EQ(outcome.consumed, sizeof(kPlain) - 1);
  EXPECT_TRUE(outcome.keep_alive);
}

TEST(ResponseParserTest, EndsAChunkedBodyAfterItsTrailers) {
  const std::string text =
      "HTTP/1.1 200 OK\r\ntransfer-ENCODING: gzip, chunked\r\n\r\n"
      "5;name=\"v\"\r\nhello\r\n00A\r\n0123456789\r\n0\r\nExpires: never\r\n\r\n";
  const Outcome outcome = Parse(text + "rest");
  EXPECT_EQ(outcome.result, Result::kComplete);
  EXPECT_EQ(outcome.body_bytes, 15u);
  EXPECT_EQ(outcome.consumed, text.size());
}

TEST(ResponseParserTest, EndsABodyWithoutLengthWithTheConnection) {
  const Outcome outcome = Parse("HTTP/1.1 200 OK\r\n\r\nanything\r\n\r\n");
  EXPECT_EQ(outcome.result, Result::kComplete);
  EXPECT_EQ(outcome.body_bytes, 12u);
  EXPECT_FALSE(outcome.keep_alive);
}

TEST(ResponseParserTest, GivesNoBodyToHeadNoContentAndNotModified) {
  EXPECT_EQ(Parse("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", {}, true).result,
            Result::kComplete);
  EXPECT_EQ(Parse("HTTP/1.1 204 No Content\r\n\r\n").result, Result::kComplete);
  EXPECT_EQ(Parse("HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n").body_bytes, 0u);
}

TEST(ResponseParserTest, PassesOverInterimResponses) {
  const std::string text =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
      "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
  const Outcome outcome = Parse(text);
  EXPECT_EQ(outcome.result, Result::kComplete);
  EXPECT_EQ(outcome.status, 201);
  EXPECT_EQ(outcome.consumed, text.size());
}

TEST(ResponseParserTest, KnowsWhenTheConnectionIsNotKept) {
  EXPECT_FALSE(
      Parse("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n").keep_alive);
  EXPECT_FALSE(Parse("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive);
  EXPECT_TRUE(
      Parse("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n").keep_alive);
}

// RFC 9112, 5.2: a folded line is one with blanks.
TEST(ResponseParserTest, ReadsFoldedHeaders) {
  for (const std::string& text : std::vector<std::string>{
           "HTTP/1.1 200 OK\r\nA: b\r\n folded: too\r\nContent-Length: 5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nA:\r\n\tContent-Length: 9\r\nContent-Length: 5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nContent-Length:\r\n\t 5 \r\n \r\n\r\nhello",
           "HTTP/1.1 200 OK\nTransfer-Encoding: gzip,\n chunked\n\n5\r\nhello\r\n0\r\n\r\n",
       }) {
    EXPECT_EQ(Parse(text).result, Result::kComplete) << text;
    EXPECT_EQ(Parse(text).body_bytes, 5u) << text;
    EXPECT_TRUE(Parse(text).keep_alive) << text;
  }
  EXPECT_FALSE(
      Parse("HTTP/1.1 200 OK\r\nConnection: x,\r\n close\r\nContent-Length: 0\r\n\r\n").keep_alive);
}

// RFC 9112, 9.3: `close` decides, in any order.
TEST(ResponseParserTest, CloseOutranksKeepAlive) {
  for (const char* lines :
       {"Connection: close, keep-alive\r\n", "Connection: keep-alive, close\r\n",
        "Connection: close\r\nConnection: keep-alive\r\n"}) {
    EXPECT_FALSE(
        Parse("HTTP/1.1 200 OK\r\n" + std::string(lines) + "Content-Length: 0\r\n\r\n").keep_alive)
        << lines;
  }
}

// Of lists, several headers, blanks, folds and any case.
TEST(ResponseParserTest, FindsCloseHoweverItIsWritten) {
  for (const char* lines :
       {"connection: Close, x\r\n", "CONNECTION:close\r\n",
        "Connection: x\r\nConnection: CLOSE\r\n", "Connection: keep-alive ,\tclose ,,\r\n",
        "Connection:\r\n\tclose\r\n", "Connection: keep-alive,\r\n close\r\n",
        "Connection: keep-alive\r\n , close\r\n"}) {
    EXPECT_FALSE(
        Parse("HTTP/1.1 200 OK\r\n" + std::string(lines) + "Content-Length: 0\r\n\r\n").keep_alive)
        << lines;
  }
  for (const char* lines : {"Connection: closed\r\n", "Connection: \"close\"\r\n",
                            "X-Connection: close\r\n", "Proxy-Connection: close\r\n"}) {
    EXPECT_TRUE(
        Parse("HTTP/1.1 200 OK\r\n" + std::string(lines) + "Content-Length: 0\r\n\r\n").keep_alive)
        << lines;
  }
}

// RFC 9112, 6.3 (a list of equal lengths), 6.1 (HTTP/1.0), 7.1 (chunks).
TEST(ResponseParserTest, FindsTheEndHoweverItIsWritten) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& text : std::vector<std::string>{
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nContent-Length: 5,\r\n\t05 ,\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nContent-Length: 00000000000000000000000005\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length:\r\n \r\n\t5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n"
           "5\r\nhello\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: Chunked\r\n\r\n"
           "5\r\nhello\r\n0\r\n\r\n",
           chunked + "0000000000000000000000000000005\r\nhello\r\n000\r\n\r\n",
           chunked + "1\r\nh\r\n4;a;b=c ; d = \"\\\"\\;\"\r\nello\r\n0;e\r\n\r\n",
           chunked + "5\r\nhello\r\n0\r\nA: b\r\n folded\r\nC:\r\n\r\n",
           chunked + "5\r\nhello\r\n0\r\nContent-Length: 9\nB: c\n\n",
           "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello",
           "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
       }) {
    const Outcome outcome = Parse(text + "HTTP/1.1 200 OK\r\n");
    EXPECT_EQ(outcome.result, Result::kComplete) << text;
    EXPECT_EQ(outcome.body_bytes, 5u) << text;
    EXPECT_EQ(outcome.consumed, text.size()) << text;
    EXPECT_TRUE(outcome.keep_alive) << text;
  }
  const Outcome ten = Parse(chunked + "A\r\n0123456789\r\n00a\r\n0123456789\r\n0\r\n\r\n");
  EXPECT_EQ(ten.body_bytes, 20u);
}

TEST(ResponseParserTest, KeepsNoConnectionBehindATransferEncodingOfHttp10) {
  const Outcome outcome = Parse(
      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n0\r\n\r\n");
  EXPECT_EQ(outcome.result, Result::kComplete);
  EXPECT_EQ(outcome.body_bytes, 5u);
  EXPECT_FALSE(outcome.keep_alive);
}

// Another recipient might take it for a line's end, or for a blank (RFC 9112, 2.2).
TEST(ResponseParserTest, RefusesACrWithoutLfInAnyLine) {
  for (const std::string& text : std::vector<std::string>{
           "HTTP/1.1 200 O\rK\r\nContent-Length: 5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\r\nContent-Length: 5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nA: b\rC: d\r\nContent-Length: 5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nA\r: b\r\nContent-Length: 5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nA: b\r\n c\rd\r\nContent-Length: 5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\r\nhello",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\r\nhello\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a\rb\r\nhello\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: "
           "b\rc\r\n\r\n",
       }) {
    EXPECT_EQ(Parse(text).result, Result::kMalformed) << text;
  }
}

TEST(ResponseParserTest, RefusesInterimResponsesWithoutEnd) {
  std::string flood;
  for (int i = 0; i < 2000; ++i) flood += "HTTP/1.1 102 Processing\r\n\r\n";
  EXPECT_EQ(Parse(flood).result, Result::kMalformed);
}

TEST(ResponseParserTest, RefusesWhatIsNotAResponse) {
  for (const std::string& text : std::vector<std::string>{
           "garbage",
           "HTTP/2 200 OK\r\n\r\n",
           "HTTP/1.1 20 OK\r\n\r\n",
           "HTTP/1.1 2000 OK\r\n\r\n",
           "HTTP/1.1 099 OK\r\n\r\n",
           "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
           "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\n folded: behind nothing\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 0\r\n\r\n0123456789",
           "HTTP/1.1 200 OK\r\nContent-Length:\r\n \r\nA: b\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chun\r\n ked\r\n\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
           "HTTP/1.1 200 OK\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n folded: too soon\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA : b\r\n\r\n",
           std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n", 53),
           "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello!",
           "HTTP/1.1 200 OK\r\nContent-Length: ,\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 5 5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n , 6\r\n\r\nhello!",
           "HTTP/1.1 200 OK\r\nA: " + std::string(70'000, 'a') + "\r\n\r\n",
       }) {
    EXPECT_EQ(Parse(text).result, Result::kMalformed) << text.substr(0, 80);
  }
}

TEST(ResponseParserTest, KnowsGarbageByItsFirstByte) {
  ResponseParser parser;
  parser.Begin(false, nullptr);
  EXPECT_EQ(parser.Feed("x", 1).result, Result::kMalformed);
}

TEST(ResponseParserTest, CutShortIsMalformed) {
  const std::string text = kPlain;
  for (size_t size = 1; size < text.size(); ++size) {
    EXPECT_EQ(Parse(text.substr(0, size)).result, Result::kMalformed) << size;
  }
}

TEST(ResponseParserTest, ReadsHeadersLongerThanWhatItKeeps) {
  const std::string text = "HTTP/1.1 200 " + std::string(500, 'r') +
                           "\r\nSet-Cookie: " + std::string(5000, 'c') +
                           "\r\nContent-Length: 2\r\n\r\nok";
  EXPECT_EQ(Parse(text).result, Result::kComplete);
  EXPECT_EQ(Parse(text, {3, 300, 301, 700, 2000}).result, Result::kComplete);
}

TEST(ResponseParserTest, ComparesBodiesOfEveryFraming) {
  const std::string right = "hello";
  const std::string longer = "hello!";
  const std::string other = "hellO";
  for (const std::string& text :
       std::vector<std::string>{kPlain, "HTTP/1.1 200 OK\r\n\r\nhello",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                                "chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"}) {
    EXPECT_TRUE(Parse(text, {}, false, &right).matches);
    EXPECT_FALSE(Parse(text, {}, false, &longer).matches);
    EXPECT_FALSE(Parse(text, {}, false, &other).matches);
  }
}

// Each is parsed twice: the second time its head is known. Once more for another kind of request, and behind the others'
// heads.
TEST(ResponseParserTest, AKnownHeadFramesTheSame) {
  const std::string expected = "hello";
  const std::vector<std::string> texts = {
      std::string(kPlain),
      "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 4\r\nDate: Tue, 01 Jan 2030 00:00:00 "
      "GMT\r\n\r\nhell",
      "HTTP/1.1 100 Continue\r\n\r\n" + std::string(kPlain),
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
      "0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello",
      "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\nhello",
      "HTTP/1.0 200 OK\r\n\r\nhello",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: " + std::string(600, 'x') + "\r\nContent-Length: 5\r\n\r\nhello",
  };
  KnownHead known;
  for (int round = 0; round < 2; ++round) {
    for (const std::string& text : texts) {
      for (const bool head : {false, false, true, false}) {
        EXPECT_EQ(Parse(text, {}, head, &expected, &known), Parse(text, {}, head, &expected))
            << text;
      }
    }
  }
}

TEST(ResponseParserTest, TakesAKnownHeadOnlyWhereAllOfItIsThere) {
  KnownHead known;
  const Outcome whole = Parse(kPlain, {}, false, nullptr, &known);
  EXPECT_GT(known.size, 0);
  EXPECT_EQ(std::string(kPlain).substr(known.size), "hello");
  for (size_t cut = 1; cut < sizeof(kPlain) - 1; ++cut) {
    EXPECT_EQ(Parse(kPlain, {cut}, false, nullptr, &known), whole) << cut;
  }
}

// What segments a network makes of a response is no business of the result.
TEST(ResponseParserTest, GivesTheSameForEverySegmentation) {
  const std::string expected = "hello";
  const std::vector<std::string> texts = {
      std::string(kPlain),
      "HTTP/1.1 100 Continue\r\n\r\n" + std::string(kPlain),
      "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nT: "
      "x\r\n\r\n",
      "HTTP/1.1 500 Oh\r\nConnection: close\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
  };
  RandomStream random(7);
  for (const std::string& text : texts) {
    const Outcome whole = Parse(text, {}, false, &expected);
    std::vector<size_t> every;
    for (size_t i = 1; i < text.size(); ++i) every.push_back(i);
    EXPECT_EQ(Parse(text, every, false, &expected).result, whole.result) << text;
    for (int round = 0; round < 200; ++round) {
      std::vector<size_t> cuts;
      for (size_t i = 1; i < text.size(); ++i) {
        if (random.Below(8) == 0) cuts.push_back(i);
      }
      const Outcome cut = Parse(text, cuts, false, &expected);
      EXPECT_EQ(cut.result, whole.result) << text;
      if (whole.result == Result::kComplete) {
        EXPECT_EQ(cut, whole) << text;
      }
    }
  }
}

}  // namespace
}  // namespace assay::loadgen
