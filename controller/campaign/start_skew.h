#ifndef ASSAY_CONTROLLER_CAMPAIGN_START_SKEW_H_
#define ASSAY_CONTROLLER_CAMPAIGN_START_SKEW_H_

#include "google/protobuf/repeated_field.h"
#include "proto/results.pb.h"

namespace assay::controller {

// How far apart load agents began, at most: from how late each was by its own clock, and from how well each clock is
// known.
StartSkew SkewOf(const google::protobuf::RepeatedPtrField<LoadRecord>& loads);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_START_SKEW_H_
