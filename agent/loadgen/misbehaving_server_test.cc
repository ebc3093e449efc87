// Servers that reset, talk nonsense and never come to an end, met by both loops. RunTestLoad() holds every run to its
// account: sent = ok + errors + timeouts + in flight.

#include <atomic>
#include <cstdint>
#include <ctime>
#include <string>
#include <thread>

#include "agent/loadgen/options.h"
#include "agent/loadgen/test_load.h"
#include "agent/loadgen/test_server.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

using Reply = TestServer::Reply;
using Seen = TestServer::Seen;
using Then = TestServer::Reply::Then;

constexpr int64_t kMillisecond = 1'000'000;

enum class Loop { kClosed, kOpen };

std::string NameOf(const testing::TestParamInfo<Loop>& info) {
  return info.param == Loop::kOpen ? "Open" : "Closed";
}

class MisbehavingServerTest : public testing::TestWithParam<Loop> {
 protected:
  static LoadOptions Options(const std::string& target, int connections) {
    LoadOptions options = OptionsFor(target, connections);
    if (GetParam() == Loop::kClosed) return options;
    options.rate_per_s = 1000;
    options.pacing = Pacing::kGentle;
    options.queue_limit = 100'000;
    return options;
  }
  static LoadOptions Counted(const std::string& target, int connections, uint64_t requests) {
    LoadOptions options = Options(target, connections);
    options.duration_ns = 0;
    options.request_count = requests;
    return options;
  }
};

INSTANTIATE_TEST_SUITE_P(All, MisbehavingServerTest, testing::Values(Loop::kClosed, Loop::kOpen),
                         NameOf);

TEST_P(MisbehavingServerTest, EveryTenthConnectionThatIsResetIsAnErrorOfThatName) {
  std::atomic<uint64_t> resets{0};
  TestServer server([&](const Seen& seen) {
    if (seen.connection % 10 == 9) {
      ++resets;
      return Reply{"", 0, Then::kReset};
    }
    // The others end in good order, so that there are many connections.
    if (seen.request_of_connection < 4) return Reply{TestServer::Ok("hello")};
    return Reply{TestServer::Ok("bye", "Connection: close\r\n"), 0, Then::kClose};
  });
  const LoadResult result = RunTestLoad(Counted(server.target(), 8, 500)).result;
  EXPECT_GE(server.connections(), 100u);
  EXPECT_GE(resets, 10u);
  EXPECT_EQ(result.sent, 500u);
  EXPECT_EQ(result.errors, resets);
  EXPECT_EQ(result.error_kinds.at("reset by peer"), resets);
  EXPECT_EQ(result.ok, 500 - resets);
}

TEST_P(MisbehavingServerTest, GarbageIsAMalformedResponse) {
  TestServer server([](const Seen& seen) {
    switch (seen.request % 4) {
      case 0:
        return Reply{"\x16\x03\x01 this is not HTTP\r\n\r\n"};
      case 1:
        return Reply{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a size\r\n"};
      case 2:
        return Reply{std::string(1000, '\0')};
      default:
        return Reply{TestServer::Ok("hello")};
    }
  });
  const LoadResult result = RunTestLoad(Counted(server.target(), 4, 400)).result;
  EXPECT_EQ(result.sent, 400u);
  EXPECT_EQ(result.error_kinds.at("malformed response"), 300u);
  EXPECT_EQ(result.ok, 100u);
}

// Something comes all the time, and the response never.
TEST_P(MisbehavingServerTest, AResponseThatNeverEndsIsATimeout) {
  struct Case {
    const char* what;
    const char* begin;
    const char* drip;
  };
  for (const Case& slow : {
           Case{"a body byte by byte", "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n",
                "x"},
           Case{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"},
           Case{"a body until the end", "HTTP/1.1 200 OK\r\n\r\n", "x"},
           Case{"a head", "HTTP/1.1 200 OK\r\n", "X: y\r\n"},
           Case{"interim responses", "", "HTTP/1.1 102 Processing\r\n\r\n"},
       }) {
    SCOPED_TRACE(slow.what);
    TestServer server([&](const Seen&) {
      Reply reply{slow.begin};
      reply.drip = slow.drip;
      reply.drip_pause_ns = 3 * kMillisecond;
      return reply;
    });
    LoadOptions options = Options(server.target(), 4);
    options.timeout_ns = 60 * kMillisecond;
    const LoadResult result = RunTestLoad(options).result;
    EXPECT_EQ(result.ok, 0u);
    EXPECT_EQ(result.errors, 0u);
    EXPECT_GE(result.timeouts, 4u);
    EXPECT_EQ(result.sent, result.timeouts);
    EXPECT_GE(result.latency.min_ns(), options.timeout_ns);
  }
}

// Nor can a server that sends as fast as it can keep the generator from its clock.
TEST_P(MisbehavingServerTest, AFloodThatNeverEndsIsATimeout) {
  constexpr int kTimeoutMs = 30'000;
  std::string chunks;
  while (chunks.size() < 256 * 1024) chunks += "1\r\nx\r\n";  // Quicker to send than to read.
  TestServer server([&](const Seen&) {
    Reply reply{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"};
    reply.drip = chunks;
    return reply;
  });
  LoadOptions options = Options(server.target(), 4);
  options.timeout_ns = 60 * kMillisecond;
  std::atomic<bool> ended{false};
  std::thread watch([&] {
    for (int ms = 0; ms < kTimeoutMs && !ended; ++ms) {
      const timespec nap{0, kMillisecond};
      nanosleep(&nap, nullptr);
    }
    if (!ended) server.Kill();  // Or the test would never end.
    EXPECT_TRUE(ended) << "it reads on and on and never looks at the clock";
  });
  const LoadResult result = RunTestLoad(options).result;
  ended = true;
  watch.join();
  EXPECT_EQ(result.ok, 0u);
  EXPECT_GE(result.timeouts, 4u);
  EXPECT_EQ(result.sent, result.timeouts);
}

}  // namespace
}  // namespace assay::loadgen
