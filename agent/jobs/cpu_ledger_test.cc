#include "agent/jobs/cpu_ledger.h"

#include <string>

#include "gtest/gtest.h"

namespace assay::agent {
namespace {

CpuSet Cpus(std::string_view list) { return *CpuSet::Parse(list); }

class CpuLedgerTest : public testing::Test {
 protected:
  CpuLedger ledger_{Cpus("0-3"), [this](const CpuSet& claimed) { claimed_ = claimed.ToString(); }};
  std::string claimed_ = "untold";
};

TEST_F(CpuLedgerTest, GivesTheDefaultWhereNothingIsAskedForAndTellsWhatIsTaken) {
  EXPECT_EQ(ledger_.Take("", Cpus("1"), "a", "server of a")->ToString(), "1");
  EXPECT_EQ(claimed_, "1");
  EXPECT_EQ(ledger_.Take("2-3", Cpus("2"), "a", "load of a")->ToString(), "2-3");
  EXPECT_EQ(claimed_, "1-3");
  ledger_.Return("server of a");
  ledger_.Return("server of a");
  EXPECT_EQ(claimed_, "2-3");
}

TEST_F(CpuLedgerTest, ACpuThatDoesNotExistIsRefusedWithThoseThatDo) {
  const absl::Status refused = ledger_.Take("1,7", Cpus("1"), "a", "server of a").status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused));
  EXPECT_EQ(refused.message(), "CPU 7 does not exist here: this agent has 0-3");
  EXPECT_TRUE(absl::IsInvalidArgument(ledger_.Take("x", Cpus("1"), "a", "server of a").status()));
  EXPECT_TRUE(ledger_.Claimed().empty());
}

// Two campaigns on one CPU would measure each other.
TEST_F(CpuLedgerTest, AnotherExecutionsCpuIsRefusedAndItsHolderNamed) {
  ASSERT_TRUE(ledger_.Take("1", Cpus("1"), "a", "server of a").ok());
  for (const char* wanted : {"", "0-1"}) {
    const absl::Status refused = ledger_.Take(wanted, Cpus("1"), "b", "load of b").status();
    EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
    EXPECT_NE(std::string(refused.message()).find("server of ..."), std::string::npos) << refused;
  }
  ledger_.Return("server of a");
  EXPECT_TRUE(ledger_.Take("0-1", Cpus("1"), "b", "load of b").ok());
}

// With the whole id its reader could take over the other's control stream.
TEST_F(CpuLedgerTest, OfTheHoldersIdNoMoreThanABeginningIsTold) {
  const std::string id = "0123456789abcdef0123456789abcdef";
  ASSERT_TRUE(ledger_.Take("1", Cpus("1"), id, "server of execution " + id).ok());
  const std::string refused(ledger_.Take("1", Cpus("1"), "b", "load of b").status().message());
  EXPECT_NE(refused.find("the server of execution 01234567... is pinned to 1"), std::string::npos)
      << refused;
  EXPECT_EQ(refused.find(id.substr(0, 9)), std::string::npos) << refused;
}

TEST_F(CpuLedgerTest, ServerAndLoadOfOneExecutionShareACpuOnlyWhereThePlanSaysSo) {
  ASSERT_TRUE(ledger_.Take("1", Cpus("1"), "a", "server of a").ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ledger_.Take("", Cpus("1"), "a", "load of a").status()));
  EXPECT_TRUE(ledger_.Take("1", Cpus("2"), "a", "load of a").ok());
}

TEST(CpuLedgerOfOneCpuTest, LetsServerAndLoadShareTheOnlyCpu) {
  CpuLedger ledger(Cpus("0"), [](const CpuSet&) {});
  EXPECT_TRUE(ledger.Take("", Cpus("0"), "a", "server of a").ok());
  EXPECT_TRUE(ledger.Take("", Cpus("0"), "a", "load of a").ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ledger.Take("", Cpus("0"), "b", "server of b").status()));
}

}  // namespace
}  // namespace assay::agent
