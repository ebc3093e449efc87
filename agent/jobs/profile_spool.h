#ifndef ASSAY_AGENT_JOBS_PROFILE_SPOOL_H_
#define ASSAY_AGENT_JOBS_PROFILE_SPOOL_H_

#include <cstdint>
#include <string>

#include "agent/jobs/spool.h"
#include "proto/profile.pb.h"

namespace assay::agent {

// Puts a profile's chunks into a job's spool. A chunk needs those before it, so that after the first that the spool
// cannot take no other is sent: what was sent remains a profile, and the controller counts the samples that did not come
// as lost.
//
// Threads: Take() from one, and NoteLoss() after its last call.
class ProfileSpool {
 public:
  explicit ProfileSpool(Spool& spool) : spool_(spool) {}

  void Take(ProfileChunk chunk);
  // Adds a note of the chunks that could not be kept; none where all were.
  void NoteLoss(ProfileInfo* info) const;

 private:
  Spool& spool_;
  uint64_t lost_chunks_ = 0;
  std::string why_;
};

}  // namespace assay::agent

#endif  // ASSAY_AGENT_JOBS_PROFILE_SPOOL_H_
