// Servers that send without end, or nothing, over TLS and HTTP/2: the clock ends the run, and so does the signal.
// misbehaving_server_test.cc has what HTTP/1.1 has of it.

#include <poll.h>

#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/loadgen/connection_pool.h"
#include "agent/loadgen/http1_pool.h"
#include "agent/loadgen/load_run.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/outcome.h"
#include "agent/loadgen/recorder.h"
#include "agent/loadgen/request.h"
#include "agent/loadgen/test_frames.h"
#include "agent/loadgen/test_load.h"
#include "agent/loadgen/test_server.h"
#include "agent/loadgen/test_tls.h"
#include "common/monotonic_clock.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

using Reply = TestServer::Reply;
using Seen = TestServer::Seen;

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kForeverNs = int64_t{3600} * 1000 * kMillisecond;

std::string Many(const std::string& bytes) {
  std::string many;
  while (many.size() < size_t{256} * 1024) many += bytes;
  return many;
}

bool UpdateKey(SSL* ssl, int update) {
  return SSL_key_update(ssl, update) == 1 && SSL_do_handshake(ssl) == 1;
}

// A server, and what is particular about the load.
struct Case {
  const char* what;
  std::function<Reply(const Seen&)> handler;
  enum class Speaks { kHttp1, kHttp2, kTls12, kTls13 } speaks = Speaks::kHttp2;
  size_t body = 0;
  double rate_per_s = 0;
};

// Of a stream that the first request has opened.
Case Http2Flood(const char* what, const std::string& begin, const std::string& more) {
  return {what, [begin, more](const Seen&) {
            Reply reply{begin};
            reply.drip = Many(more);
            return reply;
          }};
}

Case TlsFlood(const char* what, Case::Speaks speaks, const std::function<bool(SSL*)>& flood) {
  return {what,
          [flood](const Seen&) {
            Reply reply;
            reply.tls_flood = flood;
            return reply;
          },
          speaks};
}

std::vector<Case> Cases() {
  const std::string ok = kStatusOk;
  std::string interim("\x08\x03", 2);
  interim += "103";
  std::vector<Case> cases = {
      TlsFlood("KeyUpdate", Case::Speaks::kTls13,
               [](SSL* ssl) { return UpdateKey(ssl, SSL_KEY_UPDATE_NOT_REQUESTED); }),
      TlsFlood("KeyUpdateThatWantsOne", Case::Speaks::kTls13,
               [](SSL* ssl) { return UpdateKey(ssl, SSL_KEY_UPDATE_REQUESTED); }),
      TlsFlood("HelloRequest", Case::Speaks::kTls12,
               [](SSL* ssl) { return SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) == 1; }),
      Http2Flood("Ping", "", Frame(6, 0, 0, "12345678")),
      Http2Flood("Settings", "", Frame(4, 0, 0, "")),
      Http2Flood("SettingsOfNoStreams", "",
                 Frame(4, 0, 0, std::string("\0\3", 2) + FrameNumber(0)) +
                     Frame(4, 0, 0, std::string("\0\3", 2) + FrameNumber(9))),
      Http2Flood("WindowUpdate", "", Frame(8, 0, 0, FrameNumber(1))),
      Http2Flood("EmptyData", Frame(1, 4, 1, ok), Frame(0, 0, 1, "")),
      Http2Flood("Continuation", Frame(1, 0, 1, ok), Frame(9, 0, 1, "")),
      Http2Flood("Interim", "", Frame(1, 4, 1, interim)),
      Http2Flood("UnknownFrames", "", Frame(0xf0, 0, 1, "")),
      {"NoStreamsBehindTheFirst",
       [ok](const Seen& seen) {
         return Reply{Frame(1, 5, seen.stream, ok) +
                      Frame(4, 0, 0, std::string("\0\3", 2) + FrameNumber(0))};
       }},
      {"InterimOverHttp1",
       [](const Seen&) {
         Reply reply;
         reply.drip = Many("HTTP/1.1 102 Processing\r\n\r\n");
         return reply;
       },
       Case::Speaks::kHttp1},
      {"OneByteASecond",
       [](const Seen&) {
         Reply reply{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"};
         reply.drip = "x";
         reply.drip_pause_ns = 1000 * kMillisecond;
         return reply;
       },
       Case::Speaks::kTls13},
      {"OneByteASecondOverHttp2",
       [ok](const Seen& seen) {
         Reply reply{Frame(1, 4, seen.stream, ok)};
         reply.drip = std::string(1, '\0');
         reply.drip_pause_ns = 1000 * kMillisecond;
         return reply;
       }},
  };
  // It reads one request, and no more.
  for (const Case::Speaks speaks :
       {Case::Speaks::kHttp1, Case::Speaks::kTls13, Case::Speaks::kHttp2}) {
    const char* const what = speaks == Case::Speaks::kHttp1   ? "ReadsNoMore"
                             : speaks == Case::Speaks::kTls13 ? "ReadsNoMoreOverTls"
                                                              : "ReadsNoMoreOverHttp2";
    cases.push_back({what,
                     [](const Seen&) {
                       return Reply{"", kForeverNs};
                     },
                     speaks, size_t{4} << 20});
  }
  // Nothing falls due after the first.
  cases.push_back({"ARateOfNothing", [](const Seen&) { return Reply{TestServer::Ok("x")}; },
                   Case::Speaks::kHttp1, 0, 1e-10});
  return cases;
}

class EndlessServerTest : public testing::TestWithParam<Case> {
 protected:
  TestServer::Config Config() const {
    switch (GetParam().speaks) {
      case Case::Speaks::kHttp1:
        return {};
      case Case::Speaks::kHttp2:
        return {.http2_greeting = Frame(4, 0, 0, "")};
      case Case::Speaks::kTls12:
        return {.tls = tls12_.context()};
      case Case::Speaks::kTls13:
        return {.tls = tls13_.context()};
    }
    return {};
  }
  LoadOptions Options() const {
    const bool tls =
        GetParam().speaks == Case::Speaks::kTls12 || GetParam().speaks == Case::Speaks::kTls13;
    RequestSpec request;
    if (GetParam().body > 0) request.body = std::string(GetParam().body, 'x');
    LoadOptions options = OptionsFor((tls ? "https://" : "") + server_.target(), 4, request);
    options.http2 = GetParam().speaks == Case::Speaks::kHttp2;
    options.pipeline = GetParam().body > 0 ? 2 : 1;
    options.rate_per_s = GetParam().rate_per_s;
    options.pacing = Pacing::kGentle;
    options.queue_limit = 1000;
    options.timeout_ns = options.drain_ns = 100 * kMillisecond;
    return options;
  }
  // Runs until it has ended; after half a minute the server goes, or the test would never end.
  void ExpectEnd(const LoadOptions& options, int64_t stop_after_ns) {
    constexpr int64_t kGivenUpNs = 30'000 * kMillisecond;
    absl::StatusOr<std::unique_ptr<LoadRun>> run = LoadRun::Create(&options, nullptr);
    ASSERT_TRUE(run.ok()) << run.status();
    const absl::Status prepared = (*run)->Prepare();
    ASSERT_TRUE(prepared.ok()) << prepared;
    const int64_t begin_ns = MonotonicNanos();
    (*run)->Start(begin_ns);
    bool in_time = true;
    while (!(*run)->ended()) {
      pollfd done{(*run)->done_fd(), POLLIN, 0};
      poll(&done, 1, 20);
      const int64_t passed_ns = MonotonicNanos() - begin_ns;
      if (stop_after_ns > 0 && passed_ns > stop_after_ns) (*run)->Stop(StoppedBy::kSignal);
      if (in_time && passed_ns > kGivenUpNs) {
        in_time = false;
        server_.Kill();
      }
    }
    EXPECT_TRUE(in_time) << "it never looks at the clock";
    const LoadResult result = (*run)->Finish();
    EXPECT_EQ(result.accounting_error, "");
    EXPECT_EQ(result.sent, result.ok + result.errors + result.timeouts + result.in_flight);
    EXPECT_GT(result.sent, 0u);
  }

  const TestTls tls12_{"IP:127.0.0.1", TLS1_2_VERSION};
  const TestTls tls13_{"IP:127.0.0.1"};
  TestServer server_{GetParam().handler, Config()};
};

INSTANTIATE_TEST_SUITE_P(All, EndlessServerTest, testing::ValuesIn(Cases()),
                         [](const auto& info) { return info.param.what; });

TEST_P(EndlessServerTest, TheClockEndsTheRun) { ExpectEnd(Options(), 0); }

TEST_P(EndlessServerTest, TheSignalEndsALongRun) {
  LoadOptions options = Options();
  options.duration_ns = int64_t{120} * 1000 * kMillisecond;
  ExpectEnd(options, 200 * kMillisecond);
}

TEST_P(EndlessServerTest, TheSignalEndsARunThatIsCounted) {
  LoadOptions options = Options();
  options.duration_ns = 0;
  options.request_count = 1'000'000'000;
  ExpectEnd(options, 200 * kMillisecond);
}

// Answers take it long, as those of a flood do.
class SlowSink : public FlightSink {
 public:
  void OnReady(int, int64_t) override {}
  void OnEnded(const Flight&, Outcome outcome, int, uint64_t, int64_t) override {
    EXPECT_EQ(outcome, Outcome::kOk);
    ++ended;
    const timespec nap{0, 60 * kMillisecond};
    nanosleep(&nap, nullptr);
  }
  void OnOpenFailed(Outcome, int64_t) override {}

  int ended = 0;
};

// Else 512 connections that flood would keep a thread from its clock for seconds.
TEST(TurnTest, EndsInTimeAndGoesOnWhereItEnded) {
  constexpr int kConnections = 12;
  TestServer server([](const Seen&) { return Reply{TestServer::Ok("x")}; });
  const LoadOptions options = OptionsFor(server.target(), kConnections);
  SlowSink sink;
  const absl::StatusOr<std::unique_ptr<Http1Pool>> pool =
      Http1Pool::Create({.target = &options.target,
                         .requests = &options.requests,
                         .connections = kConnections,
                         .timeout_ns = kForeverNs},
                        &sink);
  ASSERT_TRUE(pool.ok()) << pool.status();
  ASSERT_TRUE((*pool)->OpenAll(MonotonicNanos() + kForeverNs).ok());
  int64_t now = MonotonicNanos();
  for (int i = 0; i < kConnections; ++i) {
    (*pool)->Queue(i, Flight{.send_ns = now, .intended_ns = now});
    (*pool)->Flush(i, now);
  }
  while (server.requests() < kConnections) {
    const timespec nap{0, kMillisecond};
    nanosleep(&nap, nullptr);
  }
  std::vector<int> turns;
  while (sink.ended < kConnections) {
    const int before = sink.ended;
    now = (*pool)->Turn(now + kForeverNs, now);
    if (sink.ended > before) turns.push_back(sink.ended - before);
  }
  // A nap is 60 ms, and behind 100 ms no other event begins.
  for (const int ended : turns) EXPECT_LE(ended, 3);
  EXPECT_GE(turns.size(), 4u);
}

}  // namespace
}  // namespace assay::loadgen
