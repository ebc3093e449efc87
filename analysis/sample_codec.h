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

// The outcome of a request. The numbers are stored.
enum class SampleOutcome : uint8_t {
  kOk = 0,
  // A response of that class with an unexpected status, a wrong body or a malformed message.
  kWrong1xx = 1,
  kWrong2xx = 2,
  kWrong3xx = 3,
  kWrong4xx = 4,
  kWrong5xx = 5,
  kConnectionError = 6,
  kTimeout = 7,
};

// One request of the window.
struct Sample {
  // Intended (open loop) or actual (closed loop) send time, CLOCK_MONOTONIC of the load host.
  int64_t intended_ns = 0;
  int64_t latency_ns = 0;
  SampleOutcome outcome = SampleOutcome::kOk;

  friend bool operator==(const Sample&, const Sample&) = default;
};

// Two encodings of sequences of samples. Both are exact for every value of every field (arithmetic wraps at 64 bits).
// sample_codec.cc and sample_planes.cc describe the bytes. Threads: safe.
//
// BLOCK_PACKED, for the hot path: blocks of up to 128 samples, each readable by itself. Times are stored as
// differences of either send or completion times, whichever are smaller in the block: samples are recorded as they
// complete, so completion times of one thread hardly ever decrease. Differences and latencies are bit-packed relative
// to the smallest in the block; a block's few large values are stored separately.

constexpr int kBlockSamples = 128;
// The bytes that EncodeBlock() needs at most.
constexpr size_t kMaxBlockBytes = 2304;
// The largest number of samples in a chunk, and in one call of the decoders.
constexpr uint32_t kMaxChunkSamples = 65536;

// Writes one block at `out`, which has room for kMaxBlockBytes, and returns its length. Times in the block are
// relative to base_ns. No allocation, lock or system call. REQUIRES: 1 <= samples.size() <= kBlockSamples.
size_t EncodeBlock(absl::Span<const Sample> samples, int64_t base_ns, uint8_t* out);

// Appends the `count` samples of a payload of consecutive blocks, each full except the last. kDataLoss, with the
// position of the error, if the payload is anything else or has more than kMaxChunkSamples samples; append_to is then
// unchanged.
absl::Status DecodeBlocks(std::string_view payload, uint32_t count, int64_t base_ns,
                          std::vector<Sample>* append_to);

// PLANES_ZLIB, for storage: byte planes of the same values, each deflated if that makes it smaller. kInternal if zlib
// fails for lack of memory. REQUIRES: samples.size() <= kMaxChunkSamples.
absl::StatusOr<std::string> EncodePlanes(absl::Span<const Sample> samples, int64_t base_ns);
absl::Status DecodePlanes(std::string_view payload, uint32_t count, int64_t base_ns,
                          std::vector<Sample>* append_to);

}  // namespace assay

#endif  // ASSAY_ANALYSIS_SAMPLE_CODEC_H_
