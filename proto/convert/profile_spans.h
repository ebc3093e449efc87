#ifndef ASSAY_PROTO_CONVERT_PROFILE_SPANS_H_
#define ASSAY_PROTO_CONVERT_PROFILE_SPANS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "analysis/estimate.h"
#include "proto/profile.pb.h"

namespace assay {

// SamplingCost() over several runs: their centre (Hodges and Lehmann's), and its interval. Nothing where no run had
// rests of which something can be told.
std::optional<Estimate> SamplingCostOver(const std::vector<const ProfileInfo*>& runs);

// For how long samples were taken: the window without the rests.
int64_t SampledNanos(const ProfileInfo& profile);

}  // namespace assay

#endif  // ASSAY_PROTO_CONVERT_PROFILE_SPANS_H_
