#ifndef ASSAY_CONTROLLER_CAMPAIGN_PROFILE_INTAKE_H_
#define ASSAY_CONTROLLER_CAMPAIGN_PROFILE_INTAKE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "proto/convert/stack_profile_proto.h"
#include "proto/profile.pb.h"

namespace assay::controller {

// Checks the profile of one execution while its chunks arrive from an agent, so that only a readable profile reaches the
// store. A profile that cannot be read is refused with the reason; the other figures of the execution stay valid.
class ProfileIntake {
 public:
  // The largest size of one profile after decompression. A run of one minute takes about 1 MB.
  static constexpr size_t kMaxBytes = size_t{256} << 20;

  explicit ProfileIntake(size_t max_bytes = kMaxBytes) : max_bytes_(max_bytes) {}

  void Take(const ProfileChunk& chunk);

  // Returns the chunks for the store. Returns none if the profile is refused, and sets the reason in `info`. Samples that
  // the agent recorded but did not send count as lost.
  std::vector<ProfileChunk> Finish(ProfileInfo* info) &&;

 private:
  const size_t max_bytes_;
  ProfileChunkChecker checker_;
  std::vector<ProfileChunk> chunks_;
  size_t bytes_ = 0;
  // Why the profile is refused; empty if it is readable so far.
  std::string why_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_PROFILE_INTAKE_H_
