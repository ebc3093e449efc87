#include <string>

#include "absl/time/time.h"
#include "agent/catalogue/catalogue.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "gtest/gtest.h"
#include "targets/contract/running_target.h"
#include "targets/rfc_cases/case_outcome.h"
#include "targets/rfc_cases/case_runner.h"

namespace assay::targets {
namespace {

using End = CaseOutcome::End;

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST(CaseOutcomeTest, CoversStatusesInOrderAndANamedEnd) {
  EXPECT_TRUE(Covers("400 close", {{400}, End::kClose}));
  EXPECT_FALSE(Covers("400 close", {{400}, End::kOpen}));
  EXPECT_FALSE(Covers("400 close", {{400, 200}, End::kClose}));
  EXPECT_FALSE(Covers("400 close", {{}, End::kClose}));
  EXPECT_TRUE(Covers("400", {{400}, End::kOpen}));
  EXPECT_TRUE(Covers("4xx", {{431}, End::kClose}));
  EXPECT_FALSE(Covers("4xx", {{501}, End::kClose}));
  EXPECT_TRUE(Covers("100 200 open", {{100, 200}, End::kOpen}));
  EXPECT_TRUE(Covers("close", {{}, End::kClose}));
}

// A server that hangs is never right, even if the end of the connection does not matter.
TEST(CaseOutcomeTest, WaitingAndGarbageAreNeverCovered) {
  EXPECT_FALSE(Covers("400", {{400}, End::kWaits}));
  EXPECT_FALSE(Covers("400", {{400}, End::kGarbage}));
}

TEST(CaseOutcomeTest, ExpandsRepetitions) {
  EXPECT_EQ(Expanded("a<b*3>c<d\r\n*2>"), "abbbcd\r\nd\r\n");
  EXPECT_EQ(Expanded("<b*x> <b> < *2 <<a*2>"), "<b*x> <b> < *2 <aa");
  EXPECT_EQ(Expanded(""), "");
}

TEST(CaseOutcomeTest, RefusesInvalidCasesWithTheirLocation) {
  const auto complaint = [](const std::string& text) {
    return std::string(ParseCases(text, "c.textproto").status().message());
  };
  const std::string rest = " rfc: '1' level: MUST rule: 'r' send: 'x' allow: '200' ";
  EXPECT_TRUE(ParseCases("cases { name: 'a'" + rest + "}", "c").ok());
  EXPECT_HAS(complaint("cases { name: 'a'" + rest + "}\ncases { name: 'a'" + rest + "}"),
             "c.textproto:2:9: case \"a\": an earlier case has the same name");
  EXPECT_HAS(complaint("cases { name: 'A'" + rest + "}"), "may only have a-z");
  EXPECT_HAS(complaint("cases { name: 'a'" + rest + "allow: '20' }"), "\"20\" is not a list");
  EXPECT_HAS(complaint("cases { name: 'a'" + rest + "allow: 'open 200' }"), "is not a list");
  EXPECT_HAS(complaint("cases { name: 'a' }"), "send is empty");
}

// For other servers the outcomes are only printed; our own server must pass every case.
TEST(RfcCasesTest, TheEpollServerFollowsTheRfcs) {
  const auto text = ReadFile(*AssayFile("targets/rfc_cases/cases.textproto"));
  ASSERT_TRUE(text.ok()) << text.status();
  const auto cases = ParseCases(*text, "cases.textproto");
  ASSERT_TRUE(cases.ok()) << cases.status();
  const auto catalogue = agent::Catalogue::Load(*AssayFile("targets/catalogue.textproto"));
  ASSERT_TRUE(catalogue.ok()) << catalogue.status();
  const auto running = RunningTarget::Start(*catalogue, **catalogue->Find("epoll"));
  ASSERT_TRUE(running.ok()) << running.status();
  EXPECT_GT(cases->cases_size(), 100);
  for (const RfcCase& one : cases->cases()) {
    const auto outcome = RunCase((*running)->address(), one, absl::Seconds(60));
    ASSERT_TRUE(outcome.ok()) << one.name() << ": " << outcome.status();
    EXPECT_TRUE(Allows(one, *outcome)) << one.name() << " (RFC " << one.rfc() << ": " << one.rule()
                                       << "): " << outcome->ToString();
  }
}

}  // namespace
}  // namespace assay::targets
