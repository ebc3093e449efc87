#include "server/net/acceptor.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/unique_fd.h"
#include "gtest/gtest.h"
#include "server/net/event_loop.h"
#include "server/net/listening_socket.h"
#include "server/net/test_client.h"

namespace assay::server {
namespace {

int64_t test_time_ns = 0;
int64_t TestTime() { return test_time_ns; }

// Otherwise the acceptor would close each connection as soon as it arrives.
TEST(AcceptorTest, PausesWhileTheSystemCannotWatchConnections) {
  test_time_ns = 1'000'000'000'000;
  auto loop = EventLoop::Create(TestTime);
  ASSERT_TRUE(loop.ok()) << loop.status();
  auto sockets = ListeningSocket::Open("127.0.0.1:0", 1, {});
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  const std::string address = sockets->front().address();
  int error = ENOSPC;
  int asked = 0;
  std::vector<UniqueFd> taken;
  Acceptor acceptor(*loop, std::move(sockets->front()), [&](UniqueFd connection) {
    ++asked;
    if (error == 0) taken.push_back(std::move(connection));
    return error;
  });
  ASSERT_TRUE(acceptor.Start());
  const TestClient first(address);
  const TestClient second(address);
  const TestClient third(address);
  for (int i = 0; i < 5; ++i) loop->RunOnce(0, [] {});
  EXPECT_EQ(asked, 1);
  error = 0;
  test_time_ns += 2 * Acceptor::kPauseNanos;
  for (int i = 0; i < 5; ++i) loop->RunOnce(0, [] {});
  EXPECT_EQ(taken.size(), 2u);
}

}  // namespace
}  // namespace assay::server
