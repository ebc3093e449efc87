#ifndef ASSAY_PROTO_CONVERT_PROFILE_CHUNK_H_
#define ASSAY_PROTO_CONVERT_PROFILE_CHUNK_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "proto/profile.pb.h"

namespace assay {

// What one chunk may hold when it is inflated: far more than a writer puts into one.
inline constexpr size_t kMaxInflatedChunk = size_t{8} << 20;

// The chunk as it travels and rests. Cost: some milliseconds for 100 KB.
ProfileChunk Deflated(const ProfileChunk& chunk);

// The chunk with all its fields; one that is not deflated as it is. kDataLoss where it does not inflate to what it
// says, or to more than kMaxInflatedChunk.
absl::StatusOr<ProfileChunk> Inflated(const ProfileChunk& chunk);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_PROFILE_CHUNK_H_
