#include "controller/results/profile_pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace assay::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A cell with one run, of a campaign whose baseline is "a".
CellProfiles Taken(const std::string& target, const std::string& workload, uint32_t connections) {
  CellProfiles cell{.baseline = "a"};
  cell.cell.set_target(target);
  cell.cell.set_workload(workload);
  cell.cell.set_mode("closed");
  cell.cell.set_connections(connections);
  cell.cell.set_profiled(true);
  cell.runs.emplace_back();
  return cell;
}

CellProfiles Refused(CellProfiles cell, const std::string& why, const std::string& remedy = "") {
  cell.runs.clear();
  cell.refused = why;
  cell.remedy = remedy;
  return cell;
}

std::vector<std::string> Titles(const std::vector<CellProfiles>& cells) {
  std::vector<std::string> titles;
  for (const ProfilePair& pair : PairsOf(cells).pairs) titles.push_back(TitleOf(pair));
  return titles;
}

// A difference between workloads or levels would look like one between targets.
TEST(ProfilePairsTest, ComparesOnlyEqualWorkAtEqualLoad) {
  EXPECT_THAT(Titles({Taken("a", "json", 16), Taken("a", "json", 64), Taken("a", "cpu", 16),
                      Taken("a", "cpu", 64), Taken("b", "json", 16), Taken("b", "json", 64),
                      Taken("b", "cpu", 16), Taken("b", "cpu", 64)}),
              ElementsAre("b against a: json, 16 connections", "b against a: json, 64 connections",
                          "b against a: cpu, 16 connections", "b against a: cpu, 64 connections"));
}

TEST(ProfilePairsTest, ComparesOnlyEqualModes) {
  CellProfiles open = Taken("b", "json", 0);
  open.cell.set_mode("open");
  open.cell.set_rate_per_s(64);
  EXPECT_THAT(Titles({Taken("a", "json", 64), open}), IsEmpty());
}

// An imported profile of a measured execution has another length and event than a profile that Assay took.
TEST(ProfilePairsTest, SeparateExecutionsAreComparedOnlyWithEachOther) {
  CellProfiles plain = Taken("b", "json", 64);
  plain.cell.set_profiled(false);
  EXPECT_THAT(Titles({Taken("a", "json", 64), plain}), IsEmpty());
}

TEST(ProfilePairsTest, BaselineMayComeInAnyPosition) {
  EXPECT_THAT(
      Titles({Taken("c", "json", 64), Taken("b", "json", 64), Taken("a", "json", 64)}),
      ElementsAre("c against a: json, 64 connections", "b against a: json, 64 connections"));
}

TEST(ProfilePairsTest, ReportsRefusedProfilesAndPairsTheOthers) {
  const std::vector<CellProfiles> cells = {
      Refused(Taken("a", "json", 64), "perf_event_paranoid is 4", "run as root"),
      Taken("a", "cpu", 64), Taken("b", "json", 64), Taken("b", "cpu", 64),
      Refused(Taken("c", "cpu", 64), "seccomp")};
  const ProfilePairs found = PairsOf(cells);
  ASSERT_EQ(found.pairs.size(), 1u);
  EXPECT_EQ(found.pairs[0].baseline, &cells[1]);
  EXPECT_EQ(found.pairs[0].other, &cells[3]);
  EXPECT_THAT(found.left_out,
              ElementsAre("b against a: json, 64 connections: no profile of a: "
                          "perf_event_paranoid is 4; run as root",
                          "c against a: cpu, 64 connections: no profile of c: seccomp"));
}

// A server that no agent starts has no profile.
TEST(ProfilePairsTest, ReportsABaselineWithoutACell) {
  EXPECT_THAT(PairsOf({Taken("b", "json", 64)}).left_out,
              ElementsAre("b against a: json, 64 connections: no profile of a: none was taken"));
  EXPECT_THAT(PairsOf({Taken("a", "json", 64)}).left_out, IsEmpty());
}

}  // namespace
}  // namespace assay::controller
