#ifndef ASSAY_CONTROLLER_CAMPAIGN_START_SKEW_H_
#define ASSAY_CONTROLLER_CAMPAIGN_START_SKEW_H_

#include "google/protobuf/repeated_field.h"
#include "proto/results.pb.h"

namespace assay::controller {

// The upper bound of the time between the starts of the load agents. It adds the spread of their lateness, each on its
// own clock, and the uncertainty of the clocks.
StartSkew SkewOf(const google::protobuf::RepeatedPtrField<LoadRecord>& loads);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_CAMPAIGN_START_SKEW_H_
