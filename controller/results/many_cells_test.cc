#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "analysis/latency_histogram.h"
#include "common/json_text.h"
#include "controller/gates/gate_keeper.h"
#include "controller/plan/cells.h"
#include "controller/plan/plan_rules.h"
#include "controller/results/campaign_results.h"
#include "controller/results/results_json.h"
#include "controller/store/store.h"
#include "google/protobuf/text_format.h"
#include "nlohmann/json.hpp"
#include "proto/convert/histogram_proto.h"
#include "proto/results.pb.h"

namespace assay::controller {
namespace {

// ASSAY_TEST_CELLS sets the number of cells, for a larger store (docs/performance.md).
int CellsWanted() {
  const char* const wanted = std::getenv("ASSAY_TEST_CELLS");
  int cells = 0;
  return wanted != nullptr && absl::SimpleAtoi(wanted, &cells) ? cells : 200;
}

// Bytes currently allocated; 0 if a sanitizer replaces the allocator.
size_t Allocated() { return mallinfo2().uordblks; }

ExecutionRecord Measured(const Cell& cell, int index, const GateRules& rules, const Plan& plan) {
  ExecutionRecord execution;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
    campaign_id: "0123456789ab" status: MEASURED
    server { cpu_ns: 9000000 rss_bytes: 4000000 }
    loads { finished { sent: 1000 ok: 1000 connections: 64 duration_ns: 1000000000 cpu_ns: 8000000
                       samples_recorded: 1000 } samples_received: 1000 }
  )",
                                                            &execution));
  execution.set_id(absl::StrCat("execution-", index));
  *execution.mutable_cell() = cell;
  // A sample in most of the histogram's buckets.
  LatencyHistogram latency;
  for (int64_t ns = 1'000; ns < 1'000'000'000; ns += std::max<int64_t>(1, ns / 1'000)) {
    latency.Record(ns);
  }
  ToProto(latency, execution.mutable_latency());
  for (const GateResult& gate : JudgeExecution(rules, plan, execution, {})) {
    *execution.add_gates() = gate;
  }
  return execution;
}

// Otherwise a campaign of 16,000 cells takes 3.4 GB: 216 KiB per histogram.
TEST(ManyCellsTest, KeepsOnlyTheFiguresOfACell) {
  const int cells = CellsWanted();
  const std::string path = absl::StrCat(::testing::TempDir(), "/cells.db");
  absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(path, Store::Mode::kWrite);
  ASSERT_TRUE(store.ok()) << store.status();
  const absl::StatusOr<GateRules> rules = LoadGateRules();
  ASSERT_TRUE(rules.ok()) << rules.status();
  CampaignRecord campaign;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "name: 'p' workloads { name: 'json' path: '/json' } blocks: 1 "
      "load { closed { connections: 64 duration { seconds: 1 } } }",
      campaign.mutable_plan()));
  for (int i = 0; i < cells; ++i) {
    PlanTarget& target = *campaign.mutable_plan()->add_targets();
    target.set_name("epoll");
    target.set_label(absl::StrCat("epoll ", i));
  }
  *campaign.mutable_plan() = WithDefaults(campaign.plan());
  campaign.set_id("0123456789ab");
  campaign.set_started_us(1);
  campaign.set_status(CampaignRecord::COMPLETE);
  ASSERT_TRUE((*store)->CreateCampaign(campaign).ok());
  int index = 0;
  for (const Cell& cell : CellsOf(campaign.plan())) {
    const absl::Status committed =
        (*store)->CommitExecution(Measured(cell, index++, *rules, campaign.plan()), {}, {});
    ASSERT_TRUE(committed.ok()) << committed;
  }

  const size_t before = Allocated();
  const absl::StatusOr<CampaignResults> results = ReadResults(**store, *rules, campaign);
  ASSERT_TRUE(results.ok()) << results.status();
  ASSERT_EQ(results->cells.size(), static_cast<size_t>(cells));
  ASSERT_TRUE(results->cells.back().pooled_us[0].has_value());
  // The memory includes the campaign's record with its plan.
  const size_t kept = Allocated() - before;
  EXPECT_LT(kept / cells, size_t{28} << 10);
  RecordProperty("kept_bytes_a_cell", std::to_string(kept / cells));

  // The JSON text is not built as a whole either.
  nlohmann::ordered_json more;
  more["profiles"] = nlohmann::ordered_json::array();
  std::string text;
  text.reserve(static_cast<size_t>(cells) * (size_t{32} << 10));
  const size_t reading = Allocated();
  size_t most = 0;
  WriteJson(*results, more, [&](const std::string& piece) {
    text += piece;
    most = std::max(most, Allocated());
  });
  EXPECT_LT(most, reading + (size_t{1} << 20));
  nlohmann::ordered_json whole = ToJson(*results);
  whole.update(more);
  EXPECT_TRUE(text == JsonText(whole, 2)) << text.substr(0, 2'000);
}

}  // namespace
}  // namespace assay::controller
