#ifndef ASSAY_PROTO_CONVERT_SAMPLE_CHUNK_H_
#define ASSAY_PROTO_CONVERT_SAMPLE_CHUNK_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analysis/sample_codec.h"
#include "proto/samples.pb.h"

namespace assay {

// Appends a chunk's samples, whatever its codec. kDataLoss when the check sum does not match or the
// payload is broken, kUnimplemented for a codec of a later version; append_to is then as before.
absl::Status DecodeChunk(const SampleChunk& chunk, std::vector<Sample>* append_to);

// Whether the payload is what was sent; cheap. kDataLoss where not.
absl::Status CheckChunk(const SampleChunk& chunk);

// The same samples in the encoding for rest. Errors as of DecodeChunk().
absl::StatusOr<SampleChunk> TranscodeForRest(const SampleChunk& chunk);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_SAMPLE_CHUNK_H_
