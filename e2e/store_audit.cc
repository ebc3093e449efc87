// Recomputes the figures of a store from its raw samples, and prints one JSON object per execution: the ground truth for
// agents_test.py.

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analysis/latency_histogram.h"
#include "analysis/sample_codec.h"
#include "common/json_text.h"
#include "common/status_macros.h"
#include "controller/store/store.h"
#include "nlohmann/json.hpp"
#include "proto/convert/histogram_proto.h"
#include "proto/convert/sample_chunk.h"
#include "proto/results.pb.h"

namespace assay {
namespace {

// The figures from the samples of one execution.
struct Recount {
  LatencyHistogram latency;
  uint64_t samples = 0;
  // The earliest send of each load agent.
  std::vector<int64_t> first_send_ns;
};

absl::StatusOr<Recount> CountAgain(controller::Store& store, const ExecutionRecord& execution) {
  Recount recount;
  recount.first_send_ns.assign(execution.loads_size(), INT64_MAX);
  ASSAY_RETURN_IF_ERROR(
      store.ReadChunks(execution.id(), [&](uint32_t load, const SampleChunk& chunk) {
        std::vector<Sample> samples;
        ASSAY_RETURN_IF_ERROR(DecodeChunk(chunk, &samples));
        for (const Sample& sample : samples) {
          ++recount.samples;
          recount.first_send_ns[load] = std::min(recount.first_send_ns[load], sample.intended_ns);
          // Errors have no latency.
          if (sample.outcome == SampleOutcome::kOk || sample.outcome == SampleOutcome::kTimeout) {
            recount.latency.Record(sample.latency_ns);
          }
        }
        return absl::OkStatus();
      }));
  return recount;
}

nlohmann::json ToJson(const LoadRecord& load, int64_t first_send_ns) {
  const LoadFinished& finished = load.finished();
  return {{"agent", load.agent()},
          {"connections", finished.connections()},
          {"sent", finished.sent()},
          {"ok", finished.ok()},
          {"errors", finished.errors()},
          {"timeouts", finished.timeouts()},
          {"in_flight", finished.in_flight()},
          {"recorded", finished.samples_recorded()},
          {"lost", finished.samples_lost()},
          {"start_ns", load.start_ns()},
          {"lateness_ns", load.lateness_ns()},
          {"first_send_ns", first_send_ns}};
}

absl::Status Audit(controller::Store& store, const ExecutionRecord& execution) {
  LatencyHistogram sum;
  for (const LoadRecord& load : execution.loads()) {
    ASSAY_ASSIGN_OR_RETURN(const LatencyHistogram one, FromProto(load.finished().latency()));
    sum.Merge(one);
  }
  ASSAY_ASSIGN_OR_RETURN(const LatencyHistogram stored, FromProto(execution.latency()));
  ASSAY_ASSIGN_OR_RETURN(const Recount recount, CountAgain(store, execution));
  nlohmann::json json;
  json["id"] = execution.id();
  json["samples"] = recount.samples;
  json["stored_equals_sum_of_loads"] = stored == sum;
  json["stored_equals_samples"] = stored == recount.latency;
  json["skew_bound_ns"] = execution.skew().bound_ns();
  json["loads"] = nlohmann::json::array();
  for (int i = 0; i < execution.loads_size(); ++i) {
    json["loads"].push_back(ToJson(execution.loads(i), recount.first_send_ns[i]));
  }
  std::cout << JsonText(json) << "\n";
  return absl::OkStatus();
}

absl::Status AuditAll(const std::string& path) {
  ASSAY_ASSIGN_OR_RETURN(const std::unique_ptr<controller::Store> store,
                         controller::Store::Open(path, controller::Store::Mode::kRead));
  ASSAY_ASSIGN_OR_RETURN(const std::vector<controller::CampaignSummary> campaigns,
                         store->ListCampaigns());
  for (const controller::CampaignSummary& campaign : campaigns) {
    ASSAY_RETURN_IF_ERROR(store->ForEachExecution(
        campaign.id, [&](const ExecutionRecord& execution) { return Audit(*store, execution); }));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace assay

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: store_audit STORE\n";
    return 2;
  }
  const absl::Status status = assay::AuditAll(argv[1]);
  if (status.ok()) return 0;
  std::cerr << "store_audit: " << status.message() << "\n";
  return 1;
}
