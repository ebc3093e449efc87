#include "agent/jobs/port_ledger.h"

#include <cstdint>
#include <deque>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/jobs/address.h"
#include "common/unique_fd.h"
#include "gtest/gtest.h"

namespace assay::agent {
namespace {

constexpr char kHost[] = "127.0.0.1";

// The system finds a port free until its server listens.
TEST(PortLedgerTest, NoTwoServersGetTheSamePort) {
  std::deque<uint16_t> found = {20'000, 20'000, 20'001, 20'000};
  PortLedger ledger([&found](const std::string&) {
    const uint16_t port = found.front();
    found.pop_front();
    return port;
  });
  EXPECT_EQ(*ledger.TakeFree(kHost), 20'000);
  EXPECT_EQ(*ledger.TakeFree(kHost), 20'001);
  ledger.Return(20'000);
  EXPECT_EQ(*ledger.TakeFree(kHost), 20'000) << "its server has ended";
}

TEST(PortLedgerTest, EndsIfEveryFreePortIsTaken) {
  PortLedger ledger([](const std::string&) { return uint16_t{20'000}; });
  ASSERT_TRUE(ledger.TakeFree(kHost).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ledger.TakeFree(kHost).status()));
}

TEST(PortLedgerTest, APortThatAPlanNamesIsTakenOnce) {
  PortLedger ledger;
  const uint16_t port = *ledger.TakeFree(kHost);
  EXPECT_TRUE(absl::IsAlreadyExists(ledger.Take(kHost, port)));
  ledger.Return(port);
  EXPECT_TRUE(ledger.Take(kHost, port).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(ledger.Take(kHost, port)));
}

TEST(PortLedgerTest, APortThatAnotherProgramUsesIsNotTaken) {
  const uint16_t port = *FreePort(kHost);
  PortLedger ledger([port](const std::string&) { return port; });
  {
    const absl::StatusOr<UniqueFd> other = ListenOn(kHost, port);
    ASSERT_TRUE(other.ok()) << other.status();
    EXPECT_TRUE(absl::IsAlreadyExists(ledger.Take(kHost, port)));
  }
  EXPECT_EQ(*ledger.TakeFree(kHost), port) << "a refused port is not kept";
}

}  // namespace
}  // namespace assay::agent
