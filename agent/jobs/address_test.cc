#include "agent/jobs/address.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <string>

#include "common/unique_fd.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

IpAddress Ip(std::string_view text) { return *IpAddress::Parse(text); }

TEST(HostPortTest, ReadsNamesAndBothKindsOfAddresses) {
  for (const char* text : {"localhost:80", "127.0.0.1:9000", "[::1]:65535", "h:0"}) {
    const absl::StatusOr<HostPort> read = HostPort::Parse(text);
    ASSERT_TRUE(read.ok()) << text;
    EXPECT_EQ(read->ToString(), text);
  }
  EXPECT_EQ(HostPort::Parse("[::1]:80")->host, "::1");
}

TEST(HostPortTest, RefusesWhatIsNoAddressAndQuotesIt) {
  for (const char* text : {"", "host", ":80", "host:", "host:65536", "host:-1", "host:8o", "::1:80",
                           "[::1]80", "[::1"}) {
    const absl::Status refused = HostPort::Parse(text).status();
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << text;
    EXPECT_NE(std::string(refused.message()).find("'" + std::string(text) + "'"),
              std::string::npos);
  }
}

TEST(IpAddressTest, KnowsLoopbackAndWildcardsOfBothKinds) {
  for (const char* text : {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(Ip(text).IsLoopback()) << text;
  }
  for (const char* text : {"10.0.0.1", "128.0.0.1", "::2", "::", "fe80::1", "0.0.0.0"}) {
    EXPECT_FALSE(Ip(text).IsLoopback()) << text;
  }
  EXPECT_TRUE(Ip("0.0.0.0").IsWildcard());
  EXPECT_TRUE(Ip("::").IsWildcard());
  EXPECT_FALSE(Ip("0.0.0.1").IsWildcard());
}

// Or "::ffff:10.0.0.1" would be a way round a rule about 10.0.0.1.
TEST(IpAddressTest, BothSpellingsOfAnIpv4AddressAreEqual) {
  EXPECT_EQ(Ip("::ffff:10.0.0.1"), Ip("10.0.0.1"));
  EXPECT_EQ(Ip("::ffff:10.0.0.1").ToString(), "10.0.0.1");
}

TEST(CidrTest, ContainsByPrefix) {
  EXPECT_TRUE(Cidr::Parse("10.1.0.0/16")->Contains(Ip("10.1.255.255")));
  EXPECT_FALSE(Cidr::Parse("10.1.0.0/16")->Contains(Ip("10.2.0.0")));
  EXPECT_TRUE(Cidr::Parse("10.1.2.128/25")->Contains(Ip("10.1.2.129")));
  EXPECT_FALSE(Cidr::Parse("10.1.2.128/25")->Contains(Ip("10.1.2.127")));
  EXPECT_TRUE(Cidr::Parse("10.1.2.3")->Contains(Ip("10.1.2.3")));
  EXPECT_FALSE(Cidr::Parse("10.1.2.3")->Contains(Ip("10.1.2.4")));
  EXPECT_TRUE(Cidr::Parse("fd00::/8")->Contains(Ip("fd12::1")));
  EXPECT_FALSE(Cidr::Parse("fd00::/8")->Contains(Ip("fe00::1")));
  // All of IPv4 is not all of IPv6.
  EXPECT_TRUE(Cidr::Parse("0.0.0.0/0")->Contains(Ip("8.8.8.8")));
  EXPECT_FALSE(Cidr::Parse("0.0.0.0/0")->Contains(Ip("fd00::1")));
}

TEST(CidrTest, RefusesWhatIsNoNetwork) {
  for (const char* text :
       {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0/8", "host/8", "::/129", "::/-1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Cidr::Parse(text).status())) << text;
  }
}

// A server's port must not be one that the kernel gives to a connection: one that is refused could meet itself.
TEST(FreePortTest, IsOutsideTheRangeOfConnectionsAndCanBeListenedOn) {
  for (int i = 0; i < 20; ++i) {
    const absl::StatusOr<uint16_t> port = FreePort("127.0.0.1");
    ASSERT_TRUE(port.ok()) << port.status();
    EXPECT_TRUE(CanListen("127.0.0.1", *port).ok());
    int low = 0;
    int high = 0;
    FILE* const range = fopen("/proc/sys/net/ipv4/ip_local_port_range", "r");
    ASSERT_NE(range, nullptr);
    ASSERT_EQ(fscanf(range, "%d %d", &low, &high), 2);
    fclose(range);
    EXPECT_TRUE(*port < low || *port > high) << *port;
  }
}

TEST(CanListenTest, APortInUseIsNamed) {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(fd.get(), reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
  ASSERT_EQ(listen(fd.get(), 1), 0);
  socklen_t size = sizeof name;
  ASSERT_EQ(getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size), 0);
  const uint16_t port = ntohs(name.sin_port);
  const absl::Status refused = CanListen("127.0.0.1", port);
  EXPECT_TRUE(absl::IsAlreadyExists(refused)) << refused;
  EXPECT_NE(std::string(refused.message()).find("127.0.0.1:" + std::to_string(port) + " is in use"),
            std::string::npos)
      << refused;
}

TEST(CanListenTest, AnAddressOfAnotherHostIsRefused) {
  EXPECT_FALSE(CanListen("192.0.2.1", 12'345).ok());
}

}  // namespace
}  // namespace assay::agent
