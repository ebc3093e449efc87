#ifndef ASSAY_PROTO_CONVERT_PROFILE_SPANS_H_
#define ASSAY_PROTO_CONVERT_PROFILE_SPANS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/estimate.h"
#include "proto/profile.pb.h"

namespace assay {

// SamplingCost() over several runs: the Hodges-Lehmann centre with its confidence interval. Nullopt if no run has
// pauses in sampling that allow an estimate.
std::optional<Estimate> SamplingCostOver(const std::vector<const ProfileInfo*>& runs);

// The time during which samples were taken: the window without the pauses in sampling.
int64_t SampledNanos(const ProfileInfo& profile);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_PROFILE_SPANS_H_
