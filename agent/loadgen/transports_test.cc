// TLS and HTTP/2 against nginx, which is none of ours. RunTestLoad() holds every run to its account.

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "agent/loadgen/load_run.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/request.h"
#include "agent/loadgen/test_load.h"
#include "agent/loadgen/test_nginx.h"
#include "agent/loadgen/test_server.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

using Reply = TestServer::Reply;
using Seen = TestServer::Seen;

constexpr int64_t kMillisecond = 1'000'000;

enum class Transport { kTls, kTlsHttp2, kHttp2 };

std::string NameOf(const testing::TestParamInfo<Transport>& info) {
  switch (info.param) {
    case Transport::kTls:
      return "Tls";
    case Transport::kTlsHttp2:
      return "TlsHttp2";
    case Transport::kHttp2:
      return "Http2";
  }
  return "";
}

void Nap(int64_t ns) {
  const timespec time{0, ns};
  nanosleep(&time, nullptr);
}

RequestSpec Hello() {
  RequestSpec request;
  request.path = "/hello";
  request.expect_status = 200;
  request.expect_body = "hello";
  return request;
}

RequestSpec Back() {
  RequestSpec request;
  request.path = "/back/";
  return request;
}

LoadOptions OptionsOver(Transport transport, const TestNginx& nginx, int connections,
                        const RequestSpec& request) {
  const std::string target = transport == Transport::kTls        ? nginx.https()
                             : transport == Transport::kTlsHttp2 ? nginx.https2()
                                                                 : nginx.http2();
  LoadOptions options = OptionsFor(target, connections, request);
  options.http2 = transport != Transport::kTls;
  options.duration_ns = 500 * kMillisecond;
  return options;
}

// What Prepare() says of a run that cannot begin.
std::string WhyNot(const LoadOptions& options) {
  absl::StatusOr<std::unique_ptr<LoadRun>> run = LoadRun::Create(&options, nullptr);
  if (!run.ok()) return "not made";
  const absl::Status prepared = (*run)->Prepare();
  const LoadResult result = (*run)->Finish();
  EXPECT_EQ(result.sent, result.errors);
  EXPECT_EQ(prepared.ok(), result.errors == 0);
  return prepared.ok() ? "nothing" : std::string(prepared.message());
}

class TransportsTest : public testing::TestWithParam<Transport> {
 protected:
  void SetUp() override {
    if (!TestNginx::Installed()) GTEST_SKIP() << "apt-get install nginx-light";
  }
};

INSTANTIATE_TEST_SUITE_P(All, TransportsTest,
                         testing::Values(Transport::kTls, Transport::kTlsHttp2, Transport::kHttp2),
                         NameOf);

TEST_P(TransportsTest, AccountsForEveryRequest) {
  TestNginx nginx({});
  LoadOptions options = OptionsOver(GetParam(), nginx, 8, Hello());
  options.pipeline = 4;
  options.threads = 2;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_GT(result.ok, 0u);
  EXPECT_EQ(result.sent, result.ok + result.in_flight);
  EXPECT_EQ(result.status.at(200), result.ok);
  EXPECT_EQ(result.reconnects, 0u);
  EXPECT_GT(result.bytes_read, result.ok * 5);
}

TEST_P(TransportsTest, CountsExactlyTheRequestsAskedFor) {
  TestNginx nginx({});
  LoadOptions options = OptionsOver(GetParam(), nginx, 4, Hello());
  options.duration_ns = 0;
  options.request_count = 1003;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.sent, 1003u);
  EXPECT_EQ(result.ok, 1003u);
}

// Larger than a TLS record, the windows of HTTP/2 and the socket's buffers.
TEST_P(TransportsTest, PostsABodyAndChecksTheResponses) {
  TestServer back([](const Seen& seen) {
    return Reply{TestServer::Ok(seen.text.substr(seen.text.find("\r\n\r\n") + 4))};
  });
  TestNginx nginx({.back = back.target()});
  RequestSpec request = Back();
  request.body = std::string(5'000'000, 'x') + "end";
  request.expect_body = request.body;
  request.headers = {{"X-Test", "yes"}};
  LoadOptions options = OptionsOver(GetParam(), nginx, 2, request);
  options.duration_ns = 0;
  options.request_count = 12;
  options.timeout_ns = options.drain_ns = 60'000 * kMillisecond;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.ok, 12u);
  EXPECT_GT(result.bytes_read, 12u * 5'000'003);
}

TEST_P(TransportsTest, NamesWrongResponses) {
  TestServer back([](const Seen& seen) {
    return Reply{seen.request % 2 == 0 ? TestServer::Ok("hellO")
                                       : "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"};
  });
  TestNginx nginx({.back = back.target()});
  RequestSpec request = Back();
  request.expect_body = "hello";
  LoadOptions options = OptionsOver(GetParam(), nginx, 1, request);
  options.duration_ns = 0;
  options.request_count = 100;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.error_kinds.at("wrong body"), 50u);
  EXPECT_EQ(result.error_kinds.at("unexpected status"), 50u);
  EXPECT_EQ(result.status.at(503), 50u);
}

TEST_P(TransportsTest, CountsWhatAKilledServerLeavesUnanswered) {
  TestNginx nginx({});
  LoadOptions options = OptionsOver(GetParam(), nginx, 8, Hello());
  options.pipeline = 4;
  const LoadResult result = RunTestLoad(options, [&] {
                              Nap(150 * kMillisecond);
                              nginx.Kill();
                            }).result;
  EXPECT_GT(result.ok, 0u);
  EXPECT_GT(result.error_kinds.count("connection refused"), 0u);
  EXPECT_EQ(result.timeouts, 0u);
  EXPECT_EQ(result.in_flight, 0u);
}

// What is opened again then never gets as far as a request.
TEST_P(TransportsTest, TimesOutWhereTheServerHangs) {
  TestNginx nginx({});
  LoadOptions options = OptionsOver(GetParam(), nginx, 4, Hello());
  options.duration_ns = 900 * kMillisecond;
  options.timeout_ns = options.drain_ns = 300 * kMillisecond;
  const LoadResult result = RunTestLoad(options, [&] {
                              Nap(150 * kMillisecond);
                              nginx.Hang();
                            }).result;
  EXPECT_GT(result.ok, 0u);
  EXPECT_GE(result.timeouts, 4u);
  EXPECT_GT(result.error_kinds.count("connect timed out"), 0u);
}

TEST_P(TransportsTest, OffersLoadInAnOpenLoop) {
  TestNginx nginx({});
  LoadOptions options = OptionsOver(GetParam(), nginx, 8, Hello());
  options.rate_per_s = 1000;
  options.pacing = Pacing::kGentle;
  options.queue_limit = 10'000;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.sent, 500u);
  EXPECT_EQ(result.ok, 500u);
}

TEST_P(TransportsTest, OpensAgainWhatTheServerEnds) {
  TestNginx nginx({.keep_alive_requests = 10});
  LoadOptions options = OptionsOver(GetParam(), nginx, 2, Hello());
  options.duration_ns = 0;
  options.request_count = 200;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.ok, 200u);
  EXPECT_GE(result.reconnects, 18u);
}

// GOAWAY finds requests under way that it does not cover, as a closing response has some behind it.
TEST_P(TransportsTest, SendsAgainWhatCrossesTheEndOfAConnection) {
  TestNginx nginx({.keep_alive_requests = 10});
  LoadOptions options = OptionsOver(GetParam(), nginx, 2, Hello());
  options.pipeline = 8;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_GT(result.ok, 0u);
  EXPECT_GT(result.reconnects, 0u);
  EXPECT_GT(result.retried, 0u);
  EXPECT_EQ(result.errors, 0u);
  EXPECT_EQ(result.timeouts, 0u);
}

// A connection carries as many requests at once as it has streams, none behind another.
TEST_P(TransportsTest, AnswersComeOutOfOrderOverHttp2) {
  if (GetParam() == Transport::kTls) GTEST_SKIP() << "HTTP/1.1 responses in order";
  // A loaded machine stalls for less than half of it.
  constexpr int64_t kSlowNs = 4'000 * kMillisecond;
  TestServer back([](const Seen& seen) {
    return Reply{TestServer::Ok("x"), seen.request == 0 ? kSlowNs : 0};
  });
  TestNginx nginx({.back = back.target()});
  LoadOptions options = OptionsOver(GetParam(), nginx, 1, Back());
  options.rate_per_s = 100;
  options.pacing = Pacing::kGentle;
  options.queue_limit = 10'000;
  options.pipeline = 32;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.ok, 50u);
  EXPECT_GE(result.latency.max_ns(), kSlowNs);
  EXPECT_LT(result.latency.QuantileNanos(0.5).value_or(INT64_MAX), kSlowNs / 2);
}

TEST_P(TransportsTest, OnlyTheLateStreamIsGivenUp) {
  if (GetParam() == Transport::kTls) GTEST_SKIP() << "HTTP/1.1 has no streams";
  TestServer back([](const Seen& seen) {
    const bool late = seen.request % 10 == 9 && seen.request < 50;
    return Reply{TestServer::Ok("x"), late ? 3'600'000 * kMillisecond : 0};
  });
  TestNginx nginx({.back = back.target()});
  LoadOptions options = OptionsOver(GetParam(), nginx, 1, Back());
  options.pipeline = 32;
  // A loaded machine stalls for less.
  options.timeout_ns = options.drain_ns = 5'000 * kMillisecond;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_GT(result.ok, 0u);
  EXPECT_EQ(result.timeouts, 5u);
  EXPECT_EQ(result.errors, 0u);
  EXPECT_EQ(result.reconnects, 0u);
}

TEST_P(TransportsTest, CountsStreamsThatTheServerResets) {
  if (GetParam() == Transport::kTls) GTEST_SKIP() << "HTTP/1.1 has no streams";
  TestServer back([](const Seen& seen) {
    if (seen.request % 10 != 9) return Reply{TestServer::Ok("x")};
    return Reply{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", 0, Reply::Then::kClose};
  });
  TestNginx nginx({.back = back.target()});
  LoadOptions options = OptionsOver(GetParam(), nginx, 2, Back());
  options.duration_ns = 0;
  options.request_count = 200;
  const LoadResult result = RunTestLoad(options).result;
  EXPECT_EQ(result.error_kinds.at("stream reset by peer"), 20u);
  EXPECT_EQ(result.ok, 180u);
  EXPECT_EQ(result.reconnects, 0u);
}

TEST(TransportRefusalsTest, SaysThatTheServerSpeaksNoHttp2) {
  TestServer server([](const Seen&) { return Reply{TestServer::Ok("x")}; });
  LoadOptions options = OptionsFor(server.target(), 2);
  options.http2 = true;
  const std::string why = WhyNot(options);
  EXPECT_TRUE(absl::StrContains(why, "no HTTP/2")) << why;
}

TEST(TransportRefusalsTest, SaysThatTheServerSpeaksNoTls) {
  if (!TestNginx::Installed()) GTEST_SKIP() << "apt-get install nginx-light";
  TestNginx nginx({});
  LoadOptions options = OptionsFor("https" + nginx.http2().substr(4), 2);
  const std::string why = WhyNot(options);
  EXPECT_TRUE(absl::StrContains(why, "TLS failure")) << why;
}

TEST(TransportRefusalsTest, SaysThatTheServerOffersOnlyHttp1OverTls) {
  if (!TestNginx::Installed()) GTEST_SKIP() << "apt-get install nginx-light";
  TestNginx nginx({});
  LoadOptions options = OptionsFor(nginx.https(), 2);
  options.http2 = true;
  const std::string why = WhyNot(options);
  EXPECT_TRUE(absl::StrContains(why, "TLS failure: tlsv1 alert no application protocol") ||
              absl::StrContains(why, "no HTTP/2"))
      << why;
}

TEST(TransportRefusalsTest, ChecksTheCertificateWhereAsked) {
  if (!TestNginx::Installed()) GTEST_SKIP() << "apt-get install nginx-light";
  TestNginx nginx({});
  LoadOptions options = OptionsFor(nginx.https(), 2);
  EXPECT_EQ(WhyNot(options), "nothing");
  options.tls_verify = true;
  std::string why = WhyNot(options);
  EXPECT_TRUE(absl::StrContains(why, "certificate verify failed (self-signed certificate)")) << why;
  setenv("SSL_CERT_FILE", nginx.certificate().c_str(), 1);
  EXPECT_EQ(WhyNot(options), "nothing");
  // The certificate is for the address, not for the name.
  options = OptionsFor(
      "https://localhost" + nginx.https().substr(std::string("https://127.0.0.1").size()), 2);
  options.tls_verify = true;
  why = WhyNot(options);
  unsetenv("SSL_CERT_FILE");
  EXPECT_TRUE(absl::StrContains(why, "hostname mismatch")) << why;
}

}  // namespace
}  // namespace assay::loadgen
