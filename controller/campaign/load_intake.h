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

// Limits of the data that one load agent may send for one execution. A correct agent stays far below them. They keep a
// faulty agent from filling the controller's memory or the store's disk.
struct IntakeLimits {
  // One record per second of the window, or per slot.
  uint32_t seconds = 0;
  size_t bytes_of_seconds = 0;
  uint64_t samples = 0;
  uint64_t chunks = 0;

  // The limits for a window that took at most `window` on the controller's clock.
  static IntakeLimits Over(absl::Duration window);
  // The same for a load that came in slots: one interval per slot.
  static IntakeLimits OverSlots(absl::Duration window, const SlotSchedule& slots);
};

// Receives the data records of one load job. It buffers chunks of samples until they are staged in the store, several at
// a time, and collects the per-second intervals.
//
// There are two kinds of errors. Unusable data of the agent fails this execution; Take() and Stage() return that error. A
// store failure ends the campaign; store_status() has that error.
class LoadIntake {
 public:
  // `load` is the index of the load agent in the execution. `record` has the agent's final report; the intake adds the
  // counts of received data to it. `spans` receives the samples too, unless it is nullptr. All must outlive the intake.
  LoadIntake(Store& store, std::string campaign_id, std::string execution_id, uint32_t load,
             LoadRecord& record, SpanRequests* spans, const IntakeLimits& limits);

  // Takes one record. kDataLoss if it is damaged, out of order, a duplicate, or of a kind that no load job sends.
  // kResourceExhausted if it exceeds the limits.
  absl::Status Take(const DataRecord& record);
  // Stages the buffered chunks. OK means that all chunks taken so far are safe in the store. The intervals, a few
  // kilobytes, are stored when the execution is committed.
  absl::Status Stage();

  // The error of the store, or OK.
  const absl::Status& store_status() const { return store_status_; }
  // The staged chunks, and the intervals, each in the order of arrival.
  std::vector<ChunkRef>& chunks() { return chunks_; }
  std::vector<LoadInterval>& seconds() { return seconds_; }

 private:
  // The expected position of the next chunk of a load thread.
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
  // The samples of the chunk that is checked; kept to reuse its memory.
  std::vector<Sample> samples_;
  std::vector<ChunkRef> chunks_;
  std::vector<LoadInterval> seconds_;
  absl::Status store_status_;
};

// The latencies of one load agent. kDataLoss if one of its histograms is invalid: a histogram that cannot be read must
// not be stored.
absl::StatusOr<LatencyHistogram> LatencyOf(const LoadFinished& finished);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_LOAD_INTAKE_H_
