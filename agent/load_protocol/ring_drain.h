#ifndef ASSAY_AGENT_LOAD_PROTOCOL_RING_DRAIN_H_
#define ASSAY_AGENT_LOAD_PROTOCOL_RING_DRAIN_H_

#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "agent/load_protocol/sample_ring.h"
#include "proto/samples.pb.h"

namespace assay::loadgen {

// Turns what load threads put into a SampleRing into SampleChunks: BLOCK_PACKED, with CRC, numbered
// from 0 in each thread. The samples of a thread come in the order in which their requests ended. A
// loss begins a new chunk, so that a gap in `first_index` shows it.
//
// Threads: used by one at a time, the only reader of the ring. Memory: one unfinished chunk a load
// thread, about 300 KB each.
class RingDrain {
 public:
  using Sink = absl::FunctionRef<void(SampleChunk)>;

  // `ring` must outlive it.
  explicit RingDrain(SampleRing* ring);

  // Takes what is in the ring now, a few million samples at most, and gives out each chunk that is full. kDataLoss: a
  // ring that contradicts itself; the chunks given out before are sound.
  absl::Status Drain(Sink sink);

  // All that is in the ring, then the chunks that are not full. After the load threads have ended.
  absl::Status Finish(Sink sink);

  uint64_t samples() const { return samples_; }
  uint64_t chunks() const { return chunks_; }
  // By the writers' own account.
  uint64_t samples_lost() const;

 private:
  struct Lane {
    SampleRing::Reader reader;
    SampleChunk chunk;  // Under way; count() is 0 when it has not begun.
    uint32_t next_sequence = 0;
  };

  void Append(const SampleRing::Block& block, Lane& lane, Sink sink);
  void GiveOut(Lane& lane, Sink sink);

  std::vector<Lane> lanes_;
  uint64_t samples_ = 0;
  uint64_t chunks_ = 0;
};

}  // namespace assay::loadgen

#endif  // ASSAY_AGENT_LOAD_PROTOCOL_RING_DRAIN_H_
