#ifndef ASSAY_PROTO_CONVERT_STACK_PROFILE_PROTO_H_
#define ASSAY_PROTO_CONVERT_STACK_PROFILE_PROTO_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analysis/profile/stack_profile.h"
#include "proto/profile.pb.h"

namespace assay {

// Checks the chunks of one profile, which may come from an untrusted peer, without building the profile.
//
// Memory: 8 bytes per stack.
class ProfileChunkChecker {
 public:
  // The maximum number of strings, mappings, frames and stacks each; a profile of minutes has about ten thousand.
  static constexpr size_t kMaxEntries = size_t{1} << 24;

  // Checks the next chunk, compressed or not, and returns it inflated. kDataLoss if an earlier chunk is missing or this
  // one does not inflate; kInvalidArgument, with the reason, if it is not part of a profile. After an error no further
  // chunk is accepted as part of this profile.
  absl::StatusOr<ProfileChunk> Check(const ProfileChunk& packed);

  // Samples on the CPU in the chunks so far.
  uint64_t on_cpu_samples() const { return on_cpu_samples_; }

 private:
  absl::Status CheckMappings(const ProfileChunk& chunk);
  absl::Status CheckFrames(const ProfileChunk& chunk);
  absl::Status CheckStacks(const ProfileChunk& chunk);
  absl::Status CheckSamples(const ProfileChunk& chunk);

  struct Stack {
    uint32_t depth = 1;
    bool on_cpu = true;
  };

  uint32_t next_sequence_ = 0;
  // Numbers that are defined so far. String 0 is never defined.
  size_t strings_ = 1;
  size_t mappings_ = 0;
  size_t frames_ = 0;
  std::vector<Stack> stacks_;
  int64_t at_ns_ = 0;
  uint64_t total_ns_ = 0;
  uint64_t on_cpu_samples_ = 0;
};

// Reads all chunks of one profile, in order. Errors are those of ProfileChunkChecker::Check().
absl::StatusOr<StackProfile> FromProto(absl::Span<const ProfileChunk> chunks);

// The samples as chunks of up to `samples_per_chunk`, not compressed; at least one chunk. A chunk ends earlier if it
// would exceed 1 MiB by more than one frame's names. REQUIRES: all weights come from samples(), so nothing was merged
// in; samples_per_chunk >= 1.
std::vector<ProfileChunk> ToProto(const StackProfile& profile, size_t samples_per_chunk);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_STACK_PROFILE_PROTO_H_
