#include "controller/report/profile_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "analysis/profile/test_profile.h"
#include "controller/results/profile_json.h"
#include "nlohmann/json.hpp"

namespace assay::controller {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

CategoryRules Rules() { return LoadCategoryRules().value(); }

// A cell with one run of 1,000 requests.
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

// The row with this name in the text's tables.
std::string RowOf(const std::string& text, const std::string& name) {
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    if (line.starts_with(name + " ")) return line;
  }
  return "";
}

// Otherwise the later of two calls with one name would replace the earlier.
TEST(ProfileSectionTest, AddsCallsOfOneName) {
  const std::vector<CellProfiles> cells = {
      Taken("a", {{"main;[c]accept", 30}, {"main;[c]accept4", 20}, {"main;work", 50}})};
  EXPECT_THAT(RowOf(CostText(cells, Rules()), "accept"), HasSubstr("50.00 %"));
  EXPECT_THAT(CostTables(cells, Rules()),
              HasSubstr("<th scope=\"row\">accept</th><td>50.00 %</td><td>50.000</td>"));
}

// Some functions of the C library make a system call of another name.
TEST(ProfileSectionTest, TimeAndCallsOfOneLabelShareARow) {
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

// "a share" alone does not say which level it is of.
TEST(ProfileSectionTest, DistinguishesCellsOfOneTarget) {
  std::vector<CellProfiles> cells = {Taken("a", {{"main;work", 50}})};
  EXPECT_THAT(CostText(cells, Rules()), AllOf(HasSubstr("a share"), HasSubstr("profile of a: ")));
  cells.push_back(cells[0]);
  cells[1].cell.set_connections(16);
  EXPECT_THAT(CostText(cells, Rules()), AllOf(HasSubstr("a json 64 connections share"),
                                              HasSubstr("profile of a json 16 connections: ")));
}

TEST(ProfileSectionTest, ShowsCountedCallsThatTakeNoTime) {
  std::vector<CellProfiles> cells = {Taken("a", {{"main;[c]recv", 50}}),
                                     Taken("b", {{"main;[c]recv", 50}})};
  Count("recvfrom", 1010, &cells[0]);
  Count("getpid", 2000, &cells[0]);
  const std::string text = CostText(cells, Rules());
  EXPECT_THAT(RowOf(text, "recv"), HasSubstr("1.010"));
  EXPECT_THAT(RowOf(text, "getpid"), HasSubstr("2.000"));
  // The calls of b were not counted, so it has no column for them.
  const std::string html = CostTables(cells, Rules());
  EXPECT_THAT(html, AllOf(HasSubstr("<th colspan=\"3\">a: "), HasSubstr("<th colspan=\"2\">b: "),
                          HasSubstr("<td>1.010</td>"), HasSubstr("<td>2.000</td>")));
}

TEST(ProfileSectionTest, ReportsWhyCallsWereNotCounted) {
  std::vector<CellProfiles> cells = {Taken("a", {{"main;[c]recv", 50}})};
  EXPECT_THAT(CostText(cells, Rules()), Not(HasSubstr("calls")));
  cells[0].calls_refused = "tracefs cannot be read; run as root";
  const std::string why = "calls were not counted: tracefs cannot be read; run as root";
  EXPECT_THAT(CostText(cells, Rules()), HasSubstr(why));
  EXPECT_THAT(CostTables(cells, Rules()), HasSubstr(why));
}

// Each graph reports lost samples, and so does data that no graph shows.
TEST(ProfileSectionTest, EveryGraphReportsHowItsProfileWasTaken) {
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

// Two fifths of the "server's" CPU time can be the client's receive path.
TEST(ProfileSectionTest, ReportsLoopbackDeliveryWithCpuPerRequest) {
  CellProfiles cell = Taken("a", {{"main;work", 60},
                                  {"main;[c]send;[k]__local_bh_enable_ip;[k]net_rx_action;"
                                   "[k]process_backlog;[k]tcp_v4_rcv",
                                   40}});
  cell.runs[0].info.set_kernel_names(true);
  const std::string line =
      "server CPU, same_host: 40.000 of 100.000 us per request (40.0 %) is "
      "loopback delivery";
  EXPECT_THAT(CostText({cell}, Rules()), Not(HasSubstr(line)));
  EXPECT_TRUE(ToJson({cell}, Rules())[0]["loopback_delivery"].is_null());
  cell.same_host = true;
  EXPECT_THAT(CostText({cell}, Rules()), HasSubstr(line));
  EXPECT_THAT(CostTables({cell}, Rules()), HasSubstr(line));
  EXPECT_EQ(ToJson({cell}, Rules())[0]["loopback_delivery"]["delivery_us_per_request"], 40.0);
  EXPECT_EQ(ToJson({cell}, Rules())[0]["loopback_delivery"]["cpu_us_per_request"], 100.0);
  // Without names of kernel functions, loopback delivery is indistinguishable from sending.
  cell.runs[0].info.set_kernel_names(false);
  EXPECT_THAT(CostText({cell}, Rules()), Not(HasSubstr("same_host")));
}

TEST(ProfileSectionTest, MarksSharesOfStrippedTargetsAsBounds) {
  const std::vector<CellProfiles> cells = {
      Taken("a", {{"main;llhttp_execute", 1}, {"main;[l][unknown]", 99}})};
  EXPECT_THAT(RowOf(CostText(cells, Rules()), "parse"),
              AllOf(HasSubstr(">= 1.00 %"), HasSubstr(">= 1.000")));
  EXPECT_THAT(RowOf(CostText(cells, Rules()), "other"), HasSubstr("<= 99.00 %"));
  EXPECT_THAT(CostText(cells, Rules()), HasSubstr("functions without names (stripped)"));
  EXPECT_THAT(CostTables(cells, Rules()),
              AllOf(HasSubstr("&gt;= 1.00 %"), HasSubstr("functions without names (stripped)")));
  const auto json = ToJson(cells, Rules())[0]["categories"][3];
  EXPECT_EQ(json["name"], "parse");
  EXPECT_EQ(json["bound"], "at_least");
  EXPECT_EQ(json["share_high"], 1.0);
  EXPECT_THAT(CostText({Taken("a", {{"main;llhttp_execute", 1}})}, Rules()),
              Not(HasSubstr("without names")));
}

TEST(ProfileSectionTest, LabelsSharesWithoutTheKernelAsUserSpace) {
  CellProfiles cell = Taken("a", {{"main;work", 60}});
  EXPECT_THAT(CostText({cell}, Rules()), Not(HasSubstr("user")));
  EXPECT_EQ(ToJson({cell}, Rules())[0]["share_of"], "cpu");
  cell.runs[0].info.set_kernel_frames(false);
  EXPECT_THAT(CostText({cell}, Rules()),
              AllOf(HasSubstr("a user share"), HasSubstr("user us/request"),
                    HasSubstr("of CPU time in user space, not of all CPU time")));
  EXPECT_THAT(CostTables({cell}, Rules()), HasSubstr("<th>share of user CPU</th>"));
  EXPECT_THAT(ProfileFragments(cell), HasSubstr("CPU time in user space"));
  EXPECT_EQ(ToJson({cell}, Rules())[0]["share_of"], "user_cpu");
}

// Bars of rows that may differ by chance are grey.
TEST(ProfileSectionTest, ShowsWhatADifferenceIsMadeOf) {
  CellProfiles a = Taken("a", {{"main;[c]recv", 30}, {"main;work", 70}});
  CellProfiles b = Taken("b", {{"main;[c]recv", 50}, {"main;work", 70}});
  for (uint32_t block = 1; block < 6; ++block) {
    for (CellProfiles* cell : {&a, &b}) {
      cell->runs.push_back(cell->runs[0]);
      cell->runs.back().block = block;
    }
  }
  const std::string html = DifferenceFragments({&a, &b}, Rules()).value();
  EXPECT_THAT(html, HasSubstr("+20.00 us [20.00, 20.00] of server CPU per request: +20.00 "
                              "receive</p>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">receive</th><td>30.00</td><td>50.00</td>"
                              "<td>+20.00</td><td>[+20.00, +20.00]</td>"));
  EXPECT_THAT(html, AllOf(HasSubstr("fill=\"#d9582b\" fill-opacity=\"1\""),
                          HasSubstr("fill=\"currentColor\" fill-opacity=\"0.25\"")));
}

// The other figures of the pair are still shown.
TEST(ProfileSectionTest, ReportsWhyADifferenceIsNotBrokenDown) {
  const CellProfiles a = Taken("a", {{"main;work", 70}});
  CellProfiles b = Taken("b", {{"main;work", 70}});
  b.runs[0].info.set_requests(0);
  EXPECT_THAT(DifferenceFragments({&a, &b}, Rules()).value(),
              AllOf(HasSubstr("CPU time per request of a profiled execution is not known"),
                    HasSubstr("whole stacks")));
}

TEST(ProfileSectionTest, MergesEqualNotesOfRuns) {
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
}  // namespace assay::controller
