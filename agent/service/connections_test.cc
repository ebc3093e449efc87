// Tests which connections are admitted and which are shut down, with real sockets and a simulated time, and an accept
// loop without descriptors.

#include "agent/service/connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "agent/jobs/address.h"
#include "agent/service/accept_loop.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

constexpr int kTimeoutMs = 60'000;

uint16_t PortOf(int fd) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size), 0);
  return ntohs(name.sin_port);
}

// The client's end, bound to another loopback address, which is another host to the server.
UniqueFd Connect(uint16_t port, const std::string& from = "127.0.0.1") {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in own{};
  own.sin_family = AF_INET;
  inet_pton(AF_INET, from.c_str(), &own.sin_addr);
  EXPECT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&own), sizeof own), 0) << strerror(errno);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&server), sizeof server), 0)
      << strerror(errno);
  return fd;
}

// Waits until the other end is closed. Returns whether it is.
bool IsClosed(int fd) {
  pollfd descriptor{.fd = fd, .events = POLLIN | POLLRDHUP, .revents = 0};
  return poll(&descriptor, 1, 0) == 1;
}
bool GetsClosed(int fd) {
  pollfd descriptor{.fd = fd, .events = POLLIN | POLLRDHUP, .revents = 0};
  return poll(&descriptor, 1, kTimeoutMs) == 1;
}

class ConnectionsTest : public testing::Test {
 protected:
  ConnectionsTest() : listener_(*ListenOn("127.0.0.1", 0)) {}

  struct Pair {
    UniqueFd client;
    UniqueFd server;
  };
  Pair NewPair(const std::string& from = "127.0.0.1") {
    UniqueFd client = Connect(PortOf(listener_.get()), from);
    pollfd descriptor{.fd = listener_.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&descriptor, 1, kTimeoutMs), 1);
    UniqueFd server(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    EXPECT_TRUE(server.ok());
    return {std::move(client), std::move(server)};
  }
  static std::string GrpcNameOf(const Pair& pair) {
    return "ipv4:127.0.0.1:" + std::to_string(PortOf(pair.client.get()));
  }

  const UniqueFd listener_;
};

TEST_F(ConnectionsTest, EndsSilentConnectionsButNotUsedOnes) {
  Connections connections({.most = 8, .most_from_one_host = 8, .silence_ns = 100});
  const Pair silent = NewPair();
  const Pair used = NewPair();
  ASSERT_TRUE(connections.Admit(silent.server.get(), 1'000));
  ASSERT_TRUE(connections.Admit(used.server.get(), 1'000));
  EXPECT_EQ(connections.EndSilent(1'099), 1'100);
  EXPECT_FALSE(IsClosed(silent.client.get()));
  connections.MarkUsed(GrpcNameOf(used));
  EXPECT_EQ(connections.EndSilent(1'100), std::nullopt);
  EXPECT_TRUE(GetsClosed(silent.client.get()));
  EXPECT_FALSE(IsClosed(used.client.get()));
  EXPECT_EQ(connections.Count(), 1u);
}

// Many silent connections must not keep a controller out or end a connection in use.
TEST_F(ConnectionsTest, EndsTheOldestSilentConnectionIfThereAreTooMany) {
  Connections connections({.most = 3, .most_from_one_host = 3});
  const Pair controller = NewPair();
  ASSERT_TRUE(connections.Admit(controller.server.get(), 0));
  connections.MarkUsed(GrpcNameOf(controller));
  std::deque<Pair> flood;
  for (int i = 0; i < 5; ++i) {
    flood.push_back(NewPair());
    ASSERT_TRUE(connections.Admit(flood.back().server.get(), i));
    EXPECT_LE(connections.Count(), 3u);
  }
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(GetsClosed(flood[i].client.get())) << i;
  EXPECT_FALSE(IsClosed(flood[3].client.get()));
  EXPECT_FALSE(IsClosed(flood[4].client.get()));
  EXPECT_FALSE(IsClosed(controller.client.get()));
}

TEST_F(ConnectionsTest, EndsAConnectionOfTheHostWithTheMostSilentOnes) {
  Connections connections({.most = 3, .most_from_one_host = 3});
  const Pair quiet = NewPair("127.0.0.2");
  ASSERT_TRUE(connections.Admit(quiet.server.get(), 0));
  const Pair flood[] = {NewPair(), NewPair()};
  for (const Pair& pair : flood) ASSERT_TRUE(connections.Admit(pair.server.get(), 1));
  const Pair late = NewPair("127.0.0.3");
  ASSERT_TRUE(connections.Admit(late.server.get(), 2));
  EXPECT_TRUE(GetsClosed(flood[0].client.get()));
  EXPECT_FALSE(IsClosed(quiet.client.get())) << "though it is the oldest";
}

TEST_F(ConnectionsTest, LimitsTheUsedConnectionsOfOneHost) {
  Connections connections({.most = 4, .most_from_one_host = 2});
  const Pair first[] = {NewPair(), NewPair()};
  for (const Pair& pair : first) {
    ASSERT_TRUE(connections.Admit(pair.server.get(), 0));
    connections.MarkUsed(GrpcNameOf(pair));
  }
  EXPECT_FALSE(connections.Admit(NewPair().server.get(), 1));
  EXPECT_TRUE(connections.Admit(NewPair("127.0.0.2").server.get(), 1));
}

// gRPC may close a connection at any time, and the system reuses its descriptor number.
TEST_F(ConnectionsTest, DoesNotTouchAReusedDescriptorNumber) {
  Connections connections({.most = 8, .most_from_one_host = 8, .silence_ns = 100});
  Pair old = NewPair();
  const int number = old.server.get();
  ASSERT_TRUE(connections.Admit(number, 0));
  const Pair other = NewPair();
  ASSERT_EQ(dup2(other.server.get(), number), number);
  EXPECT_EQ(connections.Count(), 0u);
  EXPECT_EQ(connections.EndSilent(1'000), std::nullopt);
  EXPECT_FALSE(IsClosed(other.client.get()));
}

TEST_F(ConnectionsTest, RecognisesGrpcsNameOfAnIpv6Peer) {
  const UniqueFd listener = *ListenOn("::1", 0);
  sockaddr_in6 name{};
  socklen_t size = sizeof name;
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  const UniqueFd client(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&name), size), 0);
  const UniqueFd server(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  Connections connections({.most = 8, .most_from_one_host = 8, .silence_ns = 100});
  ASSERT_TRUE(connections.Admit(server.get(), 0));
  ASSERT_EQ(getsockname(client.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  connections.MarkUsed("ipv6:%5B::1%5D:" + std::to_string(ntohs(name.sin6_port)));
  EXPECT_EQ(connections.EndSilent(1'000), std::nullopt);
  EXPECT_FALSE(IsClosed(client.get()));
}

// The listener of gRPC 1.51 stops accepting after the first such error.
TEST_F(ConnectionsTest, AcceptLoopContinuesAfterALackOfDescriptors) {
  Connections connections({.most = 1'000, .most_from_one_host = 1'000});
  absl::Mutex mutex;
  std::vector<UniqueFd> taken;
  UniqueFd listener = *ListenOn("127.0.0.1", 0);
  const uint16_t port = PortOf(listener.get());
  auto loop = AcceptLoop::Start(std::move(listener), connections, [&](UniqueFd connection) {
    absl::MutexLock lock(&mutex);
    taken.push_back(std::move(connection));
  });
  ASSERT_TRUE(loop.ok()) << loop.status();
  // The client's ends are created first; then no descriptor is left for the server's ends.
  std::vector<UniqueFd> clients;
  for (int i = 0; i < 20; ++i) {
    clients.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
  rlimit files{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(clients.back().get()),
                    .rlim_max = files.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (const UniqueFd& client : clients) {
    ASSERT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&server), sizeof server), 0);
  }
  for (const UniqueFd& client : clients) {
    EXPECT_TRUE(GetsClosed(client.get())) << "refused, not left to wait";
  }
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
  const UniqueFd later = Connect(port);
  absl::MutexLock lock(&mutex);
  const auto came = [&taken] { return !taken.empty(); };
  EXPECT_TRUE(mutex.AwaitWithTimeout(absl::Condition(&came), absl::Milliseconds(kTimeoutMs)));
}

}  // namespace
}  // namespace assay::agent
