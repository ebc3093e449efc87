#include "controller/campaign/profile_intake.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace assay::controller {

void ProfileIntake::Take(const ProfileChunk& chunk) {
  if (!why_.empty()) return;
  // Even an empty chunk takes memory.
  bytes_ += sizeof(ProfileChunk) + std::max<size_t>(chunk.ByteSizeLong(), chunk.inflated_bytes());
  absl::Status status =
      bytes_ > max_bytes_
          ? absl::ResourceExhaustedError(absl::StrCat("it is larger than ", max_bytes_, " bytes"))
          : checker_.Check(chunk).status();
  if (status.ok()) {
    chunks_.push_back(chunk);
    return;
  }
  why_ = std::string(status.message());
  chunks_.clear();
}

std::vector<ProfileChunk> ProfileIntake::Finish(ProfileInfo* info) && {
  if (!info->refused().empty()) return {};
  if (!why_.empty()) {
    info->set_refused(absl::StrCat("the agent sent a profile that cannot be read: ", why_));
    info->set_remedy("use an agent of the controller's version, then `rerun` the campaign");
    return {};
  }
  const uint64_t received = checker_.on_cpu_samples();
  if (received < info->samples()) {
    const uint64_t recorded = info->samples();
    info->set_lost(info->lost() + (recorded - received));
    info->set_samples(received);
    // It is unknown which of the received stacks are whole. Assume the share that the agent reported.
    const double came = static_cast<double>(received) / static_cast<double>(recorded);
    info->set_whole(
        std::min(received, static_cast<uint64_t>(static_cast<double>(info->whole()) * came)));
    info->set_truncated(static_cast<uint64_t>(static_cast<double>(info->truncated()) * came));
  }
  return std::move(chunks_);
}

}  // namespace assay::controller
