#include "controller/campaign/agent_pool.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/monotonic_clock.h"
#include "common/unique_fd.h"
#include "controller/campaign/interruption.h"
#include "controller/clients/fake_agent.h"

namespace assay::controller {
namespace {

// Listens, but never responds.
class SilentHost {
 public:
  SilentHost() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&name), size), 0);
    EXPECT_EQ(listen(fd_.get(), 16), 0);
    EXPECT_EQ(getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
    address_ = absl::StrCat("127.0.0.1:", ntohs(name.sin_port));
  }
  const std::string& address() const { return address_; }

 private:
  const UniqueFd fd_;
  std::string address_;
};

// A dozen slow hosts take only as long as the slowest one.
TEST(AgentPoolTest, ConnectsToAllAgentsInParallelAndKeepsTheirOrder) {
  absl::Mutex mutex;
  int asked = 0;
  bool all = true;
  const auto all_asked = [&asked] { return asked == 3; };
  std::vector<FakeAgent> agents(3);
  std::vector<std::string> addresses;
  for (FakeAgent& agent : agents) {
    addresses.push_back(agent.address());
    agent.SetDescribeHook([&] {
      absl::MutexLock lock(&mutex);
      ++asked;
      if (!mutex.AwaitWithTimeout(absl::Condition(&all_asked), absl::Minutes(1))) all = false;
    });
  }
  const auto pool = AgentPool::Connect(addresses, TlsFiles());
  ASSERT_TRUE(pool.ok()) << pool.status();
  EXPECT_TRUE(all);
  for (size_t i = 0; i < addresses.size(); ++i) {
    EXPECT_EQ((*pool)->members()[i].record.address(), addresses[i]);
    EXPECT_EQ((*pool)->members()[i].client->address(), addresses[i]);
  }
}

TEST(AgentPoolTest, ReportsTheErrorsOfAllAgentsTogether) {
  FakeAgent agent;
  const auto pool = AgentPool::Connect({agent.address(), "here", "127.0.0.1:1"}, TlsFiles());
  EXPECT_EQ(pool.status().code(), absl::StatusCode::kInvalidArgument) << pool.status();
  EXPECT_NE(pool.status().message().find("agent 'here'"), absl::string_view::npos) << pool.status();
  EXPECT_NE(pool.status().message().find("agent --listen=127.0.0.1:1"), absl::string_view::npos)
      << pool.status();
}

TEST(AgentPoolTest, ReportsAnErrorOfAllAgentsOnce) {
  const auto pool = AgentPool::Connect({"127.0.0.1:1", "127.0.0.1:2"}, TlsFiles{"ca", "", ""});
  EXPECT_EQ(pool.status().code(), absl::StatusCode::kInvalidArgument) << pool.status();
  EXPECT_EQ(pool.status().message().find('\n'), absl::string_view::npos) << pool.status();
}

TEST(AgentPoolTest, AnInterruptionEndsConnectAtOnce) {
  const SilentHost silent;
  FakeAgent asked;
  Interruption interruption;
  asked.SetDescribeHook([&] { interruption.Request(absl::AbortedError("interrupted by SIGINT")); });
  const int64_t began_ns = Clock::Real().NowNanos();
  const auto pool =
      AgentPool::Connect({silent.address(), asked.address()}, TlsFiles(), &interruption);
  EXPECT_EQ(pool.status(), absl::AbortedError("interrupted by SIGINT"));
  // Without the interruption, Connect() would wait at least this long for the silent agent.
  EXPECT_LT(absl::Nanoseconds(Clock::Real().NowNanos() - began_ns), kDescribeTimeout);
}

TEST(AgentPoolTest, AnEarlierInterruptionStartsNothing) {
  Interruption interruption;
  interruption.Request(absl::AbortedError("interrupted by SIGINT"));
  EXPECT_EQ(AgentPool::Connect({}, TlsFiles(), &interruption).status(),
            absl::AbortedError("interrupted by SIGINT"));
}

}  // namespace
}  // namespace assay::controller
