#ifndef ASSAY_PROTO_CONVERT_SAMPLE_CHUNK_H_
#define ASSAY_PROTO_CONVERT_SAMPLE_CHUNK_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analysis/sample_codec.h"
#include "proto/samples.pb.h"

namespace assay {

// Gathers the blocks of one load thread into chunks. Not thread-safe.
//
//   if (!builder.Accepts(index, count)) Send(builder.Take());
//   builder.Append(block, index, count, base_ns);
//   ...
//   if (!builder.empty()) Send(builder.Take());
class SampleChunkBuilder {
 public:
  explicit SampleChunkBuilder(uint32_t thread) : thread_(thread) {}

  // Whether a block of `count` samples, the first of index first_index in its thread, can join the
  // open chunk: it has room, no block before it was short, and no sample is missing between. An
  // empty builder accepts everything.
  bool Accepts(uint64_t first_index, uint32_t count) const;

  // Adds one output of EncodeBlock() that was relative to base_ns. REQUIRES: Accepts(first_index,
  // count).
  void Append(std::string_view block, uint64_t first_index, uint32_t count, int64_t base_ns);

  bool empty() const { return chunk_.count() == 0; }
  // The open chunk, complete with its check sum and its place in the thread; the builder is then
  // empty. REQUIRES: !empty().
  SampleChunk Take();

 private:
  const uint32_t thread_;
  uint32_t thread_sequence_ = 0;
  bool last_block_short_ = false;
  SampleChunk chunk_;
};

// Appends a chunk's samples, whatever its codec. kDataLoss when the check sum does not match or the
// payload is broken, kUnimplemented for a codec of a later version; append_to is then as before.
absl::Status DecodeChunk(const SampleChunk& chunk, std::vector<Sample>* append_to);

// Whether the payload is what was sent; cheap. kDataLoss where not.
absl::Status CheckChunk(const SampleChunk& chunk);

// The same samples in the encoding for rest. Errors as of DecodeChunk().
absl::StatusOr<SampleChunk> TranscodeForRest(const SampleChunk& chunk);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_SAMPLE_CHUNK_H_
