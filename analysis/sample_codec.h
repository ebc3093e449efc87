#ifndef ASSAY_ANALYSIS_SAMPLE_CODEC_H_
#define ASSAY_ANALYSIS_SAMPLE_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace assay {

// What became of a request. The numbers are stored.
enum class SampleOutcome : uint8_t {
  kOk = 0,
  // A response of that class that was not the expected one, or not well-formed, or had a wrong body.
  kWrong1xx = 1,
  kWrong2xx = 2,
  kWrong3xx = 3,
  kWrong4xx = 4,
  kWrong5xx = 5,
  kConnectionError = 6,
  kTimeout = 7,
};

// One request of the window, as it was seen.
struct Sample {
  // Intended (open loop) or actual (closed loop) send time, CLOCK_MONOTONIC of the load host.
  int64_t intended_ns = 0;
  int64_t latency_ns = 0;
  SampleOutcome outcome = SampleOutcome::kOk;

  friend bool operator==(const Sample&, const Sample&) = default;
};

// Two encodings of runs of samples, both exact for every value of every field (arithmetic wraps at
// 64 bits). sample_codec.cc and sample_planes.cc describe the bytes. Any thread may call them.
//
// BLOCK_PACKED, for the hot path: blocks of up to 128 samples, each readable by itself. Times are
// stored as differences of either send or completion times, whichever is smaller in the block:
// samples are recorded as they complete, so that completion times of one thread hardly ever go
// back. Differences and latencies are bit-packed over the block's smallest, and the few large ones
// of a block are stored apart.

constexpr int kBlockSamples = 128;
// Room that EncodeBlock() needs, whatever the samples.
constexpr size_t kMaxBlockBytes = 2304;
// Most samples in a chunk, and so in one call of the decoders.
constexpr uint32_t kMaxChunkSamples = 65536;

// Writes one block at `out`, which has room for kMaxBlockBytes, and returns its length. Times
// inside are relative to base_ns. No allocation, lock or system call. REQUIRES: 1 <= samples.size()
// <= kBlockSamples.
size_t EncodeBlock(absl::Span<const Sample> samples, int64_t base_ns, uint8_t* out);

// Appends the `count` samples of a payload of consecutive blocks, each full but the last.
// kDataLoss, saying where, when the payload is not exactly that; append_to is then as before. At
// most kMaxChunkSamples.
absl::Status DecodeBlocks(std::string_view payload, uint32_t count, int64_t base_ns,
                          std::vector<Sample>* append_to);

// PLANES_ZLIB, for rest: byte planes of the same values, each deflated where that pays.
// REQUIRES: samples.size() <= kMaxChunkSamples. kInternal when zlib fails, for want of memory.
absl::StatusOr<std::string> EncodePlanes(absl::Span<const Sample> samples, int64_t base_ns);
absl::Status DecodePlanes(std::string_view payload, uint32_t count, int64_t base_ns,
                          std::vector<Sample>* append_to);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_SAMPLE_CODEC_H_
