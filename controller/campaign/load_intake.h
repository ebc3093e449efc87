#ifndef ASSAY_CONTROLLER_CAMPAIGN_LOAD_INTAKE_H_
#define ASSAY_CONTROLLER_CAMPAIGN_LOAD_INTAKE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "controller/campaign/span_requests.h"
#include "controller/store/store.h"
#include "proto/agent.pb.h"
#include "proto/results.pb.h"
#include "proto/samples.pb.h"

namespace assay {

// Takes in the data records of one load agent's part: chunks of samples wait until they are staged in the store, several
// at a time; seconds are gathered.
class LoadIntake {
 public:
  // For load agent number `load` of an execution. `record` gets the counts of what came. `spans`: counts the samples
  // too, unless nullptr. All must outlive it.
  LoadIntake(Store& store, std::string campaign_id, std::string execution_id, uint32_t load,
             LoadRecord& record, SpanRequests* spans);

  // Takes one record.
  absl::Status Take(const DataRecord& record);
  // Stages the chunks that wait: what was taken is safe when this returns OK. The seconds, some kilobytes, are in the
  // store with their execution, or made again with it.
  absl::Status Stage();

  // What the store failed with, or OK: tells its errors from those of damaged records.
  const absl::Status& store_status() const { return store_status_; }
  // What was staged, and the seconds, in the order of their coming.
  std::vector<ChunkRef>& chunks() { return chunks_; }
  std::vector<LoadSecond>& seconds() { return seconds_; }

 private:
  Store& store_;
  const std::string campaign_id_;
  const std::string execution_id_;
  const uint32_t load_;
  LoadRecord& record_;
  SpanRequests* const spans_;
  std::vector<SampleChunk> waiting_;
  std::vector<ChunkRef> chunks_;
  std::vector<LoadSecond> seconds_;
  absl::Status store_status_;
};

}  // namespace assay

#endif  // ASSAY_CONTROLLER_CAMPAIGN_LOAD_INTAKE_H_
