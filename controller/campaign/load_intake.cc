#include "controller/campaign/load_intake.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/status_macros.h"

namespace assay {

LoadIntake::LoadIntake(Store& store, std::string campaign_id, std::string execution_id,
                       uint32_t load, LoadRecord& record, SpanRequests* spans)
    : store_(store),
      campaign_id_(std::move(campaign_id)),
      execution_id_(std::move(execution_id)),
      load_(load),
      record_(record),
      spans_(spans) {}

absl::Status LoadIntake::Take(const DataRecord& record) {
  if (record.has_second()) {
    seconds_.push_back({load_, record.second()});
    return absl::OkStatus();
  }
  if (!record.has_samples()) return absl::OkStatus();
  const SampleChunk& chunk = record.samples();
  if (spans_ != nullptr) ASSAY_RETURN_IF_ERROR(spans_->Add(chunk, record_.start_ns()));
  waiting_.push_back(chunk);
  record_.set_chunks(record_.chunks() + 1);
  record_.set_samples_received(record_.samples_received() + chunk.count());
  return absl::OkStatus();
}

absl::Status LoadIntake::Stage() {
  if (waiting_.empty()) return absl::OkStatus();
  absl::StatusOr<std::vector<ChunkRef>> refs =
      store_.StageChunks(campaign_id_, execution_id_, load_, waiting_);
  waiting_.clear();
  if (!refs.ok()) return store_status_ = refs.status();
  std::move(refs->begin(), refs->end(), std::back_inserter(chunks_));
  return absl::OkStatus();
}

}  // namespace assay
