#include "agent/jobs/cpu_placement.h"

#include <string>

#include "gtest/gtest.h"

namespace assay::agent {
namespace {

CpuSet Cpus(std::string_view list) { return *CpuSet::Parse(list); }

std::string Chosen(const CpuPlacement& placement) {
  return placement.server.ToString() + " " + placement.load.ToString();
}

TEST(CpuPlacementTest, TwoCpusAreTheServersAndTheLoads) {
  EXPECT_EQ(Chosen(ChoosePlacement(Cpus("0-1"), {})), "0 1");
  EXPECT_EQ(Chosen(ChoosePlacement(Cpus("4,6"), {})), "4 6");
}

TEST(CpuPlacementTest, TheOnlyCpuIsShared) {
  EXPECT_EQ(Chosen(ChoosePlacement(Cpus("3"), {})), "3 3");
}

TEST(CpuPlacementTest, OfThreeCpusTheFirstIsTheAgents) {
  EXPECT_EQ(Chosen(ChoosePlacement(Cpus("0-2"), {})), "1 2");
}

// Two threads of one core share its caches and its pipeline: server and load would slow each other.
TEST(CpuPlacementTest, ServerAndLoadGetCoresOfTheirOwn) {
  const std::map<int, CpuSet> neighbours = {{0, Cpus("0-1")}, {1, Cpus("0-1")}, {2, Cpus("2-3")},
                                            {3, Cpus("2-3")}, {4, Cpus("4-5")}, {5, Cpus("4-5")}};
  EXPECT_EQ(Chosen(ChoosePlacement(Cpus("0-5"), neighbours)), "2 4");
  const std::map<int, CpuSet> halves = {
      {0, Cpus("0,2")}, {1, Cpus("1,3")}, {2, Cpus("0,2")}, {3, Cpus("1,3")}};
  // Two cores for three: the agent's neighbour is used before the server's own.
  EXPECT_EQ(Chosen(ChoosePlacement(Cpus("0-3"), halves)), "1 2");
}

TEST(CpuPlacementTest, SiblingsOfThisHostIncludeEachCpuItself) {
  const CpuSet all = *CpuSet::AllowedForThisProcess();
  for (const auto& [cpu, core] : ReadSiblings(all)) EXPECT_TRUE(core.Contains(cpu));
}

TEST(CpuPlacementTest, OwnThreadsKeepOffWhatIsClaimedUnlessThatIsEverything) {
  const CpuSet all = *CpuSet::AllowedForThisProcess();
  CpuSet first;
  first.Add(all.cpus().front());
  KeepOwnThreadsOff(all, first);
  CpuSet expected;
  for (const int cpu : all.cpus()) {
    if (!first.Contains(cpu) || all.Count() == 1) expected.Add(cpu);
  }
  EXPECT_EQ(CpuSet::AllowedForThisProcess()->ToString(), expected.ToString());
  KeepOwnThreadsOff(all, all);
  EXPECT_EQ(CpuSet::AllowedForThisProcess()->ToString(), all.ToString());
}

}  // namespace
}  // namespace assay::agent
