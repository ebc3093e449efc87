#include "controller/campaign/load_intake.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status_macros.h"
#include "proto/convert/histogram_proto.h"
#include "proto/convert/sample_chunk.h"

namespace assay::controller {
namespace {

// The last second may be a part of one, and clocks differ.
constexpr uint32_t kSpareSeconds = 3;
// Of a window's second, on average: a histogram with every second bucket filled takes as much.
constexpr size_t kBytesOfSecond = size_t{32} << 10;
constexpr size_t kSpareBytes = size_t{4} << 20;
// Ten times what the generator of this version reaches on one host.
constexpr uint64_t kSamplesPerSecond = 20'000'000;
// A thread gives out a chunk when it is full, and one at the end of each second that has few samples.
constexpr uint64_t kChunksPerSecond = 1'024;
constexpr uint64_t kSpareChunks = 65'536;
constexpr size_t kMaxPayloadBytes = kMaxChunkSamples / kBlockSamples * kMaxBlockBytes;
constexpr uint32_t kMaxThreads = 4'096;

absl::Status OverLimit(absl::string_view what, uint64_t limit, absl::string_view why) {
  return absl::ResourceExhaustedError(absl::StrCat("sent more than ", limit, " ", what,
                                                   " for one execution: ", why,
                                                   "; update or replace this agent"));
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("sent data that cannot be used: ", what,
                   "; check this agent's version, host and network, then `resume` the campaign"));
}

}  // namespace

IntakeLimits IntakeLimits::Over(absl::Duration window) {
  const uint64_t seconds =
      static_cast<uint64_t>(std::max<int64_t>(0, absl::ToInt64Seconds(window))) + kSpareSeconds;
  return {.seconds = static_cast<uint32_t>(seconds),
          .bytes_of_seconds = kSpareBytes + seconds * kBytesOfSecond,
          .samples = seconds * kSamplesPerSecond,
          .chunks = kSpareChunks + seconds * kChunksPerSecond};
}

LoadIntake::LoadIntake(Store& store, std::string campaign_id, std::string execution_id,
                       uint32_t load, LoadRecord& record, SpanRequests* spans,
                       const IntakeLimits& limits)
    : store_(store),
      campaign_id_(std::move(campaign_id)),
      execution_id_(std::move(execution_id)),
      load_(load),
      record_(record),
      spans_(spans),
      limits_(limits) {}

absl::Status LoadIntake::Take(const DataRecord& record) {
  if (record.has_second()) return TakeSecond(record.second());
  if (record.has_samples()) return TakeChunk(record.samples());
  return Damaged(absl::StrCat("record ", record.sequence(), " holds neither samples nor a second"));
}

absl::Status LoadIntake::TakeSecond(const WindowSecond& second) {
  if (second.second() >= limits_.seconds) {
    return Damaged(absl::StrCat("second ", second.second(), " of a window that was shorter than ",
                                limits_.seconds, " s"));
  }
  if (!seen_seconds_.insert(second.second()).second) {
    return Damaged(absl::StrCat("second ", second.second(), " of the window twice"));
  }
  bytes_of_seconds_ += second.ByteSizeLong();
  if (bytes_of_seconds_ > limits_.bytes_of_seconds) {
    return OverLimit("bytes of seconds", limits_.bytes_of_seconds,
                     absl::StrCat("its window had at most ", limits_.seconds, " of them"));
  }
  if (const auto latency = FromProto(second.latency()); !latency.ok()) {
    return Damaged(absl::StrCat("second ", second.second(), ": ", latency.status().message()));
  }
  seconds_.push_back({load_, second});
  return absl::OkStatus();
}

absl::Status LoadIntake::CheckOrder(const SampleChunk& chunk) {
  if (chunk.thread() >= kMaxThreads) {
    return Damaged(absl::StrCat("a sample chunk of load thread ", chunk.thread(), "; at most ",
                                kMaxThreads, " threads are possible"));
  }
  ThreadPosition& due = threads_[chunk.thread()];
  if (chunk.thread_sequence() != due.sequence) {
    return Damaged(absl::StrCat("sample chunk ", chunk.thread_sequence(), " of load thread ",
                                chunk.thread(), " came where chunk ", due.sequence, " was due"));
  }
  // A gap is a loss, which its own count tells of.
  if (chunk.first_index() < due.index || chunk.first_index() > UINT64_MAX - chunk.count()) {
    return Damaged(absl::StrCat("sample chunk ", chunk.thread_sequence(), " of load thread ",
                                chunk.thread(), " begins at sample ", chunk.first_index(),
                                ", before sample ", due.index, ", which was due"));
  }
  due = {.sequence = due.sequence + 1, .index = chunk.first_index() + chunk.count()};
  return absl::OkStatus();
}

absl::Status LoadIntake::TakeChunk(const SampleChunk& chunk) {
  ASSAY_RETURN_IF_ERROR(CheckOrder(chunk));
  if (chunk.payload().size() > kMaxPayloadBytes) {
    return OverLimit("bytes in one sample chunk", kMaxPayloadBytes,
                     absl::StrCat("this one has ", chunk.payload().size()));
  }
  // Checked before it waits for the store, so that the store's errors are the store's own.
  samples_.clear();
  if (const absl::Status decoded = DecodeChunk(chunk, &samples_); !decoded.ok()) {
    return Damaged(decoded.message());
  }
  const uint64_t chunks = record_.chunks() + 1;
  const uint64_t samples = record_.samples_received() + chunk.count();
  if (chunks > limits_.chunks) {
    return OverLimit("sample chunks", limits_.chunks,
                     absl::StrCat("its window was shorter than ", limits_.seconds, " s"));
  }
  if (samples > limits_.samples) {
    return OverLimit("samples", limits_.samples,
                     absl::StrCat("its window was shorter than ", limits_.seconds, " s"));
  }
  const uint64_t recorded = record_.finished().samples_recorded();
  if (samples > recorded) {
    return Damaged(absl::StrCat("at least ", samples,
                                " samples, of which it says to have recorded ", recorded));
  }
  if (spans_ != nullptr) ASSAY_RETURN_IF_ERROR(spans_->Add(chunk, record_.start_ns()));
  waiting_.push_back(chunk);
  record_.set_chunks(chunks);
  record_.set_samples_received(samples);
  return absl::OkStatus();
}

absl::Status LoadIntake::Stage() {
  if (waiting_.empty()) return absl::OkStatus();
  absl::StatusOr<std::vector<ChunkRef>> refs =
      store_.StageChunks(campaign_id_, execution_id_, load_, waiting_);
  waiting_.clear();
  // By the store's contract no fault of its own: samples that decode, but cannot be encoded for rest.
  if (absl::IsInvalidArgument(refs.status())) return Damaged(refs.status().message());
  if (!refs.ok()) return store_status_ = refs.status();
  std::move(refs->begin(), refs->end(), std::back_inserter(chunks_));
  return absl::OkStatus();
}

absl::StatusOr<LatencyHistogram> LatencyOf(const LoadFinished& finished) {
  for (const Histogram* other : {&finished.service(), &finished.send_lag()}) {
    if (const auto read = FromProto(*other); !read.ok()) return Damaged(read.status().message());
  }
  absl::StatusOr<LatencyHistogram> latency = FromProto(finished.latency());
  if (!latency.ok()) return Damaged(latency.status().message());
  return latency;
}

}  // namespace assay::controller
