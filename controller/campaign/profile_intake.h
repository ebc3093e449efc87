#ifndef ASSAY_CONTROLLER_CAMPAIGN_PROFILE_INTAKE_H_
#define ASSAY_CONTROLLER_CAMPAIGN_PROFILE_INTAKE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "proto/convert/stack_profile_proto.h"
#include "proto/profile.pb.h"

namespace assay::controller {

// Checks the profile of one execution as its chunks come from an agent: only one that decodes reaches the store. A
// profile that does not is refused with the reason; the execution's other figures stand.
class ProfileIntake {
 public:
  // What one profile may take when it is inflated; a run of a minute takes about 1 MB.
  static constexpr size_t kMaxBytes = size_t{256} << 20;

  explicit ProfileIntake(size_t max_bytes = kMaxBytes) : max_bytes_(max_bytes) {}

  void Take(const ProfileChunk& chunk);

  // The chunks for the store; none where the profile is refused, which `info` then says. Samples that the agent recorded
  // and did not send count as lost.
  std::vector<ProfileChunk> Finish(ProfileInfo* info) &&;

 private:
  const size_t max_bytes_;
  StackProfileReader reader_;
  std::vector<ProfileChunk> chunks_;
  size_t bytes_ = 0;
  // Empty: all is well so far.
  std::string why_;
};

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_PROFILE_INTAKE_H_
