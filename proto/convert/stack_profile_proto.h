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

// Reads the chunks of one profile. They may come from an untrusted peer.
class StackProfileReader {
 public:
  // The maximum number of strings, mappings, frames and stacks each; a profile of minutes has about ten thousand.
  static constexpr size_t kMaxEntries = size_t{1} << 24;

  // Reads the next chunk, compressed or not. kDataLoss if an earlier chunk is missing or this one does not inflate;
  // kInvalidArgument, with the reason, if it is not part of a profile. After an error the profile read so far is
  // unusable.
  absl::Status Add(const ProfileChunk& packed);

  // The profile read so far.
  const StackProfile& profile() const { return profile_; }
  StackProfile Take() && { return std::move(profile_); }

 private:
  absl::Status AddMappings(const ProfileChunk& chunk);
  absl::Status AddFrames(const ProfileChunk& chunk);
  absl::Status AddStacks(const ProfileChunk& chunk);
  absl::Status AddSamples(const ProfileChunk& chunk);

  struct Stack {
    uint32_t node = 0;
    StackTime time = StackTime::kOnCpu;
  };

  StackProfile profile_;
  uint32_t next_sequence_ = 0;
  int64_t at_ns_ = 0;
  // Map the numbers on the wire to those of the profile. String 0 is never defined.
  std::vector<uint32_t> strings_ = {0};
  std::vector<uint32_t> mappings_;
  std::vector<uint32_t> frames_;
  std::vector<Stack> stacks_;
};

// Reads all chunks of one profile, in order. Errors as for StackProfileReader::Add().
absl::StatusOr<StackProfile> FromProto(absl::Span<const ProfileChunk> chunks);

// The samples as chunks of up to `samples_per_chunk`, not compressed; at least one chunk. A chunk ends earlier if it
// would exceed 1 MiB by more than one frame's names. REQUIRES: all weights come from samples(), so nothing was merged
// in; samples_per_chunk >= 1.
std::vector<ProfileChunk> ToProto(const StackProfile& profile, size_t samples_per_chunk);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_STACK_PROFILE_PROTO_H_
