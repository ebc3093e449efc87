// What servers of HTTP/2 say instead of a response: refusals, GOAWAYs, and frames cut short. The server's frames are
// written byte by byte, the client's are nghttp2's. RunTestLoad() holds every run to its account.

#include <cstdint>
#include <string>

#include "agent/loadgen/options.h"
#include "agent/loadgen/request.h"
#include "agent/loadgen/test_frames.h"
#include "agent/loadgen/test_load.h"
#include "agent/loadgen/test_server.h"
#include "agent/loadgen/test_tls.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

using Reply = TestServer::Reply;
using Seen = TestServer::Seen;
using Then = TestServer::Reply::Then;

constexpr int64_t kMillisecond = 1'000'000;

// RFC 9113, 6 and 7.
constexpr uint8_t kData = 0;
constexpr uint8_t kHeaders = 1;
constexpr uint8_t kRstStream = 3;
constexpr uint8_t kSettings = 4;
constexpr uint8_t kGoaway = 7;
constexpr uint8_t kEndStream = 1;
constexpr uint8_t kEndHeaders = 4;
constexpr uint32_t kNoError = 0;
constexpr uint32_t kRefusedStream = 7;
constexpr uint32_t kEnhanceYourCalm = 11;
constexpr uint32_t kAllStreams = 0x7fffffff;

std::string Goaway(uint32_t last, uint32_t code) {
  return Frame(kGoaway, 0, 0, FrameNumber(last) + FrameNumber(code));
}

std::string Reset(uint32_t stream, uint32_t code) {
  return Frame(kRstStream, 0, stream, FrameNumber(code));
}

std::string Ok(uint32_t stream) {
  return Frame(kHeaders, kEndHeaders, stream, kStatusOk) +
         Frame(kData, kEndStream, stream, "hello");
}

TestServer::Config Http2() { return {.http2_greeting = Frame(kSettings, 0, 0, "")}; }

LoadOptions Counted(const std::string& target, int connections, int streams, uint64_t requests,
                    const std::string& method = "GET") {
  RequestSpec request;
  request.method = method;
  LoadOptions options = OptionsFor(target, connections, request);
  options.http2 = true;
  options.pipeline = streams;
  options.duration_ns = 0;
  options.request_count = requests;
  return options;
}

TEST(Http2FaultsTest, AnswersThatAreInOrderAreOk) {
  TestServer server([](const Seen& seen) { return Reply{Ok(seen.stream)}; }, Http2());
  const LoadResult result = RunTestLoad(Counted(server.target(), 2, 4, 100)).result;
  EXPECT_EQ(result.ok, 100u);
  EXPECT_EQ(result.retried, 0u);
  EXPECT_EQ(result.reconnects, 0u);
}

TEST(Http2FaultsTest, ARefusedStreamIsSentAgain) {
  for (const char* method : {"GET", "POST"}) {
    TestServer server(
        [](const Seen& seen) {
          if (seen.request_of_connection % 5 == 1) return Reply{Reset(seen.stream, kRefusedStream)};
          return Reply{Ok(seen.stream)};
        },
        Http2());
    const LoadResult result = RunTestLoad(Counted(server.target(), 2, 4, 200, method)).result;
    EXPECT_EQ(result.ok, 200u) << method;
    EXPECT_EQ(result.errors, 0u) << method;
    EXPECT_GT(result.retried, 0u) << method;
    EXPECT_EQ(result.reconnects, 0u) << method;
  }
}

// Only REFUSED_STREAM says that nothing was done.
TEST(Http2FaultsTest, AStreamThatIsResetForAnotherReasonIsAnError) {
  TestServer server(
      [](const Seen& seen) {
        if (seen.request % 5 == 1) return Reply{Reset(seen.stream, kEnhanceYourCalm)};
        return Reply{Ok(seen.stream)};
      },
      Http2());
  const LoadResult result = RunTestLoad(Counted(server.target(), 1, 4, 100)).result;
  EXPECT_EQ(result.error_kinds.at("stream reset by peer"), 20u);
  EXPECT_EQ(result.ok, 80u);
  EXPECT_EQ(result.retried, 0u);
}

// A response's head had come.
TEST(Http2FaultsTest, AStreamThatIsRefusedWithinItsResponseIsAnError) {
  TestServer server(
      [](const Seen& seen) {
        if (seen.request % 5 != 1) return Reply{Ok(seen.stream)};
        return Reply{Frame(kHeaders, kEndHeaders, seen.stream, kStatusOk) +
                     Reset(seen.stream, kRefusedStream)};
      },
      Http2());
  const LoadResult result = RunTestLoad(Counted(server.target(), 1, 4, 100)).result;
  EXPECT_EQ(result.error_kinds.at("stream reset by peer"), 20u);
  EXPECT_EQ(result.ok, 80u);
}

TEST(Http2FaultsTest, AGoawayOfNothingOnAFreshConnectionIsNoError) {
  for (const uint32_t code : {kNoError, kEnhanceYourCalm}) {
    for (const char* method : {"GET", "POST"}) {
      TestServer server(
          [&](const Seen& seen) {
            if (seen.connection % 2 == 0) return Reply{Goaway(0, code), 0, Then::kClose};
            return Reply{Ok(seen.stream)};
          },
          Http2());
      const LoadResult result = RunTestLoad(Counted(server.target(), 1, 4, 100, method)).result;
      EXPECT_EQ(result.ok, 100u) << method;
      EXPECT_EQ(result.errors, 0u) << method;
      EXPECT_EQ(result.retried, 4u) << method;
      EXPECT_EQ(result.reconnects, 1u) << method;
    }
  }
}

TEST(Http2FaultsTest, StreamsThatAGoawayDoesNotCoverAreSentAgain) {
  // On each connection the tenth request is the last one.
  for (const uint32_t code : {kNoError, kEnhanceYourCalm}) {
    for (const char* method : {"GET", "POST"}) {
      TestServer server(
          [&](const Seen& seen) {
            if (seen.request_of_connection < 9) return Reply{Ok(seen.stream)};
            if (seen.request_of_connection > 9) return Reply{""};
            return Reply{Goaway(seen.stream, code) + Ok(seen.stream)};
          },
          Http2());
      const LoadResult result = RunTestLoad(Counted(server.target(), 2, 8, 400, method)).result;
      EXPECT_EQ(result.ok, 400u) << method;
      EXPECT_EQ(result.errors, 0u) << method;
      EXPECT_GT(result.retried, 0u) << method;
      EXPECT_GE(result.reconnects, 38u) << method;
    }
  }
}

// RFC 9113, 6.8: a server that ends in good order says first that it will, then what it did not process.
TEST(Http2FaultsTest, OfTwoGoawaysTheSecondTellsWhatIsNotProcessed) {
  TestServer server(
      [](const Seen& seen) {
        if (seen.connection > 0) return Reply{Ok(seen.stream)};
        if (seen.request_of_connection != 3) return Reply{""};
        // Streams 1, 3, 5 and 7 are open.
        return Reply{Goaway(kAllStreams, kNoError) + Ok(1) + Goaway(3, kNoError) + Ok(3), 0,
                     Then::kClose};
      },
      Http2());
  const LoadResult result = RunTestLoad(Counted(server.target(), 1, 4, 40, "POST")).result;
  EXPECT_EQ(result.ok, 40u);
  EXPECT_EQ(result.errors, 0u);
  EXPECT_EQ(result.retried, 2u);
  EXPECT_EQ(server.connections(), 2u);
}

TEST(Http2FaultsTest, LatencyCountsFromTheFirstSend) {
  TestServer server(
      [](const Seen& seen) {
        if (seen.connection > 0) return Reply{Ok(seen.stream)};
        return Reply{Goaway(0, kNoError), 80 * kMillisecond, Then::kClose};
      },
      Http2());
  const LoadResult result = RunTestLoad(Counted(server.target(), 1, 1, 1)).result;
  EXPECT_EQ(result.ok, 1u);
  EXPECT_EQ(result.retried, 1u);
  EXPECT_GE(result.latency.min_ns(), 80 * kMillisecond);
}

// Otherwise a server that is going down would be asked for ever.
TEST(Http2FaultsTest, WhatIsTurnedAwayEveryTimeIsAnErrorInTheEnd) {
  for (const int streams : {1, 4}) {
    for (const uint32_t code : {kNoError, kEnhanceYourCalm}) {
      TestServer server(
          [&](const Seen&) {
            return Reply{Goaway(0, code), 0, Then::kClose};
          },
          Http2());
      const LoadResult result = RunTestLoad(Counted(server.target(), 1, streams, 4)).result;
      EXPECT_EQ(result.errors, 4u);
      EXPECT_EQ(result.error_kinds.at("closed early"), 4u);
      EXPECT_EQ(result.retried, 4u);
      EXPECT_LE(server.connections(), 40u);
    }
    TestServer server([](const Seen& seen) { return Reply{Reset(seen.stream, kRefusedStream)}; },
                      Http2());
    const LoadResult result = RunTestLoad(Counted(server.target(), 1, streams, 100)).result;
    EXPECT_EQ(result.errors, 100u);
    EXPECT_EQ(result.error_kinds.at("stream reset by peer"), 100u);
    EXPECT_EQ(server.connections(), 1u);
    EXPECT_LE(server.requests(), 100u * 10 * streams);
  }
}

// It covers one, refuses that one, and does so for ever.
TEST(Http2FaultsTest, ARefusalBesideAGoawayIsNoProgress) {
  TestServer server(
      [](const Seen& seen) {
        if (seen.request_of_connection > 0) return Reply{""};
        return Reply{Reset(1, kRefusedStream) + Goaway(1, kNoError), 0, Then::kClose};
      },
      Http2());
  const LoadResult result = RunTestLoad(Counted(server.target(), 1, 2, 4)).result;
  EXPECT_EQ(result.errors, 4u);
  EXPECT_EQ(result.timeouts, 0u);
}

// Wherever it ends: in a frame's head, its payload, between two frames of the response.
TEST(Http2FaultsTest, AResponseThatIsCutShortIsAnErrorWhereverItEnds) {
  const std::string whole = Ok(3);
  for (const bool goes_away : {false, true}) {
    // The frame HEADERS has ten bytes, DATA fourteen.
    for (const size_t cut : {0, 1, 8, 9, 10, 11, 18, 19, 23}) {
      TestServer server(
          [&](const Seen& seen) {
            if (seen.request_of_connection == 0) return Reply{Ok(seen.stream)};
            return Reply{(goes_away ? Goaway(3, kNoError) : "") + whole.substr(0, cut), 0,
                         Then::kClose};
          },
          Http2());
      const LoadResult result = RunTestLoad(Counted(server.target(), 1, 1, 4)).result;
      // Without a byte of the response a GET is sent again, and answered on the next connection.
      EXPECT_EQ(result.errors, cut == 0 ? 0u : 2u) << cut;
      EXPECT_EQ(result.retried, cut == 0 ? 3u : 0u) << cut;
    }
  }
}

TEST(Http2FaultsTest, OpenLoopSendsAgainToo) {
  TestServer server(
      [](const Seen& seen) {
        if (seen.request_of_connection < 9) return Reply{Ok(seen.stream)};
        return Reply{Goaway(seen.stream - 2, kNoError), 0, Then::kClose};
      },
      Http2());
  LoadOptions options = Counted(server.target(), 2, 4, 200);
  options.rate_per_s = 2000;
  options.pacing = Pacing::kGentle;
  options.queue_limit = 10'000;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.ok, 200u);
  EXPECT_EQ(result.errors, 0u);
  EXPECT_GT(result.retried, 0u);
}

TEST(Http2FaultsTest, OverTlsTheSameHolds) {
  TestTls tls("IP:127.0.0.1", TLS1_3_VERSION, /*http2=*/true);
  for (const bool close_notify : {false, true}) {
    TestServer::Config config = Http2();
    config.tls = tls.context();
    config.close_notify = close_notify;
    TestServer server(
        [](const Seen& seen) {
          if (seen.request_of_connection < 9) return Reply{Ok(seen.stream)};
          return Reply{Goaway(seen.stream - 2, kNoError), 0, Then::kClose};
        },
        config);
    const LoadResult result = RunTestLoad(Counted("https://" + server.target(), 2, 4, 200)).result;
    EXPECT_EQ(result.ok, 200u);
    EXPECT_EQ(result.errors, 0u);
    EXPECT_GT(result.retried, 0u);
  }
}

}  // namespace
}  // namespace assay::loadgen
