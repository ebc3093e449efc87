#include "server/net/http_server.h"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/cpu_set.h"
#include "common/testing/wait_until.h"
#include "common/unique_fd.h"
#include "gtest/gtest.h"
#include "server/net/test_client.h"

namespace assay::server {
namespace {

const std::string kGet = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";

std::string Post(const std::string& body) {
  return absl::StrCat("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: ", body.size(), "\r\n\r\n",
                      body);
}

// Bytes in which no two sections are equal.
std::string Noise(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

// A server in this process that echoes bodies, or responds with "hello".
class HttpServerTest : public ::testing::Test {
 protected:
  ~HttpServerTest() override { Stop(); }

  void Start() {
    const auto handlers = []() -> HttpHandler {
      return [](const HttpRequest& request, HttpResponse& response) {
        response.body = request.method == HttpMethod::kPost ? request.body : "hello";
      };
    };
    auto server = HttpServer::Create(options_, handlers);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    stop_ = UniqueFd(eventfd(0, EFD_CLOEXEC));
    runner_ = std::thread([this] { status_ = server_->Run(stop_.get()); });
  }

  void BeginStop() {
    const uint64_t one = 1;
    ASSERT_EQ(write(stop_.get(), &one, sizeof(one)), static_cast<ssize_t>(sizeof(one)));
  }

  void Stop() {
    if (!runner_.joinable()) return;
    BeginStop();
    runner_.join();
    EXPECT_TRUE(status_.ok()) << status_;
  }

  TestClient Connect(int receive_buffer = 0) {
    TestClient client(server_->address(), receive_buffer);
    EXPECT_TRUE(client.connected());
    return client;
  }

  ServerOptions options_{.listen = "127.0.0.1:0"};
  std::unique_ptr<HttpServer> server_;
  UniqueFd stop_;
  std::thread runner_;
  absl::Status status_;
};

TEST_F(HttpServerTest, ServesManyRequestsOnOneConnection) {
  Start();
  TestClient client = Connect();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(client.Send(kGet));
    const std::string response = client.ReceiveResponse();
    ASSERT_EQ(StatusOf(response), 200);
    ASSERT_EQ(BodyOf(response), "hello");
    ASSERT_NE(response.find("\r\nDate: "), std::string::npos);
  }
}

TEST_F(HttpServerTest, ListensOnIpv6) {
  options_.listen = "[::1]:0";
  auto probe = HttpServer::Create(options_, [] { return HttpHandler(); });
  if (!probe.ok()) GTEST_SKIP() << "this host has no IPv6 loopback: " << probe.status();
  Start();
  EXPECT_TRUE(server_->address().starts_with("[::1]:")) << server_->address();
  TestClient client = Connect();
  client.Send(kGet);
  EXPECT_EQ(BodyOf(client.ReceiveResponse()), "hello");
}

TEST_F(HttpServerTest, SeveralThreadsShareAPort) {
  options_.threads = 3;
  Start();
  for (int i = 0; i < 30; ++i) {
    TestClient client = Connect();
    client.Send(kGet);
    ASSERT_EQ(BodyOf(client.ReceiveResponse()), "hello");
  }
}

// With SO_REUSEPORT two servers would silently share it.
TEST_F(HttpServerTest, NamesAPortInUse) {
  options_.threads = 2;
  Start();
  for (const int threads : {1, 2}) {
    ServerOptions options{.listen = server_->address(), .threads = threads};
    const auto other = HttpServer::Create(options, [] { return HttpHandler(); });
    ASSERT_EQ(other.status().code(), absl::StatusCode::kAlreadyExists);
    EXPECT_NE(std::string(other.status().message()).find(server_->address()), std::string::npos);
  }
}

TEST_F(HttpServerTest, RefusesInvalidAddresses) {
  for (const char* address : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
                              "127.0.0.1:-1", "::1:80", "[::1:80", ":80", "256.0.0.1:80"}) {
    ServerOptions options{.listen = address};
    EXPECT_EQ(HttpServer::Create(options, [] { return HttpHandler(); }).status().code(),
              absl::StatusCode::kInvalidArgument)
        << address;
  }
}

TEST_F(HttpServerTest, RefusesCpusThatItMayNotUse) {
  options_.cpus.Add(CpuSet::kMaxCpus - 1);
  EXPECT_FALSE(HttpServer::Create(options_, [] { return HttpHandler(); }).ok());
}

TEST_F(HttpServerTest, AcceptsABodyOneByteAtATime) {
  Start();
  TestClient client = Connect();
  for (const char byte : Post("one byte at a time")) ASSERT_TRUE(client.Send({&byte, 1}));
  EXPECT_EQ(BodyOf(client.ReceiveResponse()), "one byte at a time");
  client.Send(kGet);
  EXPECT_EQ(BodyOf(client.ReceiveResponse()), "hello");
}

TEST_F(HttpServerTest, SendsContinueBeforeTheBody) {
  Start();
  TestClient client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.ReceiveResponse(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("ok");
  EXPECT_EQ(BodyOf(client.ReceiveResponse()), "ok");
}

TEST_F(HttpServerTest, RespondsToPipelinedRequestsInOrder) {
  Start();
  TestClient client = Connect();
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += Post(absl::StrCat("number ", i));
  ASSERT_TRUE(client.Send(requests));
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(BodyOf(client.ReceiveResponse()), absl::StrCat("number ", i));
  }
}

// The socket accepts only part of the response; the server must send the remaining bytes when there is room.
TEST_F(HttpServerTest, ASlowReaderGetsTheWholeResponse) {
  Start();
  TestClient client = Connect(4096);
  const std::string body = Noise(6 << 20);
  ASSERT_TRUE(client.Send(Post(body)));
  const std::string response = client.ReceiveResponse();
  EXPECT_TRUE(BodyOf(response) == body);
  client.Send(kGet);
  EXPECT_EQ(BodyOf(client.ReceiveResponse()), "hello");
}

// Responses wait for the client; further requests wait in the socket, not in memory.
TEST_F(HttpServerTest, APipeliningClientMayReadLater) {
  Start();
  TestClient client = Connect(4096);
  const std::string body = Noise(40 << 10);
  const std::string request = Post(body);
  std::thread sender([&] {
    for (int i = 0; i < 150; ++i) client.Send(request);
  });
  int right = 0;
  for (int i = 0; i < 150; ++i) right += BodyOf(client.ReceiveResponse()) == body ? 1 : 0;
  sender.join();
  EXPECT_EQ(right, 150);
}

TEST_F(HttpServerTest, RespondsAfterTheClientShutsDownItsSide) {
  Start();
  TestClient client = Connect();
  client.Send(kGet + kGet);
  client.EndSending();
  EXPECT_EQ(BodyOf(client.ReceiveResponse()), "hello");
  EXPECT_EQ(BodyOf(client.ReceiveResponse()), "hello");
  EXPECT_EQ(client.ReceiveAll(), "");
  EXPECT_EQ(client.end(), TestClient::End::kClosed);
}

TEST_F(HttpServerTest, RespondsToAnIncompleteRequest) {
  Start();
  TestClient client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc");
  client.EndSending();
  EXPECT_EQ(StatusOf(client.ReceiveAll()), 400);
}

// A reset would lose the response before the client reads it.
TEST_F(HttpServerTest, AnErrorResponseReachesAClientThatIsStillSending) {
  Start();
  TestClient client = Connect();
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n");
  client.Send(std::string(1 << 20, 'x'));
  const std::string response = client.ReceiveAll();
  EXPECT_EQ(StatusOf(response), 413);
  EXPECT_NE(response.find("Connection: close"), std::string::npos);
  EXPECT_EQ(client.end(), TestClient::End::kClosed);
}

// A read stops at an urgent byte, which is not part of the stream, whatever bytes follow.
TEST_F(HttpServerTest, UrgentDataDoesNotDelayTheResponse) {
  Start();
  TestClient client = Connect();
  const std::string two = kGet + kGet;
  client.Send(two.substr(0, 5));
  ASSERT_EQ(send(client.fd(), "!", 1, MSG_OOB), 1);
  client.Send(two.substr(5));
  EXPECT_EQ(BodyOf(client.ReceiveResponse()), "hello");
  EXPECT_EQ(BodyOf(client.ReceiveResponse()), "hello");
}

// Both may arrive as one event, and the end of the stream must not wait for another.
TEST_F(HttpServerTest, SeesAnEndThatArrivedWithTheRequest) {
  Start();
  for (int i = 0; i < 50; ++i) {
    TestClient client = Connect();
    client.Send(kGet);
    client.EndSending();
    EXPECT_EQ(BodyOf(client.ReceiveAll()), "hello");
    EXPECT_EQ(client.end(), TestClient::End::kClosed);
  }
}

TEST_F(HttpServerTest, AResetDoesNotAffectOtherConnections) {
  Start();
  TestClient other_user = Connect();
  for (int i = 0; i < 20; ++i) {
    TestClient client = Connect();
    client.Send(i % 2 == 0 ? kGet : "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc");
    const linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  }
  other_user.Send(kGet);
  EXPECT_EQ(BodyOf(other_user.ReceiveResponse()), "hello");
}

TEST_F(HttpServerTest, ClosesAnIdleConnectionSilently) {
  options_.limits.idle_timeout = absl::Milliseconds(50);
  Start();
  TestClient silent = Connect();
  EXPECT_EQ(silent.ReceiveAll(), "");
  EXPECT_EQ(silent.end(), TestClient::End::kClosed);
  // If this thread stalls for the timeout, the connection is closed before it is used.
  std::string response;
  ASSERT_TRUE(WaitUntil([&] {
    TestClient used = Connect();
    used.Send(kGet);
    response = used.ReceiveResponse();
    if (response.empty()) return false;
    EXPECT_EQ(used.ReceiveAll(), "");
    EXPECT_EQ(used.end(), TestClient::End::kClosed);
    return true;
  }));
  EXPECT_EQ(BodyOf(response), "hello");
}

TEST_F(HttpServerTest, SendsATimeoutResponseToASlowSender) {
  options_.limits.read_timeout = absl::Milliseconds(50);
  Start();
  TestClient in_head = Connect();
  TestClient in_body = Connect();
  in_head.Send("GET / HTTP/1.1\r\nHos");
  in_body.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc");
  EXPECT_EQ(StatusOf(in_head.ReceiveAll()), 408);
  EXPECT_EQ(StatusOf(in_body.ReceiveAll()), 408);
}

TEST_F(HttpServerTest, CutsOffAClientThatDoesNotRead) {
  options_.limits.write_timeout = absl::Milliseconds(50);
  Start();
  TestClient client = Connect(4096);
  const std::string body = Noise(6 << 20);
  ASSERT_TRUE(client.Send(Post(body)));
  // The response is far larger than the sockets' buffers, and the client does not read it. Once the server has reset
  // the connection, sending fails.
  EXPECT_TRUE(WaitUntil([&] { return !client.Send(" "); }));
  EXPECT_LT(client.ReceiveAll().size(), body.size());
}

TEST_F(HttpServerTest, AStopClosesIdleConnectionsAndFinishesRequests) {
  Start();
  TestClient idle = Connect();
  idle.Send(kGet);
  EXPECT_EQ(StatusOf(idle.ReceiveResponse()), 200);
  TestClient busy = Connect();
  const std::string request = Post("finish me");
  busy.Send(request.substr(0, 50));
  // The response to a later request shows that the server has received the first part.
  TestClient later = Connect();
  later.Send(kGet);
  EXPECT_EQ(StatusOf(later.ReceiveResponse()), 200);
  BeginStop();
  EXPECT_EQ(idle.ReceiveAll(), "");
  EXPECT_EQ(idle.end(), TestClient::End::kClosed);
  busy.Send(request.substr(50));
  const std::string response = busy.ReceiveAll();
  EXPECT_EQ(BodyOf(response), "finish me");
  EXPECT_NE(response.find("Connection: close"), std::string::npos);
  EXPECT_FALSE(TestClient(server_->address()).connected());
  Stop();
}

TEST_F(HttpServerTest, AStopWaitsForALimitedTime) {
  options_.stop_timeout = absl::Milliseconds(50);
  Start();
  TestClient never = Connect();
  never.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabc");
  TestClient later = Connect();
  later.Send(kGet);
  EXPECT_EQ(StatusOf(later.ReceiveResponse()), 200);
  Stop();
  never.ReceiveAll();
  EXPECT_NE(never.end(), TestClient::End::kNone);
}

}  // namespace
}  // namespace assay::server
