#include "agent/jobs/profile_spool.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proto/agent.pb.h"

namespace assay::agent {

void ProfileSpool::Take(ProfileChunk chunk) {
  if (lost_chunks_ == 0) {
    DataRecord record;
    *record.mutable_profile() = std::move(chunk);
    const absl::Status kept = spool_.Append(std::move(record));
    if (kept.ok()) return;
    why_ = std::string(kept.message());
  }
  ++lost_chunks_;
}

void ProfileSpool::NoteLoss(ProfileInfo* info) const {
  if (lost_chunks_ == 0) return;
  info->add_notes(absl::StrCat("the agent could not keep ", lost_chunks_,
                               " chunks of the profile, whose samples count as lost: ", why_));
}

}  // namespace assay::agent
