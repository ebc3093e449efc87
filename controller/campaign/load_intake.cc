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

// Allows for an incomplete last second and for differences between clocks.
constexpr uint32_t kSpareSeconds = 3;
// The average size of a second's record: as large as a histogram in which every second bucket is used.
constexpr size_t kBytesOfSecond = size_t{32} << 10;
constexpr size_t kSpareBytes = size_t{4} << 20;
// Ten times the maximum rate of this version's load generator on one host.
constexpr uint64_t kSamplesPerSecond = 20'000'000;
// A thread sends a chunk when it is full, and at the end of each second even if it is not.
constexpr uint64_t kChunksPerSecond = 1'024;
constexpr uint64_t kSpareChunks = 65'536;
constexpr size_t kMaxPayloadBytes = kMaxChunkSamples / kBlockSamples * kMaxBlockBytes;
constexpr uint32_t kMaxThreads = 4'096;

absl::Status OverLimit(absl::string_view what, uint64_t limit, absl::string_view why) {
  return absl::ResourceExhaustedError(absl::StrCat("sent more than ", limit, " ", what,
                                                   " for one execution: ", why,
                                                   "; use an agent of the controller's version"));
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(
      absl::StrCat("sent unusable data: ", what,
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

IntakeLimits IntakeLimits::OverSlots(absl::Duration window, const SlotSchedule& slots) {
  IntakeLimits limits = Over(window);
  limits.seconds = slots.count();
  limits.bytes_of_seconds = kSpareBytes + slots.own_size() * kBytesOfSecond;
  limits.chunks += static_cast<uint64_t>(slots.own_size()) * kMaxThreads;
  return limits;
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
  return Damaged(absl::StrCat("record ", record.sequence(),
                              " contains neither samples nor the interval of a second"));
}

absl::Status LoadIntake::TakeSecond(const WindowSecond& second) {
  if (second.second() >= limits_.seconds) {
    return Damaged(absl::StrCat("interval ", second.second(), " of a window that has at most ",
                                limits_.seconds));
  }
  if (!seen_seconds_.insert(second.second()).second) {
    return Damaged(absl::StrCat("interval ", second.second(), " of the window appears twice"));
  }
  bytes_of_seconds_ += second.ByteSizeLong();
  if (bytes_of_seconds_ > limits_.bytes_of_seconds) {
    return OverLimit("bytes of intervals", limits_.bytes_of_seconds,
                     absl::StrCat("its window has at most ", limits_.seconds, " intervals"));
  }
  if (const auto latency = FromProto(second.latency()); !latency.ok()) {
    return Damaged(absl::StrCat("second ", second.second(), ": ", latency.status().message()));
  }
  seconds_.push_back({load_, second});
  return absl::OkStatus();
}

absl::Status LoadIntake::CheckOrder(const SampleChunk& chunk) {
  if (chunk.thread() >= kMaxThreads) {
    return Damaged(absl::StrCat("a sample chunk of load thread ", chunk.thread(),
                                "; an agent has at most ", kMaxThreads, " load threads"));
  }
  ThreadPosition& due = threads_[chunk.thread()];
  if (chunk.thread_sequence() != due.sequence) {
    return Damaged(absl::StrCat("sample chunk ", chunk.thread_sequence(), " of load thread ",
                                chunk.thread(), " arrived in place of chunk ", due.sequence));
  }
  // A gap is a loss of samples, which samples_lost counts.
  if (chunk.first_index() < due.index || chunk.first_index() > UINT64_MAX - chunk.count()) {
    return Damaged(absl::StrCat("sample chunk ", chunk.thread_sequence(), " of load thread ",
                                chunk.thread(), " begins at sample ", chunk.first_index(),
                                ", but the next sample must be ", due.index, " or later"));
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
  // Check the samples before buffering them, so that later errors are errors of the store.
  samples_.clear();
  if (const absl::Status decoded = DecodeChunk(chunk, &samples_); !decoded.ok()) {
    return Damaged(decoded.message());
  }
  const uint64_t chunks = record_.chunks() + 1;
  const uint64_t samples = record_.samples_received() + chunk.count();
  if (chunks > limits_.chunks) {
    return OverLimit("sample chunks", limits_.chunks,
                     absl::StrCat("its window has at most ", limits_.seconds, " intervals"));
  }
  if (samples > limits_.samples) {
    return OverLimit("samples", limits_.samples,
                     absl::StrCat("its window has at most ", limits_.seconds, " intervals"));
  }
  const uint64_t recorded = record_.finished().samples_recorded();
  if (samples > recorded) {
    return Damaged(
        absl::StrCat("at least ", samples, " samples, but it reports that it recorded ", recorded));
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
  // By its contract, the store returns INVALID_ARGUMENT for samples that decode but cannot be encoded for storage. That
  // is an error of the agent.
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
