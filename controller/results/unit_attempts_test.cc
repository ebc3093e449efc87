#include "controller/results/unit_attempts.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "analysis/latency_histogram.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/plan_rules.h"
#include "controller/results/campaign_results.h"
#include "controller/results/results_text.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr char kId[] = "0123456789ab";

Plan PlanOf(const std::string& more) {
  Plan plan;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      absl::StrCat("name: 'p' targets { name: 'a' } targets { name: 'b' } targets { name: 'c' } "
                   "workloads { name: 'w' path: '/' } blocks: 2 load { closed { connections: 64 "
                   "duration { seconds: 1 } } } ",
                   more),
      &plan));
  return WithDefaults(plan);
}

// An execution of block 0. Its id is target, attempt and group.
ExecutionRecord Made(const std::string& target, uint32_t attempt, const std::string& group,
                     ExecutionRecord::Status status = ExecutionRecord::MEASURED) {
  ExecutionRecord record;
  record.set_id(absl::StrCat(target, attempt, group));
  record.set_campaign_id(kId);
  record.mutable_cell()->set_target(target);
  record.mutable_cell()->set_workload("w");
  record.mutable_cell()->set_mode("closed");
  record.mutable_cell()->set_connections(64);
  record.set_attempt(attempt);
  record.set_group(group);
  record.set_status(status);
  return record;
}

// The executions of block 0 that are not of a skipped target.
std::vector<ScheduledExecution> UnitWithout(const Plan& plan, const std::string& skipped) {
  std::vector<ScheduledExecution> unit;
  for (const ScheduledExecution& one : ScheduleOf(plan)) {
    if (one.block == 0 && one.cell.target() != skipped) unit.push_back(one);
  }
  return unit;
}

// Executions of two attempts were not alive together, so `resume` must repeat all of them.
TEST(UnitAttemptsTest, AUnitIsMeasuredOnlyIfOneAttemptMeasuredAllItsTargets) {
  const Plan plan = PlanOf("");
  const std::vector<ScheduledExecution> all = UnitWithout(plan, "");
  UnitAttempts attempts(plan);
  EXPECT_FALSE(attempts.IsMeasured(all));
  EXPECT_EQ(attempts.NextAttempt(all), 0);
  attempts.See(Made("a", 0, "g"));
  attempts.See(Made("b", 0, "g"));
  attempts.See(Made("c", 0, "g", ExecutionRecord::FAILED));
  attempts.See(Made("c", 1, ""));
  EXPECT_FALSE(attempts.IsMeasured(all));
  EXPECT_EQ(attempts.NextAttempt(all), 2);
  // If c is no longer installed, nothing is missing.
  EXPECT_TRUE(attempts.IsMeasured(UnitWithout(plan, "c")));
  for (const char* target : {"a", "b", "c"}) attempts.See(Made(target, 2, "h"));
  EXPECT_TRUE(attempts.IsMeasured(all));
}

// An older version made a missing execution alone, as attempt 0 again.
TEST(UnitAttemptsTest, ExecutionsOfOneAttemptThatWereNotAliveTogetherAreNoUnit) {
  const Plan plan = PlanOf("");
  UnitAttempts attempts(plan);
  attempts.See(Made("a", 0, "g"));
  attempts.See(Made("b", 0, "g"));
  attempts.See(Made("c", 0, ""));
  EXPECT_FALSE(attempts.IsMeasured(UnitWithout(plan, "")));
  UnitAttempts alone(plan);
  for (const char* target : {"a", "b", "c"}) alone.See(Made(target, 0, ""));
  EXPECT_FALSE(alone.IsMeasured(UnitWithout(plan, "")));
}

TEST(UnitAttemptsTest, TheLastOfTheAttemptsThatMeasuredMostTargetsCounts) {
  const Plan plan = PlanOf("");
  UnitAttempts attempts(plan);
  attempts.See(Made("a", 0, "g"));
  attempts.See(Made("b", 0, "g"));
  attempts.See(Made("c", 0, "g", ExecutionRecord::FAILED));
  EXPECT_THAT(attempts.LeftOut(), UnorderedElementsAre());
  // The second attempt was interrupted.
  attempts.See(Made("a", 1, "h"));
  EXPECT_THAT(attempts.LeftOut(), UnorderedElementsAre("a1h"));
  attempts.See(Made("a", 2, "i"));
  attempts.See(Made("c", 2, "i"));
  EXPECT_THAT(attempts.LeftOut(), UnorderedElementsAre("a0g", "b0g", "a1h"));
  for (const char* target : {"a", "b", "c"}) attempts.See(Made(target, 3, "j"));
  attempts.See(Made("b", 4, "k"));
  EXPECT_THAT(attempts.LeftOut(), UnorderedElementsAre("a0g", "b0g", "a1h", "a2i", "c2i", "b4k"));
}

TEST(UnitAttemptsTest, ASequentialExecutionIsAUnitOfItsOwn) {
  const Plan plan = PlanOf("design: SEQUENTIAL");
  UnitAttempts attempts(plan);
  attempts.See(Made("a", 0, ""));
  attempts.See(Made("b", 0, "", ExecutionRecord::FAILED));
  attempts.See(Made("b", 1, ""));
  EXPECT_THAT(attempts.LeftOut(), UnorderedElementsAre());
  for (const ScheduledExecution& one : UnitWithout(plan, "")) {
    const bool made = one.cell.target() != "c";
    EXPECT_EQ(attempts.IsMeasured({&one, 1}), made) << one.cell.target();
  }
}

// Results and comparisons between campaigns read the store in different places.
TEST(UnitAttemptsTest, NoFigureIncludesTheOtherAttemptsAndTheTextSaysSo) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/unit_attempts.db");
  std::unique_ptr<Store> store = *Store::Open(path, Store::Mode::kWrite);
  CampaignRecord campaign;
  campaign.set_id(kId);
  campaign.set_started_us(1);
  campaign.set_status(CampaignRecord::COMPLETE);
  *campaign.mutable_plan() = PlanOf("");
  ASSERT_TRUE(store->CreateCampaign(campaign).ok());
  const auto add = [&](ExecutionRecord record) {
    LatencyHistogram latency;
    latency.Record(1'000);
    ToProto(latency, record.mutable_latency());
    const absl::Status committed = store->CommitExecution(record, {}, {});
    EXPECT_TRUE(committed.ok()) << committed;
  };
  add(Made("a", 0, "g"));
  add(Made("b", 0, "g", ExecutionRecord::FAILED));
  add(Made("c", 0, "g"));
  for (const char* target : {"a", "b", "c"}) add(Made(target, 1, "h"));

  const absl::StatusOr<CampaignResults> results = ReadResults(*store, *LoadGateRules(), campaign);
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->cells.size(), 3);
  for (const CellResult& cell : results->cells) {
    ASSERT_EQ(cell.executions.size(), 1) << cell.cell.target();
    EXPECT_EQ(cell.executions[0].group, "h");
    EXPECT_EQ(cell.failed, 0);
  }
  EXPECT_EQ(results->left_out, 2);
  EXPECT_THAT(ToText(*results, TextWidth::kWide),
              HasSubstr("2 executions are in the store and in no figure"));

  std::vector<absl::Status> damaged;
  const absl::StatusOr<std::vector<StoredCell>> cells =
      ReadStoredCells(*store, *LoadGateRules(), campaign, ComparableCells(campaign), &damaged);
  ASSERT_TRUE(cells.ok()) << cells.status();
  ASSERT_EQ(cells->size(), 3);
  for (const StoredCell& cell : *cells) EXPECT_EQ(cell.executions.size(), 1);
}

}  // namespace
}  // namespace assay::controller
