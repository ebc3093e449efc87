// How targets are started, asked for their version, and stopped.

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "agent/launcher/launch_options.h"
#include "agent/launcher/launched_process.h"
#include "common/cpu_set.h"
#include "common/unique_fd.h"
#include "gtest/gtest.h"
#include "targets/contract/contract_fixture.h"
#include "targets/contract/target_sockets.h"

namespace assay::targets {
namespace {

// A value other than the default for each option of the entries in the catalogue.
const std::map<std::string, std::string>& Values() {
  static const auto* const values =
      new std::map<std::string, std::string>{{"threads", "3"},
                                             {"backlog", "64"},
                                             {"tcp_nodelay", "off"},
                                             {"keep_alive_requests", "2"},
                                             {"burn_ns", "1000"}};
  return *values;
}

TEST_P(ContractTest, ServesWithEachOption) {
  EXPECT_GT(target().target().options_size(), 0);
  for (const auto& option : target().target().options()) {
    ASSERT_EQ(Values().count(option.name()), 1u) << "no value to try for " << option.name();
    const auto running = RunningTarget::Start(BoxCatalogue(), target().target(),
                                              {{option.name(), Values().at(option.name())}});
    ASSERT_TRUE(running.ok()) << option.name() << ": " << running.status();
    for (int i = 0; i < 10; ++i) {
      auto connection = RawConnection::Open((*running)->address());
      ASSERT_TRUE(connection.ok()) << connection.status();
      Ask(*connection, {"GET", "/json", "", ""});
    }
    EXPECT_TRUE((*running)->Stop().ok()) << option.name();
  }
}

// The sockets of a target that runs with these options, after two responses on one connection: nginx sets a
// connection's options after sending the first. Skips the test if the target does not have the options.
void FindSockets(const CatalogueTarget& target, const std::map<std::string, std::string>& options,
                 TargetSockets& sockets) {
  const auto running = RunningTarget::Start(BoxCatalogue(), target, options);
  if (absl::IsInvalidArgument(running.status())) {
    GTEST_SKIP() << std::string(running.status().message());
  }
  ASSERT_TRUE(running.ok()) << running.status();
  const std::string& address = (*running)->address();
  auto connection = RawConnection::Open(address);
  ASSERT_TRUE(connection.ok()) << connection.status();
  for (int response = 0; response < 2; ++response) {
    ASSERT_TRUE(connection->Send("GET /json HTTP/1.1\r\nHost: h\r\n\r\n").ok());
    ASSERT_TRUE(connection->Read().ok());
  }
  const auto found = FindTargetSockets((*running)->process().Tree(),
                                       std::stoi(address.substr(address.rfind(':') + 1)));
  if (absl::IsPermissionDenied(found.status())) {
    GTEST_SKIP() << std::string(found.status().message());
  }
  ASSERT_TRUE(found.ok()) << found.status();
  sockets = *found;
}

TEST_P(ContractTest, EachThreadHasAListeningSocket) {
  TargetSockets sockets;
  FindSockets(target().target(), {{"threads", "3"}}, sockets);
  if (IsSkipped()) return;
  EXPECT_EQ(sockets.listening.size(), 3u);
}

// A listening socket on its own port, which allows sharing the port.
UniqueFd ListenAlone(uint16_t& port) {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof(address);
  const auto generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)), 0);
  EXPECT_EQ(bind(fd.get(), generic, size), 0);
  EXPECT_EQ(listen(fd.get(), 1), 0);
  EXPECT_EQ(getsockname(fd.get(), generic, &size), 0);
  port = ntohs(address.sin_port);
  return fd;
}

// Otherwise a server left from an earlier run would silently get some of the load.
TEST_P(ContractTest, RefusesAPortOnWhichAnotherServerListens) {
  if (!target().target().files().empty()) {
    GTEST_SKIP() << "its configuration file has no condition for sharing a port";
  }
  uint16_t port = 0;
  const UniqueFd other = ListenAlone(port);
  const auto cpus = CpuSet::AllowedForThisProcess();
  ASSERT_TRUE(cpus.ok()) << cpus.status();
  for (const char* threads : {"1", "2"}) {
    const auto resolved = BoxCatalogue().Resolve(
        target().target(), {"127.0.0.1", port, *cpus, "/nonexistent"}, {{"threads", threads}});
    ASSERT_TRUE(resolved.ok()) << resolved.status();
    agent::LaunchOptions launch;
    launch.argv = resolved->argv;
    launch.environment = resolved->environment;
    const auto process = agent::LaunchedProcess::Start(std::move(launch));
    ASSERT_TRUE(process.ok()) << process.status();
    ASSERT_TRUE((*process)->WaitForEnd(absl::Now() + absl::Seconds(60)).has_value()) << threads;
    const std::string output = (*process)->StandardError();
    EXPECT_NE(output.find("in use"), std::string::npos) << threads << " threads: " << output;
  }
}

TEST_P(ContractTest, TheBacklogReachesTheKernel) {
  TargetSockets sockets;
  FindSockets(target().target(), {{"backlog", "64"}}, sockets);
  if (IsSkipped()) return;
  ASSERT_EQ(sockets.listening.size(), 1u);
  EXPECT_EQ(sockets.listening.front().backlog, 64);
}

TEST_P(ContractTest, TcpNodelayReachesTheKernel) {
  for (const bool on : {true, false}) {
    TargetSockets sockets;
    FindSockets(target().target(), {{"tcp_nodelay", on ? "on" : "off"}}, sockets);
    if (IsSkipped()) return;
    ASSERT_FALSE(sockets.connected.empty());
    for (const auto& connected : sockets.connected) EXPECT_EQ(connected.tcp_nodelay, on);
  }
}

TEST_P(ContractTest, ClosesAfterTheRequestsOfKeepAlive) {
  const auto running =
      RunningTarget::Start(BoxCatalogue(), target().target(), {{"keep_alive_requests", "2"}});
  if (absl::IsInvalidArgument(running.status())) {
    GTEST_SKIP() << std::string(running.status().message());
  }
  ASSERT_TRUE(running.ok()) << running.status();
  auto connection = RawConnection::Open((*running)->address());
  ASSERT_TRUE(connection.ok()) << connection.status();
  Ask(*connection, {"GET", "/json", "", ""});
  Ask(*connection, {"GET", "/json", "", ""});
  EXPECT_TRUE(connection->ReadsEnd());
}

TEST_P(ContractTest, StopsWithConnectionsOpen) {
  const auto running = RunningTarget::Start(BoxCatalogue(), target().target());
  ASSERT_TRUE(running.ok()) << running.status();
  // One connection is idle after a response, one is in the middle of a request.
  auto idle = RawConnection::Open((*running)->address());
  auto busy = RawConnection::Open((*running)->address());
  ASSERT_TRUE(idle.ok() && busy.ok());
  Ask(*idle, {"GET", "/json", "", ""});
  ASSERT_TRUE(busy->Send("GET /json HTT").ok());
  const absl::Status stopped = (*running)->Stop();
  EXPECT_TRUE(stopped.ok()) << stopped;
  EXPECT_TRUE(idle->ReadsEnd());
}

TEST_P(ContractTest, PrintsItsVersion) {
  agent::LaunchOptions launch;
  launch.argv = BoxCatalogue().VersionArgv(target().target());
  launch.environment = agent::Catalogue::Environment();
  ASSERT_FALSE(launch.argv.empty());
  const auto process = agent::LaunchedProcess::Start(std::move(launch));
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_TRUE((*process)->WaitForEnd(absl::Now() + absl::Seconds(60)).has_value());
  const std::string output = (*process)->StandardOutput() + (*process)->StandardError();
  EXPECT_NE(output.find_first_of("0123456789"), std::string::npos) << output;
}

}  // namespace
}  // namespace assay::targets
