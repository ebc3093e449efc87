#include "agent/verify/verify.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "agent/verify/endpoint_work.h"
#include "common/testing/manual_clock.h"
#include "common/unique_fd.h"
#include "gtest/gtest.h"
#include "proto/plan.pb.h"

namespace assay::agent {
namespace {

#define EXPECT_HAS(text, job) EXPECT_NE((text).find(job), std::string::npos) << (text)

// A server on a thread of its own. It sends the next of its responses to each connection, whatever the request, and
// records the requests.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> responses) : answers_(std::move(responses)) {
    listener_.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_.get(), 16), 0);
    EXPECT_EQ(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    address_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
    thread_ = std::thread([this] { Serve(); });
  }
  ~ScriptedServer() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  const std::string& address() const { return address_; }
  // All requests so far. REQUIRES: the client has read every response, so that the thread has finished with them.
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  void Serve() {
    for (const std::string& response : answers_) {
      const UniqueFd connection(accept(listener_.get(), nullptr, nullptr));
      if (!connection.ok()) return;
      requests_.push_back(ReadRequest(connection.get()));
      for (size_t sent = 0; sent < response.size();) {
        const ssize_t n =
            send(connection.get(), response.data() + sent, response.size() - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += static_cast<size_t>(n);
      }
    }
  }

  static std::string ReadRequest(int fd) {
    std::string request;
    char piece[4096];
    while (true) {
      const size_t end = request.find("\r\n\r\n");
      const size_t length = request.find("Content-Length: ");
      if (end != request.npos) {
        const size_t body = length == request.npos ? 0 : std::stoul(request.substr(length + 16));
        if (request.size() >= end + 4 + body) return request;
      }
      const ssize_t n = recv(fd, piece, sizeof(piece), 0);
      if (n <= 0) return request;
      request.append(piece, static_cast<size_t>(n));
    }
  }

  const std::vector<std::string> answers_;
  std::vector<std::string> requests_;
  UniqueFd listener_;
  std::string address_;
  std::thread thread_;
};

// Sends `head`, then `piece` repeatedly until the client closes the connection.
class EndlessServer {
 public:
  EndlessServer(std::string head, std::string piece)
      : head_(std::move(head)), piece_(std::move(piece)) {
    listener_.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_.get(), 16), 0);
    EXPECT_EQ(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    address_ = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
    thread_ = std::thread([this] { Serve(); });
  }
  ~EndlessServer() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }

  const std::string& address() const { return address_; }

 private:
  void Serve() {
    while (true) {
      const UniqueFd connection(accept(listener_.get(), nullptr, nullptr));
      if (!connection.ok()) return;
      bool open = Send(connection.get(), head_);
      while (open) open = Send(connection.get(), piece_);
    }
  }
  static bool Send(int fd, const std::string& bytes) {
    for (size_t sent = 0; sent < bytes.size();) {
      const ssize_t n = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return false;
      sent += static_cast<size_t>(n);
    }
    return true;
  }

  const std::string head_;
  const std::string piece_;
  UniqueFd listener_;
  std::string address_;
  std::thread thread_;
};

// The peak memory of this process.
size_t PeakBytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6)) << 10;
  }
  ADD_FAILURE() << "the kernel does not report VmHWM";
  return 0;
}

// A sanitizer keeps freed memory and its own data.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr size_t kMostMemory = size_t{1} << 30;
#else
constexpr size_t kMostMemory = size_t{200} << 20;
#endif

std::string HttpResponse(const std::string& status, const std::string& type,
                         const std::string& body) {
  return absl::StrCat("HTTP/1.1 ", status, "\r\nContent-Type: ", type,
                      "\r\nContent-Length: ", body.size(), "\r\nConnection: close\r\n\r\n", body);
}

Workload Get(const std::string& path) {
  Workload workload;
  workload.set_path(path);
  return workload;
}

constexpr absl::Duration kTimeout = absl::Seconds(30);

TEST(VerifyTest, ARightResponseOfTheContractHasNoDifference) {
  ScriptedServer server(
      {HttpResponse("200 OK", "application/json", R"({"message":"Hello, World!"})")});
  const auto found = Verify(server.address(), Get("/json"), /*contract=*/true, kTimeout);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->difference, "");
  EXPECT_EQ(found->request, "GET /json");
}

TEST(VerifyTest, AWrongResponseIsShownBesideTheRightOne) {
  ScriptedServer server({HttpResponse("200 OK", "text/html", R"({"message":"Hello World!"})")});
  const auto found = Verify(server.address(), Get("/json"), /*contract=*/true, kTimeout);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_HAS(found->difference, "Content-Type: expected application/json, got text/html");
  EXPECT_HAS(found->difference, "differs from byte 17");
}

// The difference travels to the controller as text, which other bytes would make unreadable.
TEST(VerifyTest, AContentTypeThatIsNotUtf8IsShownAsText) {
  ScriptedServer server({HttpResponse("200 OK", "text/\xff", R"({"message":"Hello, World!"})")});
  const auto found = Verify(server.address(), Get("/json"), /*contract=*/true, kTimeout);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_HAS(found->difference, "Content-Type: expected application/json, got text/\xef\xbf\xbd");
}

// The plan takes precedence over the contract.
TEST(VerifyTest, TheWorkloadsExpectationPrecedesTheContract) {
  ScriptedServer server(
      {HttpResponse("404 Not Found", "a/b", "nothing"), HttpResponse("200 OK", "a/b", "x")});
  Workload workload = Get("/json");
  workload.mutable_expect()->set_status(404);
  workload.mutable_expect()->set_body("nothing");
  EXPECT_EQ(Verify(server.address(), workload, true, kTimeout)->difference, "");
  const auto second = Verify(server.address(), workload, true, kTimeout);
  EXPECT_HAS(second->difference, "status: expected 404, got 200");
}

TEST(VerifyTest, ChecksOnlyTheStatusWithoutAContract) {
  ScriptedServer server({HttpResponse("200 OK", "a/b", "x"), HttpResponse("500 Oh", "a/b", "x")});
  EXPECT_EQ(Verify(server.address(), Get("/json"), false, kTimeout)->difference, "");
  EXPECT_HAS(Verify(server.address(), Get("/mine"), true, kTimeout)->difference, "got 500");
}

// A load generator sends the same fields, and a server's response may depend on them.
TEST(VerifyTest, SendsOnlyTheWorkloadsFields) {
  ScriptedServer server({HttpResponse("200 OK", "text/x", "a=b")});
  Workload workload = Get("/a/../b?c=%20d");
  workload.set_body("a=b");
  Header* header = workload.add_headers();
  header->set_name("X-Mine");
  header->set_value("1");
  ASSERT_TRUE(Verify(server.address(), workload, true, kTimeout).ok());
  EXPECT_EQ(server.requests().at(0),
            absl::StrCat("POST /a/../b?c=%20d HTTP/1.1\r\nHost: ", server.address(),
                         "\r\nX-Mine: 1\r\nContent-Length: 3\r\n\r\na=b"));
}

TEST(VerifyTest, AnEmptyBodyIsABody) {
  ScriptedServer server({HttpResponse("200 OK", "text/x", "")});
  Workload workload = Get("/echo");
  workload.set_method("POST");
  const auto found = Verify(server.address(), workload, true, kTimeout);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->difference, "");
  EXPECT_HAS(server.requests().at(0), "Content-Length: 0\r\n");
}

TEST(VerifyTest, NoResponseIsNotAWrongResponse) {
  ScriptedServer server({"", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", "SSH-2.0-x\r\n"});
  for (int i = 0; i < 3; ++i) {
    const auto found = Verify(server.address(), Get("/json"), true, kTimeout);
    EXPECT_EQ(found.status().code(), absl::StatusCode::kUnavailable) << i;
    EXPECT_HAS(std::string(found.status().message()), server.address());
  }
}

// Without the bound, a response made the agent use 533 MiB.
TEST(VerifyTest, BoundsTheMemoryForAHostileResponse) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string kilobyte(1024, 'x');
  const std::string block(size_t{1} << 16, 'x');
  const std::vector<std::pair<std::string, std::string>> cases = {
      {ok, absl::StrCat("X: ", kilobyte, "\r\n")},
      {absl::StrCat(ok, "X: "), kilobyte},
      {"", absl::StrCat("HTTP/1.1 100 Continue\r\nX: ", kilobyte, "\r\n\r\n")},
      {absl::StrCat(ok, "Connection: close\r\n\r\n"), block},
      {absl::StrCat(ok, "Content-Length: 99999999999999\r\n\r\n"), block},
      {absl::StrCat(ok, "Transfer-Encoding: chunked\r\n\r\n"),
       absl::StrCat("10000\r\n", block, "\r\n")},
      {absl::StrCat(ok, "Transfer-Encoding: chunked\r\n\r\n0\r\n"),
       absl::StrCat("X: ", kilobyte, "\r\n")},
  };
  const size_t before = PeakBytes();
  for (const auto& [head, piece] : cases) {
    const EndlessServer server(head, piece);
    const absl::StatusOr<Verification> found =
        Verify(server.address(), Get("/plaintext"), true, absl::Minutes(2));
    EXPECT_FALSE(found.ok()) << head << found->difference.substr(0, 200);
    EXPECT_NE(found.status().code(), absl::StatusCode::kDeadlineExceeded)
        << head << ": only the time ended it";
    EXPECT_LT(PeakBytes(), before + kMostMemory) << head;
  }
}

// A response within the bound must not need much more memory while it is compared.
TEST(VerifyTest, BoundsTheMemoryForAnyBody) {
  std::string deep = "{\"error\":";
  deep.append(size_t{24} << 20, '[');
  std::string wide = "{\"error\":[";
  while (wide.size() < (size_t{24} << 20)) wide += "1,";
  // A request that must be rejected with an object that has an "error".
  Workload refused = Get("/json");
  refused.set_method("POST");
  refused.set_body("{");
  Workload compress = Get("/zlib/compress");
  compress.set_method("POST");
  compress.set_body("a");
  const size_t before = PeakBytes();
  for (const std::string* body : {&deep, &wide}) {
    const ScriptedServer server({HttpResponse("400 Bad Request", "application/json", *body)});
    const absl::StatusOr<Verification> found = Verify(server.address(), refused, true, kTimeout);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_HAS(found->difference, "expected {\"error\":\"...\"}");
  }
  EXPECT_LT(PeakBytes(), before + kMostMemory);
  // It is inflated at most to the size of the correct body, and only if the rule requires it.
  const std::string bomb = Deflate(std::string(size_t{32} << 20, '\0'), 6);
  const ScriptedServer server({HttpResponse("200 OK", "application/octet-stream", bomb),
                               absl::StrCat("HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n"
                                            "Content-Length: ",
                                            bomb.size(), "\r\n\r\n", bomb)});
  const absl::StatusOr<Verification> found = Verify(server.address(), compress, true, kTimeout);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_HAS(found->difference, "inflates to more than 2 bytes");
  Workload elsewhere = Get("/elsewhere");
  elsewhere.mutable_expect()->set_body(bomb);
  const absl::StatusOr<Verification> kept = Verify(server.address(), elsewhere, true, kTimeout);
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_EQ(kept->difference, "");
}

TEST(WaitUntilReadyTest, AsksUntilTheResponseIs200) {
  ScriptedServer server(
      {"", HttpResponse("503 Not yet", "a/b", ""), HttpResponse("200 OK", "a/b", "ok")});
  EXPECT_TRUE(WaitUntilReady(server.address(), "/ready", kTimeout).ok());
  EXPECT_EQ(server.requests().size(), 3u);
  EXPECT_TRUE(absl::StartsWith(server.requests()[2], "GET /ready HTTP/1.1\r\n"));
}

TEST(WaitUntilReadyTest, EndsWhenTheCallerGivesUp) {
  ScriptedServer server(
      {HttpResponse("503 Not yet", "a/b", ""), HttpResponse("503 Not yet", "a/b", "")});
  int calls = 0;
  const absl::Status status = WaitUntilReady(server.address(), "/", kTimeout, [&calls] {
    return ++calls < 3 ? absl::OkStatus() : absl::AbortedError("it crashed");
  });
  EXPECT_EQ(status, absl::AbortedError("it crashed"));
}

// Lets WaitUntilReady() make `attempts` attempts, and a last one that the deadline cuts short.
absl::Status AfterAttempts(const std::string& address, int attempts) {
  ManualClock clock;
  int calls = 0;
  const auto before_attempt = [&] {
    if (calls++ == attempts) {
      clock.SleepUntil(absl::ToInt64Nanoseconds(kTimeout - absl::Milliseconds(1)));
    }
    return absl::OkStatus();
  };
  return WaitUntilReady(address, "/healthz", kTimeout, before_attempt, clock);
}

TEST(WaitUntilReadyTest, ReportsTheLastAttemptsFailure) {
  ScriptedServer server({});
  // No process accepts the connection, so the attempts themselves time out.
  const absl::Status status = AfterAttempts(server.address(), 0);
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_HAS(std::string(status.message()), "not ready within 30s");
  EXPECT_HAS(std::string(status.message()), "/healthz at 127.0.0.1:");
}

TEST(WaitUntilReadyTest, ReportsTheLastResponseRatherThanATimedOutAttempt) {
  // If the machine stalls for a second, an attempt misses its response; a later one has another.
  constexpr int kAttempts = 20;
  ScriptedServer server(
      std::vector<std::string>(kAttempts, HttpResponse("503 Not yet", "a/b", "")));
  const absl::Status status = AfterAttempts(server.address(), kAttempts);
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_HAS(std::string(status.message()), "responds with status 503");
}

}  // namespace
}  // namespace assay::agent
