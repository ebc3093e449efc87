#include "controller/report/profile_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "analysis/profile/test_profile.h"

namespace assay {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

CategoryRules Rules() { return LoadCategoryRules().value(); }

// A cell with one run over 1,000 requests.
CellProfiles Taken(const std::string& target, const std::vector<FoldedStack>& stacks) {
  CellProfiles cell{.baseline = "a"};
  cell.cell.set_target(target);
  cell.cell.set_workload("json");
  cell.cell.set_mode("closed");
  cell.cell.set_connections(64);
  ProfiledRun& run = cell.runs.emplace_back();
  run.info.set_event("cpu-clock");
  run.info.set_frequency_hz(199);
  run.info.set_requests(1000);
  run.info.set_kernel_frames(true);
  run.stacks = ProfileOf(stacks);
  run.info.set_samples(run.stacks.total(StackTime::kOnCpu).samples);
  run.info.set_whole(run.info.samples());
  run.tree.Add(run.stacks, StackTime::kOnCpu);
  return cell;
}

void Count(const std::string& call, uint64_t calls, CellProfiles* cell) {
  (*cell->runs[0].info.mutable_syscalls())[call] = calls;
}

// The row of the text's tables that begins with the name.
std::string RowOf(const std::string& text, const std::string& name) {
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    if (line.starts_with(name + " ")) return line;
  }
  return "";
}

// The later of two calls with one name once took the place of the earlier.
TEST(ProfileSectionTest, CallsOfOneNameAreSummed) {
  const std::vector<CellProfiles> cells = {
      Taken("a", {{"main;[c]accept", 30}, {"main;[c]accept4", 20}, {"main;work", 50}})};
  EXPECT_THAT(RowOf(CostText(cells, Rules()), "accept"), HasSubstr("50.00 %"));
  EXPECT_THAT(CostTables(cells, Rules()),
              HasSubstr("<th scope=\"row\">accept</th><td>50.00 %</td><td>50.000</td>"));
}

// The C library asks the kernel for another call than its function is named after.
TEST(ProfileSectionTest, TimeAndCallsMeet) {
  struct Case {
    const char* function;
    const char* counted;
    const char* shown;
  };
  for (const Case& one :
       {Case{"accept", "accept", "accept"}, Case{"accept4", "accept4", "accept"},
        Case{"select", "pselect6", "select"}, Case{"nanosleep", "clock_nanosleep", "nanosleep"},
        Case{"usleep", "nanosleep", "nanosleep"}, Case{"poll", "ppoll", "poll"},
        Case{"epoll_wait", "epoll_pwait", "epoll_wait"}, Case{"recv", "recvfrom", "recv"}}) {
    std::vector<CellProfiles> cells = {Taken("a", {{absl::StrCat("main;[c]", one.function), 50}})};
    Count(one.counted, 1500, &cells[0]);
    EXPECT_THAT(RowOf(CostText(cells, Rules()), one.shown), ContainsRegex("100.00 % .*1.500"))
        << one.function;
  }
}

// A column that says only "a share" is of which level?
TEST(ProfileSectionTest, CellsOfOneTargetAreToldApart) {
  std::vector<CellProfiles> cells = {Taken("a", {{"main;work", 50}})};
  EXPECT_THAT(CostText(cells, Rules()), AllOf(HasSubstr("a share"), HasSubstr("profile of a: ")));
  cells.push_back(cells[0]);
  cells[1].cell.set_connections(16);
  EXPECT_THAT(CostText(cells, Rules()), AllOf(HasSubstr("a json 64 connections share"),
                                              HasSubstr("profile of a json 16 connections: ")));
}

TEST(ProfileSectionTest, CountedCallsAreShownEvenIfTheyTakeNoTime) {
  std::vector<CellProfiles> cells = {Taken("a", {{"main;[c]recv", 50}}),
                                     Taken("b", {{"main;[c]recv", 50}})};
  Count("recvfrom", 1010, &cells[0]);
  Count("getpid", 2000, &cells[0]);
  const std::string text = CostText(cells, Rules());
  EXPECT_THAT(RowOf(text, "recv"), HasSubstr("1.010"));
  EXPECT_THAT(RowOf(text, "getpid"), HasSubstr("2.000"));
  // b's were not counted: no column for them.
  const std::string html = CostTables(cells, Rules());
  EXPECT_THAT(html, AllOf(HasSubstr("<th colspan=\"3\">a: "), HasSubstr("<th colspan=\"2\">b: "),
                          HasSubstr("<td>1.010</td>"), HasSubstr("<td>2.000</td>")));
}

TEST(ProfileSectionTest, WhyCallsWereNotCountedIsSaid) {
  std::vector<CellProfiles> cells = {Taken("a", {{"main;[c]recv", 50}})};
  EXPECT_THAT(CostText(cells, Rules()), Not(HasSubstr("calls")));
  cells[0].calls_refused = "tracefs cannot be read; run as root";
  const std::string why = "calls were not counted: tracefs cannot be read; run as root";
  EXPECT_THAT(CostText(cells, Rules()), HasSubstr(why));
  EXPECT_THAT(CostTables(cells, Rules()), HasSubstr(why));
}

// Loss is data: it stands under each graph, and so does what no graph shows.
TEST(ProfileSectionTest, EveryGraphSaysHowItWasTaken) {
  CellProfiles a = Taken("a", {{"main;work", 200}});
  a.runs[0].info.set_lost(7);
  a.runs[0].info.set_throttled(3);
  a.runs[0].info.set_whole(150);
  const std::string how = "200 samples, 7 lost, throttled 3 times, 75.0 % of the stacks whole";
  EXPECT_THAT(ProfileFragments(a), AllOf(HasSubstr("cpu-clock at 199 Hz"), HasSubstr(how)));
  const CellProfiles b = Taken("b", {{"main;work", 100}});
  EXPECT_THAT(DifferenceFragments({&a, &b}, Rules()).value(),
              AllOf(HasSubstr(how), HasSubstr("; b: cpu-clock at 199 Hz")));
}

TEST(ProfileSectionTest, NotesOfEveryRunAreSaidOnce) {
  CellProfiles cell = Taken("a", {{"main;work", 10}});
  cell.runs.push_back(cell.runs[0]);
  cell.runs[0].info.add_notes("stripped: /lib/libz.so.1 & 12 of its addresses have no name");
  cell.runs[1].info.add_notes("stripped: /lib/libz.so.1 & 14 of its addresses have no name");
  cell.runs[1].info.add_notes("stripped: /lib/libz.so.2 & 14 of its addresses have no name");
  EXPECT_EQ(cell.Notes().size(), 2u);
  EXPECT_THAT(ProfileFragments(cell), AllOf(HasSubstr("libz.so.1 &amp; 12 of its addresses"),
                                            HasSubstr("libz.so.2 &amp; 14 of its addresses"),
                                            Not(HasSubstr("libz.so.1 &amp; 14"))));
  EXPECT_THAT(CostText({cell}, Rules()), HasSubstr("libz.so.2"));
}

}  // namespace
}  // namespace assay
