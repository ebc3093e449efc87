#ifndef ASSAY_PROTO_CONVERT_SAMPLE_CHUNK_H_
#define ASSAY_PROTO_CONVERT_SAMPLE_CHUNK_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analysis/sample_codec.h"
#include "proto/samples.pb.h"

namespace assay {

// Appends a chunk's samples, for any codec. kDataLoss if the checksum does not match or the payload is invalid;
// kUnimplemented for a codec of a later version. On error append_to is unchanged.
absl::Status DecodeChunk(const SampleChunk& chunk, std::vector<Sample>* append_to);

// Whether the payload is intact; cheap. kDataLoss if not.
absl::Status CheckChunk(const SampleChunk& chunk);

// The same samples in the encoding for storage. Errors as for DecodeChunk().
absl::StatusOr<SampleChunk> TranscodeForRest(const SampleChunk& chunk);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_SAMPLE_CHUNK_H_
