#ifndef ASSAY_CONTROLLER_CAMPAIGN_LOAD_INTAKE_H_
#define ASSAY_CONTROLLER_CAMPAIGN_LOAD_INTAKE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "analysis/latency_histogram.h"
#include "analysis/sample_codec.h"
#include "controller/campaign/span_requests.h"
#include "controller/store/store.h"
#include "proto/agent.pb.h"
#include "proto/results.pb.h"
#include "proto/samples.pb.h"

namespace assay::controller {

// How much one load agent may send for one execution. An honest agent stays far below; the limits keep one that does not
// from filling the controller's memory or the store's disk.
struct IntakeLimits {
  // One record per second of the window.
  uint32_t seconds = 0;
  size_t bytes_of_seconds = 0;
  uint64_t samples = 0;
  uint64_t chunks = 0;

  // For a window that took at most `window` on the controller's clock.
  static IntakeLimits Over(absl::Duration window);
};

// Takes in the data records of one load agent's job: chunks of samples wait until they are staged in the store, several
// at a time; seconds are gathered.
//
// Errors are of two kinds, which must not be mixed up: what the agent sent cannot be used (Take() and Stage() return it,
// and this execution fails), or the store does not take it (store_status(), and the campaign ends).
class LoadIntake {
 public:
  // For load agent number `load` of an execution. `record` has what the agent told at its end, and gets the counts of what
  // came. `spans`: counts the samples too, unless nullptr. All must outlive it.
  LoadIntake(Store& store, std::string campaign_id, std::string execution_id, uint32_t load,
             LoadRecord& record, SpanRequests* spans, const IntakeLimits& limits);

  // Takes one record. kDataLoss for one that is damaged, out of order, doubled or of a kind that no load sends;
  // kResourceExhausted for one more than the limits allow.
  absl::Status Take(const DataRecord& record);
  // Stages the chunks that wait: what was taken is safe when this returns OK. The seconds, some kilobytes, are in the
  // store with their execution, or made again with it.
  absl::Status Stage();

  // What the store failed with, or OK.
  const absl::Status& store_status() const { return store_status_; }
  // What was staged, and the seconds, in the order of their coming.
  std::vector<ChunkRef>& chunks() { return chunks_; }
  std::vector<LoadInterval>& seconds() { return seconds_; }

 private:
  // Where the next chunk of a load thread begins.
  struct ThreadPosition {
    uint32_t sequence = 0;
    uint64_t index = 0;
  };

  absl::Status TakeSecond(const WindowSecond& second);
  absl::Status TakeChunk(const SampleChunk& chunk);
  absl::Status CheckOrder(const SampleChunk& chunk);

  Store& store_;
  const std::string campaign_id_;
  const std::string execution_id_;
  const uint32_t load_;
  LoadRecord& record_;
  SpanRequests* const spans_;
  const IntakeLimits limits_;
  absl::flat_hash_map<uint32_t, ThreadPosition> threads_;
  absl::flat_hash_set<uint32_t> seen_seconds_;
  size_t bytes_of_seconds_ = 0;
  std::vector<SampleChunk> waiting_;
  // Of the chunk that is checked.
  std::vector<Sample> samples_;
  std::vector<ChunkRef> chunks_;
  std::vector<LoadInterval> seconds_;
  absl::Status store_status_;
};

// The latencies of one load agent. kDataLoss where a histogram that it told is none: what cannot be read later must not be
// stored.
absl::StatusOr<LatencyHistogram> LatencyOf(const LoadFinished& finished);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_LOAD_INTAKE_H_
