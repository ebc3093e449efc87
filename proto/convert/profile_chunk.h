#ifndef ASSAY_PROTO_CONVERT_PROFILE_CHUNK_H_
#define ASSAY_PROTO_CONVERT_PROFILE_CHUNK_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "proto/profile.pb.h"

namespace assay {

// The most bytes that a chunk may inflate to: far more than a writer puts into one.
inline constexpr size_t kMaxInflatedChunk = size_t{8} << 20;

// Compresses the chunk for sending and storing. Cost: some milliseconds for 100 KB.
ProfileChunk Deflated(const ProfileChunk& chunk);

// Returns the chunk with all its fields; a chunk that is not compressed is returned unchanged. kDataLoss if it does not
// inflate to the size and contents that it declares, or to more than kMaxInflatedChunk.
absl::StatusOr<ProfileChunk> Inflated(const ProfileChunk& chunk);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_PROFILE_CHUNK_H_
