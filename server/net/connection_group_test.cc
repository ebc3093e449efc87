#include "server/net/connection_group.h"

#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/unique_fd.h"
#include "gtest/gtest.h"
#include "server/net/event_loop.h"
#include "server/net/http_message.h"
#include "server/net/server_options.h"
#include "server/net/stop_watch.h"

namespace assay::server {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

int64_t test_time_ns = 0;
int64_t TestTime() { return test_time_ns; }

const std::string kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

// The client's end of a connection, non-blocking.
class Client {
 public:
  explicit Client(UniqueFd socket) : socket_(std::move(socket)) {}

  bool Send(std::string_view bytes) {
    const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(bytes.size());
  }
  // The bytes received since the last call.
  std::string Take() {
    Receive();
    return std::exchange(received_, {});
  }
  // All bytes received.
  const std::string& Receive() {
    char bytes[4096];
    ssize_t got;
    while ((got = recv(socket_.get(), bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
      received_.append(bytes, static_cast<size_t>(got));
    }
    return received_;
  }

 private:
  UniqueFd socket_;
  std::string received_;
};

// Connections of a loop with a test clock.
class ConnectionTest : public ::testing::Test {
 protected:
  void SetUp() override { test_time_ns = 1000 * kSecond; }

  Client Connect() {
    if (loop_.empty()) {
      auto loop = EventLoop::Create(TestTime);
      EXPECT_TRUE(loop.ok()) << loop.status();
      loop_.emplace_back(*std::move(loop));
      const auto handler = [this](const HttpRequest& request, HttpResponse& response) {
        if (no_memory_) throw std::bad_alloc();
        paths_.emplace_back(request.path);
        if (on_request_) on_request_();
        response.body = body_;
      };
      group_.emplace_back(loop_.front(), limits_, handler, &stop_);
    }
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    EXPECT_EQ(group_.front().Adopt(UniqueFd(ends[0])), 0);
    return Client(UniqueFd(ends[1]));
  }
  void Turn(int64_t passes_ns = 0) {
    test_time_ns += passes_ns;
    // Timers fire after the events of a turn, including the events of the turn that follows.
    for (int i = 0; i < 3; ++i) loop_.front().RunOnce(0, [] {});
  }
  void StopAll() { group_.front().BeginStop(); }
  bool NoneIsLeft() { return group_.front().empty(); }

  HttpLimits limits_;
  const UniqueFd stop_asked_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  StopWatch stop_{stop_asked_.get(), absl::Seconds(5)};
  std::vector<std::string> paths_;  // Of the requests handled.
  std::string body_ = "hello";
  bool no_memory_ = false;
  std::function<void()> on_request_;
  std::deque<EventLoop> loop_;
  std::deque<ConnectionGroup> group_;
};

std::string GetOf(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

// Otherwise one client that pipelines a minute of work would keep all others waiting for that minute.
TEST_F(ConnectionTest, YieldsBetweenLongPipelinedRequests) {
  on_request_ = [] { test_time_ns += kSecond; };
  Client greedy = Connect();
  Client modest = Connect();
  ASSERT_TRUE(greedy.Send(GetOf("/a") + GetOf("/b") + GetOf("/c")));
  ASSERT_TRUE(modest.Send(GetOf("/d")));
  loop_.front().RunOnce(0, [] {});
  EXPECT_TRUE(absl::StartsWith(modest.Take(), "HTTP/1.1 200"));
  ASSERT_TRUE(modest.Send(GetOf("/e")));
  Turn();
  EXPECT_EQ(paths_.size(), 5U);
  ASSERT_GE(paths_.size(), 2U);
  std::vector<std::string> first_two(paths_.begin(), paths_.begin() + 2);
  std::sort(first_two.begin(), first_two.end());
  EXPECT_EQ(first_two, (std::vector<std::string>{"/a", "/d"}));
  EXPECT_NE(paths_.back(), "/e") << "it must wait for one request of the other client, not for all";
  // In order, each once.
  std::vector<std::string> of_greedy;
  for (const std::string& path : paths_) {
    if (path < "/d") of_greedy.push_back(path);
  }
  EXPECT_EQ(of_greedy, (std::vector<std::string>{"/a", "/b", "/c"}));
  // The connection is idle again and still serves.
  ASSERT_TRUE(greedy.Send(kGet));
  Turn();
  EXPECT_EQ(paths_.size(), 6U);
}

// Each further turn costs a system call.
TEST_F(ConnectionTest, RespondsToQuickPipelinedRequestsInOneTurn) {
  Client client = Connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) requests += kGet;
  ASSERT_TRUE(client.Send(requests));
  loop_.front().RunOnce(0, [] {});
  EXPECT_EQ(paths_.size(), 100U);
}

// Checking for the stop only between turns would wait for 256 requests.
TEST_F(ConnectionTest, StopsInTheMiddleOfATurn) {
  std::vector<Client> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(Connect());
  for (Client& client : clients) ASSERT_TRUE(client.Send(GetOf("/a") + GetOf("/b")));
  on_request_ = [this] {
    test_time_ns += kSecond;
    if (paths_.size() == 3) {
      EXPECT_EQ(eventfd_write(stop_asked_.get(), 1), 0);
    }
  };
  for (int i = 0; i < 10; ++i) loop_.front().RunOnce(0, [] {});
  StopAll();
  // Three, plus the requests that begin in the five seconds that follow.
  EXPECT_EQ(paths_.size(), 8U);
  EXPECT_EQ(stop_.deadline_ns(), 1008 * kSecond);
}

// A reset would lose the error response if the client reads only after sending everything.
TEST_F(ConnectionTest, DrainsARefusedUpload) {
  Client client = Connect();
  ASSERT_TRUE(client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n"));
  Turn();
  for (int second = 0; second < 20; ++second) {
    ASSERT_TRUE(client.Send("more")) << second;
    Turn(kSecond);
    ASSERT_FALSE(NoneIsLeft()) << second;
  }
  EXPECT_TRUE(absl::StartsWith(client.Receive(), "HTTP/1.1 413"));
  Turn(3 * kSecond);
  EXPECT_TRUE(NoneIsLeft());
}

TEST_F(ConnectionTest, DrainsARefusedUploadForALimitedTime) {
  Client client = Connect();
  ASSERT_TRUE(client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n"));
  Turn();
  int second = 0;
  for (; second < 60 && client.Send("more") && !NoneIsLeft(); ++second) Turn(kSecond);
  EXPECT_TRUE(NoneIsLeft());
  EXPECT_GE(second, 29);
  EXPECT_LE(second, 32);
}

// The limit applies to the sum: each request alone is allowed.
TEST_F(ConnectionTest, RefusesUnfinishedRequestsAboveMaxMemory) {
  limits_.max_memory = 10'000;
  Client first = Connect();
  Client second = Connect();
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8000\r\n\r\n";
  const std::string most(7000, 'x');
  ASSERT_TRUE(first.Send(head + most));
  Turn();
  EXPECT_EQ(first.Receive(), "");
  ASSERT_TRUE(second.Send(head + most));
  Turn();
  EXPECT_TRUE(absl::StartsWith(second.Receive(), "HTTP/1.1 503")) << second.Receive();
  EXPECT_TRUE(absl::StrContains(second.Receive(), "Connection: close\r\n"));
  ASSERT_TRUE(first.Send(std::string(1000, 'x')));
  Turn();
  EXPECT_TRUE(absl::StartsWith(first.Receive(), "HTTP/1.1 200")) << first.Receive();
  // The memory is released.
  Client third = Connect();
  ASSERT_TRUE(third.Send(head + most));
  Turn();
  ASSERT_TRUE(third.Send(std::string(1000, 'x')));
  Turn();
  EXPECT_TRUE(absl::StartsWith(third.Receive(), "HTTP/1.1 200")) << third.Receive();
}

TEST_F(ConnectionTest, ResetsUnreadResponsesAboveMaxMemory) {
  limits_.max_memory = 10'000'000;
  body_.assign(8'000'000, 'x');
  Client first = Connect();
  Client second = Connect();
  ASSERT_TRUE(first.Send(kGet));
  Turn();
  ASSERT_TRUE(second.Send(kGet));
  Turn();
  size_t before = 0;
  do {
    before = first.Receive().size();
    Turn();
  } while (first.Receive().size() > before);
  EXPECT_GT(before, body_.size());
  Turn();
  EXPECT_LT(second.Receive().size(), body_.size());
  EXPECT_FALSE(second.Send(kGet));
}

TEST_F(ConnectionTest, ServesOthersAfterOneRequestRunsOutOfMemory) {
  Client first = Connect();
  Client second = Connect();
  no_memory_ = true;
  ASSERT_TRUE(first.Send(kGet));
  Turn();
  EXPECT_FALSE(first.Send(kGet));
  no_memory_ = false;
  ASSERT_TRUE(second.Send(kGet));
  Turn();
  EXPECT_TRUE(absl::StartsWith(second.Receive(), "HTTP/1.1 200"));
}

// Counts which of `clients` have a response each time the handler is called.
class BatchTest : public ConnectionTest {
 protected:
  void SetUp() override {
    ConnectionTest::SetUp();
    for (int i = 0; i < 4; ++i) clients_.push_back(Connect());
  }
  // Sends a request from every client and runs one turn. Returns the number of clients with a response at each call of
  // the handler.
  std::vector<int> AskAll() {
    std::vector<int> answered;
    on_request_ = [&] {
      int count = 0;
      for (Client& client : clients_) count += client.Take().empty() ? 0 : 1;
      answered.push_back((answered.empty() ? 0 : answered.back()) + count);
      if (slow_) absl::SleepFor(absl::Milliseconds(1));
    };
    for (Client& client : clients_) EXPECT_TRUE(client.Send(kGet));
    Turn();
    for (Client& client : clients_) client.Take();
    return answered;
  }

  std::vector<Client> clients_;
  bool slow_ = false;
};

TEST_F(BatchTest, SendsQuickResponsesTogether) {
  EXPECT_EQ(AskAll(), std::vector<int>({0, 0, 0, 0}));
}

TEST_F(BatchTest, SendsEachSlowResponseAtOnce) {
  slow_ = true;
  AskAll();
  EXPECT_EQ(AskAll(), std::vector<int>({0, 1, 2, 3}));
  // Once responses are quick again, batches get longer.
  slow_ = false;
  std::vector<int> answered;
  for (int i = 0; i < 1000 && answered != std::vector<int>({0, 0, 0, 0}); ++i) answered = AskAll();
  EXPECT_EQ(answered, std::vector<int>({0, 0, 0, 0}));
}

// The handler owns the body's memory, and the next request may change it.
TEST_F(BatchTest, SendsALargeBodyBeforeTheNextRequest) {
  int calls = 0;
  body_.assign(100'000, 'a');
  on_request_ = [&] { body_.assign(100'000, static_cast<char>('a' + calls++)); };
  for (Client& client : clients_) ASSERT_TRUE(client.Send(kGet));
  Turn();
  std::string letters;
  for (Client& client : clients_) {
    const std::string& response = client.Receive();
    ASSERT_GT(response.size(), body_.size());
    const char letter = response.back();
    EXPECT_EQ(response.substr(response.size() - body_.size()), std::string(body_.size(), letter));
    letters += letter;
  }
  std::sort(letters.begin(), letters.end());
  EXPECT_EQ(letters, "abcd");
}

TEST_F(BatchTest, OneFailedRequestDoesNotAffectTheBatch) {
  int calls = 0;
  on_request_ = [&] {
    if (++calls == 2) throw std::bad_alloc();
  };
  ASSERT_TRUE(clients_[0].Send("GET / HTTP/1.1\r\n\r\n"));
  for (int i = 1; i < 4; ++i) ASSERT_TRUE(clients_[i].Send(kGet));
  Turn();
  EXPECT_TRUE(absl::StartsWith(clients_[0].Receive(), "HTTP/1.1 400"));
  int served = 0;
  for (int i = 1; i < 4; ++i) served += absl::StartsWith(clients_[i].Receive(), "HTTP/1.1 200");
  EXPECT_EQ(served, 2);
}

TEST_F(BatchTest, AStopFinishesReceivedRequestsAndClosesIdleConnections) {
  ASSERT_TRUE(clients_[0].Send(kGet));
  ASSERT_TRUE(clients_[1].Send("GET / HTTP/1.1\r\n"));
  StopAll();
  EXPECT_TRUE(absl::StrContains(clients_[0].Receive(), "Connection: close"));
  EXPECT_FALSE(clients_[2].Send(kGet));
  ASSERT_TRUE(clients_[1].Send("Host: h\r\n\r\n"));
  Turn();
  EXPECT_TRUE(absl::StrContains(clients_[1].Receive(), "Connection: close"));
}

}  // namespace
}  // namespace assay::server
