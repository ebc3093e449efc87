#include "agent/jobs/cpu_ledger.h"

#include <string>

#include "gtest/gtest.h"
#include "proto/agent.pb.h"

namespace assay::agent {
namespace {

CpuSet Cpus(std::string_view list) { return *CpuSet::Parse(list); }

CpuLedger::Claimant Server(const std::string& id, const std::string& group = "") {
  return {id, JobId::SERVER, group, "server of " + id};
}

CpuLedger::Claimant Load(const std::string& id, const std::string& group = "") {
  return {id, JobId::LOAD, group, "load of " + id};
}

class CpuLedgerTest : public testing::Test {
 protected:
  CpuLedger ledger_{Cpus("0-3"), [this](const CpuSet& claimed) { claimed_ = claimed.ToString(); }};
  std::string claimed_ = "untold";
};

TEST_F(CpuLedgerTest, GivesTheDefaultWhereNothingIsAskedForAndTellsWhatIsTaken) {
  EXPECT_EQ(ledger_.Take("", Cpus("1"), Server("a"))->ToString(), "1");
  EXPECT_EQ(claimed_, "1");
  EXPECT_EQ(ledger_.Take("2-3", Cpus("2"), Load("a"))->ToString(), "2-3");
  EXPECT_EQ(claimed_, "1-3");
  ledger_.Return("server of a");
  ledger_.Return("server of a");
  EXPECT_EQ(claimed_, "2-3");
}

TEST_F(CpuLedgerTest, ACpuThatDoesNotExistIsRefusedWithThoseThatDo) {
  const absl::Status refused = ledger_.Take("1,7", Cpus("1"), Server("a")).status();
  EXPECT_TRUE(absl::IsInvalidArgument(refused));
  EXPECT_EQ(refused.message(), "CPU 7 does not exist here: this agent has 0-3");
  EXPECT_TRUE(absl::IsInvalidArgument(ledger_.Take("x", Cpus("1"), Server("a")).status()));
  EXPECT_TRUE(ledger_.Claimed().empty());
}

// Two campaigns on one CPU would measure each other.
TEST_F(CpuLedgerTest, AnotherExecutionsCpuIsRefusedAndItsHolderNamed) {
  ASSERT_TRUE(ledger_.Take("1", Cpus("1"), Server("a")).ok());
  for (const char* wanted : {"", "0-1"}) {
    const absl::Status refused = ledger_.Take(wanted, Cpus("1"), Load("b")).status();
    EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
    EXPECT_NE(std::string(refused.message()).find("server of ..."), std::string::npos) << refused;
  }
  ledger_.Return("server of a");
  EXPECT_TRUE(ledger_.Take("0-1", Cpus("1"), Load("b")).ok());
}

// With the whole id its reader could take over the other's control stream.
TEST_F(CpuLedgerTest, OfTheHoldersIdNoMoreThanABeginningIsTold) {
  const std::string id = "0123456789abcdef0123456789abcdef";
  ASSERT_TRUE(ledger_.Take("1", Cpus("1"), Server(id)).ok());
  const std::string refused(ledger_.Take("1", Cpus("1"), Load("b")).status().message());
  EXPECT_NE(refused.find("the server of 01234567... is pinned to 1"), std::string::npos) << refused;
  EXPECT_EQ(refused.find(id.substr(0, 9)), std::string::npos) << refused;
}

TEST_F(CpuLedgerTest, ServerAndLoadOfOneExecutionShareACpuOnlyWhereThePlanSaysSo) {
  ASSERT_TRUE(ledger_.Take("1", Cpus("1"), Server("a")).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ledger_.Take("", Cpus("1"), Load("a")).status()));
  EXPECT_TRUE(ledger_.Take("1", Cpus("2"), Load("a")).ok());
}

// They take turns in slots, so they do not disturb each other.
TEST_F(CpuLedgerTest, JobsOfOneRoleAndGroupShareCpus) {
  ASSERT_TRUE(ledger_.Take("", Cpus("1"), Server("a", "g")).ok());
  EXPECT_TRUE(ledger_.Take("", Cpus("1"), Server("b", "g")).ok());
  EXPECT_TRUE(ledger_.Take("1-2", Cpus("1"), Server("c", "g")).ok());
  EXPECT_TRUE(ledger_.Take("", Cpus("3"), Load("a", "g")).ok());
  EXPECT_TRUE(ledger_.Take("", Cpus("3"), Load("b", "g")).ok());
  ledger_.Return("server of c");
  EXPECT_EQ(claimed_, "1,3") << "the others are still there";
}

TEST_F(CpuLedgerTest, AJobOutsideTheGroupIsRefused) {
  ASSERT_TRUE(ledger_.Take("", Cpus("1"), Server("a", "g")).ok());
  for (const CpuLedger::Claimant& other : {Server("b"), Server("b", "h"), Load("b", "h")}) {
    const absl::Status refused = ledger_.Take("1", Cpus("1"), other).status();
    EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
    EXPECT_NE(std::string(refused.message()).find("server of ..."), std::string::npos) << refused;
  }
}

// Two jobs without a group are not of one group.
TEST_F(CpuLedgerTest, NoGroupIsNotAGroup) {
  ASSERT_TRUE(ledger_.Take("", Cpus("1"), Server("a")).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ledger_.Take("", Cpus("1"), Server("b")).status()));
}

TEST_F(CpuLedgerTest, ServerAndLoadOfOneGroupShareACpuOnlyWhereThePlanSaysSo) {
  ASSERT_TRUE(ledger_.Take("1", Cpus("1"), Server("a", "g")).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ledger_.Take("", Cpus("1"), Load("b", "g")).status()));
  EXPECT_TRUE(ledger_.Take("1", Cpus("2"), Load("b", "g")).ok());
}

TEST_F(CpuLedgerTest, AGroupHasABoundedNumberOfJobsOfEachRole) {
  for (size_t i = 0; i < CpuLedger::kMostGroupJobs; ++i) {
    ASSERT_TRUE(ledger_.Take("1", Cpus("1"), Server(std::to_string(i), "g")).ok()) << i;
  }
  const absl::Status refused = ledger_.Take("1", Cpus("1"), Server("one more", "g")).status();
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_NE(std::string(refused.message()).find("16 jobs"), std::string::npos) << refused;
  EXPECT_TRUE(ledger_.Take("2", Cpus("2"), Load("0", "g")).ok()) << "of another role";
  ledger_.Return("server of 0");
  EXPECT_TRUE(ledger_.Take("1", Cpus("1"), Server("one more", "g")).ok());
}

TEST(CpuLedgerOfOneCpuTest, LetsServerAndLoadShareTheOnlyCpu) {
  CpuLedger ledger(Cpus("0"), [](const CpuSet&) {});
  EXPECT_TRUE(ledger.Take("", Cpus("0"), Server("a")).ok());
  EXPECT_TRUE(ledger.Take("", Cpus("0"), Load("a")).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(ledger.Take("", Cpus("0"), Server("b")).status()));
}

}  // namespace
}  // namespace assay::agent
