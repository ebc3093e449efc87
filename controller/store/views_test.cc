// The views that docs/store.md describes.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/file.h"
#include "common/runfiles.h"
#include "controller/store/store.h"
#include "controller/store/store_samples.h"
#include "gtest/gtest.h"

namespace assay::controller {
namespace {

constexpr char kCampaign[] = "0123456789ab";

class ViewsTest : public ::testing::Test {
 protected:
  ViewsTest() : path_(folder_.Path("assay.db")), store_(OpenedStore(path_)) {
    EXPECT_TRUE(store_->CreateCampaign(SampleCampaign(kCampaign)).ok());
  }
  std::string One(const std::string& sql) { return RunSql(path_, sql); }

  TemporaryFolder folder_;
  const std::string path_;
  std::unique_ptr<Store> store_;
};

TEST_F(ViewsTest, ExecutionsShowKeyFigures) {
  ASSERT_TRUE(store_->CommitExecution(SampleExecution(kCampaign, 0), {}, {}).ok());
  EXPECT_EQ(One("SELECT status FROM executions"), "measured");
  EXPECT_EQ(
      One("SELECT ok || ' ' || errors || ' ' || timeouts || ' ' || in_flight FROM executions"),
      "998 1 1 1");
  EXPECT_EQ(One("SELECT rps FROM executions"), "1996.0")
      << "correct responses divided by the window";
  EXPECT_EQ(One("SELECT server_cpu_us_per_request FROM executions"), "5.0");
  EXPECT_EQ(One("SELECT generator_cpu_us_per_request FROM executions"), "2.0");
  EXPECT_EQ(One("SELECT server_rss_bytes FROM executions"), "1048576");
  EXPECT_EQ(One("SELECT p50_us BETWEEN 500 AND 500.5 FROM executions"), "1");
  EXPECT_EQ(One("SELECT p99_us BETWEEN 990 AND 991 FROM executions"), "1");
  EXPECT_EQ(One("SELECT p999_us IS NULL FROM executions"), "1")
      << "1,000 requests are too few for it";
  EXPECT_EQ(One("SELECT analysis_version FROM executions"), "1");
}

TEST_F(ViewsTest, AllViewsCountRetriedRequests) {
  uint64_t retried = 3;
  for (uint32_t block = 0; block < 2; ++block) {
    ExecutionRecord execution = SampleExecution(kCampaign, block);
    execution.mutable_loads(0)->mutable_finished()->set_retried(retried++);
    LoadInterval second;
    second.second.set_retried(retried);
    ASSERT_TRUE(store_->CommitExecution(execution, {}, {second}).ok());
  }
  EXPECT_EQ(One("SELECT group_concat(retried) FROM executions"), "3,4");
  EXPECT_EQ(One("SELECT group_concat(retried) FROM seconds"), "4,5");
  EXPECT_EQ(One("SELECT retried FROM cells"), "7");
}

TEST_F(ViewsTest, ServerGivenByUrlHasNoCpuOrMemory) {
  ExecutionRecord execution = SampleExecution(kCampaign, 0);
  execution.clear_server();
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  EXPECT_EQ(One("SELECT server_cpu_us_per_request IS NULL AND server_rss_bytes IS NULL "
                "FROM executions"),
            "1");
}

TEST_F(ViewsTest, CellsShowMediansOverMeasuredExecutions) {
  // Odd and even numbers of executions, whose order by figure differs from that of their blocks.
  const std::vector<std::vector<uint64_t>> counts = {{300, 100, 200}, {400, 100, 300, 200}};
  const std::vector<std::string> medians = {"400.0", "500.0"};
  for (size_t i = 0; i < counts.size(); ++i) {
    const std::string target = absl::StrCat("t", i);
    for (uint32_t block = 0; block < counts[i].size(); ++block) {
      ExecutionRecord execution = SampleExecution(kCampaign, block, target);
      execution.mutable_loads(0)->mutable_finished()->set_ok(counts[i][block]);
      ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
    }
    EXPECT_EQ(One(absl::StrCat("SELECT rps FROM cells WHERE target = '", target, "'")), medians[i]);
    EXPECT_EQ(One(absl::StrCat("SELECT executions FROM cells WHERE target = '", target, "'")),
              absl::StrCat(counts[i].size()));
  }
  EXPECT_EQ(One("SELECT count(*) FROM cells"), "2");
}

TEST_F(ViewsTest, UnknownFiguresAreNotCountedInTheCell) {
  for (uint32_t block = 0; block < 3; ++block) {
    ExecutionRecord execution = SampleExecution(kCampaign, block);
    execution.mutable_server()->set_cpu_ns(1'000'000 * (block + 1));
    if (block == 0) execution.clear_server();
    ASSERT_TRUE(store_->CommitExecution(execution, {}, {}).ok());
  }
  EXPECT_EQ(One("SELECT server_cpu_us_per_request FROM cells"), "2.5");
}

TEST_F(ViewsTest, CellsExcludeFailedExecutions) {
  ExecutionRecord failed = SampleExecution(kCampaign, 0);
  failed.set_status(ExecutionRecord::FAILED);
  failed.mutable_failure()->mutable_failure()->set_message("it crashed");
  ASSERT_TRUE(store_->CommitExecution(failed, {}, {}).ok());
  EXPECT_EQ(One("SELECT count(*) FROM cells"), "0");
  EXPECT_EQ(One("SELECT status || ': ' || failure FROM executions"), "failed: it crashed");
}

TEST_F(ViewsTest, GatesAndSecondsNameTheirExecution) {
  const ExecutionRecord execution = SampleExecution(kCampaign, 0);
  LoadInterval second;
  second.second.set_sent(7);
  ASSERT_TRUE(store_->CommitExecution(execution, {}, {second}).ok());
  EXPECT_EQ(One("SELECT name || ' ' || verdict FROM gates WHERE campaign_id = '0123456789ab'"),
            "errors invalid");
  EXPECT_EQ(One("SELECT execution_id FROM gates"), execution.id());
  EXPECT_EQ(One("SELECT sent FROM seconds WHERE execution_id = '" + execution.id() + "'"), "7");
}

// Readers of the document write queries based on it.
TEST_F(ViewsTest, EveryColumnOfEveryViewIsInTheDocument) {
  const absl::StatusOr<std::string> path = AssayFile("docs/store.md");
  ASSERT_TRUE(path.ok()) << path.status();
  const std::string document = ReadFile(*path).value();
  for (const char* view : {"campaigns", "executions", "cells", "gates", "seconds"}) {
    EXPECT_NE(document.find(absl::StrCat("`", view, "`")), std::string::npos) << view;
    const std::string columns =
        One(absl::StrCat("SELECT group_concat(name, ' ') FROM pragma_table_info('", view, "')"));
    ASSERT_FALSE(columns.empty());
    for (const std::string& column : std::vector<std::string>(absl::StrSplit(columns, ' '))) {
      EXPECT_NE(document.find(absl::StrCat("`", column, "`")), std::string::npos)
          << view << "." << column;
    }
  }
}

}  // namespace
}  // namespace assay::controller
