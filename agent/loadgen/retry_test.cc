// Requests that the server did not process are sent again; those that it dropped are errors. RunTestLoad() holds every
// run to its account.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/loadgen/load_run.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/request.h"
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

LoadOptions Counted(const std::string& target, int connections, uint64_t requests,
                    const RequestSpec& request = RequestSpec()) {
  LoadOptions options = OptionsFor(target, connections, request);
  options.duration_ns = 0;
  options.request_count = requests;
  return options;
}

RequestSpec With(const std::string& method, const std::string& header = "",
                 const std::string& value = "") {
  RequestSpec request;
  request.method = method;
  if (!header.empty()) request.headers = {{header, value}};
  return request;
}

// As a keep-alive limit does.
Reply CloseAfter(const Seen& seen, uint64_t limit) {
  if (seen.request_of_connection + 1 < limit) return Reply{TestServer::Ok("x")};
  return Reply{TestServer::Ok("x", "Connection: close\r\n"), 0, Then::kClose};
}

TEST(RetryTest, SendsWhatStandsBehindAClosingResponseAgain) {
  for (const char* method : {"GET", "POST"}) {
    TestServer server([](const Seen& seen) { return CloseAfter(seen, 10); });
    LoadOptions options = Counted(server.target(), 2, 1000, With(method));
    options.pipeline = 16;
    const LoadResult result = RunTestLoad(options).result;
    EXPECT_EQ(result.ok, 1000u) << method;
    EXPECT_EQ(result.errors, 0u) << method;
    EXPECT_GT(result.retried, 0u) << method;
    EXPECT_EQ(server.requests(), 1000u) << "one was processed twice";
  }
}

// A limit below the pipeline: a request is sent again more than once.
TEST(RetryTest, EachConnectionTakesRequestsOffTheOthers) {
  TestServer server([](const Seen& seen) { return CloseAfter(seen, 1); });
  LoadOptions options = Counted(server.target(), 2, 100);
  options.pipeline = 8;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.ok, 100u);
  EXPECT_EQ(result.errors, 0u);
  EXPECT_LE(result.retried, 100u);
}

TEST(RetryTest, LatencyCountsFromTheFirstSend) {
  TestServer server([](const Seen& seen) {
    Reply reply = CloseAfter(seen, 1);
    reply.delay_ns = 50 * kMillisecond;
    return reply;
  });
  LoadOptions options = Counted(server.target(), 1, 2);
  options.pipeline = 2;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.ok, 2u);
  EXPECT_EQ(result.retried, 1u);
  EXPECT_GE(result.latency.max_ns(), 100 * kMillisecond);
}

// It closes after each response without saying so: the next request may cross that.
TEST(RetryTest, AReusedConnectionThatEndsBeforeAnyByteIsNoError) {
  TestServer server([](const Seen& seen) {
    if (seen.request_of_connection == 0) return Reply{TestServer::Ok("x")};
    return Reply{"", 0, Then::kClose};
  });
  const LoadResult result = RunTestLoad(Counted(server.target(), 4, 200)).result;
  EXPECT_EQ(result.ok, 200u);
  EXPECT_EQ(result.errors, 0u);
  EXPECT_GT(result.retried, 0u);
}

// It may have been processed, and processing it twice may do harm (RFC 9110, 9.2.2).
TEST(RetryTest, APostThatMayHaveBeenProcessedIsNotSentAgain) {
  TestServer server([](const Seen& seen) {
    if (seen.request_of_connection == 0) return Reply{TestServer::Ok("x")};
    return Reply{"", 0, Then::kClose};
  });
  const LoadResult result = RunTestLoad(Counted(server.target(), 2, 100, With("POST"))).result;
  EXPECT_EQ(result.ok + result.errors, 100u);
  EXPECT_EQ(result.error_kinds.at("closed early"), result.errors);
  EXPECT_EQ(server.requests(), 100u) << "one was processed twice";
}

TEST(RetryTest, WhatFailsOnAFreshConnectionIsAnError) {
  TestServer server([](const Seen&) { return Reply{"", 0, Then::kClose}; });
  for (const int pipeline : {1, 4}) {
    LoadOptions options = Counted(server.target(), 2, 8);
    options.pipeline = pipeline;
    const LoadResult result = RunTestLoad(options).result;
    EXPECT_EQ(result.errors, 8u);
    EXPECT_EQ(result.retried, 0u);
  }
}

TEST(RetryTest, WhatTheServerBeganToResponseIsAnError) {
  TestServer server([](const Seen& seen) {
    if (seen.request_of_connection == 0) return Reply{TestServer::Ok("x")};
    return Reply{"HTTP/1.1 200 OK\r\nContent-Le", 0, Then::kClose};
  });
  const LoadResult result = RunTestLoad(Counted(server.target(), 1, 100)).result;
  EXPECT_EQ(result.error_kinds.at("closed early"), 50u);
  EXPECT_EQ(result.ok, 50u);
  EXPECT_EQ(result.retried, 0u);
}

// How the connections of a server end behind each limit of requests, over TCP and over TLS.
struct Ending {
  const char* what;
  bool says_close;
  Then then;
  bool tls;
  bool close_notify;
};

class EndingTest : public testing::TestWithParam<Ending> {
 protected:
  static constexpr uint64_t kRequests = 120;

  static LoadOptions Options(const TestServer& server, int pipeline) {
    LoadOptions options =
        Counted((GetParam().tls ? "https://" : "") + server.target(), 2, kRequests);
    options.pipeline = pipeline;
    return options;
  }
  TestServer::Config Config() const {
    return {.tls = GetParam().tls ? tls_.context() : nullptr,
            .close_notify = GetParam().close_notify};
  }
  // The last response of a connection; nothing may be lost on the way before the connection ends.
  static Reply Last() {
    return {TestServer::Ok("x", GetParam().says_close ? "Connection: close\r\n" : ""), 0,
            GetParam().then};
  }

  const TestTls tls_{"IP:127.0.0.1"};
};

INSTANTIATE_TEST_SUITE_P(
    All, EndingTest,
    testing::Values(Ending{"CloseSaid", true, Then::kClose, false, true},
                    Ending{"CloseNotSaid", false, Then::kClose, false, true},
                    Ending{"TlsCloseSaidWithCloseNotify", true, Then::kClose, true, true},
                    Ending{"TlsCloseSaidWithoutCloseNotify", true, Then::kClose, true, false},
                    Ending{"TlsCloseNotSaidWithCloseNotify", false, Then::kClose, true, true},
                    Ending{"TlsCloseNotSaidWithoutCloseNotify", false, Then::kClose, true, false}),
    [](const auto& info) { return info.param.what; });

TEST_P(EndingTest, BehindAKeepAliveLimitIsNoError) {
  for (const int pipeline : {1, 2, 16}) {
    for (const uint64_t limit : {1, 10}) {
      TestServer server(
          [limit](const Seen& seen) {
            return seen.request_of_connection + 1 < limit ? Reply{TestServer::Ok("x")} : Last();
          },
          Config());
      const LoadResult result = RunTestLoad(Options(server, pipeline)).result;
      EXPECT_EQ(result.ok, kRequests) << pipeline << " behind " << limit;
      EXPECT_EQ(result.errors, 0u) << pipeline << " behind " << limit;
      EXPECT_EQ(result.in_flight, 0u);
      EXPECT_GE(server.connections(), kRequests / limit);
      if (pipeline == 1 && GetParam().says_close) {
        EXPECT_EQ(result.retried, 0u);
      }
      if (pipeline == 16) {
        EXPECT_GT(result.retried, 0u);
      }
    }
  }
}

TEST_P(EndingTest, InAnOpenLoopTooAndByTheClock) {
  TestServer server(
      [](const Seen& seen) {
        return seen.request_of_connection < 4 ? Reply{TestServer::Ok("x")} : Last();
      },
      Config());
  LoadOptions options = Options(server, 4);
  options.request_count = 0;
  options.duration_ns = 300 * kMillisecond;
  LoadResult result = RunTestLoad(options).result;
  EXPECT_GT(result.ok, 0u);
  EXPECT_EQ(result.errors, 0u);
  options.rate_per_s = 500;
  options.pacing = Pacing::kGentle;
  options.queue_limit = 10'000;
  result = RunTestLoad(options).result;
  EXPECT_EQ(result.ok, 150u);
  EXPECT_EQ(result.errors, 0u);
}

TEST_P(EndingTest, WithinAResponseIsAnError) {
  const std::string whole = TestServer::Ok("hello");
  for (const size_t cut : {size_t{1}, size_t{9}, whole.size() - 5, whole.size() - 1}) {
    TestServer server(
        [&](const Seen& seen) {
          if (seen.request_of_connection == 0) return Reply{whole};
          return Reply{whole.substr(0, cut), 0, GetParam().then};
        },
        Config());
    LoadOptions options = Options(server, 1);
    options.connections = 1;
    options.request_count = 20;
    const LoadResult result = RunTestLoad(options).result;
    EXPECT_EQ(result.ok, 10u) << cut;
    EXPECT_EQ(result.errors, 10u) << cut;
    EXPECT_EQ(result.retried, 0u) << cut;
  }
}

TEST_P(EndingTest, OfAFreshConnectionIsAnError) {
  TestServer server([](const Seen&) { return Reply{"", 0, GetParam().then}; }, Config());
  LoadOptions options = Options(server, 2);
  options.request_count = 8;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.errors, 8u);
  EXPECT_EQ(result.retried, 0u);
}

// RFC 9112, 9.8: over TLS only close_notify tells a body that ends with the connection from one that somebody cut.
TEST_P(EndingTest, EndsABodyThatHasNoOtherEnd) {
  TestServer server(
      [](const Seen&) {
        return Reply{"HTTP/1.1 200 OK\r\n\r\nhello", 0, Then::kClose};
      },
      Config());
  LoadOptions options = Options(server, 1);
  options.request_count = 10;
  const LoadResult result = RunTestLoad(options).result;
  const bool known = !GetParam().tls || GetParam().close_notify;
  EXPECT_EQ(result.ok, known ? 10u : 0u);
  EXPECT_EQ(result.errors, known ? 0u : 10u);
}

// A reset takes nothing away that came before it.
TEST(RetryTest, AResetBehindAResponseIsNoError) {
  for (const int pipeline : {1, 4}) {
    TestServer server([](const Seen& seen) {
      if (seen.request_of_connection < 2) return Reply{TestServer::Ok("x")};
      return Reply{"", 0, Then::kReset};
    });
    LoadOptions options = Counted(server.target(), 2, 200);
    options.pipeline = pipeline;
    const LoadResult result = RunTestLoad(options).result;
    EXPECT_EQ(result.ok, 200u);
    EXPECT_EQ(result.errors, 0u);
    EXPECT_GT(result.retried, 0u);
  }
}

TEST(RetryTest, AResetWithinAResponseIsAnError) {
  TestServer server([](const Seen& seen) {
    if (seen.request_of_connection == 0) return Reply{TestServer::Ok("x")};
    return Reply{"HTTP/1.1 200 OK\r\nContent-Le", 0, Then::kReset};
  });
  const LoadResult result = RunTestLoad(Counted(server.target(), 1, 20)).result;
  EXPECT_EQ(result.ok, 10u);
  EXPECT_EQ(result.errors, 10u);
  EXPECT_EQ(result.retried, 0u);
}

TEST(RetryTest, OpenLoopSendsAgainToo) {
  TestServer server([](const Seen& seen) {
    if (seen.request_of_connection == 0) return Reply{TestServer::Ok("x")};
    return Reply{"", 0, Then::kClose};
  });
  LoadOptions options = Counted(server.target(), 4, 200);
  options.rate_per_s = 1000;
  options.pacing = Pacing::kGentle;
  options.queue_limit = 10'000;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.ok, 200u);
  EXPECT_EQ(result.errors, 0u);
  EXPECT_GT(result.retried, 0u);
}

// A server that is gone for good: what waits to be sent again fails with the connection.
TEST(RetryTest, EndsWhereTheServerGoesAway) {
  TestServer server([](const Seen& seen) { return CloseAfter(seen, 5); });
  LoadOptions options = OptionsFor(server.target(), 2);
  options.pipeline = 4;
  options.duration_ns = 400 * kMillisecond;
  const LoadResult result = RunTestLoad(options, [&] { server.Kill(); }).result;
  EXPECT_GT(result.errors, 0u);
  EXPECT_EQ(result.in_flight, 0u);
}

// RFC 9112, 9.6. The server need not say it, nor close at once.
TEST(RetryTest, ARequestThatClosesIsTheLastOnItsConnection) {
  for (const auto& [name, value] :
       {std::pair("Connection", "close"), std::pair("connection", "Close, x"),
        std::pair("CONNECTION", "keep-alive ,\tCLOSE")}) {
    TestServer server([](const Seen&) { return Reply{TestServer::Ok("x")}; });
    const LoadResult result =
        RunTestLoad(Counted(server.target(), 2, 50, With("GET", name, value))).result;
    EXPECT_EQ(result.ok, 50u) << value;
    EXPECT_EQ(result.errors, 0u) << value;
    EXPECT_GE(server.connections(), 50u) << value;
  }
}

TEST(RetryTest, AMethodThatUsuallyHasABodySaysThatItHasNone) {
  for (const char* method : {"POST", "PUT", "PATCH"}) {
    std::string text;
    TestServer server([&](const Seen& seen) {
      text = seen.text;
      return Reply{TestServer::Ok("x")};
    });
    EXPECT_EQ(RunTestLoad(Counted(server.target(), 1, 1, With(method))).result.ok, 1u);
    EXPECT_NE(text.find("\r\nContent-Length: 0\r\n"), std::string::npos) << text;
  }
}

// SETTINGS_MAX_CONCURRENT_STREAMS of 0: no request may ever be sent.
TEST(RetryTest, EndsWhereNoStreamIsAllowed) {
  constexpr char kSettings[] = "\0\0\6\4\0\0\0\0\0\0\3\0\0\0\0";
  const std::string settings(kSettings, sizeof(kSettings) - 1);
  TestServer server([&](const Seen& seen) {
    return Reply{seen.request_of_connection == 0 ? settings : std::string()};
  });
  LoadOptions options = Counted(server.target(), 2, 10);
  options.http2 = true;
  // The settings end the attempt, not the timeout.
  options.timeout_ns = options.drain_ns = 60'000 * kMillisecond;
  absl::StatusOr<std::unique_ptr<LoadRun>> run = LoadRun::Create(&options, nullptr);
  ASSERT_TRUE(run.ok());
  const std::string why((*run)->Prepare().message());
  EXPECT_NE(why.find("no streams allowed"), std::string::npos) << why;
}

TEST(RetryTest, NothingThatIsNeverDueIsWaitedFor) {
  TestServer server([](const Seen&) { return Reply{TestServer::Ok("x")}; });
  for (const Arrivals arrivals : {Arrivals::kConstant, Arrivals::kPoisson}) {
    LoadOptions options = Counted(server.target(), 1, 3);
    options.rate_per_s = 1e-10;
    options.arrivals = arrivals;
    options.pacing = Pacing::kGentle;
    options.queue_limit = 1000;
    const LoadResult result = RunTestLoad(options).result;
    EXPECT_LE(result.sent, 1u);
    EXPECT_EQ(result.sent + result.not_sent, 3u);
  }
}

}  // namespace
}  // namespace assay::loadgen
