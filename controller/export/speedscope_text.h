#ifndef ASSAY_CONTROLLER_EXPORT_SPEEDSCOPE_TEXT_H_
#define ASSAY_CONTROLLER_EXPORT_SPEEDSCOPE_TEXT_H_

#include <string>
#include <string_view>

#include "analysis/profile/stack_profile.h"

namespace assay::controller {

// The profile as JSON for speedscope: one "sampled" profile per thread, with samples in the order of time, and
// separate profiles for time off the CPU. A merged profile has no times, so one profile holds all samples.
std::string SpeedscopeText(const StackProfile& profile, std::string_view name);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_SPEEDSCOPE_TEXT_H_
