// Descriptors and source ports run out: that is counted and named, and no request goes missing by it.

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "agent/loadgen/dial.h"
#include "agent/loadgen/load_run.h"
#include "agent/loadgen/options.h"
#include "agent/loadgen/target_address.h"
#include "agent/loadgen/test_load.h"
#include "agent/loadgen/test_server.h"
#include "common/unique_fd.h"
#include "gtest/gtest.h"

namespace assay::loadgen {
namespace {

using Reply = TestServer::Reply;
using Seen = TestServer::Seen;

constexpr int64_t kMillisecond = 1'000'000;

void Nap() {
  const timespec time{0, kMillisecond};
  nanosleep(&time, nullptr);
}

// Every response is the last on its connection: the next request needs a new one.
Reply Bye(const Seen&) {
  return {TestServer::Ok("bye", "Connection: close\r\n"), kMillisecond, Reply::Then::kClose};
}

// While it lives, this process opens no more files.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    rlimit none = before_;
    none.rlim_cur = 3;
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoMoreDescriptors() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }

 private:
  rlimit before_{};
};

void ExpectGoesOnAfterDescriptorsRanOut(LoadOptions options, TestServer& server) {
  options.duration_ns = 0;
  options.request_count = 1000;
  uint64_t until_then = 0;
  const LoadResult result = RunTestLoad(options, [&] {
                              while (server.requests() < 20) Nap();
                              {
                                const NoMoreDescriptors none;
                                for (int i = 0; i < 200; ++i) Nap();
                              }
                              until_then = server.requests();
                            }).result;
  EXPECT_GT(result.error_kinds.at("file descriptors exhausted"), 0u);
  EXPECT_EQ(result.errors, result.error_kinds.at("file descriptors exhausted"));
  EXPECT_GE(result.ok, 20u);
  EXPECT_GT(server.requests(), until_then) << "it does not go on when there are descriptors again";
}

TEST(ExhaustionTest, TheClosedLoopNamesDescriptorsThatRunOutAndGoesOnWhenThereAreSome) {
  TestServer server(Bye);
  ExpectGoesOnAfterDescriptorsRanOut(OptionsFor(server.target(), 4), server);
}

TEST(ExhaustionTest, TheOpenLoopNamesDescriptorsThatRunOutAndGoesOnWhenThereAreSome) {
  TestServer server(Bye);
  LoadOptions options = OptionsFor(server.target(), 4);
  options.rate_per_s = 500;
  options.pacing = Pacing::kGentle;
  options.queue_limit = 100'000;
  ExpectGoesOnAfterDescriptorsRanOut(options, server);
}

TEST(ExhaustionTest, MoreConnectionsThanTheLimitOfOpenFilesAllowsAreRefusedByName) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  TestServer server(Bye);
  const LoadOptions options = OptionsFor(
      server.target(), static_cast<int>(std::min<rlim_t>(before.rlim_max, 1'000'000'000)));
  const absl::StatusOr<std::unique_ptr<LoadRun>> run = LoadRun::Create(&options, nullptr);
  EXPECT_EQ(run.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(absl::StrContains(run.status().message(), "ulimit -Hn")) << run.status();
}

// A network of its own for the thread that makes it, and for those that that one starts, with few source ports.
class FewSourcePorts : public testing::Test {
 protected:
  static constexpr int kPorts = 32;

  // Calls it in such a network; skips the test where this process may not make one.
  static void In(const std::function<void()>& body) {
    std::string why_not;
    std::thread([&] {
      why_not = Enter();
      if (why_not.empty()) body();
    }).join();
    if (!why_not.empty()) GTEST_SKIP() << "it takes root to make a network: " << why_not;
  }

 private:
  static std::string Enter() {
    if (unshare(CLONE_NEWNET) != 0) return "unshare";
    const UniqueFd any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq loopback{.ifr_ifrn = {"lo"}, .ifr_ifru = {.ifru_flags = IFF_UP}};
    if (ioctl(any.get(), SIOCSIFFLAGS, &loopback) != 0) return "no loopback";
    const UniqueFd range(open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC));
    const std::string ports = "40000 " + std::to_string(40000 + kPorts - 1);
    if (write(range.get(), ports.data(), ports.size()) < 0) return "ip_local_port_range";
    return "";
  }
};

// Connects, and so takes a source port; false where there is none.
bool TakePort(const TargetAddress& target, std::vector<UniqueFd>& taken) {
  Dialled dialled = Dial(target);
  if (!dialled.fd.ok()) return false;
  taken.push_back(std::move(dialled.fd));
  return true;
}

TEST_F(FewSourcePorts, ThatAreFewerThanConnectionsAreNamedAndCounted) {
  In([] {
    TestServer server(Bye);
    const LoadOptions options = OptionsFor(server.target(), kPorts + 10);
    absl::StatusOr<std::unique_ptr<LoadRun>> run = LoadRun::Create(&options, nullptr);
    ASSERT_TRUE(run.ok()) << run.status();
    const absl::Status prepared = (*run)->Prepare();
    EXPECT_EQ(prepared.code(), absl::StatusCode::kUnavailable);
    EXPECT_TRUE(absl::StrContains(prepared.message(), "source ports exhausted")) << prepared;
    EXPECT_TRUE(absl::StrContains(prepared.message(), "ip_local_port_range")) << prepared;
    const LoadResult result = (*run)->Finish();
    EXPECT_GT(result.error_kinds.at("source ports exhausted"), 0u);
    EXPECT_EQ(result.sent, result.errors);
    EXPECT_EQ(result.accounting_error, "");
  });
}

// Someone else takes each port that becomes free.
TEST_F(FewSourcePorts, ThatRunOutInTheWindowAreNamedAndCounted) {
  In([] {
    TestServer server(Bye);
    LoadOptions options = OptionsFor(server.target(), 4);
    options.duration_ns = 0;
    options.request_count = 200;
    const LoadResult result = RunTestLoad(options, [&] {
                                while (server.requests() < 20) Nap();
                                std::vector<UniqueFd> taken;
                                for (int i = 0; i < 300; ++i) {
                                  while (TakePort(options.target, taken)) {
                                  }
                                  Nap();
                                }
                                for (UniqueFd& fd : taken) CloseWithReset(std::move(fd));
                              }).result;
    EXPECT_EQ(result.sent, 200u);
    EXPECT_GE(result.ok, 20u);
    EXPECT_GT(result.error_kinds.at("source ports exhausted"), 0u);
    EXPECT_EQ(result.timeouts, 0u);
  });
}

}  // namespace
}  // namespace assay::loadgen
