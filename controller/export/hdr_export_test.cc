#include "controller/export/hdr_export.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "analysis/hdr_log.h"
#include "analysis/latency_histogram.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {
namespace {

LatencyHistogram HistogramOf(const std::vector<int64_t>& values) {
  LatencyHistogram histogram;
  for (const int64_t value : values) histogram.Record(value);
  return histogram;
}

LoadInterval Second(uint32_t load, uint32_t second, const std::vector<int64_t>& values) {
  LoadInterval one;
  one.load = load;
  one.second.set_second(second);
  ToProto(HistogramOf(values), one.second.mutable_latency());
  return one;
}

class HdrExportTest : public ::testing::Test {
 protected:
  HdrExportTest() {
    campaign_.set_id("0123456789ab");
    campaign_.set_started_us(1'000'000'000'000'000);
    campaign_.set_status(CampaignRecord::COMPLETE);
    EXPECT_TRUE(store_->CreateCampaign(campaign_).ok());
  }

  const std::unique_ptr<Store> store_ =
      *Store::Open(std::string(::testing::TempDir()) + "/" +
                       ::testing::UnitTest::GetInstance()->current_test_info()->name() + ".db",
                   Store::Mode::kWrite);
  // A measured execution of that target with one request of `latency_ns`.
  void Commit(const std::string& target, int64_t latency_ns) {
    ExecutionRecord execution;
    execution.set_id(target);
    execution.set_campaign_id(campaign_.id());
    execution.set_status(ExecutionRecord::MEASURED);
    execution.set_started_us(campaign_.started_us());
    execution.mutable_cell()->set_target(target);
    execution.mutable_cell()->set_workload("json");
    execution.mutable_cell()->set_mode("closed");
    execution.mutable_cell()->set_connections(64);
    execution.add_loads()->mutable_finished()->set_duration_ns(1'000'000'000);
    const absl::Status committed =
        store_->CommitExecution(execution, {}, {Second(0, 0, {latency_ns})});
    EXPECT_TRUE(committed.ok()) << committed;
  }

  CampaignRecord campaign_;
};

TEST_F(HdrExportTest, EachSecondIsAnIntervalOfItsCell) {
  ExecutionRecord execution;
  execution.set_id("one");
  execution.set_campaign_id(campaign_.id());
  execution.set_status(ExecutionRecord::MEASURED);
  execution.set_started_us(campaign_.started_us() + 2'500'000);
  execution.mutable_cell()->set_target("a/b");
  execution.mutable_cell()->set_workload("json");
  execution.mutable_cell()->set_mode("closed");
  execution.mutable_cell()->set_connections(64);
  for (int load = 0; load < 2; ++load)
    execution.add_loads()->mutable_finished()->set_duration_ns(1'250'000'000);
  ASSERT_TRUE(store_
                  ->CommitExecution(
                      execution, {},
                      {Second(0, 0, {1'000, 2'000}), Second(0, 1, {5'000}), Second(1, 0, {9'000})})
                  .ok());
  const absl::StatusOr<std::vector<ExportedFile>> files = ExportHdr(*store_, campaign_);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), 1);
  EXPECT_EQ(files->front().name, absl::StrCat(FileNameOf(execution.cell()), ".hlog"));
  std::vector<std::string> intervals;
  for (const absl::string_view line : absl::StrSplit(files->front().content, '\n')) {
    if (!line.empty() && absl::ascii_isdigit(static_cast<unsigned char>(line.front())))
      intervals.emplace_back(line);
  }
  ASSERT_EQ(intervals.size(), 2);
  EXPECT_TRUE(absl::StartsWith(intervals[0], "2.500,1.000,")) << intervals[0];
  EXPECT_TRUE(
      absl::EndsWith(intervals[0], EncodeHdrHistogram(HistogramOf({1'000, 2'000, 9'000})).value()));
  // The last quarter of a second of the window.
  EXPECT_TRUE(absl::StartsWith(intervals[1], "3.500,0.250,")) << intervals[1];
}

// A log that mixes two servers would be valid for neither.
TEST_F(HdrExportTest, EachCellHasASeparateLog) {
  const std::vector<std::string> targets = {"a b",    "a-b",    "A-b",   "a/b",
                                            "сервер", "служба", "服务器"};
  for (size_t i = 0; i < targets.size(); ++i)
    Commit(targets[i], static_cast<int64_t>(1'000 * (i + 1)));
  const absl::StatusOr<std::vector<ExportedFile>> files = ExportHdr(*store_, campaign_);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_EQ(files->size(), targets.size());
  std::set<std::string> names;
  for (const ExportedFile& file : *files) names.insert(absl::AsciiStrToLower(file.name));
  EXPECT_EQ(names.size(), targets.size());
  for (size_t i = 0; i < targets.size(); ++i) {
    const std::string histogram =
        EncodeHdrHistogram(HistogramOf({static_cast<int64_t>(1'000 * (i + 1))})).value();
    const auto with = std::count_if(files->begin(), files->end(), [&](const ExportedFile& file) {
      return absl::StrContains(file.content, histogram);
    });
    EXPECT_EQ(with, 1) << targets[i];
  }
}

TEST_F(HdrExportTest, ReportsACampaignWithoutMeasurements) {
  EXPECT_EQ(ExportHdr(*store_, campaign_).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace assay::controller
