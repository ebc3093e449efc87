#include "agent/telemetry/network_counters.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/unique_fd.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(ParseNetworkCountersTest, ReadsPairsOfNamesAndValues) {
  EXPECT_THAT(
      *ParseNetworkCounters("Tcp: RtoMin MaxConn InSegs\n"
                            "Tcp: 200 -1 9876543210\n"
                            "TcpExt: ListenOverflows\n"
                            "TcpExt: 3\n"),
      UnorderedElementsAre(Pair("Tcp.RtoMin", 200), Pair("Tcp.MaxConn", -1),
                           Pair("Tcp.InSegs", 9876543210), Pair("TcpExt.ListenOverflows", 3)));
  EXPECT_TRUE(ParseNetworkCounters("")->empty());
}

TEST(ParseNetworkCountersTest, RejectsLinesThatAreNotAPair) {
  for (const char* text : {"Tcp: A\n", "Tcp: A\nUdp: 1\n", "Tcp: A B\nTcp: 1\n", "Tcp A\nTcp 1\n",
                           "Tcp: A\nTcp: x\n", " \n \n", "Tcp: A\nTcp: 99999999999999999999\n"}) {
    EXPECT_EQ(ParseNetworkCounters(text).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(CountedBetweenTest, KeepsChangedCountersAndThoseOfGates) {
  const NetworkCounters start = {{"Tcp.CurrEstab", 5},          {"Tcp.InSegs", 10},
                                 {"Tcp.OutSegs", 10},           {"Tcp.RtoMax", 120},
                                 {"TcpExt.ListenOverflows", 7}, {"Tcp.RetransSegs", 1}};
  const NetworkCounters end = {{"Tcp.CurrEstab", 9},
                               {"Tcp.InSegs", 15},
                               {"Tcp.OutSegs", 10},
                               {"Tcp.RtoMax", 120},
                               {"TcpExt.ListenOverflows", 7},
                               {"Tcp.RetransSegs", 4},
                               {"New.Counter", 3}};
  EXPECT_THAT(CountedBetween(start, end),
              ElementsAre(Pair("Tcp.InSegs", 5), Pair("Tcp.RetransSegs", 3),
                          Pair("TcpExt.ListenOverflows", 0)));
}

TEST(ReadNetworkCountersTest, ThisMachineHasTheCountersOfGates) {
  const absl::StatusOr<NetworkCounters> counters = ReadNetworkCounters();
  ASSERT_TRUE(counters.ok()) << counters.status();
  for (const char* name : {"Tcp.RetransSegs", "TcpExt.ListenOverflows", "TcpExt.ListenDrops"}) {
    EXPECT_EQ(counters->count(name), 1u) << name;
  }
}

// A full accept queue must be visible: it causes latency that is not the server's.
TEST(ReadNetworkCountersTest, CountsAnAcceptedConnection) {
  const NetworkCounters before = *ReadNetworkCounters();
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const UniqueFd client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(client.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  const NetworkCounters counted = CountedBetween(before, *ReadNetworkCounters());
  EXPECT_GE(counted.at("Tcp.ActiveOpens"), 1);
}

}  // namespace
}  // namespace assay::agent
