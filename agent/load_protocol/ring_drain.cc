#include "agent/load_protocol/ring_drain.h"

#include <optional>
#include <utility>

#include "analysis/crc32c.h"
#include "common/status_macros.h"

namespace assay::loadgen {
namespace {

// Samples of a thread.
constexpr uint64_t kMostAtOnce = 64 * SampleRing::kSamplesPerChunk;

}  // namespace

RingDrain::RingDrain(SampleRing* ring) {
  lanes_.reserve(ring->threads());
  for (int i = 0; i < ring->threads(); ++i) {
    lanes_.push_back(Lane{SampleRing::Reader(ring, i), SampleChunk(), 0});
  }
}

absl::Status RingDrain::Drain(Sink sink) {
  for (size_t thread = 0; thread < lanes_.size(); ++thread) {
    Lane& lane = lanes_[thread];
    // A writer that keeps up with this loop must not hold it for ever.
    for (uint64_t taken = 0; taken < kMostAtOnce;) {
      ASSAY_ASSIGN_OR_RETURN(const std::optional<SampleRing::Block> block, lane.reader.Peek());
      if (!block.has_value()) break;
      taken += block->count;
      lane.chunk.set_thread(static_cast<uint32_t>(thread));
      Append(*block, lane, sink);
      lane.reader.Pop();
    }
  }
  return absl::OkStatus();
}

void RingDrain::Append(const SampleRing::Block& block, Lane& lane, Sink sink) {
  SampleChunk& chunk = lane.chunk;
  const bool goes_on = block.base_ns == chunk.first_send_ns() &&
                       block.first_index == chunk.first_index() + chunk.count() &&
                       chunk.count() + block.count <= SampleRing::kSamplesPerChunk;
  if (chunk.count() > 0 && !goes_on) GiveOut(lane, sink);
  if (chunk.count() == 0) {
    chunk.set_first_send_ns(block.base_ns);
    chunk.set_first_index(block.first_index);
  }
  chunk.mutable_payload()->append(block.bytes);
  chunk.set_count(chunk.count() + block.count);
  samples_ += block.count;
  // Decoding knows the blocks by their count: only the last one may be short.
  if (chunk.count() == SampleRing::kSamplesPerChunk || block.count < kBlockSamples) {
    GiveOut(lane, sink);
  }
}

void RingDrain::GiveOut(Lane& lane, Sink sink) {
  SampleChunk chunk;
  std::swap(chunk, lane.chunk);
  lane.chunk.set_thread(chunk.thread());
  chunk.set_codec(SampleChunk::BLOCK_PACKED);
  chunk.set_crc32c(Crc32c(chunk.payload()));
  chunk.set_thread_sequence(lane.next_sequence++);
  ++chunks_;
  sink(std::move(chunk));
}

absl::Status RingDrain::Finish(Sink sink) {
  // One call takes no more than its share of a ring that is being written.
  for (uint64_t before = samples_ + 1; before != samples_;) {
    before = samples_;
    ASSAY_RETURN_IF_ERROR(Drain(sink));
  }
  for (Lane& lane : lanes_) {
    if (lane.chunk.count() > 0) GiveOut(lane, sink);
  }
  return absl::OkStatus();
}

uint64_t RingDrain::samples_lost() const {
  uint64_t lost = 0;
  for (const Lane& lane : lanes_) lost += lane.reader.samples_lost();
  return lost;
}

}  // namespace assay::loadgen
