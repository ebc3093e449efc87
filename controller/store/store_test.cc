#include "controller/store/store.h"

#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "controller/store/record_id.h"
#include "controller/store/store_samples.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : path_(folder_.Path("assay.db")), store_(OpenedStore(path_)) {}

  void Create(const std::string& id, const std::string& label = "", int64_t started_s = 1) {
    CampaignRecord campaign = SampleCampaign(id, started_s);
    campaign.set_label(label);
    ASSERT_TRUE(store_->CreateCampaign(campaign).ok());
  }
  // Simulates that a dead process ran the campaign, on this machine or another.
  void Orphan(const std::string& id, const std::string& controller, int64_t heartbeat_us) {
    RunSql(path_, absl::StrCat("UPDATE campaign SET controller = '", controller,
                               "', controller_text = 'elsewhere, process 1', heartbeat_us = ",
                               heartbeat_us, " WHERE id = '", id, "'"));
  }
  // The identity of a process with this process's number but another start time.
  std::string DeadController() {
    const std::string self = RunSql(path_, "SELECT controller FROM campaign LIMIT 1");
    return self.substr(0, self.rfind('/')) + "/1";
  }
  std::string IdOf(const std::string& name) {
    const absl::StatusOr<CampaignRecord> found = store_->Find(name);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? found->id() : "";
  }
  std::string Message(const absl::Status& status, absl::StatusCode code) {
    EXPECT_EQ(status.code(), code) << status;
    return std::string(status.message());
  }

  TemporaryFolder folder_;
  const std::string path_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, CampaignReadsBackUnchanged) {
  CampaignRecord campaign = SampleCampaign("0123456789ab");
  campaign.set_label("first");
  campaign.add_agents()->set_address("local");
  ASSERT_TRUE(store_->CreateCampaign(campaign).ok());
  EXPECT_EQ(store_->Find("0123456789ab")->DebugString(), campaign.DebugString());
  campaign.set_status(CampaignRecord::COMPLETE);
  campaign.set_ended_us(5);
  ASSERT_TRUE(store_->UpdateCampaign(campaign).ok());
  store_ = OpenedStore(path_);
  EXPECT_EQ(store_->Find("0123456789ab")->DebugString(), campaign.DebugString());
}

// Otherwise it would be found but could not be read.
TEST_F(StoreTest, RejectsACampaignThatDoesNotReadBack) {
  CampaignRecord campaign = SampleCampaign("0123456789ab");
  ASSERT_TRUE(store_->CreateCampaign(campaign).ok());
  // Its serialised plan is not valid.
  campaign.GetReflection()->MutableUnknownFields(&campaign)->AddLengthDelimited(3, "\xff");
  EXPECT_THAT(Message(store_->UpdateCampaign(campaign), absl::StatusCode::kInvalidArgument),
              HasSubstr("campaign 0123456789ab cannot be stored"));
  EXPECT_EQ(IdOf("latest"), "0123456789ab") << "the stored campaign is unchanged";
  campaign.set_id("ba9876543210");
  EXPECT_FALSE(store_->CreateCampaign(campaign).ok());
  EXPECT_EQ(RunSql(path_, "SELECT count(*) FROM campaign"), "1");
}

// Such stores were written before text was made valid on input.
TEST_F(StoreTest, ReadsACampaignWithInvalidUtf8) {
  Create("0123456789ab");
  // The last label counts: field 2, four bytes.
  RunSql(path_,
         "UPDATE campaign SET sha256 = NULL, record = CAST(record || x'1204636166e9' AS BLOB)");
  const absl::StatusOr<CampaignRecord> found = store_->Find("0123456789ab");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->label(), "caf\xef\xbf\xbd");
}

TEST_F(StoreTest, RejectsAnIdThatIsTaken) {
  Create("0123456789ab");
  EXPECT_THAT(Message(store_->CreateCampaign(SampleCampaign("0123456789ab")),
                      absl::StatusCode::kAlreadyExists),
              HasSubstr("0123456789ab"));
}

TEST_F(StoreTest, RejectsAnUpdateOfAnUnknownCampaign) {
  EXPECT_EQ(store_->UpdateCampaign(SampleCampaign("0123456789ab")).code(),
            absl::StatusCode::kNotFound);
}

TEST_F(StoreTest, FindsACampaignByIdPrefixLabelAndLatest) {
  Create("aaaa00000001", "old", 3);
  Create("aabb00000002", "twice", 9);
  Create("cccc00000003", "twice", 5);
  EXPECT_EQ(IdOf("aaaa00000001"), "aaaa00000001");
  EXPECT_EQ(IdOf("aaaa"), "aaaa00000001");
  EXPECT_EQ(IdOf("CCCC"), "cccc00000003");
  EXPECT_EQ(IdOf("old"), "aaaa00000001");
  EXPECT_EQ(IdOf("twice"), "aabb00000002") << "the newest campaign with the label";
  EXPECT_EQ(IdOf("latest"), "aabb00000002");
}

TEST_F(StoreTest, ReportsTheCandidatesOfAnAmbiguousPrefix) {
  Create("aaaa00000001", "old");
  Create("aabb00000002");
  const std::string message =
      Message(store_->Find("aa").status(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(message, HasSubstr("aaaa00000001 (old)"));
  EXPECT_THAT(message, HasSubstr("aabb00000002 (sample plan)"));
}

TEST_F(StoreTest, NotFoundErrorListsTheCampaigns) {
  EXPECT_THAT(Message(store_->Find("latest").status(), absl::StatusCode::kNotFound),
              HasSubstr("has no campaigns; create one with `demo` or `run`"));
  Create("aaaa00000001", "old");
  EXPECT_THAT(Message(store_->Find("zz%").status(), absl::StatusCode::kNotFound),
              HasSubstr("no campaign \"zz%\"; its campaigns, newest first: aaaa00000001 (old)"));
  EXPECT_EQ(store_->Find("").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(StoreTest, ListIsNewestFirstAndCountsExecutions) {
  Create("aaaa00000001", "old", 3);
  Create("bbbb00000002", "new", 9);
  ExecutionRecord failed = SampleExecution("aaaa00000001", 1);
  failed.set_status(ExecutionRecord::FAILED);
  ASSERT_TRUE(store_->CommitExecution(SampleExecution("aaaa00000001", 0), {}, {}).ok());
  ASSERT_TRUE(store_->CommitExecution(failed, {}, {}).ok());
  const std::vector<CampaignSummary> list = *store_->ListCampaigns();
  ASSERT_EQ(list.size(), 2);
  EXPECT_EQ(list[0].id, "bbbb00000002");
  EXPECT_EQ(list[1].label, "old");
  EXPECT_EQ(list[1].plan, "sample plan");
  EXPECT_EQ(list[1].executions, 2);
  EXPECT_EQ(list[1].failed_executions, 1);
  EXPECT_EQ(list[1].status, CampaignRecord::RUNNING);
  EXPECT_THAT(list[1].controller, HasSubstr(absl::StrCat("process ", getpid())));
  EXPECT_EQ(store_->ListCampaigns(1)->size(), 1);
}

// A killed controller cannot record its end.
TEST_F(StoreTest, CampaignOfADeadProcessIsInterrupted) {
  Create("aaaa00000001");
  Orphan("aaaa00000001", DeadController(), 77);
  const CampaignSummary summary = store_->ListCampaigns()->at(0);
  EXPECT_EQ(summary.status, CampaignRecord::INTERRUPTED);
  EXPECT_EQ(summary.ended_us, 77);
  EXPECT_THAT(summary.status_reason,
              HasSubstr("its controller (elsewhere, process 1) ended unexpectedly"));
  const CampaignRecord found = *store_->Find("latest");
  EXPECT_EQ(found.status(), CampaignRecord::INTERRUPTED);
  EXPECT_EQ(found.status_reason(), summary.status_reason);
}

TEST_F(StoreTest, ControllerOnAnotherHostIsAliveWhileItsHeartbeatIsRecent) {
  Create("aaaa00000001");
  const int64_t now_us = absl::ToUnixMicros(absl::Now());
  Orphan("aaaa00000001", "another-boot/1/1", now_us);
  EXPECT_EQ(store_->Find("latest")->status(), CampaignRecord::RUNNING);
  Orphan("aaaa00000001", "another-boot/1/1",
         now_us - absl::ToInt64Microseconds(Store::kHeartbeatLimit) - 1);
  EXPECT_EQ(store_->Find("latest")->status(), CampaignRecord::INTERRUPTED);
}

TEST_F(StoreTest, OnlyTheProcessThatRunsTheCampaignSendsHeartbeats) {
  Create("aaaa00000001");
  RunSql(path_, "UPDATE campaign SET heartbeat_us = 0");
  ASSERT_TRUE(store_->Heartbeat("aaaa00000001").ok());
  EXPECT_NE(RunSql(path_, "SELECT heartbeat_us FROM campaign"), "0");
  Orphan("aaaa00000001", "another-boot/1/1", 5);
  EXPECT_THAT(Message(store_->Heartbeat("aaaa00000001"), absl::StatusCode::kFailedPrecondition),
              HasSubstr("elsewhere, process 1"));
  EXPECT_EQ(RunSql(path_, "SELECT heartbeat_us FROM campaign"), "5");
  EXPECT_EQ(store_->Heartbeat("bbbb").code(), absl::StatusCode::kNotFound);
}

// Two controllers that run the same campaign would disturb each other.
TEST_F(StoreTest, CampaignOfALiveControllerCannotBeClaimed) {
  Create("aaaa00000001");
  Orphan("aaaa00000001", "another-boot/1/1", absl::ToUnixMicros(absl::Now()));
  EXPECT_THAT(Message(store_->UpdateCampaign(SampleCampaign("aaaa00000001")),
                      absl::StatusCode::kFailedPrecondition),
              HasSubstr("is run by elsewhere, process 1"));
}

TEST_F(StoreTest, ClaimOfADeadControllersCampaignClearsItsCancellation) {
  Create("aaaa00000001");
  ASSERT_TRUE(store_->RequestCancel("aaaa00000001").ok());
  Orphan("aaaa00000001", DeadController(), 5);
  ASSERT_TRUE(store_->UpdateCampaign(SampleCampaign("aaaa00000001")).ok());
  EXPECT_EQ(store_->Find("latest")->status(), CampaignRecord::RUNNING);
  EXPECT_FALSE(*store_->CancelRequested("aaaa00000001"));
}

TEST_F(StoreTest, CancellationReachesTheControllerThroughTheFile) {
  Create("aaaa00000001");
  EXPECT_FALSE(*store_->CancelRequested("aaaa00000001"));
  ASSERT_TRUE(OpenedStore(path_)->RequestCancel("aaaa00000001").ok());
  EXPECT_TRUE(*store_->CancelRequested("aaaa00000001"));
  ASSERT_TRUE(store_->UpdateCampaign(SampleCampaign("aaaa00000001")).ok());
  EXPECT_TRUE(*store_->CancelRequested("aaaa00000001"))
      << "the controller's own update must keep the request";
}

TEST_F(StoreTest, OnlyARunningCampaignCanBeCancelled) {
  Create("aaaa00000001");
  CampaignRecord campaign = SampleCampaign("aaaa00000001");
  campaign.set_status(CampaignRecord::COMPLETE);
  ASSERT_TRUE(store_->UpdateCampaign(campaign).ok());
  EXPECT_THAT(Message(store_->RequestCancel("aaaa00000001"), absl::StatusCode::kFailedPrecondition),
              HasSubstr("it is complete"));
  Create("bbbb00000001");
  Orphan("bbbb00000001", DeadController(), 5);
  EXPECT_THAT(Message(store_->RequestCancel("bbbb00000001"), absl::StatusCode::kFailedPrecondition),
              HasSubstr("ended unexpectedly"));
  EXPECT_EQ(store_->RequestCancel("cccc").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(store_->CancelRequested("cccc").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(StoreTest, DefaultPathFollowsTheXdgSpecification) {
  setenv("XDG_DATA_HOME", "/data", 1);
  EXPECT_EQ(*Store::DefaultPath(), "/data/assay/assay.db");
  setenv("XDG_DATA_HOME", "relative", 1);
  setenv("HOME", "/home/somebody", 1);
  EXPECT_EQ(*Store::DefaultPath(), "/home/somebody/.local/share/assay/assay.db");
  unsetenv("HOME");
  EXPECT_THAT(Message(Store::DefaultPath().status(), absl::StatusCode::kFailedPrecondition),
              HasSubstr("--store=PATH"));
}

TEST(RecordIdTest, IdsAreHexadecimalAndDiffer) {
  EXPECT_THAT(DrawCampaignId(), MatchesRegex("[0-9a-f]{12}"));
  EXPECT_THAT(DrawExecutionId(), MatchesRegex("[0-9a-f]{32}"));
  EXPECT_NE(DrawCampaignId(), DrawCampaignId());
}

}  // namespace
}  // namespace assay::controller
