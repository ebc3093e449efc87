#ifndef ASSAY_CONTROLLER_EXPORT_SPEEDSCOPE_TEXT_H_
#define ASSAY_CONTROLLER_EXPORT_SPEEDSCOPE_TEXT_H_

#include <string>
#include <string_view>

#include "analysis/profile/stack_profile.h"

namespace assay::controller {

// The profile as JSON for speedscope: one of its "sampled" profiles for each thread, samples in the
// order of their time; time off the CPU in profiles of their own. Where runs were merged there are
// no times, and one profile holds all.
std::string SpeedscopeText(const StackProfile& profile, std::string_view name);

}  // namespace assay::controller

#endif  // ASSAY_CONTROLLER_EXPORT_SPEEDSCOPE_TEXT_H_
