#include "controller/store/store_samples.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "analysis/crc32c.h"
#include "analysis/latency_histogram.h"
#include "analysis/random_stream.h"
#include "controller/store/record_id.h"
#include "gtest/gtest.h"
#include "proto/convert/histogram_proto.h"

namespace assay::controller {

TemporaryFolder::TemporaryFolder() : path_(::testing::TempDir() + "/store_XXXXXX") {
  EXPECT_NE(mkdtemp(path_.data()), nullptr);
}

TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(path_); }

std::unique_ptr<Store> OpenedStore(const std::string& path, Store::Mode mode) {
  absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(path, mode);
  EXPECT_TRUE(store.ok()) << store.status();
  // No test can continue without a store.
  if (!store.ok()) std::abort();
  return *std::move(store);
}

CampaignRecord SampleCampaign(const std::string& id, int64_t started_s) {
  CampaignRecord campaign;
  campaign.set_id(id);
  campaign.mutable_plan()->set_name("sample plan");
  campaign.set_plan_text("name: \"sample plan\"");
  campaign.set_started_us(started_s * 1'000'000);
  campaign.set_status(CampaignRecord::RUNNING);
  return campaign;
}

ExecutionRecord SampleExecution(const std::string& campaign_id, uint32_t block,
                                const std::string& target) {
  ExecutionRecord execution;
  execution.set_id(DrawExecutionId());
  execution.set_campaign_id(campaign_id);
  execution.mutable_cell()->set_target(target);
  execution.mutable_cell()->set_workload("json");
  execution.mutable_cell()->set_mode("closed");
  execution.mutable_cell()->set_connections(64);
  execution.set_block(block);
  execution.set_status(ExecutionRecord::MEASURED);
  execution.mutable_server()->set_cpu_ns(5'000'000);
  execution.mutable_server()->set_rss_bytes(1 << 20);
  LoadFinished* finished = execution.add_loads()->mutable_finished();
  finished->set_sent(1'001);
  finished->set_ok(998);
  finished->set_errors(1);
  finished->set_timeouts(1);
  finished->set_in_flight(1);
  finished->set_duration_ns(500'000'000);
  finished->set_cpu_ns(2'000'000);
  LatencyHistogram latency;
  for (int i = 1; i <= 1'000; ++i) latency.Record(int64_t{i} * 1'000 + block);
  ToProto(latency, execution.mutable_latency());
  GateResult* gate = execution.add_gates();
  gate->set_name("errors");
  gate->set_value(0.002);
  gate->set_limit(0.001);
  gate->set_verdict(GateResult::INVALID);
  return execution;
}

std::vector<Sample> SampleSamples(uint64_t seed, uint32_t count) {
  RandomStream random(seed, 0);
  std::vector<Sample> samples;
  int64_t intended_ns = 1'000'000'000;
  for (uint32_t i = 0; i < count; ++i) {
    intended_ns += static_cast<int64_t>(random.Below(100'000));
    samples.push_back(
        {intended_ns, static_cast<int64_t>(random.Below(1'000'000)) + 1, SampleOutcome::kOk});
  }
  return samples;
}

SampleChunk PackedChunk(uint64_t seed, uint32_t count) {
  const std::vector<Sample> samples = SampleSamples(seed, count);
  SampleChunk chunk;
  chunk.set_count(count);
  chunk.set_codec(SampleChunk::BLOCK_PACKED);
  chunk.set_first_send_ns(samples.front().intended_ns);
  std::string* payload = chunk.mutable_payload();
  for (size_t begin = 0; begin < samples.size(); begin += kBlockSamples) {
    uint8_t block[kMaxBlockBytes];
    const size_t length = EncodeBlock(absl::MakeConstSpan(samples).subspan(begin, kBlockSamples),
                                      chunk.first_send_ns(), block);
    payload->append(reinterpret_cast<const char*>(block), length);
  }
  chunk.set_crc32c(Crc32c(*payload));
  return chunk;
}

std::string RunSql(const std::string& path, const std::string& sql) {
  sqlite3* connection = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &connection), SQLITE_OK);
  std::string first;
  bool seen = false;
  std::pair<std::string*, bool*> result = {&first, &seen};
  const auto take = [](void* to, int columns, char** values, char**) {
    auto* into = static_cast<std::pair<std::string*, bool*>*>(to);
    if (!*into->second && columns > 0 && values[0] != nullptr) *into->first = values[0];
    *into->second = true;
    return 0;
  };
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(connection, sql.c_str(), take, &result, &error), SQLITE_OK) << error;
  sqlite3_free(error);
  sqlite3_close(connection);
  return first;
}

}  // namespace assay::controller
